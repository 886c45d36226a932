/*
 * cmd_verify.c - gk verify: whether the record still is what was recorded.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "act_json.h"
#include "option.h"
#include "output.h"
#include "tool.h"

static const char help[] =
    "gk verify STORE [--root HASH] [--roots]\n"
    "\n"
    "Follows the chain of hashes (SHA-256) from the first act of the record to the last, and prints number and hash "
    "of\n"
    "the last one, the root: it stands for all acts up to it. A root that was given away, printed or published, tells\n"
    "later whether anything up to it was changed or is gone, whoever can write the store's file.\n"
    "\n"
    "  --root HASH  also look for the act with this hash, 64 hex digits that were printed earlier\n"
    "  --roots      print the root of each day instead: day, number, hash of its last act\n"
    "\n"
    "Exit status 0 when all fits, 3 when it does not: the first act that is wrong is named.\n"
    "\n"
    "  gk verify zone.gk --roots >>roots.txt\n";

/* 64 hex digits. */
static bool read_hash(const char *text, uint8_t hash[32])
{
    static const char digits[] = "0123456789abcdef";

    if (strlen(text) != 64)
        return false;
    for (int i = 0; i < 64; i++) {
        const char *digit = strchr(digits, text[i] >= 'A' && text[i] <= 'F' ? text[i] - 'A' + 'a' : text[i]);
        if (digit == NULL)
            return false;
        hash[i / 2] = (uint8_t)((i % 2 ? hash[i / 2] << 4 : 0) | (digit - digits));
    }
    return true;
}

static void put_root(struct output *out, const struct gk_act *act, int32_t zone_s)
{
    char time[GK_TIME_TEXT_MAX];

    (void)gk_time_format(act->time, zone_s, time); /* the length is not needed */
    output_format(out, "%.10s %" PRIu64 " ", time, act->seq);
    output_hash(out, act->hash);
    output_text(out, "\n");
}

static int64_t day_of(gk_time time, int32_t zone_s)
{
    int64_t day = 86400 * GK_SECOND, local = time + zone_s * GK_SECOND;

    return local / day - (local % day < 0);
}

/* The last act of each day; an act of another day ends it, whether the clock went on or back. */
static int put_roots(gk_snapshot *snapshot, struct output *out, struct gk_error *error)
{
    int32_t zone_s = gk_snapshot_info(snapshot)->zone_s;
    struct gk_act act, before = {0};
    gk_acts *acts;
    int rc = gk_acts_open(snapshot, 0, 0, &acts, error);

    if (rc != GK_OK)
        return rc;
    while ((rc = gk_acts_next(acts, &act, error)) == GK_OK) {
        if (before.seq != 0 && day_of(before.time, zone_s) != day_of(act.time, zone_s))
            put_root(out, &before, zone_s);
        before = act;
    }
    if (before.seq != 0)
        put_root(out, &before, zone_s);
    gk_acts_close(acts);
    return rc == GK_DONE ? GK_OK : rc;
}

static int verify(const struct command *self, gk_snapshot *snapshot, const uint8_t *root, bool is_roots)
{
    int32_t zone_s = gk_snapshot_info(snapshot)->zone_s;
    struct gk_error error = {0};
    struct output out;
    struct gk_act act;
    uint64_t seq;

    output_init(&out, STDOUT_FILENO);
    error.status = gk_acts_verify(snapshot, root, &seq, &error);
    if (error.status == GK_OK && is_roots)
        error.status = put_roots(snapshot, &out, &error);
    else if (error.status == GK_OK && seq > 0) {
        error.status = gk_act_get(snapshot, seq, &act, &error);
        if (error.status == GK_OK)
            put_root(&out, &act, zone_s);
    }
    if (error.status != GK_OK)
        return output_finish(&out, self, tool_failed(self, &error));
    if (root != NULL)
        say(self->name, "the root is that of act %" PRIu64 "; all acts up to it are as they were", seq);
    else
        say(self->name, "%" PRIu64 " acts, and each fits the one before", seq);
    return output_finish(&out, self, EXIT_ROWS);
}

static int run(const struct command *self, int argc, char **argv)
{
    const char *text = NULL;
    bool is_roots = false;
    const struct option options[] = {{"root", 0, OPTION_TEXT, &text}, {"roots", 0, OPTION_FLAG, &is_roots}};
    uint8_t root[32];
    gk_snapshot *snapshot;
    gk_db *db;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (text != NULL && !read_hash(text, root)) {
        say(self->name, "option '--root' needs 64 hex digits, not '%s'", text);
        return EXIT_USAGE;
    }
    if (tool_view(self, argv[0], &db, &snapshot) != GK_OK)
        return EXIT_STORE;
    status = verify(self, snapshot, text != NULL ? root : NULL, is_roots);
    gk_snapshot_close(snapshot);
    (void)gk_close(db); /* nothing was written */
    return status;
}

const struct command command_verify = {
    "verify", "follow the record's chain of hashes, print its roots", help, 1, 1, run, NULL};
