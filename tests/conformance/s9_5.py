"""RFC 6275 sections 9.5 and 9.6: Binding Updates to a correspondent node, and the end of bindings."""
import struct

from packet import *
from table import must, should

EXPIRED_HOME, EXPIRED_COA, EXPIRED_BOTH, OUT_OF_WINDOW, NO_RESOURCES, TYPE_CHANGE = 136, 137, 138, 135, 130, 139
NOT_ROUTABLE = ("ff0e::7", "fe80::77", "::1")


def is_ba(p, m, status, seq=None, to=None):
    """An acknowledgement of m's last update (or of that number), where that came from, by way of a routing header."""
    assert p.mh and p.mh.type == BA, p
    assert p.mh.status == status, "status %d, not %d" % (p.mh.status, status)
    assert p.mh.seq == (m.seq if seq is None else seq), "sequence number %d" % p.mh.seq
    to = to or m.coa
    assert (p.dst, p.rh2) == (to, None if to == m.home else m.home), p


def is_signed(p, m, coa=None, remove=False):
    """Its authenticator is the last option, and right (6.2.7)."""
    assert list(p.mh.options)[-1:] == [AUTH], "options %s" % p.mh.options
    data = p.payload[:4] + bytes(2) + p.payload[6:-12]
    assert p.mh.options[AUTH] == authenticator(m.key(remove), coa or m.coa, m.cn, data), "the authenticator is wrong"


def expired(m):
    """(home nonce, care-of nonce) of its tests, and two that were never issued."""
    home, coa = m.tokens[HOTI][0], m.tokens[COTI][0]
    return home, coa, (home + 30000) & 0xffff, (coa + 30000) & 0xffff


def stands(m, coa=None):
    """It is bound there, still."""
    assert m.is_bound(coa), "the binding is not what it was"


# --- 9.5.1: which updates are valid --------------------------------------------------------------------------------

@must("9.5.1", "the home address is unicast routable, in a Home Address option or as the source; else silently discarded")
def home_address(cn):
    for home in NOT_ROUTABLE:
        m = cn.mobile(home=home)
        m.tokens = {HOTI: (0, bytes(8)), COTI: (0, bytes(8))}
        cn.silent(m.bu())
        if home != "::1":
            cn.silent(m.bu(src=home, hao=False))


@must("9.5.1", "a sequence number not above the last: status 135 with the last accepted one; nothing changes")
def sequence_number(cn):
    m = cn.mobile()
    m.bind(seq=300)
    there = m.coa
    for seq in (300, 299, 0, 300 + 32768, 300 + 32769, 65535):
        m.new_place()
        m.test(COTI)
        is_ba(cn.one(m.bu(seq=seq)), m, OUT_OF_WINDOW, seq=300)
        stands(m, there)
    is_ba(cn.one(m.bu(seq=299, remove=True)), m, OUT_OF_WINDOW, seq=300)
    stands(m, there)


@must("9.5.1", "sequence numbers are compared modulo 2**16: the half above the last is greater")
def sequence_number_wraps(cn):
    m = cn.mobile()
    m.bind(seq=65530)
    for seq in (65531, 3, 3 + 32767, 3 + 32767 + 32767):
        is_ba(cn.one(m.bu(seq=seq)), m, 0)


@must("9.5.1", "without an entry for the home address any sequence number is accepted")
def any_sequence_number(cn):
    for seq in (0, 1, 32767, 32768, 65535):
        cn.mobile().bind(seq=seq)


@must("9.5.1", "any number, too, when the entry was deleted or has expired, and the nonces are new")
def any_sequence_number_afterwards(cn):
    for end in ("deleted", "expired"):
        m = cn.mobile()
        m.bind(seq=500, life=5)
        if end == "deleted":
            is_ba(cn.one(m.bu(remove=True)), m, 0)
        cn.advance(45)
        m.bind(seq=3)
        stands(m)


@must("9.5.1", "without a Nonce Indices option: silently discarded")
def no_nonces(cn):
    m = cn.mobile().tests()
    cn.silent(m.bu(nonces=False))
    assert not m.is_bound()


@must("9.5.1", "nonce indices that are not known: status 136 for the home nonce, 137 for the care-of nonce, 138 for both")
def nonce_indices(cn):
    m = cn.mobile().tests()
    home, coa, home_bad, coa_bad = expired(m)
    is_ba(cn.one(m.bu(nonces=(home_bad, coa))), m, EXPIRED_HOME)
    is_ba(cn.one(m.bu(nonces=(home, coa_bad))), m, EXPIRED_COA)
    is_ba(cn.one(m.bu(nonces=(home_bad, coa_bad))), m, EXPIRED_BOTH)
    assert not m.is_bound()


