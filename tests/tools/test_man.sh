#!/bin/sh
# test_man.sh: the manual pages. Every line of their examples is run, one page after the other in one folder, and must be understood
# (exit status 0, or 1 for an answer without rows); every option that a command's help names stands in its page, and the other way
# round; groff has nothing to complain about, where it is.
set -u

# shellcheck source=tests/tools/checks.sh disable=SC1091
. "$(dirname "$0")/checks.sh"
mkdir "$folder/bin" "$folder/work"
ln -s "$GK" "$folder/bin/gk"
PATH=$folder/bin:$PATH
HOME=$folder
export PATH HOME
cd "$folder/work" || exit 1

fail() {
    n_failed=$((n_failed + 1))
    echo "FAILED: $1"
}

for page in gk gk-load gk-query gk-shell; do
    sed -n '/^\.SH EXAMPLES/,/^\.fi/p' "$root/docs/man/$page.1" | grep -v '^\.' | sed 's/\\-/-/g; s/\\e/\\/g' >"$folder/examples"
    [ -s "$folder/examples" ] || fail "$page.1 has no examples"
    while read -r line; do
        sh -c "$line" >"$folder/out" 2>"$folder/err" </dev/null
        case $? in
        0 | 1) pass ;;
        *)
            fail "an example of $page.1 is not understood: $line"
            cat "$folder/err"
            ;;
        esac
    done <"$folder/examples"
done

# options: as the help says "  --name", and as the page says "\-\-name" at the head of a paragraph
for command in load query serve shell simulate; do
    "$GK" help "$command" | sed -n '/^  -/s/^  \(-., \)\{0,1\}--\([a-z-]*\).*/\2/p' | sort >"$folder/helped"
    sed -n '/^\.SH OPTIONS/,/^\.SH E/p' "$root/docs/man/gk-$command.1" | sed 's/\\-/-/g' | sed -n '/^\.B/p' |
        grep -o -e '--[a-z-]*' | sed 's/^--//' | sort -u >"$folder/paged"
    while read -r option; do
        if grep -qx -- "$option" "$folder/paged"; then pass; else fail "gk-$command.1 does not have --$option"; fi
    done <"$folder/helped"
    while read -r option; do
        if grep -qx -- "$option" "$folder/helped"; then pass; else fail "gk help $command does not have --$option"; fi
    done <"$folder/paged"
done

if command -v groff >/dev/null; then
    for page in "$root"/docs/man/*.1; do
        if groff -man -Tutf8 -ww -z -K utf8 "$page" 2>"$folder/err" && [ ! -s "$folder/err" ]; then
            pass
        else
            fail "groff complains about $page: $(cat "$folder/err")"
        fi
    done
fi

done_with
