# shellcheck shell=bash
# Home agents of a cell with their corosync and keepalived. Sourced after lab.sh and agents.sh. The n-th of CELL, from 0,
# has node number n + 1 and the address 2001:db8:1::a, ::b ... on eth0.
# CELL_DIR: a directory not below /run, which each of the programs has of its own.

CELL=(ha ha2)
cell_own() { printf '2001:db8:1::%x' $((10 + $1)); }
cell_conf() {
	local i
	printf 'totem {\nversion: 2\ncluster_name: mip\ntransport: udpu\ntoken: 1000\n}\nnodelist {\n'
	for i in "${!CELL[@]}"; do printf 'node {\nring0_addr: %s\nnodeid: %d\n}\n' "$(cell_own "$i")" $((i + 1)); done
	printf '}\nlogging {\nto_syslog: no\nto_logfile: yes\nlogfile: %s/%s.corosync.log\n}\n' "$CELL_DIR" "$1"
	printf 'system {\nsched_rr: no\nmove_to_root_cgroup: no\nstate_dir: %s\n}\n' "$CELL_DIR"
}
# cell_program NODE PROGRAM [ARG ...]: there, in the background; with a /run of its own, where it keeps its lock
cell_program() {
	lab_bg "$1" "/run/lab/$1.$2.out" unshare -m sh -c 'mount -t tmpfs tmpfs /run && exec "$@"' sh "${@:2}"
	echo $! > "/run/lab/$1.$2"
}
# cell_kill NODE PROGRAM
cell_kill() {
	local p
	p=$(cat "/run/lab/$1.$2")
	rm "/run/lab/$1.$2"
	kill -9 "$p"
	lab_wait 5 eval "! kill -0 $p"
}
corosync_start() {
	cell_conf "$1" > "$CELL_DIR/$1.corosync.conf"
	cell_program "$1" corosync -f -c "$CELL_DIR/$1.corosync.conf"
}
corosync_stop() { cell_kill "$1" corosync; }
# keepalived_start NODE: as man/examples has it
keepalived_start() {
	local conf
	conf=$(realpath "$LAB_DIR/../../man/examples/keepalived.conf")
	cell_program "$1" keepalived --dont-fork --log-console --no-syslog --use-file "$conf"
}
# Not killed, it gives the address up. Its child does that, and goes with it.
keepalived_stop() {
	local p
	p=$(cat "/run/lab/$1.keepalived")
	rm "/run/lab/$1.keepalived"
	kill "$p"
	lab_wait 5 eval "! kill -0 $p"
}
