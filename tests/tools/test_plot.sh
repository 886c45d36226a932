#!/bin/sh
# test_plot.sh: gk plot and gk query --format plot as they are called: files, exit statuses, messages. What a picture
# looks like is tested by test_plot_svg and test_plot_blocks. Ends with "N passed, N failed".
# shellcheck disable=SC2034 # out and err are read by the checks
set -u

start=$PWD
# shellcheck source=tests/tools/checks.sh disable=SC1091
. "$(dirname "$0")/checks.sh"
unset COLUMNS NO_COLOR LC_ALL LANG

is_picture() { # is_picture FILE WHAT: as far as there is something to test it with
    if command -v xmllint >/dev/null; then
        if xmllint --noout "$1" 2>/dev/null; then pass; else fail "$2: xmllint does not take it"; fi
    fi
    case $(head -c 40 "$1") in '<svg xmlns="http://www.w3.org/2000/svg"'*) pass ;; *) fail "$2: no SVG" ;; esac
}

"$GK" simulate zone --enterprises 2 --days 1 --violations 80% --seed 17 --names zh 2>/dev/null || exit 1
"$GK" init zone.gk 2>/dev/null || exit 1
"$GK" load zone.gk zone/facilities.csv zone/bands.csv zone/orders.csv zone/exemptions.csv zone/rows.csv 2>/dev/null || exit 1
now='--now 2026-01-05T00:00'
the='when abatement offline while production running for >= 10m last 24h'

