#!/usr/bin/env python3
"""Stands in for mipd, mip-ctl(7): fake_agent.py DIR N. Serves one client at a time; a BINDING_GET has N records."""
import os, socket, struct, sys

HELLO, BINDING_GET, DONE = 16, 19, 3
path = f"{sys.argv[1]}/{os.stat('/proc/self/ns/net').st_ino}.sock"

def attr(number, value):
    return struct.pack("=HH", 4 + len(value), number) + value + bytes(-len(value) % 4)

def message(kind, sequence, body=b""):
    return struct.pack("=IHHII", 16 + len(body), kind, 2, sequence, 0) + body

def binding(i):
    suffix = struct.pack(">Q", i + 0x10000)
    return (attr(22, b"binding\0") + attr(1, b"\x20\x01\x0d\xb8\0\1\0\0" + suffix) + attr(2, b"\x20\x01\x0d\xb8\0\xf1\0\0" + suffix)
            + attr(3, b"\x20\x01\x0d\xb8\0\1" + bytes(9) + b"\1") + attr(13, struct.pack("=I", 2)) + attr(12, b"AH\0")
            + attr(11, struct.pack("=H", i & 0xffff)) + attr(8, struct.pack("=I", 600)) + attr(9, struct.pack("=I", i % 600))
            + attr(10, struct.pack("=I", 7)) + attr(18, b"\0"))

n = int(sys.argv[2])
bindings = [binding(i * 7919 % n) for i in range(n)]   # each once, in no order
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.bind(path)
server.listen()
print("ready", flush=True)
while True:
    client, _ = server.accept()
    try:
        while request := client.recv(4096):
            _, kind, _, sequence, _ = struct.unpack_from("=IHHII", request)
            for record in {HELLO: [attr(56, struct.pack("=I", 1))], BINDING_GET: bindings}.get(kind, []):
                client.send(message(kind, sequence, record))
            client.send(message(DONE, sequence, bytes(4)))
    except OSError:
        pass    # it went away
    client.close()
