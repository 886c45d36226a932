#!/bin/sh
# test_advice.sh: what docs/OPERATIONS.md quotes as messages of the store is what the sources say, and each status of gk.h is told.
# shellcheck disable=SC2016 # backquotes are those of the page
set -u
LC_ALL=C.UTF-8
export LC_ALL
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

n_passed=0
n_failed=0

# The sources with their texts in one piece: those that go on in the next line are joined.
cat "$root"/engine/*/*.c "$root"/query/*.c "$root"/tools/*.c | tr '\n' ' ' | sed 's/"  *"//g' >"$folder/texts"
# Their first columns; names and numbers of the examples stand for any.
sed -n '/^## When something says no/,/^## Environment/p' "$root/docs/OPERATIONS.md" >"$folder/page"
cut -d '|' -f 2 "$folder/page" | grep -o '`[^`]*`' | tr -d '`' | grep -v '^GK_E' | sort -u >"$folder/messages"
while IFS= read -r message; do
    printf '%s\n' "$message" | sed 's/ process N / \n /; s/, page N/\n/; s/(N)/\n/; s/\.\.\./\n/g; s/\<[NHTFC]\>/\n/g; s/'"'"'[FC]'"'"'/\n/g; s/: No space left on device//; s/: Input\/output error//' |
        sed 's/^[ :,)'"'"']*//; s/[ :,('"'"']*$//' | grep -v '^.\{0,4\}$' >"$folder/pieces"
    while IFS= read -r piece; do
        if grep -qF -- "$piece" "$folder/texts"; then
            n_passed=$((n_passed + 1))
        else
            n_failed=$((n_failed + 1))
            echo "FAILED: docs/OPERATIONS.md quotes '$message', and nobody says '$piece'"
        fi
    done <"$folder/pieces"
done <"$folder/messages"
for status in $(grep -o '^    GK_E[A-Z]* = -' "$root/engine/gk.h" | tr -d ' =-'); do
    if grep -q "\`$status\`" "$folder/page"; then
        n_passed=$((n_passed + 1))
    else
        n_failed=$((n_failed + 1))
        echo "FAILED: docs/OPERATIONS.md does not say what to do about $status"
    fi
done
echo "$n_passed passed, $n_failed failed"
[ "$n_failed" = 0 ] && [ "$n_passed" -gt 60 ]
