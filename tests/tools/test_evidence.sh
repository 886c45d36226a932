#!/bin/sh
# test_evidence.sh: gk evidence, on alarms that a rule raised in a made-up zone: the page and the picture are whole, and say what the
# answer says; and alarms asked about on the command line.
set -u

# shellcheck source=tests/tools/checks.sh disable=SC1091
. "$(dirname "$0")/checks.sh"

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

gives 'an alarm' 0 '' [ "${id:-0}" -gt 0 ]
gives 'as a table' 0 'as known when it was raised' "$GK" query z.gk "evidence of $id" --now "$now"
gives 'as JSON' 0 '"part": "chunk"' "$GK" query z.gk "evidence of $id" --now "$now" --format json
gives 'a page' 0 '' "$GK" evidence z.gk "$id" -o a.html --now "$now"
gives 'its picture' 0 '' "$GK" evidence z.gk "$id" -o a.svg --now "$now"
gives 'the page has the picture' 0 '<svg xmlns' grep -F '<svg xmlns' a.html
gives 'the page has every row of the answer' 0 '' sh -c "[ \$(grep -c '^<tr>' a.html) = \$('$GK' query z.gk 'evidence of $id' --now '$now' --format csv | sed 1d | wc -l) ]"
gives 'marks in texts are no marks of the page' 0 'by &lt;li&gt;, belt &amp; braces' grep -F 'by &lt;li&gt;' a.html
gives 'the hash of the act that raised it' 0 'SHA-256' grep -F 'SHA-256' a.html
if command -v xmllint >/dev/null; then
    gives 'the picture is XML' 0 '' xmllint --noout a.svg
    sed 's/<!DOCTYPE html>//; s/<meta charset="utf-8">//' a.html >a.xml
    gives 'every mark of the page is closed' 0 '' xmllint --noout a.xml
fi
gives 'on standard output' 0 '<!DOCTYPE html>' "$GK" evidence z.gk "$id" -o - --now "$now"
gives 'in Chinese' 0 '所读的数据' "$GK" evidence z.gk "$id" -o - --now "$now" --lang zh
gives 'no such alarm' 2 'there is no alarm 999999' "$GK" evidence z.gk 999999 -o b.html
gives 'no number' 2 "'fan' is no number of an alarm" "$GK" evidence z.gk fan -o b.html
gives 'nowhere to go' 2 '-o FILE.html' "$GK" evidence z.gk "$id"
gives 'a file that cannot be made' 3 "cannot make 'none/a.html'" "$GK" evidence z.gk "$id" -o none/a.html
gives 'nothing was written for an error' 1 '' test -e b.html
gives 'alarms are counted' 0 'P1' "$GK" query z.gk 'count of alarms by park, rule last 3d' --now "$now"
gives 'in Chinese, too' 0 'P1' "$GK" query z.gk '最近3天报警的次数 按园区、规则' --now "$now"

done_with
