"""The mobile node under test. Its routers and its home agent are played here: a router answers Router Solicitations, the
home agent acknowledges home registrations as `answer` says.
"""
import itertools
import struct

import packet as P
from correspondent import Correspondent
from nodes import Node, run
from wire import mac

HOME, AGENT = "2001:db8:1::100", "2001:db8:1::1"
AGENT_LL, AGENT_MAC = "fe80::a1", mac(0xa1)
AGENTS = AGENT, "2001:db8:1::2", "2001:db8:1::3"
ANYCAST = "2001:db8:1:0:fdff:ffff:ffff:fffe"   # RFC 2526 of the home prefix


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
    """place: name of the link it is on, or None. coa: where its last home registration came from; bus: all of those.

    answer(mn, bu): called for each home registration in the reader's thread; what it returns is sent. None: silence.
    prefixes: options of the answer to Mobile Prefix Solicitations; None: silence. A test begins registered, on f1 or f2;
    upset: the one before leaves it with what it is not to keep, and it moves first.
    """

    name, addr, dad = "mn", HOME, True
    words = ("home", HOME, "prefix", "2001:db8:1::/64", "agent", AGENT, "dev", "eth0")

    def addresses(self):
        return ()

    def start(self):
        self.place, self.coa, self.bus, self.peers, self.upset = None, None, [], {}, False
        self.as_usual()
        self.probe = itertools.count(1)
        self.wire.on_packet.append(self.play)
        self.wire.host(AGENT, AGENT_MAC, router=True)
        for link in self.links.values():
            self.wire.host(link.router, link.mac, router=True)
        self.mip_warped("mn", "start", *self.words)
        self.mip("cn", "start", "test-rate", "100000")
        self.move("f1")

    def as_usual(self):
        self.links, self.answer, self.prefixes = links(), type(self).accept, P.prefix_option(AGENT, flags=0xe0)

    def begin(self):
        self.as_usual()
        place = "f2" if self.place == "f1" else "f1"
        if self.upset:
            self.mip("mn", "del", "home", HOME)
            self.unplug()
            self.mip("mn", "add", *self.home_words())
        if self.place not in ("f1", "f2") or self.state() != "registered":
            self.move(place)
            self.settle()   # what it asks the home agent once it is registered is answered
        self.upset = False
        super().begin()

    def end(self):
        for peer in self.peers.values():
            peer.forget()
        if not self.upset:   # then the tunnel may be gone
            self.settle()
        self.peers.clear()
        super().end()

    def home_words(self):
        """The home address without the device it moves on: that stays."""
        return self.words[:self.words.index("dev")]

    def correspondent(self):
        return Correspondent(self)

    def state(self):
        return self.show("mn")["state"]

    # --- what is played ---

    def play(self, p):
        q = p.inner or p
        if p.icmp == P.RS and self.place:
            self.advertise()
        elif p.mh and p.mh.type == P.BU and p.mh.flags & P.HOME and p.dst in AGENTS:
            self.coa = p.src
            self.bus.append(p)
            self.reply(self.answer(self, p))
        elif p.icmp == P.MPS and p.dst == AGENT and self.prefixes:
            self.reply(self.mpa(p))
        elif q.dst in self.peers:
            self.peers[q.dst].play(p)

    def reply(self, packet):
        if packet:
            self.wire.send(packet, self.links[self.place].mac if self.place else None)

    def mpa(self, mps=None, ident=None, options=None, src=AGENT, dst=None, **how):
        """A Mobile Prefix Advertisement, the answer to that solicitation (6.8)."""
        ident = struct.unpack_from("!H", mps.payload, 4)[0] if ident is None else ident
        return P.icmp_packet(src, dst or (mps.src if mps else self.coa), P.MPA, 0, struct.pack("!HH", ident, 0)
                             + (options or self.prefixes), **{"rh2_": HOME, **how})

    def tunnelled(self, inner, src=AGENT, dst=None):
        """Through the home agent's tunnel to where it is."""
        return P.tunnelled(src, dst or self.coa, inner)

    def ba(self, bu, status=0, life=None, options=(), src=None, flags=0, **how):
        """An acknowledgement of that update: from the home agent, by way of the care-of address when there is one."""
        life = min(bu.mh.life, 60) if life is None else life
        how = {"rh2_": bu.hao, **how}
        return P.mh_packet(src or bu.dst, bu.src, P.ba_mh(status, bu.mh.seq, life, *options, flags=flags), **how)

    def accept(self, bu):
        return self.ba(bu)

    def advertise(self, **how):
        link = self.links[self.place]
        self.wire.send(link.ra(**how), link.mac)

    # --- movement ---

    def unplug(self):
        run("ip", "link", "set", "w-" + self.name, "down")
        self.place = None

    def plug(self, place):
        self.place = place
        self.wire.router_mac = self.links[place].mac
        run("ip", "link", "set", "w-" + self.name, "up")

    def move(self, place):
        """There, and registered (or home). The registration, as it was on the wire: of the home agent's, with A and H."""
        mark = self.wire.mark()
        self.unplug()
        self.plug(place)
        bu = self.wire.expect(lambda p: p.mh and p.mh.type == P.BU and p.mh.flags & P.HOME and self.is_on(p, place), mark,
                              timeout=10, what="a home registration from " + place) if self.registers(place) else None
        self.mip("mn", "wait", "home" if place == "home" else "registered", "timeout", "30")
        return bu

    def registers(self, place):
        return place != "home" or self.coa is not None

    def is_on(self, p, place):
        return P.addr(p.src)[:8] == P.addr(self.links[place].prefix)[:8]

    def away(self):
        """To the other foreign link."""
        return self.move("f2" if self.place == "f1" else "f1")

    def settle(self):
        """What is answered through the tunnel takes the agent one turn more."""
        super().settle()
        self.barrier()

    def reregister(self):
        """A home registration without a move: the binding is renewed in time. The update."""
        mark = len(self.bus)
        self.jump(190)
        self.settle()
        assert len(self.bus) > mark, "the binding is not renewed"
        return self.bus[-1]

    def walk(self, waits, count, late=0):
        """After each of these waits count() is what stands beside it. The first began `late` seconds ago. The clock stands."""
        for wait, n in waits:
            wait, late = wait - late, max(0, late - wait)
            if wait >= 0:   # the machine was not so slow that this moment is over
                self.jump(wait)
                self.settle()
                assert count() == n, "%s, not %s, %g s later" % (count(), n, wait)

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


