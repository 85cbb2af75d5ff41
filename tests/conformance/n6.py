"""RFC 3963 section 6: a home agent of mobile routers. What the RFC says in plain words is taken as a MUST.

Nothing is required by 6.3: routing daemons export the routes, tests/net/network.bats.
"""
from home import AHR, INVALID, NO_FORWARDING, NOT_AUTHORIZED, NOT_PERMITTED, is_routed, names, part, refused, router
from packet import *
from table import MUST, must, should, unit

TYPE_CHANGE = 139


def accepted(m, *prefixes, **how):
    p = m.bind(**names(*prefixes, **how))
    assert (p.mh.status, p.mh.flags & ROUTED) == (0, ROUTED), p
    return p


# --- 6, 6.1 --------------------------------------------------------------------------------------------------------

@must("6", "what RFC 6275 8.4 requires of a home agent is done for a mobile router, too: its home address is served")
def as_any_home_agent(ha):
    with router(ha) as m:
        accepted(m, part(m, 0))
        assert m.is_bound()
        assert ha.one(m.echo()).inner.icmp == REPLY


@must("6", "explicit mode: the networks that are named are forwarded")
def explicit_mode(ha):
    with router(ha) as m:
        accepted(m, part(m, 1), part(m, 2))
        assert [is_routed(ha, m, n) for n in range(4)] == [False, True, True, False]


@must("6", "implicit mode: without a name, what the home agent has configured for it is forwarded")
def implicit_mode(ha):
    with router(ha) as m:
        accepted(m)
        assert is_routed(ha, m, 0) and is_routed(ha, m, 255)


@should("6.1.2", "a mobile router cannot claim the network of another one")
def of_another(ha):
    with router(ha) as m, router(ha) as other:
        accepted(m, part(m, 0))
        for prefix in (part(m, 0), part(m, 0, 64), part(m, 3)):
            refused(ha, other, other.bu(**names(prefix)), NOT_AUTHORIZED)
        assert is_routed(ha, m) and not other.is_bound()


@should("6.1.2", "in explicit mode a table says which home address may have which prefix")
def prefix_table(ha):
    with router(ha) as m:
        assert ha.list("acl", "show")[-1]["network"] == [m.net + "/48"]
        refused(ha, m, m.bu(**names("2001:db8:6fff::/48")), NOT_AUTHORIZED)
        refused(ha, m, m.bu(**names(m.net + "/47")), NOT_AUTHORIZED)
        accepted(m, part(m, 0))


# --- 6.2: registration ---------------------------------------------------------------------------------------------

@must("6.2", "R without H: status 140")
def without_h(ha):
    with router(ha) as m:
        for options in ([], [network(part(m, 0))]):
            refused(ha, m, m.bu(flags=ACK | ROUTER, options=options), NOT_PERMITTED)
        assert not m.is_bound()


@must("6.2", "R set where the binding has it clear: status 139, and the binding stays")
def becomes_router(ha):
    with router(ha) as m:
        m.bind()
        refused(ha, m, m.bu(**names(part(m, 0))), TYPE_CHANGE)
        assert m.is_bound() and not is_routed(ha, m)


@must("6.2", "R clear where the binding has it set: status 139, and the binding stays")
def becomes_node(ha):
    with router(ha) as m:
        accepted(m, part(m, 0))
        refused(ha, m, m.bu(), TYPE_CHANGE)
        assert m.is_bound() and is_routed(ha, m)


@must("6.2", "R does not matter in a de-registration")
def deregistration_without_r(ha):
    with router(ha) as m:
        accepted(m, part(m, 0))
        m.unbind()
        assert not m.is_bound() and not is_routed(ha, m)
        m.bind()
        p = ha.one(m.bu(flags=AHR, life=0))
        assert p.mh.status == 0 and not m.is_bound(), p


@must("6.2", "implicit mode without a network that is known: status 143, and no binding")
def nothing_known(ha):
    with router(ha):
        m = ha.mobile(home="2001:db8:1::b:0:1")
        ha.mip("acl", "allow", "2001:db8:1::b:0:0/96", "network", "2001:db8:6000::/48")   # whose of these?
        try:
            refused(ha, m, m.bu(**names()), NO_FORWARDING)
        finally:
            ha.mip("acl", "del", "2001:db8:1::b:0:0/96")
        assert not m.is_bound()


@must("6.2", "one prefix that the table does not have for it: status 142, and nothing of the update counts")
def one_not_authorized(ha):
    with router(ha) as m:
        accepted(m, part(m, 0))
        refused(ha, m, m.bu(**names(part(m, 1), "2001:db8:6fff::/56")), NOT_AUTHORIZED)
        assert is_routed(ha, m, 0) and not is_routed(ha, m, 1)


@must("6.2", "one prefix that is none to be forwarded: status 141, and nothing of the update counts")
def one_invalid(ha):
    with router(ha) as m:
        accepted(m, part(m, 0))
        for prefix in ("::/0", "2001:db8::/32", "2001:db8:1::/64", "ff02::/16", "fe80::/10", "2001:db8:70::/129", part(m, 1)):
            refused(ha, m, m.bu(**names(part(m, 1), prefix)), INVALID)
            ha.jump(1)   # refusals of a binding are limited by the second
        assert is_routed(ha, m, 0) and not is_routed(ha, m, 1)


