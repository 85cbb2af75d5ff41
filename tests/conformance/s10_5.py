"""RFC 6275 section 10.5: the home agents of the home link, as mobile nodes are told of them."""
import json

from home import others
from packet import *
from table import must, should

ASKER = "2001:db8:cc::7"


# --- 10.5.1: Router Advertisements and the home agents list --------------------------------------------------------

def is_listed(ha, other):
    return other.addr in ha.agents()


@must("10.5.1", "an advertisement without the H bit removes its sender from the list")
def h_clear(ha):
    with others(ha) as other:
        other.advertise()
        assert is_listed(ha, other)
        other.advertise(flags=0)
        assert not is_listed(ha, other)


@must("10.5.1", "an advertisement without the H bit adds nobody")
def h_never_set(ha):
    with others(ha) as other:
        other.advertise(flags=0)
        assert not is_listed(ha, other)


@must("10.5.1", "an advertisement that is not valid (RFC 4861 6.1.2) changes nothing")
def invalid(ha):
    def dropped():
        return json.loads(ha.mip("-j", "agent", "show").stdout)[0]["rx_dropped"]

    before = dropped()
    with others(ha) as other:
        other.advertise(hops=254)
        other.advertise(src="2001:db8:1::abc")
        options = other.options([other.addr], None, 1800)
        p = ra_packet(other.router, options, flags=0x20)
        ha.ask(p[:42] + bytes([p[42] ^ 1]) + p[43:], icmp_packet(other.router, "ff02::1", RA, 1, bytes(12) + options, hops=255),
               ra_packet(other.router, options[:-8] + bytes([1, 0, 0, 0, 0, 0, 0, 0]), flags=0x20))
        assert not is_listed(ha, other)
        assert dropped() == before + 3, dropped() - before   # the kernel drops the one with a wrong sum


def before(ha, first, second):
    order = [a for a in ha.agents() if a in (first.addr, second.addr)]
    return len(order) == 2 and order[0] == first.addr


@must("10.5.1", "without a Home Agent Information option the preference is 0")
def default_preference(ha):
    with others(ha, 3) as (a, b, c):
        a.advertise(info=(1, 1800))
        b.advertise()
        c.advertise(info=(0, 1800))
        assert {before(ha, b, c) for _ in range(40)} == {True, False}   # equals take turns
        assert all(before(ha, a, b) and before(ha, a, c) for _ in range(4))


@must("10.5.1", "the preference is that of the Home Agent Information option, unsigned (7.4), and a new one replaces it")
def preference(ha):
    with others(ha, 2) as (a, b):
        a.advertise(info=(20, 1800))
        b.advertise(info=(10, 1800))
        assert before(ha, a, b) and before(ha, a, b)
        b.advertise(info=(0xffff, 1800))
        assert before(ha, b, a) and before(ha, b, a)


@must("10.5.1", "the lifetime is that of the Home Agent Information option")
def lifetime_of_option(ha):
    with others(ha) as other:
        other.advertise(info=(0, 50), lifetime=1800)
        ha.advance(47)
        assert is_listed(ha, other)
        ha.advance(5)
        assert not is_listed(ha, other)


@should("10.5.1", "without that option the lifetime is the Router Lifetime")
def lifetime_of_router(ha):
    with others(ha) as other:
        other.advertise(lifetime=50)
        ha.advance(47)
        assert is_listed(ha, other)
        ha.advance(5)
        assert not is_listed(ha, other)


@must("10.5.1", "a home agent whose lifetime is zero is removed at once")
def lifetime_zero(ha):
    with others(ha) as other:
        other.advertise()
        other.advertise(lifetime=0)
        assert not is_listed(ha, other)
        other.advertise()
        other.advertise(info=(0, 0))
        assert not is_listed(ha, other)


@must("10.5.1", "a home agent whose lifetime is zero is not added")
def lifetime_never(ha):
    with others(ha) as other:
        other.advertise(lifetime=0)
        assert not is_listed(ha, other)


@must("10.5.1", "an advertisement of one in the list sets its lifetime anew")
def lifetime_anew(ha):
    with others(ha) as other:
        other.advertise(lifetime=50)
        ha.advance(40)
        other.advertise(lifetime=50)
        ha.advance(40)
        assert is_listed(ha, other)


