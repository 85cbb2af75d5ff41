"""RFC 6275 section 6: formats, as far as a receiver or sender decides anything. That whatever the node sends has them,
every test of every file checks (packet.Packet.bad): lengths, alignment, checksums, what is reserved.
"""
import struct

from nodes import count
from packet import *
from table import must, should

UNKNOWN = 0x7f, b"\1\2\3"   # a mobility option nobody knows


def is_ok(p):
    assert p.mh and p.mh.type == BA and p.mh.status == 0, p


# --- 6.1: Mobility Headers -----------------------------------------------------------------------------------------

@must("6.1", "no Mobility Header but an acknowledgement is sent with a type 2 routing header")
def no_routing_header(cn):
    m = cn.mobile()
    m.bind()
    answers = cn.ask(m.init(HOTI), m.init(COTI), mh_packet(m.coa, cn.addr, mh(42, bytes(2)), hao_=m.home),
                     echo("2001:db8:bad::1", cn.addr, 1, hao_=m.home), mh_packet(m.home, cn.addr, mh(42, bytes(2))))
    assert [a.mh.type for a in answers] and {a.mh.type for a in answers} == {HOT, COT, BE}
    assert not [a for a in answers if a.rh2]


@must("6.1", "no Mobility Header but a Binding Update is sent with a Home Address option")
def no_home_address_option(mn):
    c = mn.correspondent()
    c.optimize()
    mine = [p for p in mn.answers(mn.at) if (p.inner or p).mh]
    assert {(p.inner or p).mh.type for p in mine} >= {HOTI, COTI, BU}
    assert not [p for p in mine if (p.inner or p).hao and (p.inner or p).mh.type != BU]


@must("6.1", "sending a Mobility Header, the node looks into no cache: an acknowledgement is not rerouted by a binding")
def no_cache(cn):
    m, other = cn.mobile(), cn.mobile()
    other.home = m.coa   # its home address is the other's care-of address
    other.bind()
    p = m.bind()
    assert (p.dst, p.rh2) == (m.coa, m.home), p


@must("6.1.1", "Header Len counts units of 8 octets beyond the first 8, and what is sent is a multiple of 8")
def header_len(cn):
    m = cn.mobile()
    m.bind()
    for p in cn.ask(m.init(HOTI), m.init(COTI), m.bu(), m.echo(seq=1), mh_packet(m.coa, cn.addr, mh(42, bytes(2)))):
        if p.mh:
            assert len(p.payload) == 8 * (p.mh.length + 1)


@must("6.1.1", "what is reserved is ignored when it comes")
def reserved_is_ignored(cn):
    m = cn.mobile()
    for message in (mh(HOTI, b"\xff\xff" + m.cookies[HOTI], reserved=0xff),):
        assert cn.one(mh_packet(m.home, cn.addr, message)).mh.type == HOT
    assert cn.one(mh_packet(m.coa, cn.addr, mh(COTI, b"\xff\xff" + m.cookies[COTI], reserved=0xff))).mh.type == COT


@must("6.1.1", "what is reserved is 0 when it is sent")
def reserved_is_zero(cn):
    m = cn.mobile()
    m.bind()
    for p in cn.ask(m.init(HOTI), m.bu(), echo("2001:db8:bad::1", cn.addr, 1, hao_=m.home)):
        assert p.mh.reserved == 0 and p.mh.proto == NONE
        assert p.mh.type != BA or p.mh.flags & 0x7f == 0
        assert p.mh.type != BE or p.payload[7] == 0


TAIL = b"12 octets 12"   # behind a Mobility Header


@must("6.1.1", "the checksum ends with the header, and octets behind it are ignored: a correspondent, every type it takes")
def tail_cn(cn):
    m = cn.mobile()
    assert cn.one(m.init(HOTI, trail=TAIL)).mh.type == HOT and cn.one(m.init(COTI, trail=TAIL)).mh.type == COT
    p = cn.one(mh_packet(m.coa, cn.addr, mh(42, bytes(2)), trail=TAIL))
    assert (p.mh.type, p.mh.status) == (BE, 2), p
    is_ok(cn.one(m.tests().bu(trail=TAIL)))
    assert m.is_bound()
    is_ok(cn.one(m.bu(remove=True, trail=TAIL)))


@must("6.1.1", "the checksum ends with the header, and octets behind it are ignored: a home agent's updates")
def tail_ha(ha):
    m = ha.mobile()
    is_ok(m.bind(trail=TAIL))
    is_ok(ha.one(m.bu(life=0, trail=TAIL)))


