#!/usr/bin/env bash
# The network tests: each .bats file (given, or those of `make check-net`) in a private test network of its own. TAP on stdout.
cd "$(dirname "$0")/.." || exit
[ $# -gt 0 ] || set -- tests/lab/lab.bats tests/net/{agent,agentctl,bad,boot,dhaad,move,ro,shell,sys,user}.bats
status=0
for file; do
	[ -e "$file" ] || continue
	echo "# $file"
	tests/lab/lab.sh run bats --tap "$file" || status=1
done
exit $status