@must("9.5.1", "a nonce is known while its token may be used (210 s), and no more after 240 s (5.2.7)")
def nonces_expire(cn):
    m = cn.mobile().tests()
    cn.advance(209)
    is_ba(cn.one(m.bu()), m, 0)
    cn.advance(32)
    is_ba(cn.one(m.bu()), m, EXPIRED_BOTH)
    m.test(COTI)
    is_ba(cn.one(m.bu()), m, EXPIRED_HOME)
    m.tests()
    cn.advance(241)
    m.test(HOTI)
    is_ba(cn.one(m.bu()), m, EXPIRED_COA)


@must("9.5.1", "the keys are made of both tokens: an authenticator of one alone, or of others, is silently discarded")
def wrong_authenticator(cn):
    m, other = cn.mobile().tests(), cn.mobile().tests()
    home, coa = m.tokens[HOTI][1], m.tokens[COTI][1]
    for key in (bytes(20), kbm(home), kbm(coa), kbm(coa, home), kbm(home, other.tokens[COTI][1]),
                kbm(other.tokens[HOTI][1], coa)):
        cn.silent(m.bu(key=key))
    assert not m.is_bound()


@must("9.5.1", "the authenticator is over every octet: one that was changed on the way is silently discarded")
def changed_on_the_way(cn):
    m = cn.mobile().tests()
    p = m.bu(options=[(ALT_COA, addr(m.coa))])
    message = p[64:]
    for at in [n for n in range(len(message)) if n not in (0, 1, 2, 4, 5)]:   # not what makes it another message
        bad = message[:at] + bytes([message[at] ^ 0x10]) + message[at + 1:]
        answers = cn.ask(mh_packet(m.coa, cn.addr, bad, hao_=m.home))
        assert not [a for a in answers if a.mh.status not in (EXPIRED_HOME, EXPIRED_COA, EXPIRED_BOTH)], "octet %d" % at
    assert not m.is_bound()
    assert cn.one(p).mh.status == 0


@must("9.5.1", "without a Binding Authorization Data option: silently discarded")
def no_authenticator(cn):
    m = cn.mobile().tests()
    cn.silent(m.bu(key=False))
    assert not m.is_bound()


@must("9.5.1", "with an Alternate Care-of Address the authenticator is over that address")
def alternate_authenticator(cn):
    m = cn.mobile()
    source = m.coa
    m.new_place()
    m.tests()
    alternate = [(ALT_COA, addr(m.coa))]
    cn.silent(m.bu(src=source, options=alternate, coa=source))
    is_ba(cn.one(m.bu(src=source, options=alternate)), m, 0, to=source)
    stands(m)


@must("9.5.1", "the Binding Authorization Data option is the last, and nothing is padded behind it")
def authenticator_is_last(cn):
    m = cn.mobile().tests()
    nonces = NONCES, struct.pack("!HH", m.tokens[HOTI][0], m.tokens[COTI][0])
    body = struct.pack("!HHH", 5, ACK, 60)
    for rest in (bytes([PADN, 6]) + bytes(6), bytes(8), bytes([0x50, 6]) + bytes(6)):
        message = mh(BU, body, aligned(body, nonces, (AUTH, bytes(12))) + rest)
        at = len(message) - 12 - len(rest)
        mac = authenticator(m.key(), m.coa, cn.addr, message[:at])
        cn.silent(mh_packet(m.coa, cn.addr, message[:at] + mac + rest, hao_=m.home))
    message = mh(BU, body, aligned(body, (AUTH, bytes(12)), nonces))
    at = len(message) - 12 - 8
    mac = authenticator(m.key(), m.coa, cn.addr, message[:at])
    cn.silent(mh_packet(m.coa, cn.addr, message[:at] + mac + message[at + 12:], hao_=m.home))
    assert not m.is_bound()


@must("9.5.1", "with H set a Nonce Indices option must not be present: silently discarded")
def home_registration_with_nonces(ha):
    m = ha.mobile()
    ha.silent(m.bu(options=[(NONCES, bytes(4))]))
    m.bind()
    ha.silent(m.bu(options=[(NONCES, bytes(4))]))


def flags(ha, m):
    """The home registration flag of each entry for its home address."""
    return ["H" in b["flags"] for b in ha.list("binding", "show", "home", m.home)]


