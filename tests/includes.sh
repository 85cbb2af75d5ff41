#!/usr/bin/env bash
# Who may include whom. Prints each #include "..." that breaks the rule; fails when there is one. No file lies loose in core/.
#   base <- wire <- role     wire <- sys <- flow <- host     role <- host     base <- store     base, wire, role <- ctl
#   agent, the composition, sees every room of core; cmd sees include/mip, and its mipd.c, the main of the daemon, agent/agent.h
# include/mip is a leaf: every room may see it but base, wire, store and role; role may see its plain values, mip/types.h.
cd "${1:-$(dirname "$0")/..}" || exit
loose=$(find core -maxdepth 1 -type f -printf '%p lies loose\n')
[ -z "$loose" ] || { echo "$loose"; exit 1; }
find core cmd include -name '*.[ch]' -exec grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"[^"]+"' {} + | awk -F: '
	BEGIN {
		may["base"] = "base"; may["wire"] = "base wire"; may["role"] = "base wire role"; may["store"] = "base store"
		may["sys"] = "base wire sys mip"; may["flow"] = "base wire sys flow mip"; may["host"] = "base wire role sys flow host mip"
		may["ctl"] = "base wire role ctl mip"; may["agent"] = "base wire role sys flow host store ctl agent mip"
		may["cmd"] = "cmd mip"; may["mip"] = "mip"
	}
	function room(path,   p) {   # the room a file lives in
		split(path, p, "/")
		return p[1] == "core" ? p[2] : p[1] == "include" ? "mip" : p[1]
	}
	{
		file = $1; sub(/^[^"]*"/, "", $0); sub(/".*/, "", $0); inc = $0
		from = room(file); n = split(inc, p, "/")
		to = n > 1 ? p[1] : from
		if (file == "cmd/mipd.c" && inc == "agent/agent.h") next   # the one thing a main needs
		if (from == "role" && inc == "mip/types.h") next
		if (index(" " may[from] " ", " " to " ") == 0) { print file ": " from " must not include \"" inc "\""; bad = 1 }
	}
	END { exit bad }'
