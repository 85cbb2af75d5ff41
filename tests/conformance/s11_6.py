"""RFC 6275 section 11.6: the return routability procedure of a mobile node."""

from packet import *
from table import MUST, SHOULD, must, should, unit, untested


def asked(mn, *mute):
    """A correspondent that was just asked; what is in mute it does not answer."""
    c = mn.correspondent()
    c.mute = set(mute)
    return c.want()


# --- 11.6.1: questions ----------------------------------------------------------------------------------------------

@must("11.6.1", "Home Test Init and Care-of Test Init are sent in parallel: neither waits for the other's answer")
def in_parallel(mn):
    c = asked(mn, HOTI, COTI)
    assert c.hoti and c.coti, "only one of them"


@must("11.6.1", "a Home Test Init is as 6.1.3 has it: from the home address, through the tunnel, no Home Address option")
def hoti(mn):
    p = asked(mn, HOTI, COTI).hoti
    assert p.inner and (p.src, p.dst) == (mn.coa, "2001:db8:1::1"), p
    q = p.inner
    assert (q.src, q.hao, q.rh2, q.mh.length) == (mn.addr, None, None, 1), q


@must("11.6.1", "a Care-of Test Init is as 6.1.4 has it: from the care-of address, direct, no Home Address option")
def coti(mn):
    p = asked(mn, HOTI, COTI).coti
    assert (p.inner, p.src, p.hao, p.rh2, p.mh.length) == (None, mn.coa, None, None, 1), p


@must("11.6.1", "what was asked is noted: only answers with its own cookies are taken")
def cookies_are_noted(mn):
    c, d = asked(mn, HOTI, COTI), asked(mn, HOTI, COTI)
    mn.ask(c.hot(cookie=d.hoti.inner.mh.cookie), c.cot(cookie=d.coti.mh.cookie))
    assert not c.bu
    mn.ask(c.hot(), c.cot())
    assert c.bu


@must("11.6.1", "cookies are random: no two questions have the same")
def cookies_differ(mn):
    peers = [asked(mn, HOTI, COTI) for _ in range(3)]
    cookies = [p.mh.cookie for c in peers for p in (c.hoti.inner, c.coti)]
    assert len(set(cookies)) == 6 and bytes(8) not in cookies


@must("11.6.1", "to delete a binding when it is at home, a Home Test Init alone is sent")
def at_home_hoti_alone(mn):
    c = mn.correspondent()
    c.optimize()
    mn.jump(215)   # the tokens have died
    mn.settle()
    mark = len(c.sent)
    mn.move("home")
    mn.settle()
    assert not c.got(COTI, mark), "a Care-of Test Init"
    assert not c.got(BU, mark) or c.got(BU, mark)[-1].mh.life == 0


# --- 11.6.2: answers ------------------------------------------------------------------------------------------------

def refuses(mn, kind, forged):
    """With the other token there, the answer forged(c) is ignored, and the right one is what completes the procedure."""
    c = asked(mn, {HOT: HOTI, COT: COTI}[kind])
    mn.ask(forged(c))
    assert not c.bu, "it was believed"
    mn.ask(c.hot() if kind == HOT else c.cot())
    assert c.bu, "the right one was not believed"


@must("11.6.2", "a Home Test from a node that was not asked is silently ignored")
def hot_from_elsewhere(mn):
    refuses(mn, HOT, lambda c: c.hot(src="2001:db8:bad::1"))


@must("11.6.2", "a Home Test with another cookie is silently ignored")
def hot_cookie(mn):
    refuses(mn, HOT, lambda c: c.hot(cookie=b"not this"))


@must("11.6.2", "a Home Test that did not come through the tunnel is silently ignored")
def hot_outside_the_tunnel(mn):
    refuses(mn, HOT, lambda c: c.hot(tunnel=False))


@must("11.6.2", "a Home Test in a tunnel that is not the home agent's is silently ignored")
def hot_in_a_strange_tunnel(mn):
    refuses(mn, HOT, lambda c: mn.tunnelled(c.hot(tunnel=False), src="2001:db8:bad::1"))


@must("11.6.2", "a Home Test to the care-of address is silently ignored")
def hot_to_care_of(mn):
    refuses(mn, HOT, lambda c: c.hot(tunnel=False, dst=mn.coa))


@must("11.6.2", "a Home Test with a type 2 routing header is silently ignored (6.1.5)")
def hot_with_rh2(mn):
    refuses(mn, HOT, lambda c: mh_packet(c.addr, mn.coa, hot_mh(HOT, 5, c.hoti.inner.mh.cookie, c.tokens[HOT]),
                                         rh2_=mn.addr))


