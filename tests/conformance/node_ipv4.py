"""The home agent and the mobile node under test that are given the home agent's IPv4 address (RFC 5555), and the peers that
are played against them: UDP sockets at the other end of the link, where the kernel does ARP.
"""
import itertools
import socket
import threading

import packet as P
from node_ha import Ha, Visitor
from node_mn import HOME, Mn
from nodes import run, until

PORT = 4191
HA4, NAT_OUT, ELSEWHERE = "192.0.2.1", "192.0.2.10", "192.0.2.200"   # the home agent under test, and who sends to it
INSIDE = "10.0.0.77"                                                 # behind the NAT
AGENT4, HERE, OTHER4 = "203.0.113.1", "203.0.113.77", "203.0.113.2"  # the mobile node under test is HERE
NEVER = 0xffffffff     # refresh time: no keepalives are needed
ports = itertools.count(20000)


def outside(node, *addresses):
    """The addresses of our end of the link."""
    for a in addresses:
        run("ip", "addr", "add", a, "dev", "w-" + node.name)


def udp(address, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, port))
    return s


class Visitor4(Visitor):
    """A mobile node on a link with IPv4 only, seen at NAT_OUT; it names `named` as its care-of address."""

    def __init__(self, node, named=INSIDE):
        super().__init__(node)
        self.named, self.sock = named, udp(NAT_OUT, next(ports))

    def bu(self, seq=None, flags=P.ACK | P.HOME | P.FORCE, life=60, options=(), named=True):
        self.seq = (self.seq + 1 if seq is None else seq) & 0xffff
        options = ([P.ipv4_coa(self.named)] if named else []) + list(options)
        return P.mh_packet(self.home, self.ha, P.bu_mh(self.seq, flags, life, *options))

    def ask(self, *packets, by=None):
        """Sends these in UDP, by this socket; what comes there because of them."""
        for p in packets:
            (by or self.sock).sendto(p, (HA4, PORT))
        self.node.settle()
        return self.heard(by)

    def heard(self, by=None):
        """What came in UDP since this was asked last."""
        out = []
        while True:
            try:
                data, sender = (by or self.sock).recvfrom(65536, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            assert sender == (HA4, PORT), "from %s" % (sender,)
            out.append(P.Packet(data))
        assert not [p.bad for p in out if p.bad], out[0].bad
        return out

    def bind(self, **how):
        mark, by = self.node.wire.mark(), how.pop("by", None)
        answers = self.ask(self.bu(**how), by=by)
        if not answers:
            self.node.wire.expect(lambda p: p.icmp == P.NS and p.target == self.home and p.src == "::", mark, what="a probe")
            self.node.jump(1.05)
            self.node.settle()
            answers = self.heard(by)
        (p,) = answers
        assert p.mh and p.mh.type == P.BA and p.mh.status < 128, "not accepted: %s" % p
        return p

    def down(self, dst=None, by=None):
        """What comes because somebody in the Internet sends to its home address, or to that one."""
        self.node.send(P.echo("2001:db8:cc::7", dst or self.home, 78))
        self.node.settle()
        return [p for p in self.heard(by) if p.icmp == P.ECHO]


class Ha4(Ha):
    name = "ha4"
    words = Ha.words + ("ipv4", HA4)

    def link_up(self):
        super().link_up()
        outside(self, NAT_OUT + "/24", ELSEWHERE + "/24")

    def addresses(self):
        return super().addresses() + ("addr add %s/24 dev eth0" % HA4,)

    def mobile(self, **how):
        return Visitor4(self, **how)


class Mn4(Mn):
    """bus4: its home registrations in UDP, (packet, where from). refresh: of the NAT Detection option in the answers; None:
    there is none."""

    name = "mn4"
    words = Mn.words[:-2] + ("ipv4", AGENT4) + Mn.words[-2:]

    def link_up(self):
        super().link_up()
        outside(self, AGENT4 + "/24", OTHER4 + "/24")

    def start(self):
        self.bus4, self.up4, self.sock = [], [], udp(AGENT4, PORT)
        threading.Thread(target=self.read4, daemon=True).start()
        super().start()

    def as_usual(self):
        super().as_usual()
        self.refresh = 110

    def begin(self):
        self.inside("ip", "-4", "addr", "flush", "dev", "eth0")
        super().begin()

    def read4(self):
        while True:
            data, sender = self.sock.recvfrom(65536)
            p = P.Packet(data)
            with self.wire.news:
                self.wire.bad += ["%s: %s" % (p, b) for b in p.bad]
            if p.mh and p.mh.type == P.BU:
                self.bus4.append((p, sender))
                self.sock.sendto(self.ba4(p), sender)
            else:
                self.up4.append((p, sender))

    def ba4(self, bu, **how):
        options = [] if self.refresh is None else [P.nat(self.refresh)]
        return P.mh_packet(bu.dst, bu.src, P.ba_mh(0, bu.mh.seq, min(bu.mh.life, 100), *options, **how))

    def to_ipv4(self):
        """To a link with IPv4 only, and registered from there: the update."""
        n = len(self.bus4)
        self.unplug()
        run("ip", "link", "set", "w-" + self.name, "up")
        self.inside("ip", "addr", "add", HERE + "/24", "dev", "eth0")
        until(lambda: len(self.bus4) > n, "a home registration in UDP")
        self.mip("mn", "wait", "registered", "timeout", "30")
        return self.bus4[-1]

    def renewed(self, seconds):
        """Does an update come when its clock moves on by so much?"""
        n = len(self.bus4)
        self.jump(seconds)
        self.mip("mn", "wait", "registered", "timeout", "30")
        self.show("mn")
        return len(self.bus4) > n

    def echo_up(self):
        """An echo of its own through the tunnel, as it came: (packet, where from)."""
        n = len(self.up4)
        self.inside("ping", "-6", "-c", "1", "-W", "1", "-I", HOME, "2001:db8:cc::7", check=False)
        until(lambda: len(self.up4) > n, "an echo in UDP")
        return self.up4[-1]

    def down4(self, packet, by=None):
        (by or self.sock).sendto(packet, (HERE, PORT))

