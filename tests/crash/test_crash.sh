#!/bin/sh
# test_crash.sh: the short forms of `make crash`, and that a test of crashes can fail. Power cuts on real file systems
# need root; where there is none they say so.
set -u
crash=$BUILD/tests/crash/crash
passed=0
failed=0

# expect WORDS ARGUMENTS...: ends with 0 and says so
expect() {
    words=$1
    shift
    out=$("$crash" "$@" 2>&1)
    code=$?
    echo "$out"
    if [ "$code" = 0 ] && echo "$out" | grep -q "$words"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "crash $*: exit $code"
    fi
}

expect 'kills: 60 ' kills 60
expect 'cuts: ' cuts 4
case $BUILD in
*asan | *tsan) echo "what needs a layer before libc is skipped: the sanitizer stands there" ;;
*)
    expect 'states: 600 ' states 600
    expect 'lies: noticed' lies 1000
    expect 'faults: ' faults 60
    # A header whose sync failed: LMDB takes it back in memory, or cannot; the disk has it, or not.
    expect '1 calls failed' fault dying:4:1
    expect '2 calls failed' fault dying:4:2
    expect '2 calls failed' fault dying:5:2
    # The same by hand: an error, then the rows that were sent again.
    store=$(mktemp -d)
    rows='time,facility,kw\n2026-01-01,f,1\n2026-01-02,f,2\n'
    "$GK" init "$store/s" >/dev/null 2>&1
    printf "$rows" | env LD_PRELOAD="$PWD/$BUILD/tests/crash/iolayer.so" IO_ROOT="$store" IO_FAULT=dying:1:3 \
        "$GK" load "$store/s" - >"$store/out" 2>&1 && failed=$((failed + 1))
    printf "$rows" | "$GK" load "$store/s" - >>"$store/out" 2>&1 || failed=$((failed + 1))
    if grep -q 'Input/output error' "$store/out" && [ "$("$GK" query "$store/s" "samples of facility 'f' since 2026-01-01" --format csv | wc -l)" = 3 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        cat "$store/out"
        "$GK" query "$store/s" "samples of facility 'f' since 2026-01-01" --format csv
    fi
    rm -r "$store"
    ;;
esac

if "$crash" kills >/dev/null 2>&1 || "$crash" nothing 3 >/dev/null 2>&1; then
    failed=$((failed + 1))
    echo "crash takes arguments that are none"
else
    passed=$((passed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
