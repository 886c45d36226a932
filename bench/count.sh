#!/bin/sh
# count.sh BENCH_COUNT [--write]: instructions of the hot loops, counted by cachegrind, held against counts.txt.
#
# Each work runs twice, without and with its units; the difference over the units is the figure. More than 3 % above the
# kept figure fails. Instructions repeat almost exactly where wall time does not, but they know nothing of caches and disks.
# Keep the file with the same compiler and flags (VARIANT=count): --write after a change that is meant.
set -eu

bin=$1
mode=${2:-}
kept=$(dirname "$0")/counts.txt
dir=$(mktemp -d "${TMPDIR:-/tmp}/count.XXXXXX")
trap 'rm -rf "$dir"' EXIT
GK_MAP_SIZE=1073741824 # bytes: valgrind cannot map a terabyte
export GK_MAP_SIZE

# instructions WORK UNITS -> "instructions units"
instructions() {
    valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file="$dir/out" "$bin" "$1" "$2" "$dir" \
        >"$dir/units" 2>"$dir/log" || { cat "$dir/log" >&2; exit 3; }
    echo "$(sed -n 's/^summary: *//p' "$dir/out") $(cat "$dir/units")"
}

# figure WORK UNITS UNIT
figure() {
    before=$(instructions "$1" 0)
    after=$(instructions "$1" "$2")
    echo "$before $after" | awk -v work="$1" -v unit="$3" '
        { if ($4 == 0) exit 1; printf "%-10s %14.2f  instructions a %s\n", work, ($3 - $1) / $4, unit }'
}

{
    figure ingest 1 "row, in and sealed"
    figure csv 1 "row, from CSV text"
    figure durable 1 "row, 4,000 a batch, committed"
    figure encode 20 "value of kw"
    figure decode 200 "value of kw"
    figure question 20 "answer, 40 enterprises, a day"
    figure plan 200 "question, from text to a plan"
} >"$dir/now"

if [ "$mode" = --write ]; then
    cp "$dir/now" "$kept"
    cat "$kept"
    exit 0
fi
[ -f "$kept" ] || { cat "$dir/now"; echo "count: no $kept to compare with; make it with --write" >&2; exit 2; }
awk 'NR == FNR { kept[$1] = $2; next }
     { change = kept[$1] > 0 ? 100 * ($2 / kept[$1] - 1) : 0
       bad = !($1 in kept) || change > 3
       failed += bad
       printf "%s  kept %s  %+.2f %%%s\n", $0, ($1 in kept) ? kept[$1] : "nothing", change, bad ? "  FAILED" : "" }
     END { exit failed > 0 }' "$kept" "$dir/now"
