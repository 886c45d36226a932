#!/bin/sh
# test_cli.sh: drives the built gk ($GK) through the contract of the command line: exit statuses, formats, messages, files.
# Ends with "N passed, N failed". Nothing here depends on the time of day: the clock is given with --now.
# shellcheck disable=SC2034 # out and err are read by the checks
set -u

GK=${GK:-build/check/gk}
case $GK in
/*) ;;
*) GK=$PWD/$GK ;;
esac
[ -x "$GK" ] || {
    echo "test_cli.sh: GK=$GK is not there" >&2
    exit 1
}
folder=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder" || exit 1

n_passed=0
n_failed=0

pass() {
    n_passed=$((n_passed + 1))
}
fail() { # fail WHAT: with the last run
    n_failed=$((n_failed + 1))
    printf 'FAILED: %s\n  ran: %s\n  status: %s\n  stdout: %.600s\n  stderr: %.600s\n' "$1" "$ran" "$status" "$out" "$err"
}
run() { # run gk with these words; standard input is empty unless a file is given as $input
    ran="gk $*"
    "$GK" "$@" >"$folder/.out" 2>"$folder/.err" <"${input:-/dev/null}"
    status=$?
    out=$(cat "$folder/.out")
    err=$(cat "$folder/.err")
}
expect() { # expect STATUS WHAT: of the last run
    if [ "$status" = "$1" ]; then pass; else fail "$2 (expected status $1)"; fi
}
says() { # says TEXT WHAT: standard error of the last run has TEXT
    case $err in *"$1"*) pass ;; *) fail "$2 (stderr should have '$1')" ;; esac
}
prints() { # prints TEXT WHAT: standard output of the last run has TEXT
    case $out in *"$1"*) pass ;; *) fail "$2 (stdout should have '$1')" ;; esac
}
prints_nothing() {
    if [ -z "$out" ]; then pass; else fail "$1 (stdout should be empty)"; fi
}
says_nothing() {
    if [ -z "$err" ]; then pass; else fail "$1 (stderr should be empty)"; fi
}
is() { # is A B WHAT
    if [ "$1" = "$2" ]; then pass; else fail "$3: '$1' is not '$2'"; fi
}
has() { # has FILE TEXT WHAT
    if grep -qF -- "$2" "$1" 2>/dev/null; then pass; else fail "$3 ('$1' should have '$2')"; fi
}
is_json() { # is_json WHAT: standard output of the last run is JSON; believed where there is nothing to test it with
    command -v python3 >/dev/null || return 0
    if python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$folder/.out" 2>/dev/null; then
        pass
    else
        fail "$1 (stdout should be JSON)"
    fi
}
count() { # count FILE: its lines
    wc -l <"$1" | tr -d ' '
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
for command in init load query check dump stat digest quarantine retain simulate; do
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
run query z.gk "$question" --max-rows 1
expect 0 "--max-rows"
prints "there are more" "the footer says that rows were cut"
run query z.gk "$question" --max-rows 1 --format csv
says "cut at 1" "csv says it on standard error"
run query z.gk "$question" --max-time 0.000001ms
expect 3 "a limit stops a statement"
prints_nothing "a statement that was stopped before its first row"
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
run query no-such.gk 'list facilities'
expect 3 "a query on a store that is not there"
says "no-such.gk" "the store is named"

# ---- names that would do harm --------------------------------------------------------------------------------------------------

run init h.gk
cat >harm.csv <<'END'
facility,enterprise,park,line,role,rated_kw
=1+1,"E, the first",P1,L1,production,10
"say ""hi""",E|2,P1,L2,production,10
破碎机,华丰化工,东区,一线,production,10
END
run load h.gk harm.csv --now $now
expect 0 "odd names"
run query h.gk 'list facilities' --format csv
prints "'=1+1" "a formula is disarmed"
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
# shellcheck disable=SC2012,SC2094 # the largest file; our own names
data=damaged.gk/$(ls -S damaged.gk | head -1)
LC_ALL=C tr '\101\201' '\102\202' <"$data" >damaged # some bytes everywhere
cat damaged >"$data"
run check damaged.gk --deep
expect 3 "check of a damaged store"
if [ -n "$out$err" ]; then pass; else fail "the damage is told"; fi
run query damaged.gk "$question" --format csv
case $status in 3) pass ;; *) fail "a damaged store gives an error, not an answer" ;; esac
head -c 5000 damaged >"$data"
run query damaged.gk 'list facilities'
expect 3 "a store whose file is cut short"
: >"$data"
run query damaged.gk 'list facilities'
expect 3 "a store whose file is empty"
mkdir folder
run query folder 'list facilities'
expect 3 "a folder that is no store"

echo "$n_passed passed, $n_failed failed"
[ "$n_failed" = 0 ]
