"""RFC 6275 sections 11.1 to 11.3: what a mobile node keeps, sends and receives."""
import select
import socket
import struct

from node_mn import AGENT, HOME as HOA
from nodes import until
from packet import *
from table import MUST, SHOULD, must, should, unit, untested

IPV6_RECVERR = 25   # linux/in6.h


# --- 11.1: the binding update list ----------------------------------------------------------------------------------

def entry(mn, peer):
    found = [e for e in mn.list("bul", "show") if e["peer"] == peer]
    assert len(found) <= 1, "%d entries for %s" % (len(found), peer)
    return found[0] if found else None


@must("11.1", "there is a binding update list: with an entry for the home agent")
def list_of_the_home_agent(mn):
    assert entry(mn, AGENT)["care_of"] == mn.coa


@must("11.1", "an entry for each correspondent an update was sent to")
def list_of_correspondents(mn):
    c = mn.correspondent()
    c.optimize()
    e = entry(mn, c.addr)
    assert (e["home"], e["care_of"]) == (HOA, mn.coa), e


@must("11.1", "of several updates to one destination the list has the last alone")
def list_has_the_last(mn):
    c = mn.correspondent()
    c.optimize()
    mn.away()
    mn.mip("ro", "wait", "optimized", "peer", c.addr, "timeout", "30")
    assert entry(mn, c.addr)["care_of"] == mn.coa


@must("11.1", "an entry is deleted when its lifetime is over")
def list_ends(mn):
    c = mn.correspondent()
    c.life = 20
    c.optimize()
    mn.mip("ro", "del", "peer", c.addr + "/128")
    for _ in range(6):
        mn.jump(20)
        mn.settle()
    e = entry(mn, c.addr)
    assert e is None or e["state"] != "bound", e
    assert not c.is_optimized()


# --- 11.2: Mobility Headers -----------------------------------------------------------------------------------------

@must("11.2", "a Mobility Header with a wrong checksum is silently discarded (9.2)")
def wrong_checksum(mn):
    p = mh_packet("2001:db8:cc::99", mn.coa, mh(42, bytes(2)))
    mn.silent(p[:44] + bytes([p[44] ^ 1]) + p[45:])


@must("11.2", "an unknown MH Type is answered with a Binding Error of status 2 (9.2)")
def unknown_type(mn):
    p = mn.one(mh_packet("2001:db8:cc::98", mn.coa, mh(42, bytes(2))))
    assert (p.mh.type, p.mh.status, p.dst) == (BE, 2, "2001:db8:cc::98"), p


@must("11.2", "Payload Proto is not 59: discarded (9.2)")
def payload_proto(mn):
    c = mn.correspondent()
    c.mute = {BU}
    c.want()
    p = mh_packet(c.addr, mn.coa, mh(BA, ba_mh(0, c.bu.mh.seq, 60)[6:12], proto=ICMP), rh2_=HOA)
    mn.ask(p)
    assert c.state() == "binding"


@must("11.2", "Header Len below the least of the type: discarded (9.2)")
def header_len(mn):
    answers = mn.ask(*(mh_packet("2001:db8:cc::97", mn.coa, mh(kind, bytes(2))) for kind in (HOT, COT, BA, BE)))
    assert not [a for a in answers if a.mh]


@should("11.2", "Header Len below the least of the type: Parameter Problem, code 0, pointing at that field (9.2)")
def header_len_is_reported(mn):
    p = mn.one(mh_packet("2001:db8:cc::97", mn.coa, mh(HOT, bytes(2))))
    assert (p.icmp, p.code, p.word) == (PARAM, 0, 41), p


# --- 11.3.1: sending ------------------------------------------------------------------------------------------------

def sends(mn, c, *how):
    """An echo request from the node to c as it was on the wire."""
    mark = mn.wire.mark()
    mn.inside("ping", "-6", "-c1", "-W0.01", *how, c.addr, check=False)
    return mn.wire.expect(lambda p: (p.inner or p).dst == c.addr and (p.inner or p).icmp == ECHO, mark, what="the echo request")


@must("11.3.1", "what began before the move, or has no other address to begin with, goes out from the home address")
def from_the_home_address(mn):
    p = sends(mn, mn.correspondent())
    assert (p.inner or p).src == HOA, p


