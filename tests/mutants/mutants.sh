#!/bin/sh
# mutants.sh [WORD...]: takes syncs, checksums, bounds and locks out of the engine, one at a time (list.txt), and runs the tests that
# are named for each: one of them must fail. With words, only mutants whose title has one of them. Works in a copy, build/mutants.
# A mutant whose text is not there, or there twice, or that does not compile, is an error: the list is out of date.
set -u
root=$(pwd)
copy=$root/build/mutants
list=$root/tests/mutants/list.txt
CC=${CC:-gcc}
JOBS=${JOBS:-$(nproc)}
mkdir -p "$copy"
(git ls-files -c -o --exclude-standard 2>/dev/null || find . -path ./build -prune -o -type f -print) | tar -cf - -T - 2>/dev/null |
    (cd "$copy" && tar -xf - --keep-newer-files 2>/dev/null || true)
cd "$copy" || exit 1
export GK_SOURCE=. GK_MAP_SIZE=${GK_MAP_SIZE:-4294967296} BUILD=build/check

build() { # build TARGET...
    make -s -j"$JOBS" VARIANT=check CC="$CC" CFLAGS=-Wno-error "$@" >make.log 2>&1
}
run() { # run COMMAND: NAME=VALUE..., then a test of build/check; one that waits for ever fails
    # shellcheck disable=SC2086 # words are words
    (set -f && timeout "${MUTANT_SECONDS:-60}" env ${1%"$(test_of "$1")"} build/check/$(test_of "$1") >test.log 2>&1)
}
test_of() {
    echo "$1" | sed 's/^\([A-Z_]*=[^ ]* \)*//'
}

# One line a mutant: title, file, old, new, command; no text of the list has the separator.
tab=$(printf '\037')
awk -v s="$tab" '
    /^# / { title = substr($0, 3) }
    /^[a-z]/ { file = $0 }
    /^- / { old = substr($0, 3) }
    /^\+ / { new = substr($0, 3) }
    /^: / { print title s file s old s new s substr($0, 3) }' "$list" >mutants.list
if [ $# -gt 0 ]; then
    for word in "$@"; do grep -F -- "$word" mutants.list; done | sort -u >some.list
    mv some.list mutants.list
fi

n=0
n_caught=0
n_bad=0
cut -d"$tab" -f5 mutants.list | sed 's/^\([A-Z_]*=[^ ]* \)*//; s/ .*//; s|^|build/check/|' | sort -u >targets
# shellcheck disable=SC2046 # names without blanks
build $(cat targets) || {
    tail -n 20 make.log
    exit 1
}
while IFS="$tab" read -r title file old new command <&3; do
    n=$((n + 1))
    target=$(test_of "$command")
    target=build/check/${target%% *}
    cp "$root/$file" "$file"
    if ! build "$target" || ! run "$command"; then
        echo "ERROR: $title: '$command' fails without the mutant"
        n_bad=$((n_bad + 1))
        continue
    fi
    old=$old new=$new awk '
        BEGIN { old = ENVIRON["old"]; new = ENVIRON["new"] }
        { at = index($0, old) }
        at { n++; $0 = substr($0, 1, at - 1) new substr($0, at + length(old)) }
        { print }
        END { exit n != 1 }' "$root/$file" >mutant.c || {
        echo "ERROR: $title: the text is not there once: $old"
        n_bad=$((n_bad + 1))
        continue
    }
    cp mutant.c "$file"
    if ! build "$target"; then
        echo "ERROR: $title: does not compile: $(grep -m 1 'error' make.log)"
        n_bad=$((n_bad + 1))
    elif run "$command"; then
        echo "SURVIVED: $title ($command)"
    else
        n_caught=$((n_caught + 1))
        echo "caught: $title"
    fi
    cp "$root/$file" "$file"
done 3<mutants.list
echo "$n mutants, $n_caught caught, $((n - n_caught - n_bad)) survived, $n_bad do not apply"
[ "$n" -gt 0 ] && [ "$n_caught" = "$n" ]
