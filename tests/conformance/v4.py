"""RFC 5555 section 4: registration and tunnel in UDP over IPv4. What the RFC says in plain words is taken as a MUST."""
import contextlib
import struct

from home import is_routed, part, router
from packet import *
from node_ipv4 import ELSEWHERE, HERE, NAT_OUT, NEVER, OTHER4, PORT, ports, udp
from node_mn import AGENT, HOME
from nodes import until
from table import MUST, SHOULD, must, should, unit, untested

PEER = "2001:db8:cc::7"
H = 0x4000   # of a Binding Update; HOME is an address here


def nat_of(p):
    """(F, refresh time) of the NAT Detection option of an acknowledgement."""
    flags, refresh = struct.unpack("!HI", p.mh.options[NAT])
    assert flags in (0, 0x8000), "reserved bits: %x" % flags
    return bool(flags), refresh


# --- 4.1: formats --------------------------------------------------------------------------------------------------

@must("4.1", "a packet for a mobile node on an IPv4-only link goes IPv6 in UDP in IPv4, from port 4191 of the home agent")
def down_in_udp(ha4):
    m = ha4.mobile()
    m.bind()
    (p,) = m.down()   # heard() looks at where it comes from
    assert (p.src, p.dst) == (PEER, m.home), p


@must("4.1", "a packet of the mobile node goes so, from its home address to the correspondent, to port 4191")
def up_in_udp(mn4):
    mn4.to_ipv4()
    p, sender = mn4.echo_up()
    assert sender == (HERE, PORT) and (p.src, p.dst, p.icmp, p.ext) == (HOME, PEER, ECHO, []), p


@must("4.1", "what the mobile node gets so is delivered")
def delivered(mn4):
    mn4.to_ipv4()
    n = len(mn4.up4)
    mn4.down4(echo(PEER, HOME, 5))
    until(lambda: len(mn4.up4) > n, "an answer")
    assert (mn4.up4[-1][0].icmp, mn4.up4[-1][0].dst) == (REPLY, PEER)


untested(MUST, "4.1", "IPv4 packets are tunnelled, too", why="tests/net/home4.bats: TCP over IPv4, in IPv6 and in UDP")
untested(MUST, "4.1.1", "the mobile node considers the MTU of the tunnel",
         why="tests/net/ipv4.bats: packets of 1,448 octets pass")


# --- 4.2: NAT detection --------------------------------------------------------------------------------------------

@must("4.2", "an update in UDP is answered in UDP, to the address and port it came from")
def answered_there(ha4):
    m = ha4.mobile()
    p = m.bind()
    assert (p.src, p.dst, p.rh2, p.ext) == (ha4.addr, m.home, None, []), p


@must("4.2", "so is one that is refused, and one without F")
def refused_there(ha4):
    m = ha4.mobile()
    assert m.bind(flags=ACK | H).mh.status == 0
    (p,) = m.ask(m.bu(seq=m.seq - 1))
    assert p.mh.status == 135, p


@must("4.2", "source address and IPv4 care-of address differ: a NAT is told")
def nat_is_told(ha4):
    forced, refresh = nat_of(ha4.mobile().bind())
    assert forced and 0 < refresh <= 110


@must("4.2", "they are the same: there is none, and no keepalive is needed")
def no_nat(ha4):
    assert nat_of(ha4.mobile(named=NAT_OUT).bind()) == (True, NEVER)   # F: plain IPv6 in IPv4 is not spoken here


@must("4.2", "the binding is of the address and port the update came from, not of what it names")
def where_it_came_from(ha4):
    m = ha4.mobile()
    m.bind()
    (b,) = ha4.list("binding", "show", "home", m.home)
    assert (b["care_of"], b["port"]) == (NAT_OUT, m.sock.getsockname()[1]), b


