#!/bin/sh
# test_device.sh: the devices of a made-up zone send it to gk serve over HJ 212, with the faults of real ones. What the store says
# afterwards is what the zone is known for; where times are whole it is to the bit what gk load makes of the zone's rows, whatever
# was damaged, lost, sent twice or killed on the way. KILLS=200 sh tests/tools/test_device.sh is the long form.
set -u

GK=${GK:-build/check/gk}
KILLS=${KILLS:-4}
LC_ALL=C.UTF-8
export LC_ALL
case $GK in
/*) ;;
*) GK=$PWD/$GK ;;
esac
[ -x "$GK" ] || {
    echo "test_device.sh: GK=$GK is not there" >&2
    exit 1
}
folder=$(mktemp -d) || exit 1
server=
trap 'stop KILL; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder" || exit 1

n_passed=0
n_failed=0
pass() {
    n_passed=$((n_passed + 1))
}
fail() { # fail WHAT [FILE]
    n_failed=$((n_failed + 1))
    echo "FAILED: $1"
    [ $# -lt 2 ] || tail -n 20 "$2"
}
is() { # is GOT EXPECTED WHAT
    if [ "$1" = "$2" ]; then pass; else fail "$3: expected '$2', got '$1'"; fi
}

# ---- the server ----

start() { # start STORE PORT OPTION...: serves ./zone with $mappings
    store=$1
    port=$2
    shift 2
    mkfifo said
    "$GK" serve "$store" --hj212 "$port" --commit 10ms --table zone/facilities.csv --table zone/bands.csv --table zone/orders.csv \
        --table zone/exemptions.csv --table "$mappings" "$@" 2>said >/dev/null &
    server=$!
    exec 3<said
    rm said
    while read -r line <&3; do
        case $line in
        *'HJ 212 on '*) port=${line##* port } ;;
        *ready) break ;;
        esac
    done
    cat <&3 >>server.log &
    exec 3<&-
}
stop() { # stop SIGNAL
    [ -n "$server" ] || return 0
    kill "-$1" "$server"
    wait "$server" 2>/dev/null
    server=
}

make_zone() { # make_zone OPTION...: ./zone, with these options from now on; $rows: all of its rows
    options="--enterprises 1 --days 1 --violations 80% --devices 3 $*"
    # shellcheck disable=SC2086 # options are words
    "$GK" simulate zone $options 2>/dev/null
    grep -v ',RS,' zone/mappings.csv >without && mv without mappings.csv # rows.csv has no claims
    rm -rf loaded
    "$GK" init loaded && "$GK" load loaded zone/facilities.csv zone/bands.csv zone/orders.csv zone/exemptions.csv mappings.csv \
        zone/rows.csv 2>/dev/null
    rows=$(wc -l <zone/rows.csv)
}
send() { # send OPTION...: what it said is in `sent`
    # shellcheck disable=SC2086
    "$GK" simulate zone $options --hj212 "$port" --patience 200ms "$@" 2>sent
}

# ---- the truth of a zone with every fault ----

question='when abatement offline while production running for >= 10m on 2026-01-04'
declared='when abatement offline while claim of abatement >= 1 for >= 10m on 2026-01-04'
truth() { # of the zone, one a line: facility, seconds of the month from and to
    awk -F, '
    function seconds(t) {
        return ((substr(t, 9, 2) * 24 + substr(t, 12, 2)) * 60 + substr(t, 15, 2)) * 60 + substr(t, 18, 2)
    }
    $1 ~ /^abate_(off|late_start|early_stop)$/ { print $3, seconds($4), seconds($5) }' zone/truth.csv
}
answer() { # answer QUESTION: the same of the store
    "$GK" query store "$1" --format csv | tr -d '\r' | awk -F, '
    function seconds(t) {
        return ((substr(t, 9, 2) * 24 + substr(t, 12, 2)) * 60 + substr(t, 15, 2)) * 60 + substr(t, 18, 2)
    }
    NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
    { print $column["facility"], seconds($column["start"]), seconds($column["end"]) }'
}

mappings=zone/mappings.csv
make_zone --seed 17 --interval 30s
"$GK" init store
start store 0 --backfill 2051
send --faults all
is $? 0 "every packet is acknowledged, whatever devices do"
sed -n 's/.*: \([0-9]*\) of \([0-9]*\) ack.*gap \([0-9]*\);.* with \([0-9]*\) packets/\1 \2 \3 \4/p' sent >counts
if [ -s counts ] && awk -v rows=$((rows - 1)) '$1 != $2 || $2 != rows - $3 + $4 || $4 == 0 { exit 1 }' counts; then
    pass
else
    fail "a packet for each row, or for each minute of what was not sent" sent
fi
for fault in crc length noise split text lost repeat reconnect clock; do
    if grep -q ", $fault " sent; then pass; else fail "the devices never did '$fault'" sent; fi
done
stop TERM
truth | sort >expected
answer "$question" | sort >found
[ -s expected ] || fail "a zone without violations proves nothing"
if awk '
    function far(a, b) { return a > b ? a - b : b - a }
    NR == FNR { facility[NR] = $1; from[NR] = $2; to[NR] = $3; n = NR; next }
    { m++; for (i = 1; i <= n; i++) hits += facility[i] == $1 && far(from[i], $2) <= 60 && far(to[i], $3) <= 60 }
    END { exit !(hits == n && n == m) }' expected found; then
    pass
else
    fail "THE question finds the known violations and no others" found
fi
# Whoever was silent for a while was asked, and is known by the minute.
silent='when facility nodata for >= 3m on 2026-01-04'
is "$("$GK" query store "$silent" --format csv | wc -l)" "$("$GK" query loaded "$silent" --format csv | wc -l)" "gaps are filled"

# The devices declare abatement to run while production does: that was not so where a violation is known, and nowhere else.
answer "$declared" | cut -d' ' -f1 | sort -u >declared_on
cut -d' ' -f1 expected | sort -u >off
if cmp -s off declared_on; then pass; else fail "what is declared can be held against what is derived" declared_on; fi

# ---- killed again and again ----

n_kills=0
mappings=mappings.csv
seed=10
whole=crc,length,noise,split,text,lost,repeat,flood,reconnect,halfopen,hex,modbus
while [ $n_kills -lt "$KILLS" ] && [ $n_failed = 0 ]; do
    seed=$((seed + 1))
    make_zone --seed $seed --interval 20s
    rm -rf store
    "$GK" init store
    start store 0
    send --faults $whole &
    devices=$!
    while [ $n_kills -lt "$KILLS" ] && kill -0 $devices 2>/dev/null; do
        sleep "0.$(((seed * 7 + n_kills * 3) % 4 + 1))"
        stop KILL
        n_kills=$((n_kills + 1))
        start store "$port"
    done
    wait $devices
    is $? 0 "every packet is acknowledged in spite of $n_kills kills (seed $seed)"
    stop TERM
    is "$("$GK" digest store)" "$("$GK" digest loaded)" "after kills the store is that of the zone's rows (seed $seed)"
done
"$GK" check store --deep >/dev/null 2>&1
is $? 0 "the store is sound"
echo "killed $n_kills times"

# ---- nobody is there ----

"$GK" simulate zone --hj212 nowhere:x 2>said
is $? 2 "an address that is none"
"$GK" simulate zone --faults crc,sloth 2>said
is $? 2 "a fault that is none"
if grep -q "'sloth' is none; there are all, none, crc" said; then pass; else fail "it says which faults there are" said; fi
"$GK" simulate zone --devices 1000 2>said
is $? 2 "more devices than meters"

echo "$n_passed passed, $n_failed failed"
[ $n_failed = 0 ]
