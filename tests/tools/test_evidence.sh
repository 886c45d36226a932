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

# A rule that compares with normal days: the page has them below their number, and the chunks of those days are among what was read.
cat >saw.csv <<'END'
facility,enterprise,park,line,role,rated_kw
saw,E3,P1,L3,production,10
END
for day in 15 16 17; do
    awk -v day=$day 'BEGIN { for (s = 0; s < 86400; s += 10)
        printf "2026-11-%dT%02d:%02d:%02d,saw,%d\n", day, s / 3600, s % 3600 / 60, s % 60, day == 17 ? 4 : 8 }'
done >days.csv
{ echo time,facility,kw && cat days.csv; } >saw.rows.csv
printf 'scope,off_below,on_from,hold_s\n*,10%%,20%%,180\n' >saw.bands.csv
echo "rule drop1 alarm when energy of production by enterprise, day vs same hours of 2 normal days before having change < -10%" >drop.gkql
"$GK" init n.gk
"$GK" load n.gk saw.csv saw.bands.csv saw.rows.csv 2>/dev/null
"$GK" rule put n.gk drop.gkql --from always --now 2026-11-18T08:00 2>/dev/null
gives 'an alarm against normal days' 0 '1 raised' "$GK" rule judge n.gk --now 2026-11-18T08:00
"$GK" query n.gk 'evidence of 1' --now 2026-11-18T08:00 --format csv >normal.csv
gives 'the days are there' 0 '' grep -q '^compared,as known now,2026-11-15T00:00:00+08:00,2026-11-16T00:00:00+08:00,normal day of saw' normal.csv
gives 'and their chunks' 0 '' grep -q '^chunk,saw,2026-11-15T00:00:00' normal.csv
gives 'each once' 0 '' sh -c "[ \$(grep -c '^chunk,saw,2' normal.csv) = \$(grep '^chunk,saw,2' normal.csv | sort -u | wc -l) ]"
gives 'a page of it' 0 '' "$GK" evidence n.gk 1 -o n.html --now 2026-11-18T08:00
gives 'one heading for numbers and days' 0 '' sh -c "[ \$(grep -c 'Whether it holds' n.html) = 1 ]"
gives 'with the days' 0 '' grep -q 'normal day of saw' n.html

done_with
