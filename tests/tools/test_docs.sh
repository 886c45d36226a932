#!/bin/sh
# test_docs.sh: what README.md and docs/QUERY.md show is run. Blocks marked ```sh run go through a shell, one after the other in one new
# folder a page; a block marked ```text output behind one must be what it printed; a block marked ```c run is compiled, linked with the
# built library, and run. GK is the built gk; the library lies beside it.
# shellcheck disable=SC2086 # flags are words
set -u

GK=${GK:-build/check/gk}
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
trap 'rm -rf "$folder"' EXIT
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

for page in README.md docs/QUERY.md; do
    rm -rf "$folder/blocks" "$folder/work"
    mkdir "$folder/blocks" "$folder/work"
    # 01.sh, 02.output, 03.c ... in the order of the page.
    awk -v folder="$folder/blocks" '
/^```/ && file { file = ""; next }
/^```sh run$/ { file = sprintf("%s/%02d.sh", folder, ++n) }
/^```text output$/ { file = sprintf("%s/%02d.output", folder, ++n) }
/^```c run$/ { file = sprintf("%s/%02d.c", folder, ++n) }
/^```/ { if (file) printf "" > file; next }
file { print > file }' "$root/$page"

    cd "$folder/work" || exit 1
    : >"$folder/out"
    for block in "$folder"/blocks/*; do
        case $block in
        *.sh)
            if sh -eu "$block" >"$folder/out" 2>"$folder/err"; then
                pass
            else
                fail "this block of $page does not run:"
                cat "$block" "$folder/err"
            fi
            ;;
        *.output)
            tr -d '\r' <"$folder/out" >"$folder/printed"
            if diff -u "$block" "$folder/printed"; then pass; else fail "$page shows something else than is printed"; fi
            ;;
        *.c)
            if [ ! -f "$library" ]; then
                fail "$library is not there, so the C example cannot be tried"
            elif ${CC:-gcc} -std=c11 -Wall -Wextra -I"$root/engine" -I"$root/query" -o example "$block" $flags "$library" \
                -llmdb -llz4 -lroaring -lm -lpthread && ./example >"$folder/out"; then
                pass
            else
                fail "the C example of $page does not work"
            fi
            ;;
        esac
    done
done

echo "$n_passed passed, $n_failed failed"
[ "$n_failed" = 0 ] && [ "$n_passed" -gt 0 ]