@must("4.2", "every update is in UDP, so that a NAT is found at any time: another mapping moves the binding")
def another_mapping(ha4):
    m = ha4.mobile()
    m.bind()
    other = udp(ELSEWHERE, next(ports))
    m.bind(by=other)
    assert not m.down() and len(m.heard(other)) == 1


@must("4.2", "nothing else moves it: not a packet, not an update played again")
def not_moved(ha4):
    m = ha4.mobile()
    m.bind()
    other = udp(ELSEWHERE, next(ports))
    answers = m.ask(echo(m.home, ha4.addr, 1), m.bu(seq=m.seq), by=other)
    assert not [p for p in answers if p.icmp or (p.mh.type == BA and p.mh.status == 0)], answers
    assert len(m.down()) == 1 and not m.down(by=other)


@must("4.2", "what comes in UDP from elsewhere than the binding is not let out of the tunnel (RFC 6275 10.4.5)")
def not_let_out(ha4):
    m = ha4.mobile()
    m.bind()
    other = udp(NAT_OUT, next(ports))
    inner = echo(m.home, ha4.addr, 9)
    assert [p.icmp for p in m.ask(inner)] == [REPLY]
    assert REPLY not in [p.icmp for p in m.ask(inner, by=other) + m.heard()]


@must("4.2", "with NAT Detection in the answer the mobile node tunnels in UDP from then on")
def tunnels_in_udp(mn4):
    mn4.to_ipv4()
    assert mn4.echo_up()[1] == (HERE, PORT)
    assert mn4.show("bul")["flags"].endswith("F")


# --- 4.3: NAT keepalives -------------------------------------------------------------------------------------------

@should("4.3", "the mobile node takes the refresh time the home agent suggests")
def suggested(mn4):
    mn4.refresh = 60
    mn4.to_ipv4()
    assert not mn4.renewed(30) and mn4.renewed(31)


@should("4.3", "the home agent that suggests none, 0, gets an update every 110 s")
def default(mn4):
    mn4.refresh = 0
    mn4.to_ipv4()
    assert not mn4.renewed(55) and mn4.renewed(56)


@should("4.3", "all ones: none is sent before the lifetime wants one")
def none_needed(mn4):
    mn4.refresh = NEVER
    mn4.to_ipv4()
    assert not mn4.renewed(120)


unit(SHOULD, "4.3", "the home agent suggests less when it sees that the NAT forgot", "test_ipv4",
     "a_nat_that_forgets_sooner_is_found_out")


# --- 4.4: the mobile node ------------------------------------------------------------------------------------------

@should("4.4.1", "it prefers an IPv6 care-of address")
def prefers_ipv6(mn4):
    mn4.to_ipv4()
    n = len(mn4.bus4)
    bu = mn4.move("f1")
    assert bu.hao == HOME and not bu.mh.flags & FORCE and len(mn4.bus4) == n, bu


@must("4.4.2", "the Binding Update: to port 4191 of the home agent's IPv4 address, from the IPv4 care-of address")
def outer(mn4):
    assert mn4.to_ipv4()[1] == (HERE, PORT)   # the socket it came to says the rest


@must("4.4.2", "inside from the home address to the home agent, without a Home Address option")
def inner(mn4):
    p, _ = mn4.to_ipv4()
    assert (p.src, p.dst, p.hao, p.ext) == (HOME, AGENT, None, []), p


@must("4.4.2", "with the IPv4 Care-of Address option")
def option_there(mn4):
    p, _ = mn4.to_ipv4()
    assert p.mh.options[IPV4_COA] == bytes(2) + socket.inet_aton(HERE), p
    assert ALT_COA not in p.mh.options


@must("4.4.2", "from a link with IPv6 as RFC 6275 has it")
def as_ever(mn4):
    bu = mn4.away()
    assert bu.hao == HOME and not bu.mh.flags & FORCE and IPV4_COA not in bu.mh.options, bu


