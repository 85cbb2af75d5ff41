"""RFC 3963 section 5: a mobile router. What the RFC says in plain words is taken as a MUST."""
from node_mn import AGENT, AGENTS, HOME as HOA
from node_mr import HOST, INSIDE, NETWORK as PREFIX, PEER
from packet import *
from table import MUST, must, should, unit

OTHER = AGENTS[1]
NOT_PERMITTED, INVALID, NOT_AUTHORIZED, NO_FORWARDING = 140, 141, 142, 143


def tries(mr, count, step=40):
    """The updates that follow when its clock moves on, so many steps."""
    n = len(mr.bus)
    for _ in range(count):
        mr.jump(step)
        mr.settle()
    return mr.bus[n:]


def mode(bu):
    """What an update says it is of."""
    return "node" if not bu.mh.flags & ROUTER else "explicit" if bu.mh.networks else "implicit"


def registered_from(mr, status, **how):
    """Refused so with the next registration; what it sent then, to what and as what, until it was accepted."""
    n = len(mr.bus)
    mr.upset = True
    mr.refuse(status, **how)
    mr.reregister()
    for _ in range(3):
        if mr.state() != "registered":
            tries(mr, 1, 3)
    return [(bu.dst, mode(bu)) for bu in mr.bus[n:] if bu.mh.life]


# --- 5 -------------------------------------------------------------------------------------------------------------

@must("5", "what RFC 6275 8.5 requires of a mobile node is done: its own registration")
def as_a_mobile_node(mr):
    bu = mr.away()
    assert bu.mh.flags & (ACK | HOME) == ACK | HOME and bu.hao == HOA and text(bu.mh.options[ALT_COA]) == bu.src, bu


@must("5", "what RFC 6275 8.5 requires of a mobile node is done: return routability and updates for its home address")
def optimizes(mr):
    bu = mr.correspondent().optimize()
    assert bu.hao == HOA and not bu.mh.flags & (HOME | ROUTER) and not bu.mh.networks, bu


# --- 5.2 -----------------------------------------------------------------------------------------------------------

@must("5.2", "one of the modes: it names its networks")
def explicit(mr):
    assert mr.reregister().mh.networks == [PREFIX]


@must("5.2", "R is never without H")
def h_with_r(mr):
    assert mr.reregister().mh.flags & (HOME | ROUTER) == HOME | ROUTER


@should("5.2", "while the home agent has a binding, updates say the same in R")
def same_r(mr):
    assert {bool(bu.mh.flags & ROUTER) for bu in (mr.reregister(), mr.away(), mr.reregister(), mr.away())} == {True}


@must("5.2", "every update names the prefixes, also those that renew the binding or move it")
def in_every_update(mr):
    assert [bu.mh.networks for bu in (mr.reregister(), mr.away(), mr.reregister())] == 3 * [[PREFIX]]


# --- 5.3 -----------------------------------------------------------------------------------------------------------

@must("5.3", "accepted with R: what comes from inside goes through the tunnel")
def accepted(mr):
    mr.away()
    (p,) = mr.up()
    assert p.inner and p.dst == AGENT, p


@must("5.3", "accepted without R: it is a home agent without mobile routers, and another one is looked for")
def another_agent(scout):
    scout.answer = lambda node, bu: node.ba(bu, flags=0 if bu.dst == AGENT else ROUTED)
    n = len(scout.bus)
    scout.search([AGENT, OTHER])
    scout.mip("mn", "wait", "registered", "timeout", "30")
    assert scout.bus[-1].dst == OTHER and mode(scout.bus[-1]) == "explicit", scout.bus[n:]


@must("5.3", "accepted without R: it de-registers there, before it registers with another one")
def ended_first(scout):
    scout.answer = lambda node, bu: node.ba(bu, flags=0 if bu.dst == AGENT else ROUTED)
    n = len(scout.bus)
    scout.search([AGENT, OTHER])
    scout.mip("mn", "wait", "registered", "timeout", "30")
    assert [(bu.dst, bu.mh.life > 0) for bu in scout.bus[n:]][-3:] == [(AGENT, True), (AGENT, False), (OTHER, True)]


# --- 5.4 -----------------------------------------------------------------------------------------------------------

@must("5.4", "a status below 140 is what it is to a mobile node: 135, the next update has the number behind the one named")
def as_for_a_node(mr):
    def answer(node, bu):
        node.answer = type(node).accept
        return mh_packet(AGENT, bu.src, ba_mh(135, 20000, 0, flags=ROUTED), rh2_=bu.hao)
    n = len(mr.bus)
    mr.answer = answer
    mr.reregister()
    assert [bu.mh.seq for bu in mr.bus[n + 1:]] == [20001] and mr.bus[-1].mh.networks == [PREFIX]


