#!/bin/sh
# Rewrites what stands between `.\" BEGIN mip __man ...` and `.\" END` in the manual pages. MIP= names the program.
# With -n it writes nothing and fails when something is stale.
cd "$(dirname "$0")" || exit
status=0
for page in *.[578]; do
	MIP=${MIP:-../build/mip} awk '
		/^\.\\" BEGIN mip __man / { print; sub(/^.*BEGIN mip/, ENVIRON["MIP"]); fflush(); system($0); skip = 1; next }
		/^\.\\" END/ { skip = 0 }
		!skip' "$page" > "/tmp/$$" || exit
	if [ "$1" = -n ]; then
		cmp "$page" "/tmp/$$" || status=1
	else
		cmp -s "$page" "/tmp/$$" || cat "/tmp/$$" > "$page"
	fi
done
rm -f "/tmp/$$"
exit $status
