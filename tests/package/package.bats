#!/usr/bin/env bats
# The Debian package: lintian, and a machine that boots it. The machine is this one's files below an overlay that vanishes,
# in namespaces of its own, with the real systemd as its first process; dpkg installs, removes and purges there.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"

R=/run/lab/machine/root

setup_file() {
	[ -n "${MIP_LAB:-}" ] || { echo "run it as: tests/net.sh ${BATS_TEST_FILENAME}" >&2; return 1; }
	mkdir -p /run/lab/machine && mount -t tmpfs tmpfs /run/lab/machine || return
	mkdir /run/lab/machine/{u,w,root}
	mount -t overlay -o lowerdir=/,upperdir=/run/lab/machine/u,workdir=/run/lab/machine/w overlay $R || return
	for n in proc sys dev; do mount --rbind /$n $R/$n; done
	mount -t tmpfs -o mode=755 tmpfs $R/run
	mount -t tmpfs tmpfs $R/dev/net && mknod -m 666 $R/dev/net/tun c 10 200   # as udev would have it
	rm -f $R/usr/sbin/policy-rc.d   # here services may be started and stopped
	cp "$MIP_BUILD"/mip_*.deb $R/tmp/mip.deb
}
teardown_file() {
	[ ! -s /run/lab/machine/pid ] || kill -9 "$(cat /run/lab/machine/pid)"
}

