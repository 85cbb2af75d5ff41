# `make demo NETWORK=1`: a mobile router goes home -> foreign 1 -> foreign 2 -> home. Each of two hosts behind it has a TCP
# transfer with the correspondent, and a 10 ms ping; a third ping is to the router's home address: what a mobile node's move
# costs. The exit status says whether both connections survived. Sourced by demo.sh, and ends it.
# shellcheck shell=bash
# shellcheck disable=SC2154   # network.sh, traffic.sh
. "$(dirname "$0")/network.sh"

# host HOST COMMAND...: about its traffic
host() { T=$T/$1 WITH=$1 WITH_ADDR=${NET}1${1#h} PORT=500${1#h} "${@:2}"; }
ms_of() { local gap; gap=$(gap_of "$MOVED"); echo "${gap%% *}"; }
host_start() { mkdir "$T/$1" && ln -s ../monitor "$T/$1/monitor" && host "$1" ping_start && host "$1" tcp_start; }
host_flows() { host "$1" more_replies 20 && host "$1" tcp_flows; }
# host_stop HOST: true when its transfer is whole
host_stop() {
	host "$1" ping_stop
	host "$1" tcp_stop || { echo "  $1: TCP connection DID NOT SURVIVE: SHA-256 differs or the stream stalled"; return 1; }
	echo "  $1: TCP connection survived: $(host "$1" tcp_bytes) bytes, SHA-256 equal at both ends"
}

network_stage() {   # network_stage LINK NAME
	say "The mobile router moves from $from to $2"
	{ move_to "$1" && host_flows h1 && host_flows h2; } || fail "no traffic after the move to $2"
	table+=("$from -> $2;$(ms_of);$(host h1 ms_of);$(host h2 ms_of)"); from=$2
	typed ha mip binding show
	typed ha ip -6 route show "$NET_PREFIX" proto 119
	typed mn mip mn show
	printf '  silence in ms, of the home address, h1, h2: %s\n' "$(cut -d';' -f2- --output-delimiter=' ' <<<"${table[-1]}")"
}

say "The network: correspondent node cn, router r, home agent ha, mobile router mn, hosts h1 and h2 (kernel $(uname -r))"
cat <<NET
  cn $CN -- r -+- home link  $HOME_PREFIX, home agent $HA, home address $HOA
                        +- foreign link 1  2001:db8:f1::/64
                        +- foreign link 2  2001:db8:f2::/64
  mn -- mobile network  $NET_PREFIX, h1 $H1, h2 $H2
NET
lab_up && lab_network || fail "the network did not come up"

say "At home"
typed ha mip ha start dev eth0 insecure
typed ha mip acl allow "$HOA" network "$NET_PREFIX"
typed mn mip mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0 network "$NET_PREFIX" dev lan0
typed mn mip mn wait home timeout 10
mkdir -p "$T" && rm -rf "${T:?}"/* && monitor_start && ping_start && host_start h1 && host_start h2 ||
	fail "no traffic at home"
printf '  from here on cn pings %s, %s and %s every %s ms, and sends to each host one TCP stream\n' "$HOA" "$H1" "$H2" "$PING_MS"
from="home"

network_stage f1 "foreign 1"
network_stage f2 "foreign 2"
network_stage home "home"

say "What the moves cost: the longest silence, in milliseconds"
{
	echo "move;home address;h1;h2"
	printf '%s\n' "${table[@]}"
} | column -t -s';' | sed 's/^/  /'
echo
ping_stop
status=0
host_stop h1 || status=1
host_stop h2 || status=1
in_ns mn mip mn stop || status=1
in_ns ha mip ha stop || status=1
exit $status
