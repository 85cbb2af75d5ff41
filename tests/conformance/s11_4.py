"""RFC 6275 section 11.4: a mobile node finds its home agent, and hears of the prefixes of its home."""
import struct
import time

from node_mn import AGENT, AGENTS, ANYCAST, HOME as HOA
from packet import *
from table import MUST, SHOULD, must, should, unit, untested

OTHER, THIRD = AGENTS[1:]
silence = lambda *_: None


# --- 11.4.1: home agent address discovery ---------------------------------------------------------------------------

@must("11.4.1", "without a home agent it asks the Home-Agents anycast address of its home prefix")
def asks_anycast(seeker):
    p = seeker.search([AGENT])
    assert (p.dst, p.icmp, p.code) == (ANYCAST, DHAAD_REQ, 0), p


@must("11.4.1", "it asks from the care-of address, without Home Address option (6.5)")
def asks_from_care_of(seeker):
    p = seeker.search([AGENT])
    assert (p.src[:12], p.hao, p.inner) == ("2001:db8:f%s:" % seeker.place[1], None, None), p


@must("11.4.1", "the answer to another question is ignored: identifiers match (6.6)")
def other_identifier(seeker):
    p = seeker.search(None)
    n = len(seeker.bus)
    seeker.ask(seeker.named(p, [AGENT], ident=struct.unpack("!H", p.payload[4:6])[0] ^ 1))
    assert len(seeker.bus) == n
    seeker.ask(seeker.named(p, [AGENT]))
    assert len(seeker.bus) == n + 1


@must("11.4.1", "an unanswered question is repeated after 3 s, each repetition after twice the time, four times at most")
def asks_again(seeker):
    mark = seeker.wire.mark()
    asked = lambda: [p for p in seeker.wire.since(mark) if p.icmp == DHAAD_REQ]
    with seeker.clock_stands():
        first = seeker.search(None)
        seeker.walk(((2.4, 1), (0.7, 2), (5.3, 2), (0.9, 3), (11.2, 3), (1.0, 4), (23.2, 4), (1.1, 5), (20, 5)),
                    lambda: len(asked()))
    assert {p.payload[4:6] for p in asked()} == {first.payload[4:6]}, "the identifier changes"


@should("11.4.1", "those who are named are tried in their order")
def in_order(seeker):
    n = len(seeker.bus)
    seeker.answer = lambda node, bu: None if bu.dst != THIRD else node.ba(bu)
    seeker.search([OTHER, AGENT, THIRD])
    for _ in range(12):
        seeker.jump(2)
        seeker.settle()
    tried = [p.dst for p in seeker.bus[n:] if p.mh.life]
    assert list(dict.fromkeys(tried)) == [OTHER, AGENT, THIRD], tried
    assert seeker.state() == "registered"


@must("11.4.1", "the next home agent is tried 1.5 s after an update that was not answered, at the earliest")
def not_at_once(seeker):
    n = len(seeker.bus)
    seeker.answer = silence
    with seeker.clock_stands():
        seeker.search([AGENT, OTHER])
        seeker.jump(1.4)
        seeker.settle()
    assert {p.dst for p in seeker.bus[n:] if p.mh.life} == {AGENT}


@should("11.4.1", "the list is kept: when the home agent falls silent, the next is tried without another question")
def list_is_kept(seeker):
    seeker.search([AGENT, OTHER])
    seeker.mip("mn", "wait", "registered", "timeout", "30")
    seeker.answer = lambda node, bu: None if bu.dst == AGENT else node.ba(bu)
    mark, n = seeker.wire.mark(), len(seeker.bus)
    for wait in (190, 2, 3, 5, 9):
        seeker.jump(wait)
        seeker.settle()
    assert seeker.bus[-1].dst == OTHER, [p.dst for p in seeker.bus[n:]]
    assert not [p for p in seeker.wire.since(mark) if p.icmp == DHAAD_REQ]


@must("11.4.1", "with a registration that lives a new one goes to the same home agent first")
def same_agent_first(seeker):
    seeker.search([OTHER, AGENT])
    seeker.mip("mn", "wait", "registered", "timeout", "30")
    assert seeker.away().dst == OTHER


@should("11.4.1", "when that home agent refuses, another one is tried")
def refused_elsewhere(seeker):
    seeker.answer = lambda node, bu: node.ba(bu, status=130 if bu.dst == OTHER else 0, life=0 if bu.dst == OTHER else None)
    seeker.search([OTHER, AGENT])
    seeker.mip("mn", "wait", "registered", "timeout", "30")
    assert seeker.bus[-1].dst == AGENT


# --- 11.4.2: Mobile Prefix Solicitations ----------------------------------------------------------------------------

def solicited(mn):
    """A question about the prefixes that nobody answered yet."""
    mn.prefixes, mn.upset = None, True
    mn.answer = lambda node, bu: node.ba(bu, status=1)
    mark = mn.wire.mark()
    mn.away()
    return mn.wire.expect(lambda p: p.icmp == MPS, mark, what="a Mobile Prefix Solicitation")


@should("11.4.2", "a home address that is to become invalid: a Mobile Prefix Solicitation goes to the home agent")
def before_the_end(mn):
    p = solicited(mn)
    mn.prefixes = prefix_option(AGENT, flags=0xe0, valid=400, preferred=400)
    mn.ask(mn.mpa(p))
    mn.answer = type(mn).accept
    mn.prefixes = prefix_option(AGENT, flags=0xe0)
    mark = mn.wire.mark()
    for _ in range(2):
        mn.jump(150)
        mn.settle()
    assert [p for p in mn.wire.since(mark) if p.icmp == MPS]


