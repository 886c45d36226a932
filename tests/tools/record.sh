# record.sh: checks.sh, and what the tests of the record share beside it: compiles ./writer. ./writer STORE makes or opens a store and
# does what lines of its standard input say, one "ok N" or "error ..." each:
#     raise RULE SUBJECT [WHOM]    clear ID    note TEXT    many N (notes)    commit
# shellcheck shell=sh disable=SC2034,SC2086 # out and err are read by the checks; flags are words
# shellcheck source=tests/tools/checks.sh disable=SC1091
. "$(dirname "$0")/checks.sh"
library=${LIB:-$(dirname "$GK")/libgk.a}
flags=${CFLAGS:-} # the library wants the run time it was compiled for
symbols=$(nm "$library" 2>/dev/null)
case $symbols in *__asan_init*) flags="$flags -fsanitize=address,undefined" ;; esac
case $symbols in *__tsan_init*) flags="$flags -fsanitize=thread" ;; esac
case $symbols in *__gcov_init*) flags="$flags --coverage" ;; esac

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