# ---- files ----
# shellcheck disable=SC2086 # the clock is two words
{
    run plot zone.gk "$the" -o the.svg $now
    expect 0 "a picture into a file"
    is_picture the.svg "a picture into a file"
    [ -z "$out" ] && pass || fail "nothing on standard output"
    run plot zone.gk "$the" -o - $now
    cp .out dash.svg
    cmp -s dash.svg the.svg && pass || fail "- is standard output, with the same bytes"
    run plot zone.gk "$the" -o again.svg $now
    cmp -s again.svg the.svg && pass || fail "the same statement gives the same bytes"
    rows=$("$GK" query zone.gk "$the" --format csv $now | sed 1d | wc -l)
    # One mark a row, and one in the legend.
    marks=$(grep -c '<rect class="certain"' the.svg)
    [ "$marks" = $((rows + 1)) ] && pass || fail "every row has its mark: $marks of $rows"

    for statement in "samples of power of production today" "avg, min, max of power of production by facility every 10m last 24h" \
        "share of production running by enterprise, hour last 24h" "duration, count of production running by line last 24h" \
        "state of zone at 2026-01-04T12:00" "when production running during order last 24h"; do
        run plot zone.gk "$statement" -o kind.svg --lang zh --width 800 $now --max-lanes 5
        expect "$([ "${statement#*today}" = "$statement" ] && echo 0 || echo 1)" "$statement"
        is_picture kind.svg "$statement"
    done

    run plot zone.gk "which enterprises ever abatement off last 24h" -o the.svg $now
    expect 2 "names cannot be drawn"
    says "which (its answer is names) cannot be drawn; these can: when" "names cannot be drawn"
    cmp -s again.svg the.svg && pass || fail "a failure leaves the file alone"
    run plot zone.gk "$the" -o none/the.svg $now
    expect 3 "a folder that is not there"
    says "cannot make 'none/the.svg'" "a folder that is not there"
    run plot zone.gk "$the" -o /dev/full $now
    expect 3 "a full disk"
    run plot zone.gk "$the" -o the.png $now
    expect 2 "a picture of another kind"
    says "pictures are SVG: write 'the.svg', and rsvg-convert makes the other of it" "a picture of another kind"

    # ---- what is asked for ----
    run plot zone.gk "$the" -o the.svg --height 60 $now
    expect 2 "a height that is too little"
    says "a height of 60 is too little" "a height that is too little"
    run plot zone.gk "$the" -o the.svg --width 900 --height 1500 --title '东区 <夜班>' $now
    expect 0 "width, height and title"
    grep -q 'width="900" height="1500"' the.svg && grep -q '东区 &lt;夜班&gt;' the.svg && pass || fail "width, height and title"
    run plot zone.gk "$the" --max-lanes 2 $now
    prints "are left off: --max-lanes " "lanes that were left off are counted"
    run plot zone.gk "$the" --max-lanes 0 $now
    expect 2 "no lanes at all"
    run plot zone.gk "$the" --max-lanes 5000 $now
    says "option '--max-lanes' must be 1 to 1000, not 5000" "too many lanes"
    run plot zone.gk "$the" --lang fr $now
    says "option '--lang' needs en or zh, not 'fr'" "an unknown language"
    run plot zone.gk "$the" --as pie $now
    says "option '--as' needs timeline, curve, heat, bars or board, not 'pie'" "an unknown kind"
    run plot zone.gk "share of production running by enterprise, hour last 24h" --as curve $now
    expect 0 "a heat map as curves"
    run plot zone.gk "duration, share of production running by enterprise, hour last 24h" --value share $now
    prints "share 0 %" "the value that was asked for"
    run plot zone.gk "$the; $the" $now
    expect 2 "two statements"
    says "a picture is of one statement" "two statements"
    run plot zone.gk "define v as abatement offline while production running; when v for >= 10m last 24h" $now
    expect 0 "a definition before the statement"
    run plot zone.gk "when abatement offlin" $now
    expect 2 "a typo"
    says "did you mean 'offline'" "a typo"
    run plot zone.gk " ; " $now
    expect 2 "no statement"
    run plot nothing.gk "$the" $now
    expect 3 "no store"
    run plot zone.gk "when abatement overload for >= 1h last 24h" $now
    expect 1 "no rows"
    prints "nothing to draw" "no rows"

    # ---- in the terminal ----
    run plot zone.gk "$the" $now
    expect 0 "blocks"
    prints "━" "stretches are marked"
    printf '%s' "$out" | grep -q "$(printf '\033')" && fail "no colours in a pipe" || pass
    cp .out plot.txt
    run query zone.gk "$the" --format plot $now
    expect 0 "gk query --format plot"
    cmp -s .out plot.txt && pass || fail "gk query --format plot draws the same"
    run query zone.gk "$the; list orders" --format plot $now
    expect 2 "an answer among others that cannot be drawn"
    says "a list of the catalog cannot be drawn" "an answer among others that cannot be drawn"
    COLUMNS=60
    export COLUMNS
    run plot zone.gk "$the" $now
    [ "$(grep -v '^when' .out | awk '{ if (length($0) > n) n = length($0) } END { print n }')" -lt 200 ] && pass || fail "COLUMNS is kept to"
    unset COLUMNS
    run plot zone.gk "$the" --width 20 $now
    says "option '--width' must be 50 to 1000, not 20" "a terminal that is too narrow"
    run plot zone.gk "$the" --height 20 $now
    says "--height is of a file" "a height of the terminal"
}

# ---- the examples of the manual page, and the picture of README ----

root=${GK_SOURCE:-.}
case $root in
/*) ;;
*) root=$start/$root ;;
esac
"$GK" simulate tour --enterprises 1 --days 1 --violations 80% --seed 17 2>/dev/null || exit 1
rm -rf zone.gk
"$GK" init zone.gk 2>/dev/null || exit 1
"$GK" load zone.gk tour/facilities.csv tour/bands.csv tour/orders.csv tour/exemptions.csv tour/rows.csv 2>/dev/null || exit 1
sed -n 's/\\-/-/g; s/ | rsvg-convert.*//; s/^gk plot/"$GK" plot/p' "$root/docs/man/gk-plot.1" | sed '/[[]/d' |
    while read -r line; do echo "$line --now 2026-01-05T00:00 || exit 1"; done >examples.sh
ran=$(cat examples.sh)
n=$(grep -c '"$GK" plot' examples.sh)
[ "$n" -ge 5 ] && pass || fail "the manual page has examples: $n"
export GK
if sh -u examples.sh >.out 2>.err; then pass; else
    err=$(cat .err)
    fail "the examples of the manual page run"
fi
run plot zone.gk 'when abatement offline while production running for >= 10m between 2026-01-04 and 2026-01-05' -o now.svg --width 1000
cmp -s now.svg "$root/docs/img/violations.svg" && pass || fail "docs/img/violations.svg is what README says: make it again"

done_with
