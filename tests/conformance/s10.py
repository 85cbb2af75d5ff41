"""RFC 6275 sections 10.1 and 10.2: what a home agent keeps, and how it reads Mobility Headers."""
from home import OLD, others, refused
from packet import *
from table import must, should


# --- 10.1: binding cache and home agents list ----------------------------------------------------------------------

@must("10.1", "it keeps a binding cache: a home address, where it is, its lifetime and sequence number")
def binding_cache(ha):
    m = ha.mobile()
    m.bind(life=50, seq=77)
    (entry,) = ha.list("binding", "show", "home", m.home)
    assert (entry["home"], entry["care_of"]) == (m.home, m.coa) and 190 < entry["remaining"] <= 200, entry
    assert refused(ha, m, m.bu(seq=77), OLD).mh.seq == 77


@must("10.1", "one entry a home address: an update of another care-of address replaces the first")
def one_entry(ha):
    m = ha.mobile()
    m.bind()
    m.coa = "2001:db8:f2::1"
    m.bind()
    assert len(ha.list("binding", "show", "home", m.home)) == 1 and m.is_bound()


@must("10.1", "sequence numbers are compared modulo 2**16")
def modulo(ha):
    m = ha.mobile()
    m.bind(seq=65530)
    m.bind(seq=4)
    refused(ha, m, m.bu(seq=65531), OLD)


@must("10.1", "a Home Address option in a packet does not change the cache")
def hao_changes_nothing(ha):
    m = ha.mobile()
    m.bind()
    ha.ask(echo("2001:db8:bad::1", ha.addr, 1, hao_=m.home))
    assert m.is_bound()


@must("10.1", "it keeps a home agents list: who advertises with the H bit on the home link is in it")
def home_agents_list(ha):
    with others(ha) as other:
        other.advertise()
        assert other.addr in ha.agents()


@must("10.1", "a global address in the home agents list goes when its prefix is no longer valid")
def address_ages(ha):
    with others(ha) as other:
        other.advertise(valid=100)
        ha.advance(95)
        assert other.addr in ha.agents()
        ha.advance(10)
        assert other.addr not in ha.agents()


@must("10.1", "an entry of the home agents list goes when its lifetime is over")
def entry_ages(ha):
    with others(ha) as other:
        other.advertise(lifetime=60)
        ha.advance(57)
        assert other.addr in ha.agents()
        ha.advance(5)
        assert other.addr not in ha.agents()


# --- 10.2: Mobility Headers, as 9.2 has them -----------------------------------------------------------------------

@must("10.2", "a Mobility Header with a wrong checksum is silently discarded")
def wrong_checksum(ha):
    m = ha.mobile()
    p = m.bu()
    ha.silent(p[:-1] + bytes([p[-1] ^ 1]))
    assert not m.is_bound()


@must("10.2", "an unknown MH Type: Binding Error of status 2 with the home address of the option, and nothing else")
def unknown_type(ha):
    m = ha.mobile()
    p = ha.one(mh_packet(m.coa, ha.addr, mh(42, bytes(2)), hao_=m.home))
    assert (p.mh.type, p.mh.status, p.mh.home, p.dst, p.rh2) == (BE, 2, m.home, m.coa, None), p


@must("10.2", "Payload Proto is not 59: the update is discarded")
def payload_proto(ha):
    m = ha.mobile()
    answers = ha.ask(mh_packet(m.coa, ha.addr, mh(BU, bytes(6), proto=ICMP), hao_=m.home))
    assert not [a for a in answers if a.mh] and not m.is_bound()


@should("10.2", "Payload Proto is not 59: Parameter Problem, code 0, pointing at that field, to the source address")
def payload_proto_is_reported(ha):
    m = ha.mobile()
    p = ha.one(mh_packet(m.coa, ha.addr, mh(BU, bytes(6), proto=ICMP), hao_=m.home))
    assert (p.icmp, p.code, p.word, p.dst, p.rh2) == (PARAM, 0, 64, m.coa, None), p


@must("10.2", "Header Len below that of an update: it is discarded")
def header_len(ha):
    m = ha.mobile()
    answers = ha.ask(mh_packet(m.coa, ha.addr, mh(BU, bytes(2)), hao_=m.home))
    assert not [a for a in answers if a.mh] and not m.is_bound()


@should("10.2", "Header Len below that of an update: Parameter Problem, code 0, pointing at that field")
def header_len_is_reported(ha):
    m = ha.mobile()
    p = ha.one(mh_packet(m.coa, ha.addr, mh(BU, bytes(2)), hao_=m.home))
    assert (p.icmp, p.code, p.word, p.dst) == (PARAM, 0, 65, m.coa), p
