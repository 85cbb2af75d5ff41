"""RFC 6275 section 10.4: what a home agent does with the packets of its mobile nodes."""
from home import neighbour
from packet import *
from table import MUST, SHOULD, Skip, must, should, untested

AWAY = "2001:db8:cc::1"   # a correspondent in the Internet
GUEST = "2001:db8:1::9e:1"   # a host of the home link
L = ACK | HOME | LINKLOCAL
ON_STOCK = "this kernel has no ESP; on the stock one %s shows it: "
IPSEC, EACH = ON_STOCK % "tests/net/ipsec.bats", ON_STOCK % "tests/net/ipsec_each.bats"


def bound(ha, **how):
    m = ha.mobile()
    m.bind(**how)
    return m


def claims(ha, target, mark):
    """The unsolicited advertisements of that address since the mark."""
    ha.settle()
    return [p for p in ha.wire.since(mark) if p.icmp == NA and p.target == target]


def first_claim(ha, flags=ACK | HOME, of=lambda home: home):
    m = ha.mobile()
    mark = ha.wire.mark()
    m.bind(flags=flags)
    seen = claims(ha, of(m.home), mark)
    assert seen, "there was none"
    return seen[0]


def asked(ha, target, dst=None, src=GUEST):
    """The answers to a Neighbor Solicitation of a host on the home link."""
    ha.wire.host(GUEST, neighbour(2))
    mark = ha.wire.mark()
    p = ns_packet(src, target, None if src == "::" else neighbour(2), dst)
    ha.wire.send(p, neighbour(2))
    return claims(ha, target, mark)


# --- 10.4.1: interception ------------------------------------------------------------------------------------------

@must("10.4.1", "Duplicate Address Detection is over before the home address is taken")
def dad_before_claim(ha):
    m = ha.mobile()
    mark = ha.wire.mark()
    m.bind()
    claims(ha, m.home, mark)
    order = [p.icmp for p in ha.wire.since(mark) if p.icmp in (NS, NA) and p.target == m.home and p.src != ha.addr]
    assert order[0] == NS and NA in order, order


@must("10.4.1", "serving begins with a Neighbor Advertisement to all nodes of the home link, for the home address")
def claim(ha):
    p = first_claim(ha)
    assert (p.dst, p.hops) == ("ff02::1", 255), p


@must("10.4.1", "L set: the same for the link-local address")
def claim_of_link_local(ha):
    p = first_claim(ha, L, link_local)
    assert (p.dst, p.hops) == ("ff02::1", 255), p


@must("10.4.1", "L clear: the link-local address is not taken")
def no_claim_of_link_local(ha):
    mark = ha.wire.mark()
    assert not claims(ha, link_local(bound(ha).home), mark)


@must("10.4.1", "the advertisement has a Target Link-Layer Address option with the home agent's address")
def claim_has_our_address(ha):
    assert dict(first_claim(ha).nd_options()) == {2: lladdr_option(2, ha.wire.node_mac)}


@must("10.4.1", "the Router bit of the advertisement is zero")
def claim_is_no_router(ha):
    assert not first_claim(ha).word & 0x80000000


@must("10.4.1", "the Solicited flag of the advertisement is not set")
def claim_is_not_solicited(ha):
    assert not first_claim(ha).word & 0x40000000


@must("10.4.1", "the Override flag of the advertisement is set")
def claim_overrides(ha):
    assert first_claim(ha).word & 0x20000000


@must("10.4.1", "the source of the advertisement is the home agent's address on that interface")
def claim_is_from_us(ha):
    p = first_claim(ha)
    assert p.src in (ha.addr, "fe80::ff:fe00:1") and p.mac_from == ha.wire.node_mac, p


@must("10.4.1", "so it is when there is no link-local address there (yet)")
def claim_without_link_local(ha):
    ours = ("fe80::ff:fe00:1/64", "dev", "eth0")
    ha.inside("ip", "addr", "del", *ours)
    try:
        ha.settle()
        assert first_claim(ha).src == ha.addr
    finally:
        ha.inside("ip", "addr", "add", *ours, "nodad")


@should("10.4.1", "the other fields are as the mobile node would set them: hop limit 255, reserved bits zero")
def claim_is_ordinary(ha):
    p = first_claim(ha)
    assert p.hops == 255 and p.word == 0x20000000, p


