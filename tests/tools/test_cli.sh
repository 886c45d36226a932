#!/bin/sh
# test_cli.sh: drives the built gk ($GK) through the contract of the command line: exit statuses, formats, messages, files.
# Ends with "N passed, N failed". Nothing here depends on the time of day: the clock is given with --now.
# shellcheck disable=SC2034 # out and err are read by the checks
set -u

# shellcheck source=tests/tools/checks.sh disable=SC1091
. "$(dirname "$0")/checks.sh"

is_json() { # is_json WHAT: standard output of the last run is JSON; believed where there is nothing to test it with
    command -v python3 >/dev/null || return 0
    if python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$folder/.out" 2>/dev/null; then
        pass
    else
        fail "$1 (stdout should be JSON)"
    fi
}

# ---- the frame: help, version, unknown words ---------------------------------------------------------------------------

run
expect 2 "gk alone is a wrong use"
says "usage: gk COMMAND" "gk alone tells how to use it"
prints_nothing "gk alone"
run --version
expect 0 "--version"
prints "gk 0" "--version"
run --help
expect 0 "--help"
for command in init load query shell check dump stat digest quarantine retain backup export simulate ack assign feedback audit close watch verify notify evidence; do
    prints "  $command" "--help lists $command"
    run help "$command"
    expect 0 "help $command"
    prints "usage: gk $command" "help $command"
    says_nothing "help $command"
    run "$command" --help
    expect 0 "$command --help"
    run "$command" --nonsense
    expect 2 "$command with an unknown option"
    says "--nonsense" "the unknown option of $command is named"
    run "$command"
    expect 2 "$command without operands"
    run --help
done
run help nonsense
expect 2 "help of an unknown command"
run lod store
expect 2 "an unknown command"
says "did you mean 'load'" "the nearest command"
run load --stric store file
expect 2 "a mistyped option"
says "did you mean '--strict'" "the nearest option"
run stat a b
expect 2 "too many operands"
run load store file --threads
expect 2 "an option without its value"
run load store file --threads two
expect 2 "an option with a wrong value"
says "whole number" "what the option wants"

run --strict load store
expect 2 "an option before the command"
says "options stand behind the command" "where options stand"
run help query --lang zh
expect 0 "help in Chinese"
prints "用法：gk query" "help in Chinese"
run shell --lang zh --help
prints "逐句提问" "help in the language that is named beside it"
if command -v bash >/dev/null; then
    offered() { # offered WORD...: what bash offers for the last one
        # shellcheck disable=SC2016 # for bash
        bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gk; echo "${COMPREPLY[*]}"' bash "$root/tools/gk.bash" "$@"
    }
    is "$(offered "$GK" que)" "query" "bash completes a command"
    is "$(offered "$GK" help si)" "simulate" "bash completes what help is for"
    is "$(offered "$GK" query z.gk --fail)" "--fail-if-any" "bash completes an option"
    is "$(offered "$GK" query z.gk --format js)" "json jsonl" "bash completes a format"
    is "$(offered "$GK" load z.gk zo)" "" "bash leaves files to itself"
fi

# ---- init ---------------------------------------------------------------------------------------------------------------

run init a.gk
expect 0 "init"
prints_nothing "init"
run init a.gk
expect 3 "init where there is a store"
says "a.gk" "the store that is there already is named"
run init b.gk --zone Asia/Shanghai
expect 2 "a zone that is no fixed offset"
run init b.gk --tick 10ms
expect 2 "a tick that is too short"
run init b.gk --tick 10
expect 2 "a tick without unit"
run init b.gk --policy best
expect 2 "an unknown policy"
run init --zone -03:30 --tick 500ms --policy all b.gk
expect 0 "init with options first"
run stat b.gk
expect 0 "stat of an empty store"
prints "-03:30" "the zone"
prints "0.5" "the tick"
prints "all" "the policy"
run stat b.gk --json
expect 0 "stat --json of an empty store"
is_json "stat --json of an empty store"
prints '"watermark": null' "no rows, no watermark"
run init no/such/folder/c.gk
expect 3 "init in a folder that is not there"

# ---- a small zone, loaded in the order of the shell's asterisk -------------------------------------------------------------

run simulate zone --enterprises 3 --days 1 --interval 20s --violations 80% --seed 3
expect 0 "simulate"
prints_nothing "simulate"
says "facilities" "simulate says what it made"
"$GK" simulate zone2 --seed 3 --enterprises 3 --violations 0.8 --interval 20000ms --days 1 2>/dev/null
for file in facilities bands orders exemptions rows truth; do
    if cmp -s zone/$file.csv zone2/$file.csv; then pass; else fail "the same seed gives the same $file.csv"; fi
done
run simulate zone2 --interval 2m
expect 2 "an interval that is too long"
run simulate zone2 --start 2026-01-01 --end 2026-01-05
expect 2 "--start with --end"
run simulate zone2 --start tomorrow
expect 2 "a start that is no date"
run simulate zone2 --names fr
expect 2 "names of a language that is not there"
run simulate no/such/folder/zone
expect 3 "simulate in a folder that is not there"

