"""The requirements: what stands in the table. See run.py for how a test is written."""

import pathlib

MUST, SHOULD = "MUST", "SHOULD"
rows = []   # in the order of the file


class Skip(Exception):
    """Raised by a test that this kernel cannot run: why."""


class Row:
    """One requirement. test: a function; or unit: (program, test) of tests/unit; or why: it cannot be tested so."""

    def __init__(self, level, section, what, test=None, unit=None, why=None):
        self.level, self.section, self.what = level, section, what
        self.test, self.unit, self.why = test, unit, why
        self.lost = False   # what `why` names is not there


def _row(level, section, what):
    def note(function):
        rows.append(Row(level, section, what, test=function))
        return function
    return note


def must(section, what):
    return _row(MUST, section, what)


def should(section, what):
    return _row(SHOULD, section, what)


def unit(level, section, what, program, test):
    """Takes too long in real time: `test` of build/tests/unit/`program`, which runs under virtual time, shows it."""
    rows.append(Row(level, section, what, unit=(program, test)))


def untested(level, section, what, why):
    """Cannot be tested on the wire, and is counted as skipped."""
    rows.append(Row(level, section, what, why=why))


def net(level, section, what, file, test):
    """Needs a kernel with ESP: the test of tests/net/`file`.bats whose name begins so shows it on the stock one. Skipped; failed
    when there is no such test."""
    text = (pathlib.Path(__file__).parent.parent / "net" / (file + ".bats")).read_text()
    row = Row(level, section, what, why="tests/net/%s.bats: %s ..." % (file, test))
    row.lost = '@test "%s' % test not in text
    rows.append(row)


# --- summary -------------------------------------------------------------------------------------------------------

def key(section):
    return [int(n) if n.isdigit() else n for n in section.split(".")]


def print_table(rfc, results):
    """results: (section, level, outcome), outcome passed, failed or skipped. Nothing of an RFC without."""
    if not results:
        return
    count = {}
    for section, level, outcome in results:
        for name in (section, "total"):
            n = count.setdefault(name, dict.fromkeys([(lv, o) for lv in (MUST, SHOULD)
                                                      for o in ("passed", "failed", "skipped")], 0))
            n[level, outcome] += 1
    print("\nRFC %d      MUST                      SHOULD" % rfc)
    print("section       passed  failed  skipped   passed  failed  skipped")
    for name in sorted((n for n in count if n != "total"), key=key) + ["total"]:
        n = count[name]
        print("%-12s %7d %7d %8d  %7d %7d %8d" % ((name,) + tuple(n[lv, o] for lv in (MUST, SHOULD)
                                                                   for o in ("passed", "failed", "skipped"))))
    print("", flush=True)