@must("10.4.1", "it is repeated MAX_NEIGHBOR_ADVERTISEMENT times at most (RFC 4861)")
def claim_is_repeated(ha):
    mark = ha.wire.mark()
    m = bound(ha)
    for _ in range(6):
        ha.advance(1.1)
    assert 1 <= len(claims(ha, m.home, mark)) <= 3


@must("10.4.1", "it answers Neighbor Solicitations for the home address, with its own link-layer address")
def answers_for_home(ha):
    (p,) = asked(ha, bound(ha).home)
    assert (p.dst, dict(p.nd_options())[2], p.word & 0x40000000) == (
        GUEST, lladdr_option(2, ha.wire.node_mac), 0x40000000), p


@must("10.4.1", "it answers one that comes by unicast, too")
def answers_unicast(ha):
    m = bound(ha)
    assert asked(ha, m.home, dst=m.home)


@must("10.4.1", "L set: it answers for the link-local address")
def answers_for_link_local(ha):
    (p,) = asked(ha, link_local(bound(ha, flags=L).home))
    assert (p.dst, dict(p.nd_options())[2]) == (GUEST, lladdr_option(2, ha.wire.node_mac)), p


@must("10.4.1", "the Router bit of the answer is zero")
def answer_is_no_router(ha):
    (p,) = asked(ha, bound(ha).home)
    assert not p.word & 0x80000000, p


@must("10.4.1", "it answers for addresses with a binding only")
def answers_for_bound_only(ha):
    assert not asked(ha, ha.mobile().home)
    m = bound(ha)
    assert not asked(ha, link_local(m.home))
    m.unbind()
    assert not asked(ha, m.home)


@must("10.4.1", "it answers who probes for the home address, to all nodes: the address stays unique")
def defends(ha):
    m = bound(ha)
    (p,) = asked(ha, m.home, src="::")
    assert (p.dst, p.word & 0x40000000) == ("ff02::1", 0), p


@must("10.4.1", "what a host of the home link sends to the home address goes to the mobile node")
def intercepts_on_link(ha):
    m = bound(ha)
    ha.wire.host(GUEST, neighbour(2))
    mark = ha.wire.mark()
    ha.wire.send(echo(GUEST, m.home, 3), neighbour(2))
    ha.settle()
    assert [p for p in ha.answers(mark) if p.inner and p.dst == m.coa and p.inner.src == GUEST]


# --- 10.4.2: intercepted packets -----------------------------------------------------------------------------------

def through(ha, packet):
    """The packet in the tunnel that an intercepted one becomes."""
    p = ha.one(packet)
    assert p.inner, "not tunnelled: %s" % p
    return p


@must("10.4.2", "an intercepted packet is tunnelled, from the home agent's address to the primary care-of address")
def tunnelled_whole(ha):
    m = bound(ha)
    sent = echo(AWAY, m.home, 4, data=b"0123456789")
    p = through(ha, sent)
    assert (p.src, p.dst, p.rh2, p.proto) == (ha.addr, m.coa, None, IPV6), p
    assert p.inner.raw == sent[:7] + bytes([63]) + sent[8:], "the packet inside is not what was sent, one hop older"


@must("10.4.2", "the tunnel ends at the new care-of address after the mobile node moved")
def tunnel_moves(ha):
    m = bound(ha)
    m.coa = "2001:db8:f2::4"
    m.bind()
    assert through(ha, echo(AWAY, m.home, 4)).dst == m.coa


@must("10.4.2", "the tunnel begins at the address the mobile node registered with")
def tunnel_from(ha):
    ha.own_address("2001:db8:1::b")
    try:
        m = ha.mobile()
        m.ha = "2001:db8:1::b"
        m.bind()
        assert through(ha, echo(AWAY, m.home, 4)).src == "2001:db8:1::b"
        m.unbind()
    finally:
        ha.own_address("2001:db8:1::b", "del")


@must("10.4.2", "packets of every upper layer are tunnelled: UDP, ICMPv6 errors, fragments")
def tunnels_everything(ha):
    m = bound(ha)
    error = icmp_packet(AWAY, m.home, TIME_EXCEEDED, 0, bytes(4) + echo(m.home, AWAY, 9)[:56])
    piece = ip6(AWAY, m.home, UDP, bytes(16), [(FRAGMENT, struct.pack("!BHI", 0, 0x18 << 3, 7))])
    for sent in (udp_packet(AWAY, m.home, 5, 7, b"x" * 99), error, piece):
        assert through(ha, sent).inner.raw[8:] == sent[8:]


