"""RFC 6275 sections 9.1 to 9.4: a correspondent node's cache, what it receives and sends, return routability."""
import struct

from nodes import run
from packet import *
from table import MUST, Skip, must, should, untested

NOT_ROUTABLE = ("ff02::1", "ff0e::7", "fe80::77", "::", "::1")
LEAST = {BRR: 0, HOTI: 1, COTI: 1, HOT: 2, COT: 2, BU: 1, BA: 1, BE: 2}   # Header Len (6.1)


def is_be(p, status, home, to):
    assert p.mh and p.mh.type == BE, p
    assert (p.mh.status, p.mh.home, p.dst, p.rh2, p.hao) == (status, home, to, None, None), p


def is_problem(p, pointer, to):
    assert (p.icmp, p.code, p.word) == (PARAM, 0, pointer), p
    assert (p.dst, p.rh2) == (to, None), p


def is_echo(p, m, seq):
    """An optimized echo reply to m."""
    assert (p.icmp, p.seq, p.dst, p.rh2) == (REPLY, seq, m.coa, m.home), p


# --- 9.1: the binding cache ----------------------------------------------------------------------------------------

@must("9.1", "one entry a home address: a second update with another care-of address replaces the first")
def one_entry(cn):
    m = cn.mobile()
    m.bind()
    m.new_place()
    m.bind()
    assert m.is_bound()
    assert len(cn.list("binding", "show", "home", m.home)) == 1


@should("9.1", "each unicast address of the node has a cache of its own")
def separate_caches(cn):
    m, other = cn.mobile(), cn.mobile(cn=cn.addr2)
    m.bind()
    other.home, other.coa = m.home, m.coa
    assert m.is_bound() and not other.is_bound()
    is_be(cn.one(other.echo()), 1, m.home, m.coa)
    other.coa = "2001:db8:f2::77"
    other.bind()
    assert other.is_bound() and m.is_bound()


@must("9.1", "a Home Address option in a packet makes no entry")
def hao_makes_no_entry(cn):
    m = cn.mobile()
    cn.ask(m.echo())
    assert not m.is_bound()


@must("9.1", "a Home Address option in a packet changes no entry")
def hao_changes_no_entry(cn):
    m = cn.mobile()
    m.bind()
    cn.ask(echo("2001:db8:bad::1", cn.addr, 1, hao_=m.home))
    assert m.is_bound()


@should("9.1", "entries are not deleted without need: one lives on while a hundred others come")
def entries_stay(cn):
    first = cn.mobile()
    first.bind(life=105)
    for _ in range(100):
        cn.mobile().bind(life=105)
    assert first.is_bound()


# --- 9.3: a home agent is a correspondent of its own mobile nodes ---

@must("9.3.1", "a home registration is a binding: a Home Address option from the care-of address is processed, from elsewhere not")
def hao_to_the_home_agent(ha):
    m = ha.mobile()
    is_be(ha.one(echo(m.coa, ha.addr, 1, hao_=m.home)), 1, m.home, m.coa)
    m.bind()
    p = ha.one(echo(m.coa, ha.addr, 2, hao_=m.home))
    is_echo(p.inner or p, m, 2)
    is_be(ha.one(echo("2001:db8:bad::1", ha.addr, 3, hao_=m.home)), 1, m.home, "2001:db8:bad::1")
    m.coa = "2001:db8:f2::9313"
    m.bind()
    is_echo(ha.one(echo(m.coa, ha.addr, 4, hao_=m.home)), m, 4)
    m.unbind()
    is_be(ha.one(echo(m.coa, ha.addr, 5, hao_=m.home)), 1, m.home, m.coa)


@must("9.3.2", "what a home agent sends itself has a routing header then, what it forwards stays in the tunnel")
def rh2_from_the_home_agent(ha):
    m = ha.mobile()
    m.bind()
    is_echo(ha.one(echo(m.coa, ha.addr, 1, hao_=m.home)), m, 1)
    assert m.is_bound()   # others' packets are tunnelled
    answers = ha.ask(m.echo(seq=2))   # and so are its own out of the tunnel, there and back
    assert [(a.inner or a).seq for a in answers] == [2], answers


