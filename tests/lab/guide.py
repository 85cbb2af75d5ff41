#!/usr/bin/env python3
"""The session in mip-guide(7).
guide.py words PAGE: its commands.  guide.py compare PAGE SEEN: is what was seen what the page shows?
Times, processes and the kind of tunnel are of a machine and do not count; three dots are any number of lines."""
import re, sys

def session(page):
    """Lines of the literal blocks that begin with a command."""
    for block in re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", page, re.M | re.S):
        if block.startswith("% "):
            yield from (re.sub(r"\\[&-]", lambda m: "-" if m[0] == "\\-" else "", line) for line in block.splitlines())

def plain(line):
    line = re.sub(r"\d+(\.\d+)?/\S+ ms|(\d+(\.\d+)?(us|ms|[smhd]))+\b", "TIME", line)
    line = re.sub(r"agent +\S+, pid \d+, up TIME, tunnels by .*", "agent", line)
    return " ".join(line.split())

def fits(page, seen):
    """Do the lines of the page match those seen?"""
    while page:
        if page[0] == "...":
            return any(fits(page[1:], seen[k:]) for k in range(len(seen) + 1))
        if not seen or page[0] != seen[0]:
            return False
        page, seen = page[1:], seen[1:]
    return not seen

def commands(lines):
    """[(command, [line shown])]"""
    all = []
    for line in filter(None, map(plain, lines)):
        if line.startswith("% "):
            all.append((line, []))
        else:
            all[-1][1].append(line)
    return all

page = list(session(open(sys.argv[2]).read()))
if sys.argv[1] == "words":
    print(*(line[2:] for line in page if line.startswith("% ")), sep="\n")
    sys.exit()
bad = 0
shown, seen = commands(page), commands(open(sys.argv[3]).read().replace("\r", "").splitlines())
for (command, a), (other, b) in zip(shown, seen):
    if command != other or not fits(a, b):
        bad += 1
        print(f"{command}\nthe page shows:", *a, "seen:", *b, sep="\n    ")
sys.exit(bad or len(shown) != len(seen))
