#!/usr/bin/env python3
"""Runs COMMAND NAME for each NAME, several at a time. What one prints is shown in one piece, when it ends.

    tests/pool.py [-j WIDTH] [-t TIMES] [-a REGEX] COMMAND [ARG ...] -- NAME ...

-j: so many at a time. -t: they start in the order of the seconds they took last, longest first, which are kept in TIMES; a
file of tests that was never run counts four seconds a test. Without -t they start in the order given. -a: names that match
run alone, after all others. Fails when one of them fails. When it is ended, they are.
"""
import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time


class Pool:
    """run() yields (name, output, status, seconds) as they end."""

    def __init__(self, width):
        self.width, self.running = width, {}   # pid: (name, process, output, when it began)
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, self._ended)

    def _ended(self, sig, _):
        """A session of its own is what each command has, so that all it started ends as well."""
        for pid in self.running:
            os.killpg(pid, signal.SIGTERM)
        sys.exit(128 + sig)

    def _start(self, name, command):
        out = tempfile.TemporaryFile("w+", errors="replace")
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                   start_new_session=True)
        self.running[process.pid] = name, process, out, time.monotonic()

    def _wait(self):
        """The next that ends. It is not reaped before, so that nobody else gets its number meanwhile. Children of the
        shell that became this program by exec are none of ours."""
        while (pid := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT).si_pid) not in self.running:
            os.waitpid(pid, 0)
        name, process, out, began = self.running.pop(pid)
        status = process.wait()
        with out:
            out.seek(0)
            return name, out.read(), status, time.monotonic() - began

    def run(self, commands):
        """commands: (name, [word, ...]), started in this order."""
        waiting = list(commands)
        while waiting or self.running:
            while waiting and len(self.running) < self.width:
                self._start(*waiting.pop(0))
            yield self._wait()


def read_times(path):
    try:
        with open(path) as f:
            return {name: float(seconds) for seconds, name in (line.rstrip("\n").split(" ", 1) for line in f)}
    except FileNotFoundError:
        return {}


def write_times(path, times):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w") as f:
        f.writelines("%.1f %s\n" % (seconds, name) for name, seconds in sorted(times.items()))
    os.replace(path + ".new", path)


def guess(name):
    try:
        with open(name) as f:
            return 4 * sum(line.startswith("@test") for line in f)
    except OSError:
        return 0


def main():
    words = argparse.ArgumentParser(usage=__doc__)
    words.add_argument("-j", dest="width", type=int, default=os.cpu_count())
    words.add_argument("-t", dest="times")
    words.add_argument("-a", dest="alone", default="(?!)")
    words.add_argument("command", nargs=argparse.REMAINDER)
    args = words.parse_args()
    end = args.command.index("--")
    command, names = args.command[:end], args.command[end + 1:]
    times = read_times(args.times) if args.times else {}
    if args.times:
        names.sort(key=lambda n: -times.get(n, guess(n)))
    failed, took, pool = False, {}, Pool(args.width)
    beside = [(n, command + [n]) for n in names if not re.search(args.alone, n)]
    alone = [(n, command + [n]) for n in names if re.search(args.alone, n)]
    for batch in [beside] + [[one] for one in alone]:
        for name, output, status, seconds in pool.run(batch):
            sys.stdout.write(output)
            sys.stdout.flush()
            failed |= status != 0
            took[name] = seconds
    if args.times:
        write_times(args.times, read_times(args.times) | took)
    return failed


if __name__ == "__main__":
    sys.exit(main())