now=2026-01-05T00:00
run init z.gk
run load z.gk zone/bands.csv zone/exemptions.csv zone/facilities.csv zone/orders.csv zone/rows.csv --now $now
expect 0 "load"
prints_nothing "load without --json"
says "zone/rows.csv: rows: " "the summary of the rows"
says "0 rejected" "no row was rejected"
says "zone/bands.csv: bands: 2 taken, 0 bad" "the summary of the bands, although they stand before the facilities"
if ls zone/*.rejects >/dev/null 2>&1; then fail "no rejects, no file"; else pass; fi
n_rows=$(($(count zone/rows.csv) - 1))
run load z.gk zone/rows.csv --json --now $now
expect 0 "loading the same rows again"
is_json "load --json"
prints "{\"rows\": {\"accepted\": 0, \"duplicate\": $n_rows," "every row is a duplicate now"
prints '"file": "zone/rows.csv"' "the file is named"
run stat z.gk --json
is_json "stat --json"
prints '"rejected": 0' "stat has the counters"
run check z.gk
expect 0 "check"
run check z.gk --deep
expect 0 "check --deep"
prints_nothing "check without findings"
run check z.gk --deep --json
expect 0 "check --json"
is_json "check --json"
prints '"ok": true' "check --json says so"
run digest z.gk
expect 0 "digest"
digest=$out
is "$(printf %s "$digest" | tr -d '0-9a-f' | wc -c | tr -d ' ')-$(printf %s "$digest" | wc -c | tr -d ' ')" "0-64" "the digest is 64 hex digits"
run digest z.gk --json
prints "{\"digest\": \"$digest\"}" "digest --json"
is_json "digest --json"
run dump z.gk meta
expect 0 "dump meta"
run dump z.gk facility "$(sed -n '2s/,.*//p' zone/facilities.csv)"
expect 0 "dump facility"
run dump z.gk nonsense
expect 2 "dump of what there is not"

# Packed, from standard input, in another order, with one thread: the same content.
gzip -c zone/rows.csv >rows.csv.gz
run init g.gk
run load g.gk rows.csv.gz zone/facilities.csv zone/bands.csv zone/orders.csv zone/exemptions.csv --now $now --threads 4
expect 0 "load of a gzip'd file"
run digest g.gk
is "$out" "$digest" "gzip'd rows give the same digest"
run init i.gk
run load i.gk zone/facilities.csv zone/bands.csv zone/orders.csv zone/exemptions.csv --now $now
input=zone/rows.csv
run load i.gk - --now $now --threads 1
input=
expect 0 "load of standard input"
run digest i.gk
is "$out" "$digest" "rows from standard input give the same digest"
head -c 20000 rows.csv.gz >cut.csv.gz
run init c.gk
run load c.gk cut.csv.gz --json --now $now
expect 0 "a gzip'd file that is cut short gives what it has"
is_json "load --json of a file that is cut short"
prints "cut short" "the error is in the JSON"
says "cut short" "and said"

# ---- bad lines and bad files -----------------------------------------------------------------------------------------------