# --- 9.2: Mobility Headers -----------------------------------------------------------------------------------------

@must("9.2", "a wrong checksum: silently discarded, with and without a Home Address option, whatever else is wrong")
def wrong_checksum(cn):
    m = cn.mobile()
    for how in ({}, {"hao_": m.home}):
        for message in (hoti_mh(bytes(8)), mh(42, bytes(2)), mh(HOTI, bytes(10), proto=ICMP), mh(BU, bytes(2))):
            p = mh_packet(m.coa, cn.addr, message, **how)
            at = len(p) - len(message) + 4
            cn.silent(p[:at] + bytes([p[at] ^ 1]) + p[at + 1:])


@must("9.2", "the checksum is over the home address in a Home Address option, not over the source (6.1.1)")
def checksum_addresses(cn):
    m = cn.mobile().tests()
    right = m.bu()
    wrong = ip6(m.coa, cn.addr, MH, summed(m.coa, cn.addr, MH, right[64:], 4), [hao(m.home)])
    cn.silent(wrong)
    assert cn.one(right).mh.status == 0


@must("9.2", "an unknown MH Type: discarded, Binding Error of status 2 to the source, without a routing header")
def unknown_type(cn):
    m = cn.mobile()
    for kind in (8, 42, 255):
        is_be(cn.one(mh_packet(m.coa, cn.addr, mh(kind, bytes(2)))), 2, "::", m.coa)
    m.bind()
    is_be(cn.one(mh_packet(m.home, cn.addr, mh(42, bytes(2)))), 2, "::", m.home)


@must("9.2", "a Header Len beyond the end of the packet: silently discarded")
def beyond_the_end(cn):
    m = cn.mobile()
    cn.silent(mh_packet(m.home, cn.addr, mh(HOTI, bytes(10), length=2)))
    cn.silent(mh_packet(m.coa, cn.addr, mh(BU, bytes(6), length=9), hao_=m.home))


@must("9.2", "Payload Proto is not 59: the message is discarded")
def payload_proto(cn):
    m = cn.mobile()
    m.tests()
    messages = [mh(kind, bytes(10), proto=ICMP) for kind in (HOTI, COTI)]
    answers = cn.ask(*(mh_packet(m.home, cn.addr, message) for message in messages))
    update = m.bu()[64:]
    answers += cn.ask(mh_packet(m.coa, cn.addr, bytes([ICMP]) + update[1:], hao_=m.home))
    assert not [a for a in answers if a.mh] and not m.is_bound()


@should("9.2", "Payload Proto is not 59: Parameter Problem, code 0, at that field, to the source, without the cache's help")
def payload_proto_is_reported(cn):
    m = cn.mobile()
    m.bind()
    bad = mh(HOTI, bytes(10), proto=ICMP)
    is_problem(cn.one(mh_packet(m.home, cn.addr, bad)), 40, m.home)
    is_problem(cn.one(mh_packet(m.coa, cn.addr, bad, hao_=m.home)), 64, m.coa)


@should("9.2", "Payload Proto is not 59, Header Len too small: reported for every type by a home agent")
def is_reported_by_ha(ha):
    m = ha.mobile()
    for p, pointer in wrong_headers(m.coa, ha.addr):
        is_problem(ha.one(p), pointer, m.coa)


@should("9.2", "Payload Proto is not 59, Header Len too small: reported for every type by a mobile node")
def is_reported_by_mn(mn):
    for p, pointer in wrong_headers("2001:db8:cc::92", mn.coa):
        answers = mn.ask(p)
        assert len(answers) == 1, answers
        is_problem(answers[0], pointer, "2001:db8:cc::92")


@should("9.2", "Header Len too small: reported whether the checksum ends with the header or with the packet, octets behind it or not")
def is_reported_of_long_packets(cn):
    m = cn.mobile()
    for p, pointer in wrong_headers(m.coa, cn.addr, bytes(16)):
        is_problem(cn.one(p), pointer, m.coa)
    whole = mh(BU, bytes(10), length=0)
    is_problem(cn.one(mh_packet(m.coa, cn.addr, whole)), 41, m.coa)


