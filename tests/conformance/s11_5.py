"""RFC 6275 section 11.5: movement, care-of addresses, and the way home."""
import json

from node_mn import AGENT, AGENT_MAC, HOME as HOA
from packet import *
from table import MUST, SHOULD, must, should, unit, untested
from wire import Timeout, mac

LOCAL = "fe80::ff:fe00:1"   # of the node
silence = lambda *_: None


def other(mn):
    return "f2" if mn.place == "f1" else "f1"


def flags(p):
    return p.word >> 24   # of a Neighbor Advertisement: R S O


# --- 11.5.1: movement -----------------------------------------------------------------------------------------------

@should("11.5.1", "a link that comes up is a hint: Router Discovery is done")
def link_up(mn):
    mark = mn.wire.mark()
    mn.away()
    assert [p for p in mn.wire.since(mark) if p.icmp == RS]


@should("11.5.1", "a second router on the same link is no movement")
def second_router(mn):
    n, coa = len(mn.bus), mn.coa
    mn.wire.host("fe80::f9", mac(0xf9))
    mn.wire.send(ra_packet("fe80::f9", prefix_option("2001:db8:f9::") + lladdr_option(1, mac(0xf9))), mac(0xf9))
    mn.settle()
    mn.jump(5)
    mn.settle()
    mn.settle()
    mn.upset = True
    assert mn.show("mn")["care_of"] == coa and len(mn.bus) == n, "it moved"


@should("11.5.1", "with the Advertisement Interval option it expects advertisements: a router that falls silent is doubted")
def silent_router(mn):
    link = mn.links[other(mn)]
    link.options += interval_option(1000)
    mn.away()
    mn.upset = True
    mark = mn.wire.mark()
    for _ in range(8):
        mn.jump(1)
        mn.settle()
    assert [p for p in mn.wire.since(mark) if p.icmp == RS or p.icmp == NS and p.target == link.router], "nothing is asked"


unit(SHOULD, "11.5.1", "a default router that is not reachable any more: it looks for another", "test_router", "doubts")
unit(SHOULD, "11.5.1", "the next link's router may share the link-local address: a router is asked at the global one it told with the R bit",
     "test_router", "is_asked_at_its_global_address")
unit(SHOULD, "11.5.1", "... or it is known by its link-layer address", "test_router", "answers_of_another")
unit(SHOULD, "11.5.1", "after a movement Duplicate Address Detection is done for the link-local address, too", "test_router",
     "asks_for_duplicates_of_the_link_local_address")


# --- 11.5.2: home link detection ------------------------------------------------------------------------------------

@must("11.5.2", "it is at home where a router advertises the home prefix")
def home_prefix(mn):
    mn.move("home")
    assert mn.state() == "home"


@must("11.5.2", "it is not at home where no router advertises the home prefix")
def not_the_home_prefix(mn):
    mn.away()
    assert mn.state() == "registered"


# --- 11.5.3: care-of addresses --------------------------------------------------------------------------------------

@should("11.5.3", "after a movement a new care-of address is made from an advertised prefix")
def new_care_of(mn):
    place = other(mn)
    mn.away()
    assert addr(mn.coa)[:8] == addr(mn.links[place].prefix)[:8]


@should("11.5.3", "a care-of address that is deprecated gives way to another one")
def deprecated(mn):
    n, link = len(mn.bus), mn.links[mn.place]
    mn.upset = True
    link.options = (prefix_option(link.prefix, preferred=0) + prefix_option("2001:db8:f7::")
                    + lladdr_option(1, link.mac))
    mark = mn.wire.mark()
    mn.advertise()
    mn.wire.expect(lambda p: p.mh and p.mh.type == BU and p.src.startswith("2001:db8:f7:"), mark,
                   what="a registration of the new address")


@should("11.5.3", "an address DHCPv6 gave, a /128 with lifetimes under no advertised prefix, serves as care-of address")
def care_of_dhcpv6(mn):
    link, given = mn.links[other(mn)], "2001:db8:f8::80"
    mn.upset = True
    link.flags, link.options = 0x80, lladdr_option(1, link.mac)   # M: there is DHCPv6; no prefix
    mark, place = mn.wire.mark(), other(mn)
    mn.unplug()
    mn.plug(place)
    mn.wire.expect(lambda p: p.icmp == RS, mark, what="a solicitation")
    mn.inside("ip", "addr", "add", given + "/128", "dev", "eth0", "valid_lft", "600", "preferred_lft", "300")
    mn.wire.expect(lambda p: p.mh and p.mh.type == BU and p.src == given, mark, what="a registration of it")
    mn.inside("ip", "addr", "del", given + "/128", "dev", "eth0")


