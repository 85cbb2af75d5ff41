"""The nodes under test, each in a namespace `NAME` with eth0 on our wire, and the peers that are played against them.

Here is what they have in common, and the correspondent: cn.mobile() is a mobile node it may get to know. The home agent
and the mobile node are in node_ha.py and node_mn.py. A node is started once a file; tests do not share addresses.
"""
import contextlib
import ctypes
import itertools
import json
import mmap
import os
import socket
import struct
import subprocess
import threading
import time

import packet as P
from wire import QUIET, SLOW, Wire, mac

BUILD = os.path.abspath(os.environ.get("MIP_BUILD", os.path.join(os.path.dirname(__file__), "../../build")))
FAR = 0xfe   # the router's link-layer address, and interface identifier
count = itertools.count(1)


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if check and done.returncode:
        raise RuntimeError("%s: %s%s" % (" ".join(command), done.stdout, done.stderr))
    return done


def until(true, what, timeout=30):
    end = time.monotonic() + timeout * SLOW
    while not true():
        assert time.monotonic() < end, "waited in vain for " + what
        time.sleep(0.01)


class Node:
    """addr: its address on the link. Its first router is the played one. Subclasses say how its role is started.
    timeless: from the first test on its clock is moved by jump() and advance() alone, however slow the machine is."""

    name, addr, plen, forwarding, dad, timeless = "node", "2001:db8:c::2", 64, False, False, False
    router = "fe80::fe"

    def __init__(self):
        self.warp_file = "/run/lab/%s.warp" % self.name
        with open(self.warp_file, "wb") as f:
            f.write(bytes(16))
        with open(self.warp_file, "r+b") as f:
            self.warp = mmap.mmap(f.fileno(), 16)
        self.link_up()
        self.wire = Wire("w-" + self.name, mac(1))
        self.start()
        self.pid = self.show("agent")["pid"]
        self.begin()

    def restart(self, **how):
        """Another agent, which knows nothing of the one before."""
        self.stop()
        self.standing = None
        self.start(**how)
        self.pid = self.show("agent")["pid"]

    # --- set-up ---

    def link_up(self):
        ns, peer = self.name, "w-" + self.name
        run("ip", "link", "del", peer, check=False)
        run("ip", "netns", "del", ns, check=False)
        run("ip", "netns", "add", ns)
        run("ip", "link", "add", peer, "type", "veth", "peer", "name", "eth0", "address", mac(1).hex(":"), "netns", ns)
        run("sysctl", "-qw", "net.ipv6.conf.%s.disable_ipv6=1" % peer)
        for key, value in (("accept_dad", int(self.dad)), ("forwarding", int(self.forwarding))):
            for where in ("all", "default", "eth0"):
                self.inside("sysctl", "-qw", "net.ipv6.conf.%s.%s=%d" % (where, key, value))
        run("ip", "link", "set", peer, "up")
        for what in ("link set lo up", "link set eth0 up") + self.addresses():
            run("ip", "-n", ns, *what.split())

    def addresses(self):
        return ("addr add %s/%d dev eth0 nodad" % (self.addr, self.plen),
                "neigh add %s dev eth0 lladdr %s nud permanent" % (self.router, mac(FAR).hex(":")),
                "route add default via %s dev eth0" % self.router)

    def inside(self, *command, check=True):
        return run("nsenter", "--net=/run/netns/" + self.name, "--", *command, check=check)

    def socket(self, kind=socket.SOCK_DGRAM, port=0, address="::"):
        """A socket inside: a namespace is a thread's own matter."""
        made = []

        def make():
            with open("/run/netns/" + self.name) as ns:
                if ctypes.CDLL(None, use_errno=True).setns(ns.fileno(), 0x40000000):   # CLONE_NEWNET
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.socket(socket.AF_INET6, kind))
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        made[0].settimeout(30 * SLOW)
        made[0].bind((address, port))
        return made[0]

    def mip(self, *words, check=True):
        return self.inside(os.path.join(BUILD, "mip"), *words, check=check)

    def mip_warped(self, *words):
        """The same, for what starts the agent: it gets our clock."""
        warped = ["env", "LD_PRELOAD=" + os.path.join(BUILD, "tests/conformance/warp.so"), "MIP_WARP=" + self.warp_file,
                  "ASAN_OPTIONS=verify_asan_link_order=0"]
        return self.inside(*warped, os.path.join(BUILD, "mip"), *words)

    def list(self, *words):
        return json.loads(self.mip("-j", *words).stdout)

    def show(self, what, *words):
        """The first object of `mip WHAT show`, or None."""
        return next(iter(self.list(what, "show", *words)), None)

    def stop(self):
        self.mip("agent", "stop", check=False)

    # --- a test ---

    def begin(self):
        if self.timeless:
            self.stop_clock()
            self.jump(1)   # what is limited by the second is so for each test anew
        self.keep_standing()
        self.at = self.wire.mark()
        with self.wire.news:
            self.wire.bad.clear()

    def end(self):
        assert not self.wire.bad, "what the node sent is malformed:\n" + "\n".join(self.wire.bad)
        assert self.is_alive(), "the agent is gone"

    def is_alive(self):
        return os.path.exists("/proc/%d" % self.pid)

    def story(self):
        return "on the wire since the test began, from the node:\n" + self.wire.story(self.at)

    # --- time ---

    def now(self):
        """The agent's clock: what advance() moves."""
        ahead, since = struct.unpack_from("@qq", self.warp)
        return ahead / 1e6 + (since / 1e6 or time.monotonic())

    def jump(self, seconds):
        struct.pack_into("@q", self.warp, 0, struct.unpack_from("@q", self.warp)[0] + int(seconds * 1e6))

    def stop_clock(self):
        if not struct.unpack_from("@q", self.warp, 8)[0]:
            struct.pack_into("@q", self.warp, 8, int(time.monotonic() * 1e6))

    @contextlib.contextmanager
    def clock_stands(self):
        """Meanwhile only jump() moves the agent's clock, however long a slow machine takes."""
        self.stop_clock()
        try:
            yield
        finally:
            struct.pack_into("@q", self.warp, 8, 0)

    def advance(self, seconds):
        """Moves the agent's clock on, in steps in which the standing binding lives, and waits until what was due is done."""
        while seconds > 0:
            step = min(seconds, 200)
            self.jump(step)
            self.settle()
            self.keep_standing()
            seconds -= step

    # --- questions ---

    def send(self, *packets):
        for p in packets:
            self.wire.send(p)

    def barrier(self):
        """Probes through each way into the agent; back when all are answered. probes(): [(packet, matches)]."""
        mark, probes = self.wire.mark(), self.probes()
        self.send(*(p for p, _ in probes))
        for _, match in probes:
            self.own.add(id(self.wire.expect(match, mark, what="the answer to a probe")))

    own = set()       # answers to probes, by identity: the wire keeps all packets
    standing = None   # a binding that probes use: keep_standing() makes it and keeps it
    bound = 0

    def stand(self, last):
        """Makes or refreshes that binding; None: there is none."""

    def keep_standing(self):
        if not self.standing or self.now() - self.bound > 200:
            self.bound = self.now()
            self.standing = self.stand(self.standing)

    def settle(self):
        """What came in has had all its consequences: one turn of the agent may read two of its sockets in any order."""
        self.barrier()
        self.barrier()

    def ask(self, *packets):
        """Sends these; every packet the node sent because of them, Neighbor Discovery and group membership aside."""
        mark = self.wire.mark()
        self.send(*packets)
        self.settle()
        return self.answers(mark)

    def answers(self, mark):
        return [p for p in self.wire.since(mark) if p.icmp not in QUIET and id(p) not in self.own]

    def one(self, *packets):
        """ask(), and there is exactly one answer."""
        answers = self.ask(*packets)
        assert len(answers) == 1, "%d answers where there should be one" % len(answers)
        return answers[0]

    def silent(self, *packets):
        """ask(), and there is no answer."""
        answers = self.ask(*packets)
        assert not answers, "answered: %s" % "; ".join(map(str, answers))


