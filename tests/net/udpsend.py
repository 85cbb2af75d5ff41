#!/usr/bin/env python3
"""Sends one datagram to UDP port 4191 as an attacker may: any outer source, any IPv6 packet in it.

    udpsend.py SOURCE PORT HOME-AGENT-IPV4 data HOME PEER            an echo request from HOME to PEER
    udpsend.py SOURCE PORT HOME-AGENT-IPV4 bu HOME AGENT SEQUENCE LIFETIME    a Binding Update that says it is at SOURCE
    udpsend.py SOURCE PORT HOME-AGENT-IPV4 noise COUNT SEED          random octets, and packets cut short
"""
import ipaddress
import random
import socket
import struct
import sys


def ip(text):
    return ipaddress.ip_address(text).packed


def total(data):
    data += b"\0" * (len(data) % 2)
    n = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff


def packet(src, dst, proto, at, body):
    """An IPv6 packet, whose upper header has its checksum at that offset."""
    pseudo = ip(src) + ip(dst) + struct.pack("!IHBB", len(body), 0, 0, proto)
    body = body[:at] + struct.pack("!H", total(pseudo + body)) + body[at + 2:]
    return struct.pack("!IHBB", 6 << 28, len(body), proto, 64) + ip(src) + ip(dst) + body


def echo(home, peer):
    return packet(home, peer, 58, 2, struct.pack("!BBHHH", 128, 0, 0, 7, 1))


def update(source, home, agent, sequence, lifetime):
    mh = struct.pack("!BBBBHHHH", 59, 2, 5, 0, 0, sequence, 0xc100, lifetime) + b"\x20\x06\0\0" + ip(source) + b"\x01\x02\0\0"
    return packet(home, agent, 135, 4, mh)


def main(source, port, to, what, *rest):
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def send(inner):
        udp = struct.pack("!HHHH", int(port), 4191, 8 + len(inner), 0) + inner
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, ip(source), ip(to))
        raw.sendto(head + udp, (to, 0))

    if what == "data":
        send(echo(*rest))
    elif what == "bu":
        send(update(source, rest[0], rest[1], int(rest[2]), int(rest[3])))
    else:
        pick = random.Random(int(rest[1]))
        whole = update(source, "2001:db8:99::1", "2001:db8:1::1", 1, 10)   # unharmed, it is refused
        for _ in range(int(rest[0])):
            bad = bytearray(whole[:pick.randrange(len(whole) + 1)] + pick.randbytes(pick.choice((0, 0, 7, 900))))
            for _ in range(pick.randrange(4)):
                if bad:
                    bad[pick.randrange(len(bad))] = pick.randrange(256)
            send(bytes(bad))


main(*sys.argv[1:])
