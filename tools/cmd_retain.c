/*
 * cmd_retain.c - gk retain: drops old rows and keeps their states and hourly sums.
 */
#include <inttypes.h>
#include <unistd.h>

#include "option.h"
#include "output.h"
#include "progress.h"
#include "tool.h"

static const char help[] =
    "gk retain STORE --older DURATION [--now TIME] [--json]\n"
    "\n"
    "Drops the rows older than a duration, back to a full hour (UTC), and gives their pages back to the store: it "
    "does\n"
    "not grow until they are used up. States stay, and the sums of every channel by the hour, so that averages,\n"
    "extremes, energy and durations over that time are answered as before; samples of it are gone. Rows that come for\n"
    "it later go into quarantine. The newest hour of a facility always stays.\n"
    "\n"
    "  --older D    90d, 26w: rows from before now less this go\n"
    "  --now TIME   the clock, instead of the system's\n"
    "  --json       {\"dropped\": ..., \"before\": ...} on standard output\n"
    "\n"
    "A run that was interrupted is finished by the next one.\n"
    "\n"
    "  gk retain zone.gk --older 90d\n";

static int show(void *context, uint64_t done, uint64_t total)
{
    progress_update(context, done, total);
    return GK_OK;
}

static int report(const struct command *self, gk_db *db, uint64_t n_rows, bool is_json)
{
    struct gk_error error = {0};
    char before[GK_TIME_TEXT_MAX];
    gk_snapshot *snapshot;
    struct output out;

    error.status = gk_snapshot_open(db, &snapshot, &error);
    if (error.status != GK_OK)
        return tool_failed(self, &error);
    const struct gk_store_info *info = gk_snapshot_info(snapshot);
    (void)gk_time_format(info->dropped_before, info->zone_s, before); /* the length is not needed */
    gk_snapshot_close(snapshot);
    if (!is_json) {
        say(self->name, "%" PRIu64 " rows from before %s were dropped", n_rows, before);
        return EXIT_ROWS;
    }
    output_init(&out, STDOUT_FILENO);
    output_format(&out, "{\"dropped\": %" PRIu64 ", \"before\": \"%s\"}\n", n_rows, before);
    return output_finish(&out, self, EXIT_ROWS);
}

static int retain(const struct command *self, gk_db *db, int64_t older_ns, bool is_json)
{
    struct progress progress;
    const struct gk_retain_options options = {.size = sizeof options, .progress = show, .context = &progress};
    struct gk_error error = {0};
    uint64_t n_rows;
    gk_time before;

    if (__builtin_sub_overflow(gk_clock(db), older_ns, &before)) {
        say(self->name, "--older goes back beyond all time");
        return EXIT_USAGE;
    }
    progress_init(&progress, "dropping rows");
    error.status = gk_retain(db, before, &options, &n_rows, &error);
    progress_end(&progress);
    return error.status == GK_OK ? report(self, db, n_rows, is_json) : tool_failed(self, &error);
}

static int run(const struct command *self, int argc, char **argv)
{
    struct tool_clock clock = {0};
    int64_t older_ns = -1;
    const char *now = NULL;
    bool is_json = false;
    const struct option options[] = {
        {"older", 0, OPTION_DURATION, &older_ns}, {"now", 0, OPTION_TEXT, &now}, {"json", 0, OPTION_FLAG, &is_json}};
    struct gk_error error = {0};
    gk_db *db;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (older_ns < 0) {
        say(self->name, "--older is missing: which rows should go? --older 90d");
        return EXIT_USAGE;
    }
    status = tool_open_for_writing(self, argv[0], now, &clock, &db);
    if (status != EXIT_ROWS)
        return status;
    status = retain(self, db, older_ns, is_json);
    error.status = gk_close(db);
    return error.status == GK_OK ? status : tool_failed(self, &error);
}

const struct command command_retain = {"retain", "drop old rows, keep their states and hourly sums", help, 1, 1, run,
                                       NULL};
