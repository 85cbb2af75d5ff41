#!/usr/bin/env python3
"""Conformance to RFC 6275, RFC 3963, RFC 4285, RFC 4877 and RFC 5555, requirement by requirement: the real agent on one end of a wire, a peer
written from the RFC alone (packet.py) on the other. Prints TAP and then a table of each RFC: section, MUST and SHOULD passed, failed, skipped.

    make conformance                         everything
    tests/conformance/run.py [-v] [s9 ...] [-t WORD]      these files; of them the tests whose name or text has WORD
    tests/kernel/run.sh conformance [the same words]      on Debian's stock kernel; `make conformance-kernel`

HOW TO ADD A TEST. A file sN.py holds section N, sN_M.py section N.M; nN.py section N of RFC 3963, mobile networks;
aN.py of RFC 4285, the authentication option; kN.py of RFC 4877, keys by IKE; vN.py of
RFC 5555, IPv4. A test is a function whose argument names the node under test: cn, ha, mn, seeker, mr, scout, ha4 or mn4
(nodes.py, node_ha.py, node_mn.py, node_mr.py, node_ipv4.py). It is written under one decorator a requirement, in
our own words:

    @must("9.3.1", "a Home Address option without a binding: the packet is dropped")
    def hao_without_binding(cn):
        m = cn.mobile()                                   # a new home address and care-of address: nothing to clean up
        answers = cn.ask(echo(m.coa, cn.addr, 1, hao_=m.home))
        assert not [a for a in answers if a.icmp == REPLY]

ask() sends packets, then probes through every way into the agent, and returns what came before the answers to those: all
there is. So silence is proven and never waited for. bind() and the like do whole procedures. wire.expect(match, mark)
waits, with a deadline, for what comes by itself. advance(SECONDS) moves the agent's clock (warp.c): lifetimes, back-off
and retransmissions take no time. The kernel's own times (RA lifetimes, DAD, NUD) are not moved.

Every packet that leaves the node is checked against the format of section 6 as well (packet.Packet.bad).
A test this kernel cannot run raises Skip(why). What cannot be tested on the wire stands there too: untested(MUST, "9.x", "...", why="..."), counted as skipped; what a
unit test under virtual time shows: unit(MUST, "9.x", "...", "test_rr", "name"), which is run and must pass; what a network test
shows on the stock kernel: net(MUST, "9.x", "...", "ipsec", "how its name begins").
A test says what the RFC says. When the agent does otherwise, the agent is changed.

Each file runs in a private world of namespaces of its own (tests/lab/lab.sh run), as many at once as there are processors.
"""
import argparse
import importlib
import inspect
import itertools
import json
import os
import re
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.environ.get("MIP_BUILD", os.path.join(HERE, "../../build")))
sys.path[:0] = [HERE, os.path.join(HERE, "..")]
sys.dont_write_bytecode = True
import pool   # noqa: E402
import table   # noqa: E402
from node_ha import Ha   # noqa: E402
from node_ipv4 import Ha4, Mn4   # noqa: E402
from node_mn import Mn, Seeker   # noqa: E402
from node_mr import Mr, Scout   # noqa: E402
from nodes import Cn   # noqa: E402

UNITS = sorted(f[:-2] for f in os.listdir(os.path.join(HERE, "../unit")) if re.fullmatch(r"test_.*\.c", f))
PARTS = ["mip", "mipd", "tests/conformance/warp.so"] + ["tests/unit/" + u for u in UNITS]
KINDS = {"cn": Cn, "ha": Ha, "mn": Mn, "seeker": Seeker, "mr": Mr, "scout": Scout, "ha4": Ha4, "mn4": Mn4}


# --- one file, in its own world ------------------------------------------------------------------------------------

def say(row, name, outcome, why=""):
    print(json.dumps([row.section, row.level, row.what, name, outcome, why]), flush=True)


