#!/usr/bin/env bash
# Who may include whom. Prints each #include "..." that breaks the rule; fails when there is one.
#   base <- wire <- role <- agent     base, wire <- sys <- agent     base, role, include/mip <- ctl <- agent
#   base <- store <- agent
#   cmd sees include/mip only (its mipd.c, the daemon's main, also core/agent.h)
# include/mip is a leaf: sys may see it too; role only its plain values, mip/types.h (the rest knows Linux).
cd "${1:-$(dirname "$0")/..}" || exit
find core cmd include -name '*.[ch]' -exec grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"[^"]+"' {} + | awk -F: '
	BEGIN {
		may["base"] = "base"; may["wire"] = "base wire"; may["role"] = "base wire role"
		may["sys"] = "base wire sys mip"; may["store"] = "base store"; may["ctl"] = "base role ctl mip"; may["agent"] = "base wire role sys store ctl mip agent"
		may["cmd"] = "cmd mip"; may["mip"] = "mip"
	}
	function room(path,   p) {   # the room a file lives in
		split(path, p, "/")
		if (p[1] == "core") return p[2] ~ /\./ ? "agent" : p[2]
		return p[1] == "include" ? "mip" : p[1]
	}
	{
		file = $1; sub(/^[^"]*"/, "", $0); sub(/".*/, "", $0); inc = $0
		from = room(file); n = split(inc, p, "/")
		to = n > 1 ? p[1] == "core" ? p[2] : p[1] : ((getline skip < ("core/" inc)) >= 0 ? "agent" : from)
		if (file == "cmd/mipd.c" && inc == "agent.h") next   # the one thing a main needs
		if (file == "cmd/mipd.c" && inc == "agent.h") next
		if (from == "role" && inc == "mip/types.h") next
		if (index(" " may[from] " ", " " to " ") == 0) { print file ": " from " must not include \"" inc "\""; bad = 1 }
	}
	END { exit bad }'
