#!/usr/bin/env python3
"""A bad client of mipd's socket: hostile.py SEED. 10,000 connections that say garbage, half a message, or a request whose
answer nobody reads, as many at once as there are; prints how many it made and how many it held to the end."""
import os, random, socket, struct, sys

draw = random.Random(int(sys.argv[1]))
inode = os.stat("/proc/self/ns/net").st_ino
path = f"{os.environ.get('MIP_RUN_DIR', '/run/mip')}/{inode}.sock"
HELLO, BINDING_GET, MONITOR, BEGIN, PROTOCOL = 16, 19, 32, 33, 56

def message(command, body=b""):
    return struct.pack("=IHHII", 16 + len(body), command, 1, 1, 0) + body

hello = message(HELLO, struct.pack("=HHI", 8, PROTOCOL, 1))
garbage = [lambda: draw.randbytes(draw.randrange(1, 5000)), lambda: hello[:draw.randrange(1, len(hello))],
           lambda: message(draw.randrange(0, 100), draw.randbytes(draw.randrange(0, 200))),
           lambda: struct.pack("=IHHII", draw.randrange(0, 2**32), BINDING_GET, 1, 1, 0)]
greedy = [BINDING_GET, MONITOR, BEGIN]
held, made = [], 0
while made < 10000:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.setblocking(False)
    try:
        s.connect(path)
        made += 1
        s.send(hello if made % 2 else draw.choice(garbage)())
        for _ in range(draw.randrange(0, 200)):
            s.send(message(draw.choice(greedy)) if made % 2 else draw.choice(garbage)())
    except OSError:
        pass
    if s.fileno() >= 0 and draw.randrange(4):
        held.append(s)
    if len(held) > 500:
        held.pop(draw.randrange(len(held))).close()
print(f"made {made}, held {len(held)}", flush=True)
sys.stdin.read()
