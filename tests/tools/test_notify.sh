#!/bin/sh
# test_notify.sh: gk notify tells those whom a rule names by the channels they have, once it works, in order, with the same key each time;
# a channel that is down holds up no other; and whatever kills it, nothing is lost: KILLS=1000 for the long form. Ends with "N passed, N
# failed".
# shellcheck disable=SC2034,SC2154 # record.sh sets and reads status, out and err
set -u

KILLS=${KILLS:-25}
# shellcheck source=tests/tools/record.sh disable=SC1091
. "$(dirname "$0")/record.sh"

cat >facilities.csv <<'END'
facility,enterprise,park,line,role,rated_kw
fan,E1,P1,L1,abatement,10
oven,E2,P1,L1,production,10
END
cat >people.csv <<'END'
person,role,scope,channel,address
wang,head,enterprise:E1,sms,+86 1
wang,head,enterprise:E1,mail,wang@e1
li,head,enterprise:E2,sms,+86 2
zhao,officer,park:P1,sms,+86 3
sun,agency,*,fax,1
END
make_store() { # make_store STORE: with the facilities and people
    { "$GK" init "$1" && "$GK" load "$1" facilities.csv people.csv; } 2>load.err || cat load.err
}
place() { # place STORE CHANNEL: the last act that the channel is done with
    cut -d' ' -f1 "$1/consumers/notify-$2"
}
make_store s.gk

# ---- the configuration -----------------------------------------------------------------------------------------------------

wrong() { # wrong TEXT WORDS: a configuration that is refused
    printf '%s\n' "$1" >wrong.conf
    run notify s.gk --config wrong.conf --once
    expect 2 "a wrong configuration: $1"
    says "$2" "what is wrong with: $1"
}
wrong '' 'wrong.conf: there is no [channel]'
wrong '[sms]' '[sms] needs exec or url'
wrong 'hello' 'line 1: expected key = value'
wrong 'exec = true' "line 1: 'exec' is neither kinds nor to"
wrong 'kinds = raised loud' "line 1: kinds: 'loud' is none that can be told"
wrong '[sms
' 'line 1: expected [the name of a channel]'
wrong '[sms]
exec = true
retry = soon' "line 3: retry: expected a duration such as 30s or 5m, not 'soon'"
wrong '[sms]
colour = red' "line 2: 'colour' is none of exec, url"
wrong '[sms]
exec = true
[sms]' 'line 3: there is a section [sms] already'
run notify s.gk --once
expect 2 "no configuration"
run notify s.gk --config nowhere.conf
expect 3 "a configuration that is not there"

# ---- whom ------------------------------------------------------------------------------------------------------------------------

cat >plain.conf <<'END'
# both channels write down whom they told
to = officer
[sms]
exec = echo "sms $GK_PERSON $GK_ADDRESS $(cat)" >>told
[mail]
exec = echo "mail $GK_PERSON $GK_ADDRESS" >>told
END
printf 'raise R1 fan head,officer\nraise R1 oven\nnote nothing\nraise R2 oven agency\nclear 1\n' | ./writer s.gk >.out
run notify s.gk --config plain.conf --once
expect 0 "all is told"
is "$(grep -c . told)" 7 "seven messages"
is "$(sed -n 's/^\([a-z]*\) \([a-z]*\) .*/\1 \2/p' told | sort | uniq -c | tr -s ' ' | tr '\n' ',')" \
    " 2 mail wang, 2 sms wang, 3 sms zhao," "each by the channels they have, and the officer where nobody is named"
if command -v python3 >/dev/null; then
    if sed -n 's/^sms [a-z]* +86 [0-9] //p' told | python3 -c '
import json, sys
keys = set()
for line in sys.stdin:
    message = json.loads(line)
    keys.add(message["key"])
    assert message["key"].endswith("-%d-sms-%s" % (message["act"]["seq"], message["to"]["person"])), message["key"]
    assert message["act"]["kind"] in ("raised", "recovered") and message["act"]["rule"] in ("R1", "R2")
