"""Packets as bytes: what the peers of the conformance tests send, and what they read.

Written from the RFCs alone (RFC 8200, 4443, 4861, 6275, 3963, 5555), and nothing of the agent's code is used: an error of ours
must not cancel itself out. Addresses are text outside and 16 octets inside. Builders take any nonsense a test wants.
"""
import hashlib
import hmac
import socket
import struct

HOPOPTS, ROUTING, FRAGMENT, ESP, DSTOPTS, NONE, IPV6, ICMP, UDP, MH = 0, 43, 44, 50, 60, 59, 41, 58, 17, 135
BRR, HOTI, COTI, HOT, COT, BU, BA, BE = range(8)
ACK, HOME, LINKLOCAL, KEYMNG, ROUTER, FORCE = 0x8000, 0x4000, 0x2000, 0x1000, 0x0400, 0x0100   # flags of a Binding Update
ROUTED = 0x40                                                   # R of a Binding Acknowledgement
PAD1, PADN, REFRESH, ALT_COA, NONCES, AUTH, NETWORK = range(7)  # mobility options
NAT, IPV4_COA = 31, 32                                          # and of RFC 5555
UNREACH, TOO_BIG, TIME_EXCEEDED, PARAM, ECHO, REPLY = 1, 2, 3, 4, 128, 129
ALIGNED = {REFRESH: (2, 0), ALT_COA: (8, 6), NONCES: (2, 0), AUTH: (8, 2), NETWORK: (8, 4), NAT: (4, 0), IPV4_COA: (4, 0)}   # option: (multiple, rest)
RS, RA, NS, NA, DHAAD_REQ, DHAAD_REP, MPS, MPA = 133, 134, 135, 136, 144, 145, 146, 147


def addr(text):
    return text if isinstance(text, bytes) else socket.inet_pton(socket.AF_INET6, text)


def text(octets):
    return socket.inet_ntop(socket.AF_INET6, octets)


def link_local(home):
    """The link-local address with the interface identifier of this one."""
    return text(addr("fe80::")[:8] + addr(home)[8:])


