#!/usr/bin/env python3
"""cost.py TIMES COMMAND...: runs it so often, output to the terminal there is, or nowhere; prints mean wall ms, mean CPU ms, peak KiB."""
import resource, subprocess, sys, time

times, start = int(sys.argv[1]), time.monotonic()
for _ in range(times):
    subprocess.run(sys.argv[2:], stdout=None if sys.stdout.isatty() else subprocess.DEVNULL, check=True)
wall, usage = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{wall / times * 1000:.2f} {(usage.ru_utime + usage.ru_stime) / times * 1000:.2f} {usage.ru_maxrss}")