@must("11.3.1", "without a binding the packet goes through the reverse tunnel: to the home agent, from the care-of address")
def reverse_tunnel(mn):
    c = mn.correspondent()
    p = sends(mn, c, "-I", HOA)
    assert p.inner and (p.src, p.dst) == (mn.coa, AGENT), p
    assert (p.inner.src, p.inner.dst, p.inner.hao) == (HOA, c.addr, None), p


@must("11.3.1", "while it is only asked or the update not acknowledged there is no Home Address option")
def no_hao_before_the_binding(mn):
    c = mn.correspondent()
    c.mute = {BU}
    c.want()
    assert sends(mn, c, "-I", HOA).inner


@should("11.3.1", "with a binding packets go straight to the correspondent")
def direct_with_a_binding(mn):
    c = mn.correspondent()
    c.optimize()
    p = sends(mn, c, "-I", HOA)
    assert (p.inner, p.dst) == (None, c.addr), p


@must("11.3.1", "then the source is the care-of address that is registered there, the home address in a Home Address option")
def source_with_a_binding(mn):
    c = mn.correspondent()
    bu = c.optimize()
    p = sends(mn, c, "-I", HOA)
    assert (p.src, p.hao) == (bu.src, HOA) and p.bad == [], p


@must("11.3.1", "the Home Address option is before the upper layer, in a destination options header (6.3)")
def hao_place(mn):
    c = mn.correspondent()
    c.optimize()
    p = sends(mn, c, "-I", HOA)
    assert p.ext == [DSTOPTS], p


@must("11.3.1", "packets from the care-of address go as they are")
def from_the_care_of_address(mn):
    c = mn.correspondent()
    c.optimize()
    p = sends(mn, c, "-I", mn.coa)
    assert (p.inner, p.src, p.hao) == (None, mn.coa, None), p


@must("11.3.1", "after a move, before the new binding, packets take the tunnel from the new care-of address")
def tunnel_after_a_move(mn):
    c = mn.correspondent()
    c.optimize()
    c.mute = {HOTI, COTI, BU}
    mn.away()
    p = sends(mn, c, "-I", HOA)
    assert p.inner and p.src == mn.coa, p


@must("11.3.1", "at home packets go as they are")
def at_home(mn):
    c = mn.correspondent()
    mn.move("home")
    p = sends(mn, c)
    assert (p.inner, p.src, p.hao) == (None, HOA, None), p


@must("11.3.1", "Mobility Headers go past the bindings: a Home Test for a bound peer has no Home Address option (6.1)")
def mobility_headers_aside(mn):
    c = mn.correspondent()
    c.optimize()
    n = b"aside..."
    answers = mn.ask(mh_packet(c.addr, mn.coa, hoti_mh(n)), mh_packet(c.addr, mn.coa, hoti_mh(n, COTI)))
    assert answers and all(p.hao is None for p in answers if p.mh and p.mh.type in (HOT, COT)), answers


IPV6_MTU, FAR_AWAY = 24, "2001:db8:cc::2473"


@must("11.3.1", "Packet Too Big from a router in the reverse tunnel: the sender's path MTU is that, less the outer header")
def too_big_in_the_tunnel(mn):
    s = mn.socket(address=HOA)
    s.connect((FAR_AWAY, 9))
    mark = mn.wire.mark()
    s.send(bytes(1380))
    p = mn.wire.expect(lambda p: p.inner and p.inner.dst == FAR_AWAY and p.inner.proto == UDP, mark, what="it, in the tunnel")
    mn.send(icmp_packet("2001:db8:f1::fe", mn.coa, TOO_BIG, 0, struct.pack("!I", 1400) + p.raw[:1232]))
    until(lambda: s.getsockopt(socket.IPPROTO_IPV6, IPV6_MTU) == 1360, "the smaller MTU")
    s.close()


# --- 11.3.2: IPsec --------------------------------------------------------------------------------------------------

untested(MUST, "11.3.2", "the Home Address option comes in after IPsec is applied, and is outside of it",
         why="needs a kernel with ESP: tests/net/ipsec.bats shows it in make check-kernel")
untested(MUST, "11.3.2", "IPsec policies and associations are those of the home address",
         why="needs a kernel with ESP: tests/net/ipsec.bats shows it in make check-kernel")