def checksum(src, dst, proto, data):
    data = addr(src) + addr(dst) + struct.pack("!II", len(data), proto) + data
    total = sum(struct.unpack("!%dH" % ((len(data) + 1) // 2), data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


# --- building ------------------------------------------------------------------------------------------------------

def ip6(src, dst, proto, payload, ext=(), hops=64, plen=None):
    """ext: extension headers in order, each (protocol, octets from its second on)."""
    body, chain = payload, proto
    for header, rest in reversed(ext):
        body, chain = bytes([chain]) + rest + body, header
    return struct.pack("!IHBB", 6 << 28, len(body) if plen is None else plen, chain, hops) + addr(src) + addr(dst) + body


def hao(home):
    """A destination options header with a Home Address option, aligned 8n+6 (6.3)."""
    return DSTOPTS, bytes([2, PADN, 2, 0, 0, 201, 16]) + addr(home)


def dstopts(options):
    """A destination options header of these octets, padded."""
    return DSTOPTS, opt_header(options)


def hopopts(options=b""):
    return HOPOPTS, opt_header(options)


def opt_header(options):
    options += pad(len(options) + 2)
    return bytes([(len(options) + 2) // 8 - 1]) + options


def rh2(home, left=1, length=2, more=b""):
    """A type 2 routing header (6.4)."""
    return ROUTING, bytes([length, 2, left, 0, 0, 0, 0]) + addr(home) + more


def pad(at, multiple=8, rest=0):
    """Padding that brings offset `at` to rest modulo multiple."""
    n = (rest - at) % multiple
    return b"" if n == 0 else b"\0" if n == 1 else bytes([PADN, n - 2]) + bytes(n - 2)


def option(kind, data):
    return bytes([kind, len(data)]) + data


def mh(kind, body, options=b"", proto=NONE, length=None, reserved=0):
    """A Mobility Header, its checksum still 0. Options are padded to 8 octets at their end."""
    data = bytes(6) + body + options
    data += pad(len(data))
    return bytes([proto, len(data) // 8 - 1 if length is None else length, kind, reserved, 0, 0]) + data[6:]


def aligned(body, *options):
    """Options in this order behind a body, each (type, data), aligned as 6.2 wants them."""
    at, out = 6 + len(body), b""
    for kind, data in options:
        out += pad(at + len(out), *ALIGNED.get(kind, (1, 0))) + option(kind, data)
    return out


def network(prefix):
    """A Mobile Network Prefix option (RFC 3963 4.3) of "ADDRESS/LENGTH", for bu_mh()."""
    at, length = prefix.split("/")
    return NETWORK, bytes([0, int(length)]) + addr(at)


def ipv4_coa(address):
    """An IPv4 Care-of Address option (RFC 5555 3.1.2), for bu_mh()."""
    return IPV4_COA, bytes(2) + socket.inet_aton(address)


def nat(refresh, forced=True):
    """A NAT Detection option (RFC 5555 3.2.2), for ba_mh()."""
    return NAT, struct.pack("!HI", 0x8000 * forced, refresh)


def hoti_mh(cookie, kind=HOTI):
    return mh(kind, bytes(2) + cookie)


def bu_mh(seq, flags, life, *options):
    body = struct.pack("!HHH", seq & 0xffff, flags, life)
    return mh(BU, body, aligned(body, *options))


def ba_mh(status, seq, life, *options, flags=0):
    body = struct.pack("!BBHH", status, flags, seq & 0xffff, life)
    return mh(BA, body, aligned(body, *options))


def hot_mh(kind, nonce, cookie, token):
    return mh(kind, struct.pack("!H", nonce) + cookie + token)


def be_mh(status, home="::"):
    return mh(BE, bytes([status, 0]) + addr(home))


def brr_mh():
    return mh(BRR, bytes(2))


def kbm(home_token, coa_token=b""):
    return hashlib.sha1(home_token + coa_token).digest()


def authenticator(key, coa, cn, data):
    """6.2.7: data is the Mobility Header with checksum 0, up to the authenticator's own octets."""
    return hmac.new(key, addr(coa) + addr(cn) + data, hashlib.sha1).digest()[:12]


def sign(message, key, coa, cn):
    """A Mobility Header whose last option is an authenticator of 12 octets: fills that in."""
    return message[:-12] + authenticator(key, coa, cn, message[:-12])


def summed(src, dst, proto, data, at):
    data = data[:at] + b"\0\0" + data[at + 2:]
    return data[:at] + struct.pack("!H", checksum(src, dst, proto, data)) + data[at + 2:]


def mh_packet(src, dst, message, ext=(), hao_=None, rh2_=None, hops=64, trail=b""):
    """ext is as given; hao_ and rh2_ are put in as they belong, and the checksum is over what they name (6.1.1)."""
    ext = list(ext) + ([rh2(rh2_)] if rh2_ else []) + ([hao(hao_)] if hao_ else [])
    return ip6(src, dst, MH, summed(hao_ or src, rh2_ or dst, MH, message, 4) + trail, ext, hops)


def icmp_packet(src, dst, kind, code, body, ext=(), hao_=None, rh2_=None, hops=64):
    ext = list(ext) + ([rh2(rh2_)] if rh2_ else []) + ([hao(hao_)] if hao_ else [])
    data = summed(hao_ or src, rh2_ or dst, ICMP, bytes([kind, code, 0, 0]) + body, 2)
    return ip6(src, dst, ICMP, data, ext, hops)


def echo(src, dst, seq, data=b"conform!", kind=ECHO, **how):
    return icmp_packet(src, dst, kind, 0, struct.pack("!HH", 0x6275, seq & 0xffff) + data, **how)


def udp_packet(src, dst, sport, dport, data, ext=(), hao_=None, rh2_=None, hops=64):
    ext = list(ext) + ([rh2(rh2_)] if rh2_ else []) + ([hao(hao_)] if hao_ else [])
    head = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    return ip6(src, dst, UDP, summed(hao_ or src, rh2_ or dst, UDP, head + data, 6), ext, hops)


def tunnelled(src, dst, inner, hops=64):
    return ip6(src, dst, IPV6, inner, hops=hops)


def lladdr_option(kind, mac):
    return bytes([kind, 1]) + mac


def ns_packet(src, target, mac=None, dst=None):
    group = addr("ff02::1:ff00:0")[:13] + addr(target)[13:]
    options = lladdr_option(1, mac) if mac else b""
    return icmp_packet(src, dst or group, NS, 0, bytes(4) + addr(target) + options, hops=255)


def na_packet(src, dst, target, mac, flags=0x60):
    return icmp_packet(src, dst, NA, 0, bytes([flags, 0, 0, 0]) + addr(target) + lladdr_option(2, mac), hops=255)


def prefix_option(prefix, plen=64, flags=0xc0, valid=86400, preferred=86400):
    """flags: 0x80 on-link, 0x40 autonomous, 0x20 router address (7.2)."""
    return bytes([3, 4, plen, flags]) + struct.pack("!III", valid, preferred, 0) + addr(prefix)


def ha_info_option(preference, lifetime, routers=False):
    """routers: R, it serves mobile routers (RFC 3963 7.3)."""
    return bytes([8, 1, 0x80 * routers, 0]) + struct.pack("!HH", preference, lifetime)


def interval_option(ms):
    return bytes([7, 1, 0, 0]) + struct.pack("!I", ms)


def ra_packet(src, options, dst="ff02::1", lifetime=1800, flags=0, hops=255):
    """flags: 0x80 managed, 0x40 other, 0x20 home agent (7.1)."""
    return icmp_packet(src, dst, RA, 0, struct.pack("!BBHII", 64, flags, lifetime, 0, 0) + options, hops=hops)


# --- reading -------------------------------------------------------------------------------------------------------

class Mobility:
    """A Mobility Header's fields; which there are depends on the type. options: {type: data}, in their order; networks:
    of each Mobile Network Prefix option "PREFIX/LENGTH"."""

    def __init__(self, data):
        self.data = data
        self.proto, self.length, self.type, self.reserved, self.sum = struct.unpack_from("!BBBBH", data)
        self.end = 8 * (self.length + 1)
        self.options, self.networks, self.bad = {}, [], []
        body = data[6:]
        fixed = {BRR: 2, HOTI: 10, COTI: 10, HOT: 18, COT: 18, BU: 6, BA: 6, BE: 18}.get(self.type)
        if fixed is None or len(body) < fixed:
            self.bad.append("type %d of %d octets" % (self.type, len(data)))
            return
        if self.type in (HOTI, COTI):
            self.cookie = body[2:10]
        elif self.type in (HOT, COT):
            self.nonce, self.cookie, self.token = struct.unpack_from("!H8s8s", body)
        elif self.type == BU:
            self.seq, self.flags, self.life = struct.unpack_from("!HHH", body)
        elif self.type == BA:
            self.status, self.flags, self.seq, self.life = struct.unpack_from("!BBHH", body)
        elif self.type == BE:
            self.status, self.home = body[0], text(body[2:18])
        self._options(6 + fixed)

    def _options(self, at):
        while at < self.end:
            kind, self.last = self.data[at], at
            if kind == PAD1:
                at += 1
                continue
            if at + 2 > self.end or at + 2 + self.data[at + 1] > self.end:
                self.bad.append("option %d at %d runs over the end" % (kind, at))
                return
            value = self.data[at + 2:at + 2 + self.data[at + 1]]
            multiple, rest = ALIGNED.get(kind, (1, 0))
            if at % multiple != rest:
                self.bad.append("option %d at %d, not %dn+%d" % (kind, at, multiple, rest))
            if kind == PADN and any(value):
                self.bad.append("padding is not zero")
            if kind == NETWORK:
                self._network(value)
            if kind != PADN:
                self.options[kind] = value
                if kind == AUTH and at + 2 + len(value) != self.end:
                    self.bad.append("an authenticator that is not the last")
            at += 2 + len(value)

    def _network(self, value):
        if len(value) != 18 or value[0]:
            self.bad.append("Mobile Network Prefix option: %s" % value.hex())
        self.networks.append("%s/%d" % (text(value[2:18].ljust(16, b"\0")), value[1]))

    def __str__(self):
        name = "BRR HoTI CoTI HoT CoT BU BA BE".split()
        fields = {k: v.hex() if isinstance(v, bytes) else v for k, v in self.__dict__.items()
                  if k in "nonce cookie token seq flags life status home".split()}
        options = {k: v.hex() for k, v in self.options.items()}
        return "%s %s%s" % (name[self.type] if self.type < 8 else self.type,
                            " ".join("%s=%s" % f for f in fields.items()), " %s" % options if options else "")


class Packet:
    """One IPv6 packet as it was on the wire. inner: the packet in a tunnel. bad: what is wrong with it by the RFCs."""

    def __init__(self, raw, mac_from=b"", mac_to=b"", when=0.0):
        self.raw, self.mac_from, self.mac_to, self.when = raw, mac_from, mac_to, when
        self.plen, self.first, self.hops, src, dst = struct.unpack_from("!4xHBB16s16s", raw)
        self.src, self.dst, self.ext = text(src), text(dst), []
        self.hao = self.rh2 = self.mh = self.icmp = self.inner = None
        self.bad = [] if self.plen == len(raw) - 40 else ["Payload Length %d of %d" % (self.plen, len(raw) - 40)]
        self.fragment = False
        self._walk()
        self._upper()

    def _walk(self):
        at, proto = 40, self.first
        while proto in (HOPOPTS, ROUTING, FRAGMENT, DSTOPTS) and at + 8 <= len(self.raw):
            size = 8 if proto == FRAGMENT else 8 * (self.raw[at + 1] + 1)
            self.ext.append(proto)
            if proto == FRAGMENT:
                self.fragment = self.raw[at + 2:at + 4] != b"\0\0"
            if proto == ROUTING and self.raw[at + 2] == 2:
                self.rh2, self.segments_left = text(self.raw[at + 8:at + 24]), self.raw[at + 3]
                if self.raw[at + 1] != 2 or self.raw[at + 4:at + 8] != bytes(4):
                    self.bad.append("routing header: %s" % self.raw[at:at + 8].hex())
            if proto == DSTOPTS:
                self._destination_options(at + 2, at + size)
            proto, at = self.raw[at], at + size
        self.proto, self.upper_at = proto, at

    def _destination_options(self, at, end):
        while at < end:
            if self.raw[at] == 0:
                at += 1
                continue
            if self.raw[at] == 201:
                self.hao = text(self.raw[at + 2:at + 18])
                if self.raw[at + 1] != 16 or at % 8 != 6:
                    self.bad.append("Home Address option of %d octets at %d" % (self.raw[at + 1], at))
            at += 2 + self.raw[at + 1]

    def _upper(self):
        data = self.raw[self.upper_at:]
        self.payload = data
        if self.fragment:
            return
        if self.proto == IPV6 and len(data) >= 40:
            self.inner = Packet(data)
        elif self.proto == ICMP and len(data) >= 4:
            self.icmp, self.code = data[0], data[1]
            self._sum(data)
        elif self.proto == MH and len(data) >= 8:
            self.mh = Mobility(data)
            self._sum(data)
            self._mobility(data)

    def _sum(self, data):
        if checksum(self.hao or self.src, self.rh2 or self.dst, self.proto, data):
            self.bad.append("a wrong checksum")

    def _mobility(self, data):
        m = self.mh
        if m.end != len(data):
            self.bad.append("Header Len %d of %d octets" % (m.length, len(data)))
        if m.proto != NONE or m.reserved:
            self.bad.append("Payload Proto %d, Reserved %d" % (m.proto, m.reserved))
        self.bad += m.bad

    # of ICMPv6
    target = property(lambda p: text(p.payload[8:24]))           # NS, NA
    word = property(lambda p: struct.unpack_from("!I", p.payload, 4)[0])   # pointer, MTU, NA flags
    seq = property(lambda p: struct.unpack_from("!H", p.payload, 6)[0])    # echo
    quoted = property(lambda p: p.payload[8:])                   # errors

    def nd_options(self):
        """(type, data) of each option of NS, NA, RS, RA, MPA."""
        at = {NS: 24, NA: 24, RS: 8, RA: 16, MPA: 8}[self.icmp]
        while at + 8 <= len(self.payload) and self.payload[at + 1]:
            size = 8 * self.payload[at + 1]
            yield self.payload[at], self.payload[at:at + size]
            at += size

    def __str__(self):
        out = "%s > %s" % (self.src, self.dst)
        if self.rh2:
            out += " RH2 %s" % self.rh2
        if self.hao:
            out += " HAO %s" % self.hao
        if self.mh:
            out += " " + str(self.mh)
        elif self.inner:
            out += " [%s]" % self.inner
        elif self.icmp is not None:
            out += " ICMPv6 %d/%d %s" % (self.icmp, self.code, self.payload[4:32].hex())
        else:
            out += " proto %d, %d octets" % (self.proto, len(self.payload))
        return out
