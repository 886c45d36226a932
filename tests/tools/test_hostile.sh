#!/bin/sh
# test_hostile.sh: what nobody types by mistake. Names, paths, numbers and times of the worst kind, in CSV, in statements and as
# options: each ends in a clear error or in what is written here, never in a crash, a hang, or a byte on the terminal that moves
# the cursor. Ends with "N passed, N failed".
set -u

# shellcheck source=tests/tools/checks.sh disable=SC1091
. "$(dirname "$0")/checks.sh"

fail() { # fail WHAT: with the last run
    n_failed=$((n_failed + 1))
    printf 'FAILED: %s\n  status: %s\n' "$1" "$status"
    head -c 600 .out .err | cat -v
}
run() {
    timeout 60 "$GK" "$@" >.out 2>.err </dev/null
    status=$?
    # Statuses of a shell for a signal or a hang are above 123; sanitizers say so themselves.
    if [ "$status" -gt 3 ] || grep -q "runtime error\|Sanitizer" .err; then fail "gk $1 died or hung"; fi
    # ESC and friends, and what turns the direction of writing.
    if cat .out .err | tr -d '\n' | grep -qaP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]'; then
        fail "gk $1 wrote a control character"
    fi
}
expect() { # expect STATUS TEXT WHAT: TEXT is somewhere in what was written
    if [ "$status" = "$1" ] && { [ -z "$2" ] || cat .out .err | grep -qF -e "$2"; }; then
        pass
    else
        fail "$3 (expected status $1 and '$2')"
    fi
}
loads() { # loads TEXT WHAT: a load, which fails when it takes nothing
    case $1 in
    0* | 1\ rejected | expected* | got* | a\ quote*) expect 3 "$1" "$2" ;;
    *) expect 0 "$1" "$2" ;;
    esac
}
repeat() { # repeat TEXT N
    awk -v text="$1" -v n="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%s", text }'
}

facilities='facility,enterprise,park,line,role,rated_kw,serves\n'
rows='time,facility,kw\n'
run init s
printf '%b' "${facilities}p,E,P,L,production,10,\na,E,P,L,abatement,10,p\n" >f.csv
run load s f.csv
expect 0 "2 taken" "the plant"
printf '%b' "${rows}2026-11-20T08:00,p,8\n2026-11-20T08:01,p,9\n2026-11-20T08:00,a,0\n2026-11-20T08:01,a,0\n" >r.csv
run load s r.csv
expect 0 "4 accepted" "its rows"

# ---- names -----------------------------------------------------------------------------------------------------------------

# A name as printf's %b writes it, and what becomes of it.
while IFS='|' read -r name text what; do
    printf '%b' "$facilities$name,E,P,L,production,1,\n" >n.csv
    run load s n.csv
    loads "$text" "facility: $what"
    printf '%b' "when facility '$name' on last 1h" >n.gkq
    run query s -f n.gkq
    if [ "$status" -le 2 ]; then pass; else fail "in a statement: $what"; fi
done <<'END'
a\001b|expected a name|a control character
a\tb|expected a name|a tab
a\033[2Jb|got 'a?[2Jb'|an escape sequence
a\0000b|expected a name|NUL
"a\nb"|expected a name|a line end
a\177b|expected a name|DEL
a\0302\0205b|expected a name|C1
a\0342\0200\0256b|expected a name|right-to-left override
a\0342\0201\0246b|expected a name|isolate
a\0342\0200\0217b|expected a name|right-to-left mark
a\0342\0200\0213b|expected a name|zero width space
\0357\0273\0277x|expected a name|byte order mark
\0377|expected a name|no UTF-8
\0300\0257|expected a name|a longer form than needed
\0355\0240\0200|expected a name|half a surrogate pair
" x "|expected a name|blanks at the ends
""|expected a name, got nothing|nothing
a"b|a quote inside of a field|a quote
=cmd()|1 taken|a formula
../../etc/passwd|1 taken|a path
%s%n%d|1 taken|a format
*|1 taken|a star
$x|1 taken|a parameter
一号炉|1 taken|Chinese
END
for size in 255 256 65536; do
    printf '%b%s%b' "$facilities" "$(repeat n $size)" ',E,P,L,production,1,\n' >n.csv
    run load s n.csv
    case $size in
    255) expect 0 "1 taken" "a name of 255 bytes" ;;
    *) loads "0 taken, 1 bad" "a name of $size bytes" ;;
    esac
    printf "when facility '%s' on" "$(repeat n $size)" >n.gkq
    run query s -f n.gkq
    case $size in
    255) expect 1 "0 rows" "a statement with a name of 255 bytes" ;;
    *) expect 2 "error at" "a statement with a name of 256 bytes" ;;
    esac
done
printf '%b' "${facilities}a\0342\0200\0256,E\033]0;x\007,P\0377,L,production,1,\n" >n.csv
run load s n.csv --strict
loads "0 taken, 1 bad" "a line that is all of it"

# ---- statements ------------------------------------------------------------------------------------------------------------