@must("11.4.2", "a solicitation has the home address in a Home Address option, goes from the care-of address to the home agent")
def solicitation(mn):
    p = solicited(mn)
    assert (p.src, p.dst, p.hao, p.code) == (mn.coa, AGENT, HOA, 0), p


untested(MUST, "11.4.2", "a solicitation can be protected by IPsec",
         why="needs a kernel with ESP: tests/net/ipsec_each.bats shows it in make check-kernel")
untested(SHOULD, "11.4.2", "a solicitation is protected by IPsec",
         why="as keys say; needs a kernel with ESP: tests/net/ipsec_each.bats shows it in make check-kernel")


@must("11.4.2", "its identifier is random")
def identifier(mn):
    ids = set()
    for _ in range(3):
        p = solicited(mn)
        ids.add(p.payload[4:6])
        mn.prefixes = prefix_option(AGENT, flags=0xe0)
        mn.ask(mn.mpa(p))
    assert len(ids) == 3, ids


@should("11.4.2", "an unanswered one is repeated: after 3 s, then after twice the time each (11.8)")
def solicits_again(mn):
    mark = mn.wire.mark()
    first = solicited(mn)
    mn.answer = type(mn).accept
    got = lambda: [p for p in mn.wire.since(mark) if p.icmp == MPS and p.payload[4:6] == first.payload[4:6]]
    with mn.clock_stands():
        mn.walk(((2.4, 1), (0.7, 2), (5.3, 2), (0.9, 3), (11.2, 3), (1.0, 4)), lambda: len(got()),
                time.monotonic() - first.when)


@must("11.4.2", "the prefix is to end sooner than a correspondent's binding: it gets an update with less lifetime")
def shortened(mn):
    c = mn.correspondent()
    c.optimize()
    p = solicited(mn)
    mn.mip("ro", "wait", "optimized", "peer", c.addr, "timeout", "30")
    mn.prefixes = prefix_option(AGENT, flags=0xe0, valid=100, preferred=100)
    mark = len(c.sent)
    mn.ask(mn.mpa(p))
    assert c.got(BU, mark), "no update"
    assert 4 * c.bu.mh.life <= 100


# --- 11.4.3: Mobile Prefix Advertisements ---------------------------------------------------------------------------

def ignores(mn, forged):
    """forged(mps), which says that the home prefix ends in 300 s, is not believed: the question is repeated."""
    p = solicited(mn)
    mn.answer = type(mn).accept
    mn.prefixes = prefix_option(AGENT, flags=0xe0, valid=300, preferred=300)
    packet = forged(p)
    mn.prefixes = None
    mn.ask(packet)
    mark = mn.wire.mark()
    for wait in (3.1, 6.1):   # on a slow machine the first repetition was before it
        mn.jump(wait)
        mn.settle()
    assert [q for q in mn.wire.since(mark) if q.icmp == MPS], "it was believed"


@must("11.4.3", "an advertisement from another node than the home agent is silently discarded")
def mpa_source(mn):
    ignores(mn, lambda p: mn.mpa(p, src="2001:db8:bad::1"))


@must("11.4.3", "an advertisement without a type 2 routing header is silently discarded")
def mpa_without_rh2(mn):
    ignores(mn, lambda p: mn.mpa(p, rh2_=None))


@must("11.4.3", "an advertisement with another identifier is discarded")
def mpa_identifier(mn):
    ignores(mn, lambda p: mn.mpa(p, ident=struct.unpack("!H", p.payload[4:6])[0] ^ 1))


@must("11.4.3", "an advertisement with a wrong checksum is discarded")
def mpa_checksum(mn):
    def forged(p):
        packet = mn.mpa(p)
        return packet[:-1] + bytes([packet[-1] ^ 1])
    ignores(mn, forged)


@should("11.4.3", "an unsolicited advertisement is answered with a solicitation")
def mpa_unsolicited(mn):
    mn.settle()
    mn.jump(10)
    mn.settle()
    mark = mn.wire.mark()
    mn.ask(mn.mpa(ident=1))
    mn.jump(1.1)
    mn.settle()
    assert [p for p in mn.wire.since(mark) if p.icmp == MPS]


@must("11.4.3", "an unsolicited advertisement is discarded: what it says is not believed")
def mpa_unsolicited_is_discarded(mn):
    mn.settle()
    mn.jump(10)
    mn.settle()
    mn.prefixes = None
    mn.ask(mn.mpa(ident=1, options=prefix_option(AGENT, flags=0xe0, valid=40, preferred=40)))
    mn.upset = True
    assert 4 * mn.away().mh.life > 100


untested(SHOULD, "11.4.3", "an advertisement is protected by IPsec",
         why="as keys say; needs a kernel with ESP: tests/net/ipsec_each.bats shows it in make check-kernel")


@must("11.4.3", "an accepted one is like a Router Advertisement at home: the lifetime of the home address is what it says")
def mpa_lifetime(mn):
    p = solicited(mn)
    mn.prefixes = prefix_option(AGENT, flags=0xe0, valid=300, preferred=300)
    mn.ask(mn.mpa(p))
    assert 4 * mn.away().mh.life <= 300
    mn.upset = True


@must("11.4.3", "a new prefix in place of a deprecated one: a home address is made of it, and registered")
def mpa_new_prefix(mn):
    p = solicited(mn)
    mn.answer = type(mn).accept
    mn.prefixes = prefix_option(AGENT, flags=0xe0, valid=3600, preferred=0) + prefix_option("2001:db8:9::1", flags=0xe0)
    mn.wire.host("2001:db8:9::1")
    mark = mn.wire.mark()
    mn.ask(mn.mpa(p))
    new = "2001:db8:9::100"
    assert new in [h["home"] for h in mn.list("mn", "show")]
    mn.wire.expect(lambda q: q.hao == new and q.mh and q.mh.type == BU and q.mh.flags & HOME, mark, what="its update")
