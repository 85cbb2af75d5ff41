"""RFC 6275 section 11.7: Binding Updates of a mobile node, and what they are answered with."""
import struct

from node_mn import AGENT, HOME as HOA
from packet import *
from table import MUST, SHOULD, must, should, unit, untested

ACCEPTED_PREFIX, REFUSED, PROHIBITED, RESOURCES, DAD_FAILED, OUT_OF_WINDOW = 1, 128, 129, 130, 134, 135
EXPIRED_HOME, EXPIRED_COA, EXPIRED_BOTH, TYPE_CHANGE = 136, 137, 138, 139
silence = lambda *_: None


def due(mn, seconds, kind=None):
    """What the mobile node registers with the home agent when its clock moves on."""
    n = len(mn.bus)
    mn.jump(seconds)
    mn.settle()
    return mn.bus[n:]


# --- 11.7.1: to the home agent --------------------------------------------------------------------------------------

@must("11.7.1", "a new primary care-of address is registered with the home agent")
def new_care_of(mn):
    old = mn.coa
    bu = mn.away()
    assert bu.src != old and bu.dst == AGENT, bu


@must("11.7.1", "a home registration has the Home Registration bit set")
def h_bit(mn):
    assert mn.reregister().mh.flags & HOME


@must("11.7.1", "a home registration has the Acknowledge bit set")
def a_bit(mn):
    assert mn.reregister().mh.flags & ACK


@must("11.7.1", "a home registration has a Home Address option with the home address")
def home_address_option(mn):
    assert mn.reregister().hao == HOA


@must("11.7.1", "a home registration has an Alternate Care-of Address option with the care-of address, which is the source, too")
def alternate_care_of(mn):
    bu = mn.reregister()
    assert text(bu.mh.options[ALT_COA]) == bu.src == mn.coa, bu


@must("11.7.1", "L is clear when the link-local address has another interface identifier than the home address")
def l_bit_clear(mn):
    assert not mn.reregister().mh.flags & LINKLOCAL


@should("11.7.1", "L is set when the link-local address has the interface identifier of the home address")
def l_bit_set(mn):
    mn.upset = True
    mn.inside("ip", "addr", "add", "fe80::100/64", "dev", "eth0", "nodad")
    flags = mn.away().mh.flags
    mn.inside("ip", "addr", "del", "fe80::100/64", "dev", "eth0")
    assert flags & LINKLOCAL


@must("11.7.1", "K is clear without key management that follows moves")
def k_bit_clear(mn):
    assert not mn.reregister().mh.flags & KEYMNG


@must("11.7.1", "the lifetime of a home registration is not zero")
def lifetime(mn):
    assert mn.reregister().mh.life > 0


@should("11.7.1", "the lifetime is no longer than the care-of address is valid")
def lifetime_within_care_of(mn):
    place = "f2" if mn.place == "f1" else "f1"
    link = mn.links[place]
    link.options = prefix_option(link.prefix, valid=400, preferred=400) + lladdr_option(1, link.mac)
    assert 380 <= 4 * mn.move(place).mh.life <= 400
    mn.upset = True


@should("11.7.1", "the lifetime is no longer than the home prefix is valid")
def lifetime_within_home(mn):
    mn.prefixes = prefix_option(AGENT, flags=0xe0, valid=600, preferred=600)
    mn.answer = lambda node, bu: node.ba(bu, status=ACCEPTED_PREFIX)
    mn.away()
    mn.settle()
    mn.answer = type(mn).accept
    assert 4 * mn.reregister().mh.life <= 600 - 190
    mn.upset = True


@should("11.7.1", "the registration is renewed well before it ends")
def renewed_in_time(mn):
    mn.answer = lambda node, bu: node.ba(bu, life=100)
    mn.away()
    assert not due(mn, 300)
    assert due(mn, 90), "not 10 s before the end"


@should("11.7.1", "after status 1 it does not register again before it knows the prefixes of its home")
def prefix_discovery_first(mn):
    mn.prefixes = None
    mn.answer = lambda node, bu: node.ba(bu, status=ACCEPTED_PREFIX)
    mark = mn.wire.mark()
    mn.away()
    mn.settle()
    n = len(mn.bus)
    mps = mn.wire.expect(lambda p: p.icmp == MPS, mark, what="a Mobile Prefix Solicitation")
    mn.settle()
    assert len(mn.bus) == n, "registered again"
    mn.prefixes = prefix_option(AGENT, flags=0xe0)
    mn.ask(mn.mpa(mps))


