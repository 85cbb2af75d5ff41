#!/usr/bin/env python3
"""A client of mipd written from mip-ctl(7) alone: client.py bindings | add HOME CARE-OF | twice HOME CARE-OF | watch N"""
import ipaddress, os, socket, struct, sys

HELLO, BINDING_GET, BINDING_ADD, MONITOR, BEGIN, COMMIT = 16, 19, 20, 32, 33, 34
HOME, CARE_OF, LIFETIME, STATE, EVENT, OBJECT, PROTOCOL = 1, 2, 8, 13, 21, 22, 56
ERROR, DONE, IS_EVENT, SYNC = 2, 3, 64, 65

inode = os.stat("/proc/self/ns/net").st_ino
agent = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
agent.connect(f"{os.environ.get('MIP_RUN_DIR', '/run/mip')}/{inode}.sock")
sequence = 0

def send(command, attributes=()):
    global sequence
    sequence += 1
    body = b"".join(struct.pack("=HH", 4 + len(v), n) + v + bytes(-len(v) % 4) for n, v in attributes)
    agent.send(struct.pack("=IHHII", 16 + len(body), command, 1, sequence, 0) + body)

def parse(data):
    attributes = {}
    while len(data) >= 4:
        length, number = struct.unpack_from("=HH", data)
        attributes[number] = data[4:length]
        data = data[(length + 3) & ~3:]
    return attributes

def answers():
    while data := agent.recv(4096):
        length, kind, _, seq, _ = struct.unpack_from("=IHHII", data)
        if kind == ERROR and struct.unpack_from("=i", data, 16)[0]:
            refusal = parse(data[36:])
            sys.exit(f"refused: {refusal[1][:-1].decode()} (attribute {struct.unpack('=H', refusal.get(2, bytes(2)))[0]}, "
                     f"command {struct.unpack('=I', refusal.get(3, bytes(4)))[0]})")
        if kind in (ERROR, DONE):
            return
        yield kind, parse(data[16:])

def show(a):
    return f"{ipaddress.ip_address(a[HOME])} {ipaddress.ip_address(a[CARE_OF])} {struct.unpack('=I', a[STATE])[0]}"

send(HELLO, [(PROTOCOL, struct.pack("=I", 1))])
list(answers())
binding = [(number, ipaddress.ip_address(word).packed) for number, word in zip((HOME, CARE_OF), sys.argv[2:4])] \
    if sys.argv[1] in ("add", "twice") else []
if sys.argv[1] == "bindings":
    send(BINDING_GET)
    print(*(show(record) for _, record in answers()), sep="\n")
elif sys.argv[1] == "add":
    send(BINDING_ADD, binding)
    list(answers())
elif sys.argv[1] == "twice":    # one transaction; its second command cannot be done
    for command, attributes in ((BEGIN, ()), (BINDING_ADD, binding), (BINDING_ADD, binding), (COMMIT, ())):
        send(command, attributes)
        if command in (BEGIN, COMMIT):
            list(answers())
elif sys.argv[1] == "watch":
    left = int(sys.argv[2])
    send(MONITOR, [(OBJECT, b"binding\0")])
    for kind, record in answers():
        print("sync" if kind == SYNC else f"{record[EVENT][:-1].decode() if kind == IS_EVENT else 'is'} {show(record)}", flush=True)
        left -= kind == IS_EVENT
        if not left:
            break