class Seeker(Mn):
    """A mobile node that has to find its home agent. named: those it is told of when it asks; None: silence."""

    name = "seeker"
    words = Mn.words[:4] + Mn.words[6:]
    flags = bytes(2)   # of its answers

    def as_usual(self):
        super().as_usual()
        self.agents = [AGENT]

    def play(self, p):
        if p.icmp == P.DHAAD_REQ:
            self.reply(self.named(p, self.agents) if self.agents else None)
        super().play(p)

    def named(self, request, agents, ident=None):
        """A Home Agent Address Discovery Reply (6.6)."""
        ident = request.payload[4:6] if ident is None else struct.pack("!H", ident)
        return P.icmp_packet(AGENT, request.src, P.DHAAD_REP, 0, ident + self.flags + b"".join(map(P.addr, agents)))

    def search(self, agents):
        """Forgets its home agent and asks; is told of these. The question."""
        self.mip("mn", "del", "home", HOME)
        self.agents, mark = agents, self.wire.mark()
        self.mip("mn", "add", *self.home_words())
        question = self.wire.expect(lambda p: p.icmp == P.DHAAD_REQ, mark, what="a question")
        self.settle()
        return question

    def probes(self):
        return super().probes()[:1]   # without a home agent there is no tunnel


def answer_of(p):
    """The packet itself, or what is in its tunnel."""
    return p.inner or p
