#!/usr/bin/env python3
"""radios.py N: makes N simulated radios (mac80211_hwsim) in this network namespace, interfaces wlan0 and on."""
import socket
import struct
import sys

GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 0x10, 3, 1, 2
NETLINK_GENERIC = 16   # socket does not have it everywhere
NLM_F_REQUEST, NLM_F_ACK, NLMSG_ERROR = 1, 4, 2
HWSIM_CMD_NEW_RADIO = 4


def ask(sock, family, cmd, attrs=b""):
    """The first answer, without its headers."""
    body = struct.pack("=BBH", cmd, 1, 0) + attrs
    sock.send(struct.pack("=IHHII", 16 + len(body), family, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + body)
    answer = sock.recv(8192)
    kind, error = struct.unpack_from("=H", answer, 4)[0], struct.unpack_from("=i", answer, 16)[0]
    if kind == NLMSG_ERROR and error < 0:
        sys.exit(f"radios: error {-error}")
    return answer[20:]


def attr(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def family_of(name):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC) as sock:
        attrs = ask(sock, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, attr(CTRL_ATTR_FAMILY_NAME, name + b"\0"))
    at = 0
    while at < len(attrs):
        length, kind = struct.unpack_from("=HH", attrs, at)
        if kind == CTRL_ATTR_FAMILY_ID:
            return struct.unpack_from("=H", attrs, at + 4)[0]
        at += (length + 3) & ~3
    sys.exit("radios: no mac80211_hwsim")


hwsim = family_of(b"MAC80211_HWSIM")
for _ in range(int(sys.argv[1])):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC) as radio:
        ask(radio, hwsim, HWSIM_CMD_NEW_RADIO)