@should("11.5.3", "with use_tempaddr 2 the care-of address is a temporary one (RFC 8981)")
def care_of_temporary(mn):
    mn.upset = True
    mn.inside("sysctl", "-qw", "net.ipv6.conf.eth0.use_tempaddr=2")
    try:
        mark = mn.wire.mark()
        mn.away()
        made = [a["local"] for a in json.loads(mn.inside("ip", "-6", "-j", "addr", "show", "dev", "eth0", "temporary").stdout)
                for a in a["addr_info"] if a]
        assert made, "the kernel made no temporary address"
        mn.wire.expect(lambda p: p.mh and p.mh.type == BU and p.src in made, mark, what="a registration of one")
    finally:
        mn.inside("sysctl", "-qw", "net.ipv6.conf.eth0.use_tempaddr=0")


@must("11.5.3", "the home agent gets no more than three updates about new care-of addresses a second")
def update_rate(mn):
    n = len(mn.bus)
    began = mn.now()
    for _ in range(4):
        mn.away()
    sent = [p.when for p in mn.bus[n:]]
    assert all(b - a >= 1 for a, b in zip(sent, sent[3:])), "%d updates in %.2f s" % (len(sent), mn.now() - began)


@must("11.5.3", "what is sent to configure an address comes from the unspecified or a link-local address, never from the home address")
def autoconfiguration(mn):
    mark = mn.wire.mark()
    mn.away()
    sent = [p for p in mn.wire.since(mark) if p.icmp in (RS, NS, NA, 143)]
    assert sent and all(p.src == "::" or p.src.startswith("fe80:") for p in sent), [str(p) for p in sent]


@should("11.5.3", "Duplicate Address Detection for a care-of address is done, and not delayed")
def detection(mn):
    mark = mn.wire.mark()
    mn.away()
    probe = mn.wire.expect(lambda p: p.icmp == NS and p.src == "::" and p.target == mn.coa, mark, what="a probe")
    ra = [p for p in mn.wire.since(mark) if p.icmp == RS][-1]
    assert probe.when - ra.when < 0.9, "after %.2f s" % (probe.when - ra.when)


# --- 11.5.4: several care-of addresses ------------------------------------------------------------------------------

@must("11.5.4", "the primary care-of address has a prefix of the present default router")
def primary_of_the_router(mn):
    mn.away()
    assert mn.is_on(mn.bus[-1], mn.place)


@must("11.5.4", "a new primary care-of address is registered with the home agent, H and A set")
def primary_is_registered(mn):
    assert mn.away().mh.flags & (HOME | ACK) == HOME | ACK


@should("11.5.4", "packets to the care-of address of before are still taken while that is still there")
def previous_care_of(mn):
    old, link = mn.coa, mn.links[mn.place]
    mn.upset = True
    link.options = (prefix_option(link.prefix, preferred=0) + prefix_option("2001:db8:f7::")
                    + lladdr_option(1, link.mac))
    mark = mn.wire.mark()
    mn.advertise()
    mn.wire.expect(lambda p: p.mh and p.mh.type == BU and p.src.startswith("2001:db8:f7:"), mark, what="a move")
    mn.settle()
    answers = mn.ask(echo("2001:db8:cc::55", old, 1))
    assert [a for a in answers if a.icmp == REPLY and a.src == old]


@should("11.5.4", "addresses of a link that is not reachable any more are used no longer")
def unreachable_link(mn):
    old = mn.coa
    mn.away()
    mark = mn.wire.mark()
    mn.settle()
    assert not [p for p in mn.wire.since(mark) if p.src == old]


# --- 11.5.5: returning home -----------------------------------------------------------------------------------------

def back(mn, answer=None):
    """Home; its update. answer: what the home agent says to it."""
    if answer:
        mn.answer = answer
    mark, n = mn.wire.mark(), len(mn.bus)
    mn.unplug()
    mn.plug("home")
    bu = mn.wire.expect(lambda p: p.mh and p.mh.type == BU and p.mh.flags & HOME and p.mh.life == 0, mark,
                        what="a de-registration")
    return mark, bu


def story(mn):
    """A return home that is acknowledged: the update, what was sent before it, between the two, and after."""
    if not hasattr(mn, "returned"):
        mark, bu = back(mn, silence)
        mn.settle()
        sent = mn.wire.since(mark)
        acknowledged = mn.wire.mark()
        mn.answer = type(mn).accept
        mn.reply(mn.ba(bu, life=0))
        mn.mip("mn", "wait", "home", "timeout", "30")
        for target in (HOA, LOCAL):   # the latter may be tentative for a while, and is told of then
            mn.wire.expect(lambda p: p.icmp == NA and p.target == target and p.dst == "ff02::1", mark,
                           what="an advertisement of %s to all" % target)
        mn.settle()
        mn.returned = bu, sent[:sent.index(bu)], sent[sent.index(bu) + 1:], mn.wire.since(acknowledged)
    return mn.returned


@must("11.5.5", "back home a Binding Update goes to the home agent")
def de_registration(mn):
    assert story(mn)[0].dst == AGENT


@must("11.5.5", "it has H and A set")
def de_registration_flags(mn):
    assert story(mn)[0].mh.flags & (ACK | HOME) == ACK | HOME


