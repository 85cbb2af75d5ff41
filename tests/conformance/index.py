#!/usr/bin/env python3
"""Where a section of RFC 6275 stands: the functions whose comments name it, what it requires, and the test of each
requirement. Read from the sources and from the decorators of the tests, so it is never out of date.

    tests/conformance/index.py              every section with requirements: functions, number of tests
    tests/conformance/index.py 10.3.1 ...   these, and those below them, with each requirement and its test; fails when there
                                            is nothing
    tests/conformance/index.py -c           sections with requirements that no comment names; fails when there are some
"""
import importlib
import os
import pathlib
import re
import signal
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
sys.dont_write_bytecode = True
import table   # noqa: E402

ROOT = HERE.parent.parent
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
RFC = re.compile(r"RFC[ -]?(\d+),?\s*((?:(?:and |or |, )?\(?\d+(?:\.\d+)+\)?(?: |$)?)*)")
SECTION = re.compile(r"(?<![\d.:])(\d{1,2}(?:\.\d{1,2}){1,3})(?![\d.]*\d)")
FUNCTION = re.compile(r"^[a-z][^;={}()]*?\b(\w+)\([^;{}]*\)\s*\{", re.M)
NO_CODE = {   # what they require is that nothing is done
    "8.1": "without a role nothing is listened to", "10.4.3": "the home agent is no multicast router",
    "10.4.4": "the home agent is no DHCPv6 server or relay", "11.3.4": "no group is joined by way of the tunnel"}
SECTIONS = range(5, 13)   # of RFC 6275 those that require something of code


def cited(comment):
    """The sections of RFC 6275 in it: those behind the name of another RFC are that one's."""
    ours = RFC.sub(lambda m: m.group(2) if m.group(1) == "6275" else " ", re.sub(r"\s*\n\s*\*?\s*", " ", comment))
    return {s for s in SECTION.findall(ours) if int(s.split(".")[0]) in SECTIONS}


def functions():
    """{section: {"room/file.c function"}}: of a comment, the function it is in, or the next one."""
    at = {}
    for path in sorted([*ROOT.glob("core/*/*.[ch]"), *ROOT.glob("cmd/*.[ch]")]):
        text = path.read_text()
        starts = [(m.start(), m.group(1)) for m in FUNCTION.finditer(COMMENT.sub(lambda m: " " * len(m.group()), text))]
        for m in COMMENT.finditer(text):
            before = [s for s in starts if s[0] < m.start()]
            behind = [s for s in starts if s[0] > m.start()]
            is_inside = before and text.find("\n}", before[-1][0]) > m.start()
            owner = before[-1:] if is_inside else behind[:1] if m.start() > 0 else []   # the first comment is the file's
            place = " ".join([str(path.relative_to(ROOT))] + [name for _, name in owner])
            for section in cited(m.group()):
                at.setdefault(section, set()).add(place)
    return at


def requirements():
    """[(section, level, what, test)]"""
    rows = []
    for path in sorted(HERE.glob("s[0-9]*.py")):
        del table.rows[:]
        importlib.import_module(path.stem)
        for r in table.rows:
            test = "%s.%s" % (path.stem, r.test.__name__) if r.test else "%s %s" % r.unit if r.unit else "not tested: " + r.why
            rows.append((r.section, r.level, r.what, test))
    return sorted(rows, key=lambda r: table.key(r[0]))


def below(section, top):
    return section == top or section.startswith(top + ".")


def main(words):
    at, rows = functions(), requirements()
    sections = sorted({r[0] for r in rows if not r[3].startswith("not tested")}, key=table.key)
    if words == ["-c"]:
        missing = [s for s in sections if s not in NO_CODE and not any(below(c, s) or below(s, c) for c in at)]
        print("\n".join(missing))
        return bool(missing)
    if words:
        sections = [s for s in sorted({*sections, *at}, key=table.key) if any(below(s, w) for w in words)]
    if not sections:
        print("nothing of RFC 6275 %s" % " ".join(words), file=sys.stderr)
        return 1
    for s in sections:
        print("%-9s %s" % (s, ", ".join(sorted(at.get(s, ())))))
        mine = [r for r in rows if r[0] == s]
        if not words:
            print(" " * 10 + "%d requirements" % len(mine))
        for _, level, what, test in mine if words else ():
            print("%10s%-6s %s\n%17s%s" % ("", level, what, "", test))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))
