"""The home agent under test: ha.mobile() is a mobile node of it, played from beyond a router on the home link."""
import itertools
import struct

import packet as P
from nodes import Mobile, Node, count, run, until

PREFIX = "2001:db8:1::"
ASKER = "2001:db8:cc::a5"   # from here is_bound() sends; that nobody answers at home the kernel says seconds later
NOT_HERE = 133   # what a de-registration of nothing gets: the answer to our probes


class Visitor:
    """A mobile node of the home agent, away from home."""

    def __init__(self, node, home=None, coa=None):
        n = next(count)
        self.node, self.ha, self.seq = node, node.addr, 1000
        self.home = home or PREFIX + "a:%x" % n
        self.coa = coa or "2001:db8:f1::%x" % n

    def bu(self, seq=None, flags=P.ACK | P.HOME, life=60, options=(), src=None, hao=True, **how):
        """A home registration as 11.7.1 has it, without IPsec. hao=False: from the home address, src."""
        self.seq = (self.seq + 1 if seq is None else seq) & 0xffff
        return P.mh_packet(src or (self.coa if hao else self.home), self.ha, P.bu_mh(self.seq, flags, life, *options),
                           hao_=self.home if hao else None, **how)

    def bind(self, **how):
        """Registers; over Duplicate Address Detection, when it is new. Its acknowledgement."""
        mark = self.node.wire.mark()
        answers = self.node.ask(self.bu(**how))
        if not answers:
            self.node.wire.expect(lambda p: p.icmp == P.NS and p.target == self.home and p.src == "::", mark, what="a probe")
            self.node.jump(1.05)
            self.node.settle()
            answers = self.node.answers(mark)
        assert len(answers) == 1, "%d acknowledgements" % len(answers)
        p = answers[0]
        assert p.mh and p.mh.type == P.BA and p.mh.status < 128, "not accepted: %s" % p
        return p

    def unbind(self):
        p = self.node.one(self.bu(life=0))
        assert p.mh and p.mh.type == P.BA and p.mh.status == 0, p

    def up(self, inner, src=None):
        """A packet through the reverse tunnel."""
        return P.tunnelled(src or self.coa, self.ha, inner)

    def echo(self, seq=1, data=b"conform!", **how):
        """An echo request to the home agent, through the tunnel."""
        return self.up(P.echo(self.home, self.ha, seq, data=data), **how)

    def is_bound(self, coa=None):
        """Are packets for the home address tunnelled? By one from the Internet: it comes in by the home link's router."""
        answers = self.node.ask(P.echo(ASKER, self.home, 78))
        return any(p.inner and p.dst == (coa or self.coa) and p.src == self.ha and p.inner.dst == self.home for p in answers)


class Ha(Node):
    """words: more of `mip ha start`."""

    name, addr, forwarding, timeless = "ha", PREFIX + "1", True, True
    words = ("insecure", "max-prefix-interval", "0")

    def start(self):
        self.inside("sysctl", "-qw", "net.ipv6.conf.all.accept_dad=1", "net.ipv6.conf.eth0.accept_dad=1")
        until(lambda: "tentative" not in self.inside("ip", "-6", "addr", "show", "dev", "eth0").stdout, "the addresses")
        self.mip_warped("ha", "start", "dev", "eth0", "radvd", "no", *self.words)
        self.probe = itertools.count(1)

    def mobile(self, **how):
        return Visitor(self, **how)

    def correspondent_of(self, visitor):
        """The same mobile node, as a correspondent of the home agent."""
        self.wire.host(visitor.home)
        m = Mobile(self, home=visitor.home, coa=visitor.coa)
        m.seq = visitor.seq
        return m

    def own_address(self, address, verb="add"):
        """Its address in another home prefix; back when the agent knows."""
        run("ip", "-n", self.name, "addr", verb, address + "/64", "dev", "eth0", *(["nodad"] if verb == "add" else []))
        until(lambda: (address in [e["address"] for e in self.list("ha", "list")]) == (verb == "add"),
              "the agent to see " + address)

    def own_ra(self, prefix, valid, preferred, flags=0xe0, **how):
        """What its own radvd says of that prefix: the R bit, and its address there."""
        option = P.prefix_option(prefix + "1", flags=flags, valid=valid, preferred=preferred)
        self.send(P.ra_packet("fe80::1234", option, **how))

    def anycast(self, prefix=PREFIX):
        """The home agents' anycast address of that prefix (RFC 2526)."""
        return P.text(P.addr(prefix)[:8] + bytes.fromhex("fdfffffffffffffe"))

    def discover(self, src="2001:db8:cc::7", to=None, ident=None):
        """The answers to a Home Agent Address Discovery Request."""
        ident = next(self.probe) & 0xffff if ident is None else ident
        return self.ask(P.icmp_packet(src, to or self.anycast(), P.DHAAD_REQ, 0, struct.pack("!HH", ident, 0)))

    def agents(self, **how):
        """The addresses in that answer, in their order."""
        (p,) = self.discover(**how)
        assert p.icmp == P.DHAAD_REP, p
        return [P.text(p.payload[at:at + 16]) for at in range(8, len(p.payload), 16)]

    def stand(self, last):
        m = last or Visitor(self, home=PREFIX + "ba:1", coa="2001:db8:ba::3")
        m.bind(life=1000)
        return m

    def answers(self, mark):
        return [p for p in super().answers(mark) if not (p.icmp == P.UNREACH and p.dst == ASKER)]

    def probes(self):
        """De-registrations of nothing: through the raw socket and through the shim. An echo through the tunnel and back.
        What refuses strangers is limited, a fourth of HA_REFUSAL_RATE for a network, and both are of one: time goes on, so
        that one test's probes do not take the answers from the next one's."""
        self.jump(0.02)
        n = next(self.probe) & 0xffff
        out = []
        for hao, to in ((None, "2001:db8:ba::2"), (PREFIX + "ba:4", "2001:db8:ba::5")):
            out.append((P.mh_packet(to, self.addr, P.bu_mh(n, P.ACK | P.HOME, 0), hao_=hao),
                        lambda p, to=to: p.dst == to and p.mh and p.mh.type == P.BA and p.mh.status == NOT_HERE and p.mh.seq == n))
        if self.standing:
            data = struct.pack("!Q", 0xbabe << 32 | n)
            out.append((self.standing.echo(data=data),
                        lambda p: p.inner and p.inner.icmp == P.REPLY and p.inner.payload[8:] == data))
        return out
