#!/usr/bin/env bash
# Runs .bats files (given, or all network tests) side by side, the floods alone at the end. TAP on stdout, a file in one piece.
#
#   tests/net.sh [-j WIDTH] [FILE.bats ...]
#
# Network tests get a private test network, a file each. A test that takes ten minutes hangs, and fails. With $MIP_ONLY only
# what is in that list, a line "FILE<tab>TEST" each.
cd "$(dirname "$0")/.." || exit

shopt -s extglob
export BATS_TEST_TIMEOUT=$((600 * ${MIP_SLOW:-1}))

# only FILE: a regular expression for those of its tests that are meant; nothing when all are. False when none is.
only() {
	[ -n "${MIP_ONLY:-}" ] && ! grep -qv '\.bats	' "$MIP_ONLY" || return 0
	awk -F'\t' -v file="$1" '$1 == file { gsub(/[][\\.^$*+?(){}|]/, "\\\\&", $2); all = all (n++ ? "|" : "") $2 }
		END { if (n) print "^(" all ")$"; exit !n }' "$MIP_ONLY"
}

one() {
	local which world=()
	which=$(only "$1") || return 0
	[[ $1 != tests/@(net|lab|package)/* ]] || world=(tests/lab/lab.sh run)
	echo "# $1"
	"${world[@]}" bats --tap ${which:+-f "$which"} "$1"
}

width=$(($(nproc) * 3 / 2))
case ${1:-} in
-1) one "$2"; exit;;
-j) width=$2; shift 2;;
esac
[ $# -gt 0 ] || set -- tests/lab/lab.bats tests/net/*.bats
mapfile -t files < <(realpath --relative-to=. -- "$@")
exec tests/pool.py -j "$width" -t "${MIP_BUILD:-build}/times" -a flood tests/net.sh -1 -- "${files[@]}"