@should("11.7.1", "an update that is not acknowledged is repeated until it is")
def repeated(mn):
    mn.answer = silence
    with mn.clock_stands():
        first = mn.reregister()
        again = due(mn, 1.1)
        assert len(again) == 1 and again[0].mh.flags == first.mh.flags, again
        mn.answer = type(mn).accept
        assert len(due(mn, 2.1)) == 1
        assert not due(mn, 30)


@should("11.7.1", "with a single home agent the update is repeated at the slowest rate until it is acknowledged")
def repeated_for_ever(mn):
    mn.answer = silence
    with mn.clock_stands():
        mn.reregister()
        for wait in (1.1, 2.1, 4.1, 8.1, 16.1, 32.1, 32.1, 32.1, 32.1):
            assert len(due(mn, wait)) == 1, "none after %g s more" % wait
    mn.answer = type(mn).accept
    due(mn, 33)


@must("11.7.1", "an update names the home address: in the Home Address option, or as its source at home")
def home_address_is_named(mn):
    assert mn.reregister().hao == HOA
    assert mn.move("home").src == HOA


untested(MUST, "11.7.1", "an update is authenticated: it is protected by IPsec",
         why="needs a kernel with ESP: tests/net/ipsec_each.bats shows it in make check-kernel")
unit(SHOULD, "11.7.1", "K is set with key management that follows moves", "test_ipsec", "an_update_has_k_when_keys_move")


@must("11.7.1", "the update is in the binding update list")
def in_the_list(mn):
    bu = mn.reregister()
    e = next(e for e in mn.list("bul", "show") if e["peer"] == AGENT)
    assert e["home"] == HOA and e["care_of"] == bu.src, e


@must("11.7.1", "status 135: the next update has the number behind the one the home agent names")
def out_of_window(mn):
    def answer(node, bu):
        node.answer = type(node).accept
        return mh_packet(AGENT, bu.src, ba_mh(OUT_OF_WINDOW, 20000, 0), rh2_=bu.hao)
    n = len(mn.bus)
    mn.answer = answer
    mn.reregister()
    first, second = mn.bus[n:n + 2]
    assert second.mh.seq == 20001, second


@must("11.7.1", "status 134, the home address is another's: it is not used again")
def dad_failed(mn):
    mn.answer = lambda node, bu: node.ba(bu, status=DAD_FAILED, life=0)
    n = len(mn.bus)
    for wait in (190, 40, 40):
        mn.jump(wait)
        for _ in range(2):   # the tunnel is gone: half a barrier
            mark, (packet, answered) = mn.wire.mark(), mn.probes()[0]
            mn.send(packet)
            mn.wire.expect(answered, mark)
    assert len(mn.bus) == n + 1, "registered again"
    mn.upset = True


unit(SHOULD, "11.7.1", "each other home address is registered, too, with an update of its own", "test_mn", "several_homes")


# --- 11.7.2: to correspondents --------------------------------------------------------------------------------------

@should("11.7.2", "after a new primary care-of address each correspondent of the list is registered with")
def correspondents_follow(mn):
    peers = [mn.correspondent() for _ in range(3)]
    for c in peers:
        c.optimize()
    mn.away()
    for c in peers:
        mn.mip("ro", "wait", "optimized", "peer", c.addr, "timeout", "30")
        assert c.bu.src == mn.coa


@must("11.7.2", "no update leaves for a correspondent before the home agent acknowledged")
def home_agent_first(mn):
    c = mn.correspondent()
    c.optimize()
    n, mark = len(mn.bus), len(c.sent)
    mn.answer = silence
    mn.unplug()
    mn.plug("f2" if mn.coa.startswith("2001:db8:f1") else "f1")
    mn.wire.expect(lambda p: len(mn.bus) > n, mark=mn.at, what="the update")
    mn.settle()
    assert not c.got(BU, mark), "an update"
    mn.ask(mn.ba(mn.bus[-1]))
    assert c.got(BU, mark)


@must("11.7.2", "the care-of address of an update is one in use")
def care_of_in_use(mn):
    c = mn.correspondent()
    bu = c.optimize()
    assert bu.src == mn.coa and ALT_COA not in bu.mh.options, bu


@must("11.7.2", "an update goes to the correspondent's address")
def to_the_correspondent(mn):
    c = mn.correspondent()
    assert c.optimize().dst == c.addr


