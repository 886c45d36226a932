/*
 * inspect.c - see inspect.h.
 */
#include "crash/inspect.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STEPS_AFTERWARDS 2

struct inspection {
    struct life *life;
    const char *path;
    uint32_t least, most; /* the states in which it may be */
    uint32_t at;          /* the one in which it is, or has come to; `least` also for one between the two */
    char *words;
};

static bool complain(struct inspection *in, const char *where, const char *text)
{
    (void)snprintf(in->words, LIFE_WORDS, "%s: %.400s", where, text);
    return false;
}

static int take_finding(void *context, const char *text, size_t size)
{
    struct inspection *in = context;
    if (in->words[0] == 0)
        (void)snprintf(in->words, LIFE_WORDS, "check: %.*s", size < 400 ? (int)size : 400, text);
    return GK_OK;
}

static bool is_whole(struct inspection *in, gk_db *db)
{
    struct gk_error error;
    uint64_t n = 0;

    if (gk_check(db, true, take_finding, in, &n, &error) != GK_OK)
        return complain(in, "check", error.text);
    return n == 0;
}

/* In which state it is, by its digest; rows tell in any case. */
static bool find_state(struct inspection *in, gk_db *db)
{
    struct life *life = in->life;
    struct gk_error error;
    gk_snapshot *s = NULL;
    char digest[65];

    in->at = in->least;
    if (gk_digest(db, digest, &error) != GK_OK || gk_snapshot_open(db, &s, &error) != GK_OK)
        return complain(in, "digest", error.text);
    bool is_least = strcmp(digest, life->digest[in->least]) == 0, is_most = strcmp(digest, life->digest[in->most]) == 0;
    bool is_between = in->least < in->most && life_is_gradual(life, in->least);
    if (!is_least && is_most)
        in->at = in->most;
    bool is_right = is_between ? life_rows_are(life, s, in->least, in->most, in->words)
                               : life_rows_are(life, s, in->at, in->at, in->words);
    gk_snapshot_close(s);
    if (is_right && !is_least && !is_most && !is_between)
        return complain(in, "digest", "of neither state, though the rows are right");
    return is_right;
}

static bool go_on(struct inspection *in, gk_db *db)
{
    struct life *life = in->life;
    struct gk_error error;
    char digest[65], where[32];

    for (unsigned i = 0; i < STEPS_AFTERWARDS && in->at < life->n_steps; i++) {
        (void)snprintf(where, sizeof where, "step %u afterwards", in->at);
        if (life_do(life, db, in->at, &error) != GK_OK || gk_digest(db, digest, &error) != GK_OK)
            return complain(in, where, error.text);
        bool is_handed = life->steps[in->at].kind == LIFE_HAND_IN; /* it lies in the inbox, or was taken before */
        if (strcmp(digest, life->digest[++in->at]) != 0 && !is_handed)
            return complain(in, where, "another digest than in an undisturbed life");
    }
    return is_whole(in, db);
}

/* A store that was being made may be missing, or be refused as half made; then nothing was promised. */
static bool is_half_made(int rc, const struct gk_error *error)
{
    return rc == GK_ENOTFOUND || (rc == GK_ECORRUPT && (strstr(error->text, "making was interrupted") ||
                                                        strstr(error->text, "no gkdb store")));
}

static bool look(struct inspection *in, uint64_t acknowledged)
{
    struct gk_error error;
    gk_db *db;
    int rc = life_open(in->life, in->path, in->least, GK_READONLY, &db, &error);

    if (rc != GK_OK)
        return (acknowledged == 0 && is_half_made(rc, &error)) || complain(in, "opening as a reader", error.text);
    bool is_right = find_state(in, db) && is_whole(in, db);
    return gk_close(db) == GK_OK && is_right;
}

/* Backups that have their name are whole; the one that was acknowledged last is there. */
static bool copies_are_whole(struct inspection *in)
{
    char path[LIFE_PATH];

    for (uint32_t n = 0; n < in->life->n_steps; n++) {
        if (in->life->steps[n].kind != LIFE_BACKUP)
            continue;
        life_copy_path(in->life, n, path);
        if (!life_copy_is(in->life, n, path, in->words))
            return false;
        if (n + 1 == in->least && access(path, F_OK) != 0)
            return complain(in, "the backup that was acknowledged", "it is lost");
    }
    return true;
}

bool inspect(struct life *life, const char *path, uint64_t acknowledged, bool reads_first, uint32_t *reached,
             char words[LIFE_WORDS])
{
    uint32_t least = acknowledged ? (uint32_t)acknowledged - 1 : 0;
    uint32_t most = acknowledged && least < life->n_steps ? least + 1 : least;
    struct inspection in = {life, path, least, most, least, words};
    struct gk_error error;
    gk_db *db;

    words[0] = 0;
    if (reads_first && !look(&in, acknowledged))
        return false;
    if (life_open(life, path, least, GK_READWRITE | GK_CREATE | GK_KEEP_HEADS, &db, &error) != GK_OK)
        return complain(&in, "opening", error.text);
    bool is_right =
        find_state(&in, db) && (reads_first || is_whole(&in, db)) && copies_are_whole(&in) && go_on(&in, db);
    if (gk_close(db) != GK_OK && is_right)
        return complain(&in, "closing", "failed");
    if (reached)
        *reached = in.at;
    return is_right;
}
