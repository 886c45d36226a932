#!/bin/sh
# demo.sh: makes a small zone of which the truth is known, loads it, asks THE question, and holds the answer against the truth.
# GK is the built gk; the exit status is 0 when every violation was found, none invented, and no edge is off by more than the
# sampling interval.
set -eu

GK=${GK:-build/release/gk}
interval_s=10
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
zone=$folder/zone
store=$folder/zone.gk
question='when abatement offline while production running for >= 10m between 2026-01-03 and 2026-01-05'

run() { # shows a command, then runs it
    printf '\n$ gk'
    for word in "$@"; do
        case $word in
        *' '*) printf " '%s'" "$word" ;;
        "$folder"/*) printf ' %s' "${word#"$folder"/}" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$GK" "$@"
}

run simulate "$zone" --enterprises 4 --days 2 --interval ${interval_s}s --violations 50% --seed 2
run init "$store"
run load "$store" "$zone/facilities.csv" "$zone/bands.csv" "$zone/orders.csv" "$zone/exemptions.csv" "$zone/rows.csv" \
    --now 2026-01-05T00:00
run query "$store" "$question" || [ $? = 1 ]

"$GK" query "$store" "$question" --format csv | tr -d '\r' >"$folder/answer.csv" || [ $? = 1 ]
printf '\nThe truth of the zone and what was found:\n\n'
awk -F, -v interval="$interval_s" '
# Seconds since 1970 of 2026-01-03T08:00:00+08:00; days by the civil calendar of March years.
function seconds(t,    y, m, d, days, zone) {
    y = substr(t, 1, 4) + 0; m = substr(t, 6, 2) + 0; d = substr(t, 9, 2) + 0
    if (m < 3) { y--; m += 12 }
    days = 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + d - 719469
    zone = substr(t, length(t) - 5, 3) * 3600
    return days * 86400 + substr(t, 12, 2) * 3600 + substr(t, 15, 2) * 60 + substr(t, 18, 2) - zone
}
function distance(a, b) {
    return a > b ? a - b : b - a
}
function clock(t) {
    return substr(t, 6, 5) " " substr(t, 12, 8)
}
FNR == 1 {
    split("", column)
    for (i = 1; i <= NF; i++)
        column[$i] = i
    next
}
FILENAME == ARGV[1] { # the answer
    n_answers++
    facility[n_answers] = $column["facility"]
    start[n_answers] = $column["start"]
    end[n_answers] = $column["end"]
    next
}
$column["kind"] ~ /^abate_(off|late_start|early_stop)$/ {
    if (n_truths++ == 0)
        printf "%-17s %-10s  %-14s  %-14s  %-14s  %-14s  %s\n", "kind", "facility", "true start", "found", "true end", "found", "off by"
    best = 0
    for (i = 1; i <= n_answers; i++)
        if (!used[i] && facility[i] == $column["facility"] && end[i] != "" &&
            distance(seconds(start[i]), seconds($column["from"])) <= 300 && distance(seconds(end[i]), seconds($column["to"])) <= 300)
            best = i
    from = $column["from"]; to = $column["to"]
    if (!best) {
        printf "%-17s %-10s  %-14s  %-14s  %-14s  %-14s\n", $column["kind"], $column["facility"], clock(from), "-", clock(to), "MISSED"
        next
    }
    used[best] = 1
    n_found++
    a = distance(seconds(start[best]), seconds(from)); b = distance(seconds(end[best]), seconds(to))
    if (a > worst) worst = a
    if (b > worst) worst = b
    printf "%-17s %-10s  %-14s  %-14s  %-14s  %-14s  %d s, %d s\n", $column["kind"], $column["facility"], clock(from),
        clock(start[best]), clock(to), clock(end[best]), a, b
}
END {
    for (i = 1; i <= n_answers; i++)
        if (!used[i])
            printf "%-17s %-10s  %-14s  %-14s  %-14s  %-14s\n", "INVENTED", facility[i], "-", clock(start[i]), "-", clock(end[i])
    printf "\n%d of %d violations found, %d invented, edges within %d s (a row every %d s)\n", n_found, n_truths,
        n_answers - n_found, worst, interval
    exit !(n_truths > 0 && n_found == n_truths && n_answers == n_found && worst <= interval)
}' "$folder/answer.csv" "$zone/truth.csv"