@must("11.7.2", "an update has the authenticator, and over what and with which key 6.2.7 says")
def authenticated(mn):
    c = mn.correspondent()
    m = c.optimize().mh
    clean = m.data[:4] + b"\0\0" + m.data[6:]
    assert m.options[AUTH] == authenticator(c.key(), mn.coa, c.addr, clean[:-12])


@must("11.7.2", "an update names the nonces its key is made of")
def nonces(mn):
    c = mn.correspondent()
    c.nonces = {HOT: 0x1234, COT: 0xfedc}
    assert c.optimize().mh.options[NONCES] == bytes.fromhex("1234fedc")


@must("11.7.2", "away, an update has a Home Address option")
def away_hao(mn):
    assert mn.correspondent().optimize().hao == HOA


@must("11.7.2", "an update without the Home Registration bit: only the home agent gets that")
def no_h_bit(mn):
    assert not mn.correspondent().optimize().mh.flags & (HOME | LINKLOCAL | KEYMNG)


@must("11.7.2", "the lifetime for a correspondent is no longer than what is left of the home registration (11.4.2)")
def within_the_home_registration(mn):
    mn.answer = lambda node, bu: node.ba(bu, life=25)
    mn.reregister()
    assert 80 <= 4 * mn.correspondent().optimize().mh.life <= 100


@must("11.7.2", "each update has a higher number than the one before to the same correspondent")
def numbers_rise(mn):
    c = mn.correspondent()
    c.mute = {BU}
    with mn.clock_stands():
        c.want()
        for wait in (1.1, 2.1, 4.1):
            mn.jump(wait)
            mn.settle()
    seqs = [p.mh.seq for p in c.got(BU)]
    assert len(seqs) == 4 and all(0 < (b - a) & 0xffff < 0x8000 for a, b in zip(seqs, seqs[1:])), seqs


@must("11.7.2", "the numbers go on after a move: none is used twice")
def numbers_after_a_move(mn):
    c = mn.correspondent()
    first = c.optimize().mh.seq
    mn.away()
    mn.mip("ro", "wait", "optimized", "peer", c.addr, "timeout", "30")
    assert 0 < (c.bu.mh.seq - first) & 0xffff < 0x8000


@should("11.7.2", "the first number is random")
def random_start(mn):
    seqs = {mn.correspondent().optimize().mh.seq for _ in range(4)}
    assert len(seqs) == 4 and max(seqs) - min(seqs) > 8, seqs


@must("11.7.2", "at home a binding is deleted: lifetime 0, from the home address, no Home Address option, care-of nonce index 0")
def deleted_at_home(mn):
    c = mn.correspondent()
    c.optimize()
    mark = len(c.sent)
    mn.move("home")
    mn.settle()
    bu = c.got(BU, mark)[-1]
    assert (bu.mh.life, bu.src, bu.hao) == (0, HOA, None), bu
    assert bu.mh.options[NONCES][2:] == bytes(2)


@must("11.7.2", "the key of a deletion is of the home keygen token alone")
def key_of_a_deletion(mn):
    c = mn.correspondent()
    c.optimize()
    mark = len(c.sent)
    mn.move("home")
    mn.settle()
    m = c.got(BU, mark)[-1].mh
    clean = m.data[:4] + b"\0\0" + m.data[6:]
    assert m.options[AUTH] == authenticator(kbm(c.tokens[HOT]), HOA, c.addr, clean[:-12])


@must("11.7.2", "away, a deletion comes from the care-of address with a Home Address option")
def deleted_away(mn):
    c = mn.correspondent()
    c.optimize()
    mn.mip("ro", "add", "peer", c.addr + "/128", "policy", "never")
    mn.settle()
    assert (c.bu.mh.life, c.bu.src, c.bu.hao) == (0, mn.coa, HOA), c.bu
    assert c.bu.mh.options[NONCES][2:] == bytes(2)


# --- 11.7.3: acknowledgements ---------------------------------------------------------------------------------------

def home_ignores(mn, forged):
    """An update is outstanding; forged(bu) does not acknowledge it: it is repeated."""
    mn.answer = silence
    bu = mn.reregister()
    mn.ask(forged(bu))
    assert due(mn, 1.1), "it was believed"
    mn.answer = type(mn).accept
    assert due(mn, 2.1)


