#!/usr/bin/env bats
# Beside other programs, as Debian has them: a TCP connection lives while the node goes home, foreign 1, foreign 2, home
# and while the program starts again, which takes away routes and rules that are not its own. They see a container: /sys
# cannot be written, so that none waits for udev. What mip-guide(7) says to do is done.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"

setup_file() {
	local dir
	lab_up || return
	for dir in /etc/NetworkManager /var/lib/NetworkManager /etc/firewalld /var/lib/dhcpcd; do
		[ ! -d $dir ] || mount -t tmpfs tmpfs $dir || return   # of this world only
	done
}

setup() { lab_move home; }
teardown() { traffic_end; agents_stop; program_end; dhcp_end; lab_sysctl mn net.ipv6.conf.eth0.accept_ra=1; }

# has PROGRAM...: else the test is skipped
has() { local p; for p; do PATH=$PATH:/lib/systemd command -v "$p" >/dev/null || skip "$p is not installed"; done; }

# program NODE COMMAND...: in the background, with /sys read-only. program_end: ends it. Its output is in run/lab/program.
program() {
	lab_bg "$1" /run/lab/program unshare -m sh -c 'mount -t sysfs -o ro sysfs /sys && exec "$@"' - "${@:2}"
	PROGRAM=$!
}
program_end() {
	[ -n "${PROGRAM:-}" ] || return 0
	kill "$PROGRAM" 2>/dev/null || true
	lab_wait 5 eval "! kill -0 $PROGRAM" || kill -9 "$PROGRAM"
	PROGRAM=
}

# bus: a system's message bus, one for this world
bus() {
	[ ! -S /run/dbus/system_bus_socket ] || return 0
	mkdir -p /run/dbus
	lab_bg r /run/lab/bus dbus-daemon --system --nofork --nopidfile
	lab_wait 10 [ -S /run/dbus/system_bus_socket ]
}

# says NODE TEXT: on a line of what is wrong. silent NODE: there is none.
says() { in_ns "$1" mip | grep '^! ' | grep -q -- "$2"; }
silent() { ! in_ns "$1" mip | grep -q '^! '; }
has_prefix() { ip -n mn -6 -o addr show dev eth0 -tentative | grep -q " 2001:db8:$1:"; }

# autoconf VERDICT TEXT: what doctor says of who configures care-of addresses
autoconf() {
	{ in_ns mn mip -j doctor mn dev eth0 || true; } |
		jq -e --arg v "$1" --arg t "$2" 'any(.[]; .check == "autoconf" and .verdict == $v and (tostring | test($t)))'
}

# lives START [NAME]: with the program that START starts; NAME: it keeps the kernel from reading advertisements
lives() {
	local link
	"$1"
	lab_wait 20 has_prefix 1
	[ -z "${2:-}" ] || lab_wait 20 autoconf ok "$2 configures care-of addresses of eth0"
	ha_start
	mn_start
	lab_wait 15 at_home
	traffic_start
	for link in f1 f2; do
		move_to $link
		tcp_flows
	done
	again "$1"
	registered f2
	move_to home
	again "$1"
	at_home
	ping_stop
	tcp_stop
	by_home
	silent mn
}
# by_home: packets of the home address leave by the home link's router, not by one that the program still knows
by_home() {
	local n
	for n in 2 3 4 5 6 7 8 9; do
		ip -n mn -6 route get "2001:db8:c::$n" from "$HOA" | grep -q 'via fe80::ff:fe00:101 ' || return
	done
}
# again START: the program starts again, and takes the link over before traffic is looked at
again() {
	local link=1
	[ "$(lab_where)" = home ] || link=$(lab_where)
	program_end
	"$1"
	lab_wait 20 has_prefix "$link"
	lab_wait 20 took_over
	lab_wait 15 reachable
	tcp_flows
}
took_over() { [ -z "$TOOK" ] || grep -q "$TOOK" /run/lab/program; }

start_networkd() {
	mkdir -p /run/systemd/network
	printf '[Match]\nName=eth0\n[Network]\nIPv6AcceptRA=%s\n' "${1:-yes}" > /run/systemd/network/10-eth0.network
	TOOK="eth0: Gained IPv6LL"
	program mn /lib/systemd/systemd-networkd
}

@test "systemd-networkd" {
	has systemd-networkd
	lives start_networkd systemd-networkd
	program_end
	ip -n mn -6 addr flush dev eth0 scope global
	start_networkd no
	lab_wait 20 autoconf weak "systemd-networkd .*IPv6AcceptRA=yes below .Network. in the file that 'networkctl status eth0' names"
}

