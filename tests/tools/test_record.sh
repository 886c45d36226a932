#!/bin/sh
# test_record.sh: the record from the command line: the steps of a case, alone and while another process writes; acts as JSON lines, from
# where a consumer stopped; the chain and its roots. Ends with "N passed, N failed".
# shellcheck disable=SC2034,SC2154 # record.sh sets and reads status, out and err
set -u

# shellcheck source=tests/tools/record.sh disable=SC1091
. "$(dirname "$0")/record.sh"

# ---- the steps of a case -----------------------------------------------------------------------------------------------

printf 'raise R1 fan\nraise R1 press\n' | ./writer s.gk >.out
is "$(cat .out)" "ok 1
ok 2" "two alarms are raised"
now=2026-11-26T08:00:00+08:00
run ack s.gk 1 --by wang --note 'fan belt' --now $now
expect 0 "ack"
says "gk ack: alarm 1: acknowledged by wang, act 3" "ack tells what it recorded"
run ack s.gk 1 --by li
expect 3 "ack twice"
says "alarm 1 cannot be acknowledged: it is acknowledged already" "ack twice says why not"
run assign s.gk 1 --to li --due 2h --by wang --now $now
expect 0 "assign"
run feedback s.gk 1 --by li --note 'belt replaced' --now $now
expect 0 "feedback"
run check s.gk 1 --by zhao --note 'runs' --now $now
expect 0 "check of an alarm"
says "alarm 1: checked by zhao, act 6" "check of an alarm records it"
run audit s.gk 1 --by sun --now $now
expect 0 "audit"
run close s.gk 1 --outcome device --by wang --now $now
expect 0 "close"
run close s.gk 1 --outcome false --by wang
expect 3 "close twice"
says "alarm 1 cannot be closed: it is closed" "close twice says why not"
run assign s.gk 1 --to li --by wang
expect 3 "assign what is closed"
run ack s.gk 99 --by wang
expect 3 "ack of an unknown alarm"
says "there is no alarm 99" "ack of an unknown alarm says so"
run ack s.gk 3 --by wang
expect 3 "the number of an act that is no alarm"

run ack s.gk one --by wang
expect 2 "no number of an alarm"
says "'one' is no number of an alarm" "no number is named"
run ack s.gk 0 --by wang
expect 2 "alarm 0"
run ack s.gk 2
expect 2 "nobody acknowledges"
says "--by is missing" "--by is asked for"
run assign s.gk 2 --by wang
expect 2 "assign to nobody"
says "--to is missing" "--to is asked for"
run assign s.gk 2 --by wang --to li --due soon
expect 2 "a due time that is none"
says "option '--due' needs a time" "a bad due time is named"
run close s.gk 2 --by wang
expect 2 "close without an outcome"
run close s.gk 2 --by wang --outcome fine
expect 2 "an outcome that is none"
says "needs enterprise, device or false, not 'fine'" "the outcomes are told"
run ack s.gk 2 --by wang --to li
expect 2 "ack has no --to"
run check s.gk 2
expect 2 "check of an alarm by nobody"
run check s.gk 2 --deep --by wang
expect 2 "check of an alarm is not deep"
run check s.gk --by wang
expect 2 "check of a store has no --by"
run ack nowhere.gk 1 --by wang
expect 3 "no store"
says "there is no store" "no store is named"

# ---- acts as lines ---------------------------------------------------------------------------------------------------------

run watch s.gk --once
expect 0 "watch"
is "$(wc -l <.out | tr -d ' ')" 8 "a line for each act"
if command -v python3 >/dev/null; then
    if python3 -c '
