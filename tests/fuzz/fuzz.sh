#!/bin/sh
# fuzz.sh: every fuzz target for FUZZ_SECONDS, or for FUZZ_RUNS executions when that is set, from the corpus that is kept of it and
# what earlier runs found (build/corpus). The canary must be found. With words, these targets alone.
set -u
BUILD=${BUILD:-build/fuzz}
# Where memory came from is not wanted of every allocation, nor leaks after every run: they are looked for in what was found, at the
# end. A fault names where it happened all the same. The sums of -entropic took a third of the time of large targets.
export ASAN_OPTIONS=malloc_context_size=2:quarantine_size_mb=16
# longest NAME: the bytes of an input beyond which nothing new comes, but time goes
longest() {
    case $1 in
    hj212_frame) echo 96 ;;
    hj212) echo 256 ;;
    query | statement | csv | point) echo 512 ;;
    chunk | presence | table | folder | pages) echo 1024 ;;
    *) echo 2048 ;;
    esac
}
# words NAME: what to put in and in place of something; bytes alone seldom make a word of the language
words() {
    case $1 in query | statement) echo -dict=build/words.dict ;; esac
}
mkdir -p build/corpus
sed -n 's/^    {"\([^"]*\)", W_[A-Z_0-9]*},$/\1/p' query/words.c | od -An -v -tx1 -w1 |
    awk '$1 == "0a" { print "\"" word "\\x20\""; word = ""; next } { word = word "\\x" $1 }' >build/words.dict
if [ -n "${FUZZ_RUNS:-}" ]; then limit=-runs=$FUZZ_RUNS; else limit=-max_total_time=${FUZZ_SECONDS:-20}; fi
status=0
[ $# -gt 0 ] || set -- $(ls tests/fuzz/fuzz_*.c | sed 's|.*/fuzz_||; s|\.c$||')
for name in "$@"; do
    corpus=build/corpus/fuzz_$name
    mkdir -p "$corpus"
    [ "$name" = canary ] || "$BUILD/tests/fuzz/unpack" --unpack "tests/fuzz/corpus/$name.hex" "$corpus" >/dev/null
    # shellcheck disable=SC2046 # no word at all is none
    "$BUILD/tests/fuzz/fuzz_$name" "$limit" $(words "$name") -max_len="$(longest "$name")" -detect_leaks=0 -entropic=0 -rss_limit_mb=2048 -timeout=60 -print_final_stats=1 \
        -artifact_prefix="build/corpus/$name-" "$corpus" 2>build/fuzz.log
    code=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' build/fuzz.log)
    if [ $code = 0 ]; then
        "$BUILD/tests/fuzz/fuzz_$name" -runs=0 -detect_leaks=1 "$corpus" 2>build/fuzz.log
        code=$?
    fi
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