@must("11.5.5", "its lifetime is zero")
def de_registration_lifetime(mn):
    assert story(mn)[0].mh.life == 0


@must("11.5.5", "its care-of address is the home address")
def de_registration_care_of(mn):
    bu = story(mn)[0]
    assert text(bu.mh.options[ALT_COA]) == HOA if ALT_COA in bu.mh.options else bu.src == HOA, bu


@must("11.5.5", "its source is the home address, and there is no Home Address option")
def de_registration_source(mn):
    bu = story(mn)[0]
    assert (bu.src, bu.hao) == (HOA, None), bu


@must("11.5.5", "before it nothing is sent from the home address")
def nothing_before(mn):
    assert not [p for p in story(mn)[1] if p.src == HOA]


@must("11.5.5", "the home agent is not solicited from the home address: it defends that")
def no_solicitation(mn):
    _, before, between, _ = story(mn)
    asked = [p for p in before + between if p.icmp == NS and p.target == AGENT]
    assert all(p.src != HOA for p in asked), asked[0]


@should("11.5.5", "the home agent's link-layer address is taken from its advertisement: it is not solicited at all")
def lladdr_of_the_advertisement(mn):
    _, before, between, _ = story(mn)
    assert not [p for p in before + between if p.icmp == NS and p.target == AGENT]


@must("11.5.5", "the update goes to the home agent's link-layer address")
def to_the_agents_lladdr(mn):
    assert story(mn)[0].mac_to == AGENT_MAC


@must("11.5.5", "returning before the binding ended, no Duplicate Address Detection for the home address")
def no_detection(mn):
    _, before, between, after = story(mn)
    assert not [p for p in before + between + after if p.icmp == NS and p.src == "::" and p.target == HOA]


@must("11.5.5", "from the update on it answers solicitations for the home address, by unicast to who asks")
def answers_solicitations(mn):
    mark, bu = back(mn, silence)
    for patience in (1, 1, 30):   # RFC 4861 7.2.2: up to three, a second apart
        mn.wire.send(ns_packet(AGENT, HOA, AGENT_MAC), AGENT_MAC)
        try:
            p = mn.wire.expect(lambda p: p.icmp == NA and p.target == HOA and flags(p) & 0x40, mark, timeout=patience)
            break
        except Timeout:
            p = None
    assert p and (p.dst, p.mac_to) == (AGENT, AGENT_MAC), p
    mn.answer = type(mn).accept
    mn.reply(mn.ba(bu, life=0))
    mn.mip("mn", "wait", "home", "timeout", "30")


@must("11.5.5", "the update is repeated until it is acknowledged")
def repeated(mn):
    back(mn, silence)
    mn.settle()
    n = len(mn.bus)
    mn.answer = type(mn).accept
    for wait in (1.6, 2.1):   # on a slow machine it was repeated before, and waits twice as long
        if len(mn.bus) == n:
            mn.jump(wait)
            mn.settle()
    assert len(mn.bus) == n + 1 and mn.bus[-1].mh.life == 0


def claims(mn, target=HOA):
    """The Neighbor Advertisements to all that follow the acknowledgement; there was none before it."""
    _, before, between, after = story(mn)
    to_all = lambda p: p.icmp == NA and p.target == target and p.dst == "ff02::1"
    assert not any(map(to_all, before + between)), "before the acknowledgement"
    assert any(map(to_all, after)), "there is none"
    return list(filter(to_all, after))


@must("11.5.5", "after the acknowledgement, and not before, a Neighbor Advertisement for the home address goes to all nodes")
def claim(mn):
    assert claims(mn)


@must("11.5.5", "with its link-layer address in a Target Link-Layer Address option")
def claim_lladdr(mn):
    assert all(dict(p.nd_options()).get(2) == lladdr_option(2, mac(1)) for p in claims(mn))


@must("11.5.5", "Solicited is not set in it")
def claim_solicited(mn):
    assert not any(flags(p) & 0x40 for p in claims(mn))


@must("11.5.5", "Override is set in it")
def claim_override(mn):
    assert all(flags(p) & 0x20 for p in claims(mn))


@must("11.5.5", "for its link-local address such an advertisement goes out, too")
def claim_link_local(mn):
    p = claims(mn, LOCAL)[0]
    assert flags(p) & 0x60 == 0x20 and dict(p.nd_options()).get(2) == lladdr_option(2, mac(1)), p


@must("11.5.5", "at home packets are sent and taken as by any node")
def at_home(mn):
    mn.move("home")
    p = [a for a in mn.ask(echo("2001:db8:cc::54", HOA, 3)) if a.icmp == REPLY]
    assert len(p) == 1 and (p[0].src, p[0].hao, p[0].inner) == (HOA, None, None)


untested(SHOULD, "11.5.5", "returning after the binding ended, Duplicate Address Detection is done for the home address",
         why="it is not done: a home agent may still defend the address, by a binding that was made before the agent's restart")
