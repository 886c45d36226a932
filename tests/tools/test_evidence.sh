#!/bin/sh
# test_evidence.sh: gk evidence, on alarms that a rule raised in a made-up zone: the page and the picture are whole, and say what the
# answer says; and alarms asked about on the command line.
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
split -n l/4 all.csv part.
cat head.csv part.aa >rows.csv
"$GK" load z.gk rows.csv 2>/dev/null
"$GK" rule put z.gk "$root/docs/rules/untreated.gkql" --from always --now 2026-01-03T00:00 2>/dev/null
for part in part.*; do
    cat head.csv "$part" >rows.csv
    "$GK" load z.gk rows.csv 2>/dev/null
    now=$(cut -d, -f1 "$part" | sort -n | tail -1)
    "$GK" rule judge z.gk --now "$now" 2>/dev/null
done
id=$("$GK" query z.gk "list alarms recovered where rule = 'untreated' limit 1" --now "$now" --format csv | sed -n 2p | cut -d, -f1)
"$GK" ack z.gk "$id" --by '<li>' --note 'belt & braces' 2>/dev/null

expect 'an alarm' 0 '' [ "${id:-0}" -gt 0 ]
expect 'as a table' 0 'as known when it was raised' "$GK" query z.gk "evidence of $id" --now "$now"
expect 'as JSON' 0 '"part": "chunk"' "$GK" query z.gk "evidence of $id" --now "$now" --format json
expect 'a page' 0 '' "$GK" evidence z.gk "$id" -o a.html --now "$now"
expect 'its picture' 0 '' "$GK" evidence z.gk "$id" -o a.svg --now "$now"
expect 'the page has the picture' 0 '<svg xmlns' grep -F '<svg xmlns' a.html
expect 'the page has every row of the answer' 0 '' sh -c "[ \$(grep -c '^<tr>' a.html) = \$('$GK' query z.gk 'evidence of $id' --now '$now' --format csv | sed 1d | wc -l) ]"
expect 'marks in texts are no marks of the page' 0 'by &lt;li&gt;, belt &amp; braces' grep -F 'by &lt;li&gt;' a.html
expect 'the hash of the act that raised it' 0 'SHA-256' grep -F 'SHA-256' a.html
if command -v xmllint >/dev/null; then
    expect 'the picture is XML' 0 '' xmllint --noout a.svg
    sed 's/<!DOCTYPE html>//; s/<meta charset="utf-8">//' a.html >a.xml
    expect 'every mark of the page is closed' 0 '' xmllint --noout a.xml
fi
expect 'on standard output' 0 '<!DOCTYPE html>' "$GK" evidence z.gk "$id" -o - --now "$now"
expect 'in Chinese' 0 '所读的数据' "$GK" evidence z.gk "$id" -o - --now "$now" --lang zh
expect 'no such alarm' 2 'there is no alarm 999999' "$GK" evidence z.gk 999999 -o b.html
expect 'no number' 2 "'fan' is no number of an alarm" "$GK" evidence z.gk fan -o b.html
expect 'nowhere to go' 2 '-o FILE.html' "$GK" evidence z.gk "$id"
expect 'a file that cannot be made' 3 "cannot make 'none/a.html'" "$GK" evidence z.gk "$id" -o none/a.html
expect 'nothing was written for an error' 1 '' test -e b.html
expect 'alarms are counted' 0 'P1' "$GK" query z.gk 'count of alarms by park, rule last 3d' --now "$now"
expect 'in Chinese, too' 0 'P1' "$GK" query z.gk '最近3天报警的次数 按园区、规则' --now "$now"

echo "$n_passed passed, $n_failed failed"
[ "$n_failed" = 0 ] && [ "$n_passed" -gt 0 ]