@must("10.4.2", "a packet at the end of its hops is not tunnelled")
def hop_limit(ha):
    m = bound(ha)
    p = ha.one(echo(AWAY, m.home, 4, hops=1))
    assert (p.inner, p.icmp, p.dst) == (None, TIME_EXCEEDED, AWAY), p


# How it is tunnelled is RFC 2473: section 7 for its size, section 8 for errors on the way.

def errors(ha, *packets):
    """What correspondents hear because of these: (type, code, the word behind, what is quoted)."""
    return [(p.icmp, p.code, p.word, p.payload[8:]) for p in ha.ask(*packets) if p.dst == AWAY and not p.inner]


def on_the_way(m, kind, code, info, packet):
    """What a router between says of that packet in the tunnel of m."""
    return icmp_packet("2001:db8:f1::fe", m.ha, kind, code, struct.pack("!I", info) + packet.raw[:1232])


@must("10.4.2", "what fills the tunnel's MTU, an Ethernet's less the outer header, is tunnelled in one piece")
def fills(ha):
    sent = udp_packet(AWAY, bound(ha).home, 5, 7, bytes(1460 - 48))
    assert len(through(ha, sent).inner.raw) == 1460


@must("10.4.2", "what is longer is not tunnelled: its sender hears Packet Too Big with the tunnel's MTU")
def too_long(ha):
    sent = udp_packet(AWAY, bound(ha).home, 5, 7, bytes(1461 - 48))
    ((kind, code, mtu, quoted),) = errors(ha, sent)
    assert (kind, code, mtu) == (TOO_BIG, 0, 1460) and quoted[8:] == sent[8:8 + len(quoted) - 8]


@must("10.4.2", "Packet Too Big from a router in the tunnel: the sender hears it, with the MTU less the outer header")
def too_big_on_the_way(ha):
    m = bound(ha)
    sent = udp_packet(AWAY, m.home, 5, 7, bytes(1400))
    told = errors(ha, on_the_way(m, TOO_BIG, 0, 1400, through(ha, sent)))
    assert [t[:3] for t in told] == [(TOO_BIG, 0, 1360)] and told[0][3][8:400] == sent[8:400], told


@must("10.4.2", "an MTU that would leave less than 1280: the sender hears 1280, and never less")
def least_on_the_way(ha):
    m = bound(ha)
    told = errors(ha, on_the_way(m, TOO_BIG, 0, 1290, through(ha, udp_packet(AWAY, m.home, 5, 7, bytes(1400)))))
    assert [t[:3] for t in told] == [(TOO_BIG, 0, 1280)], told
    assert not errors(ha, on_the_way(m, TOO_BIG, 0, 1290, through(ha, udp_packet(AWAY, m.home, 5, 7, bytes(1000)))))


@must("10.4.2", "the care-of address is not to be reached: the sender hears Destination Unreachable, code 3")
def unreachable_on_the_way(ha):
    m = bound(ha)
    sent = udp_packet(AWAY, m.home, 5, 7, b"nobody there")
    for kind, code in ((UNREACH, 0), (UNREACH, 3), (TIME_EXCEEDED, 0)):
        told = errors(ha, on_the_way(m, kind, code, 0, through(ha, sent)))
        assert [t[:2] for t in told] == [(UNREACH, 3)] and told[0][3][8:] == sent[8:], told


@must("10.4.2", "an error in the tunnel about an error is told to nobody (RFC 4443 2.4 e)")
def error_about_error(ha):
    m = bound(ha)
    p = through(ha, icmp_packet(AWAY, m.home, TIME_EXCEEDED, 0, bytes(4) + echo(m.home, AWAY, 9)[:56]))
    assert not errors(ha, on_the_way(m, UNREACH, 0, 0, p))


@should("10.4.2", "an error about a packet that cannot have been in that tunnel is told to nobody")
def error_about_nothing(ha):
    if ha.show("agent")["path"] == "ip6tnl":
        raise Skip("the kernel tells of it, at its own limited rate: its tunnel device knows no bindings")
    m, other = bound(ha), bound(ha)
    for src, dst in ((ha.addr, other.coa), ("2001:db8:bad::6", m.coa)):
        forged = Packet(tunnelled(src, dst, udp_packet(AWAY, m.home, 5, 7, b"forged")))
        assert not errors(ha, on_the_way(m, UNREACH, 0, 0, forged))


