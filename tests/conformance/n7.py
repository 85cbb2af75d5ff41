"""RFC 3963 section 7: home agents of mobile routers are found."""
from home import option_of, others, router
from node_mn import AGENT
from packet import *
from table import must

R = 0x8000


def asked(ha, flags=R):
    """(R, addresses) of the answer to a question with these flags."""
    (p,) = ha.ask(icmp_packet("2001:db8:cc::7", ha.anycast(), DHAAD_REQ, 0, struct.pack("!HH", next(ha.probe) & 0xffff, flags)))
    assert p.icmp == DHAAD_REP, p
    return struct.unpack_from("!H", p.payload, 6)[0], [text(p.payload[at:at + 16]) for at in range(8, len(p.payload), 16)]


@must("7.1", "a mobile router asks with R")
def asks(scout):
    p = scout.search([AGENT])
    assert struct.unpack_from("!H", p.payload, 6)[0] == R, p


@must("7.1", "the other bits of the field are 0, and ignored")
def other_bits(ha):
    with router(ha):
        assert asked(ha, flags=0xffff)[0] == R
        assert asked(ha, flags=0x7fff)[0] == 0


@must("7.2", "asked with R, a home agent of mobile routers names those that are, with R")
def named(ha):
    with router(ha), others(ha, 2) as (a, b):
        a.advertise(info=(20, 1800))
        ha.send(ra_packet(b.router, b.options([b.addr], (10, 1800), 0xffffffff)[:-8] + ha_info_option(10, 1800, routers=True),
                          flags=0x20))
        ha.settle()
        flags, agents = asked(ha)
        assert flags == R and set(agents) == {ha.addr, b.addr}, agents
        flags, agents = asked(ha, flags=0)
        assert flags == 0 and set(agents) == {ha.addr, a.addr, b.addr}, agents


@must("7.2", "asked with R where none is: R is clear in the answer")
def none(ha):
    flags, agents = asked(ha)
    assert flags == 0 and agents == [ha.addr]


@must("7.2", "of an answer without R no home agent is one of mobile routers")
def no_answer(scout):
    scout.upset = True
    request = scout.search(None)
    n = len(scout.bus)
    scout.flags = bytes(2)
    scout.ask(scout.named(request, [AGENT]))
    assert len(scout.bus) == n
    scout.flags = type(scout).flags
    scout.ask(scout.named(request, [AGENT]))
    assert len(scout.bus) == n + 1


@must("7.3", "the Home Agent Information option of a home agent of mobile routers has R")
def advertised(ha):
    with router(ha):
        assert option_of(ha, 8, anew=True)[0][2] & 0x80


@must("7.3", "and that of one that is none has not")
def not_advertised(ha):
    assert not option_of(ha, 8, anew=True)[0][2] & 0x80