# --- 11.3.3: receiving ----------------------------------------------------------------------------------------------

@must("11.3.3", "a packet in the home agent's tunnel is taken as one to the home address")
def tunnelled_in(mn):
    p = mn.correspondent().reply()
    assert (p.inner or p).src == HOA


@must("11.3.3", "the tunnel's source is the home agent: of another the packet is dropped")
def tunnel_from_elsewhere(mn):
    c = mn.correspondent()
    answers = mn.ask(mn.tunnelled(echo(c.addr, HOA, 1), src="2001:db8:bad::1"))
    assert not [a for a in answers if (a.inner or a).icmp == REPLY]


@must("11.3.3", "a packet with a type 2 routing header with the home address is taken as one to that")
def rh2_in(mn):
    c = mn.correspondent()
    p = c.reply(direct=True)
    assert (p.inner or p).src == HOA


def rh2_is_dropped(mn, packet):
    answers = [a for a in mn.ask(packet) if (a.inner or a).icmp in (REPLY, PARAM)]
    assert not answers, answers[0]


def routed(c, mn, header, inner_dst=None):
    data = summed(c.addr, inner_dst or HOA, ICMP, bytes([ECHO, 0, 0, 0]) + bytes(12), 2)
    return ip6(c.addr, mn.coa, ICMP, data, [header])


@must("11.3.3", "a type 2 routing header whose address is not our home address: silently dropped (6.4)")
def rh2_of_another(mn):
    c = mn.correspondent()
    for home in ("2001:db8:1::200", mn.coa, "ff02::1", "fe80::1", "::1"):
        rh2_is_dropped(mn, routed(c, mn, rh2(home), home))


@must("11.3.3", "a type 2 routing header with Segments Left other than 1: silently dropped")
def rh2_segments(mn):
    c = mn.correspondent()
    for left in (2, 3, 255):
        rh2_is_dropped(mn, routed(c, mn, rh2(HOA, left=left)))


@must("11.3.3", "a type 2 routing header with a length other than 2: silently dropped")
def rh2_length(mn):
    c = mn.correspondent()
    rh2_is_dropped(mn, routed(c, mn, rh2(HOA, length=4, more=addr(HOA))))


@must("11.3.3", "two type 2 routing headers: dropped")
def rh2_twice(mn):
    c = mn.correspondent()
    data = summed(c.addr, HOA, ICMP, bytes([ECHO, 0, 0, 0]) + bytes(12), 2)
    rh2_is_dropped(mn, ip6(c.addr, mn.coa, ICMP, data, [rh2(HOA), rh2(HOA)]))


@must("11.3.3", "a type 2 routing header to another of our addresses than the care-of address: it leads nowhere else")
def rh2_is_not_forwarded(mn):
    c = mn.correspondent()
    answers = mn.ask(routed(c, mn, rh2("2001:db8:cc::77"), "2001:db8:cc::77"))
    assert not [a for a in answers if (a.inner or a).dst == "2001:db8:cc::77"]


# --- 11.3.4: multicast ----------------------------------------------------------------------------------------------

@must("11.3.4", "group membership on the foreign link is told without a Home Address option, not from the home address")
def membership_without_hao(mn):
    mark = mn.wire.mark()
    mn.away()
    mn.wire.expect(lambda p: p.icmp == 143, mark, what="a report")
    reports = [p for p in mn.wire.since(mark) if p.icmp == 143]
    assert reports and all(p.hao is None and p.src != HOA for p in reports)


@must("11.3.4", "group membership is not told through the tunnel before the home agent said that it listens")
def no_membership_in_the_tunnel(mn):
    mark = mn.wire.mark()
    mn.away()
    mn.settle()
    assert not [p for p in mn.wire.since(mark) if p.inner and p.inner.icmp in (130, 131, 132, 143)]


untested(MUST, "11.3.4", "a multicast packet sent through the home agent has the home address as its source",
         why="the mobile node sends no multicast through its tunnel: applications use the foreign link (11.3.4, first way)")


# --- 11.3.5: ICMPv6 errors ------------------------------------------------------------------------------------------

