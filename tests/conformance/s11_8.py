"""RFC 6275 section 11.8: retransmissions and rate limiting."""
import time

from node_mn import AGENT
from packet import *
from table import MUST, SHOULD, must, should, unit, untested

silence = lambda *_: None


@should("11.8", "the first registration is repeated after 1.5 s: the home agent's Duplicate Address Detection takes one")
def first_registration(seeker):
    seeker.answer = silence
    with seeker.clock_stands():
        seeker.search([AGENT])
        n = len(seeker.bus)
        seeker.walk(((1.4, 0), (0.2, 1)), lambda: len(seeker.bus) - n)


@should("11.8", "a registration of one who is registered is repeated after 1 s")
def re_registration(mn):
    mn.answer = silence
    with mn.clock_stands():
        mn.reregister()
        n = len(mn.bus)
        mn.walk(((0.9, 0), (0.2, 1)), lambda: len(mn.bus) - n)


@should("11.8", "a Mobile Prefix Solicitation is repeated after 3 s")
def solicitation(mn):
    mn.prefixes, mn.upset = None, True
    mn.answer = lambda node, bu: node.ba(bu, status=1)
    mark = mn.wire.mark()
    mn.away()
    mn.settle()
    mn.answer = type(mn).accept
    solicitations = lambda: [p for p in mn.wire.since(mark) if p.icmp == MPS]
    with mn.clock_stands():
        mn.walk(((2.4, 1), (0.7, 2)), lambda: len(solicitations()), time.monotonic() - solicitations()[0].when)


@should("11.8", "Home and Care-of Test Init are repeated after 1 s")
def tests(mn):
    c = mn.correspondent()
    c.mute = {HOTI, COTI}
    with mn.clock_stands():
        c.want()
        mn.walk(((0.9, (1, 1)), (0.2, (2, 2))), lambda: (len(c.got(HOTI)), len(c.got(COTI))))


@should("11.8", "what is not answered is repeated until it is")
def until_answered(mn):
    c = mn.correspondent()
    c.mute = {HOTI}
    with mn.clock_stands():
        c.want()
        for wait in (1.1, 2.1, 4.1):
            mn.jump(wait)
            mn.settle()
        c.mute = set()
        mn.jump(8.1)
        mn.settle()
    assert c.state() == "optimized"


@must("11.8", "updates for the home agent: the wait doubles with each repetition, up to 32 s")
def back_off(mn):
    mn.answer = silence
    waits, total = [], 0
    for doubled in (1, 2, 4, 8, 16, 32, 32, 32):
        waits += [(doubled - 0.6, total), (0.7, total + 1)]
        total += 1
    with mn.clock_stands():
        mn.reregister()
        n = len(mn.bus)
        mn.walk(waits, lambda: len(mn.bus) - n)


@must("11.8", "Home and Care-of Test Init: the wait doubles with each repetition")
def back_off_of_tests(mn):
    c = mn.correspondent()
    c.mute = {HOTI, COTI}
    waits, total = [], 1
    for doubled in (1, 2, 4, 8, 16):
        waits += [(doubled - 0.6, (total, total)), (0.7, (total + 1, total + 1))]
        total += 1
    with mn.clock_stands():
        c.want()
        mn.walk(waits, lambda: (len(c.got(HOTI)), len(c.got(COTI))))


@must("11.8", "updates for a correspondent: the wait doubles with each repetition")
def back_off_of_updates(mn):
    c = mn.correspondent()
    c.mute = {BU}
    waits, total = [], 1
    for doubled in (1, 2, 4, 8, 16):
        waits += [(doubled - 0.6, total), (0.7, total + 1)]
        total += 1
    with mn.clock_stands():
        c.want()
        mn.walk(waits, lambda: len(c.got(BU)))


@should("11.8", "each correspondent has a back-off of its own")
def back_off_each(mn):
    c, d = mn.correspondent(), mn.correspondent()
    c.mute = d.mute = {HOTI, COTI}
    got = lambda: (len(c.got(HOTI)), len(d.got(HOTI)))
    with mn.clock_stands():
        c.want()
        mn.walk(((1.1, (2, 0)), (2.1, (3, 0))), got)
        d.want()
        mn.walk(((0.6, (3, 1)), (0.5, (3, 2)), (2.1, (3, 3)), (1.2, (4, 3))), got)


@must("11.8", "no more than three messages of one type go to a correspondent in a second")
def rate(mn):
    c = mn.correspondent()
    c.optimize()
    mn.settle()
    mark = len(c.sent)
    for _ in range(6):   # each of these makes it ask anew
        mn.mip("ro", "add", "peer", c.addr + "/128", "policy", "never")
        mn.mip("ro", "add", "peer", c.addr + "/128", "policy", "always")
        mn.ask(c.binding_error(1), c.refresh())
    for kind in (HOTI, COTI, BU):
        sent = [p.when for p in c.got(kind, mark)]
        assert all(b - a >= 0.95 for a, b in zip(sent, sent[3:])), "%d in %.2f s" % (len(sent), sent[-1] - sent[0])


unit(MUST, "11.8", "the limit holds with many moves a second", "test_ro_move", "many_moves_a_second")


@must("11.8", "a repeated update has a higher sequence number than the one before")
def numbers(mn):
    mn.answer = silence
    with mn.clock_stands():
        mn.reregister()
        n = len(mn.bus) - 1
        for wait in (1.1, 2.1, 4.1):
            mn.jump(wait)
            mn.settle()
    seqs = [p.mh.seq for p in mn.bus[n:]]
    assert len(seqs) == 4 and all(0 < (b - a) & 0xffff < 0x8000 for a, b in zip(seqs, seqs[1:])), seqs


@must("11.8", "a repeated Home or Care-of Test Init has a new cookie")
def cookies(mn):
    c = mn.correspondent()
    c.mute = {HOTI, COTI}
    with mn.clock_stands():
        c.want()
        for wait in (1.1, 2.1):
            mn.jump(wait)
            mn.settle()
    for kind in (HOTI, COTI):
        cookies = [(p.inner or p).mh.cookie for p in c.got(kind)]
        assert len(cookies) == 3 == len(set(cookies)), cookies