unit(MUST, "4.4.2", "a static IPv4 home address is in the IPv4 Home Address option", "test_home4", "asks_and_has_it")
unit(MUST, "4.4.2", "a dynamic one is asked for by 0.0.0.0", "test_home4", "takes_what_it_is_given")
unit(MUST, "4.4.2", "an IPv4 Address Acknowledgement gives the address, or refuses it", "test_home4",
     "has_none_when_the_answer_is_wrong")
untested(SHOULD, "4.4.2", "status 144, UDP cannot be forced: the update may be sent again without F",
         why="not so: plain IPv6 in IPv4 is not spoken here; refused as by any status, and tried again")


@must("4.4.2", "a binding is removed by a Binding Update with lifetime 0, in UDP, too")
def removes(mn4):
    mn4.to_ipv4()
    mn4.mip("mn", "del", "home", HOME)
    until(lambda: mn4.bus4[-1][0].mh.life == 0, "a de-registration in UDP")
    mn4.mip("mn", "add", *mn4.home_words())


@must("4.4.3", "a packet to the mobile node that did not come from the home agent is not delivered")
def from_elsewhere(mn4):
    mn4.to_ipv4()
    n = len(mn4.up4)
    with contextlib.closing(udp(OTHER4, next(ports))) as other:
        mn4.down4(echo(PEER, HOME, 6), by=other)
    mn4.down4(echo(PEER, HOME, 7))
    until(lambda: len(mn4.up4) > n, "an answer")
    assert [p.seq for p, _ in mn4.up4[n:]] == [7]


untested(SHOULD, "4.4.4", "movement on IPv4 links is detected as RFC 4436 has it",
         why="not so: the address, and whoever configures it, tell; tests/unit/test_ipv4.c: a lease of the link before is void")


# --- 4.5: the home agent -------------------------------------------------------------------------------------------

@must("4.5", "without the IPv4 Care-of Address option nothing is bound")
def without_option(ha4):
    m = ha4.mobile()
    assert not m.ask(m.bu(named=False)) and not ha4.list("binding", "show", "home", m.home)


@must("4.5", "a de-registration in UDP ends the binding, and is answered there")
def deregistration(ha4):
    m = ha4.mobile()
    m.bind()
    (p,) = m.ask(m.bu(life=0))
    assert (p.mh.status, p.mh.life) == (0, 0) and not m.down(), p


@must("4.5", "a mobile router's networks are reached in UDP, and let out of it (RFC 3963 6)")
def networks(ha4):
    with router(ha4) as m:
        p = m.bind(flags=ACK | H | FORCE | ROUTER, options=[network(part(m, 0))])
        assert p.mh.flags & ROUTED, p
        inside = part(m, 0).split("/")[0] + "5"
        assert len(m.down(inside)) == 1 and not is_routed(ha4, m, 1)
        assert [p.icmp for p in m.ask(echo(inside, ha4.addr, 3))] == [REPLY]


@must("4.5", "a node that comes to a link with IPv6 is bound there, and in UDP no more")
def to_ipv6(ha4):
    m = ha4.mobile()
    m.bind()
    p = ha4.one(mh_packet(m.coa, ha4.addr, bu_mh(m.seq + 1, ACK | H, 60), hao_=m.home))
    assert (p.mh.status, p.dst) == (0, m.coa) and not m.down(), p
    assert m.is_bound()


@must("4.5", "several nodes behind one NAT are told apart by its ports")
def several(ha4):
    one, two = ha4.mobile(), ha4.mobile()
    one.bind()
    two.bind()
    assert len(one.down()) == 1 and not two.heard() and len(two.down()) == 1 and not one.heard()


unit(MUST, "4.5", "an IPv4 home address is checked, and whether the node may have it", "test_home4", "not_what_is_another_s")
unit(MUST, "4.5", "0.0.0.0 gets an address of the pool", "test_home4", "any_of_those_there_are")
unit(MUST, "4.5", "the acknowledgement has the IPv4 Address Acknowledgement option", "test_home4", "one_of_its_own")