def peer_ignores(mn, forged):
    c = mn.correspondent()
    c.mute = {BU}
    c.want()
    mn.ask(forged(c))
    assert c.state() == "binding", "it was believed"
    mn.ask(c.ba())
    assert c.state() == "optimized", "the right one was not believed"


@must("11.7.3", "an acknowledgement from another node than the home agent is silently ignored")
def ba_source(mn):
    home_ignores(mn, lambda bu: mn.ba(bu, src="2001:db8:bad::1"))


@must("11.7.3", "an acknowledgement with another sequence number is silently ignored")
def ba_number(mn):
    home_ignores(mn, lambda bu: mh_packet(AGENT, bu.src, ba_mh(0, bu.mh.seq - 1, 60), rh2_=bu.hao))


@must("11.7.3", "away, an acknowledgement without a type 2 routing header is silently ignored (9.5.4)")
def ba_without_rh2(mn):
    home_ignores(mn, lambda bu: mn.ba(bu, rh2_=None))


@must("11.7.3", "an acknowledgement with a wrong checksum is silently ignored")
def ba_checksum(mn):
    def forged(bu):
        p = mn.ba(bu)
        return p[:-1] + bytes([p[-1] ^ 1])
    home_ignores(mn, forged)


untested(MUST, "11.7.3", "an acknowledgement of the home agent without the IPsec that is agreed is silently ignored",
         why="needs a kernel with ESP: tests/net/ipsec_each.bats shows it in make check-kernel")
unit(MUST, "11.7.3", "with IPsec agreed a bare acknowledgement is ignored", "test_ipsec", "an_acknowledgement_without_ipsec_is_none")


@must("11.7.3", "a correspondent's acknowledgement without an authenticator is silently ignored")
def ba_unsigned(mn):
    peer_ignores(mn, lambda c: c.ba(key=False))


@must("11.7.3", "a correspondent's acknowledgement with a wrong authenticator is silently ignored")
def ba_badly_signed(mn):
    peer_ignores(mn, lambda c: c.ba(key=bytes(20)))


@must("11.7.3", "an authenticator that is not the last option: silently ignored")
def ba_authenticator_not_last(mn):
    peer_ignores(mn, lambda c: c.ba(trail=[(REFRESH, b"\0\x10")]))


@must("11.7.3", "a correspondent's acknowledgement with another sequence number is silently ignored")
def ba_peer_number(mn):
    peer_ignores(mn, lambda c: c.ba(seq=c.bu.mh.seq - 1))


@must("11.7.3", "a correspondent's acknowledgement from another address is silently ignored")
def ba_peer_source(mn):
    peer_ignores(mn, lambda c: c.ba(src="2001:db8:bad::1"))


@must("11.7.3", "status 135 that is not authenticated is silently ignored")
def ba_135_unsigned(mn):
    peer_ignores(mn, lambda c: c.ba(status=OUT_OF_WINDOW, seq=c.bu.mh.seq + 900, key=False))


@must("11.7.3", "accepted: the list says it is acknowledged")
def ba_noted(mn):
    mn.reregister()
    mn.settle()
    e = next(e for e in mn.list("bul", "show") if e["peer"] == AGENT)
    assert e["state"] == "bound", e


@must("11.7.3", "accepted: the update is repeated no more")
def ba_stops(mn):
    mn.reregister()
    assert not due(mn, 30)


@must("11.7.3", "a lifetime below the one asked for counts, from when the update was sent")
def ba_shorter(mn):
    mn.answer = lambda node, bu: node.ba(bu, life=30)
    mn.reregister()
    mn.settle()
    e = next(e for e in mn.list("bul", "show") if e["peer"] == AGENT)
    assert e["lifetime"] == 120 and e["remaining"] <= 120, e
    assert not due(mn, 80) and due(mn, 30), "not renewed before those 120 s are over"


@must("11.7.3", "a correspondent's lifetime below the one asked for counts: then packets take the tunnel again")
def ba_peer_shorter(mn):
    c = mn.correspondent()
    c.life = 10
    c.optimize()
    assert c.is_optimized()
    c.mute = {HOTI, COTI, BU}
    mn.jump(41)
    mn.settle()
    assert not c.is_optimized()


@should("11.7.3", "the binding with a correspondent is renewed well before it ends")
def ba_peer_renewed(mn):
    mn.away()
    c = mn.correspondent()
    c.optimize()
    mark, life = len(c.sent), 4 * c.bu.mh.life
    mn.jump(life - 15)
    mn.settle()
    assert c.got(BU, mark), "not 15 s before the end"