untested(SHOULD, "10.4.2", "what the home agent itself sends goes by way of a type 2 routing header (9.3.2)",
         why="not so: apart from acknowledgements and prefix advertisements it takes the tunnel like every other packet, "
             "which costs a mobile node 16 octets more, and the home agent two routes a binding less")


def to_link_local(ha, src=GUEST):
    m = bound(ha, flags=L)
    ha.wire.host(GUEST, neighbour(2))
    mark = ha.wire.mark()
    ha.wire.send(echo(src, link_local(m.home), 3), neighbour(2))
    ha.settle()
    return [p for p in ha.answers(mark)]


@must("10.4.2", "a packet for the link-local address is not tunnelled")
def link_local_is_not_tunnelled(ha):
    assert not [p for p in to_link_local(ha) if p.inner]


@should("10.4.2", "a packet for the link-local address: Destination Unreachable, code 3, to its source")
def link_local_is_unreachable(ha):
    (p,) = to_link_local(ha)
    assert (p.icmp, p.code, p.dst) == (UNREACH, 3, GUEST), p


@should("10.4.2", "a packet for the link-local address from a multicast address is not answered")
def link_local_from_multicast(ha):
    assert not to_link_local(ha, src="ff02::5")


def sent_to_group(ha, group):
    m = bound(ha)
    mark = ha.wire.mark()
    ha.wire.send(udp_packet(GUEST, group, 5, 7, b"to a group"), neighbour(2))
    ha.settle()
    return [p for p in ha.answers(mark) if p.inner and p.dst == m.coa]


@must("10.4.2", "packets for multicast addresses of link-local scope are not tunnelled")
def link_scope(ha):
    assert not sent_to_group(ha, "ff02::1") and not sent_to_group(ha, "ff02::1:3")


@should("10.4.2", "packets for multicast addresses of a scope below global are not tunnelled")
def site_scope(ha):
    assert not sent_to_group(ha, "ff05::1:3") and not sent_to_group(ha, "ff08::77")


untested(MUST, "10.4.2", "packets for groups of global scope the mobile node subscribed to are tunnelled",
         why="10.4.3, which is a SHOULD, is not supported: no mobile node can subscribe")
untested(MUST, "10.4.2", "before tunnelling, the packet gets the IPsec processing of the policy database",
         why=EACH + "payload alone")

# --- 10.4.3, 10.4.4: not supported ---------------------------------------------------------------------------------

untested(SHOULD, "10.4.3", "multicast group membership reports come through the tunnel and are heeded",
         why="not supported: the home agent is no multicast router")


@should("10.4.3", "without that support, reports and queries through the tunnel are silently ignored")
def reports_are_ignored(ha):
    m = bound(ha)
    alert = hopopts(bytes([5, 2, 0, 0]))
    for src in (m.home, "fe80::5"):
        ha.silent(m.up(icmp_packet(src, "ff02::16", 143, 0, bytes(4), [alert], hops=1)),
                  m.up(icmp_packet(src, "ff02::1", 130, 0, bytes(20), [alert], hops=1)))


@must("10.4.4", "without support for DHCPv6, what a mobile node sends through the tunnel to find a server gets no answer")
def no_dhcp(ha):
    m = bound(ha)
    solicit = bytes([1, 1, 2, 3]) + struct.pack("!HH", 1, 10) + bytes(10)
    ha.silent(*(m.up(udp_packet(src, "ff02::1:2", 546, 547, solicit, hops=1)) for src in (m.home, "fe80::5")))


# --- 10.4.5: reverse-tunnelled packets -----------------------------------------------------------------------------

@must("10.4.5", "a packet through the reverse tunnel is taken out and goes on to its destination")
def reverse(ha):
    m = bound(ha)
    sent = udp_packet(m.home, AWAY, 5, 7, b"y" * 50)
    p = ha.one(m.up(sent))
    assert p.raw == sent[:7] + bytes([63]) + sent[8:], "not what was in the tunnel, one hop older: %s" % p


