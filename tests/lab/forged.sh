# Registrations an attacker makes, against a binding that IPsec protects; sent by badsend in r. Sourced after lab.sh, agents.sh
# and wire.sh. The home agent must let badsend register (acl allow 2001:db8:1::fe0e/127 insecure), and r must have no way to EVIL.
# shellcheck shell=bash

EVIL=2001:db8:77::77 # badsend's source
AH=0xc000	     # flags of a home registration

bad() { in_ns r "$MIP_BUILD/tests/net/badsend" home 02:00:00:00:01:01 "$HA" <<< "$1" 2>/run/lab/sent; }
# esp_of FILE CARE-OF: the ESP of the first registration from there in it, in octets
esp_of() {
	tcpdump -n -x -r "$1" -c 1 "$(with_hao 50 "$HOA" "$2")" 2>/dev/null | sed -n 's/^\s*0x[0-9a-f]*:\s*//p' | tr -d ' \n' | cut -c$((64 * 2 + 1))-
}
unprotected_count() { show ha ha rx_unprotected; }
protected_binding() { json ha binding show home "$HOA" | jq -c '.[0] | [.care_of, .sequence, .local, .flags]'; }

# forge CARE-OF OLD ESP [PACKET...]: each changes nothing in the binding of HOA, which is all there is; marked u: and is counted
# as unprotected. ESP went from OLD once.
forge() {
	local coa=$1 old=$2 esp=$3 form before seen n=0
	is "${#esp}" -gt 100
	before=$(protected_binding)
	for form in \
		"u from $EVIL hao $HOA bu 40000 $AH 100" "u from $EVIL hao $HOA bu 1 $AH 0" "u from $coa hao $HOA bu 30000 $AH 100 alt $EVIL" \
		"u from $coa hao $HOA bu 20000 $AH 0" "u from $HOA bu 10000 $AH 0" "u from $HOA bu 10000 $AH 100 alt $EVIL" \
		"u from $HOA bu 65000 $AH 100" "- from $HOA dopt 3b00010400000000 bu 10000 $AH 0" "- from $HOA frag 3b00000000000001 bu 10000 $AH 0" \
		"- from $old hao $HOA proto 50 $esp" "- from $coa hao $HOA proto 50 $esp" "- from $HOA proto 50 $esp" \
		"- from $coa hao $HOA proto 50 00000999${esp:8}" "- from $coa hao $HOA proto 50 ${esp:0:60}ffff${esp:64}" \
		"- from $coa hao 2001:db8:1::200 proto 50 $esp" "${@:4}"; do
		seen=$(unprotected_count)
		bad "${form#* }" > /run/lab/answers
		[ "${form:0:1}" != u ] || is "$(unprotected_count)" -gt "$seen" "$form"
		[ "$(protected_binding)" = "$before" ] || { echo "changed by: $form"; return 1; }
		is "$(json ha binding show | jq 'map(select(.home != "2001:db8:1::fe0f")) | length')" -eq 1 "$form"
		n=$((n + 1))
	done
	is "$n" -ge 12
}