@should("11.3.5", "Parameter Problem code 1 for return routability: it is noted that no updates go there")
def param_problem_1(mn):
    c = mn.correspondent()
    c.mute = {HOTI, COTI}
    c.want()
    mn.ask(c.error(c.coti))
    assert c.state() == "unsupported"


@must("11.3.5", "an error that quotes a message the node did not send means nothing, and is no reason to give up")
def param_problem_made_up(mn):
    c = mn.correspondent()
    c.mute = {HOTI, COTI}
    c.want()
    coti = c.coti.raw
    for quoted in (coti[:-8] + b"made up!", coti[:8] + addr("2001:db8:bad::1") + coti[24:],
                   mh_packet(mn.coa, c.addr, hoti_mh(c.coti.mh.cookie)), mh_packet(mn.coa, c.addr, brr_mh())):
        mn.ask(c.error(Packet(quoted)))
        mn.ask(icmp_packet("2001:db8:bad::1", mn.coa, PARAM, 1, struct.pack("!I", 6) + quoted))
    assert c.state() == "testing"


@should("11.3.5", "after some time the correspondent is asked again")
def param_problem_1_ends(mn):
    c = mn.correspondent()
    c.mute = {HOTI, COTI}
    c.want()
    mn.ask(c.error(c.coti))
    c.mute, mark = set(), len(c.sent)
    for _ in range(6):
        mn.jump(150)
        mn.settle()
    for _ in range(4):
        c.reply()
    assert c.got(HOTI, mark), "never"


@must("11.3.5", "no entry of the list is made because of an ICMPv6 error")
def errors_make_no_entries(mn):
    c = mn.correspondent()
    made_up = made_up_question(c, mn)
    mn.ask(c.error(made_up), c.error(made_up, code=2), c.error(made_up, kind=UNREACH, code=0))
    assert c.state() is None and not entry(mn, c.addr)


def made_up_question(c, mn):
    return Packet(mh_packet(mn.coa, c.addr, hoti_mh(b"made up!", COTI)))


@should("11.3.5", "Parameter Problem code 2, the Home Address option is not known: discarded, the binding stays")
def param_problem_2(mn):
    c = mn.correspondent()
    c.optimize()
    mark = mn.wire.mark()
    with mn.socket(address=HOA) as s:
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        s.connect((c.addr, 9))
        s.send(b"conform!")
        p = mn.wire.expect(lambda p: p.dst == c.addr and p.hao == HOA and not p.mh, mark, what="the packet")
        mn.ask(c.error(p, code=2))
        assert c.is_optimized()
        assert not select.select([], [], [s], 0)[2] and not s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


# --- 11.3.6: Binding Errors -----------------------------------------------------------------------------------------

@must("11.3.6", "a Binding Error from a node that is not in the list is ignored")
def be_of_a_stranger(mn):
    c = mn.correspondent()
    mn.ask(c.binding_error(1), c.binding_error(2))
    assert c.state() is None and not c.sent


@must("11.3.6", "status 1: the binding is removed, and packets go through the home agent")
def be_1(mn):
    c = mn.correspondent()
    c.optimize()
    c.mute = {HOTI, COTI, BU}
    mn.jump(10)
    mn.settle()
    assert c.is_optimized()   # what it sends is what the error is about
    mn.ask(c.binding_error(1))
    assert not c.is_optimized()


@must("11.3.6", "status 1 about another home address does not touch the binding")
def be_1_of_another(mn):
    c = mn.correspondent()
    c.optimize()
    mn.jump(10)
    mn.settle()
    mn.ask(c.binding_error(1, home="2001:db8:1::200"))
    assert c.is_optimized()


@should("11.3.6", "status 2 while nothing is awaited from that node: ignored")
def be_2_unasked(mn):
    c = mn.correspondent()
    c.optimize()
    mn.ask(c.binding_error(2, home="::"))
    assert c.is_optimized()


@should("11.3.6", "status 2 to a question: the attempt at route optimization ends")
def be_2(mn):
    c = mn.correspondent()
    c.mute = {HOTI, COTI}
    c.want()
    mn.ask(c.binding_error(2, home="::"))
    for _ in range(2):   # it may be forged: another answer is waited for
        mn.advance(3)
    assert c.state() == "unsupported"
    mark = len(c.sent)
    mn.jump(20)
    mn.settle()
    assert not c.sent[mark:]
