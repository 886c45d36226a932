/*
 * cmd_backup.c - gk backup: a copy of a store that may be written meanwhile.
 */
#include <inttypes.h>
#include <unistd.h>

#include "interrupt.h"
#include "option.h"
#include "output.h"
#include "progress.h"
#include "tool.h"

static const char help[] =
    "gk backup STORE DEST [--verify]\n"
    "\n"
    "Makes a store at DEST, where nothing is yet, with all that was durable in STORE at one moment, without free "
    "pages.\n"
    "STORE may be written meanwhile. Every checksum is tested; DEST appears when it is whole and on the disk.\n"
    "A backup is a store like any other: gk query reads it, and gk backup brings it back under another name.\n"
    "\n"
    "  --verify   also compare the digests of the store and the copy\n"
    "\n"
    "  gk backup zone.gk zone-friday.gk --verify\n";

static int show(void *context, uint64_t done, uint64_t total)
{
    progress_update(context, done, total);
    return interrupt_is_pending() ? GK_EINTERRUPTED : GK_OK;
}

static int back_up(const struct command *self, gk_db *db, const char *dest, bool verify)
{
    struct progress progress;
    const struct gk_backup_options options = {
        .size = sizeof options, .verify = verify, .progress = show, .context = &progress};
    struct gk_error error = {0};
    int rc;

    interrupt_catch(true);
    progress_init(&progress, "copying");
    rc = gk_backup(db, dest, &options, &error);
    progress_end(&progress);
    if (rc != GK_OK) {
        error.status = rc;
        return tool_failed(self, &error);
    }
    say(self->name, verify ? "%s is whole, and its digest is that of the store" : "%s is whole", dest);
    return EXIT_ROWS;
}

static int run(const struct command *self, int argc, char **argv)
{
    bool verify = false;
    const struct option options[] = {{"verify", 0, OPTION_FLAG, &verify}};
    gk_db *db;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (tool_open(self, argv[0], GK_READONLY, NULL, &db) != GK_OK)
        return EXIT_STORE;
    status = back_up(self, db, argv[1], verify);
    (void)gk_close(db); /* nothing was written */
    return status;
}

const struct command command_backup = {"backup", "copy a store that may be written meanwhile", help, 2, 2, run, NULL};
