# What a picture is drawn from: $MIP_BUILD/bench/NAME.dat, columns of numbers below two lines that say on which machine they
# were measured and what they are. Sourced by benchmarks. data_open begins the file anew, data_row adds to it.
# shellcheck shell=bash

data_file() { echo "$MIP_BUILD/bench/$1.dat"; }

# data_open NAME PATH COLUMNS: PATH is how the agent makes tunnels, as `mip agent show` has it
data_open() {
	mkdir -p "$MIP_BUILD/bench"
	printf '# machine: %s\n# %s\n' "$(nproc) x $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r), $2 tunnel" "$3" \
		> "$(data_file "$1")"
}
data_row() { local name=$1; shift; echo "$*" >> "$(data_file "$name")"; }
