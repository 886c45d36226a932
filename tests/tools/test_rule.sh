#!/bin/sh
# test_rule.sh: gk rule, and the ready rules of docs/rules on a made-up zone of which the violations are known: put, list, tried, judged
# as rows come, dropped.
set -u

# shellcheck source=tests/tools/checks.sh disable=SC1091
. "$(dirname "$0")/checks.sh"

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
    gives "$file can be put" 0 "new, 0 as they were" "$GK" rule put z.gk "$file" --from always --now 2026-01-03T00:00
done
gives 'the same again is nothing' 0 '0 new, 8 as they were' "$GK" rule put z.gk "$root/docs/rules/untreated.gkql" --now 2026-01-03T00:00
gives 'list shows them' 0 "治污未开启" "$GK" rule list z.gk --format csv
printf "rule a alarm when facility off; rule b alarm when facility of" >wrong.gkql
gives 'a mistake is shown where it is' 2 'expected a state' "$GK" rule put z.gk wrong.gkql
gives 'and then none of the file is put' 1 '' sh -c "'$GK' rule list z.gk --format csv | grep ^a,"
printf "when facility off" >question.gkql
gives 'a question is no rule' 2 'a file of rules has rules alone' "$GK" rule put z.gk question.gkql
gives 'a rule that is not there cannot be dropped' 2 "there is no rule 'nobody'" "$GK" rule drop z.gk nobody
gives 'a wrong verb' 2 "put, list, drop, test or judge was expected, not 'run'" "$GK" rule run z.gk
gives 'nothing to put' 2 'something is missing' "$GK" rule put z.gk

# ---- judged as rows come: eight parts of two days
for part in part.*; do
    cat head.csv "$part" >rows.csv
    "$GK" load z.gk rows.csv 2>/dev/null
    now=$(cut -d, -f1 "$part" | sort -n | tail -1)
    "$GK" rule judge z.gk --now "$now" 2>>judged || cat judged
done
"$GK" dump z.gk alarm | grep "rule='untreated'" | grep -v withdrawn >alarms
grep -cE '^abate_(off|late_start|early_stop),' zone/truth.csv >n_truth
gives 'every violation has one alarm, and none is invented' 0 '' sh -c '[ "$(wc -l <alarms)" = "$(cat n_truth)" ] && [ "$(cat n_truth)" -gt 2 ]'
gives 'the record stands' 0 '' "$GK" verify z.gk
gives 'a look without news asks nobody' 0 '0 raised, 0 recovered, 0 unknown' "$GK" rule judge z.gk --now "$now"
gives 'a trial finds the same' 0 "untreated: $(cat n_truth) alarms" "$GK" rule test z.gk "$root/docs/rules/untreated.gkql" --since 2026-01-03 --until 2026-01-05
gives 'a window that is none' 2 '--since must be a time before' "$GK" rule test z.gk "$root/docs/rules/untreated.gkql" --since 2026-01-02 --until 2026-01-01
gives 'help in Chinese' 0 '试算' "$GK" help rule --lang zh
gives 'a trial of nothing' 1 'rule,enterprise,day' "$GK" rule test z.gk "$root/docs/rules/untreated.gkql" --since 2026-01-01 --until 2026-01-02 --format csv
gives 'dropped' 0 '' "$GK" rule drop z.gk untreated
gives 'and gone from the list' 1 '' sh -c "'$GK' rule list z.gk --format csv | grep ^untreated,"

done_with