@must("11.7.3", "status 135 of a correspondent: the next number follows the one it names")
def ba_135(mn):
    c = mn.correspondent()
    c.mute = {BU}
    c.want()
    seq = (c.bu.mh.seq + 900) & 0xffff
    mn.ask(c.ba(status=OUT_OF_WINDOW, seq=seq))
    assert c.bu.mh.seq == (seq + 1) & 0xffff, c.bu


@should("11.7.3", "refused by a correspondent: no more updates go there, and packets take the tunnel")
def ba_refused(mn):
    for status in (REFUSED, PROHIBITED, RESOURCES, TYPE_CHANGE):
        c = mn.correspondent()
        c.status, c.life = status, 0
        c.want()
        assert c.state() == "unsupported", "status %d: %s" % (status, c.state())
        mark = len(c.sent)
        assert c.reply().inner
        mn.jump(40)
        mn.settle()
        assert not c.sent[mark:]


@must("11.7.3", "status 136, 137, 138: the token of the nonce that expired is fetched again, and an update follows")
def ba_expired(mn):
    for status, kinds in ((EXPIRED_HOME, {HOTI}), (EXPIRED_COA, {COTI}), (EXPIRED_BOTH, {HOTI, COTI})):
        c = mn.correspondent()
        c.mute = {BU}
        c.want()
        mark = len(c.sent)
        mn.ask(c.ba(status=status, life=0, key=False))
        assert {k for k in (HOTI, COTI) if c.got(k, mark)} == kinds, status
        assert c.got(BU, mark)


@should("11.7.3", "refused by the only home agent: the update is repeated, with a new number, within the limits of 11.8")
def ba_home_refused(mn):
    mn.answer = lambda node, bu: node.ba(bu, status=RESOURCES, life=0)
    first = mn.reregister()
    again = due(mn, 1.1)
    assert len(again) == 1 and 0 < (again[0].mh.seq - first.mh.seq) & 0xffff < 0x8000
    mn.answer = type(mn).accept
    assert due(mn, 2.1)


@must("11.7.3", "a Binding Refresh Advice of the home agent: the registration is renewed at that interval")
def advice(mn):
    mn.answer = lambda node, bu: node.ba(bu, options=[(REFRESH, struct.pack("!H", 10))])
    mn.reregister()
    mn.answer = type(mn).accept
    assert not due(mn, 35)
    assert due(mn, 6)


@must("11.7.3", "a Binding Refresh Advice of a correspondent is ignored")
def advice_of_a_correspondent(mn):
    c = mn.correspondent()
    c.mute = {BU}
    c.want()
    mn.ask(c.ba(options=[(REFRESH, b"\0\x01")]))
    assert c.state() == "optimized"
    mark = len(c.sent)
    mn.jump(10)
    mn.settle()
    assert not c.sent[mark:], "renewed"


untested(SHOULD, "11.7.3", "K clear in the acknowledgement: connections of key management to the home agent are discarded",
         why="needs a kernel with ESP and a home agent that cannot: the mobile node negotiates anew, and ends the old ones then")
unit(SHOULD, "11.7.3", "K set in the acknowledgement: the end of key management's connections moves to the care-of address",
     "test_ipsec", "an_update_has_k_when_keys_move")


# --- 11.7.4: Binding Refresh Requests -------------------------------------------------------------------------------

@should("11.7.4", "a request of a correspondent it wants to keep: return routability and a new update")
def refresh_request(mn):
    c = mn.correspondent()
    c.optimize()
    mn.jump(100)
    mn.settle()
    mark = len(c.sent)
    mn.ask(c.refresh())
    assert c.got(BU, mark), "no update"


@should("11.7.4", "the update has a new lifetime")
def refresh_lifetime(mn):
    c = mn.correspondent()
    c.optimize()
    before = next(e for e in mn.list("bul", "show") if e["peer"] == c.addr)["remaining"]
    mn.jump(100)
    mn.settle()
    mn.ask(c.refresh())
    after = next(e for e in mn.list("bul", "show") if e["peer"] == c.addr)["remaining"]
    assert after > before - 90, "%s s left, %s before" % (after, before)


@should("11.7.4", "a request of a node that is not in the list is not answered")
def refresh_of_a_stranger(mn):
    c = mn.correspondent()
    mn.ask(c.refresh())
    assert not c.sent