@must("10.5.1", "every address with the R bit in a Prefix Information option is added to its entry")
def addresses(ha):
    with others(ha) as other:
        more = [other.addr] + [other.addr + "%x" % n for n in range(15)]   # as many as we read of one advertisement
        other.advertise(more)
        assert set(more) <= set(ha.agents())


@must("10.5.1", "a Prefix Information option without the R bit has no address of the home agent")
def no_r(ha):
    with others(ha) as other:
        other.advertise(r=0)
        assert not is_listed(ha, other)


@should("10.5.1", "an entry stays until its lifetime is over")
def stays(ha):
    with others(ha) as other:
        other.advertise(lifetime=300)
        ha.advance(295)
        assert is_listed(ha, other)


@must("10.5.1", "when its lifetime is over an entry is deleted")
def ends(ha):
    with others(ha) as other:
        other.advertise(lifetime=300)
        ha.advance(302)
        assert not is_listed(ha, other)


# --- 10.5.1: the answer --------------------------------------------------------------------------------------------

@should("10.5.1", "a request to the anycast address of its prefix is answered, with the request's identifier")
def answered(ha):
    (p,) = ha.discover(ident=0xabcd)
    assert (p.icmp, p.code, p.dst, p.word >> 16, p.word & 0xffff) == (DHAAD_REP, 0, ASKER, 0xabcd, 0), p


@should("10.5.1", "the source of the answer is one of the home agent's global unicast addresses")
def source(ha):
    (p,) = ha.discover()
    assert p.src == ha.addr, p


@should("10.5.1", "a request for a prefix it does not serve is not answered")
def other_prefix(ha):
    assert not [p for p in ha.discover(to=ha.anycast("2001:db8:99::")) if p.icmp == DHAAD_REP]


@should("10.5.1", "the answer has the global addresses of every home agent of the list, its own too")
def lists_all(ha):
    with others(ha, 4) as all_:
        for o in all_:
            o.advertise()
        assert sorted(ha.agents()) == sorted([ha.addr] + [o.addr for o in all_])


@should("10.5.1", "the addresses are in the order of decreasing preference")
def ordered(ha):
    with others(ha, 5) as all_:
        for n, o in enumerate(all_):
            o.advertise(info=((3, 50, 0x10000 - 9, 7, 1000)[n], 1800))
        want = [all_[n].addr for n in (2, 4, 1, 3, 0)] + [ha.addr]
        assert ha.agents() == want


@should("10.5.1", "its own place in the order follows from the configured preference")
def own_preference(ha):
    with others(ha) as other:
        other.advertise(info=(5, 1800))
        try:
            for own, want in (("6", [ha.addr, other.addr]), ("4", [other.addr, ha.addr]), ("65535", [ha.addr, other.addr])):
                ha.mip("ha", "set", "preference", own)
                assert ha.agents() == want, own
        finally:
            ha.mip("ha", "set", "preference", "0")


def orders(ha, addrs, times=40):
    seen = set()
    for _ in range(times):
        seen.add(tuple(a for a in ha.agents() if a in addrs))
        ha.jump(0.1)
    return seen


@should("10.5.1", "home agents of equal preference come in another order each time")
def randomized(ha):
    with others(ha, 3) as all_:
        for o in all_:
            o.advertise(info=(9, 1800))
        assert len(orders(ha, [o.addr for o in all_])) > 3   # of 6; all but 3 missing: less than 1 in 10^10


@should("10.5.1", "the addresses of one home agent come in another order each time")
def addresses_randomized(ha):
    with others(ha) as other:
        other.advertise([other.addr, other.addr + "0"])
        assert len(orders(ha, [other.addr, other.addr + "0"])) == 2   # only one: 1 in 10^11


def crowd(ha, all_):
    for n, o in enumerate(all_):
        o.advertise(["2001:db8:1::a8:%x" % (0x100 * n + k) for k in range(4)], info=(100 + n, 1800))


@should("10.5.1", "the answer is no longer than the least MTU of IPv6")
def fits(ha):
    with others(ha, 24) as all_:
        crowd(ha, all_)
        (p,) = ha.discover()
        assert 1000 < len(p.raw) <= 1280, len(p.raw)


@should("10.5.1", "of too many addresses those of the highest preference are listed")
def the_preferred(ha):
    with others(ha, 24) as all_:
        crowd(ha, all_)
        listed = [int(a.rsplit(":", 1)[1], 16) for a in ha.agents()]
        every = [0x100 * n + k for n in range(24) for k in range(4)]
        assert sorted(listed) == every[-len(listed):], listed
