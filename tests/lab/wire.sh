# What crosses the router while route optimization comes and goes, and how that looks in the agents. Sourced after lab.sh
# and traffic.sh. Packets are counted by filters over a capture of what enters r: each once.
# shellcheck shell=bash

WIRE=/run/lab/wire.pcap

wire_start() {
	wire_stop
	rm -f $WIRE /run/lab/wire.log   # what is waited for is of this one
	lab_bg r /run/lab/wire.log tcpdump -n -i any -Q in --immediate-mode -U -B 8192 -s 192 -w $WIRE ip6
	WIRE_PID=$!
	lab_wait 20 grep -q listening /run/lab/wire.log
}
wire_stop() {
	[ -z "${WIRE_PID:-}" ] || { kill "$WIRE_PID"; wait "$WIRE_PID"; } 2>/dev/null || true
	WIRE_PID=
}
wire() { local n; n=$(tcpdump -n -r $WIRE --count "$1" 2>/dev/null) || true; echo "${n%% *}"; }   # wire FILTER: how many so far
wire_beyond() { [ "$(wire "$1")" -gt "$2" ]; }
wire_more() { lab_wait 20 wire_beyond "$1" $(($(wire "$1") + ${2:-0})); }   # waits for more than N more of them

# whole ADDRESS [VARIABLE]: in full, without its colons; printed, or there. Filters are made by the dozen, hence without a process.
whole() {
	local g head="" tail="" side=head IFS=: zeros=00000000000000000000000000000000
	for g in ${1/::/:-:}; do   # the first half, "-" for the zeros, the second half
		if [ "$g" = - ]; then side="tail"; elif [ -n "$g" ]; then printf -v "$side" '%s%04x' "${!side}" "0x$g"; fi
	done
	head+=${zeros:${#head}+${#tail}}$tail
	if [ -n "${2:-}" ]; then printf -v "$2" %s "$head"; else echo "$head"; fi
}
stands() {   # stands OFFSET ADDRESS: a filter for that address at that octet
	local w i and=""
	whole "$2" w
	for i in 0 1 2 3; do printf '%sip6[%d:4] == 0x%s' "$and" $(($1 + 4 * i)) "${w:8*i:8}"; and=" and "; done
}
# Filters, for traffic of protocol PROTO (58 ICMPv6, 6 TCP) of a home address: through the tunnel (of ICMPv6 the echoes: the
# kernel of a node that left tells its old care-of address, that way, seconds later, that its old router did not answer);
# with a Home Address option alone, from that care-of address; with a type 2 routing header alone, to it; with both, first
# home address to second.
through_tunnel() { echo "ip6 proto 41 and ip6[46] == $1$([ "$1" != 58 ] || echo " and ip6[80] >= 128 and ip6[80] <= 129")"; }
with_hao() { echo "src host $3 and ip6[6] == 60 and ip6[40] == $1 and ip6[46] == 0xc9 and $(stands 48 "$2")"; }
with_rh2() { echo "dst host $3 and ip6[6] == 43 and ip6[40] == $1 and ip6[42:2] == 0x201 and $(stands 48 "$2")"; }
with_both() { echo "ip6[6] == 43 and ip6[40] == 60 and ip6[64] == $1 and ip6[42:2] == 0x201 and $(stands 48 "$3") and ip6[70] == 0xc9 and $(stands 72 "$2")"; }
PARAMETER_PROBLEM="icmp6 and ip6[40] == 4"
export PARAMETER_PROBLEM

# ro_state NODE PEER: of its route optimization with that one.
ro_state() { local all; all=$(json "$1" ro show peer "$2") && all=$(field state "$all") && echo "${all/#null/none}"; }
ro_is() { [ "$(ro_state "$1" "$2")" = "$3" ]; }
# optimized LINK: the node is registered from that link, optimized with cn, and cn has it there.
optimized() {
	local coa; coa=$(care_of mn)
	[[ $coa == 2001:db8:$1:* ]] && ro_is mn "$CN" optimized && [ "$(field care_of "$(json cn binding show home "$HOA")")" = "$coa" ]
}

# lost [SINCE]: echoes without reply between the first reply (after SINCE, in microseconds) and the last so far.
lost() {
	awk -v t="${1:-0}" -F'[][]' '
		/bytes from/ && $2 * 1e6 > t {
			match($0, /icmp_seq=[0-9]+/); s = substr($0, RSTART + 9, RLENGTH - 9) + 0
			if (!n++ || s < min) min = s
			if (s > max) max = s
		}
		END { print n ? max - min + 1 - n : "none" }
	' "$T/ping"
}
# In the event stream of the mobile node since MOVED: microseconds from the home agent's acknowledgement to optimized.
ro_back() {
	jq -n --arg cn "$CN" --arg ha "$HA" "[inputs | select(.ts > $1)] |
		(first(.[] | select(.event == \"ba_received\" and .peer == \$ha)) | .ts) as \$ba |
		first(.[] | select(.ts > \$ba and .event == \"ro\" and .peer == \$cn and .state == \"optimized\")) | .ts - \$ba" < "$T/monitor"
}
