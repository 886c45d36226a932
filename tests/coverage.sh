#!/bin/sh
# coverage.sh BUILD: how many lines of each room the tests ran, by gcov.
set -eu
build=$1
for room in engine/base engine/codec engine/state engine/store engine/db query tools; do
    find "$build/$room" -maxdepth 1 -name '*.gcda' | while read -r f; do
        gcov -n -o "$(dirname "$f")" "$f" 2>/dev/null
    done | awk -v room="$room" '
        /^File / { ours = index($0, "'"'"'" room "/") }
        /^Lines executed:/ && ours { split($0, a, /[:% ]+/); run += a[3] * a[5] / 100; all += a[5]; ours = 0 }
        END { if (all) printf "%-14s %5.1f %% of %d lines\n", room, 100 * run / all, all }'
done
