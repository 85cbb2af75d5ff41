"""RFC 3963 section 9: nobody sends in another's name."""
from home import is_let_out, names, part, refused, router
from node_mn import AGENT, HOME as HOA
from node_mr import HOST, INSIDE, PEER
from packet import *
from table import MUST, SHOULD, must, should, unit, untested

PROHIBITED = 129


@must("9", "what a mobile router and its home agent say to each other is authenticated: without that there is no binding")
def authenticated(ha):
    with router(ha) as m:
        ha.mip("ha", "set", "insecure", "no")
        try:
            refused(ha, m, m.bu(**names(part(m, 0))), PROHIBITED)
        finally:
            ha.mip("ha", "set", "insecure", "yes")
        assert not m.is_bound()


@should("9", "what comes from inside is from its networks, else it is not forwarded")
def from_its_networks(mr):
    for src in ("2001:db8:66::5", "2001:db8:1::77", "2001:db8:78::5"):
        assert not mr.up(src=src), src
    assert mr.up(src=HOST)


@should("9", "what comes from inside is not from an address of the mobile router itself: its home address")
def not_its_home_address(mr):
    mr.away()
    assert not mr.up(src=HOA)
    assert mr.up(src=HOST)


untested(SHOULD, "9", "what comes from inside is not from an address of the mobile router itself: its address inside",
         why="not so: Linux forwards what comes in from an address of its own, which is of the network, too")


@should("9", "of a tunnel from inside, what is in it is looked at as well")
def tunnel_from_inside(mr):
    mark = mr.wire.mark()
    mr.lan.send(tunnelled(HOST, INSIDE, echo("2001:db8:66::5", PEER, 0x999)))
    mr.inside_answers()
    mr.settle()
    assert not [p for p in mr.wire.since(mark) if (p.inner or p).icmp == ECHO and (p.inner or p).seq == 0x999]


@must("9", "the outer source of the tunnel is the care-of address")
def outer_source(mr):
    mr.away()
    (p,) = mr.up()
    assert (p.src, p.dst) == (mr.coa, AGENT), p


@must("9", "the inner source is the address inside, of its networks")
def inner_source(mr):
    (p,) = mr.up()
    assert (p.inner.src, p.inner.dst) == (HOST, PEER), p


@must("9", "out of the tunnel the home agent lets what is from the networks of its mobile router")
def let_out(ha):
    with router(ha) as m:
        m.bind(**names(part(m, 0), part(m, 2)))
        for inside in (m.net + "5", part(m, 2).split("/")[0] + "5", m.home):
            assert is_let_out(ha, m, inside), inside


@must("9", "and nothing else")
def not_let_out(ha):
    with router(ha) as m, router(ha) as other:
        m.bind(**names(part(m, 0)))
        other.bind(**names(part(other, 0)))
        for inside in (part(m, 1).split("/")[0] + "5", other.net + "5", other.home, "2001:db8:1::77", "2001:db8:66::1"):
            assert not is_let_out(ha, m, inside), inside


@must("9", "nor from another outer address than the care-of address")
def not_from_elsewhere(ha):
    with router(ha) as m:
        m.bind(**names(part(m, 0)))
        assert not is_let_out(ha, m, m.net + "5", src="2001:db8:f1::dead")


unit(MUST, "9", "a care-of address inside its own networks, or that comes back to them, makes no circle", "test_ha_networks",
     "circles")
