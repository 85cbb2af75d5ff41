"""The mobile router under test: a mobile node (node_mn.py) with lan0, behind which its mobile network is played. Its home
agent is one of mobile routers.
"""
import itertools

import packet as P
from node_mn import Mn, Seeker
from nodes import run
from wire import Wire, mac

NETWORK, INSIDE = "2001:db8:77::/56", "2001:db8:77::1"
HOST = "2001:db8:77::11"   # behind it
PEER = "2001:db8:cc::7"    # somewhere in the Internet
LAN_MAC, HOST_MAC = mac(0x71), mac(0x11)
WORDS = ("network", NETWORK, "dev", "lan0")


class Router:
    """lan: the wire inside, on which HOST answers Neighbor Solicitations."""

    def link_up(self):
        super().link_up()
        peer = "i-" + self.name
        run("ip", "link", "del", peer, check=False)
        run("ip", "link", "add", peer, "type", "veth", "peer", "name", "lan0", "address", LAN_MAC.hex(":"), "netns", self.name)
        run("sysctl", "-qw", "net.ipv6.conf.%s.disable_ipv6=1" % peer)
        run("ip", "link", "set", peer, "up")
        run("ip", "-n", self.name, "link", "set", "lan0", "up")
        run("ip", "-n", self.name, "addr", "add", INSIDE + "/64", "dev", "lan0", "nodad")
        self.lan, self.ping = Wire(peer, LAN_MAC, HOST_MAC), itertools.count(1)
        self.lan.host(HOST, HOST_MAC)

    def begin(self):
        super().begin()
        with self.lan.news:
            self.lan.bad.clear()

    def end(self):
        super().end()
        assert not self.lan.bad, "what the node sent inside is malformed:\n" + "\n".join(self.lan.bad)

    def home_words(self):
        return super().home_words() + WORDS

    def accept(self, bu):
        return self.ba(bu, flags=P.ROUTED if bu.mh.flags & P.ROUTER else 0)

    def refuse(self, status, flags=P.ROUTED, by=None):
        """From now on its home agents, or this one, refuse mobile routers so; mobile nodes are accepted."""
        accept = type(self).accept
        self.answer = lambda node, bu: (node.ba(bu, status=status, life=0, flags=flags)
                                        if bu.mh.flags & P.ROUTER and bu.mh.life and by in (None, bu.dst) else accept(node, bu))

    def up(self, src=HOST, dst=PEER):
        """A packet from inside; what left on the link outside because of it."""
        mark, n = self.wire.mark(), next(self.ping)
        self.lan.send(P.echo(src, dst, n))
        self.inside_answers()
        self.settle()
        return [p for p in self.wire.since(mark) if (p.inner or p).icmp == P.ECHO and (p.inner or p).seq == n]

    def down(self, inner, **how):
        """A packet out of the home agent's tunnel; what arrived inside because of it."""
        mark = self.lan.mark()
        self.send(self.tunnelled(inner, **how))
        self.settle()
        self.inside_answers()
        return [p for p in self.lan.since(mark) if p.icmp == P.ECHO]

    def inside_answers(self):
        """An echo of the router's inner address comes back: what came in inside before is forwarded."""
        mark, n = self.lan.mark(), next(self.ping)
        self.lan.send(P.echo(HOST, INSIDE, n))
        self.lan.expect(lambda p: p.icmp == P.REPLY and p.seq == n, mark, what="the answer to a probe inside")


class Mr(Router, Mn):
    name = "mr"
    words = Mn.words + WORDS


class Scout(Router, Seeker):
    """A mobile router that has to find its home agent. flags: R of the answers to its question."""

    name = "scout"
    words, flags = Seeker.words + WORDS, bytes([0x80, 0])