import json
lines = [json.loads(line) for line in open(".out")]
assert [line["seq"] for line in lines] == list(range(1, 9))
assert len({tuple(line) for line in lines}) == 1, "the same keys in every line"
assert [line["kind"] for line in lines] == ["raised", "raised", "acknowledged", "assigned", "fed back", "checked", "audited", "closed"]
third = lines[3]
assert third["subject"] == "fan" and third["whom"] == "li" and third["due"] == "2026-11-26T10:00:00+08:00", third
assert third["time"] == "2026-11-26T08:00:00+08:00" and third["to"] is None and third["level"] == "alarm"
assert lines[7]["outcome"] == "device" and lines[4]["text"] == "belt replaced"
'; then pass; else fail "the lines say what was recorded"; fi
fi
run watch s.gk --from 7 --once
is "$(wc -l <.out | tr -d ' ')" 2 "watch from a number on"
run watch s.gk --from 7 --new
expect 2 "two beginnings"
run watch s.gk --new --once
is "$out" "" "nothing is new"
run watch s.gk --consumer board --from 3 --once
is "$(wc -l <.out | tr -d ' ')" 6 "a new consumer begins where it is told"
run watch s.gk --consumer board --once
is "$out" "" "and goes on where it stopped"
run watch s.gk --consumer ../board --once
expect 3 "a consumer's name that is none"
says "expected a name" "a consumer's bad name is named"
"$GK" watch s.gk --consumer pipe --once | head -1 >/dev/null
"$GK" watch s.gk --consumer full --once >/dev/full 2>.err
status=$?
expect 3 "an output that is full"
run watch s.gk --consumer full --once
is "$(wc -l <.out | tr -d ' ')" 8 "what could not be written was not confirmed"

# ---- the chain ---------------------------------------------------------------------------------------------------------------

run verify s.gk
expect 0 "verify"
says "8 acts, and each fits the one before" "verify counts"
hash=${out##* }
is "${#hash}" 64 "verify prints the root"
run verify s.gk --root "$hash"
expect 0 "the root verifies"
says "the root is that of act 8" "the root's act is told"
run verify s.gk --root "$(echo "$hash" | tr '0-9a-f' 'f0-9a-e')"
expect 3 "another root"
says "none of the 8 acts has this hash" "another root is refused"
run verify s.gk --root 12
expect 2 "a root that is none"
run verify s.gk --roots
expect 0 "roots"
is "$(tail -n 1 .out)" "2026-11-26 8 $hash" "the last day's root is that of the last act"
run verify nowhere.gk
expect 3 "verify without a store"
printf '' | ./writer empty.gk
run verify empty.gk
expect 0 "an empty record verifies"
says "0 acts" "an empty record has no acts"
is "$out" "" "and no root"

# ---- while another process writes ------------------------------------------------------------------------------------------------

mkfifo orders
./writer live.gk <orders >answers &
exec 9>orders
printf 'raise R1 fan\ncommit\n' >&9
wait_for "the live alarm" grep -q 'ok 0' answers
"$GK" watch live.gk --consumer board >lines 2>watch.err &
watcher=$!
wait_for "the alarm on the board" grep -q raised lines
"$GK" ack live.gk 1 --by wang --wait 30 2>ack.err &
acker=$!
wait_for "what was handed in" sh -c 'ls live.gk/inbox/*.act >/dev/null'
echo commit >&9
wait $acker
status=$?
err=$(cat ack.err)
expect 0 "ack while another process writes"
says "acknowledged by wang, recorded by the process that writes the store" "the writer's word is passed on"
wait_for "the acknowledgement on the board" grep -q acknowledged lines
run ack live.gk 1 --by li --wait 0
expect 0 "handed in, without waiting"
says "has not taken it yet" "it says that it waits"
"$GK" close live.gk 9 --by li --outcome false --wait 30 2>close.err &
closer=$!
two_wait() {
    [ "$(find live.gk/inbox -name '[0-9]*.act' | wc -l)" = 2 ]
}
wait_for "both files" two_wait
echo commit >&9
wait $closer
status=$?
err=$(cat close.err)
expect 3 "what cannot be is refused by the writer"
says "there is no alarm 9" "its reason is passed on"
run watch live.gk --consumer board --once
expect 3 "a second reader of the same name"
says "another process reads under this name" "it is named"
kill $watcher
wait $watcher 2>/dev/null
exec 9>&-
wait
run check live.gk --deep
expect 0 "the store is whole"
run watch live.gk --once
is "$(wc -l <.out | tr -d ' ')" 2 "each act is there once"

done_with
