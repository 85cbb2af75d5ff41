#!/usr/bin/env bash
# Tests on Debian's stock kernel (the ip6tnl data path). TAP on stdout. The machine is emulated: deadlines are MIP_SLOW
# times longer there.
#
#   tests/kernel/run.sh                           what is about the kernel: the tests tagged so; all network tests with ALL=1
#   tests/kernel/run.sh FILE.bats ...             these
#   tests/kernel/run.sh conformance [WORD ...]    RFC 6275 requirement by requirement: the words of tests/conformance/run.py
#
# With $MIP_ONLY only what is in that list (tests/net.sh).
cd "$(dirname "$0")/../.." || exit
need=(qemu-system-x86_64 busybox cpio modprobe depmod)
for tool in "${need[@]}"; do
	command -v "$tool" >/dev/null || { echo "SKIP: $tool is not installed"; exit 0; }
done
[ "$(uname -m)" = x86_64 ] || { echo "SKIP: the stock kernel is started on x86_64 only"; exit 0; }
export MIP_SLOW=${MIP_SLOW:-8}
limit=4800
# tagged: the tests with "# bats test_tags=kernel" above them, and those of files with "# bats file_tags=kernel"
tagged() {
	awk '/^# bats file_tags=kernel/ { file = FILENAME } /^# bats test_tags=kernel/ { test = 1; next }
		/^@test "/ && (test || file == FILENAME) { sub(/^@test "/, ""); sub(/" \{.*/, ""); print FILENAME "\t" $0 }
		{ test = 0 }' tests/lab/*.bats tests/net/*.bats
}
if [ -n "${ALL:-}" ]; then
	limit=14400
	set -- tests/lab/lab.bats tests/net/*.bats
elif [ $# -eq 0 ]; then
	if [ -z "${MIP_ONLY:-}" ] || grep -qv '\.bats	' "$MIP_ONLY"; then
		MIP_ONLY=$(mktemp); trap 'rm -f "$MIP_ONLY"' EXIT
		export MIP_ONLY
		tagged > "$MIP_ONLY"
	fi
	mapfile -t files < <(cut -f1 "$MIP_ONLY" | uniq)
	set -- "${files[@]}"
fi
if [ "$1" = conformance ]; then set -- tests/conformance/run.py "${@:2}"; else set -- tests/net.sh -j 2 "$@"; fi
out=()
[ -z "${MIP_FAILED:-}" ] || { mkdir -p "$MIP_FAILED" && out=(-o "$MIP_FAILED"); }
tests/kernel/vm -t $limit "${out[@]}" -- "$@"
status=$?
[ $status -ne 125 ] || { echo "SKIP: Debian's stock kernel cannot be downloaded"; exit 0; }
exit $status
