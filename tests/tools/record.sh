# record.sh: what the tests of the record share; to be read with `.` behind GK. Makes $folder and goes there, compiles ./writer, and has
# the checks. ./writer STORE makes or opens a store and does what lines of its standard input say, one "ok N" or "error ..." each:
#     raise RULE SUBJECT [WHOM]    clear ID    note TEXT    many N (notes)    commit
# shellcheck shell=sh disable=SC2034,SC2086 # out and err are read by the checks; flags are words
LC_ALL=C.UTF-8
export LC_ALL
root=$(cd "$(dirname "$0")/../.." && pwd)
case $GK in
/*) ;;
*) GK=$PWD/$GK ;;
esac
[ -x "$GK" ] || {
    echo "$0: GK=$GK is not there" >&2
    exit 1
}
library=${LIB:-$(dirname "$GK")/libgk.a}
flags=${CFLAGS:-} # the library wants the run time it was compiled for
symbols=$(nm "$library" 2>/dev/null)
case $symbols in *__asan_init*) flags="$flags -fsanitize=address,undefined" ;; esac
case $symbols in *__tsan_init*) flags="$flags -fsanitize=thread" ;; esac
case $symbols in *__gcov_init*) flags="$flags --coverage" ;; esac
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder" || exit 1

n_passed=0
n_failed=0
pass() {
    n_passed=$((n_passed + 1))
}
fail() { # fail WHAT: with the last run
    n_failed=$((n_failed + 1))
    printf 'FAILED: %s\n  ran: %s\n  status: %s\n  stdout: %.600s\n  stderr: %.600s\n' "$1" "$ran" "$status" "$out" "$err"
}
run() {
    ran="gk $*"
    "$GK" "$@" >.out 2>.err </dev/null
    status=$?
    out=$(cat .out)
    err=$(cat .err)
}
expect() { # expect STATUS WHAT: of the last run
    if [ "$status" = "$1" ]; then pass; else fail "$2 (expected status $1)"; fi
}
says() { # says TEXT WHAT: standard error of the last run has TEXT
    case $err in *"$1"*) pass ;; *) fail "$2 (stderr should have '$1')" ;; esac
}
prints() { # prints TEXT WHAT: standard output of the last run has TEXT
    case $out in *"$1"*) pass ;; *) fail "$2 (stdout should have '$1')" ;; esac
}
is() { # is A B WHAT
    if [ "$1" = "$2" ]; then pass; else fail "$3: '$1' is not '$2'"; fi
}
wait_for() { # wait_for WHAT TEST...: until the test succeeds, at most 30 s
    what=$1
    shift
    n_looks=0
    until "$@" 2>/dev/null; do
        n_looks=$((n_looks + 1))
        if [ $n_looks -gt 600 ]; then
            fail "$what never came"
            return 1
        fi
        sleep 0.05
    done
}
done_with() { # the last line
    echo "$n_passed passed, $n_failed failed"
    [ "$n_failed" = 0 ] && [ "$n_passed" -gt 0 ]
}

cat >writer.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gk.h"

static struct gk_text text(const char *s)
{
    struct gk_text t = {s, s ? strlen(s) : 0};
    return t;
}

int main(int argc, char **argv)
{
    struct gk_error error = {0};
    char line[8192];
    gk_db *db;

    if (argc != 2 || gk_open(argv[1], GK_READWRITE | GK_CREATE | GK_KEEP_HEADS, NULL, &db, &error) != GK_OK) {
        printf("error %s\n", error.text);
        return 1;
    }
    while (fgets(line, sizeof line, stdin)) {
        struct gk_act_put put = {.size = sizeof put};
        char *word = strtok(line, " \n");
        uint64_t seq = 0;
        int rc = GK_OK;

        if (word && strcmp(word, "raise") == 0) {
            put.kind = GK_ACT_RAISED;
            put.rule = text(strtok(NULL, " \n"));
            put.subject = text(strtok(NULL, " \n"));
            put.whom = text(strtok(NULL, " \n"));
            put.rule_version = 1;
            put.level = GK_LEVEL_ALARM;
            put.subject_kind = GK_FACILITY;
            put.enterprise = text("E1");
            put.park = text("P1");
            put.from = gk_clock(db);
            put.text = text("abatement off while production on");
            rc = gk_act_put(db, &put, &seq, &error);
        } else if (word && strcmp(word, "clear") == 0) {
            put.kind = GK_ACT_RECOVERED;
            put.alarm = strtoull(strtok(NULL, " \n"), NULL, 10);
            put.to = gk_clock(db);
            rc = gk_act_put(db, &put, &seq, &error);
        } else if (word && (strcmp(word, "note") == 0 || strcmp(word, "many") == 0)) {
            const char *rest = strtok(NULL, "\n");
            long n = strcmp(word, "many") == 0 ? atol(rest) : 1;
            put.kind = GK_ACT_NOTED;
            put.text = text(rest);
            while (n-- > 0 && rc == GK_OK)
                rc = gk_act_put(db, &put, &seq, &error);
        } else if (word && strcmp(word, "commit") == 0) {
            rc = gk_commit(db, &error);
        } else {
            printf("error what?\n");
            continue;
        }
        if (rc == GK_OK)
            printf("ok %llu\n", (unsigned long long)seq);
        else
            printf("error %s\n", error.text);
        fflush(stdout);
    }
    return gk_close(db) == GK_OK ? 0 : 1;
}
END
${CC:-gcc} -std=c11 -Wall -Wextra -I"$root/engine" -o writer writer.c $flags "$library" -llmdb -llz4 -lroaring -lm -lpthread || {
    echo "$0: the writer cannot be compiled" >&2
    exit 1
}