start_nm() {
	local etc=/etc/NetworkManager
	mkdir -p $etc/system-connections
	printf '%s\n' '[main]' plugins=keyfile dns=none rc-manager=unmanaged auth-polkit=false \
		'[keyfile]' 'unmanaged-devices=except:interface-name:eth0' > $etc/NetworkManager.conf
	(umask 077 && printf '%s\n' '[connection]' id=eth0 uuid=5f1e8c3c-9d55-4a39-9a4b-0a6f4d0a7c11 type=ethernet \
		interface-name=eth0 '[ipv4]' method=disabled '[ipv6]' method=auto addr-gen-mode=eui64 \
		> $etc/system-connections/eth0.nmconnection)
	TOOK="device (eth0): Activation: successful"
	program mn NetworkManager --debug
}

@test "NetworkManager" {
	has NetworkManager dbus-daemon
	bus
	lives start_nm NetworkManager
}

start_dhcpcd() {
	printf '%s\n' 'slaac hwaddr' noipv4 'script /bin/true' > /run/lab/dhcpcd.conf
	TOOK="eth0: adding default route via"
	program mn dhcpcd --nobackground --debug -f /run/lab/dhcpcd.conf eth0
}

@test "dhcpcd" {
	has dhcpcd
	lives start_dhcpcd dhcpcd
}

# ifupdown has no program that runs: what ifup started is ended by ifdown
start_ifupdown() {
	mkdir -p /run/network
	printf 'iface eth0 inet6 auto\n' > /run/lab/interfaces
	[ ! -s /run/network/ifstate ] || in_ns mn ifdown -i /run/lab/interfaces eth0
	in_ns mn ifup -i /run/lab/interfaces eth0 > /run/lab/program 2>&1
	TOOK=
}

@test "ifupdown" {
	has ifup
	lives start_ifupdown
}

# wg_server: at the router, which forwards; start_wg: wg-quick with the lines the manual names
wg_server() {
	local key
	mkdir -p "$W"
	for key in r mn; do (umask 077 && wg genkey > "$W/$key.key" && wg pubkey < "$W/$key.key" > "$W/$key.pub"); done
	ip -n r link add wg0 type wireguard || return
	in_ns r wg set wg0 listen-port 51820 private-key "$W/r.key" peer "$(cat "$W/mn.pub")" allowed-ips fd00:77::2/128
	ip -n r addr add fd00:77::1/64 dev wg0 nodad
	ip -n r link set wg0 up
}
start_wg() {
	(umask 077 && cat > "$W/wg0.conf") <<-WG
	[Interface]
	PrivateKey = $(cat "$W/mn.key")
	Address = fd00:77::2/64
	PostUp = ip -6 rule add pref 50 from $HOA goto 1190; ip -6 rule add pref 51 from $HOA lookup main
	PreDown = ip -6 rule del pref 50; ip -6 rule del pref 51
	[Peer]
	PublicKey = $(cat "$W/r.pub")
	Endpoint = [2001:db8:c::1]:51820
	AllowedIPs = ::/0
	WG
	if ip -n mn link show wg0 2>/dev/null; then in_ns mn wg-quick down "$W/wg0.conf"; fi
	in_ns mn wg-quick up "$W/wg0.conf"
	TOOK=
}
by_vpn() { in_ns mn ping -6 -c 1 -W $((2 * MIP_SLOW)) -I fd00:77::2 fd00:77::1; }

# bats test_tags=kernel
@test "wg-quick with a full tunnel" {
	W=$BATS_TEST_TMPDIR/wg
	has wg-quick
	wg_server || skip "this kernel has no WireGuard"
	lives start_wg
	lab_wait 10 by_vpn
	away f1
	lab_wait 10 by_vpn
	in_ns mn wg-quick down "$W/wg0.conf"
	ip -n r link del wg0
}

# --- addresses by DHCPv6 only, at f1 ---

dhcp_server() {
	lab_routers_end
	lab_routers "AdvManagedFlag on" -- "AdvAutonomous off"
	lab_bg r /run/lab/dnsmasq dnsmasq -k -C /dev/null --port=0 --interface=f1 --bind-interfaces --user=root \
		--dhcp-range=2001:db8:f1::1000,2001:db8:f1::1fff,64,10m --dhcp-leasefile=/run/lab/leases --pid-file=/run/lab/dnsmasq.pid
	lab_wait 10 [ -s /run/lab/dnsmasq.pid ]
}
dhcp_end() {
	[ -s /run/lab/dnsmasq.pid ] || return 0
	kill "$(cat /run/lab/dnsmasq.pid)"
	rm /run/lab/dnsmasq.pid
	lab_routers_end
	lab_routers
}

# leased START: the program that START starts is the client
leased() {
	dhcp_server
	"$1"
	lab_wait 20 has_prefix 1
	ha_start
	mn_start
	lab_wait 15 at_home
	traffic_start
	move_to f1
	ip -n mn -6 -o addr show dev eth0 | grep -q " $(care_of mn)/128 "
	[[ $(care_of mn) = 2001:db8:f1::1* ]]
	tcp_flows
	move_to f2
	tcp_flows
	move_to f1
	move_to home
	tcp_flows
	ping_stop
	tcp_stop
	silent mn
}

@test "DHCPv6 only, systemd-networkd asks" {
	has systemd-networkd dnsmasq
	leased start_networkd
}

