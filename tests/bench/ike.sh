#!/usr/bin/env bash
# What keys by IKE cost and hold, on a kernel with ESP (tests/kernel/vm -t 3600 -- tests/bench/ike.sh on others):
#
#	tests/bench/ike.sh [gap [ROUNDS]]     the gap in a ping at a handover with static keys and with IKE, by turns in one run, 4
#	                                      moves each a round; bar: median with IKE <= median with static keys + 10 %
#	tests/bench/ike.sh soak [SECONDS]     600 seconds of moves, keys of IKE and of the binding living 60 s; bar: nothing in
#	                                      clear between mobile node and home agent, no registration that ends by itself
[ -n "${MIP_LAB:-}" ] || exec "$(dirname "$0")/../lab/lab.sh" run "$0" "$@"
for part in lab agents traffic wire ike; do . "$(dirname "$0")/../lab/$part.sh"; done
die() { echo "ike: $*" >&2; exit 1; }
quit() { echo "SKIP: $*"; exit 0; }
command -v charon-systemd swanctl >/dev/null || quit "charon-systemd is not installed"
lab_up || die "no network"
in_ns ha mip doctor ha dev eth0 | grep -q 'no ESP' && quit "no ESP in this kernel (CONFIG_INET6_ESP)"
mkdir -p $D/ha $D/mn "$T"
trap 'agents_stop; charons_stop' EXIT

# keys NODE KIND: the protection of the binding by that kind of keys
keys() {
	mip -n "$1" save | grep -v '^ipsec add' > $D/$1/conf
	cat $D/$2.$1 >> $D/$1/conf
	mip -n "$1" apply $D/$1/conf
}
begin() {
	local n
	umask 077
	echo correct-horse-battery-staple | tee $D/ha/psk > $D/mn/psk
	for n in ha mn; do
		echo "ipsec add home $HOA agent $HA protect binding ike id mn1@example.org psk $D/$n/psk${1:+ rekey $1}" > $D/ike.$n
		charon $n && MIP_VICI=$D/$n/vici agent $n || die "no agent"
	done
	mip ipsec gen home "$HOA" agent "$HA" protect binding | tee $D/static.ha > $D/static.mn
	mip -n ha -b $D/ike.ha && ha ha start dev eth0 || die "no home agent"
	mip -n mn -b $D/ike.mn && mn mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0 || die "no mobile node"
}

measure() {
	local kind n round
	begin ""
	lab_move f1
	lab_wait 30 registered f1 || die "not registered"
	{ monitor_start && ping_start && move_to f2; } || die "no traffic"
	for ((round = 0; round < $1; round++)); do
		for kind in static ike; do
			for n in ha mn; do keys $n $kind || die "no keys by $kind"; done
			mn mn restart
			lab_wait 30 registered f2 || die "not registered with keys by $kind"
			for n in f1 f2 f1 f2; do
				move_to $n || die "no traffic after a move with keys by $kind"
				gap_of "$MOVED" | cut -d' ' -f1 >> $D/$kind.gaps
			done
		done
	done
}
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { printf "%.1f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

case ${1:-gap} in
gap)
	measure "${2:-5}"
	static=$(median $D/static.gaps) ike=$(median $D/ike.gaps)
	verdict=$(awk -v a="$static" -v b="$ike" 'BEGIN { print b <= 1.1 * a ? "met" : "MISSED" }')
	echo "handover foreign 1 <-> foreign 2, $(wc -l < $D/ike.gaps) moves each, kernel $(uname -r): median gap $static ms with static keys," \
		"$ike ms with IKE; bar +10 %: $verdict"
	[ "$verdict" = met ];;
soak)
	begin 54   # they end a tenth later, if they have not been renewed by then
	cn_start && mn ro add peer $CN/128 policy always || die "no correspondent"
	lab_move f1
	lab_wait 30 registered f1 || die "not registered"
	soak "${2:-600}" || { tail -n 30 $D/*/log; mip -n mn; mip -n ha; die "not registered, or not optimized"; }
	echo "${2:-600} s, kernel $(uname -r), $SOAKED; in clear $(unprotected), registrations lost $LOST; bar: none"
	[ "$(unprotected) $LOST" = "0 0" ];;
*) sed -n '2,/^\[/s/^# \{0,1\}//p' "$0"; exit 1;;
esac
