#!/bin/sh
# run.sh TEST...: runs test programs (and test scripts), some at a time, shows what failed, and counts. A test program is a
# cmocka program; a script ends with "N passed, N failed". The logs stay in $BUILD/logs.
set -u
export GK BUILD GK_SOURCE=. GK_MAP_SIZE=${GK_MAP_SIZE:-4294967296}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}
logs=$BUILD/logs
rm -rf "$logs"
mkdir -p "$logs"

cat >"$logs/one.sh" <<'EOF'
test=$1
log=$2/$(echo "$test" | sed "s|^$BUILD/||; s|tests/||; s|/|_|g").log
case $test in
*.sh) sh "$test" >"$log" 2>&1 ;;
*) "$test" >"$log" 2>&1 ;;
esac
echo "exit $?" >>"$log"
EOF
printf '%s\n' "$@" | xargs -P "${JOBS:-$(nproc)}" -I{} sh "$logs/one.sh" {} "$logs"

passed=0
failed=0
for log in "$logs"/*.log; do
    name=$(basename "$log" .log)
    n=$(grep -c '^\[       OK \]' "$log")
    bad=$(grep -c '^\[  FAILED  \] [^0-9]' "$log")
    # cmocka names a failed test twice, where it failed and in the summary.
    bad=$((bad / 2))
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
    if [ -n "$line" ]; then
        n=$((n + $(echo "$line" | cut -d' ' -f1)))
        bad=$((bad + $(echo "$line" | cut -d' ' -f3)))
    fi
    code=$(sed -n 's/^exit //p' "$log" | tail -n 1)
    if [ "$code" != 0 ] && [ "$bad" = 0 ]; then
        bad=1 # it died
    fi
    skipped=$(grep -c '^\[  SKIPPED \] [^0-9]' "$log")
    if [ $((n + bad + skipped)) = 0 ]; then
        bad=1 # a test program that tests nothing
    fi
    if [ "$bad" != 0 ]; then
        echo "---- $name: $bad failed (exit $code)"
        tail -n 40 "$log"
    else
        echo "ok   $name: $n"
    fi
    passed=$((passed + n))
    failed=$((failed + bad))
done
echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
