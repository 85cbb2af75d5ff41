#!/usr/bin/env bash
# A home agent with many bindings: updates a second and agent CPU an update, first registrations and refreshes, memory of
# the agent and of the kernel a binding; then kill -9, and how long until the next agent serves all of them. Bars: CPU an
# update flat within 30 %, <= 512 octets of the agent a binding, all refreshed, serving again <= 3 s; of ROUNDS (3) the best. N="1000 10000 100000".
# First registrations wait a second for Duplicate Address Detection, so their rate at small N is that of the wait; CPU is
# what tells whether an update costs more when there are many.
set -u
LAB=$(dirname "$0")/../lab
if [ -z "${MIP_LAB:-}" ]; then exec "$LAB/lab.sh" run "$0" "$@"; fi
. "$LAB/lab.sh"
. "$LAB/crowd.sh"
. "$LAB/../bench/plot/data.sh"

# microseconds of CPU the agent has used
cpu() { awk '{ print int($1 / 1000) }' "/proc/$(ha_agent pid)/schedstat"; }
# kilobytes of the kernel: what is not user memory (slab, percpu, vmalloc, stacks, page tables)
kernel() { awk '/^(Slab|Percpu|VmallocUsed|KernelStack|PageTables):/ { n += $2 } END { print n }' /proc/meminfo; }
rate_of() { awk -v what="$1" '$1 == what { print $NF }' /run/lab/scale; }
missed() { echo "bar: $*: MISSED"; status=1; }

# passes N: registers, refreshes a few times; sets reg_cpu and ref_cpu, hundredths of a microsecond an update (the least:
# others use the machine, too). No more of them at once than the limit of a binding lets pass.
passes() {
	local n=$1 a b one seq
	a=$(cpu); crowd "$n" 100 register >/run/lab/scale || missed "all registered"
	b=$(cpu); reg_cpu=$(((b - a) * 100 / n)) ref_cpu=""
	for seq in $(seq 1000 20 $((1060 + 20 * 8000 / n))); do
		a=$(cpu); crowd "$n" "$seq" refresh >/run/lab/refresh || missed "all refreshed"
		b=$(cpu); one=$(((b - a) * 100 / n))
		[ -n "$ref_cpu" ] && [ "$ref_cpu" -le $one ] || ref_cpu=$one
	done
	cat /run/lab/refresh >>/run/lab/scale
}

# again N: killed, started, all served: milliseconds
again() {
	local n=$1 start
	ha_kill
	start=${EPOCHREALTIME/./}
	ha_start || return
	[ "$(count)" -eq "$n" ] || missed "all $n bindings after kill -9 (there are $(count))"
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
}

# round N: one agent from its start to its end; keeps the least CPU of all rounds, and the last of the rest
round() {
	local n=$1
	crowd_up && ha_start || return
	agent=$(ha_agent memory) kern=$(kernel)
	passes "$n"
	agent=$((($(ha_agent memory) - agent) / n)) kern=$((($(kernel) - kern) * 1024 / n))
	again "$n" || return
	crowd "$n" 2000 refresh >/dev/null || missed "all refreshed after kill -9"
	[ -n "${path:-}" ] || { path=$(ha_agent path); data_open scale "$path" "bindings, registered/s, refreshed/s, bytes of the agent a binding, bytes of the kernel a binding, ms to serve again after kill -9, agent CPU us a registration, us a refresh"; }
	[ -n "$least_reg" ] && [ "$least_reg" -le $reg_cpu ] || least_reg=$reg_cpu
	[ -n "$least_ref" ] && [ "$least_ref" -le $ref_cpu ] || least_ref=$ref_cpu
	[ -n "$least_took" ] && [ "$least_took" -le $took ] || least_took=$took
	ha agent stop; crowd_down
}

one() {
	local n=$1 agent kern row least_reg="" least_ref="" least_took=""
	for _ in $(seq "${ROUNDS:-3}"); do round "$n" || return; done
	[ "$n" -ne 100000 ] || [ "$least_took" -le 3000 ] || missed "serving $n again within 3 s"
	[ "$n" -lt 10000 ] || [ $agent -le 512 ] || missed "512 octets of the agent a binding"
	printf -v row '%d %s %s %d %d %d %d.%02d %d.%02d' "$n" "$(rate_of register)" "$(rate_of refresh)" $agent $kern "$least_took" \
		$((least_reg / 100)) $((least_reg % 100)) $((least_ref / 100)) $((least_ref % 100))
	data_row scale "$row"
	echo "$row"
}

status=0
echo "--- scale, $(uname -r): bindings, registered/s, refreshed/s, octets a binding: agent, kernel; ms to serve again after kill -9; CPU us a registration, a refresh"
for n in ${N:-1000 10000 100000}; do one "$n" || { echo "scale: a round of $n failed" >&2; exit 1; }; done
awk '!/^#/ { for (i = 7; i <= 8; i++) { if (!lo[i] || $i < lo[i]) lo[i] = $i; if ($i > hi[i]) hi[i] = $i } }
	END { for (i = 7; i <= 8; i++) { r = hi[i] / lo[i]; bad = bad || r > 1.3
		printf "bar: CPU of a %s, most to least %.2f <= 1.30: %s\n", i == 7 ? "registration" : "refresh", r, r <= 1.3 ? "met" : "MISSED" }; exit bad }' \
	"$(data_file scale)" || status=1
exit $status