run init r.gk
cat >fac.csv <<'END'
facility,enterprise,park,line,role,rated_kw,serves
M1,E1,P1,L1,production,10,
M2,E1,P1,L1,production,ten,
A1,E1,P1,L1,abatement,5,M1
A1,E1,P1,L1,abatement,5,M1
A2,E1,P1,L1,abatement,5,M9
M3,E1,P1,L1,sleeping,5,
M4,E1
END
run load r.gk fac.csv --now $now
says "fac.csv.rejects" "the file of rejects is named"
has fac.csv.rejects "3	" "the line number of the wrong number"
has fac.csv.rejects "ten" "the line itself"
has fac.csv.rejects "column" "the column"
has fac.csv.rejects "sleeping" "an unknown role"
cat >bands.csv <<'END'
scope,off_below,on_from
*,10%,20%
role:production,10%,120kA
facility:M1,30%,20%
enterprise:E9,10%,20%
*,10%,1000%
END
run load r.gk bands.csv --now $now
says "bands.csv.rejects" "bad bands are rejected"
has bands.csv.rejects "120kA" "a limit with a wrong unit"
has bands.csv.rejects "30%" "off_below above on_from"
has bands.csv.rejects "E9" "a band for nobody"
cat >links.csv <<'END'
abatement,production
A1,M1
A1,Nobody
END
run load r.gk links.csv --now $now
expect 0 "one good link is enough"
says "links: 1 taken, 1 bad" "the summary of the links"
has links.csv.rejects "Nobody" "a link to nobody"
cat >rows.csv <<'END'
time,facility,kw
2026-01-04T08:00:00,M1,1.5
2026-01-04T08:00:10,M1,1,5
2026-01-04T08:00:20,M1,abc
2026-13-04T08:00:30,M1,1.5
"2026-01-04T08:00:40","M1","2.5"
2026-01-04T08:00:50,X1,2.5
2026-01-05T08:00:00,M1,2.5
2026-01-04T08:00:40,M1,2.5
2026-01-04T08:01:00,M1,
END
run load r.gk rows.csv --json --now $now
expect 0 "rows with bad lines"
is_json "load --json with bad lines"
prints '"rejected": 4' "four bad lines"
prints '"duplicate": 1' "a repeated row"
prints '"quarantined": 1' "a row of the future"
prints '"registered": 1' "an unknown facility"
prints '"rejects": "rows.csv.rejects"' "the file of rejects in the JSON"
says "warning: 1 unknown facility was registered" "a warning for the unknown facility"
has rows.csv.rejects "3	" "a line with a field too many"
has rows.csv.rejects "abc" "a value that is no number"
has rows.csv.rejects "2026-13-04" "a month that is none"
has rows.csv.rejects "10	" "a row without any value"
is "$(count rows.csv.rejects)" 4 "the number of rejects"
printf 'time,facility,kw\n2026-01-04T09:00:00,X2,1\n' >unknown.csv
run load r.gk unknown.csv --strict --now $now
expect 3 "--strict: nothing of an unknown facility is taken"
has unknown.csv.rejects "X2" "the unknown facility is named"
input=unknown.csv
run load r.gk - --strict --now $now
input=
has stdin.rejects "X2" "rejects of standard input"
run quarantine r.gk
expect 0 "quarantine"
prints "quarantined" "the quarantined row is listed"
run quarantine r.gk release --now $now
says "0 accepted" "it is still ahead of the clock"
run quarantine r.gk release --now 2026-01-06T00:00 --json
expect 0 "quarantine release"
is_json "quarantine release --json"
prints '"accepted": 1' "the row is let in when its time has come"
run stat z.gk --json
is_json "stat --json"
prints '"readers": 0, "oldest_reader_pid": 0' "nobody else reads, and stat does not count itself"
prints '"journal_since": ' "stat tells how far back the journal goes"
prints '"sources": {' "stat tells the sources"
run quarantine r.gk --force
expect 2 "--force goes with release"
# retention: r.gk has rows of a day, and of the next one
run retain r.gk
expect 2 "retain needs --older"
says "--older" "the missing option is named"
run retain r.gk --older 0s --now $now --json
expect 0 "retain"
is_json "retain --json"
prints '"dropped": ' "retain tells what it dropped"
run check r.gk --deep
expect 0 "the store is whole after retain"
run query r.gk "avg, count of power of facility 'M1' by day between 2026-01-04 and 2026-01-05" --format csv --now $now
expect 0 "sums of dropped time are answered"
run retain r.gk --older 0s --now $now
says "0 rows from before" "a second time there is nothing to drop"
# backups
before=$("$GK" digest z.gk)
run backup z.gk copy.gk --verify
expect 0 "backup --verify"
says "its digest is that of the store" "the verified backup"
run digest copy.gk
is "$out" "$before" "a backup has the digest of the store"
run check copy.gk --deep
expect 0 "the backup is whole"
run backup z.gk copy.gk
expect 3 "a backup replaces nothing"
says "copy.gk: there is something already" "what stands where the backup should go"
run backup copy.gk back.gk # and the way back
expect 0 "a backup of a backup"
run digest back.gk
is "$out" "$before" "what is brought back has the digest of the store"
run backup z.gk nowhere/copy.gk
expect 3 "a backup into a folder that is not there"
says "nowhere/copy.gk" "the folder that is not there"
run backup z.gk
expect 2 "backup needs a destination"
is "$(find . -name '*.gk-unfinished')" "" "nothing unfinished is left"
# export: what it writes, loaded as it says, gives the same digest
for policy in last all; do
    run init "odd-$policy.gk" --policy $policy --zone -03:30 --tick 500ms
    cat >odd-facilities.csv <<'END'
facility,enterprise,park,line,role,rated_kw,rated_a,group,"note, long"
"press ""1"", hall",E1,P1,L1,production,12.345678901234567,,A,"a ""b"", c"
风机:1,E1,P1,L1,abatement,0.1,7e2,A,
line:1,E2,,,other,,,,x
alone,,,,,,,,
END
    cat >odd-links.csv <<'END'
abatement,production,standby,from,to
风机:1,"press ""1"", hall",no,,
风机:1,"press ""1"", hall",yes,2026-01-01T00:00:00.000000001,2026-02-01
END
    cat >odd-bands.csv <<'END'
scope,off_below,on_from,overload_from,hysteresis,hold_s,dwell_on_s,dwell_off_s,channel,from
*,7.25%,33.333%,,0.5%,30,1.5,0.000000001,,
role:abatement,,0.05kW,,,,,,,
line:L1,5,6,,,,,,kw,2026-01-01T01:00
facility:line:1,1A,2A,,,90,,,ia,
END
    cat >odd-orders.csv <<'END'
scope,level,from,to,kind,cut,hours
group:A,"red, very",2026-01-01,2026-01-03,stop,,
park:P1,yellow,2026-01-01,,cut,33.3%,22:00-06:00
enterprise:E1,orange,2026-01-02T12:00,2026-01-02T13:00,cut,29%,
END
    cat >odd-exemptions.csv <<'END'
