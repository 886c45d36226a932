#!/bin/sh
# fuzz.sh: every fuzz target for FUZZ_SECONDS, or for FUZZ_RUNS executions when that is set, from the corpus that is kept of it and
# what earlier runs found (build/corpus). The canary must be found.
set -u
BUILD=${BUILD:-build/fuzz}
mkdir -p build/corpus
if [ -n "${FUZZ_RUNS:-}" ]; then limit=-runs=$FUZZ_RUNS; else limit=-max_total_time=${FUZZ_SECONDS:-20}; fi
status=0
for target in tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c | sed 's/^fuzz_//')
    corpus=build/corpus/fuzz_$name
    mkdir -p "$corpus"
    [ "$name" = canary ] || "$BUILD/tests/fuzz/unpack" --unpack "tests/fuzz/corpus/$name.hex" "$corpus" >/dev/null
    "$BUILD/tests/fuzz/fuzz_$name" "$limit" -max_len=4096 -rss_limit_mb=2048 -timeout=60 -print_final_stats=1 \
        -artifact_prefix="build/corpus/$name-" "$corpus" 2>build/fuzz.log
    code=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' build/fuzz.log)
    if [ "$name" = canary ]; then
        if [ $code != 0 ]; then
            echo "  fuzz $name: found, as it must be"
            rm -rf build/corpus/canary-* "$corpus"
            continue
        fi
        echo "  fuzz $name: not found: this fuzzer finds nothing"
        status=1
    elif [ $code != 0 ]; then
        echo "  fuzz $name: FAILED after $runs runs"
        tail -40 build/fuzz.log
        status=1
    else
        echo "  fuzz $name: $runs runs"
    fi
done
exit $status