@must("11.6.2", "a second Home Test, when the token is there, is silently ignored")
def hot_twice(mn):
    c = asked(mn, COTI)
    good = c.tokens[HOT]
    c.tokens[HOT] = b"another!"
    mn.ask(c.hot())
    c.tokens[HOT] = good
    mn.ask(c.cot())
    check_signature(c)


@must("11.6.2", "a Care-of Test from a node that was not asked is silently ignored")
def cot_from_elsewhere(mn):
    refuses(mn, COT, lambda c: c.cot(src="2001:db8:bad::1"))


@must("11.6.2", "a Care-of Test with another cookie is silently ignored")
def cot_cookie(mn):
    refuses(mn, COT, lambda c: c.cot(cookie=b"not this"))


@must("11.6.2", "a Care-of Test to the home address is silently ignored")
def cot_to_home(mn):
    refuses(mn, COT, lambda c: mn.tunnelled(c.cot(dst=mn.addr)))


@must("11.6.2", "a second Care-of Test, when the token is there, is silently ignored")
def cot_twice(mn):
    c = asked(mn, HOTI)
    good = c.tokens[COT]
    c.tokens[COT] = b"another!"
    mn.ask(c.cot())
    c.tokens[COT] = good
    mn.ask(c.hot())
    check_signature(c)


def check_signature(c):
    """The update is signed with both tokens, and names both nonces."""
    m = c.bu.mh
    assert m.options[NONCES] == struct.pack("!HH", c.nonces[HOT], c.nonces[COT]), m
    clean = m.data[:4] + b"\0\0" + m.data[6:]
    assert m.options[AUTH] == authenticator(c.key(), c.bu.src, c.addr, clean[:-12]), "the authenticator is wrong"


@must("11.6.2", "home nonce index, home keygen token and those of the care-of address are noted: the update is made of them")
def tokens_are_noted(mn):
    c = mn.correspondent()
    c.nonces = {HOT: 0xfffe, COT: 7}
    c.optimize()
    check_signature(c)


@should("11.6.2", "with the home token alone it goes on waiting for the Care-of Test")
def waits_for_cot(mn):
    c = asked(mn, COTI)
    assert not c.bu
    mn.ask(c.cot())
    assert c.bu


@should("11.6.2", "with the care-of token alone it goes on waiting for the Home Test")
def waits_for_hot(mn):
    c = asked(mn, HOTI)
    assert not c.bu
    mn.ask(c.hot())
    assert c.bu


@should("11.6.2", "with both tokens a Binding Update follows")
def update_follows(mn):
    assert asked(mn).bu


@should("11.6.2", "Parameter Problem code 1 for a Home Test Init: packets stay in the tunnel, it is asked no more")
def hoti_not_known(mn):
    not_known(mn, lambda c: c.error(c.hoti))


@should("11.6.2", "Parameter Problem code 1 for a Care-of Test Init: packets stay in the tunnel, it is asked no more")
def coti_not_known(mn):
    not_known(mn, lambda c: c.error(c.coti))


def not_known(mn, error):
    c = asked(mn, HOTI, COTI)
    mn.ask(error(c))
    assert c.state() == "unsupported"
    mark = len(c.sent)
    mn.jump(25)   # left alone for 30 s at first: 11.3.5 wants it tried again some day
    assert c.reply().inner, "not through the tunnel"
    assert not c.sent[mark:], "it is asked again"


# --- 11.6.3: protection ---------------------------------------------------------------------------------------------

untested(MUST, "11.6.3", "Home Test Init and Home Test can be protected by IPsec in the tunnel",
         why="needs a kernel with ESP: tests/net/ipsec_each.bats shows it in make check-kernel")


@must("11.6.3", "the outgoing tunnel's source is the present primary care-of address, at once after the update for it left")
def tunnel_source_after_a_move(mn):
    c = mn.correspondent()
    c.mute = {HOTI, COTI}
    mn.answer = lambda *_: None
    mn.unplug()
    n = len(mn.bus)
    mn.plug("f2" if mn.coa.startswith("2001:db8:f1") else "f1")
    mn.wire.expect(lambda p: len(mn.bus) > n, 0, what="the update")
    mn.settle()
    mn.inside("ping", "-6", "-c1", "-W0.01", "-I", mn.addr, c.addr, check=False)
    p = mn.wire.expect(lambda p: p.inner and p.inner.dst == c.addr and p.inner.icmp == ECHO, what="the echo request")
    assert p.src == mn.bus[-1].src == mn.coa