while IFS='|' read -r text what; do
    printf '%b' "$text" >q.gkq
    run query s -f q.gkq
    expect 2 "error at" "$what"
done <<'END'
when \033[2Jfacility on|an escape sequence
when facility \0342\0200\0256on|right-to-left override
when \0377\0376|no UTF-8
when facility on \0000 last 1h|NUL
when facility 'a|an open quote
END
repeat '(' 60000 | sed 's/^/when /' >q.gkq
run query s -f q.gkq
expect 2 "nested 64 deep" "60,000 brackets"
repeat 'not ' 16000 | sed 's/^/when /' >q.gkq
run query s -f q.gkq
expect 2 "error at" "16,000 times not"
head -c 60000 /dev/urandom >q.gkq
run query s -f q.gkq
expect 2 "error at" "random bytes"
run query s -f /dev/zero
if [ "$status" = 2 ] || [ "$status" = 3 ]; then pass; else fail "a statement without end"; fi
run query s -f .
expect 3 "." "a folder as a statement"

# ---- numbers ---------------------------------------------------------------------------------------------------------------

minute=0
while IFS='|' read -r number accepted what; do
    minute=$((minute + 1))
    printf '%b%s' "$rows" "$(printf '2026-11-20T10:%02d,p,' $minute)" >v.csv
    printf '%s\n' "$number" >>v.csv
    run load s v.csv
    loads "$accepted accepted" "a value: $what"
done <<'END'
1e999|0|beyond doubles
-1e999|0|beyond doubles below
1e309|0|just beyond doubles
1e308|1|nearly the largest
1e-400|1|nearly nothing is 0
nan|0|NaN
inf|0|infinity
-Infinity|0|infinity in full
0x10|0|hex
"1,5"|0|a decimal comma
1_000|0|underscores
１|0|full width digits
TRUE|0|a truth
1kW|0|a unit
1 |0|a blank
""|0|no value at all
-0|1|minus zero
.5|1|no whole part
1E+05|1|an exponent
END
for digits in 400 70000; do
    minute=$((minute + 1))
    printf '%b2026-11-20T10:%02d,p,0.%s\n' "$rows" $minute "$(repeat 1 $digits)" >v.csv
    run load s v.csv
    case $digits in
    400) expect 0 "1 accepted" "400 decimals" ;;
    *) if [ "$status" -le 3 ]; then pass; else fail "70,000 decimals"; fi ;;
    esac
    printf 'when power of facility > %s kW last 1h' "$(repeat 9 $digits)" >q.gkq
    run query s -f q.gkq
    expect 2 "out of range" "a limit of $digits digits"
done
for number in 1e999 nan inf 0x10 1,5 -1e999 99999999999999999999; do
    run query s "when power of facility > $number last 1h"
    expect 2 "error at" "a limit of $number"
done

# ---- times -----------------------------------------------------------------------------------------------------------------

while IFS='|' read -r time accepted what; do
    printf '%b%s,q,1\n' "$rows" "$time" >t.csv
    run load s t.csv --now 2026-11-30
    loads "$accepted" "a time: $what"
done <<'END'
0000-01-01|1 rejected|the year 0
1677-12-31|1 rejected|before nanoseconds
9999-12-31|1 rejected|the year 9999
2261-12-31|1 quarantined|the last year of nanoseconds
2026-06-30T23:59:60Z|1 rejected|a leap second
2026-11-20T24:00|1 accepted|the end of a day
2026-11-20T24:01|1 rejected|beyond the end of a day
2026-02-30|1 rejected|a day that is none
1e30|1 rejected|an exponent
-1|1 late|a negative epoch
-62135596800|1 rejected|the year 1 as an epoch
99999999999999999999|1 rejected|20 digits
2026-11-20 08:00 CST|1 rejected|letters of a zone
2026-11-20T08:00 Europe/Berlin|1 rejected|the name of a zone
2026-11-20T08:00 DST|1 rejected|daylight saving
2026-11-20T08:00+99:00|1 rejected|a zone that is none
20/11/2026|1 rejected|another order
nan|1 rejected|NaN
|1 rejected|nothing
END
for time in 0000-01-01 9999-12-31 2026-06-30T23:59:60 2026-11-20T24:01 1e30 -5 99999999999999999999; do
    run query s "when facility on since $time"
    expect 2 "error at" "a statement since $time"
    run query s "list facilities" --now "$time"
    case $time in
    -5) expect 2 "1970 to 2200" "--now -5 is 1969" ;;
    *) expect 2 "--now" "--now $time" ;;
    esac
done
for duration in 0s 1e3s 99999999999d -5m 1ns "$(repeat 9 400)d"; do
    run query s "when facility on for >= $duration last 1h"
    expect 2 "error at" "a duration of $duration"
    [ "$duration" = 0s ] && continue
    run retain s --older "$duration"
    expect 2 "--older" "--older $duration"