@must("10.4.5", "a packet through the reverse tunnel reaches a host of the home link")
def reverse_to_the_link(ha):
    m = bound(ha)
    ha.wire.host(GUEST, neighbour(2))
    p = ha.one(m.up(udp_packet(m.home, GUEST, 5, 7, b"z")))
    assert (p.src, p.dst, p.mac_to) == (m.home, GUEST, neighbour(2)), p


@must("10.4.5", "a packet through the reverse tunnel reaches another mobile node, through its tunnel")
def mobile_to_mobile(ha):
    m, other = bound(ha), bound(ha)
    p = ha.one(m.up(udp_packet(m.home, other.home, 5, 7, b"z")))
    assert (p.dst, p.inner.src, p.inner.dst) == (other.coa, m.home, other.home), p


def none_got_through(ha, *packets):
    """Whatever the node answers: what was inside is not sent on."""
    answers = ha.ask(*packets)
    assert not [a for a in answers if (a.inner or a).proto == UDP], answers


@must("10.4.5", "the source of the tunnel header is not the primary care-of address: the packet is not forwarded")
def outer_source(ha):
    m = bound(ha)
    inner = udp_packet(m.home, AWAY, 5, 7, b"q")
    for src in ("2001:db8:bad::2", m.home, GUEST, bound(ha).coa):
        none_got_through(ha, m.up(inner, src=src))


@must("10.4.5", "nor is it when extension headers stand between the two IPv6 headers")
def outer_source_behind_options(ha):
    m = bound(ha)
    inner = udp_packet(m.home, AWAY, 5, 7, b"q")
    for ext in ([dstopts(b"")], [hopopts()], [dstopts(bytes([4, 1, 4]))], [hopopts(), dstopts(b"")]):
        none_got_through(ha, ip6("2001:db8:bad::2", ha.addr, IPV6, inner, ext))


@must("10.4.5", "the care-of address of before is no longer taken after a move")
def old_care_of(ha):
    m = bound(ha)
    old, m.coa = m.coa, "2001:db8:f2::5"
    m.bind()
    none_got_through(ha, m.up(udp_packet(m.home, AWAY, 5, 7, b"q"), src=old))


@must("10.4.5", "nothing is taken from a care-of address whose binding was removed")
def removed(ha):
    m = bound(ha)
    m.unbind()
    none_got_through(ha, m.up(udp_packet(m.home, AWAY, 5, 7, b"q")))


@must("10.4.5", "from a care-of address come packets of its own home address only")
def inner_source(ha):
    m, other = bound(ha), bound(ha)
    for src in (other.home, "2001:db8:1::9999", AWAY, m.coa, ha.addr):
        none_got_through(ha, m.up(udp_packet(src, "2001:db8:cd::1", 5, 7, b"q")))


@must("10.4.5", "a packet with a link-local source is not forwarded out of the tunnel")
def inner_link_local(ha):
    m = bound(ha, flags=L)
    none_got_through(ha, *(m.up(udp_packet(link_local(m.home), dst, 5, 7, b"q")) for dst in (AWAY, GUEST, "ff02::1")))


# --- 10.4.6: return routability ------------------------------------------------------------------------------------

untested(MUST, "10.4.6", "tunnel mode ESP can protect what belongs to the return routability procedure",
         why=EACH + "test alone")
untested(MUST, "10.4.6", "a non-null encryption transform and an authentication algorithm are to be had",
         why=EACH + "test alone")
untested(MUST, "10.4.6", "after a move, protected packets go to the new care-of address", why=IPSEC + "handover")
untested(MUST, "10.4.6", "the protection is for what enters the tunnel only", why=EACH + "test alone")
untested(SHOULD, "10.4.6", "the protection is used with all mobile nodes",
         why="what is protected is the choice of who sets the keys; `mip ipsec gen` makes all of them")


@must("10.4.6", "a Home Test Init out of the tunnel goes on to the correspondent, its Home Test back into it")
def home_test(ha):
    m = bound(ha)
    question, answer = mh_packet(m.home, AWAY, hoti_mh(b"abcdefgh")), mh_packet(AWAY, m.home, hot_mh(HOT, 1, b"abcdefgh", b"tokentok"))
    assert ha.one(m.up(question)).raw[8:] == question[8:]
    p = ha.one(answer)
    assert (p.dst, p.inner.raw[8:]) == (m.coa, answer[8:]), p