scope,kind,from,to,note
*,stop,2026-01-01,2026-01-02,"pumps, ""all"""
风机:1,maintenance,2026-01-05,2026-01-06,
END
    cat >odd-sets.csv <<'END'
scope,off_below,on_from,hold_s,from,set
*,5%,15%,,,v2
风机:1,0.125kW,15%,90,2026-01-02,"v2, ""strict"""
END
    cat >odd-calendars.csv <<'END'
calendar,days,hours,scope,from,to
工作日,周一至周五,,,,
工作日,none,,,2026-01-01,2026-01-04
"night, ""late""",sat;sun,22:00-06:30,风机:1,2026-01-01,
END
    cat >odd-people.csv <<'END'
person,role,scope,channel,address,from,to
"wang ""w""",head,enterprise:E1,sms,"+86 1, 2",,
li,officer,*,phone,,2026-01-01,2026-02-01
li,operator,风机:1,mail,li@e1,,
END
    cat >odd-rows.csv <<'END'
time_ns,facility,kw,ia,"odd, channel"
1767225600000000001,"press ""1"", hall",-0,0.1,1e-300
1767225600000000001,"press ""1"", hall",3,,
1767225610000000000,"press ""1"", hall",0.30000000000000004,,12345678.9
1767225620000000000,风机:1,,700,
1767225000000000000,风机:1,1.7976931348623157e308,,5e-324
1767225000000000000,line:1,,1.5,
END
    run load "odd-$policy.gk" odd-facilities.csv odd-links.csv odd-bands.csv odd-orders.csv odd-exemptions.csv odd-sets.csv odd-calendars.csv odd-people.csv odd-rows.csv
    expect 0 "odd tables are taken"
    says "0 bad" "all of them"
    run export "odd-$policy.gk" "odd-$policy"
    expect 0 "export"
    says_not "warning" "nothing is left out"
    load=$(printf '%s' "$err" | sed -n 's/.*rows; //p' | sed "s|gk |\"$GK\" |g; s/NEW/again-$policy.gk/g")
    sh -c "$load" >"$folder/.out" 2>"$folder/.err"
    is "$?" 0 "the command that export says"
    err=$(cat "$folder/.err")
    says_not " 1 bad" "what was exported is taken"
    is "$("$GK" digest "again-$policy.gk")" "$("$GK" digest "odd-$policy.gk")" "a store that was exported and loaded, policy $policy"
    run export "odd-$policy.gk" "odd-$policy"
    expect 3 "an export replaces nothing"
done
run export odd-last.gk part --from 2025-12-31T20:30 --to 2025-12-31T20:30:05
expect 0 "export of some rows"
is "$(wc -l <part/rows.csv)" 2 "rows of [from, to)"
run export odd-last.gk never --from yesterdayish
expect 2 "export from no time"
if [ -e never ]; then fail "nothing is made when the times are wrong"; else pass; fi
printf 'this,that\n1,2\n' >what.csv
run load r.gk what.csv --now $now
expect 3 "a file that is no table"
says "what.csv" "the file that is no table is named"
run load r.gk no-such.csv --now $now
expect 3 "a file that is not there"
says "no-such.csv" "the file that is not there is named"
run load r.gk no-such.csv links.csv --now $now
expect 0 "one file that is there is enough"
run load r.gk . --now $now
expect 3 "a folder is no file"
printf 'time,facility,kw\n' >empty.csv
run load r.gk empty.csv --now $now
expect 0 "a table without lines"
: >nothing.csv
run load r.gk nothing.csv --now $now
says "nothing.csv" "an empty file is said"
run load r.gk rows.csv --now noon
expect 2 "a clock that is no time"
run load no-such.gk rows.csv
expect 3 "a store that is not there"
says "no-such.gk" "the store that is not there is named"
run check r.gk --deep
expect 0 "after all of that the store is sound"

# ---- queries ----------------------------------------------------------------------------------------------------------------