def wrong_headers(src, dst, trail=b""):
    """(packet, offset of what is wrong): each type with another Payload Proto, and each too short by 8 octets."""
    for kind, least in LEAST.items():
        yield mh_packet(src, dst, mh(kind, bytes(8 * least + 2), proto=ICMP), trail=trail), 40
        if least:
            yield mh_packet(src, dst, mh(kind, bytes(8 * least - 6)), trail=trail), 41


@must("9.2", "a Header Len below the least of the message's type: the message is discarded")
def header_len(cn):
    m = cn.mobile()
    answers = []
    for kind, least in LEAST.items():
        for length in range(least):
            message = mh(kind, bytes(8 * length + 2))
            answers += cn.ask(mh_packet(m.home, cn.addr, message), mh_packet(m.coa, cn.addr, message, hao_=m.home))
    assert not [a for a in answers if a.mh]


@should("9.2", "a Header Len below the least: Parameter Problem, code 0, at that field, to the source, without the cache's help")
def header_len_is_reported(cn):
    m = cn.mobile()
    m.bind()
    for kind, least in LEAST.items():
        if least:
            bad = mh(kind, bytes(8 * least - 6))
            is_problem(cn.one(mh_packet(m.home, cn.addr, bad)), 41, m.home)
            is_problem(cn.one(mh_packet(m.coa, cn.addr, bad, hao_=m.home)), 65, m.coa)


# --- 9.3.1: packets with a Home Address option ---------------------------------------------------------------------

@must("9.3.1", "a home address that is not unicast routable: the packet is dropped")
def hao_not_routable(cn):
    m = cn.mobile()
    for home in NOT_ROUTABLE:
        cn.silent(echo(m.coa, cn.addr, 1, hao_=home))
        cn.silent(mh_packet(m.coa, cn.addr, hoti_mh(bytes(8)), hao_=home))


@should("9.3.1", "ESP, AH and Mobility Headers behind a Home Address option are processed without a binding")
def hao_before_others(cn):
    m = cn.mobile()
    is_be(cn.one(mh_packet(m.coa, cn.addr, mh(42, bytes(2)), hao_=m.home)), 2, m.home, m.coa)
    for proto in (ESP, 51):   # no association here: dropped, or not known to this kernel; either way by IPsec
        answers = cn.ask(ip6(m.coa, cn.addr, proto, b"\x3b\x04" + bytes(22), [hao(m.home)]))
        assert not [a for a in answers if a.mh], answers[0]


@must("9.3.1", "no binding for the home address: the packet is dropped")
def hao_unknown(cn):
    m = cn.mobile()
    with cn.socket() as s:
        answers = cn.ask(m.echo(), udp_packet(m.coa, cn.addr, 5000, s.getsockname()[1], b"dropped", hao_=m.home))
        assert not [a for a in answers if not a.mh]
        cn.ask(udp_packet(m.home, cn.addr, 5000, s.getsockname()[1], b"taken"))
        assert s.recv(100) == b"taken"


@must("9.3.1", "a source that is not the care-of address of the binding: the packet is dropped")
def hao_from_elsewhere(cn):
    m = cn.mobile()
    m.bind()
    answers = cn.ask(echo("2001:db8:bad::1", cn.addr, 1, hao_=m.home))
    assert not [a for a in answers if not a.mh]


@must("9.3.1", "what is dropped for want of a binding is answered with a Binding Error of status 1")
def hao_unknown_is_reported(cn):
    m = cn.mobile()
    is_be(cn.one(m.echo()), 1, m.home, m.coa)
    is_be(cn.one(udp_packet(m.coa, cn.addr, 5, 6, b"", hao_=m.home)), 1, m.home, m.coa)
    m.bind()
    is_be(cn.one(echo("2001:db8:bad::1", cn.addr, 1, hao_=m.home)), 1, m.home, "2001:db8:bad::1")


@must("9.3.1", "with a binding the packet is taken as if its source were the home address")
def hao_is_exchanged(cn):
    m = cn.mobile()
    m.bind()
    is_echo(cn.one(m.echo(seq=5)), m, 5)


