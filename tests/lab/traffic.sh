# Traffic through a move, and what it tells: a ping every 10 ms from cn to the home address, one TCP transfer cn -> mn
# with SHA-256 at both ends, the mobile node's event stream, and the split of a gap. Sourced after lab.sh.
# shellcheck shell=bash

# Files, and with whom: node, address, port at cn. With others of these the same runs to another node beside it.
T=/run/lab/traffic WITH=mn WITH_ADDR=$HOA PORT=5001 IP=6
PING_MS=$((10 * MIP_SLOW))   # an emulated machine cannot do 100 a second

monitor_start() { lab_bg mn $T/monitor mip -j monitor; echo $! > $T/monitor.pid; lab_wait 5 grep -q '"sync"' $T/monitor; }

ping_start() {   # replies carry the time of day, as events do
	lab_bg cn $T/ping "$MIP_BUILD/tests/lab/gapping" "$PING_MS" "$WITH_ADDR"
	echo $! > $T/ping.pid
	lab_wait 10 replies 3
}
replies() { [ "$(grep -c 'bytes from' $T/ping)" -ge "$1" ]; }                    # at least N so far
more_replies() { lab_wait 20 replies $(($(grep -c 'bytes from' $T/ping) + $1)); }   # waits for N more
ping_stop() { kill -INT "$(cat $T/ping.pid)"; lab_wait 5 grep -q transmitted $T/ping; }

literal() { if [ $IP = 6 ]; then echo "[$1]"; else echo "$1"; fi; }
# One connection from that address; cn sends random bytes at 1 MB/s (as fast as an emulated machine can) until tcp_stop.
tcp_start() {
	mkdir -p $T
	mkfifo $T/sent $T/received
	sha256sum < $T/sent > $T/sent.sum 3>&- 4>&- &
	sha256sum < $T/received > $T/received.sum 3>&- 4>&- &
	lab_bg cn $T/sender bash -c "sh -c 'echo \$\$ > $T/source.pid; exec cat /dev/urandom' |
		pv -qL $((1000000 / MIP_SLOW)) | tee $T/sent | socat -u - TCP$IP-LISTEN:$PORT,reuseaddr"
	lab_wait 5 sh -c "nsenter --net=/run/netns/cn ss -Hltn 'sport = $PORT' | grep -q ."
	lab_bg "$WITH" $T/receiver bash -c "socat -u 'TCP$IP:$(literal "$CN"):$PORT,bind=$(literal "$WITH_ADDR")' - | pv -nb -i 0.1 2>$T/bytes | tee $T/received >/dev/null"
	lab_wait 10 tcp_beyond 0
}
tcp_bytes() { local n; n=$(tail -n 1 $T/bytes 2>/dev/null); echo "${n:-0}"; }
tcp_beyond() { [ "$(tcp_bytes)" -gt "$1" ]; }
tcp_flows() { lab_wait 20 tcp_beyond "$(tcp_bytes)"; }   # more bytes arrive than have now
# Ends the transfer; true when every byte that was sent arrived.
tcp_stop() {
	kill "$(cat $T/source.pid)"
	lab_wait 30 [ -s $T/received.sum ] && lab_wait 5 [ -s $T/sent.sum ] && cmp -s $T/sent.sum $T/received.sum
}

# traffic_end: what runs in the background, each with its NAME.pid there, and what it wrote
traffic_end() {
	local f
	lab_keep
	for f in "$T"/*.pid; do [ ! -e "$f" ] || kill "$(cat "$f")" 2>/dev/null || true; done
	[ ! -e "$T" ] || rm -r "$T"
}
traffic_start() { mkdir -p $T; rm -f $T/*; monitor_start && ping_start && tcp_start; }

happened() { jq -en "[inputs | select(.ts > $1 and $2)] | length > 0" < $T/monitor; }   # happened SINCE FILTER
event_at() { jq -n "first(inputs | select(.ts > $1 and .event == \"$2\") | .ts)" < $T/monitor; }

# move_to LINK [COMMAND]: moves the node (by lab_move, or as COMMAND LINK does), waits until it is registered (or home) from there and traffic flows; leaves the
# moment of the move, in microseconds, in $MOVED.
move_to() {
	local state=registered; [ "$1" = home ] && state=home
	MOVED=${EPOCHREALTIME/./}
	"${2:-lab_move}" "$1" && lab_wait 15 happened "$MOVED" ".event == \"state\" and .state == \"$state\"" || return
	lab_wait 15 reply_after "${EPOCHREALTIME/./}" || return
	more_replies 20
}
reply_after() { awk -v t="$1" -F'[][]' '/bytes from/ && $2 * 1e6 > t { found = 1 } END { exit !found }' $T/ping; }

# gap_of MOVED [ADDRESS]: "GAP LOST RA BU BA FIRST" of that move. GAP ms is the longest silence between echo replies from the move to
# the first reply after the binding acknowledgement, LOST the echoes without reply in it; then ms from link-up to router
# advertisement (or to ADDRESS, a time), to binding update, to its acknowledgement, to that first reply.
gap_of() {
	local e at=()
	for e in link_up ra bu_sent ba_received; do at+=("$(event_at "$1" $e)"); done
	[ -z "${2:-}" ] || at[1]=$2
	awk -v t="$1" -v up="${at[0]}" -v ra="${at[1]}" -v bu="${at[2]}" -v ba="${at[3]}" -F'[][]' '
		/bytes from/ {
			now = $2 * 1e6; match($0, /icmp_seq=[0-9]+/); seq = substr($0, RSTART + 9, RLENGTH - 9) + 0
			if (now > t && last && now - last > gap) { gap = now - last; lost = seq - lastseq - 1 }
			if (now > ba) { first = now; exit }
			last = now; lastseq = seq
		}
		END { printf "%.1f %d %.1f %.1f %.1f %.1f\n", gap / 1e3, lost, (ra - up) / 1e3, (bu - ra) / 1e3, (ba - bu) / 1e3, (first - ba) / 1e3 }
	' $T/ping
}