@must("5.4", "refused, it takes it that there is no binding: it is not registered")
def no_binding(mr):
    mr.upset = True
    mr.answer = lambda node, bu: node.ba(bu, status=NOT_AUTHORIZED, life=0, flags=ROUTED)
    mr.reregister()
    assert mr.state() == "registering" and mr.show("bul")["state"] == "refused"


@must("5.4", "every mode refused: no update has R any more, for this home address")
def stops(mr):
    mr.upset = True
    mr.answer = lambda node, bu: node.ba(bu, status=(NOT_AUTHORIZED if bu.mh.networks else NO_FORWARDING) if bu.mh.flags & ROUTER
                                         else 130, life=0, flags=bu.mh.flags & ROUTER and ROUTED)
    mr.reregister()
    tries(mr, 3)
    modes = [mode(bu) for bu in tries(mr, 6)]
    assert len(modes) >= 6 and set(modes) == {"node"}, modes


@must("5.4", "every mode refused by every home agent that was found: no update has R any more")
def stops_everywhere(scout):
    scout.upset = True
    scout.answer = lambda node, bu: node.ba(bu, status=(NOT_AUTHORIZED if bu.mh.networks else NO_FORWARDING)
                                            if bu.mh.flags & ROUTER else 130, life=0, flags=bu.mh.flags & ROUTER and ROUTED)
    n = len(scout.bus)
    scout.search([AGENT, OTHER])
    tries(scout, 4)
    tried = [(bu.dst, mode(bu)) for bu in scout.bus[n:] if bu.mh.life]
    assert tried[:5] == [(AGENT, "explicit"), (OTHER, "explicit"), (AGENT, "implicit"), (OTHER, "implicit"), (AGENT, "node")], tried
    assert {m for _, m in tried[4:]} == {"node"}, tried


unit(MUST, "5.4", "that it is no router any more is said", "test_mn_router", "refused_in_each_mode")


@should("5.4.1", "implicit mode, status 140 or 143: another home agent of the home link is tried")
def implicit_elsewhere(scout):
    for status in (NOT_PERMITTED, NO_FORWARDING):
        scout.upset = True
        scout.answer = lambda node, bu: (node.ba(bu, status=NOT_AUTHORIZED if bu.mh.networks else status, life=0, flags=ROUTED)
                                         if bu.mh.networks or bu.dst == AGENT else node.ba(bu, flags=ROUTED))
        n = len(scout.bus)
        scout.search([AGENT, OTHER])
        scout.mip("mn", "wait", "registered", "timeout", "30")
        assert [(bu.dst, mode(bu)) for bu in scout.bus[n:]][-2:] == [(AGENT, "implicit"), (OTHER, "implicit")]


@must("5.4.1", "implicit mode, status 140: no update has R any more")
def implicit_not_permitted(mr):
    mr.upset = True
    mr.answer = lambda node, bu: (node.ba(bu) if not bu.mh.flags & ROUTER else node.ba(
        bu, status=NOT_AUTHORIZED if bu.mh.networks else NOT_PERMITTED, life=0, flags=ROUTED))
    n = len(mr.bus)
    mr.reregister()
    tries(mr, 3, 3)
    assert [mode(bu) for bu in mr.bus[n:] if bu.mh.life] == ["explicit", "implicit", "node"]
    assert {mode(bu) for bu in mr.bus[n + 2:]} == {"node"}   # nor that which gives back what it held as a router


@must("5.4.1", "implicit mode, status 141 or 142: fatal")
def implicit_fatal(mr):
    assert registered_from(mr, NOT_AUTHORIZED) == [(AGENT, "explicit"), (AGENT, "implicit"), (AGENT, "node")]


@should("5.4.1", "implicit mode, status 143 everywhere: such an update is not sent any more")
def implicit_refused(mr):
    mr.upset = True
    mr.answer = lambda node, bu: (node.ba(bu) if not bu.mh.flags & ROUTER else node.ba(
        bu, status=NOT_AUTHORIZED if bu.mh.networks else NO_FORWARDING, life=0, flags=ROUTED))
    mr.reregister()
    tries(mr, 2, 3)
    assert {mode(bu) for bu in tries(mr, 3, 190)} == {"node"}


@should("5.4.2", "explicit mode, status 140, 141 or 142: another home agent of the home link is tried")
def explicit_elsewhere(scout):
    for status in (NOT_PERMITTED, INVALID, NOT_AUTHORIZED):
        scout.upset = True
        scout.refuse(status, by=AGENT)
        n = len(scout.bus)
        scout.search([AGENT, OTHER])
        scout.mip("mn", "wait", "registered", "timeout", "30")
        assert [(bu.dst, mode(bu)) for bu in scout.bus[n:]][-2:] == [(AGENT, "explicit"), (OTHER, "explicit")]


