#!/usr/bin/env bash
# The size of the house, core + cmd + include, in one place: lines of code (neither blank nor comment), files, lengths of functions (lines
# between `{` and `}` in column 0), static helpers of at most 8 lines with one use, static names in more than two files.
# With -c: fails where a bar is missed.
cd "$(dirname "$0")/../.." || exit
bars=; [ "${1:-}" = -c ] && bars=1
mapfile -t all < <(find core cmd include -name '*.[ch]' -o -path 'include/*.def' | sort)
awk -v bars="$bars" '
	function bar(name, value, least, most) {
		ok = value >= least && value <= most
		printf("%-58s %8s   (%s)%s\n", name, value, (least > 0 ? least " to " most : "at most " most), (ok ? "" : "  over"))
		if (!ok && bars) bad = 1
	}
	function words(line,   w, i, n) {   # identifiers of a line, without strings
		gsub(/"([^"\\]|\\.)*"/, "", line)
		n = split(line, w, /[^A-Za-z0-9_]+/)
		for (i = 1; i <= n; i++) used[FILENAME, w[i]]++
	}
	FNR == 1 { files++; comment = 0; head = "" }
	{
		code = $0
		if (comment) { if (!sub(/^.*\*\//, "", code)) next; comment = 0 }
		gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, "", code); sub(/\/\/.*/, "", code)
		if (sub(/\/\*.*/, "", code)) comment = 1
		if (code ~ /^[ \t]*$/) next
		sloc++; words(code)
		if (FILENAME !~ /\.c$/) next
		if (code ~ /^[A-Za-z_].*\(/ && code !~ /;[ \t]*$/) head = code
		if (code ~ /^\{/ && head != "") { start = FNR; name = head; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name); fixed = head ~ /^static / }
		if (code ~ /^\}/ && start) {
			len[++functions] = FNR - start - 1
			if (fixed) { statics++; static_at[FILENAME, name] = FNR - start - 1; if (!seen[FILENAME, name]++) { in_files[name]++ } }
			if (FNR - start - 1 > 60) long[FILENAME ":" name] = FNR - start - 1
			start = 0; head = ""
		}
	}
	END {
		for (k in static_at) { split(k, p, SUBSEP); if (static_at[k] <= 8 && used[p[1], p[2]] == 2) once++ }
		for (n in in_files) if (in_files[n] > 2) { shared++; names = names " " n }
		for (i = 2; i <= functions; i++) { v = len[i]; for (j = i - 1; j > 0 && len[j] > v; j--) len[j + 1] = len[j]; len[j + 1] = v }
		bar("lines of code", sloc, 0, 23000)
		bar("files", files, 0, 170)
		bar("functions (" functions "), median length", len[int((functions + 1) / 2)], 8, 12)
		bar("functions, length of the 90th percentile", len[int(functions * 0.9 + 0.5)], 0, 35)
		bar("functions, longest", len[functions], 0, 60)
		bar("static helpers of <= 8 lines used once, % of " statics, int(100 * once / statics + 0.5), 0, 25)
		bar("static names in more than two files", shared + 0, 0, 0)
		if (names != "") print "  in more than two files:" names
		for (l in long) print "  " long[l] " lines: " l
		exit bad
	}' "${all[@]}"
