#!/bin/sh
# test_corpora.sh: every fuzz target over the corpus that is kept of it, and the canary must fail. Ends with "N passed, N failed".
set -u
BUILD=${BUILD:-build/check}
n_passed=0
n_failed=0
for target in tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c | sed 's/^fuzz_//')
    timeout 300 "$BUILD/tests/fuzz/run_$name" "tests/fuzz/corpus/$name.hex" >"$BUILD/corpus.log" 2>&1
    status=$?
    case $name in
    canary) if [ $status -gt 2 ]; then status=0; else status=1; fi ;;
    esac
    if [ $status = 0 ]; then
        n_passed=$((n_passed + 1))
    else
        n_failed=$((n_failed + 1))
        echo "FAILED: $name (status $status)"
        tail -n 30 "$BUILD/corpus.log"
    fi
done
echo "$n_passed passed, $n_failed failed"
[ $n_failed = 0 ]
