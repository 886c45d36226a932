/*
 * live.c - see live.h.
 */
#include "crash/live.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crash/iolayer.h"

#define ATTEMPTS_MAX 8 /* at a step: faults that are not for ever are over then */
#define HELD_STEPS   4

struct living {
    struct life *life;
    const char *path;
    bool is_persistent;
    int out;
    gk_db *db;
    gk_snapshot *held; /* of state held_at, kept open so that its pages stay */
    uint32_t held_at;
    struct gk_error error;
};

static bool is_lie(int rc)
{
    return rc == GK_ECORRUPT || rc == GK_EVERSION || rc == GK_EBUG || rc == GK_EINVAL;
}

static enum live_result wrong(uint32_t n, const char *what)
{
    (void)fprintf(stderr, "step %u: %s\n", n, what);
    return LIVE_WRONG;
}

static void acknowledge(struct living *l, uint64_t acknowledged)
{
    if (io_mark)
        io_mark(acknowledged);
    if (write(l->out, &acknowledged, sizeof acknowledged) != (ssize_t)sizeof acknowledged)
        _exit(127);
}

/* ---- the snapshot that is held
 * -------------------------------------------------------------------------------------------- */

static void let_go(struct living *l)
{
    gk_snapshot_close(l->held);
    l->held = NULL;
}

/* What was true when it was opened is still what it says. */
static enum live_result hold(struct living *l, uint32_t n)
{
    char words[LIFE_WORDS];

    if (l->held && n >= l->held_at + HELD_STEPS) {
        if (!life_rows_are(l->life, l->held, l->held_at, l->held_at, words))
            return wrong(n, words);
        let_go(l);
    }
    if (!l->held && l->life->steps[n].is_held && gk_snapshot_open(l->db, &l->held, NULL) == GK_OK)
        l->held_at = n;
    return LIVE_DONE;
}

/* ---- one step, until it is done
 * ------------------------------------------------------------------------------------------ */

static int reopen(struct living *l, uint32_t n)
{
    let_go(l);
    if (l->db)
        (void)gk_close(l->db); /* what it says was said before */
    l->db = NULL;
    return life_open(l->life, l->path, n, GK_READWRITE | GK_CREATE | GK_KEEP_HEADS, &l->db, &l->error);
}

static enum live_result insist(struct living *l, uint32_t n, bool is_open_only)
{
    int rc = GK_OK;

    for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
        if (!l->db || rc == GK_EIO)
            rc = reopen(l, n);
        if (l->db)
            rc = is_open_only ? GK_OK : life_do(l->life, l->db, n, &l->error);
        if (rc == GK_OK)
            return LIVE_DONE;
        if (is_lie(rc))
            return wrong(n, l->error.text);
        if (!l->is_persistent)
            break;
    }
    (void)fprintf(stderr, "step %u: gave up: %s\n", n, l->error.text);
    return LIVE_GAVE_UP;
}

/* What a reader sees in the end. It opens again after an error, too. */
static enum live_result look(struct living *l, uint32_t n)
{
    char words[LIFE_WORDS] = "";
    int rc = GK_OK;

    for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
        gk_snapshot *s = NULL;
        rc = life_open(l->life, l->path, n, GK_READONLY, &l->db, &l->error);
        if (rc == GK_OK)
            rc = gk_snapshot_open(l->db, &s, &l->error);
        bool is_right = rc != GK_OK || life_rows_are(l->life, s, n, n, words);
        gk_snapshot_close(s);
        (void)gk_close(l->db); /* a reader has nothing to lose */
        l->db = NULL;
        if (!is_right)
            return wrong(n, words);
        if (rc == GK_OK)
            return LIVE_DONE;
        if (is_lie(rc))
            return wrong(n, l->error.text);
    }
    (void)fprintf(stderr, "a reader gave up: %s\n", l->error.text);
    return LIVE_GAVE_UP;
}

enum live_result live(struct life *life, const char *path, uint32_t from, uint32_t to, bool is_persistent, int out)
{
    struct living l = {.life = life, .path = path, .is_persistent = is_persistent, .out = out};
    enum live_result result = insist(&l, from, true);

    if (result == LIVE_DONE && from == 0)
        acknowledge(&l, 1);
    for (uint32_t n = from; n < to && result == LIVE_DONE; n++) {
        result = hold(&l, n);
        if (result == LIVE_DONE)
            result = insist(&l, n, false);
        if (result == LIVE_DONE)
            acknowledge(&l, n + 2);
    }
    let_go(&l);
    if (gk_close(l.db) != GK_OK && result == LIVE_DONE && !is_persistent)
        result = wrong(to, "the store did not close");
    l.db = NULL;
    return result == LIVE_DONE && is_persistent ? look(&l, to) : result;
}

uint64_t live_acknowledged(int in, uint64_t n, uint64_t last)
{
    uint64_t value;

    for (uint64_t i = 0; i < n && read(in, &value, sizeof value) == (ssize_t)sizeof value; i++)
        last = value;
    return last;
}
