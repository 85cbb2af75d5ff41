#!/usr/bin/env python3
"""The golden packets as tshark, an independent decoder, sees them: every field named in NAME.expect ("field value", values
of a field that occurs more than once joined by commas, no value = the field must be absent) is compared, and no packet may be
malformed. A packet without a NAME.expect is a failure.

    tests/golden/tshark.py [NAME ...]

One run of tshark reads all packets: it takes half a second to start, and microseconds a packet.
"""
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
RAW_IPV6 = 229   # LINKTYPE_IPV6
MALFORMED = "_ws.malformed"


def packet(path):
    return bytes.fromhex(re.sub("#.*", "", path.read_text()))


def expected(path):
    """[(field, value)]"""
    rows = (line.split(" ", 1) for line in path.read_text().splitlines() if line)
    return [(r[0], r[1].strip() if len(r) > 1 else "") for r in rows] + [(MALFORMED, "")]


def capture(path, packets):
    with open(path, "wb") as f:
        f.write(struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, RAW_IPV6))
        for i, p in enumerate(packets):   # a second apart: none answers another
            f.write(struct.pack("=IIII", i, 0, len(p), len(p)) + p)


def dissect(pcap, fields):
    """Of each packet {field: value}. Fragments stay fragments, checksums are verified."""
    args = [w for f in fields for w in ("-e", f)]
    run = subprocess.run(["tshark", "-n", "-r", pcap, "-o", "ipv6.defragment:FALSE", "-o", "udp.check_checksum:TRUE",
                          "-T", "fields", "-E", "separator=|", "-E", "occurrence=a", "-E", "aggregator=,", *args],
                         capture_output=True, text=True, check=False)
    if run.returncode or "valid" in run.stderr:
        sys.exit(run.stderr)
    for line in run.stdout.splitlines():
        # Newer versions say True where older ones say 1.
        yield dict(zip(fields, line.replace("True", "1").replace("False", "0").split("|")))


def main(names):
    if not shutil.which("tshark"):
        print("SKIP: tshark is not installed")
        return 0
    names = names or sorted(p.stem for p in HERE.glob("*.hex"))
    without = [n for n in names if not (HERE / f"{n}.expect").exists()]
    names = [n for n in names if n not in without]
    bad = [f"{n}: no {n}.expect" for n in without]
    wanted = [expected(HERE / f"{n}.expect") for n in names]
    fields = sorted({f for w in wanted for f, _ in w})
    good = 0
    with tempfile.NamedTemporaryFile(suffix=".pcap") as pcap:
        capture(pcap.name, [packet(HERE / f"{n}.hex") for n in names])
        seen = list(dissect(pcap.name, fields))
    if len(seen) != len(names):
        bad.append(f"{len(seen)} packets decoded, not {len(names)}")
    for name, want, got in zip(names, wanted, seen):
        for field, value in want:
            if got[field] == value:
                good += 1
            else:
                bad.append(f"{name}: {field} is '{got[field]}', not '{value}'")
    for text in bad:
        print("FAIL", text)
    print(f"{good} passed, {len(bad)} failed")
    return 1 if bad or not good else 0


sys.exit(main([n.removesuffix(".hex") for n in sys.argv[1:]]))
