#!/usr/bin/env bash
# The network tests: each .bats file (given, or all) in a private test network of its own. TAP on stdout.
cd "$(dirname "$0")/.." || exit
[ $# -gt 0 ] || set -- tests/lab/lab.bats tests/net/*.bats
status=0
for file; do
	[ -e "$file" ] || continue
	echo "# $file"
	tests/lab/lab.sh run bats --tap "$file" || status=1
done
exit $status