def unit_tests(program, ran={}):
    """{name: passed} of a unit test program, run once."""
    if program not in ran:
        out = subprocess.run([os.path.join(BUILD, "tests/unit", program)], capture_output=True, text=True,
                             env=dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")).stdout
        words = [line.split(None, 4) for line in out.splitlines()]
        ran[program] = {w[-1]: w[0] == "ok" for w in words if w and w[0] in ("ok", "not") and "-" in w}
    return ran[program]


def run_unit(row):
    program, test = row.unit
    outcome = unit_tests(program).get(test)
    say(row, "unit %s %s" % row.unit, "passed" if outcome else "failed",
        "" if outcome else "there is no such unit test" if outcome is None else "the unit test failed")


def own_line(error):
    """Where in the test file it failed."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if re.match(r"[snakv]\d", os.path.basename(f.filename))]
    return "%s:%d: %s" % (os.path.basename(frames[-1].filename), frames[-1].lineno, frames[-1].line) if frames else ""


def run_test(row, kind, alive):
    node = None
    try:
        if kind not in alive or not alive[kind].is_alive():
            alive[kind] = KINDS[kind]()
        node = alive[kind]
        node.begin()
        row.test(node)
        node.end()
        return "passed", ""
    except table.Skip as e:
        return "skipped", str(e)
    except Exception as e:   # a bug in a test is a failed test, too
        said = str(e) if isinstance(e, AssertionError) else "".join(traceback.format_exception(e))
        return "failed", "%s\n%s\n%s" % (own_line(e), said, node.story() if node else "")


def is_meant(row, name, word, only):
    what = row.test.__name__ if row.test else row.unit[1] if row.unit else ""
    if only is not None:
        return "%s.%s" % (name, what) in only
    return not word or word in what or word in row.what or row.section.startswith(word)


def run_file(name, word, cpu):
    """All of it on one processor: each has a queue of its own for what comes in, and a probe must not overtake what was
    sent before it, nor its answer what was answered before, when a busy machine moves the sender to another."""
    alive = {}
    os.sched_setaffinity(0, {cpu})
    importlib.import_module(name)
    only = only_these()
    for row in table.rows:
        if not is_meant(row, name, word, only):
            continue
        if row.why:
            say(row, name, "failed" if row.lost else "skipped", row.why)
        elif row.unit:
            run_unit(row)
        else:
            kind = next(iter(inspect.signature(row.test).parameters))
            say(row, "%s.%s" % (name, row.test.__name__), *run_test(row, kind, alive))
    for node in alive.values():
        node.stop()


# --- all of them ---------------------------------------------------------------------------------------------------

def show(n, result, verbose):
    section, level, what, name, outcome, why = result
    head = "%s %d - %s %s: %s (%s)" % ("not ok" if outcome == "failed" else "ok", n, section, level, what, name)
    print(head + (" # SKIP %s" % why if outcome == "skipped" else ""), flush=True)
    if outcome == "failed" or (verbose and why):
        print("\n".join("#   " + line for line in why.splitlines()), flush=True)


def collect(args, names):
    """Runs the files, so many at once; yields (file, result)s, file by file."""
    cpus = itertools.cycle(sorted(os.sched_getaffinity(0)))
    commands = [(name, [os.path.join(HERE, "../lab/lab.sh"), "run", sys.executable, os.path.abspath(__file__),
                        "--file", name, "--cpu", str(next(cpus)), "-t", args.word]) for name in names]
    for name, output, status, _ in pool.Pool(os.cpu_count() or 1).run(commands):
        for line in output.splitlines():
            if line.startswith("["):
                yield name, json.loads(line)
            else:
                print("# " + line)
        if status:
            yield name, ["0", table.MUST, "%s runs to its end" % name, name, "failed", "it ended with status %d" % status]


def only_these():
    """What failed last, by the list of tests/tap.sh: {FILE.TEST}; None for everything."""
    if not os.environ.get("MIP_ONLY"):
        return None
    with open(os.environ["MIP_ONLY"]) as f:
        names = [re.search(r"\(([snakv]\w+\.\w+)\)$", line.strip()) for line in f]
    return {n[1] for n in names} if all(names) else None


def main():
    words = argparse.ArgumentParser()
    words.add_argument("files", nargs="*")
    words.add_argument("-t", dest="word", default="", help="only tests whose name, text or section has this")
    words.add_argument("-v", dest="verbose", action="store_true")
    words.add_argument("--file", help=argparse.SUPPRESS)
    words.add_argument("--cpu", type=int, help=argparse.SUPPRESS)
    args = words.parse_args()
    if args.file:
        return run_file(args.file, args.word, args.cpu)
    missing = [f for f in PARTS if not os.path.exists(os.path.join(BUILD, f))]
    if missing:
        words.error("%s is not built in %s: `make conformance` builds all that is needed" % (missing[0], BUILD))
    names = args.files or sorted((f[:-3] for f in os.listdir(HERE) if re.fullmatch(r"[snakv]\d+(_\d+)?\.py", f)),
                                 key=lambda f: ("snakv".index(f[0]), [int(n) for n in f[1:].split("_")]))
    began, results = time.monotonic(), []
    for file, result in collect(args, names):
        results.append((file, result))
        show(len(results), result, args.verbose)
    print("1..%d" % len(results))
    for rfc, kind in ((6275, "s"), (3963, "n"), (4285, "a"), (4877, "k"), (5555, "v")):
        table.print_table(rfc, [r[:2] + [r[4]] for f, r in results if f[0] == kind])
    print("# %d tests in %.0f s" % (len(results), time.monotonic() - began))
    return any(r[4] == "failed" for _, r in results)


if __name__ == "__main__":
    sys.exit(main())
