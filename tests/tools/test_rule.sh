#!/bin/sh
# test_rule.sh: gk rule, and the ready rules of docs/rules on a made-up zone of which the violations are known: put, list, tried, judged
# as rows come, dropped.
set -u

GK=${GK:-build/check/gk}
LC_ALL=C.UTF-8
export LC_ALL
root=$(cd "$(dirname "$0")/../.." && pwd)
case $GK in
/*) ;;
*) GK=$PWD/$GK ;;
esac
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder" || exit 1

n_passed=0
n_failed=0
# expect WHAT STATUS TEXT COMMAND...: its exit status, and a text in what it prints
expect() {
    what=$1 status=$2 text=$3
    shift 3
    "$@" >out 2>err </dev/null
    got=$?
    if [ "$got" = "$status" ] && { [ -z "$text" ] || cat out err | grep -qF -- "$text"; }; then
        n_passed=$((n_passed + 1))
    else
        n_failed=$((n_failed + 1))
        echo "FAILED: $what: status $got, expected $status and '$text'"
        cat out err
    fi
}

"$GK" simulate zone --days 2 --violations 50% --seed 3 >/dev/null 2>&1
"$GK" init z.gk
"$GK" load z.gk zone/facilities.csv zone/bands.csv zone/orders.csv zone/exemptions.csv 2>/dev/null
head -1 zone/rows.csv >head.csv
sed 1d zone/rows.csv >all.csv
split -n l/8 all.csv part.

# the first rows make the channels
cat head.csv part.aa >rows.csv
"$GK" load z.gk rows.csv 2>/dev/null

# ---- texts
for file in "$root"/docs/rules/*.gkql; do
    expect "$file can be put" 0 "new, 0 as they were" "$GK" rule put z.gk "$file" --from always --now 2026-01-03T00:00
done
expect 'the same again is nothing' 0 '0 new, 8 as they were' "$GK" rule put z.gk "$root/docs/rules/untreated.gkql" --now 2026-01-03T00:00
expect 'list shows them' 0 "治污未开启" "$GK" rule list z.gk --format csv
printf "rule a alarm when facility off; rule b alarm when facility of" >wrong.gkql
expect 'a mistake is shown where it is' 2 'expected a state' "$GK" rule put z.gk wrong.gkql
expect 'and then none of the file is put' 1 '' sh -c "'$GK' rule list z.gk --format csv | grep ^a,"
printf "when facility off" >question.gkql
expect 'a question is no rule' 2 'a file of rules has rules alone' "$GK" rule put z.gk question.gkql
expect 'a rule that is not there cannot be dropped' 2 "there is no rule 'nobody'" "$GK" rule drop z.gk nobody
expect 'a wrong verb' 2 "put, list, drop, test or judge was expected, not 'run'" "$GK" rule run z.gk
expect 'nothing to put' 2 'something is missing' "$GK" rule put z.gk

# ---- judged as rows come: eight parts of two days
for part in part.*; do
    cat head.csv "$part" >rows.csv
    "$GK" load z.gk rows.csv 2>/dev/null
    now=$(cut -d, -f1 "$part" | sort -n | tail -1)
    "$GK" rule judge z.gk --now "$now" 2>>judged || cat judged
done
"$GK" dump z.gk alarm | grep "rule='untreated'" | grep -v withdrawn >alarms
grep -cE '^abate_(off|late_start|early_stop),' zone/truth.csv >n_truth
expect 'every violation has one alarm, and none is invented' 0 '' sh -c '[ "$(wc -l <alarms)" = "$(cat n_truth)" ] && [ "$(cat n_truth)" -gt 2 ]'
expect 'the record stands' 0 '' "$GK" verify z.gk
expect 'a look without news asks nobody' 0 '0 raised, 0 recovered, 0 unknown' "$GK" rule judge z.gk --now "$now"
expect 'a trial finds the same' 0 "untreated: $(cat n_truth) alarms" "$GK" rule test z.gk "$root/docs/rules/untreated.gkql" --since 2026-01-03 --until 2026-01-05
expect 'a window that is none' 2 '--since must be a time before' "$GK" rule test z.gk "$root/docs/rules/untreated.gkql" --since 2026-01-02 --until 2026-01-01
expect 'help in Chinese' 0 '试算' "$GK" help rule --lang zh
expect 'a trial of nothing' 1 'rule,enterprise,day' "$GK" rule test z.gk "$root/docs/rules/untreated.gkql" --since 2026-01-01 --until 2026-01-02 --format csv
expect 'dropped' 0 '' "$GK" rule drop z.gk untreated
expect 'and gone from the list' 1 '' sh -c "'$GK' rule list z.gk --format csv | grep ^untreated,"

echo "$n_passed passed, $n_failed failed"
[ "$n_failed" = 0 ] && [ "$n_passed" -gt 0 ]