question='when abatement offline while production running for >= 10m between 2026-01-04 and 2026-01-05'
n_truths=$(grep -cE '^abate_(off|late_start|early_stop),' zone/truth.csv)
run query z.gk "$question"
expect 0 "a query with rows"
says_nothing "a query with rows"
prints "subject" "the heading"
prints "($n_truths rows)" "as many rows as there are violations"
prints "window     2026-01-04T00:00:00+08:00 to 2026-01-05T00:00:00+08:00" "the footer has the window"
run query z.gk "$question" --format csv
expect 0 "csv"
is "$(sed -n 1p .out | tr -d '\r')" "subject,facility,line,enterprise,park,start,end,duration_s,certainty,open,carried_in" "the columns"
is "$(count .out)" $((n_truths + 1)) "a line a row"
csv=$(tr -d '\r' <.out | sed 1d | cut -d, -f2,6,7 | sort)
run query z.gk "$question" --format json
expect 0 "json"
is_json "json"
prints '{"meta": {' "json begins with meta"
prints '"rows": [' "json has rows"
prints '"certainty": "certain"' "certain intervals"
run query z.gk "$question" --format jsonl
expect 0 "jsonl"
is "$(count .out)" "$n_truths" "jsonl has a line a row"
is "$(sed 's/.*"facility": "\([^"]*\)".*"start": "\([^"]*\)".*"end": "\([^"]*\)".*/\1,\2,\3/' .out | sort)" "$csv" "jsonl and csv agree"
run query z.gk "$question" --format markdown
expect 0 "markdown"
prints "| subject | facility |" "the heading of markdown"
prints "|---|" "the rule of markdown"
run query z.gk "$question" --format xml
expect 2 "an unknown format"
run query z.gk 'when abatement offline while production running for >= 10m last 24h' --now 2026-01-05T00:00 --format csv
expect 0 "last 24h with --now"
is "$(tr -d '\r' <.out | sed 1d | cut -d, -f2,6,7 | sort)" "$csv" "last 24h is the same window"
run query z.gk 'when abatement offline while production running for >= 23h between 2026-01-04 and 2026-01-05'
expect 1 "a query without rows"
prints "(0 rows)" "no rows"
run query z.gk 'when abatement offline while production running for >= 23h between 2026-01-04 and 2026-01-05' --format json
expect 1 "json without rows"
is_json "json without rows"
run query z.gk "$question" --limit 1
expect 0 "--limit"
prints "there are more" "the footer says that rows were cut"
run query z.gk "$question" --limit 1 --format csv
says "cut at 1" "csv says it on standard error"
run query z.gk "$question" --timeout 0.000001ms
expect 3 "a limit stops a statement"
prints_nothing "a statement that was stopped before its first row"
run query z.gk "median of power of facility every 1s between 2026-01-04 and 2026-01-05" --memory 1
expect 3 "a limit of memory"
says "more memory than max_memory (1048576 bytes)" "which limit it was"
says "--timeout, --memory, --window and --limit change the limits" "and how it is changed"
run query z.gk "$question" --window 1h
expect 2 "a window that is too long"
says "longer than max_window" "which limit it was"
run query z.gk "$question" --time
says "answered in" "--time"
run query z.gk "list parks; list enterprises; list facilities" --format csv
expect 0 "several statements"
printf '%s\n' "$question" >question.gkq
run query z.gk -f question.gkq --format csv
expect 0 "a query from a file"
is "$(tr -d '\r' <.out | sed 1d | cut -d, -f2,6,7 | sort)" "$csv" "the query from a file"
input=question.gkq
run query z.gk --file=- --format csv
input=
expect 0 "a query from standard input"
run query z.gk "$question" -f question.gkq
expect 2 "a text and a file"
run query z.gk
expect 2 "no text"
run query z.gk '  ; '
expect 2 "nothing but separators"
run query z.gk -f no-such.gkq
expect 3 "a file that is not there"
run query z.gk 'when abatement offlin while production running last 24h'
expect 2 "a typo"
says "offline" "the nearest word"
says "^" "the caret"
run query z.gk '当 治污离线期间生产运转持续10分钟以上 最近24小时'
expect 2 "a typo in Chinese"
says "^" "the caret under Chinese"
run query z.gk '当 生产运行期间治污离线持续10分钟以上 最近24小时' --now 2026-01-05T00:00 --format csv
expect 0 "the same question in Chinese"
is "$(tr -d '\r' <.out | sed 1d | cut -d, -f2,6,7 | sort)" "$csv" "the same answer"
run query z.gk "when facility 'no such' running last 24h"
expect 2 "a name that is not there is an error"
run query z.gk 'when abatement offline last 24h' --now noon
expect 2 "a clock that is no time"
run query z.gk list parks
expect 2 "a statement without its quotes"
says "one word in quotes" "how a statement is written"
run query zone 'list parks'
expect 3 "a folder without a store"
says "no store in this folder" "the folder is told from nothing"
run query zone/rows.csv 'list parks'
expect 3 "a file is no store"
says "this is a file" "the file is told from nothing"
run query no-such.gk 'list facilities'
expect 3 "a query on a store that is not there"
says "no-such.gk" "the store is named"

# several statements, files, parameters, exit statuses for cron
run query z.gk - --format csv
expect 2 "standard input without a statement"
input=question.gkq
run query z.gk - --format csv
input=
expect 0 "a lone - is standard input"
fan=$(sed -n '/,abatement,/{s/,.*//p;q}' zone/facilities.csv)
run query z.gk 'list facilities of facility $f' --param f="$fan" --format csv
expect 0 "a parameter"
prints "$fan," "the facility that the parameter names"
is "$(count .out)" 2 "and no other"
run query z.gk 'list facilities of facility $f' --param "f=$fan' or facility '$fan" --format csv
expect 2 "what is in a parameter is one name"
run query z.gk 'when abatement offline while production running for >= $d last $w' --param d=10m --param=w=24h --now $now --format csv
expect 0 "parameters for durations"
is "$(tr -d '\r' <.out | sed 1d | cut -d, -f2,6,7 | sort)" "$csv" "the same answer with parameters"
run query z.gk 'list parks' --param f
expect 2 "a parameter without a value"
says "name=value" "how a parameter is written"
run query z.gk 'list parks' --param 'a b=c'
expect 2 "a parameter whose name is none"
run query z.gk 'list parks' --param a=
expect 2 "a parameter of nothing"
run query z.gk 'list facilities of facility $g' --param f="$fan"
expect 2 "a parameter that was not given"
says "there is no parameter 'g'" "the parameter that was not given is named"
never='when abatement offline while production running for >= 23h between 2026-01-04 and 2026-01-05'
run query z.gk "$question" --fail-if-any
expect 1 "--fail-if-any with rows"
run query z.gk "$never" --fail-if-any
expect 0 "--fail-if-any without rows"
run query z.gk "when abatement offlin" --fail-if-any
expect 2 "--fail-if-any with a typo"
run query no-such.gk 'list parks' --fail-if-any
expect 3 "--fail-if-any without a store"

# again and again
run query z.gk 'list parks' --watch 0.001 --rounds 3 --format jsonl
expect 0 "--watch"
is "$(count .out)" $((3 * $("$GK" query z.gk 'list parks' --format jsonl | wc -l))) "three rounds, one behind the other"
run query z.gk "$never" --watch 1ms --rounds 2
expect 1 "--watch without rows"
run query z.gk "when abatement offlin" --watch 1ms
expect 2 "--watch ends at a typo"
run query z.gk 'list parks' --watch 0
expect 2 "--watch without a pause"
run query z.gk 'list parks' --rounds 2
expect 2 "--rounds without --watch"
run query z.gk 'list parks' --watch soon
expect 2 "--watch with a word"
says "seconds" "what --watch wants"

# notations
run query z.gk "$question" --format csv --epoch
is "$(tr -d '\r' <.out | sed -n 2p | cut -d, -f6 | tr -d '0-9' | wc -c)" 1 "--epoch: csv has milliseconds"
run query z.gk "$question" --format json --epoch
is_json "json --epoch"
prints '"from": 1767456000000, "to": 1767542400000' "--epoch: the window of json is two numbers"
run query z.gk 'list parks; list parks' --format csv --bom
is "$(head -c 3 .out | od -An -tx1 | tr -d ' ')-$(grep -c "$(printf '\357\273\277')" .out)" "efbbbf-1" "--bom stands at the beginning alone"
run query z.gk 'list parks' --bom
expect 2 "--bom of a table"

# in Chinese
run query z.gk "$question" --lang zh
expect 0 "--lang zh"
prints "主体" "the headings are Chinese"
prints "（$n_truths 行）" "the footer is Chinese"
prints "时间窗     2026-01-04T00:00:00+08:00 至 2026-01-05T00:00:00+08:00" "the footer stands in columns"
prints "  确定  " "so is certainty"
run query z.gk "state of facility '$fan' at 2026-01-04T12:00" --lang zh --format markdown
prints "| 治污设施 |" "so are roles"
run query z.gk "$question" --lang zh --format markdown
prints "| 主体 | 设施 |" "the headings of markdown are Chinese"
run query z.gk "$question" --lang zh --format csv
is "$(sed -n 1p .out | cut -d, -f1)" "subject" "csv stays English"
run query z.gk "$question" --lang zh --format json
prints '"certainty": "certain"' "json stays English"
for what in facilities enterprises parks lines channels links bands orders exemptions gaps; do
    run query z.gk "list $what" --lang zh
    case $(sed -n 1p .out | sed 's/kW\|A）//g') in *[a-z_]*) fail "the headings of list $what are Chinese" ;; *) pass ;; esac
