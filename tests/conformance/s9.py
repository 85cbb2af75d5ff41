"""RFC 6275 section 9: correspondent node operation."""
import struct

from packet import *
from table import MUST, SHOULD, must, should, unit, untested

EXPIRED_HOME, EXPIRED_COA, EXPIRED_BOTH, OUT_OF_WINDOW, NO_RESOURCES = 136, 137, 138, 135, 130
NOT_ROUTABLE = ("ff02::1", "fe80::77", "::", "::1")


def is_ba(p, m, status, seq=None, to=None):
    """It acknowledges m's last update (or that number) so, at the care-of address, by way of a routing header."""
    assert p.mh and p.mh.type == BA, p
    assert p.mh.status == status, "status %d, not %d" % (p.mh.status, status)
    assert p.mh.seq == (m.seq if seq is None else seq), "sequence number %d" % p.mh.seq
    assert p.dst == (to or m.coa), "to %s" % p.dst


# --- 9.1: the binding cache ----------------------------------------------------------------------------------------

@must("9.1", "one entry a home address: a second update with another care-of address replaces the first")
def one_entry(cn):
    m = cn.mobile()
    m.bind()
    m.coa = "2001:db8:f2::1"
    m.bind()
    assert m.is_bound()
    assert len(cn.list("binding", "show", "home", m.home)) == 1


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


# --- 9.2: Mobility Headers -----------------------------------------------------------------------------------------

@must("9.2", "a Mobility Header with a wrong checksum is silently discarded")
def wrong_checksum(cn):
    m = cn.mobile()
    for p in (m.init(HOTI), mh_packet(m.coa, cn.addr, mh(42, bytes(2)))):
        cn.silent(p[:44] + bytes([p[44] ^ 1]) + p[45:])


@must("9.2", "an unknown MH Type is answered with a Binding Error of status 2, and nothing else")
def unknown_type(cn):
    m = cn.mobile()
    p = cn.one(mh_packet(m.coa, cn.addr, mh(42, bytes(2))))
    assert (p.mh.type, p.mh.status, p.dst, p.rh2) == (BE, 2, m.coa, None), p


@must("9.2", "Payload Proto is not 59: the message is discarded")
def payload_proto(cn):
    m = cn.mobile()
    answers = cn.ask(mh_packet(m.home, cn.addr, mh(HOTI, bytes(10), proto=ICMP)))
    assert not [a for a in answers if a.mh]


@should("9.2", "Payload Proto is not 59: ICMPv6 Parameter Problem, code 0, pointing at that field")
def payload_proto_is_reported(cn):
    m = cn.mobile()
    p = cn.one(mh_packet(m.home, cn.addr, mh(HOTI, bytes(10), proto=ICMP)))
    assert (p.icmp, p.code, p.word, p.dst) == (PARAM, 0, 40, m.home), p


@must("9.2", "Header Len below the least of the message's type: the message is discarded")
def header_len(cn):
    m = cn.mobile()
    answers = cn.ask(*(mh_packet(m.home, cn.addr, mh(kind, bytes(2))) for kind in (HOTI, COTI, BU)))
    assert not [a for a in answers if a.mh]


@should("9.2", "Header Len below the least of the message's type: Parameter Problem, code 0, pointing at that field")
def header_len_is_reported(cn):
    m = cn.mobile()
    p = cn.one(mh_packet(m.home, cn.addr, mh(HOTI, bytes(2))))
    assert (p.icmp, p.code, p.word, p.dst) == (PARAM, 0, 41, m.home), p


# --- 9.3.1: packets with a Home Address option ---------------------------------------------------------------------

@must("9.3.1", "a home address that is not unicast routable: the packet is dropped")
def hao_not_routable(cn):
    m = cn.mobile()
    for home in NOT_ROUTABLE:
        cn.silent(echo(m.coa, cn.addr, 1, hao_=home))


@must("9.3.1", "no binding for the home address: the packet is dropped, and a Binding Error of status 1 is sent")
def hao_unknown(cn):
    m = cn.mobile()
    p = cn.one(m.echo())
    assert (p.mh.type, p.mh.status, p.mh.home, p.dst) == (BE, 1, m.home, m.coa), p


@must("9.3.1", "a source that is not the care-of address of the binding: dropped, Binding Error of status 1")
def hao_from_elsewhere(cn):
    m = cn.mobile()
    m.bind()
    p = cn.one(echo("2001:db8:bad::1", cn.addr, 1, hao_=m.home))
    assert (p.mh.type, p.mh.status, p.mh.home, p.dst) == (BE, 1, m.home, "2001:db8:bad::1"), p