@must("9.3.1", "upper layers need not know: a socket sees the home address, and its answer goes the optimized way")
def hao_and_sockets(cn):
    m = cn.mobile()
    m.bind()
    with cn.socket() as s:
        port, mark = s.getsockname()[1], cn.wire.mark()
        cn.send(udp_packet(m.coa, cn.addr, 5000, port, b"to a socket", hao_=m.home))
        data, peer = s.recvfrom(100)
        assert data == b"to a socket" and peer[:2] == (m.home, 5000), peer
        s.sendto(b"back", peer)
        p = cn.wire.expect(lambda p: p.proto == UDP, mark)
        assert (p.dst, p.rh2, p.payload[8:]) == (m.coa, m.home, b"back"), p


@must("9.3.1", "all IPv6 options are processed: other options and headers around the Home Address option")
def hao_among_options(cn):
    m = cn.mobile()
    m.bind()
    both = dstopts(bytes([PADN, 2, 0, 0]) + bytes([201, 16]) + addr(m.home) + bytes([0x1e, 3, 1, 2, 3]))
    for ext in ([hopopts(), hao(m.home)], [dstopts(bytes([0x1e, 2, 0, 0])), hao(m.home)], [both],
                [hao(m.home), dstopts(bytes([0x1e, 2, 0, 0]))]):
        data = summed(m.home, cn.addr, ICMP, bytes([ECHO, 0, 0, 0, 1, 1, 0, 6]) + b"options!", 2)
        is_echo(cn.one(ip6(m.coa, cn.addr, ICMP, data, ext)), m, 6)


@must("9.3.1", "fragments, each with the Home Address option before its Fragment header, are one packet")
def hao_and_fragments(cn):
    m = cn.mobile()
    m.bind()
    data = summed(m.home, cn.addr, ICMP, bytes([ECHO, 0, 0, 0, 1, 1, 0, 8]) + bytes(range(24)), 2)
    parts = [(FRAGMENT, struct.pack("!BHI", 0, at | more, 4711)) for at, more in ((0, 1), (16, 0))]
    p = cn.one(*(ip6(m.coa, cn.addr, ICMP, piece, [hao(m.home), part])
                 for part, piece in zip(parts, (data[:16], data[16:]))))
    is_echo(p, m, 8)
    assert p.payload[8:] == bytes(range(24))


untested(MUST, "9.3.1", "an authentication header over the IPv6 header covers the Home Address option, addresses exchanged",
         why="the agent knows ESP only; AH is optional (RFC 4301 3.2)")


# --- 9.3.2: packets to a mobile node -------------------------------------------------------------------------------

@should("9.3.2", "a packet for a home address with a binding goes to the care-of address with a type 2 routing header")
def rh2_when_bound(cn):
    m = cn.mobile()
    m.bind()
    p = cn.one(echo(m.home, cn.addr, 9))
    is_echo(p, m, 9)
    assert p.segments_left == 1
    with cn.socket() as s:
        mark = cn.wire.mark()
        s.sendto(b"unasked", (m.home, 4000))
        p = cn.wire.expect(lambda p: p.proto == UDP, mark)
        assert (p.dst, p.rh2, p.segments_left, p.payload[8:]) == (m.coa, m.home, 1, b"unasked"), p


@must("9.3.2", "Neighbor Discovery packets never get a routing header")
def no_rh2_in_nd(cn):
    m, mac = cn.mobile(home="2001:db8:c::700"), bytes([2, 0, 0, 0, 0, 0x70])   # its home is the correspondent's link
    cn.wire.host(m.home, mac)
    m.bind()
    mark = cn.wire.mark()
    cn.ask(ns_packet(m.home, cn.addr, mac))
    answers = [p for p in cn.wire.since(mark) if p.icmp == NA]
    assert answers and all((p.dst, p.rh2, p.ext) == (m.home, None, []) for p in answers), answers
    assert all(p.mac_to == mac for p in answers)


