"""One end of a link, at link layer: frames in and out, and the hosts that are played there answer Neighbor Solicitations.

A thread reads, so nothing is lost and neighbours are answered while a test does something else. Whatever the node under
test sends is looked at: a packet that breaks the format the RFCs give it fails the test in which it was seen.
"""
import os
import socket
import struct
import threading
import time
import traceback

import packet as P

SLOW = float(os.environ.get("MIP_SLOW", "1"))
SO_TIMESTAMPNS = 35   # asm-generic/socket.h
BROADCAST = b"\x33\x33"
QUIET = {130, 131, 132, P.RS, P.RA, P.NS, P.NA, 143}   # what a node says of itself: no answers


class Timeout(AssertionError):
    pass


def arrived(about):
    """When the kernel took the packet, by time.monotonic(): a slow machine's reader looks later."""
    for level, kind, data in about:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            s, ns = struct.unpack("@ll", data[:16])
            return time.monotonic() - time.time() + s + ns / 1e9
    return time.monotonic()


def mac(n):
    return bytes([2, 0, 0, 0, 0, n])


class Wire:
    """router_mac: from whom packets seem to come; node_mac: the node's."""

    def __init__(self, device, node_mac, router_mac=mac(0xfe)):
        self.node_mac, self.router_mac = node_mac, router_mac
        self.hosts = {}          # address -> link-layer address: asked for, answered
        self.routers = set()     # those of them that say they are routers
        self.seen, self.bad = [], []
        self.on_packet = []      # callables that see every packet first (a router, a home agent that is played)
        self.news = threading.Condition()
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.sock.bind((device, 0x86dd))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                frame, about, _, where = self.sock.recvmsg(65536, 64)
            except OSError:   # the link went down
                continue
            if where[2] == socket.PACKET_OUTGOING or len(frame) < 54:
                continue
            try:
                p = P.Packet(frame[14:14 + 40 + struct.unpack_from("!H", frame, 18)[0]], frame[6:12], frame[:6],
                             arrived(about))
            except (IndexError, struct.error) as e:
                with self.news:
                    self.bad.append("%s in %s" % (e, frame.hex()))
                continue
            self._play(p)
            with self.news:
                self.bad += ["%s: %s" % (p, b) for b in p.bad]
                self.seen.append(p)
                self.news.notify_all()

    def _play(self, p):
        """What is played answers. A fault of a player fails the test, and the wire lives on."""
        try:
            self._neighbours(p)
            for see in list(self.on_packet):
                see(p)
        except OSError:   # an answer on a link that just went down is lost, as on any
            pass
        except Exception:
            with self.news:
                self.bad.append("while %s was answered: %s" % (p, traceback.format_exc()))

    def _neighbours(self, p):
        """RFC 4861 7.2.4; a probe for a host's address (from ::) is answered to all."""
        if p.icmp != P.NS or P.addr(p.target) not in self.hosts:
            return
        at = self.hosts[P.addr(p.target)]
        to = ("ff02::1", BROADCAST + bytes([0, 0, 0, 1])) if p.src == "::" else (p.src, p.mac_from)
        flags = (0x20 if p.src == "::" else 0x60) | 0x80 * (P.addr(p.target) in self.routers)
        self.send(P.na_packet(p.target, to[0], p.target, at, flags=flags), at, to[1])

    def host(self, address, at=None, router=False):
        self.hosts[P.addr(address)] = at or self.router_mac
        if router:
            self.routers.add(P.addr(address))

    def send(self, packet, mac_from=None, mac_to=None):
        dst = packet[24:40]
        if not mac_to:
            mac_to = BROADCAST + dst[12:] if dst[0] == 0xff else self.node_mac
        self.sock.send(mac_to + (mac_from or self.router_mac) + b"\x86\xdd" + packet)

    def mark(self):
        """What is seen from now on: pass it to expect() and since()."""
        with self.news:
            return len(self.seen)

    def since(self, mark):
        with self.news:
            return self.seen[mark:]

    def expect(self, match, mark=0, timeout=30, what=""):
        """The first packet since the mark that matches; waits until the deadline for it."""
        end = time.monotonic() + timeout * SLOW
        with self.news:
            at = mark
            while True:
                while at < len(self.seen):
                    if match(self.seen[at]):
                        return self.seen[at]
                    at += 1
                left = end - time.monotonic()
                if left <= 0 or not self.news.wait(left):
                    if at >= len(self.seen):
                        raise Timeout("%s did not come in %g s; came:\n%s" % (
                            what or "what was waited for", timeout * SLOW, self.story(mark)))

    def story(self, mark=0):
        return "\n".join("    %s" % p for p in self.seen[mark:][-20:]) or "    nothing"