done
run query s "when facility on between 1678-01-02 and 2026-11-20"
expect 2 "1700 to 2200" "a window that is longer than all nanoseconds"
run query s "when facility on since 1701-01-02"
expect 2 "longer than 292 years" "a window of centuries"
run query s "duration of facility on by day last 24h vs previous 36500d"
if [ "$status" -le 2 ]; then pass; else fail "centuries before"; fi
for now in 1678-01-02 1969-12-31T12:00 2261-12-31T23:59:59; do
    run query s "when facility on last 1h" --now "$now"
    expect 2 "1970 to 2200" "a clock of $now"
done
# The clock at the ends of what there is.
for now in 1970-01-01T08:00:01 2199-12-31 0; do
    for text in "when abatement off while production on for >= 1m last 24h" "energy of production by day last 300d" \
        "avg of kw of facility every 1h last 6h vs previous" "state of facility 'p'" "list events this year" \
        "when facility on within next 30d" "duration of facility on today vs same hours of 5 normal days before"; do
        run query s "$text" --now "$now"
        if [ "$status" -le 1 ]; then pass; else fail "$text as of $now"; fi
    done
done

# ---- options ---------------------------------------------------------------------------------------------------------------

for n in -1 1e3 0x10 99999999999999999999 1.5 '' ' 1' 1k NaN; do
    run load s f.csv --threads "$n"
    expect 2 "threads" "--threads '$n'"
done
for zone in +99:00 8 +08:61 east '' +8:00:00; do
    run init other --zone "$zone"
    expect 2 "zone" "--zone '$zone'"
done
for tick in 0s 1ms -1s 7s 1d 1e9s ''; do
    run init other --tick "$tick"
    expect 2 "tick" "--tick '$tick'"
done
if [ -e other ]; then fail "a wrong option makes nothing"; else pass; fi
for size in -1 1e3 9999999999999999999999 abc; do
    GK_MAP_SIZE=$size
    export GK_MAP_SIZE
    run stat s
    expect 3 "GK_MAP_SIZE" "GK_MAP_SIZE=$size"
    unset GK_MAP_SIZE
done
GK_MAP_SIZE=1G
export GK_MAP_SIZE

# ---- paths -----------------------------------------------------------------------------------------------------------------

mkdir p
cd p || exit 1
cp -r ../s ok
ln -s ok link
ln -s nowhere broken
ln -s loop loop
mkfifo fifo
: >file
mkdir empty file.mdb linked
ln -s ../ok/data.mdb linked/data.mdb
for odd in fifo dir null zero; do
    mkdir with$odd
    case $odd in
    fifo) mkfifo withfifo/data.mdb ;;
    dir) mkdir withdir/data.mdb ;;
    *) ln -s /dev/$odd with$odd/data.mdb ;;
    esac
done
for lock in lock.mdb lock.writer; do
    for odd in dir fifo text passwd; do
        mkdir $odd-$lock
        cp ok/data.mdb $odd-$lock
        case $odd in
        dir) mkdir $odd-$lock/$lock ;;
        fifo) mkfifo $odd-$lock/$lock ;;
        text) echo "-1 words" >$odd-$lock/$lock ;;
        passwd) ln -s "$folder/p/file" $odd-$lock/$lock ;;
        esac
    done
done
long=$(repeat x/ 2500)
while IFS='|' read -r path of_stat of_load of_init; do
    path=$(printf '%b' "$path")
    [ "$path" = LONG ] && path=$long
    run stat "$path"
    expect "$of_stat" "" "stat of $path"
    run load "$path" ../f.csv
    expect "$of_load" "" "load into $path"
    run init "$path"
    expect "$of_init" "" "init of $path"
done <<'END'
ok|0|0|3
ok/|0|0|3
./ok|0|0|3
../p/ok|0|0|3
ok/../ok|0|0|3
link|0|0|3
linked|0|0|3
broken|3|3|3
loop|3|3|3
fifo|3|3|2
file|3|3|2
file/x|3|3|3
/dev/null|3|3|2
/dev/zero|3|3|2
/dev/full|3|3|2
/proc/self|3|3|3
withfifo|3|3|0
withdir|3|3|3
withnull|3|3|0
withzero|3|3|0
dir-lock.mdb|3|3|3
fifo-lock.mdb|3|3|3
text-lock.mdb|0|0|3
dir-lock.writer|0|3|3
fifo-lock.writer|0|3|3
text-lock.writer|0|0|3
passwd-lock.writer|0|3|3
|3|3|2
LONG|3|3|2
no/where|3|3|3
a\033[2Jb|3|3|0
a\nb|3|3|0
\0377|3|3|0
END
if [ -s file ]; then fail "nobody writes through a link"; else pass; fi
for file in /dev/full . /dev/null nowhere loop fifo-lock.mdb; do
    case $file in /dev/full) continue ;; esac # without end
    run load ok "$file"
    expect 3 "" "load of $file"
done
run load ok "$(printf 'a\033[2J.csv')"
expect 3 '\x1b[2J' "a file name with an escape sequence"

done_with