@must("9.3.1", "with a binding the packet is processed, and to upper layers it came from the home address")
def hao_is_exchanged(cn):
    m = cn.mobile()
    m.bind()
    p = cn.one(m.echo(seq=5))
    assert (p.icmp, p.seq, p.rh2, p.dst) == (REPLY, 5, m.home, m.coa), p


# --- 9.3.2: sending packets to a mobile node -----------------------------------------------------------------------

@should("9.3.2", "a packet for a home address with a binding goes to the care-of address with a type 2 routing header")
def rh2_when_bound(cn):
    m = cn.mobile()
    m.bind()
    p = cn.one(echo(m.home, cn.addr, 9))
    assert (p.dst, p.rh2, p.segments_left, p.icmp) == (m.coa, m.home, 1, REPLY), p


@must("9.3.2", "without a binding the packet goes to the home address, without a routing header")
def no_rh2_when_not_bound(cn):
    m = cn.mobile()
    p = cn.one(echo(m.home, cn.addr, 9))
    assert (p.dst, p.rh2, p.icmp) == (m.home, None, REPLY), p


# --- 9.4: return routability ---------------------------------------------------------------------------------------

@must("9.4.1", "a Home Test Init with a Home Address option is silently ignored")
def hoti_with_hao(cn):
    m = cn.mobile()
    cn.silent(mh_packet(m.coa, cn.addr, hoti_mh(m.cookies[HOTI]), hao_=m.home))


@must("9.4.2", "a Care-of Test Init with a Home Address option is silently ignored")
def coti_with_hao(cn):
    m = cn.mobile()
    cn.silent(mh_packet(m.coa, cn.addr, hoti_mh(m.cookies[COTI], COTI), hao_=m.home))


@must("9.4.3", "a Home Test goes to the home address, with the cookie of its question")
def home_test(cn):
    m = cn.mobile()
    p = m.test(HOTI)
    assert (p.src, p.dst, p.rh2, p.mh.cookie) == (cn.addr, m.home, None, m.cookies[HOTI]), p


@must("9.4.4", "a Care-of Test goes to the care-of address, with the cookie of its question")
def care_of_test(cn):
    m = cn.mobile()
    p = m.test(COTI)
    assert (p.src, p.dst, p.rh2, p.mh.cookie) == (cn.addr, m.coa, None, m.cookies[COTI]), p


# --- 9.5.1: Binding Updates ----------------------------------------------------------------------------------------

@must("9.5.1", "a sequence number not above the last: status 135 with the last accepted one")
def sequence_number(cn):
    m = cn.mobile()
    m.bind(seq=300)
    for seq in (300, 299, 300 - 32767 + 65536, 300 + 32768):
        is_ba(cn.one(m.bu(seq=seq)), m, OUT_OF_WINDOW, seq=300)


@must("9.5.1", "unknown nonce indices: status 136 for the home nonce, 137 for the care-of nonce, 138 for both")
def nonce_indices(cn):
    m = cn.mobile().tests()
    (home, _), (coa, _) = m.tokens[HOTI], m.tokens[COTI]
    home_bad, coa_bad = (home + 30000) & 0xffff, (coa + 30000) & 0xffff
    is_ba(cn.one(m.bu(nonces=(home_bad, coa))), m, EXPIRED_HOME)
    is_ba(cn.one(m.bu(nonces=(home, coa_bad))), m, EXPIRED_COA)
    is_ba(cn.one(m.bu(nonces=(home_bad, coa_bad))), m, EXPIRED_BOTH)
    assert not m.is_bound()


@must("9.5.1", "a wrong authenticator: silently discarded")
def wrong_authenticator(cn):
    m = cn.mobile().tests()
    cn.silent(m.bu(key=bytes(20)))
    assert not m.is_bound()


# --- 9.5.5: Binding Refresh Requests -------------------------------------------------------------------------------

@must("9.5.5", "a Binding Refresh Request goes to the home address, without a routing header")
def refresh_request(cn):
    m = cn.mobile()
    m.bind(life=60)
    mark = cn.wire.mark()
    for _ in range(9):
        cn.ask(m.echo())
        cn.advance(25)
    brr = [p for p in cn.answers(mark) if p.mh and p.mh.type == BRR and m.home in (p.dst, p.rh2)]
    assert brr, "there was none"
    assert all((p.dst, p.rh2) == (m.home, None) for p in brr), brr[0]


# --- 9.6: the end of an entry --------------------------------------------------------------------------------------

@must("9.6", "an entry is deleted when the lifetime of its last update is over")
def expires(cn):
    m = cn.mobile()
    m.bind(life=30)
    cn.advance(118)
    assert m.is_bound()
    cn.advance(3)
    assert not m.is_bound()
