#!/usr/bin/env bats
# Wi-Fi as Debian has it: wpa_supplicant on the mobile node's wlan0, hostapd on the access points, WPA2, on radios that the
# kernel simulates (mac80211_hwsim). Each access point is a port of its link's bridge; f1 has two.

# bats file_tags=kernel

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"

W=/run/lab/wifi PSK="eight or more"

setup_file() {
	lab_up || return
	lab_move nowhere
	mkdir -p $W
	modprobe mac80211_hwsim radios=0 2>/dev/null && command -v hostapd wpa_supplicant iw >/dev/null || { touch $W/none; return 0; }
	"$BATS_TEST_DIRNAME/../lab/radios.py" 5 && iw dev > $W/dev && station &&
		access_point 1 home && access_point 2 f1 && access_point 3 f1 && access_point 4 f2
}
setup() {
	[ ! -e $W/none ] || skip "this kernel has no mac80211_hwsim, or hostapd, wpa_supplicant, iw are not installed"
}
teardown() { traffic_end; agents_stop; }

# radio N NODE: the one of wlanN goes there. By number: iw looks names up in /sys, which is not of this network namespace
radio() {
	iw "$(awk -v dev="wlan$1" '/^phy/ { phy = $1 } $1 == "Interface" && $2 == dev { print phy }' $W/dev)" set netns name "$2"
}

# access_point N LINK: with wlanN, a network called as the link
access_point() {
	radio "$1" sw || return
	ip -n sw -j link show "wlan$1" | jq -r '.[0].address' > "$W/$1.address"
	printf '%s\n' "interface=wlan$1" "bridge=$2" driver=nl80211 "ssid=$2" hw_mode=g channel=1 wpa=2 wpa_key_mgmt=WPA-PSK \
		rsn_pairwise=CCMP "wpa_passphrase=$PSK" > "$W/$1.conf"
	lab_bg sw "$W/$1.log" unshare -m sh -c 'mount -t sysfs -o ro sysfs /sys && exec hostapd "$1"' - "$W/$1.conf"
	lab_wait 20 grep -q AP-ENABLED "$W/$1.log" || { cat "$W/$1.log"; return 1; }
}
station() {
	local ssid
	radio 0 mn || return
	{
		echo "ctrl_interface=$W/ctrl"
		for ssid in home f1 f2; do
			printf 'network={\n\tssid="%s"\n\tpsk="%s"\n\tscan_freq=2412\n\tdisabled=1\n}\n' $ssid "$PSK"
		done
	} > $W/station.conf
	lab_bg mn $W/station.log wpa_supplicant -i wlan0 -D nl80211 -c $W/station.conf
	lab_wait 20 wpa ping
}
wpa() { wpa_cli -p $W/ctrl -i wlan0 "$@" 3>&- 4>&-; }
# join LINK: its network. associated LINK [N]: with that one, and access point N
join() { case $1 in home) wpa select_network 0;; f1) wpa select_network 1;; f2) wpa select_network 2;; esac; }
associated() {
	local now
	now=$(wpa status)
	grep -qx wpa_state=COMPLETED <<< "$now" && grep -qx "ssid=$1" <<< "$now" && grep -qx "bssid=${2:+$(< "$W/$2.address")}.*" <<< "$now"
}
begin() {
	ha_start
	join home
	lab_wait 20 associated home
	role_start mn mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev wlan0
	lab_wait 20 at_home
	traffic_start
}

# say_gap LINK: how long the last move took, and what in it
say_gap() {
	local gap lost ra bu ba first
	read -r gap lost ra bu ba first < <(gap_of "$MOVED")
	echo "# to $1: $gap ms without a packet, $lost lost: association $((($(event_at "$MOVED" link_up) - MOVED) / 1000)) ms," \
		"router advertisement $ra, binding update $bu, acknowledgement $ba, first packet $first" >&3
}

@test "home, foreign 1, foreign 2, home: each another network; a connection lives" {
	local link
	begin
	for link in f1 f2; do
		move_to $link join
		registered $link
		say_gap $link
	done
	move_to home join
	tcp_flows
	ping_stop
	tcp_stop
	[ -z "$(mn | grep '^! ')" ]
}

# silence SINCE: the longest time between two replies from then on, in ms
silence() { awk -v t="$1" -F'[][]' '/bytes from/ { if (last && $2 * 1e6 > t && $2 - last > gap) gap = $2 - last; last = $2 } END { printf "%.1f\n", gap * 1e3 }' $T/ping; }

@test "from one access point of a network to another: the same care-of address, and a connection lives" {
	local ap at since
	begin
	move_to f1 join
	at=$(care_of mn)
	for ap in 2 3 2; do
		since=${EPOCHREALTIME/./}
		wpa roam "$(< $W/$ap.address)"
		lab_wait 20 associated f1 $ap
		lab_wait 15 registered f1
		tcp_flows
		more_replies 20
		[ "$(care_of mn)" = "$at" ]
		echo "# to access point $ap of f1: $(silence "$since") ms without a packet" >&3
	done
	ping_stop
	tcp_stop
}
