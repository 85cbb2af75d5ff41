"""What the tests of a home agent share: neighbours, other home agents and prefixes of its link, refusals."""
import contextlib
import itertools
import struct

import packet as P
from wire import mac

NOT_SUBNET, NOT_HERE, OLD = 132, 133, 135
serial = itertools.count(1)


def neighbour(n):
    """The link-layer address of a host on the home link."""
    return mac(0x30 + n)


def refused(ha, m, update, status):
    """The update is answered so, at the care-of address by way of a routing header; the acknowledgement."""
    p = ha.one(update)
    assert p.mh and p.mh.type == P.BA, p
    assert (p.mh.status, p.dst, p.rh2) == (status, m.coa, m.home), "status %d to %s" % (p.mh.status, p.dst)
    return p


class Other:
    """Another home agent of the home link."""

    def __init__(self, node):
        n = next(serial)
        self.node, self.router, self.addr = node, "fe80::a:%x" % n, "2001:db8:1::a9:%x" % n

    def options(self, addrs, info, valid, r=0x20):
        data = b"".join(P.prefix_option(a, flags=0xc0 | r, valid=valid, preferred=valid) for a in addrs)
        return data + (P.ha_info_option(*info) if info else b"")

    def advertise(self, addrs=None, info=None, valid=0xffffffff, lifetime=1800, flags=0x20, r=0x20, **how):
        """info: (preference, lifetime) of a Home Agent Information option."""
        options = self.options([self.addr] if addrs is None else addrs, info, valid, r)
        self.node.send(P.ra_packet(how.pop("src", self.router), options, lifetime=lifetime, flags=flags, **how))
        self.node.settle()


@contextlib.contextmanager
def others(ha, n=1):
    """One other home agent, or n; at the end they say that they are none any more."""
    made = [Other(ha) for _ in range(n)]
    try:
        yield made[0] if n == 1 else made
    finally:
        for o in made:
            o.advertise(addrs=(), lifetime=0)


@contextlib.contextmanager
def given(ha, valid, preferred, flags=0xe0):
    """A home prefix of its own, of which the home agent has ::1, advertised with these lifetimes."""
    prefix = "2001:db8:5:%x::" % next(serial)
    ha.own_address(prefix + "1")
    ha.own_ra(prefix, valid, preferred, flags)
    ha.settle()
    try:
        yield prefix
    finally:
        ha.own_ra(prefix, 0, 0)
        ha.own_address(prefix + "1", "del")
        ha.settle()
