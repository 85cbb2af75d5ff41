#!/usr/bin/awk -f
# mip-import FILE: prints a mip6d.conf of UMIP as mip commands; what has no equivalent becomes a comment with the reason. `Statement value ... ;`, blocks in
# { }, strings in "", # to the end of the line; include "pattern" has no semicolon. A wrong statement is named on stderr, with its line and a caret, and then
# nothing is printed. Exit status 1: something is wrong. Octets, not characters: run it with LC_ALL=C.

# One statement: name | blocks it stands in (f file, i interface, h home link, p IPsec policy set, c correspondent policy set) | kinds of its values, ? before
# one that may be missing | block it opens, ? when that may be missing | why it has no equivalent, or empty: take() reads it.
# Kinds: a address, b boolean, d decimal, e ESP, i interface, n number, p address/length, l prefixes in ( ), that may be missing, r role, s string, t traffic,
# x allow or deny.
function statement(name, where, args, block, note) { Where[name] = where; Args[name, where] = args; Block[name, where] = block; Note[name, where] = note; Names[++N] = name; In[N] = where }
function statements(   timers, probes, nemo) {
	timers = "the times of RFC 6275 13 are used"; probes = "a router that seems to be gone is asked three times, 200 ms apart"
	nemo = "network mobility (RFC 3963) is not part of this program"
	statement("NodeConfig", "f", "r"); statement("UseMnHaIPsec", "f", "b"); statement("DoRouteOptimizationCN", "f", "b")
	statement("DoRouteOptimizationMN", "f", "b"); statement("MnUseAllInterfaces", "f", "b")
	statement("Interface", "f", "i", "?i"); statement("MnIfPreference", "i", "n"); statement("IfType", "i", "r")
	statement("HaMaxBindingLife", "f", "n"); statement("BindingAclPolicy", "f", "alx"); statement("DefaultBindingAclPolicy", "f", "b")
	statement("SendMobPfxAdvs", "f", "b"); statement("SendUnsolMobPfxAdvs", "f", "b"); statement("MinMobPfxAdvInterval", "f", "n")
	statement("MaxMobPfxAdvInterval", "f", "n"); statement("MnMaxHaBindingLife", "f", "n")
	statement("MnHomeLink", "f", "i", "h"); statement("HomeAgentAddress", "h", "a"); statement("HomeAddress", "h", "pl"); statement("MnRoPolicy", "h", "?ab")
	statement("IPsecPolicySet", "f", "", "p"); statement("HomeAgentAddress", "p", "a"); statement("HomeAddress", "p", "p"); statement("IPsecPolicy", "p", "te?n?n")
	statement("CnBindingPolicySet", "f", "", "c"); statement("CnBindingPolicy", "c", "aab", "", "a correspondent takes every binding that is proven")

	statement("DebugLevel", "f", "n", "", "'mipd --debug' logs everything")
	statement("DebugLogFile", "f", "s", "", "the agent logs to standard error, as its starter directs it")
	statement("NonVolatileBindingCache", "f", "b", "", "the binding cache always outlives the agent")
	statement("Tunnel", "i", "b", "", "tunnels need no setting")
	statement("KeyMngMobCapability", "f", "b", "", "keys are not managed by IKE here")
	statement("UseMovementModule", "f", "s", "", "movement is detected in one way only")
	statement("TunnelPayloadForceSANego", "f", "b", "", "keys are not managed by IKE here")
	statement("HaAcceptMobRtr", "f", "b", "", nemo); statement("HaServedPrefix", "f", "p", "", nemo); statement("MobRtrUseExplicitMode", "f", "b", "", nemo)
	statement("IsMobRtr", "h", "b", "", nemo); statement("HomePrefix", "h", "p", "", nemo)
	statement("MnMaxCnBindingLife", "f", "n", "", "420 s, MAX_RR_BINDING_LIFETIME of RFC 6275 12")
	statement("MnMaxHaConsecutiveResends", "f", "n", "", timers); statement("MnMaxCnConsecutiveResends", "f", "n", "", timers)
	statement("InitialBindackTimeoutFirstReg", "f", "d", "", timers); statement("InitialBindackTimeoutReReg", "f", "d", "", timers)
	statement("InitialSolicitTimer", "f", "d", "", timers); statement("InterfaceInitialInitDelay", "f", "d", "", "a router is solicited as soon as a link is up")
	statement("UseCnBuAck", "f", "b", "", "acknowledgements are asked for as RFC 6275 11.7.2 advises")
	statement("MnDiscardHaParamProb", "f", "b", "", "only a parameter problem that quotes what was sent counts")
	statement("MnRouterProbes", "f", "n", "", probes); statement("MnRouterProbeTimeout", "f", "d", "", probes)
	statement("OptimisticHandoff", "f", "b", "", "packets wait for the acknowledgement")
	statement("MnResetDhaadAtHome", "f", "b", "", "home agents are discovered when none is known"); statement("MnFlushAllAtHome", "f", "b", "", "every correspondent is told at home")
	statement("NoHomeReturn", "f", "b", "", "a node on its home link is at home"); statement("SendMobPfxSols", "f", "b", "", "prefixes are always solicited")
}
# Statements of UMIP's branches are known by their names alone: their values, and a block, are passed over.
function branch(word) {
	if (word ~ /^(RFC5213|ProxyMip|Pmip|PMIP|Lma|Mag|Radius|Pcap|OurAddress|HomeNetworkPrefix|TunnelingEnabled|DynamicTunneling|AllLma|MaxMessageRetransmissions)/)
		return "proxy Mobile IPv6 (RFC 5213) is not part of this program"
	return word ~ /(IPv4|V4|v4|Dsmip|DSMIP|Nat[A-Z])/ ? "IPv4 (RFC 5555) is not part of this program" : ""
}

