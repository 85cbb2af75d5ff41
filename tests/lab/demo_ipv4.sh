# `make demo V4=1`: home -> foreign 1 -> a link with IPv4 only -> one behind a NAT -> foreign 2 -> home. Sourced by demo.sh,
# and ends it.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154   # demo.sh, ipv4.sh, traffic.sh
. "$(dirname "$0")/ipv4.sh"

PLUG=plug4 KNOWN="RA or address"
plug4() {
	ADDRESS=''
	case $1 in
	v4 | nat) move4 "$1" && ADDRESS=${EPOCHREALTIME/./};;
	*) no_addr4 && lab_move "$1";;
	esac
}
# What the silence of a move to an IPv4 link is made of: nothing can be sent before an address is there.
ipv4_stage() {
	stage "$@"
	awk -v address="$(((ADDRESS - MOVED) / 1000))" '{
		printf "  of these %d ms until the address was there; left: %.1f ms; (address -> BU) + (BU -> BA) + 50 ms: %.1f ms: %s\n",
			address, $1 - address, $4 + $5 + 50, $1 - address <= $4 + $5 + 50 ? "met" : "MISSED"
	}' <<<"${table[-1]#*;}"
}

say "The network: correspondent node cn, router r, home agent ha, NAT gw, mobile node mn (kernel $(uname -r))"
cat <<NET
  cn $CN -- r -+- home link       $HOME_PREFIX, home agent $HA and $HA4, home address $HOA
                        +- foreign link 1  2001:db8:f1::/64
                        +- foreign link 2  2001:db8:f2::/64
                        +- IPv4 only       192.0.2.0/24 -- gw $NAT4 -- behind a NAT  10.0.0.0/24
NET
lab_up && lab_ipv4 || fail "the network did not come up"

say "At home"
typed ha mip ha start dev eth0 insecure ipv4 "$HA4"
typed mn mip mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0 ipv4 "$HA4"
typed mn mip mn wait home timeout 10
traffic_start || fail "no traffic at home"
from="home"
printf '  from here on cn pings %s every %s ms, and sends it one TCP stream\n' "$HOA" "$PING_MS"

stage f1 "foreign 1"
ipv4_stage v4 "IPv4 only"
ipv4_stage nat "behind a NAT"
stage f2 "foreign 2"
stage home "home"
finish
in_ns mn mip mn stop || status=1
in_ns ha mip ha stop || status=1
exit $status