@must("9.5.1", "H differs from the entry's home registration flag: status 139, and the flag stays")
def registration_type(ha):
    ha.mip("cn", "start", "test-rate", "100000")
    m = ha.mobile()
    m.bind()
    c = ha.correspondent_of(m)
    c.tests()
    is_ba(ha.one(c.bu(seq=m.seq + 1)), c, TYPE_CHANGE)
    assert m.is_bound()
    assert flags(ha, m) == [True]


@must("9.5.1", "a home registration where there is a correspondent's entry: status 139, and the flag stays")
def registration_type_reversed(ha):
    ha.mip("cn", "start", "test-rate", "100000")
    m = ha.mobile()
    c = ha.correspondent_of(m)
    c.bind()
    m.seq = c.seq
    p = ha.one(m.bu())
    is_ba(p, m, TYPE_CHANGE)
    assert flags(ha, m) == [False]


# --- 9.5.1: what a valid update says -------------------------------------------------------------------------------

@must("9.5.1", "the sequence number is kept with the entry")
def sequence_number_is_kept(cn):
    m = cn.mobile()
    for seq in (100, 101, 200):
        m.bind(seq=seq)
        is_ba(cn.one(m.bu(seq=seq)), m, OUT_OF_WINDOW, seq=seq)


@must("9.5.1", "lifetime 0: a request to delete, whose key is of the home token alone; the care-of nonce is ignored")
def remove(cn):
    m = cn.mobile()
    m.bind()
    home, _, _, coa_bad = expired(m)
    p = cn.one(m.bu(remove=True, nonces=(home, coa_bad)))
    is_ba(p, m, 0)
    assert not m.is_bound()


@must("9.5.1", "lifetime 0 needs a valid home nonce: status 136, and the entry stays")
def remove_needs_home_nonce(cn):
    m = cn.mobile()
    m.bind()
    _, coa, home_bad, _ = expired(m)
    is_ba(cn.one(m.bu(remove=True, nonces=(home_bad, coa))), m, EXPIRED_HOME)
    stands(m)
    cn.silent(m.bu(remove=True, key=m.key()))   # and not the key of both tokens
    stands(m)


@must("9.5.1", "a care-of address that is the home address: a request to delete, whatever the lifetime")
def remove_at_home(cn):
    m = cn.mobile()
    m.bind()
    p = cn.one(m.bu(src=m.home, hao=False, life=60, key=m.key(True), coa=m.home, nonces=(m.tokens[HOTI][0], 0)))
    is_ba(p, m, 0, to=m.home)
    assert not m.is_bound()


@must("9.5.1", "the care-of address is that of an Alternate Care-of Address option")
def care_of_from_option(cn):
    m = cn.mobile()
    source = m.coa
    m.new_place()
    m.tests()
    cn.ask(m.bu(src=source, options=[(ALT_COA, addr(m.coa))]))
    stands(m)


@must("9.5.1", "without that option it is the source address of the packet")
def care_of_from_source(cn):
    m = cn.mobile()
    m.bind()
    stands(m)


@must("9.5.1", "the home address is that of the Home Address option")
def home_from_option(cn):
    m = cn.mobile()
    m.bind()
    assert cn.show("binding", "home", m.home)["care_of"] == m.coa


@must("9.5.1", "without that option it is the source address of the packet")
def home_from_source(cn):
    m = cn.mobile()
    m.tests()
    is_ba(cn.one(m.bu(src=m.home, hao=False, options=[(ALT_COA, addr(m.coa))])), m, 0, to=m.home)
    stands(m)


# --- 9.5.2: requests to cache --------------------------------------------------------------------------------------

@should("9.5.2", "a valid update makes an entry for the home address, or updates it")
def caches(cn):
    m = cn.mobile()
    m.bind()
    stands(m)
    m.new_place()
    m.bind()
    stands(m)


@must("9.5.2", "the lifetime is never longer than what the update asked for")
def lifetime(cn):
    for life in (1, 2, 60, 105, 65535):
        m = cn.mobile()
        p = m.bind(life=life)
        assert 0 < p.mh.life <= life, "%d granted for %d" % (p.mh.life, life)


@must("9.5.2", "the entry is deleted when its lifetime is over")
def lifetime_ends(cn):
    m = cn.mobile()
    granted = m.bind(life=65535).mh.life * 4
    assert granted <= 420   # MAX_RR_BINDING_LIFETIME
    cn.advance(granted - 2)
    stands(m)
    cn.advance(4)
    assert not m.is_bound()