done
run query z.gk 'when abatement offlin' --lang zh
says "错误，第16字" "errors are Chinese"
LC_ALL=zh_CN.UTF-8
run query z.gk "list parks"
prints "园区" "the locale says Chinese"
run query z.gk "list parks" --lang en
prints "park" "--lang overrules the locale"
run query z.gk "list parks" --lang fr
expect 2 "a language that is not there"
run load z.gk zone/orders.csv --now $now
says "采用" "gk load speaks Chinese"
run lod
says "没有命令 'lod'；是否想用 'load'？" "errors are Chinese"
LC_ALL=C.UTF-8

# ---- the shell as a script (on a terminal: test_shell.c) -------------------------------------------------------------------

HOME=$folder # for .gk_history: a script must not touch it
export HOME
script() { # script TEXT [OPTION...]: a script from standard input
    printf '%s' "$1" >"$folder/.script"
    shift
    input=$folder/.script
    run shell z.gk --now $now --format csv "$@"
    input=
}
script 'list parks;
list
  enterprises

list lines'
expect 0 "a script"
says_nothing "a script"
is "$(grep -c '^park\|^enterprise\|^line' .out)" 3 "three statements: ended by ; by an empty line, by the end"
if [ -e .gk_history ]; then fail "a script leaves no history"; else pass; fi
script 'define untreated as abatement offline while production running; when untreated for >= 10m last 24h;'
expect 0 "a definition in the shell"
is "$(tr -d '\r' <.out | sed 1d | cut -d, -f2,6,7 | sort)" "$csv" "the answer with a definition"
script 'list parks;
when abatement offlin;
list lines;'
expect 2 "a script ends at the first mistake"
says "did you mean 'offline'" "the mistake of a script"
case $out in *P1E01L1*) fail "nothing runs behind a mistake" ;; *) pass ;; esac
script 'list parks;
when abatement offlin;
list lines;' --keep-going
expect 2 "--keep-going remembers the mistake"
prints "line,enterprise" "--keep-going goes on"
script 'when abatement offlin; list lines;' --keep-going
prints "line,enterprise" "--keep-going goes on within a line, too"
script '.mode table
.limit 1
list facilities;
.limit 0
.epoch on
.mode json
list facilities;
.epoch off
.show
.definitions
.tables
.help .mode
' --echo
expect 0 "settings"
prints "z> .limit 1" "--echo shows the prompt and the line"
prints "there are more than these 1 rows: .limit N" "the hint names the shell's own command"
prints ".mode json" ".show"
prints "list exemptions;" ".tables"
prints ".mode table|csv" ".help of a command"
for line in .mode '.mode xml' '.limit many' '.timeout soon' '.memory much' '.window wide' '.timer maybe' '.lang fr' '.now noon' '.param x' .param .read '.read no-such.gkq' \
    '.quit now' .nonsense '.output no/such/folder/x' '.tables x'; do
    script "$line
