#!/bin/sh
# test_docs.sh: what README.md, docs/QUERY.md, docs/SHELL.md, docs/FEEDS.md and docs/OPERATIONS.md show is run. Blocks marked ```sh run go through a shell, one after the other in a new
# folder a page; a block marked ```text output behind one must be what it printed; a block marked ```c run is compiled, linked with
# the built library, and run; a block marked ```gk ARGUMENTS is a session with the shell: what stands behind the prompts is typed, and
# the whole of it must come out (with UPDATE=1 the page gets what comes out). GK is the built gk; the library lies beside it.
# shellcheck disable=SC2086 # flags are words
set -u

GK=${GK:-build/check/gk}
LC_ALL=C.UTF-8
export LC_ALL
root=$(cd "$(dirname "$0")/../.." && pwd)
case $GK in
/*) ;;
*) GK=$PWD/$GK ;;
esac
[ -x "$GK" ] || {
    echo "test_docs.sh: GK=$GK is not there" >&2
    exit 1
}
library=${LIB:-$(dirname "$GK")/libgk.a}
flags=${CFLAGS:-} # of the C example: the library wants the run time it was compiled for
symbols=$(nm "$library" 2>/dev/null)
case $symbols in *__asan_init*) flags="$flags -fsanitize=address,undefined" ;; esac
case $symbols in *__tsan_init*) flags="$flags -fsanitize=thread" ;; esac
case $symbols in *__gcov_init*) flags="$flags --coverage" ;; esac
folder=$(mktemp -d) || exit 1
# Pages say 5212; tests that run at the same time must not meet there.
port=$((20000 + $$ % 20000))
stop_servers() { # that a page has left running
    for pid in "$folder/work"/*.pid; do
        [ ! -f "$pid" ] || kill "$(cat "$pid")" 2>/dev/null
    done
}
trap 'stop_servers; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
mkdir "$folder/bin"
ln -s "$GK" "$folder/bin/gk"
PATH=$folder/bin:$PATH
export PATH

n_passed=0
n_failed=0
pass() {
    n_passed=$((n_passed + 1))
}
fail() {
    n_failed=$((n_failed + 1))
    echo "FAILED: $1"
}

run_session() { # run_session BLOCK: its first line has the arguments
    arguments=$(head -n 1 "$1")
    sed 1d "$1" | sed 's/ *$//' >"$folder/expected"
    sed -n 's/^zone> //p; s/^ \.\.\.> \{0,1\}//p' "$1" >"$folder/typed"
    gk $arguments --echo --keep-going <"$folder/typed" 2>&1 | sed 's/ *$//' | tr -d '\r' >"$folder/printed"
    if [ -n "${UPDATE:-}" ]; then
        cp "$folder/printed" "$1.new"
    elif [ -s "$folder/typed" ] && diff -u "$folder/expected" "$folder/printed"; then
        pass
    else
        fail "$page shows another session than there is"
    fi
}
run_block() { # run_block FILE
    case $1 in
    *.sh)
        sed -i "s/\b5212\b/$port/g" "$1"
        if sh -eu "$1" >"$folder/out" 2>"$folder/err"; then
            pass
        else
            fail "this block of $page does not run:"
            cat "$1" "$folder/err"
        fi
        ;;
    *.output)
        tr -d '\r' <"$folder/out" >"$folder/printed"
        if diff -u "$1" "$folder/printed"; then pass; else fail "$page shows something else than is printed"; fi
        ;;
    *.session) run_session "$1" ;;
    *.c)
        if [ ! -f "$library" ]; then
            fail "$library is not there, so the C example cannot be tried"
        elif ${CC:-gcc} -std=c11 -Wall -Wextra -I"$root/engine" -I"$root/query" -o example "$1" $flags "$library" \
            -llmdb -llz4 -lroaring -lm -lpthread && ./example >"$folder/out"; then
            pass
        else
            fail "the C example of $page does not work"
        fi
        ;;
    esac
}

update() { # puts what came out into the sessions of a page
    awk -v folder="$folder/blocks" '
    /^```gk / {
        print
        new = sprintf("%s/%02d.session.new", folder, ++n)
        while ((getline line < new) > 0) print line
        is_old = 1
        next
    }
    /^```sh run$|^```text output$|^```c run$/ { n++ }
    /^```$/ { is_old = 0 }
    !is_old' "$root/$page" >"$folder/page" && cat "$folder/page" >"$root/$page"
}

for page in README.md docs/QUERY.md docs/SHELL.md docs/FEEDS.md docs/OPERATIONS.md; do
    # 01.sh, 02.output, 03.c ... in the order of the page.
    rm -rf "$folder/blocks" "$folder/work"
    mkdir "$folder/blocks" "$folder/work"
    awk -v folder="$folder/blocks" '
    /^```/ && file { file = ""; next }
    /^```sh run$/ { file = sprintf("%s/%02d.sh", folder, ++n) }
    /^```text output$/ { file = sprintf("%s/%02d.output", folder, ++n) }
    /^```c run$/ { file = sprintf("%s/%02d.c", folder, ++n) }
    /^```gk / { file = sprintf("%s/%02d.session", folder, ++n); printf "%s\n", substr($0, 7) >file; next }
    /^```/ { if (file) printf "" > file; next }
    file { print > file }' "$root/$page"
    cd "$folder/work" || exit 1
    : >"$folder/out"
    for block in "$folder"/blocks/*; do
        run_block "$block"
    done
    stop_servers
    [ -z "${UPDATE:-}" ] || update
done

echo "$n_passed passed, $n_failed failed"
[ "$n_failed" = 0 ] && [ "$n_passed" -gt 0 ]