assert len(keys) >= 4, keys
'; then pass; else fail "messages are JSON with their key"; fi
fi
run notify s.gk --config plain.conf --once
expect 0 "nothing more to tell"
is "$(grep -c . told)" 7 "and nothing was told twice"
echo commit | ./writer s.gk >.out # takes in what was handed in
run watch s.gk --once
is "$(grep -c '"kind": "told"' .out)" 8 "what became of it is on record"
is "$(grep '"kind": "told"' .out | grep -c '"result": "ok"')" 7 "seven were reached"
prints '"about": 4, "rule": "R2"' "the act that was told is named"
is "$(grep -c 'nobody is or has this role' .out)" 1 "who is not to be reached is on record, too"
run check s.gk --deep
expect 0 "the store is whole"

# ---- a gateway that is down --------------------------------------------------------------------------------------------------------

cat >down.conf <<'END'
[sms]
exec = test -e up && echo "$GK_KEY" >>sms.told
retry = 20ms
retry_max = 50ms
[mail]
exec = echo "$GK_KEY" >>mail.told
END
make_store d.gk
printf 'raise R1 fan head\nclear 1\nraise R2 fan head\n' | ./writer d.gk >.out
"$GK" notify d.gk --config down.conf 2>notify.err &
notifier=$!
mail_has_three() {
    [ "$(grep -c . mail.told)" = 3 ]
}
sms_has_three() {
    [ "$(grep -c . sms.told)" = 3 ]
}
wait_for "mail goes on while sms is down" mail_has_three
is "$(cat sms.told 2>/dev/null)" "" "sms is down"
touch up
wait_for "sms gets everything afterwards" sms_has_three
is "$(sed 's/.*-\([0-9]*\)-sms-wang$/\1/' sms.told | tr '\n' ' ')" "1 2 3 " "in order"
kill $notifier
wait $notifier 2>/dev/null
echo commit | ./writer d.gk >.out # takes in what was handed in
run watch d.gk --once
is "$(grep -c '"text": "tried again"' .out)" 1 "that it failed at first is on record once"
is "$(grep -c '"result": "ok"' .out)" 6 "and that all were reached"

cat >never.conf <<'END'
[sms]
exec = test "$GK_ADDRESS" != '+86 1' || exit 100
[mail]
exec = sleep 30
timeout = 100ms
give_up = 1ms
retry = 1ms
END
make_store n.gk
printf 'raise R1 fan head,officer\n' | ./writer n.gk >.out
"$GK" notify n.gk --config never.conf --once 2>notify.err
"$GK" notify n.gk --config never.conf 2>notify.err &
notifier=$!
all_told() {
    [ "$(place n.gk mail)" = 1 ] && [ "$(place n.gk sms)" = 1 ]
}
wait_for "what cannot be told is passed over" all_told
kill $notifier
wait $notifier 2>/dev/null
echo commit | ./writer n.gk >.out # takes in what was handed in
run watch n.gk --once
prints '"result": "exit status 100", "due": null, "outcome": null, "text": "not possible"' "what will never work is on record"
prints '"result": "took longer than 0.1 s", "due": null, "outcome": null, "text": "given up"' "so is what took too long"
prints '"whom": "zhao", "channel": "sms", "result": "ok"' "and the others are told"

# ---- one cause -------------------------------------------------------------------------------------------------------------------------

