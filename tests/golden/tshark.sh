#!/usr/bin/env bash
# The golden packets as tshark, an independent decoder, sees them: every field
# named in NAME.expect ("field value", values of a field that occurs more than
# once joined by commas, no value = the field must be absent) is compared, and no
# packet may be malformed. A packet without a NAME.expect is a failure.
# Usage: tests/golden/tshark.sh [NAME...]

cd "$(dirname "$0")" || exit 1

for tool in tshark text2pcap od; do
	if ! command -v "$tool" >/dev/null; then
		echo "SKIP: $tool is not installed"
		exit 0
	fi
done

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

passed=0
failed=0

ok() { passed=$((passed + 1)); }

bad() {
	failed=$((failed + 1))
	echo "FAIL $*"
}

# The bytes of a hex file.
bytes() {
	local digits
	digits=$(sed 's/#.*//' "$1" | tr -dc '[:xdigit:]')
	# shellcheck disable=SC2001 # a pair of digits is a back reference
	printf '%b' "$(sed 's/../\\x&/g' <<<"$digits")"
}

# One packet to a capture file of bare IPv6 packets.
capture() {
	bytes "$1.hex" | od -Ax -tx1 -v | text2pcap -q -E rawip6 - "$tmp/$1.pcap" >/dev/null 2>"$tmp/err"
}

# Fields of a packet, one line, separated by |. Fragments stay fragments, checksums are verified. Newer versions say True
# where older ones say 1.
dissect() {
	local name=$1 field args=()
	shift
	for field; do args+=(-e "$field"); done
	tshark -n -r "$tmp/$name.pcap" -o ipv6.defragment:FALSE -o udp.check_checksum:TRUE \
		-T fields -E separator='|' -E occurrence=a -E aggregator=, "${args[@]}" 2>"$tmp/err" |
		sed 's/True/1/g; s/False/0/g'
}

check() {
	local name=$1 i fields=() wants=() got
	while read -r field want; do
		fields+=("$field")
		wants+=("$want")
	done <"$name.expect"
	fields+=(_ws.malformed)
	wants+=("")
	IFS='|' read -r -a got < <(dissect "$name" "${fields[@]}")
	if [ -s "$tmp/err" ] && grep -qi "valid" "$tmp/err"; then
		bad "$name: $(cat "$tmp/err")"
		return
	fi
	for i in "${!fields[@]}"; do
		if [ "${got[i]-}" = "${wants[i]}" ]; then
			ok
		else
			bad "$name: ${fields[i]} is '${got[i]-}', not '${wants[i]}'"
		fi
	done
}

[ $# -gt 0 ] || set -- *.hex
for name; do
	name=${name%.hex}
	if [ ! -s "$name.expect" ]; then
		bad "$name: no $name.expect"
	elif ! capture "$name"; then
		bad "$name: $(cat "$tmp/err")"
	else
		check "$name"
	fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