@must("9.3.2", "Mobility Headers do not use the cache (6.1): tests and errors to a home address with a binding go there")
def no_rh2_for_mobility_headers(cn):
    m = cn.mobile()
    m.bind()
    p = m.test(HOTI)
    assert (p.dst, p.rh2) == (m.home, None), p
    is_be(cn.one(mh_packet(m.home, cn.addr, mh(42, bytes(2)))), 2, "::", m.home)


@must("9.3.2", "without a binding the packet goes to the home address, without a routing header")
def no_rh2_when_not_bound(cn):
    m = cn.mobile()
    p = cn.one(echo(m.home, cn.addr, 9))
    assert (p.dst, p.rh2, p.icmp) == (m.home, None, REPLY), p


@must("9.3.2", "the IPsec policy is looked up by the home address; ESP is then behind the routing header")
def rh2_and_ipsec(cn):
    m = cn.mobile()
    m.bind()
    ends = ("src", cn.addr, "dst", m.home)
    if run("ip", "-n", cn.name, "xfrm", "state", "add", *ends, "proto", "esp", "spi", "0x4711", "mode", "transport", "enc",
           "cbc(aes)", "0x" + "11" * 16, "auth", "hmac(sha1)", "0x" + "22" * 20, check=False).returncode:
        raise Skip("this kernel has no ESP for IPv6")
    run("ip", "-n", cn.name, "xfrm", "policy", "add", *ends, "dir", "out", "tmpl", *ends, "proto", "esp", "mode", "transport")
    try:
        with cn.socket() as s:
            mark = cn.wire.mark()
            s.sendto(b"secret", (m.home, 4000))
            p = cn.wire.expect(lambda p: p.proto in (UDP, ESP), mark)
            assert (p.proto, p.dst, p.rh2, p.payload[:4]) == (ESP, m.coa, m.home, b"\0\0\x47\x11"), p
    finally:
        run("ip", "-n", cn.name, "xfrm", "policy", "flush")
        run("ip", "-n", cn.name, "xfrm", "state", "flush")


untested(MUST, "9.3.2", "authentication data is calculated as if the routing header had been used up",
         why="the agent knows ESP only; AH is optional (RFC 4301 3.2)")


# --- 9.3.3: Binding Errors -----------------------------------------------------------------------------------------

@must("9.3.3", "sent to the source address of the packet")
def be_goes_to_the_source(cn):
    m = cn.mobile()
    is_be(cn.one(m.echo()), 1, m.home, m.coa)


@must("9.3.3", "none when the source is not unicast")
def be_not_to_multicast(cn):
    m = cn.mobile()
    for source in ("ff0e::1", "::"):
        cn.silent(echo(source, cn.addr, 1, hao_=m.home), mh_packet(source, cn.addr, mh(42, bytes(2)), hao_=m.home),
                  mh_packet(source, cn.addr, mh(42, bytes(2))))


@must("9.3.3", "Home Address is that of the option as it was on the wire, or :: without an option")
def be_home_address(cn):
    m = cn.mobile()
    m.bind()   # the addresses of what is taken are exchanged; still
    is_be(cn.one(mh_packet(m.coa, cn.addr, mh(42, bytes(2)), hao_=m.home)), 2, m.home, m.coa)
    is_be(cn.one(mh_packet(m.coa, cn.addr, mh(42, bytes(2)))), 2, "::", m.coa)


@should("9.3.3", "their rate is limited")
def be_rate(cn):
    m = cn.mobile()
    for packet in (m.echo(), mh_packet(m.coa, cn.addr, mh(42, bytes(2)))):
        errors = [p for p in cn.ask(*[packet] * 1000) if p.mh and p.mh.type == BE]
        assert 0 < len(errors) < 500, "%d errors for 1000 packets" % len(errors)
        cn.advance(10)


# --- 9.3.4: ICMPv6 errors ------------------------------------------------------------------------------------------

def unreachable(cn, m, about):
    """From a router on the way: the packet `about` did not arrive."""
    return icmp_packet("2001:db8:f1::fe", cn.addr, UNREACH, 3, bytes(4) + about.raw[:1232])


def last_to(cn, m):
    return cn.one(echo(m.home, cn.addr, 50))