@must("6.1.1", "the checksum ends with the header, and octets behind it are ignored: a mobile node, every type it takes")
def tail_mn(mn):
    mn.answer = lambda mn, bu: longer(mn.ba(bu))
    mn.away()   # waits until it is registered
    c = mn.correspondent()
    hot, cot, ba = c.hot, c.cot, c.ba
    c.hot = lambda: mn.tunnelled(longer(hot(tunnel=False)))
    c.cot, c.ba = lambda: longer(cot()), lambda: longer(ba())
    assert c.optimize().mh.type == BU
    mark = mn.wire.mark()
    mn.advance(2)
    assert c.is_optimized()
    mn.send(longer(c.binding_error()))   # it has lost the binding: another update
    mn.wire.expect(lambda p: p.mh and p.mh.type == BU and p.dst == c.addr, mark)


def longer(p):
    """The same packet with octets behind its Mobility Header."""
    return p[:4] + struct.pack("!H", len(p) - 40 + len(TAIL)) + p[6:] + TAIL


@must("6.1.1", "what is summed beyond the header is not summed right: silently discarded")
def tail_summed(cn):
    m = cn.mobile()
    cn.silent(ip6(m.home, cn.addr, MH, summed(m.home, cn.addr, MH, hoti_mh(bytes(8)) + TAIL, 4)))


@must("6.1.3", "options that are not understood are skipped: Home Test Init")
def hoti_options(cn):
    m = cn.mobile()
    p = cn.one(mh_packet(m.home, cn.addr, mh(HOTI, bytes(2) + m.cookies[HOTI], option(*UNKNOWN))))
    assert p.mh.type == HOT and p.mh.cookie == m.cookies[HOTI]


@must("6.1.4", "options that are not understood are skipped: Care-of Test Init")
def coti_options(cn):
    m = cn.mobile()
    p = cn.one(mh_packet(m.coa, cn.addr, mh(COTI, bytes(2) + m.cookies[COTI], option(*UNKNOWN))))
    assert p.mh.type == COT and p.mh.cookie == m.cookies[COTI]


@must("6.1.5", "a Home Test carries nonce index, cookie and token, no option, in 24 octets")
def hot_format(cn):
    p = cn.mobile().test(HOTI)
    assert p.mh.length == 2 and not p.mh.options


@must("6.1.6", "a Care-of Test carries nonce index, cookie and token, no option, in 24 octets")
def cot_format(cn):
    p = cn.mobile().test(COTI)
    assert p.mh.length == 2 and not p.mh.options


@must("6.1.7", "flags of a Binding Update that are not known are ignored")
def bu_flags(cn):
    m = cn.mobile().tests()
    is_ok(cn.one(m.bu(flags=ACK | 0x0fff)))
    assert m.is_bound()


@must("6.1.7", "a circular reference, direct or through other bindings: silently discarded")
def circle(cn):
    a, b, c = cn.mobile(), cn.mobile(), cn.mobile()
    a.coa, b.coa, c.coa = b.home, c.home, a.home
    a.tests(), b.tests(), c.tests()
    is_ok(cn.one(a.bu()))
    p = cn.one(b.bu())
    assert p.mh.type == BA and p.mh.status == 0, p
    cn.silent(c.bu())
    assert not cn.list("binding", "show", "home", c.home)


@must("6.1.7", "options that are not understood are skipped: Binding Update, to a correspondent and to a home agent")
def bu_options(cn):
    m = cn.mobile().tests()
    is_ok(cn.one(m.bu(options=[UNKNOWN])))
    assert m.is_bound()


@must("6.1.7", "options that are not understood are skipped: home registration")
def bu_options_home(ha):
    m = ha.mobile()
    is_ok(m.bind(options=[UNKNOWN]))


@must("6.1.8", "options that are not understood are skipped: Binding Acknowledgement")
def ba_options(mn):
    mn.answer = lambda mn, bu: mn.ba(bu, options=[UNKNOWN])
    mn.away()   # waits until it is registered


@must("6.1.8", "a correspondent sets K to 0 and gives no Binding Refresh Advice")
def ba_of_a_correspondent(cn):
    m = cn.mobile().tests()
    p = cn.one(m.bu(flags=ACK | KEYMNG))
    assert p.mh.flags == 0 and REFRESH not in p.mh.options


@must("6.1.9", "a Binding Error is 24 octets: status and home address")
def be_format(cn):
    p = cn.one(cn.mobile().echo())
    assert p.mh.type == BE and p.mh.length == 2 and not p.mh.options


# --- 6.2: mobility options -----------------------------------------------------------------------------------------

@must("6.2.1", "an option that runs over the end makes the message malformed: discarded")
def option_over_the_end(cn):
    m = cn.mobile()
    for kind in (PADN, ALT_COA, 0x7f):
        cn.silent(mh_packet(m.home, cn.addr, mh(HOTI, bytes(2) + m.cookies[HOTI], bytes([kind, 7]) + bytes(6))))