@must("5.4.2", "explicit mode, status 140 everywhere: no update has R any more")
def explicit_not_permitted(mr):
    assert registered_from(mr, NOT_PERMITTED, flags=0) == [(AGENT, "explicit"), (AGENT, "node")]
    assert {mode(bu) for bu in tries(mr, 2, 190)} == {"node"}


@should("5.4.2", "explicit mode, status 141 or 142 everywhere: such an update is not sent any more")
def explicit_refused(mr):
    mr.upset = True
    mr.answer = lambda node, bu: node.ba(bu, status=INVALID if bu.mh.networks else 0, flags=ROUTED)
    mr.reregister()
    tries(mr, 1, 3)
    assert mr.state() == "registered"
    assert {mode(bu) for bu in tries(mr, 3, 190)} == {"implicit"}


@must("5.4.2", "explicit mode, status 143: fatal")
def explicit_fatal(mr):
    first, second = registered_from(mr, NO_FORWARDING)[:2]
    assert (first[1], second[1]) == ("explicit", "implicit")


# --- 5.5 -----------------------------------------------------------------------------------------------------------

@must("5.5", "what comes out of the tunnel for its networks is forwarded inside")
def inwards(mr):
    (p,) = mr.down(echo(PEER, HOST, 9))
    assert (p.src, p.dst) == (PEER, HOST)


@must("5.5", "what comes out of a tunnel of somebody else's is not")
def not_the_agent(mr):
    assert not mr.down(echo(PEER, HOST, 9), src="2001:db8:66::1")


@must("5.5", "inside, its networks are reached without the tunnel")
def not_for_inside(mr):
    mark = mr.wire.mark()
    mr.inside_answers()
    mr.settle()
    assert not [p for p in mr.wire.since(mark) if (p.inner or p).src == INSIDE]


# --- 5.6, 5.7 ------------------------------------------------------------------------------------------------------

@should("5.6", "on a visited link it sends no Router Advertisements, and answers no Router Solicitation")
def no_advertisements(mr):
    mark = mr.wire.mark()
    mr.away()
    mr.send(icmp_packet("fe80::5", "ff02::2", RS, 0, bytes(4), hops=255))
    mr.settle()
    assert not [p for p in mr.wire.since(mark) if p.icmp == RA]


@should("5.6", "on a visited link it answers Neighbor Solicitations for its addresses there")
def neighbor(mr):
    mark = mr.wire.mark()
    link = mr.links[mr.place]
    mr.wire.send(ns_packet(link.router, mr.coa, link.mac), link.mac)
    mr.wire.expect(lambda p: p.icmp == NA and p.target == mr.coa and p.word & 0x40000000, mark, what="a Neighbor Advertisement")


@must("5.6", "Router Advertisements on the link outside are not ignored: it has addresses and default routers by them")
def hears_routers(mr):
    mr.away()
    assert mr.links[mr.place].router in mr.inside("ip", "-6", "route", "show", "default", "dev", "eth0").stdout


@should("5.6", "at home, where it may advertise, it is no default router")
def no_default_router(mr):
    mark = mr.wire.mark()
    mr.move("home")
    mr.send(icmp_packet("fe80::5", "ff02::2", RS, 0, bytes(4), hops=255))
    mr.settle()
    assert not [p for p in mr.wire.since(mark) if p.icmp == RA and p.payload[6:8] != b"\0\0"]


@must("5.7", "on a visited link it is in no group of all routers")
def no_routers_group(mr):
    mr.away()
    groups = mr.inside("ip", "-6", "maddr", "show", "dev", "eth0").stdout.split()
    assert not {"ff01::2", "ff02::2", "ff05::2"} & set(groups), groups


# --- 5.8 -----------------------------------------------------------------------------------------------------------

def goes_home(mr):
    n = len(mr.bus)
    mr.away()
    mr.move("home")
    return [bu for bu in mr.bus[n:] if not bu.mh.life]


@must("5.8", "at home it de-registers")
def deregisters(mr):
    assert [(bu.src, bu.mh.flags & ROUTER) for bu in goes_home(mr)] == [(HOA, ROUTER)]


@must("5.8", "at home it does what a mobile node does: no tunnel, packets from inside leave by the home link")
def as_at_home(mr):
    goes_home(mr)
    (p,) = mr.up()
    assert not p.inner and (p.src, p.dst) == (HOST, PEER), p


@should("5.8", "the de-registration names no prefixes")
def names_none(mr):
    assert [bu.mh.networks for bu in goes_home(mr)] == [[]]


@should("5.8", "Router Advertisements at home have a router lifetime of 0: it sends none itself")
def no_lifetime(mr):
    mark = mr.wire.mark()
    goes_home(mr)
    mr.settle()
    assert not [p for p in mr.wire.since(mark) if p.icmp == RA and p.payload[6:8] != b"\0\0"]
