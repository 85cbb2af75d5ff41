#!/usr/bin/env bash
# The network tests on Debian's stock kernel (the ip6tnl data path). TAP on stdout. The machine is emulated: deadlines are
# MIP_SLOW times longer there.
cd "$(dirname "$0")/../.." || exit
need=(qemu-system-x86_64 busybox cpio modprobe depmod)
for tool in "${need[@]}"; do
	command -v "$tool" >/dev/null || { echo "SKIP: $tool is not installed"; exit 0; }
done
[ "$(uname -m)" = x86_64 ] || { echo "SKIP: the stock kernel is started on x86_64 only"; exit 0; }
export MIP_SLOW=${MIP_SLOW:-8}
# The others take longer under emulation than everything else together: name them to run them there.
[ $# -gt 0 ] || set -- tests/lab/lab.bats tests/net/{move,optimize,optimize_two,ipsec,ipsec_each,forward}.bats
tests/kernel/vm -t 2400 -- tests/net.sh "$@"
status=$?
[ $status -ne 125 ] || { echo "SKIP: Debian's stock kernel cannot be downloaded"; exit 0; }
exit $status