@should("9.5.2", "no room for another entry: status 130")
def no_room(cn):
    cn.mip("binding", "flush")
    cn.standing = None
    cn.keep_standing()
    cn.mip("cn", "set", "max-bindings", "1")   # the one is the probes', and it is new
    try:
        m = cn.mobile().tests()
        is_ba(cn.one(m.bu()), m, NO_RESOURCES)
        is_ba(cn.one(m.bu(flags=0)), m, NO_RESOURCES)
        assert not m.is_bound()
    finally:
        cn.mip("cn", "set", "max-bindings", "10000")
    m.bind()
    stands(m)


# --- 9.5.3: requests to delete -------------------------------------------------------------------------------------

@must("9.5.3", "an entry that there is, is deleted: packets go to the home address again, and from it alone")
def deletes(cn):
    m = cn.mobile()
    m.bind()
    is_ba(cn.one(m.bu(remove=True)), m, 0)
    assert not m.is_bound()
    p = cn.one(m.echo())
    assert p.mh and (p.mh.type, p.mh.status) == (BE, 1), p


@must("9.5.3", "no entry is made because of it")
def deletes_nothing(cn):
    m = cn.mobile()
    m.test(HOTI)
    cn.ask(m.bu(remove=True))
    assert not m.is_bound() and not cn.list("binding", "show", "home", m.home)


@must("9.5.3", "the nonces of a deleted entry make it no more with an update that was used: replays change nothing")
def replays(cn):
    m = cn.mobile().tests()
    updates = [m.bu(), m.bu()]
    for p in updates:
        assert cn.one(p).mh.status == 0
    is_ba(cn.one(m.bu(remove=True)), m, 0)
    for after in (0, 20, 60, 60, 60, 60):
        cn.advance(after)
        for p in updates:
            assert all(a.mh.type == BA and a.mh.status >= 128 for a in cn.ask(p))
        assert not m.is_bound()


@must("9.5.3", "nor do replays make an entry that expired")
def replays_after_expiry(cn):
    m = cn.mobile().tests()
    p = m.bu(life=5)
    assert cn.one(p).mh.status == 0
    for after in (21, 40, 60, 60, 60):
        cn.advance(after)
        assert all(a.mh.type == BA and a.mh.status >= 128 for a in cn.ask(p))
        assert not m.is_bound()


# --- 9.5.4: Binding Acknowledgements -------------------------------------------------------------------------------

@must("9.5.4", "what was silently discarded is not acknowledged, A or not")
def no_ba_for_discarded(cn):
    m = cn.mobile().tests()
    cn.silent(m.bu(key=bytes(20)), m.bu(nonces=False), m.bu(key=False))


@must("9.5.4", "A is set: an acknowledgement, accepted or not")
def ba_when_asked(cn):
    m = cn.mobile()
    m.bind()
    is_ba(cn.one(m.bu()), m, 0)
    is_ba(cn.one(m.bu(seq=1)), m, OUT_OF_WINDOW, seq=1002)


@must("9.5.4", "A is not set, and the update is rejected for nonce, sequence number or room: an acknowledgement all the same")
def ba_for_rejection(cn):
    m = cn.mobile()
    m.bind(seq=50)
    home, coa, home_bad, coa_bad = expired(m)
    is_ba(cn.one(m.bu(seq=50, flags=0)), m, OUT_OF_WINDOW, seq=50)
    is_ba(cn.one(m.bu(seq=51, flags=0, nonces=(home_bad, coa))), m, EXPIRED_HOME)
    is_ba(cn.one(m.bu(seq=51, flags=0, nonces=(home, coa_bad))), m, EXPIRED_COA)
    is_ba(cn.one(m.bu(seq=51, flags=0, nonces=(home_bad, coa_bad))), m, EXPIRED_BOTH)


@should("9.5.4", "A is not set, and the update is accepted: no acknowledgement")
def no_ba_unasked(cn):
    m = cn.mobile().tests()
    cn.silent(m.bu(flags=0))
    stands(m)
    cn.silent(m.bu(flags=0, remove=True))
    assert not m.is_bound()


@must("9.5.4", "accepted: a status below 128; otherwise 128 or above")
def ba_status(cn):
    m = cn.mobile()
    assert m.bind().mh.status < 128
    assert cn.one(m.bu(seq=1)).mh.status >= 128


@must("9.5.4", "status 136, 137 and 138: no Binding Authorization Data option")
def ba_unsigned(cn):
    m = cn.mobile().tests()
    home, coa, home_bad, coa_bad = expired(m)
    for nonces in ((home_bad, coa), (home, coa_bad), (home_bad, coa_bad)):
        assert AUTH not in cn.one(m.bu(nonces=nonces)).mh.options