@must("6.2", "an update names all: what it does not name any more is not forwarded any more, what is new is")
def changes(ha):
    with router(ha) as m:
        accepted(m, part(m, 0), part(m, 1))
        accepted(m, part(m, 1), part(m, 2))
        assert [is_routed(ha, m, n) for n in range(3)] == [False, True, True]


@must("6.2", "the networks move with the care-of address")
def moves(ha):
    with router(ha) as m:
        accepted(m, part(m, 0))
        m.coa = "2001:db8:f2::77"
        accepted(m, part(m, 0))
        assert is_routed(ha, m)


@must("6.2", "the checks of RFC 6275 10.3.1 come first: an old sequence number is status 135, whatever the prefixes are")
def number_first(ha):
    with router(ha) as m:
        accepted(m, part(m, 0))
        refused(ha, m, m.bu(seq=m.seq, **names("::/0")), 135)


# --- 6.4, 6.5 ------------------------------------------------------------------------------------------------------

@must("6.4", "the tunnel goes from the home agent's address to the care-of address, and what is in it is not changed")
def tunnel(ha):
    with router(ha) as m:
        accepted(m, part(m, 0))
        inner = echo("2001:db8:cc::7", m.net + "5", 5)
        p = ha.one(inner)
        assert (p.src, p.dst, p.inner.raw[8:]) == (ha.addr, m.coa, inner[8:]) and p.inner.hops == 63, p


@must("6.5", "a packet for a mobile network is tunnelled to its mobile router, whoever sent it")
def from_anywhere(ha):
    with router(ha) as m:
        accepted(m, part(m, 0))
        m2 = ha.mobile()
        m2.bind()
        for packet in (echo("2001:db8:1::77", m.net + "5", 6), m2.up(echo(m2.home, m.net + "5", 7))):
            p = ha.one(packet)
            assert p.inner and p.dst == m.coa and p.inner.dst == m.net + "5", p


@must("6.5", "without a binding nothing is tunnelled to it")
def no_binding(ha):
    with router(ha) as m:
        assert not is_routed(ha, m)
        accepted(m, part(m, 0), life=2)
        assert is_routed(ha, m)
        ha.advance(9)
        assert not is_routed(ha, m)


# --- 6.6: acknowledgements -----------------------------------------------------------------------------------------

@must("6.6", "an acknowledgement of an update with R that is accepted: status 0 and R")
def acknowledged(ha):
    with router(ha) as m:
        accepted(m, part(m, 0))


@must("6.6", "a home agent that is none of mobile routers: status 140, without R, and no binding")
def serves_none(ha):
    m = ha.mobile()
    assert not refused(ha, m, m.bu(**names("2001:db8:6fff::/56")), NOT_PERMITTED).mh.flags & ROUTED
    assert not m.is_bound()


@must("6.6", "a home address that may not be a mobile router's: status 140")
def not_permitted(ha):
    with router(ha) as m:
        other = ha.mobile()
        refused(ha, other, other.bu(**names(part(m, 0))), NOT_PERMITTED)
        refused(ha, other, other.bu(**names()), NOT_PERMITTED)


@must("6.6", "status 141 tells of invalid prefixes, 142 of those that are not its own, and 141 comes first")
def order(ha):
    with router(ha) as m:
        refused(ha, m, m.bu(**names("2001:db8:6fff::/56", "::/0")), INVALID)
        refused(ha, m, m.bu(**names("2001:db8:6fff::/56")), NOT_AUTHORIZED)


unit(MUST, "6.6", "forwarding that cannot be set up: status 141 in explicit mode, 143 in implicit mode", "test_ha_networks",
     "the_data_path_fails")


# --- 6.7: de-registration ------------------------------------------------------------------------------------------

@must("6.7", "a de-registration ends the binding and the forwarding of every network of it")
def deregistration(ha):
    with router(ha) as m:
        accepted(m, part(m, 0), part(m, 1))
        p = ha.one(m.bu(flags=AHR, life=0))
        assert (p.mh.status, p.mh.life) == (0, 0), p
        assert not m.is_bound() and not is_routed(ha, m, 0) and not is_routed(ha, m, 1)


@must("6.7", "so it does in implicit mode")
def implicit_deregistration(ha):
    with router(ha) as m:
        accepted(m)
        ha.one(m.bu(flags=AHR, life=0))
        assert not is_routed(ha, m)


@must("6.7", "prefixes in a de-registration are ignored")
def deregistration_with_prefixes(ha):
    with router(ha) as m:
        accepted(m, part(m, 0), part(m, 1))
        p = ha.one(m.bu(**names(part(m, 0), "::/0", life=0)))
        assert p.mh.status == 0 and not m.is_bound() and not is_routed(ha, m, 0) and not is_routed(ha, m, 1), p