# --- correspondent -------------------------------------------------------------------------------------------------

class Mobile:
    """A mobile node known by a home address, at a care-of address, as a correspondent sees it. seq: last one used."""

    def __init__(self, node, home=None, coa=None, cn=None):
        n = next(count)
        self.node, self.cn, self.seq = node, cn or node.addr, 1000
        self.home = home or "2001:db8:aa::%x" % n
        self.coa = coa or "2001:db8:f1::%x" % n
        self.cookies = {P.HOTI: struct.pack("!Q", 0xa100 << 32 | n), P.COTI: struct.pack("!Q", 0xc0a << 32 | n)}
        self.tokens = {}

    def init(self, kind=P.HOTI, **how):
        """A Home or Care-of Test Init as it arrives at the correspondent."""
        src = self.home if kind == P.HOTI else self.coa
        return P.mh_packet(src, self.cn, P.hoti_mh(self.cookies[kind], kind), **how)

    def new_place(self):
        """Another care-of address."""
        self.coa = "2001:db8:f2::%x" % next(count)

    def test(self, kind):
        """One of the tests; (nonce index, token) are kept."""
        p = self.node.one(self.init(kind))
        p = p.inner or p   # of a home agent's own mobile node, the Home Test goes through the tunnel
        assert p.mh and p.mh.type == {P.HOTI: P.HOT, P.COTI: P.COT}[kind], p
        self.tokens[kind] = p.mh.nonce, p.mh.token
        return p

    def tests(self):
        self.test(P.HOTI)
        self.test(P.COTI)
        return self

    def key(self, remove=False):
        return P.kbm(self.tokens[P.HOTI][1], b"" if remove else self.tokens[P.COTI][1])

    def bu(self, seq=None, flags=P.ACK, life=60, remove=False, src=None, options=(), nonces=None, key=None, coa=None,
           hao=True, **how):
        """A signed Binding Update as 11.7.2 has it. remove: with lifetime 0, from the care-of address.
        coa: the one the authenticator is over. nonces, key: others than those of the tests; False: none."""
        self.seq = (self.seq + 1 if seq is None else seq) & 0xffff
        if remove:
            life = 0
        if nonces is None:
            nonces = self.tokens[P.HOTI][0], self.tokens.get(P.COTI, (0,))[0]
        end = ([(P.NONCES, struct.pack("!HH", *nonces))] if nonces else []) + ([(P.AUTH, bytes(12))] if key is not False else [])
        message = P.bu_mh(self.seq, flags, life, *options, *end)
        if key is not False:
            message = P.sign(message, key or self.key(remove), coa or (self.home if remove else self.coa), self.cn)
        return P.mh_packet(src or self.coa, self.cn, message, hao_=self.home if hao else None, **how)

    def bind(self, **how):
        """Tests, and an update that is accepted; its acknowledgement."""
        p = self.tests().node.one(self.bu(**how))
        assert p.mh and p.mh.type == P.BA and p.mh.status == 0, "not accepted: %s" % p
        return p

    def echo(self, seq=1, **how):
        """An echo request from the home address, optimized."""
        return P.echo(self.coa, self.cn, seq, hao_=self.home, **how)

    def is_bound(self, coa=None):
        """Does the correspondent send to the care-of address? By its answer to a plain echo request."""
        p = self.node.one(P.echo(self.home, self.cn, 77))
        assert p.icmp == P.REPLY and (p.rh2 is None) == (p.dst == self.home), p
        return p.rh2 == self.home and p.dst == (coa or self.coa)


class Cn(Node):
    """addr2: another address of it."""

    name, addr, addr2, timeless = "cn", "2001:db8:c::2", "2001:db8:c::3", True

    def addresses(self):
        return super().addresses() + ("addr add %s/64 dev eth0 nodad" % self.addr2,)

    def start(self, words=("cn", "start", "test-rate", "100000")):
        self.mip_warped(*words)
        self.probe = itertools.count(1)

    def mobile(self, **how):
        return Mobile(self, **how)

    def probes(self):
        """A Home Test through the raw socket; once there is a binding, an optimized echo: shim, stack, and back."""
        n = struct.pack("!Q", 0xbabe << 32 | next(self.probe))
        out = [(P.mh_packet("2001:db8:ba::1", self.addr, P.hoti_mh(n)),
                lambda p: p.mh and p.mh.type == P.HOT and p.mh.cookie == n)]
        if self.standing:
            out.append((self.standing.echo(data=n),
                        lambda p: p.icmp == P.REPLY and p.rh2 == self.standing.home and p.payload[8:] == n))
        return out

    def stand(self, last):
        m = last or Mobile(self)   # a new one: the last may have been flushed, and is remembered
        m.bind(life=105)
        return m
