# strongSwan's charon in the test network, one a node, each with a socket, a configuration and a log of its own in $D/NODE.
# Sourced after lab.sh. An agent reaches it by MIP_VICI=$D/NODE/vici.
# shellcheck shell=bash

D=/run/lab/ike

# charon NODE: it runs there when this returns.
charon() {
	local d=$D/$1
	mkdir -p "$d/swanctl"
	cat > "$d/strongswan.conf" <<-CONF
	charon-systemd {
		install_routes = no
		plugins {
			include /etc/strongswan.d/charon/*.conf
			vici { socket = unix://$d/vici }
			resolve { load = no }
			bypass-lan { load = no }
			kernel-netlink { roam_events = no }
		}
		filelog { log { path = $d/log
			default = 1
			flush_line = yes } }
	}
	swanctl { socket = unix://$d/vici }
	CONF
	STRONGSWAN_CONF=$d/strongswan.conf lab_bg "$1" "$d/out" charon-systemd
	echo $! > "$d/pid"
	lab_wait 10 swan "$1" --stats
}
swan() { STRONGSWAN_CONF=$D/$1/strongswan.conf SWANCTL_DIR=$D/$1/swanctl in_ns "$1" swanctl "${@:2}"; }
charon_kill() { kill -9 "$(cat "$D/$1/pid")"; lab_wait 5 eval "! kill -0 $(cat "$D/$1/pid")"; rm "$D/$1/vici"; }
charons_stop() { local n; for n in "$D"/*/pid; do [ ! -e "$n" ] || kill "$(cat "$n")" 2>/dev/null || true; done; }

# --- with agents.sh ---

spis() { ip -n "$1" xfrm state list proto esp | sed -n 's/.*spi \(0x[0-9a-f]*\) reqid 1.*/\1/p' | sort; }   # ours have large reqids
# again NODE WORD...: its protection by IKE with other words, in one step
again() {
	mip -n "$1" save | sed "s|^\(ipsec add home $HOA .* ike\) .*|\1 ${*:2}|" > $D/conf
	mip -n "$1" apply $D/conf
}

# --- and wire.sh ---

unprotected() { wire "host $HA and (ip6[6] == 135 or ((ip6[6] == 60 or ip6[6] == 43) and ip6[40] == 135))"; }

in_file() { grep -c "$1" "$2" || true; }   # how many lines
at_home_again() { [ "$(show mn mn state) $(json ha binding show home "$HOA")" = "home []" ]; }
# soak SECONDS: the mobile node is on foreign 1, foreign 2 and at home by turns: registered each time, with keys, and optimized
# with cn where it is away. Leaves what was counted in SOAKED, the registrations that ended by themselves in LOST.
soak() {
	local end=$((EPOCHSECONDS + $1)) n
	SOAKED=0
	lab_bg ha $D/ha.events mip -j monitor binding
	local ha_monitor=$!
	lab_bg mn $D/mn.events mip -j monitor bul
	local mn_monitor=$!
	wire_start
	while [ "$EPOCHSECONDS" -lt $end ]; do
		for n in f1 f2; do away $n && lab_wait 20 optimized $n || return; done
		lab_move home && lab_wait 20 at_home_again || return
		SOAKED=$((SOAKED + 3))
	done
	away f1 && away f2 || return
	wire_stop
	kill $ha_monitor $mn_monitor
	# shellcheck disable=SC2034   # who calls reads it
	LOST=$(in_file '"event":"binding_expired"' $D/ha.events)
	SOAKED+=" moves, $(in_file '"event":"ba_received".*"home_registration":true' $D/mn.events) registrations of"
	SOAKED+=" $(in_file '"event":"bu_sent".*"home_registration":true' $D/mn.events) updates, keys renewed:"
	SOAKED+=" of IKE $(in_file 'IKE_SA .* rekeyed between' $D/ha/log), of the binding $(in_file 'closing CHILD_SA' $D/ha/log)"
}
