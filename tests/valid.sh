# valid NAME: whether each JSON value on stdin (of an array: each element) is as `mip __schema` says of NAME: an object of mip, or
# "any". Prints what is not, and fails. MIP names the program. Sourced by tests.
# shellcheck shell=bash

valid() {
	local wrong
	wrong=$(jq -r --slurpfile schema <("${MIP:-mip}" __schema) --arg name "$1" '
		def wrong($s; $at):
			. as $v |
			if $s.type == "integer" and (type != "number" or floor != .) then "\($at): \($v) is no integer"
			elif $s.type and $s.type != "integer" and type != $s.type then "\($at): \($v) is no \($s.type)"
			elif $s.enum and ($s.enum | index([$v])) == null then "\($at): \($v) is none of \($s.enum)"
			elif $s.pattern and (test($s.pattern) | not) then "\($at): \($v) does not match \($s.pattern)"
			elif $s.format == "ipv6" and (test("^[0-9a-f:.]+$") | not) then "\($at): \($v) is no IPv6 address"
			elif $s.minimum and . < $s.minimum or $s.maximum and . > $s.maximum then "\($at): \($v) is out of range"
			elif $s.anyOf and all($s.anyOf[]; . as $o | [$v | wrong($o; $at)] != []) then "\($at): \($v) fits none of \($s.anyOf)"
			elif $s.type == "object" then keys[] as $k |
				if $s.properties[$k] then .[$k] | wrong($s.properties[$k]; "\($at).\($k)")
				else "\($at).\($k) is not in the schema" end
			else empty end;
		$schema[0]."$defs"[$name] as $s |
		if $s == null then "no \($name) in the schema"
		elif type == "array" then .[] | wrong($s; $name) else wrong($s; $name) end') || return
	[ -z "$wrong" ] || { echo "$wrong"; return 1; }
}
