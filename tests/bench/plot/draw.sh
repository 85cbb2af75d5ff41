#!/usr/bin/env bash
# `make pictures`: draws man/pictures/*.svg from what the benchmarks left in build/bench, each with the script of its name.
# What was not measured is not drawn anew. draw.sh [DIR] draws into DIR.
set -eu
here=$(dirname "$(realpath "$0")")
to=$(realpath "${1:-$here/../../../man/pictures}")
export MIP_BUILD=${MIP_BUILD:-$here/../../../build}
. "$here/data.sh"

for script in "$here"/*.gp; do
	name=$(basename "$script" .gp)
	data=$(data_file "$name")
	[ -s "$data" ] || { echo "$name: not measured"; continue; }
	gnuplot -e "data='$data'; machine='$(sed -n 's/^# machine: //p' "$data")'" "$here/look.gpi" "$script" > "$to/$name.svg"
	echo "$to/$name.svg"
done