@test "DHCPv6 only, dhcpcd asks" {
	has dhcpcd dnsmasq
	leased start_dhcpcd
}

# --- the machine sleeps ---

expired() { [ "$(json ha binding show)" = "[]" ]; }
# sleeps LINK: for two hours, during which it is carried there; its agent stands still, and its clock does not
sleeps() {
	local pid
	pid=$(show mn agent pid)
	kill -STOP "$pid"
	lab_move nowhere
	ahead 7200 mn
	pass 7200 ha
	lab_wait 10 expired
	lab_move "$1"
	kill -CONT "$pid"
}

@test "the machine sleeps for hours, and wakes up elsewhere" {
	clocks mn ha
	ha_start
	mn_start
	traffic_start
	move_to f1
	sleeps f2
	lab_wait 15 registered f2
	tcp_flows
	sleeps f2
	lab_wait 15 registered f2
	tcp_flows
	sleeps home
	lab_wait 20 at_home
	tcp_flows
	ping_stop
	tcp_stop
	silent mn
}

fw() { in_ns r firewall-cmd "$@"; }   # it is asked by the bus, wherever it runs
# firewalld_on NODE yes|no: with that IPv6_rpfilter; Debian has yes
firewalld_on() {
	printf '%s\n' DefaultZone=public "IPv6_rpfilter=$2" > /etc/firewalld/firewalld.conf
	program "$1" firewalld --nofork --nopid --log-target=console
	lab_wait 20 fw --state
}

@test "firewalld on the home agent: what it rejects is noticed, and what the manual says opens it" {
	has firewalld dbus-daemon
	bus
	ha_start
	mn_start
	firewalld_on ha yes
	says ha "drops what comes by another interface than the route back: .*IPv6_rpfilter=no in /etc/firewalld/firewalld.conf"
	program_end
	firewalld_on ha no
	! says ha "another interface" || false
	lab_move f1
	lab_wait 15 says mn "home agent $HA does not answer: .*protocol 135 is dropped on the way"
	fw --add-protocol=41 --add-protocol=50 --add-protocol=135
	mkdir -p "$T"
	lab_bg mn /dev/null ping -6 -i 0.5 -I "$HOA" "$CN"
	echo $! > "$T/talk.pid"
	lab_wait 15 says mn "through the tunnel to $HA, and nothing has come back for .*: the home agent does not forward"
	says ha "firewalld rejects .*: firewall-cmd --change-interface=eth0 --change-interface=mip0"
	fw --change-interface=eth0 --change-interface=mip0
	lab_wait 15 silent ha
	lab_wait 15 reachable
	lab_wait 15 silent mn
	fw --runtime-to-permanent
	kill "$(cat "$T/talk.pid")"
	traffic_start
	fw --reload
	move_to f2
	tcp_flows
	ping_stop
	tcp_stop
	back   # without a connection: the home agent sees only one half of it there, and firewalld drops that
}

@test "firewalld on the mobile node, opened as the manual says" {
	has firewalld dbus-daemon
	bus
	ha_start
	mn_start
	firewalld_on mn yes
	lab_move f1
	lab_wait 15 says mn "firewall-cmd --add-protocol=41 --add-protocol=50 --add-protocol=135"
	fw --add-protocol=41 --add-protocol=50 --add-protocol=135
	fw --runtime-to-permanent
	back
	lab_wait 15 silent mn
	traffic_start
	move_to f1
	fw --reload
	tcp_flows
	move_to f2
	move_to home
	ping_stop
	tcp_stop
	silent mn
}

# What Docker writes for IPv6, as nft has it.
docker_rules() {
	in_ns ha nft -f - <<-'NFT'
	table ip6 filter {
		chain DOCKER-ISOLATION-STAGE-1 { return; }
		chain DOCKER { }
		chain DOCKER-USER { return; }
		chain FORWARD {
			type filter hook forward priority 0; policy drop;
			jump DOCKER-USER
			jump DOCKER-ISOLATION-STAGE-1
			oifname docker0 ct state established,related accept
			oifname docker0 jump DOCKER
			iifname docker0 accept
		}
	}
	NFT
}

@test "Docker's forward chain on the home agent: named, and what the manual says opens it" {
	ha_start
	mn_start
	docker_rules
	lab_wait 15 away f1
	mkdir -p "$T"
	lab_bg mn /dev/null ping -6 -i 0.5 -I "$HOA" "$CN"
	echo $! > "$T/talk.pid"
	lab_wait 15 says ha "none has gone in for .*: perhaps chain FORWARD of nft table filter drops them"
	in_ns ha nft insert rule ip6 filter DOCKER-USER iifname mip0 accept
	in_ns ha nft insert rule ip6 filter DOCKER-USER oifname mip0 accept
	lab_wait 15 reachable
	lab_wait 15 silent ha
	lab_wait 15 silent mn
	in_ns ha nft delete table ip6 filter
}