list parks;"
    case $status in 2 | 3) pass ;; *) fail "'$line' makes no sense" ;; esac
    case $out in *park*) fail "nothing runs behind '$line'" ;; *) pass ;; esac
done
script '.param p=P1
list facilities of park $p limit 1;
.output answers.csv
list parks;
list enterprises;
.output
.timer on
list lines;
.lang zh
.mode table
list parks;
.quit
list channels;'
expect 0 "files and parameters"
has answers.csv "P1" ".output writes to a file"
has answers.csv "enterprise,park" "several answers in one file"
prints "line,enterprise" "answers come back from the file"
says "answered in" ".timer"
prints "园区" ".lang"
case $out in *channel*) fail "nothing runs behind .quit" ;; *) pass ;; esac
printf 'list parks;\n.read inner.gkq\nlist lines;\n' >outer.gkq
printf 'list enterprises;\nwhen abatement offlin;\n' >inner.gkq
script '.read outer.gkq'
expect 2 "a mistake in a file that is read by a file"
says "stopped at inner.gkq:2" "its file and line"
printf '.read self.gkq\n' >self.gkq
script '.read self.gkq'
expect 2 "a file that reads itself"
script "list parks where facility 'a"
expect 2 "a quote that stays open"
script '-- nothing but a comment
;;
'
expect 0 "a script of nothing"
prints_nothing "a script of nothing"
run shell no-such.gk
expect 3 "the shell of a store that is not there"
run shell z.gk --format xml
expect 2 "the shell with an unknown format"
run shell z.gk --param x
expect 2 "the shell with half a parameter"
ran="gk shell | head -1"
echo 'samples of facility last 24h;' | "$GK" shell z.gk --now $now --format jsonl 2>.err | head -1 >.out
out=$(cat .out)
err=$(cat .err)
says_nothing "a reader of the shell that goes away"
prints '{"time"' "the first line of an answer"

# ---- names that would do harm --------------------------------------------------------------------------------------------------

run init h.gk
cat >harm.csv <<'END'
facility,enterprise,park,line,role,rated_kw
=1+1,"E, the first",P1,L1,production,10
"say ""hi""",E|2,P1,L2,production,10
破碎机,华丰化工,东区,一线,production,10
＝1+1,E4,P1,L1,production,10
-5,E4,P1,L1,production,10
END
printf 'a\033[2Jb,E5,P1,L1,production,10\nc\342\200\256d,E5,P1,L1,production,10\n' >>harm.csv
run load h.gk harm.csv --now $now
expect 0 "odd names"
says "harm.csv: facilities: 5 taken, 2 bad" "names that could move the cursor are refused"
case $err in *"$(printf '\033')"*) fail "the message must not send an escape sequence" ;; *) pass ;; esac
run query h.gk 'list facilities' --format csv
prints "'=1+1" "a formula is disarmed"
prints "'＝1+1" "a formula in full width is disarmed"
prints "'-5" "text that looks like a number is text"
prints ',10,,' "numbers are left alone"
prints '"E, the first"' "a comma is quoted"
prints '"say ""hi"""' "quotes are doubled"
run query h.gk 'list facilities' --format json
is_json "odd names in json"
prints '"=1+1"' "json has the name as it is"
prints 'say \"hi\"' "json escapes quotes"
run query h.gk 'list facilities' --format markdown
prints 'E\|2' "markdown escapes its bars"
run query h.gk 'list facilities'
prints "破碎机" "Chinese names"
run query h.gk "list facilities of facility '破碎$(printf '\033')[2J机'"
expect 2 "an escape sequence in a question"
case $err in *"$(printf '\033')"*) fail "the error must not send an escape sequence" ;; *) pass ;; esac