@should("9.3.4", "persistent Destination Unreachable about packets to the care-of address: the entry is deleted")
def unreachable_deletes(cn):
    m = cn.mobile()
    m.bind(life=105)
    for _ in range(12):
        p = last_to(cn, m)
        if p.rh2 is None:
            return
        cn.ask(unreachable(cn, m, p))
        cn.advance(5)
    assert not m.is_bound()


@must("9.3.4", "one Destination Unreachable, or a burst at once, is not persistent: the entry stays")
def unreachable_once(cn):
    m = cn.mobile()
    m.bind()
    p = last_to(cn, m)
    cn.ask(*[unreachable(cn, m, p)] * 50)
    assert m.is_bound()


@must("9.3.4", "errors about packets that were never sent, or to another place, delete nothing")
def unreachable_forged(cn):
    m = cn.mobile()
    m.bind(life=105)
    other = Packet(echo(cn.addr, "2001:db8:bad::1", 1, kind=REPLY, rh2_=m.home))
    for _ in range(12):
        last_to(cn, m)
        cn.ask(unreachable(cn, m, other))
        cn.advance(5)
    assert m.is_bound()


# --- 9.4: return routability ---------------------------------------------------------------------------------------

@must("9.4.1", "a Home Test Init with a Home Address option is silently ignored")
def hoti_with_hao(cn):
    m = cn.mobile()
    cn.silent(mh_packet(m.coa, cn.addr, hoti_mh(m.cookies[HOTI]), hao_=m.home))
    m.bind()
    cn.silent(mh_packet(m.coa, cn.addr, hoti_mh(m.cookies[HOTI]), hao_=m.home))


@must("9.4.1", "a key and a nonce are there when the first Home Test Init comes")
def hoti_first(cn):
    cn.restart()
    m = cn.mobile()
    cn.send(m.init(HOTI))
    p = cn.wire.expect(lambda p: p.mh and p.mh.type == HOT and p.dst == m.home, cn.at)
    assert any(p.mh.token)


@must("9.4.2", "a Care-of Test Init with a Home Address option is silently ignored")
def coti_with_hao(cn):
    m = cn.mobile()
    cn.silent(mh_packet(m.coa, cn.addr, hoti_mh(m.cookies[COTI], COTI), hao_=m.home))
    m.bind()
    cn.silent(mh_packet(m.coa, cn.addr, hoti_mh(m.cookies[COTI], COTI), hao_=m.home))


@must("9.4.3", "a Home Test goes to the home address, with the cookie of its question")
def home_test(cn):
    m = cn.mobile()
    p = m.test(HOTI)
    assert (p.src, p.dst, p.rh2, p.hao, p.mh.cookie) == (cn.addr, m.home, None, None, m.cookies[HOTI]), p


@must("9.4.3", "the home keygen token depends on the home address, and is not that of a Care-of Test (5.2.5)")
def home_token(cn):
    a, b = cn.mobile(), cn.mobile()
    a.coa = a.home
    tokens = {a.test(HOTI).mh.token, b.test(HOTI).mh.token, a.test(COTI).mh.token}
    assert len(tokens) == 3


@must("9.4.3", "the current nonce is used, and its index is told: a new one in time, the same until then")
def current_nonce(cn):
    m = cn.mobile()
    first, second = m.test(HOTI).mh, m.test(HOTI).mh
    assert (first.nonce, first.token) == (second.nonce, second.token)
    cn.advance(60)
    third = m.test(HOTI).mh
    assert third.nonce != first.nonce and third.token != first.token


@must("9.4.4", "a Care-of Test goes to the care-of address, with the cookie of its question")
def care_of_test(cn):
    m = cn.mobile()
    p = m.test(COTI)
    assert (p.src, p.dst, p.rh2, p.hao, p.mh.cookie) == (cn.addr, m.coa, None, None, m.cookies[COTI]), p


@must("9.4.4", "the care-of keygen token depends on the care-of address")
def care_of_token(cn):
    a, b = cn.mobile(), cn.mobile()
    assert a.test(COTI).mh.token != b.test(COTI).mh.token