as_root() { chroot $R env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
init_pid() { pgrep -P "$(cat /run/lab/machine/pid)" -x systemd; }
inside() { nsenter -t "$(init_pid)" -m -p -n -C -r -w -- env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" 3>&- 4>&-; }   # what the package installed
unit_is() { [ "$(inside systemctl is-active mipd)" = "$1" ]; }

# systemd, started as a machine would start it; up to mipd and what it needs. reboot: after what pulling the plug leaves.
boot() {
	cat > /run/lab/machine/boot <<-BOOT
	umount -R $R/proc $R/sys 2>/dev/null
	mount -t proc proc $R/proc; mount -t sysfs sysfs $R/sys; mount -t cgroup2 cgroup2 $R/sys/fs/cgroup
	ip link set lo up; ip link add eth0 type veth peer name far; ip link set far up; ip link set eth0 up
	sysctl -qw net.ipv6.conf.all.forwarding=1
	exec chroot $R env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=mipd.service --show-status=no
	BOOT
	unshare -mpnCf --kill-child bash /run/lab/machine/boot > /run/lab/machine/log 2>&1 3>&- 4>&- &
	echo $! > /run/lab/machine/pid
}
reboot() {
	kill -9 "$(cat /run/lab/machine/pid)"
	lab_wait 10 eval "! init_pid"
	umount -l $R/run
	mount -t tmpfs -o mode=755 tmpfs $R/run
	boot
}

@test "what is linked comes from packages it says it is built with" {
	local lib from
	for lib in $(readelf -d "$MIP_BUILD/mip" "$MIP_BUILD/mipd" | sed -n 's/.*NEEDED.*\[\(lib[^]]*\.so\).*/\1/p' | sort -u | grep -vx libc.so); do
		from=$(dpkg -S "$(realpath -s "$(gcc -print-file-name="$lib")")" | cut -d: -f1)
		grep -q "^Build-Depends:.*\b$from\b" "$BATS_TEST_DIRNAME/../../cmd/package/debian/control" || { echo "$lib is of $from"; return 1; }
	done
	[ -n "$from" ]
}

@test "lintian finds no error" {
	run lintian --fail-on error $R/tmp/mip.deb
	echo "$output"
	[ "$status" = 0 ]
}

@test "it installs: account, directory, unit enabled, manual pages; systemd finds nothing wrong with the unit" {
	as_root dpkg -i /tmp/mip.deb
	as_root getent passwd mip | grep -q '/usr/sbin/nologin$'
	[ "$(as_root stat -c '%U:%G %a' /run/mip)" = "mip:mip 750" ]
	[ -L $R/etc/systemd/system/multi-user.target.wants/mipd.service ]
	[ ! -e $R/etc/systemd/system/multi-user.target.wants/mip-radvd.service ]   # mipd wants it
	as_root mip -V
	as_root sh -c 'for page in mip mipd mip.conf mip-doctor mip-import; do man -w $page > /dev/null || exit; done'
	run as_root systemd-analyze verify mipd.service mip-radvd.service
	[ "$status" = 0 ]
	[ -z "$output" ]
	as_root systemd-analyze security --offline=true --threshold=30 mipd.service > /dev/null
}

serves() { inside mip -j ha show | jq -e '.[0].enabled and .[0].dev == "eth0"' > /dev/null; }
# listen: on the home link from now on. heard: what a node there hears, once: when, and the home agent flag
listen() {
	inside timeout $((120 * MIP_SLOW)) tshark -l -i far -f 'icmp6 and ip6[40] == 134' -c 1 -T fields -e frame.time_epoch -e icmpv6.nd.ra.flag.h \
		> /run/lab/machine/heard 2> /run/lab/machine/listens &
	lab_wait 10 grep -q Capturing /run/lab/machine/listens
}
heard() { lab_wait 5 [ -s /run/lab/machine/heard ] && [ "$(cut -f2 /run/lab/machine/heard)" = 1 ]; }

# address_comes: after half a minute; what is printed is how long the home agent takes to serve, and to be heard
waited() { [ "$(inside mip -j agent show | jq '.[0].uptime')" -ge 30 ]; }
address_comes() {
	local at served
	lab_wait 30 waited
	listen
	at=${EPOCHREALTIME/./}
	inside ip -6 addr add 2001:db8:1::1/64 dev eth0 nodad
	lab_wait 5 serves
	served=$(((${EPOCHREALTIME/./} - at) / 1000))
	heard
	awk -v at="$at" -v served="$served" '{ printf "# it serves %d ms after its address, and is heard after %.0f ms\n", served, $1 * 1e3 - at / 1e3 }' \
		/run/lab/machine/heard >&3
}

@test "it boots with a home agent in its configuration and an address that comes late: the unit is ready, and waits" {
	local pid
	cp "$BATS_TEST_DIRNAME/../../man/examples/ha.conf" $R/etc/mip.conf
	boot
	lab_wait 30 unit_is active
	inside mip -j agent show | jq -e '.[0].roles | test("ha")'
	[[ "$(inside mip)" == *"! the home agent waits: home link eth0 has no global address"* ]]
	address_comes
	[ "$(inside systemctl show -P NRestarts mipd mip-radvd | xargs)" = "0 0" ]
	pid=$(inside systemctl show -P MainPID mipd)
	[ "$(inside mip -j agent show | jq '.[0].pid')" = "$pid" ]
	[ "$(inside stat -c %U "/proc/$pid")" = mip ]
	[ "$(inside sed -n 's/^CapBnd:\t//p' "/proc/$pid/status")" = 0000000000003000 ]
	[ "$(inside sed -n 's/^NoNewPrivs:\t//p' "/proc/$pid/status")" = 1 ]
}

@test "one owner: systemctl start and mip ha start, in either order; save, reboot: it serves and is announced" {
	local pid
	inside mip agent stop
	lab_wait 10 unit_is inactive
	rm $R/etc/mip.conf
	inside mip ha start dev eth0 insecure preference 9 save
	unit_is active
	pid=$(inside systemctl show -P MainPID mipd)
	inside systemctl start mipd
	[ "$(inside mip -j ha show | jq '.[0].preference')" = 9 ]
	[ "$(inside systemctl show -P MainPID mipd)" = "$pid" ]
	listen
	heard
	reboot
	lab_wait 30 unit_is active
	address_comes
	inside mip ha start dev eth0
	[ "$(inside mip -j agent show | jq '.[0].pid')" = "$(inside systemctl show -P MainPID mipd)" ]
	[ "$(inside mip -j ha show | jq '.[0].preference')" = 9 ]
	listen
	heard
	inside mip ha stop
	no_radvd() { ! inside pgrep -x radvd; }
	lab_wait 5 no_radvd
}

@test "the unit does not own the sockets of others: an agent of another network namespace outlives it" {
	inside unshare -n sh -c "ip link set lo up; exec sleep 1000" &
	rm $R/etc/mip.conf   # which is for every agent that reads it
	lab_wait 10 inside pgrep -x sleep
	inside mip -n "$(inside pgrep -x sleep)" cn start
	inside systemctl stop mipd
	inside mip -n "$(inside pgrep -x sleep)" agent show
	inside mip -n "$(inside pgrep -x sleep)" agent stop
	inside pkill -x sleep
	inside systemctl start mipd
}

@test "reload reads the configuration again; a wrong one is refused and the agent goes on with what it has" {
	echo "cn start max-bindings 77" > $R/etc/mip.conf
	inside systemctl reload mipd
	inside mip -j agent show | jq -e '.[0].roles == "cn"'
	echo "cn strat" > $R/etc/mip.conf
	run inside systemctl reload mipd
	[ "$status" != 0 ]
	inside mip -j cn show | jq -e '.[0].max_bindings == 77'
	unit_is active
	rm $R/etc/mip.conf
	inside systemctl reload mipd
}

@test "an agent that is killed is started again; stop ends it and leaves nothing in the kernel" {
	local pid
	pid=$(inside systemctl show -P MainPID mipd)
	inside kill -9 "$pid"
	# asked of both: systemd may not have noticed yet
	another() { local now; now=$(inside systemctl show -P MainPID mipd); unit_is active && [ "$now" != "$pid" ] && [ "$(inside mip -j agent show | jq '.[0].pid')" = "$now" ]; }
	lab_wait 20 another
	inside mip cn start
	inside systemctl stop mipd
	[ -z "$(ls $R/run/mip/*.sock 2>/dev/null)" ]
	[ -z "$(inside nft list ruleset)" ]
}

@test "it is removed while it runs, and purged: no process, no file of it" {
	inside systemctl start mipd
	lab_wait 10 unit_is active
	inside dpkg -r mip
	run unit_is active
	[ "$status" != 0 ]
	[ -z "$(inside pgrep -x mipd)" ]
	inside dpkg -P mip
	[ -z "$(find $R/usr $R/lib $R/etc/systemd $R/var/lib -xdev \( -name 'mip.*' -o -name 'mipd*' -o -name mip -o -name 'mip-*' \) -newer $R/tmp/mip.deb)" ]
	[ ! -e $R/var/lib/mip ]
}
