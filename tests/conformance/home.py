"""What the tests of a home agent share: neighbours, other home agents and prefixes of its link, refusals, mobile routers."""
import contextlib
import itertools
import os
import struct

import packet as P
from wire import mac

NOT_SUBNET, NOT_HERE, OLD = 132, 133, 135
NOT_PERMITTED, INVALID, NOT_AUTHORIZED, NO_FORWARDING = 140, 141, 142, 143   # RFC 3963 4.2
AHR = P.ACK | P.HOME | P.ROUTER
PEER = "2001:db8:cc::7"   # somewhere in the Internet
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


def advertised(ha, anew=False):
    """A Router Advertisement of radvd with the configuration that the home agent prints; radvd runs once a file, or anew."""
    if anew or not hasattr(ha, "advertisement"):
        where = "/run/lab/radvd"
        with open(where + ".conf", "w") as f:
            f.write(ha.mip("ha", "radvd").stdout)
        mark = ha.wire.mark()
        ha.inside("radvd", "-C", where + ".conf", "-p", where + ".pid", "-m", "logfile", "-l", where + ".log")
        try:
            ha.advertisement = ha.wire.expect(lambda p: p.icmp == P.RA, mark, what="a Router Advertisement")
        finally:
            with open(where + ".pid") as f:
                os.kill(int(f.read()), 15)
    return ha.advertisement


def option_of(ha, kind, **how):
    return [data for k, data in advertised(ha, **how).nd_options() if k == kind]


# --- mobile networks (RFC 3963) -------------------------------------------------------------------------------------

@contextlib.contextmanager
def router(ha):
    """A mobile router that may have what is in the /48 m.net; at the end nobody may have it."""
    m = ha.mobile()
    m.net = "2001:db8:%x::" % (0x7000 + next(serial))
    ha.mip("acl", "allow", m.home, "network", m.net + "/48")
    try:
        yield m
    finally:
        ha.mip("acl", "del", m.home + "/128")


def names(*prefixes, **how):
    """What an update of a mobile router says, for m.bu() and m.bind(): with these prefixes; without any, implicit mode."""
    return {"flags": AHR, "options": [P.network(p) for p in prefixes], **how}


def part(m, n, plen=56):
    """The nth /56 of what it may have."""
    return "%s%x::/%d" % (m.net[:-1], n << 8, plen) if n else "%s/%d" % (m.net, plen)


def is_routed(ha, m, n=0):
    """Do packets for the nth of its networks go to its care-of address?"""
    inside = part(m, n).split("/")[0] + "5"
    return any(p.inner and (p.src, p.dst, p.inner.dst) == (ha.addr, m.coa, inside) for p in ha.ask(P.echo(PEER, inside, 79)))


def is_let_out(ha, m, inside, src=None, dst=PEER):
    """Does a packet from that address leave its tunnel?"""
    return any(not p.inner and (p.src, p.dst) == (inside, dst) for p in ha.ask(m.up(P.echo(inside, dst, 80), src=src)))