# The enterprise falls silent as a whole: that is told, and not each meter. The fan comes again, and the press does not: now that is told.
cat >cause.csv <<'END'
facility,enterprise,park,line,role,rated_kw
fan,E1,P1,L1,abatement,10
press,E1,P1,L1,production,10
END
cat >cause.gkql <<'END'
rule meter warn when facility nodata for >= 5m notify 'head';
rule whole alarm when all facility nodata for >= 10m per enterprise notify 'head'
END
printf 'time,facility,kw\n2026-11-20T08:00,fan,8\n2026-11-20T08:00,press,8\n' >cause.rows.csv
printf 'time,facility,kw\n2026-11-20T08:30,fan,8\n' >cause.again.csv
printf 'scope,off_below,on_from,hold_s\n*,10%%,20%%,180\n' >cause.bands.csv
printf '[sms]\nexec = cat >>cause.told\n' >cause.conf
cause() { # cause TIME: what is told when somebody looks at that time
    : >cause.told
    "$GK" rule judge c.gk --now "$1" >.out 2>&1 || cat .out
    "$GK" notify c.gk --config cause.conf --once 2>notify.err || cat notify.err
    sed 's/.*"seq": [0-9]*, //; s/.*"kind": "\([a-z]*\)".*"rule": "\([a-z]*\)".*"subject": "\([A-Za-z0-9]*\)".*/\1 \2 \3/' cause.told | tr '\n' ','
}
"$GK" init c.gk && "$GK" load c.gk cause.csv people.csv cause.bands.csv cause.rows.csv 2>load.err || cat load.err
"$GK" rule put c.gk cause.gkql --from always 2>load.err || cat load.err
is "$(cause 2026-11-20T08:00:30)" '' 'nothing to tell'
is "$(cause 2026-11-20T08:20)" 'raised whole E1,' 'of one cause that is told which stands for it'
"$GK" load c.gk cause.again.csv 2>load.err || cat load.err
is "$(cause 2026-11-20T08:30:10)" 'recovered whole E1,amended meter press,' 'what goes on is told when its cause is over'
run query c.gk "list alarms where under = '3'" --format csv
is "$(cut -d, -f3,4,11 .out | tail -n 1)" 'meter,fan,recovered' 'what ended with it is listed under it'

# ---- a cause that was none ---------------------------------------------------------------------------------------------------------

# Its meter was thought to be silent; wang was told, zhao as it escalated, and then rows come late: both hear of it, although wang is no
# head any more, and li, who is one now, was not told.
cat >none.gkql <<'END'
rule meter warn when facility nodata for >= 5m notify 'head' escalate after 10m to 'officer'
END
cat >none.people.csv <<'END'
person,role,scope,channel,address,from,to
wang,head,enterprise:E1,sms,1,,2026-11-20T08:25
li,head,enterprise:E1,sms,2,2026-11-20T08:25,
zhao,officer,park:P1,sms,3,,
END
printf 'facility,enterprise,park,line,role,rated_kw\nfan,E1,P1,L1,abatement,10\n' >none.csv
printf 'time,facility,kw\n2026-11-20T08:00,fan,8\n' >none.rows.csv
{
    echo time,facility,kw
    for minute in 02 04 06 08 10 12 14 16 18 20 22 24 26 28 30; do echo "2026-11-20T08:$minute,fan,8"; done
} >none.late.csv
printf '[sms]\nexec = sed "s/.*person\\": \\"\\([a-z]*\\).*seq\\": [0-9]*, \\"kind\\": \\"\\([a-z]*\\).*\\(firing\\|withdrawn\\|unknown\\).*/\\1 \\2 \\3/" >>none.told\n' >none.conf
none() { # none STORE TIME CONFIG: what is told when somebody looks at that time
    : >none.told
    "$GK" rule judge "$1" --now "$2" >.out 2>&1 || cat .out
    "$GK" notify "$1" --config "$3" --once 2>notify.err || cat notify.err
    tr '\n' ',' <none.told
}
none_store() { # none_store STORE CONFIG: with an alarm that was told
    "$GK" init "$1" && "$GK" load "$1" none.csv none.people.csv cause.bands.csv none.rows.csv 2>load.err || cat load.err
    "$GK" rule put "$1" none.gkql --from always 2>load.err || cat load.err
    none "$1" 2026-11-20T08:10 "$2"
    none "$1" 2026-11-20T08:21 "$2"
    "$GK" load "$1" none.late.csv 2>load.err || cat load.err
    none "$1" 2026-11-20T08:31 "$2"
}
is "$(none_store no.gk none.conf)" 'wang raised firing,zhao escalated firing,wang amended withdrawn,zhao amended withdrawn,' \
    'who was told of an alarm hears that there was no cause'
{ echo 'kinds = escalated withdrawn' && cat none.conf; } >none2.conf
is "$(none_store no2.gk none2.conf)" 'zhao escalated firing,zhao amended withdrawn,' 'and nobody else'
{ echo 'kinds = raised escalated' && cat none.conf; } >none3.conf
is "$(none_store no3.gk none3.conf)" 'wang raised firing,zhao escalated firing,' 'nor if it is not wanted'