# ---- outputs that fail ------------------------------------------------------------------------------------------------------------

if [ -c /dev/full ]; then
    for command in "query z.gk" "stat z.gk" "digest z.gk" "dump z.gk all" "help" "--version" "check z.gk --json"; do
        ran="gk $command >/dev/full"
        out=
        # shellcheck disable=SC2086 # words
        case $command in
        query*) err=$("$GK" $command 'list facilities' 2>&1 >/dev/full) ;;
        *) err=$("$GK" $command 2>&1 >/dev/full) ;;
        esac
        status=$?
        expect 3 "a full device"
        says "cannot write to standard output" "a full device is said"
    done
fi
ran="gk dump z.gk all | head -1"
out=$("$GK" dump z.gk all 2>.err | head -1)
err=$(cat .err)
status=0
says_nothing "a reader that goes away is no error"
if [ -n "$out" ]; then pass; else fail "the first line of a dump"; fi
ran="gk query z.gk ... | head -1"
out=$("$GK" query z.gk "samples of power of production between 2026-01-04 and 2026-01-05" --limit 0 --format csv 2>.err | head -1)
err=$(cat .err)
says_nothing "a reader that goes away in the middle of an answer"
ran="gk query z.gk ... >&-"
out=
err=$("$GK" query z.gk 'list parks' 2>&1 >&-)
status=$?
expect 3 "standard output is closed"
says "cannot write to standard output" "that standard output is closed is said"
before=$("$GK" digest z.gk)
"$GK" load z.gk zone/orders.csv --json --now $now >&- 2>&-
"$GK" check z.gk --deep <&- >.out 2>&- || fail "a check with closed streams"
is "$("$GK" digest z.gk)" "$before" "an answer never goes into the store's file"
if [ "$(id -u)" != 0 ]; then
    mkdir locked
    chmod a-w locked
    run init locked/x.gk
    expect 3 "a folder that may not be written"
    says "locked/x.gk" "the folder is named"
    run simulate locked/zone
    expect 3 "simulate in a folder that may not be written"
fi
NO_COLOR=1
export NO_COLOR
run query z.gk "list facilities"
case $out$err in *"$(printf '\033')"*) fail "no colour when not on a terminal" ;; *) pass ;; esac

# ---- a damaged store ---------------------------------------------------------------------------------------------------------------

cp -r z.gk damaged.gk
# shellcheck disable=SC2094 # our own names
data=damaged.gk/data.mdb
LC_ALL=C tr '\101\201' '\102\202' <"$data" >damaged # some bytes everywhere
cat damaged >"$data"
run check damaged.gk --deep
expect 3 "check of a damaged store"
if [ -n "$out$err" ]; then pass; else fail "the damage is told"; fi
run query damaged.gk "$question" --format csv
case $status in 3) pass ;; *) fail "a damaged store gives an error, not an answer" ;; esac
run repair damaged.gk
expect 3 "repair of a store whose catalog is damaged"
says "the checksum does not fit the bytes" "a repair says why it cannot"
run repair z.gk
expect 0 "repair of a sound store"
says "0 things mended, 0 findings left" "a repair says what it did"
run repair z.gk --json
expect 0 "repair as JSON"
case $out in '{"mended": 0, "left": 0, "lines": []}') pass ;; *) fail "a repair as JSON" ;; esac
run repair z.gk --salvage z.gk
expect 3 "salvaging onto what is there"
says "there is something already" "salvaging replaces nothing"
run repair z.gk --salvage saved.gk
expect 0 "salvaging a sound store"
says "saved.gk has what can be read of z.gk; 0 things missing" "salvaging says what it did"
run digest z.gk
digest=$out
run digest saved.gk
is "$out" "$digest" "what is salvaged of a sound store is the same"
rm -r saved.gk
run repair z.gk --salvage saved.gk --json
is_json "salvaging as JSON"
# a store whose catalog cannot be read, and of which there is no copy
run repair damaged.gk --salvage saved2.gk --json
expect 3 "salvaging a store with bytes changed everywhere"
case $out$err in *'"missing": '[1-9]* | *"cannot be read"*) pass ;; *) fail "what is missing is told: $out$err" ;; esac
# the file is cut off while a question is asked again and again: an error, and no death by SIGBUS
cp -r z.gk cut.gk
"$GK" query cut.gk "$question" --format csv --watch 0.01 --rounds 100000 >cut.out 2>/dev/null &
asking=$!
while [ ! -s cut.out ] && kill -0 $asking 2>/dev/null; do :; done
: >cut.gk/data.mdb
wait $asking
status=$?
expect 3 "a file that is cut off under a reader"
head -c 5000 damaged >"$data"
run query damaged.gk 'list facilities'
expect 3 "a store whose file is cut short"
: >"$data"
run query damaged.gk 'list facilities'
expect 3 "a store whose file is empty"
mkdir folder
run query folder 'list facilities'
expect 3 "a folder that is no store"

done_with