@must("6.2.3", "the content of padding is ignored")
def padding(cn):
    m = cn.mobile()
    for options in (bytes([PADN, 6]) + b"\xffjunk!", bytes(8), bytes([PADN, 0]) * 4):
        p = cn.one(mh_packet(m.home, cn.addr, mh(HOTI, bytes(2) + m.cookies[HOTI], options)))
        assert p.mh.type == HOT


@must("6.2.5", "an Alternate Care-of Address counts in a Binding Update alone: in others it is an option to skip")
def alternate_elsewhere(cn):
    m = cn.mobile()
    alternate = aligned(bytes(10), (ALT_COA, addr("2001:db8:f9::1")))
    p = cn.one(mh_packet(m.home, cn.addr, mh(HOTI, bytes(2) + m.cookies[HOTI], alternate)))
    assert (p.mh.type, p.dst) == (HOT, m.home), p


@must("6.2.5", "the alternate address is a unicast routable one")
def alternate_not_routable(cn):
    m = cn.mobile().tests()
    for bad in ("ff0e::1", "fe80::1", "::1", "::"):
        cn.ask(m.bu(options=[(ALT_COA, addr(bad))], coa=bad))
    assert not m.is_bound() and not cn.list("binding", "show", "home", m.home)


@must("6.2.6", "a Nonce Indices option counts only together with a Binding Authorization Data option")
def nonces_alone(cn):
    m = cn.mobile().tests()
    cn.silent(m.bu(key=False))
    assert not m.is_bound()


# --- 6.3: the Home Address option ----------------------------------------------------------------------------------

@must("6.3", "its length is 16: any other is an error")
def hao_length(cn):
    m = cn.mobile()
    m.bind()
    for length in (15, 17):
        data = summed(m.home, cn.addr, ICMP, bytes([ECHO, 0, 0, 0, 1, 1, 0, 6]), 2)
        bad = dstopts(bytes([PADN, 2, 0, 0, 201, length]) + addr(m.home) + bytes(8))
        answers = cn.ask(ip6(m.coa, cn.addr, ICMP, data, [bad]))
        assert not [a for a in answers if a.icmp == REPLY]


@must("6.3", "it stands once in a packet: one with two is not taken")
def hao_twice(cn):
    m = cn.mobile()
    m.bind()
    answers = cn.ask(echo(m.coa, cn.addr, 1, ext=[hao(m.home)], hao_=m.home))
    assert not [a for a in answers if a.icmp == REPLY]


@must("6.3", "it stands before a Fragment header: behind one it is not taken")
def hao_behind_fragment(cn):
    m = cn.mobile()
    m.bind()
    part = FRAGMENT, struct.pack("!BHI", 0, 0, next(count))
    answers = cn.ask(echo(m.coa, cn.addr, 1, ext=[part], hao_=m.home))
    assert not [a for a in answers if a.icmp == REPLY]


@must("6.3", "a mobile node puts it behind a routing header and before a Fragment header")
def hao_sent(mn):
    c = mn.correspondent()
    c.optimize()
    big = c.reply(direct=True, data=bytes(1300))   # with a HAO it fits; sent whole
    assert big.hao == mn.addr and big.ext == [DSTOPTS]
    mark = mn.wire.mark()
    with mn.socket(address=mn.addr) as s:
        s.sendto(bytes(3000), (c.addr, 9))
    first = mn.wire.expect(lambda p: p.dst == c.addr and FRAGMENT in p.ext, mark)
    assert first.ext == [DSTOPTS, FRAGMENT] and first.hao == mn.addr, first.ext


# --- 6.4: the type 2 routing header --------------------------------------------------------------------------------

@must("6.4", "a mobile node takes it with Segments Left 1, Hdr Ext Len 2 and its home address; nothing else")
def rh2_checked(mn):
    source = mn.correspondent().addr
    good = lambda **how: ip6(source, mn.coa, ICMP, summed(source, mn.addr, ICMP, bytes([ECHO, 0, 0, 0, 9, 9, 0, 9]), 2),
                             [rh2(how.pop("home", mn.addr), **how)])

    def taken(p):
        return [a for a in mn.ask(p) if (a.inner or a).icmp == REPLY and (a.inner or a).dst == source]
    assert taken(good())
    for bad in (good(left=0), good(left=2), good(left=255), good(home="2001:db8:1::101"), good(home=mn.coa),
                good(home="ff0e::1"), good(length=4, more=addr(mn.addr))):
        assert not taken(bad)


@must("6.4", "Segments Left is not 1: Parameter Problem or silence, and the packet goes nowhere")
def rh2_not_forwarded(mn):
    source = mn.correspondent().addr
    for home in ("2001:db8:1::101", "2001:db8:cc::77"):
        answers = mn.ask(echo(source, mn.coa, 3, ext=[rh2(home)]))
        assert not [a for a in answers if (a.inner or a).icmp == ECHO], "forwarded"