@must("9.5.4", "any other status: with a Binding Authorization Data option, the last, made with the update's key")
def ba_signed(cn):
    m = cn.mobile()
    is_signed(m.bind(), m)
    is_signed(cn.one(m.bu(seq=1)), m)
    is_signed(cn.one(m.bu(seq=2000, remove=True)), m, coa=m.home, remove=True)


@must("9.5.4", "an update from no unicast address: no acknowledgement, silently discarded")
def ba_not_to_multicast(cn):
    m = cn.mobile().tests()
    for source in ("ff0e::1", "::"):
        cn.silent(m.bu(src=source), m.bu(src=source, seq=m.seq, nonces=(1, 1)))
    assert not m.is_bound()


@must("9.5.4", "to the source address of the update, and not where the cache says")
def ba_to_the_source(cn):
    m = cn.mobile()
    m.bind()
    there = m.coa
    m.new_place()
    m.test(COTI)
    is_ba(cn.one(m.bu(seq=1)), m, OUT_OF_WINDOW, seq=1001)
    stands(m, there)
    is_ba(cn.one(m.bu(src="2001:db8:f2::abc", options=[(ALT_COA, addr(m.coa))])), m, OUT_OF_WINDOW, seq=1001,
          to="2001:db8:f2::abc")


@must("9.5.4", "to an update from the home address itself: to it, without a routing header")
def ba_to_the_home_address(cn):
    m = cn.mobile()
    m.bind()
    p = cn.one(m.bu(src=m.home, hao=False, remove=True))
    assert (p.mh.status, p.dst, p.rh2) == (0, m.home, None), p
    m.bind()
    p = cn.one(m.bu(src=m.home, hao=False, seq=1, remove=True))
    assert (p.mh.status, p.dst, p.rh2) == (OUT_OF_WINDOW, m.home, None), p


@must("9.5.4", "to an update with a Home Address option: with a type 2 routing header that names the home address")
def ba_routing_header(cn):
    m = cn.mobile()
    p = m.bind()
    assert (p.dst, p.rh2, p.segments_left) == (m.coa, m.home, 1), p


# --- 9.5.5: Binding Refresh Requests -------------------------------------------------------------------------------

def requests(cn, m, mark):
    return [p for p in cn.answers(mark) if p.mh and p.mh.type == BRR and m.home in (p.dst, p.rh2)]


def until_asked(cn, m):
    """Its binding in use until the correspondent asks for a refresh; the requests."""
    m.bind(life=60)
    mark = cn.wire.mark()
    for _ in range(9):
        cn.ask(m.echo())
        cn.advance(25)
    return requests(cn, m, mark)


@must("9.5.5", "a Binding Refresh Request goes to the home address, without a routing header")
def refresh_request(cn):
    m = cn.mobile()
    asked = until_asked(cn, m)
    assert asked, "there was none"
    assert all((p.src, p.dst, p.rh2) == (cn.addr, m.home, None) for p in asked), asked[0]


@must("9.5.5", "they are few, and end when an update comes")
def refresh_ends(cn):
    m = cn.mobile()
    assert 0 < len(until_asked(cn, m)) <= 3
    m.bind(life=60)
    mark = cn.wire.mark()
    for _ in range(4):
        cn.ask(m.echo())
        cn.advance(25)
    assert not requests(cn, m, mark)


# --- 9.6: the end of an entry --------------------------------------------------------------------------------------

@must("9.6", "an entry is deleted when the lifetime of its last update is over")
def expires(cn):
    m = cn.mobile()
    m.bind(life=30)
    cn.advance(118)
    stands(m)
    cn.advance(3)
    assert not m.is_bound()


@must("9.6", "each update sets the time anew")
def time_is_set_anew(cn):
    m = cn.mobile()
    m.bind(life=30)
    cn.advance(100)
    m.bind(life=30)
    cn.advance(100)
    stands(m)
    m.bind(life=5)
    cn.advance(22)
    assert not m.is_bound()


@must("9.6", "an entry that gave way to another is as if it had never been: packets go to the home address")
def gives_way(cn):
    cn.mip("binding", "flush")
    cn.standing = None
    cn.keep_standing()
    first, second = cn.mobile(), cn.mobile()
    first.bind(life=30)
    cn.advance(15)
    cn.mip("cn", "set", "max-bindings", "2")
    try:
        second.bind(life=100)
        assert second.is_bound() and not first.is_bound()
    finally:
        cn.mip("cn", "set", "max-bindings", "10000")