# --- characters to tokens: Kind (w word, " string, ? a string without end, one of ;{}(), or empty at the end), Word, At (offset), Line, Start (offset of its line) ---
function next_token(   c, from) {
	for (;;) {
		c = substr(Text, Pos, 1)
		if (c == "#") { while (Pos <= Len && substr(Text, Pos, 1) != "\n") Pos++; continue }
		if (c == "" || c !~ /[ \t\r\n\v\f]/) break
		Pos++
		if (c == "\n") { AtLine++; LineStart = Pos }
	}
	Line = AtLine; Start = LineStart; At = Pos; Word = Kind = ""
	if (Pos > Len) return
	if (c == "\"") {
		from = At = ++Pos
		while (Pos <= Len && (c = substr(Text, Pos, 1)) != "\"" && c != "\n") Pos++
		Word = substr(Text, from, Pos - from)
		Kind = (Pos <= Len && c == "\"") ? "\"" : "?"
		if (Kind == "\"") Pos++
	} else if (index(";{}(),", c)) { Kind = Word = c; Pos++ }
	else {
		Kind = "w"
		while (Pos <= Len && (c = substr(Text, Pos, 1)) !~ /[ \t\r\n\v\f;{}(),"#]/) Pos++
		Word = substr(Text, At, Pos - At)
	}
}
function printable(s) { gsub(/[\001-\010\013-\037\177]/, "?", s); return s }
# The line, and a caret below the word; a tab stands where the line has one, one column for the octets of one character.
function complain_at(word, at, line, start, why,   text, pad) {
	if (Errors++ >= 20) return 0
	text = substr(Text, start, 200); sub(/\n.*/, "", text)
	pad = substr(text, 1, at - start); gsub(/[\200-\277]/, "", pad); gsub(/[^\t]/, " ", pad)
	gsub(/[\200-\277]/, "", word); word = substr(word, 1, 64); gsub(/./, "~", word); sub(/^~?/, "^", word)
	printf("%s:%d: %s\n    %s\n    %s%s\n", Name, line, why, printable(text), pad, word) > "/dev/stderr"
	return 0
}
function complain(why) { return complain_at(Word, At, Line, Start, why) }
function skip_statement(   open) {
	for (open = 0; Kind != ""; next_token()) {
		if (Kind == "}" && !open) return
		if (Kind == "{") open++
		if (Kind == "}") open--
		if (!open && (Kind == ";" || Kind == "}")) { next_token(); return }
	}
}
function distance(a, b,   i, j, d, m) {
	for (i = 0; i <= length(a); i++)
		for (j = 0; j <= length(b); j++) {
			if (!i || !j) { d[i, j] = i + j; continue }
			m = d[i - 1, j - 1] + (substr(a, i, 1) != substr(b, j, 1))
			if (d[i - 1, j] + 1 < m) m = d[i - 1, j] + 1
			if (d[i, j - 1] + 1 < m) m = d[i, j - 1] + 1
			d[i, j] = m
		}
	return d[length(a), length(b)]
}
function complain_unknown(where,   i, d, least, best) {
	if (Kind != "w") return complain("a statement begins with a word")
	least = int((length(Word) + 5) / 3)
	for (i = 1; i <= N && length(Word) <= 32; i++)
		if (In[i] == where && (d = distance(Word, Names[i])) < least) { least = d; best = Names[i] }
	return complain("no such statement here" (best == "" ? "" : ": did you mean '" best "'?"))
}

# --- values: "" or what is wrong; the value goes to Value --------------------------------------------------------------------------------------------------
function is_address(a,   n, i, part, groups, twice) {
	if (a !~ /^[0-9A-Fa-f:.]+$/ || a ~ /:::/ || (a ~ /^:[^:]/) || (a ~ /[^:]:$/)) return 0
	twice = split(a, part, "::") - 1
	if (twice > 1) return 0
	n = split(a, part, ":")
	for (i = 1; i <= n; i++) {
		if (part[i] == "") continue
		if (part[i] ~ /\./) { if (i < n || part[i] !~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/) return 0; groups += 2 }
		else if (part[i] ~ /^[0-9A-Fa-f]+$/ && length(part[i]) <= 4) groups++
		else return 0
	}
	return twice ? groups < 8 : groups == 8
}
function one_of(list, word) { return index(" " list " ", " " word " ") }
function value(kind, word,   p, n) {
	Value = word
	if (length(word) > 255) return "this is too long"
	if (word ~ /[\342][\200][\234-\237]/) return "this quotation mark is a typographic one: write \""
	if (kind == "a") return is_address(word) ? "" : "an IPv6 address is wanted"
	if (kind == "b" || kind == "x") {
		Value = one_of("enabled true yes on allow", word) > 0
		if (kind == "x") return one_of("allow deny", word) ? "" : "allow or deny is wanted"
		return Value || one_of("disabled false no off deny block", word) ? "" : "enabled or disabled is wanted"
	}
	if (kind == "d") return word ~ /^[0-9]+(\.[0-9]*)?$/ ? "" : "a number of seconds is wanted, e.g. 1.5"
	if (kind == "n") {
		if (word !~ /^[0-9]+$/) return "a number is wanted"
		Value = word + 0
		return Value > 4294967295 ? "this number is too large" : ""
	}
	if (kind == "p") {
		n = split(word, p, "/")
		if (n != 2 || p[2] !~ /^[0-9]+$/ || p[2] + 0 > 128) return "an address and a prefix length is wanted, e.g. 2001:db8:1::100/64"
		Value = p[1] " " p[2] + 0
		return is_address(p[1]) ? "" : "this is not an IPv6 address"
	}
	if (kind == "i") return word != "" && length(word) < 16 && word !~ /[\001-\040\177\/#]/ ? "" : "this cannot be the name of an interface"
	if (kind == "r") return one_of("CN HA MN", word) ? "" : "CN, HA or MN is wanted"
	if (kind == "e") return one_of("UseESP UseAH UseIPComp", word) ? "" : "UseESP is wanted"
	if (kind == "t") return one_of("HomeRegBinding Mh MobPfxDisc ICMP any TunnelMh TunnelHomeTesting TunnelPayload", word) ? "" : \
		"HomeRegBinding, Mh, MobPfxDisc, ICMP, any, TunnelMh, TunnelHomeTesting or TunnelPayload is wanted"
	return ""
}
function take_list(   why) {
	if (Kind != "(") return 1
	Listed = 1
	for (next_token(); Kind == "w"; next_token()) {
		if ((why = value("p", Word)) != "") return complain(why)
		next_token()
		if (Kind != ",") break
	}
	if (Kind != ")") return complain("a list of prefixes ends with )")
	next_token()
	return 1
}
# Values to V[1..VN], as they were written to Said. 0: something is wrong, and complained of.
function take_args(args,   i, kind, optional, why) {
	VN = Listed = 0; Said = ""
	for (i = 1; i <= length(args); i++) {
		kind = substr(args, i, 1)
		if ((optional = kind == "?")) kind = substr(args, ++i, 1)
		if (kind == "l") { if (!take_list()) return 0; continue }
		why = "a value is missing"
		if (Kind == "w" || Kind == "\"") why = value(kind, Word)
		else if (Kind == "?") why = "a string ends with \" on the same line"
		if (why == "") { V[++VN] = Value; Said = Said " " printable(Word); next_token() }
		else if (!optional) return complain(why)
	}
	return 1
}
function note(line) { Notes = Notes "# " line "\n" }

# --- statements -------------------------------------------------------------------------------------------------------------------------------------------------
function nic(name,   i) {
	for (i = 1; i <= Nics; i++) if (Nic[i] == name) return i
	Nic[++Nics] = name; Preference[Nics] = 10; NicRole[Nics] = ""
	return Nics
}
# Takes a statement whose values are in V; "" or what is wrong.
function take(name, where, line) {
	if (name == "NodeConfig") Role = V[1]
	else if (name == "UseMnHaIPsec") IPsec = V[1]
	else if (name == "DoRouteOptimizationCN") OptimizeCN = V[1]
	else if (name == "DoRouteOptimizationMN") OptimizeMN = V[1]
	else if (name == "MnUseAllInterfaces") AllNics = V[1]
	else if (name == "SendMobPfxAdvs") Advertise = V[1]
	else if (name == "SendUnsolMobPfxAdvs") Unsolicited = V[1]
	else if (name == "MinMobPfxAdvInterval") MinInterval = V[1]
	else if (name == "MaxMobPfxAdvInterval") MaxInterval = V[1]
	else if (name == "DefaultBindingAclPolicy") DenyOthers = !V[1]
	else if (name == "HaMaxBindingLife") { HaLifetime = V[1]; if (V[1] < 4) return "a lifetime is at least 4 seconds" }
	else if (name == "MnMaxHaBindingLife") { MnLifetime = V[1]; if (V[1] < 4) return "a lifetime is at least 4 seconds" }
	else if (name == "Interface") Current = nic(V[1])
	else if (name == "MnIfPreference") { Preference[Current] = V[1]; if (V[1] > 255) return "a preference is 0 to 255" }
	else if (name == "IfType") NicRole[Current] = V[1]
	else if (name == "MnHomeLink") { nic(V[1]); Agent[++Homes] = Home[Homes] = ""; HomeLine[Homes] = line }
	else if (name == "HomeAgentAddress" && where == "h") Agent[Homes] = V[1]
	else if (name == "HomeAddress" && where == "h") {
		Home[Homes] = V[1]
		if (Listed) note("HomeAddress (line " line "), its mobile network prefixes: no equivalent: network mobility (RFC 3963) is not part of this program")
	} else if (name == "MnRoPolicy") { Peer[++Peers] = VN > 1 ? V[1] "/128" : "::/0"; PeerYes[Peers] = V[VN] }
	else if (name == "BindingAclPolicy") {
		Acl[++Acls] = (V[2] ? "allow " : "deny ") V[1] "/128"
		if (Listed) note("BindingAclPolicy (line " line "), its mobile network prefixes: no equivalent: network mobility (RFC 3963) is not part of this program")
	} else if (name == "IPsecPolicySet") { SaAgent[++Sas] = SaHome[Sas] = "::" }
	else if (name == "HomeAgentAddress") SaAgent[Sas] = V[1]
	else if (name == "HomeAddress") { SaHome[Sas] = V[1]; sub(/ .*/, "", SaHome[Sas]) }
	return ""
}
function take_end(block,   bare) {
	bare = sub(/^\?/, "", block)
	if (block != "" && Kind == "{") {
		next_token(); read_statements(block)
		if (Kind != "}") return complain("a block ends with }")
		next_token(); if (Kind == ";") next_token()
		return 1
	}
	if (Kind != ";" || (block != "" && !bare)) return complain(block != "" ? "a block in { } is missing" : "; is missing")
	next_token()
	return 1
}
function find(word, where,   i) {
	for (i = 1; i <= N; i++) if (In[i] == where && tolower(Names[i]) == tolower(word)) return Names[i]
	return ""
}
function pass_branch(word, line, why) {
	for (next_token(); Kind != "" && Kind != ";" && Kind != "{" && Kind != "}"; next_token()) Said = Said " " printable(Word)
	note(word Said " (line " line "): no equivalent: " why)
	if (Kind != "}") skip_statement()
	if (Kind == ";") next_token()
}
function read_statement(where,   name, word, at, line, start, why) {
	word = Word; at = At; line = Line; start = Start; Said = ""
	name = Kind == "w" ? find(word, where) : ""
	if (name == "") {
		if (Kind == "w" && (why = branch(word)) != "") pass_branch(word, line, why)
		else { complain_unknown(where); skip_statement() }
		return
	}
	next_token()
	if (!take_args(Args[name, where])) { skip_statement(); return }
	if (Note[name, where] != "") note(name Said " (line " line "): no equivalent: " Note[name, where])
	else if ((why = take(name, where, line)) != "") complain_at(word, at, line, start, why)
	if (!take_end(Block[name, where])) skip_statement()
}
function read_statements(where) {
	while (Kind != "" && Errors < 20 && (Kind != "}" || where == "f")) {
		if (where == "f" && Kind == "w" && Word == "include") read_include()
		else if (where == "f" && Kind == "}") { complain("this } closes nothing"); next_token() }
		else read_statement(where)
	}
}
function read_include(   pattern, list, file, found, line, at, start) {
	next_token()
	pattern = Word; line = Line; at = At; start = Start
	if (Kind != "\"" || pattern == "" || pattern ~ /[^A-Za-z0-9_.*?~+:@,=%\/\[\]-]/) { complain("include wants a string: \"/etc/mip6d.conf.d/*.conf\""); skip_statement(); return }
	next_token()
	if (Depth >= 5) { complain_at(pattern, at, line, start, "files include each other too deeply"); return }
	list = "for f in " pattern "; do [ -e \"$f\" ] && echo \"$f\"; done"   # the pattern has no character that means more to a shell
	while ((list | getline file) > 0) { Queue[Depth, ++found] = file }
	close(list)
	if (!found) note("include (line " line "): no file fits that pattern")
	Queued[Depth] = found
	read_queue()
}
# The files an include named, one after the other; where the including file was is kept by depth.
function read_queue(   i, n, depth) {
	depth = Depth; n = Queued[depth]
	Keep[depth, "Text"] = Text; Keep[depth, "Pos"] = Pos; Keep[depth, "Len"] = Len; Keep[depth, "AtLine"] = AtLine; Keep[depth, "LineStart"] = LineStart
	Keep[depth, "Name"] = Name; Keep[depth, "Kind"] = Kind; Keep[depth, "Word"] = Word; Keep[depth, "At"] = At; Keep[depth, "Line"] = Line; Keep[depth, "Start"] = Start
	for (i = 1; i <= n && Errors < 20; i++) { Depth = depth + 1; read_file(Queue[depth, i]) }
	Depth = depth
	Text = Keep[depth, "Text"]; Pos = Keep[depth, "Pos"]; Len = Keep[depth, "Len"]; AtLine = Keep[depth, "AtLine"]; LineStart = Keep[depth, "LineStart"]
	Name = Keep[depth, "Name"]; Kind = Keep[depth, "Kind"]; Word = Keep[depth, "Word"]; At = Keep[depth, "At"]; Line = Keep[depth, "Line"]; Start = Keep[depth, "Start"]
}
function read_file(path,   line, size, why) {
	Name = path == "-" ? "stdin" : path
	Text = ""; size = 0
	RS = "\001"   # the file in one piece
	why = path == "-" ? "" : why_not(path)
	while (why == "" && (getline line < path) > 0 && size <= 1048576) { Text = Text line; size += length(line) }
	close(path)
	RS = "\n"
	if (size > 1048576) why = "it is too long"
	if (why != "") { printf("mip: cannot read %s: %s\n", path, why) > "/dev/stderr"; Errors++; return }
	Pos = AtLine = LineStart = 1; Len = size
	next_token()
	read_statements("f")
}
function why_not(path,   q) {
	q = quoted(path)
	if (system("exec test -e " q)) return "No such file or directory"
	if (!system("exec test -d " q)) return "Is a directory"
	return system("exec test -r " q) ? "Permission denied" : ""
}
function quoted(s) { gsub(/'/, "'\\''", s); return "'" s "'" }

# --- the commands, in the order a configuration wants them: the mobile node starts last, with all it needs -----------------------------------------------------
function is_for(i, role) { return (NicRole[i] != "" ? NicRole[i] : Role) == role }
function nics_for(role,   i, n) {
	for (i = 1; i <= Nics; i++) if (is_for(i, role) && Preference[i] > 0) { n++; Only = i }
	return n + 0
}
function dev(role) { return nics_for(role) == 1 ? " dev " Nic[Only] : "" }
function lifetime(s) { return s < 262136 ? s + 0 : 262136 }   # 65534 units of 4 s, RFC 6275 6.1.7
# The prefix of an address: mip takes an address with bits beyond the length only as an address.
function masked(address, plen,   g, i, n, left, part, tail, width, v, p, unit) {
	split(address, p, "::")
	n = split(p[1], g, ":"); if (p[1] == "") n = 0
	left = address ~ /::/ ? split(p[2], tail, ":") : 0; if (p[2] == "") left = 0
	for (i = n + 1; i <= 8 - left; i++) g[i] = "0"
	for (i = 1; i <= left; i++) g[8 - left + i] = tail[i]
	for (i = 1; i <= 8; i++) {
		width = plen - (i - 1) * 16; if (width < 0) width = 0; if (width > 16) width = 16
		v = hex(g[i]); for (unit = 1; width < 16; width++) unit *= 2
		v -= v % unit
		part[i] = sprintf("%x", v)
	}
	return compressed(part)
}
function hex(s,   i, v) { for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789abcdef", tolower(substr(s, i, 1))) - 1; return v + 0 }
function compressed(part,   i, best, at, run, out) {
	for (i = 1; i <= 9; i++) {
		if (i <= 8 && part[i] == "0") { run++; continue }
		if (run > 1 && run > best) { best = run; at = i - run }
		run = 0
	}
	for (i = 1; i <= 8; i++) {
		if (best && i == at) { out = out (i == 1 ? "::" : ":"); i += best - 1; continue }
		out = out part[i] (i < 8 ? ":" : "")
	}
	return out
}
function say_ha(   i) {
	if (nics_for("HA") > 1) print "# Several interfaces: say with dev which is the home link."
	if (IPsec) print "# UseMnHaIPsec: who is not protected by IPsec may not register."
	if (DenyOthers) print "acl deny ::/0"
	for (i = 1; i <= Acls; i++) print "acl " Acl[i]
	print "ha start" dev("HA") (HaLifetime ? " max-lifetime " lifetime(HaLifetime) : "") (IPsec ? "" : " insecure") \
		(MinInterval ? " min-prefix-interval " MinInterval : "") (Unsolicited ? MaxInterval ? " max-prefix-interval " MaxInterval : "" : " max-prefix-interval 0") \
		(Advertise ? "" : " prefix-advertisements no")
}
# The least preferred there as here are those with the highest number; 0 is never.
function say_use(   i, any, mine) {
	for (i = 1; i <= Nics; i++) {
		mine = is_for(i, "MN")
		if (!mine && !AllNics) continue
		any = 1
		print "mn use dev " Nic[i] " preference " (mine ? Preference[i] + 0 : 0)
	}
	if (any && AllNics) print "mn use dev any"
}
function say_mn(   i, k, all, later, h, simple) {
	for (i = 1; i <= Peers; i++) {
		if (Peer[i] == "::/0") all = 1
		later = 0
		for (k = i + 1; k <= Peers; k++) if (Peer[k] == Peer[i]) later = 1   # the last one counts
		if (!later) print "ro add peer " Peer[i] " policy " (PeerYes[i] && OptimizeMN ? "auto" : "never")
	}
	if (!OptimizeMN && !all) print "ro add peer ::/0 policy never"
	for (i = 1; i <= Homes; i++) {
		if (Home[i] == "") { print "# MnHomeLink (line " HomeLine[i] ") has no HomeAddress: no equivalent"; continue }
		split(Home[i], h, " ")
		print "mn add home " h[1] " prefix " masked(h[1], h[2]) "/" h[2] (Agent[i] != "" ? " agent " Agent[i] : "") (MnLifetime ? " lifetime " lifetime(MnLifetime) : "")
	}
	simple = !AllNics && nics_for("MN") == 1 && Preference[Only] == 10
	if (!simple) say_use()
	print "mn start" (simple ? dev("MN") : "")
}
BEGIN {
	if (ARGC != 2) { print "usage: mip-import FILE" > "/dev/stderr"; exit 1 }
	statements()
	Role = "CN"; IPsec = OptimizeCN = OptimizeMN = Advertise = Unsolicited = 1
	read_file(ARGV[1])
	if (Errors) exit 1
	print "# A " (Role == "CN" ? "correspondent node" : Role == "HA" ? "home agent" : "mobile node") ", from a mip6d.conf."
	printf("%s", Notes)
	for (i = 1; i <= Sas; i++) print "# IPsecPolicySet of " SaHome[i] " with home agent " SaAgent[i] ": " (IPsec ? "its keys are not in this file" : "not in use")
	if (OptimizeCN) print "cn start"
	if (Role == "HA") say_ha()
	if (Role == "MN") say_mn()
	exit 0
}