# ---- a webhook -------------------------------------------------------------------------------------------------------------------------

cat >server.py <<'END'
import http.server, sys
seen = []
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        seen.append(self.headers["Idempotency-Key"])
        code = 503 if len(seen) == 1 else 404 if b'"R2"' in body else 200
        with open("posted", "a") as f:
            f.write("%d %s %s" % (code, self.headers["Idempotency-Key"], body.decode()))
        self.send_response(code)
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
open("port.new", "w").write(str(server.server_port))
import os
os.rename("port.new", "port")
server.serve_forever()
END
printf '[sms]\nurl = http://127.0.0.1:1/\n' >url.conf
run notify n.gk --config url.conf --once
if [ "$status" = 2 ]; then
    says "built without libcurl" "what is missing for a url is said"
elif command -v python3 >/dev/null; then
    python3 server.py &
    server=$!
    wait_for "the server" test -e port
    printf '[mail]\nurl = http://127.0.0.1:%s/hook\nretry = 1ms\n' "$(cat port)" >url.conf
    make_store w.gk
    printf 'raise R1 fan head\nraise R2 fan head\n' | ./writer w.gk >.out
    "$GK" notify w.gk --config url.conf 2>notify.err &
    notifier=$!
    hook_done() {
        [ "$(place w.gk mail)" = 2 ]
    }
    wait_for "the webhook" hook_done
    kill $notifier $server
    wait $notifier $server 2>/dev/null
    is "$(cut -d' ' -f1 posted | tr '\n' ' ')" "503 200 404 " "a failure is tried again, a refusal is not"
    is "$(cut -d' ' -f2 posted | uniq | wc -l | tr -d ' ')" 2 "with the same key"
    echo commit | ./writer w.gk >.out # takes in what was handed in
    run watch w.gk --once
    prints '"result": "HTTP status 404"' "the refusal is on record"
fi

# ---- killed at random --------------------------------------------------------------------------------------------------------------------

cat >kill.conf <<'END'
kinds = raised
[sms]
exec = echo "$GK_KEY" >>kill.told
END
make_store k.gk
mkfifo orders
./writer k.gk <orders >answers &
writer=$!
exec 9>orders
i=0
while [ $i -lt "$KILLS" ]; do
    i=$((i + 1))
    printf 'raise R%s fan head\nraise Q%s fan head\ncommit\n' $i $i >&9
    "$GK" notify k.gk --config kill.conf 2>notify.err &
    notifier=$!
    sleep "0.0$(awk -v seed="$i" 'BEGIN { srand(seed); printf "%02d", int(rand() * 60) }')" # up to 60 ms, the same each time
    kill -9 $notifier
    wait $notifier 2>/dev/null
done
printf 'commit\n' >&9
"$GK" notify k.gk --config kill.conf 2>notify.err &
notifier=$!
all_delivered() {
    printf 'commit\n' >&9
    [ "$(sed 's/.*-\([0-9]*\)-sms-wang$/\1/' kill.told | sort -n | uniq | wc -l)" = $((2 * KILLS)) ]
}
wait_for "all of what was raised" all_delivered
kill $notifier
wait $notifier 2>/dev/null
printf 'commit\n' >&9
exec 9>&-
wait $writer
"$GK" watch k.gk --once | sed -n 's/^{"seq": \([0-9]*\), "kind": "raised".*/\1/p' >raised
sed 's/.*-\([0-9]*\)-sms-wang$/\1/' kill.told | awk '!seen[$1]++' >first
is "$(cat first)" "$(cat raised)" "every alarm was told at least once, and in order"
run watch k.gk --once
is "$(grep -c '"kind": "raised"' .out)" $((2 * KILLS)) "each was raised once"
n_told=$(grep -c '"result": "ok"' .out)
if [ "$n_told" -ge $((2 * KILLS)) ]; then pass; else fail "what was told is on record: $n_told"; fi
run check k.gk --deep
expect 0 "the store is whole after all"
echo "$KILLS kills, $(grep -c . kill.told) messages for $((2 * KILLS)) alarms"

done_with
