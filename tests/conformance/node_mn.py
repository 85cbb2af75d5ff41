"""The mobile node under test. Its routers and its home agent are played here: a router answers Router Solicitations, the
home agent acknowledges home registrations as `answer` says.
"""
import itertools
import struct

import packet as P
from nodes import Node, run
from wire import mac

HOME, AGENT = "2001:db8:1::100", "2001:db8:1::1"
AGENT_LL, AGENT_MAC = "fe80::a1", mac(0xa1)


class Link:
    """A link with one router: its prefix, and what it advertises (options, flags of ra_packet)."""

    def __init__(self, prefix, router, router_mac, options=b"", flags=0, lifetime=1800):
        self.prefix, self.router, self.mac, self.flags, self.lifetime = prefix, router, router_mac, flags, lifetime
        self.options = options or P.prefix_option(prefix) + P.lladdr_option(1, router_mac)

    def ra(self, **how):
        return P.ra_packet(self.router, self.options, **{"flags": self.flags, "lifetime": self.lifetime, **how})


def links():
    home = P.prefix_option(AGENT, flags=0xe0) + P.lladdr_option(1, AGENT_MAC) + P.ha_info_option(10, 1800)
    return {"home": Link("2001:db8:1::", AGENT_LL, AGENT_MAC, home, flags=0x20),
            "f1": Link("2001:db8:f1::", "fe80::f1", mac(0xf1)),
            "f2": Link("2001:db8:f2::", "fe80::f2", mac(0xf2))}


class Mn(Node):
    """place: name of the link it is on, or None. coa: where its last home registration came from.

    answer(mn, bu): called for each home registration in the reader's thread; what it returns is sent. None: silence.
    """

    name, addr, dad = "mn", HOME, True
    words = ("home", HOME, "prefix", "2001:db8:1::/64", "agent", AGENT, "dev", "eth0")

    def addresses(self):
        return ()

    def start(self):
        self.links, self.place, self.coa, self.answer = links(), None, None, Mn.accept
        self.probe = itertools.count(1)
        self.wire.on_packet.append(self.play)
        self.wire.host(AGENT, AGENT_MAC)
        self.wire.host(AGENT_LL, AGENT_MAC)
        for link in self.links.values():
            self.wire.host(link.router, link.mac)
        self.mip_warped("mn", "start", *self.words)
        self.mip("cn", "start", "test-rate", "100000")
        self.move("f1")

    # --- what is played ---

    def play(self, p):
        if p.icmp == P.RS and self.place:
            self.advertise()
        elif p.mh and p.mh.type == P.BU and p.mh.flags & P.HOME and p.dst == AGENT:
            self.coa = p.src
            answer = self.answer(self, p)
            if answer:
                self.wire.send(answer, self.links[self.place].mac if self.place else None)

    def ba(self, bu, status=0, life=None, options=(), src=AGENT, flags=0, **how):
        """An acknowledgement of that update: from the home agent, by way of the care-of address when there is one."""
        life = min(bu.mh.life, 60) if life is None else life
        how = {"rh2_": bu.hao, **how}
        return P.mh_packet(src, bu.src, P.ba_mh(status, bu.mh.seq, life, *options, flags=flags), **how)

    def accept(self, bu):
        return self.ba(bu)

    def advertise(self, **how):
        link = self.links[self.place]
        self.wire.send(link.ra(**how), link.mac)

    # --- movement ---

    def unplug(self):
        run("ip", "link", "set", "w-mn", "down")
        self.place = None

    def plug(self, place):
        self.place = place
        self.wire.router_mac = self.links[place].mac
        run("ip", "link", "set", "w-mn", "up")

    def move(self, place):
        """There, and registered (or home). The registration, as it was on the wire: of the home agent's, with A and H."""
        mark = self.wire.mark()
        self.unplug()
        self.plug(place)
        bu = self.wire.expect(lambda p: p.mh and p.mh.type == P.BU and p.mh.flags & P.HOME and self.is_on(p, place), mark,
                              timeout=10, what="a home registration from " + place) if self.registers(place) else None
        self.mip("mn", "wait", "home" if place == "home" else "registered", "timeout", "10")
        return bu

    def registers(self, place):
        return place != "home" or self.coa is not None

    def is_on(self, p, place):
        return P.addr(p.src)[:8] == P.addr(self.links[place].prefix)[:8]

    # --- questions ---

    def probes(self):
        """A Home Test of a correspondent's (which it is, too) to where it is; an echo with a type 2 routing header."""
        if not self.place:
            return []
        here = HOME if self.place == "home" else self.coa
        n = struct.pack("!Q", 0xbabe << 32 | next(self.probe))
        out = [(P.mh_packet("2001:db8:ba::1", here, P.hoti_mh(n)), lambda p: answer_of(p).mh and answer_of(p).mh.type == P.HOT
                and answer_of(p).mh.cookie == n)]
        if self.place != "home":
            out.append((P.echo(AGENT, self.coa, 1, data=n, rh2_=HOME), lambda p: answer_of(p).icmp == P.REPLY
                        and answer_of(p).payload[8:] == n))
        return out


def answer_of(p):
    """The packet itself, or what is in its tunnel."""
    return p.inner or p
