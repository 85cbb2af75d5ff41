"""A correspondent played against the mobile node: it answers return routability and Binding Updates by section 9.

What it leaves unanswered is in `mute`; `status` is what it acknowledges updates with. What it got is kept: hoti, coti, bu
are packets as they were on the wire (a Home Test Init in its tunnel), `sent` all of them in their order.
"""
import struct

import packet as P
from nodes import count


class Correspondent:
    def __init__(self, mn):
        n = next(count)
        self.mn, self.addr = mn, "2001:db8:cc::%x" % n
        self.mute, self.status, self.life = set(), 0, None
        self.hoti = self.coti = self.bu = None
        self.tokens = {P.HOT: struct.pack("!Q", 0x4011 << 32 | n), P.COT: struct.pack("!Q", 0xc011 << 32 | n)}
        self.nonces = {P.HOT: 5, P.COT: 9}
        self.sent = []
        mn.peers[self.addr] = self

    def play(self, p):
        """p: a packet to us, perhaps in a tunnel."""
        m = (p.inner or p).mh
        if not m:
            return
        self.sent.append(p)
        if m.type == P.HOTI:
            self.hoti = p
        elif m.type == P.COTI:
            self.coti = p
        elif m.type == P.BU:
            self.bu = p
        if m.type in self.mute:
            return
        answer = {P.HOTI: self.hot, P.COTI: self.cot, P.BU: self.ba}.get(m.type)
        if answer and not (m.type == P.BU and not m.flags & P.ACK):
            self.mn.wire.send(answer(), self.mn.links[self.mn.place].mac if self.mn.place else None)

    # --- what it says ---

    def hot(self, cookie=None, src=None, dst=None, tunnel=True, **how):
        """The Home Test to the last question; through the home agent's tunnel when the mobile node is away."""
        q = self.hoti
        message = P.hot_mh(P.HOT, self.nonces[P.HOT], cookie or (q.inner or q).mh.cookie, self.tokens[P.HOT])
        inner = P.mh_packet(src or self.addr, dst or (q.inner or q).src, message)
        return self.mn.tunnelled(inner, **how) if tunnel and self.mn.place != "home" else inner

    def cot(self, cookie=None, src=None, dst=None, **how):
        message = P.hot_mh(P.COT, self.nonces[P.COT], cookie or self.coti.mh.cookie, self.tokens[P.COT])
        return P.mh_packet(src or self.addr, dst or self.coti.src, message, **how)

    def key(self, bu=None):
        return P.kbm(self.tokens[P.HOT], self.tokens[P.COT] if (bu or self.bu).mh.life else b"")

    def ba(self, bu=None, status=None, life=None, seq=None, key=None, src=None, options=(), trail=(), **how):
        """The acknowledgement of that update, signed. key=False: unsigned. trail: options behind the authenticator."""
        bu = bu or self.bu
        life = (bu.mh.life if self.life is None else self.life) if life is None else life
        status = self.status if status is None else status
        message = P.ba_mh(status, bu.mh.seq if seq is None else seq, life, *options,
                          *([] if key is False else [(P.AUTH, bytes(12))]), *trail)
        if key is not False:
            coa = bu.src if bu.mh.life else bu.hao or bu.src
            at = message.index(bytes([P.AUTH, 12]) + bytes(12)) + 2
            message = message[:at] + P.authenticator(key or self.key(bu), coa, self.addr, message[:at]) + message[at + 12:]
        away = {"rh2_": bu.hao} if bu.hao else {}
        return P.mh_packet(src or self.addr, bu.src, message, **{**away, **how})

    def error(self, p, code=1, kind=P.PARAM):
        """An ICMPv6 error of ours about packet p, which is quoted; to where it came from."""
        q = p.inner or p
        answer = P.icmp_packet(self.addr, q.src, kind, code, struct.pack("!I", 6 if not q.ext else 40) + q.raw)
        return self.mn.tunnelled(answer) if p.inner else answer

    def binding_error(self, status=1, home=None, src=None):
        return P.mh_packet(src or self.addr, self.mn.coa, P.be_mh(status, home or self.mn.addr))

    def refresh(self, src=None):
        """A Binding Refresh Request: to the home address, through the tunnel (9.5.5)."""
        return self.mn.tunnelled(P.mh_packet(src or self.addr, self.mn.addr, P.brr_mh()))

    def echo(self, seq=1, data=b"conform!", direct=False):
        """An echo request to the home address: through the tunnel, or direct with a type 2 routing header."""
        if direct:
            return P.echo(self.addr, self.mn.coa, seq, data=data, rh2_=self.mn.addr)
        return self.mn.tunnelled(P.echo(self.addr, self.mn.addr, seq, data=data))

    # --- what is done with it ---

    def want(self):
        """The mobile node is to optimize the way to us from now on, with or without traffic."""
        self.mn.mip("ro", "add", "peer", self.addr + "/128", "policy", "always")
        self.mn.settle()
        return self

    def optimize(self):
        """The whole procedure; the Binding Update that was accepted."""
        self.want()
        self.mn.mip("ro", "wait", "optimized", "peer", self.addr, "timeout", "30")
        return self.bu

    def forget(self):
        """The mobile node gives up what it has with us, and says no more."""
        self.mute, self.status, self.life = set(), 0, None
        self.mn.mip("ro", "add", "peer", self.addr + "/128", "policy", "never")
        self.mn.mip("ro", "del", "peer", self.addr + "/128")

    def state(self):
        e = self.mn.show("ro", "peer", self.addr)
        return e["state"] if e else None

    def reply(self, **how):
        """How the mobile node answers an echo request of ours: the packet as it was on the wire."""
        seq = next(count) & 0xffff
        answers = [p for p in self.mn.ask(self.echo(seq=seq, **how)) if (p.inner or p).icmp == P.REPLY
                   and (p.inner or p).seq == seq]
        assert len(answers) == 1, "%d replies" % len(answers)
        return answers[0]

    def is_optimized(self):
        """Does the mobile node send to us from its care-of address, with a Home Address option?"""
        p = self.reply()
        return p.inner is None and p.hao == self.mn.addr and p.src == self.mn.coa

    def got(self, kind, since=0):
        return [p for p in self.sent[since:] if (p.inner or p).mh.type == kind]
