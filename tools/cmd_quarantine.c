/*
 * cmd_quarantine.c - gk quarantine: rows that were too far ahead of the clock (or behind it): list them, let them in.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "option.h"
#include "output.h"
#include "tool.h"

static const char help[] =
    "gk quarantine STORE [list | release] [--force] [--now TIME] [--json]\n"
    "\n"
    "Rows with a time more than 5 minutes ahead of the clock are kept apart and are no part of any answer.\n"
    "\n"
    "  list         print them (default)\n"
    "  release      take those that are acceptable by now, as if they arrived now\n"
    "  --force      with release: take all of them\n"
    "  --now TIME   with release: the clock, instead of the system's\n"
    "  --json       with release: the counts on standard output, as JSON\n";

static int list(const struct command *self, const char *path)
{
    struct gk_error error = {0};
    struct output out;
    gk_db *db;
    int rc, status = EXIT_ROWS;

    if (tool_open(self, path, GK_READONLY, NULL, &db) != GK_OK)
        return EXIT_STORE;
    output_init(&out, STDOUT_FILENO);
    rc = gk_dump(db, "quarantine", output_sink, &out, &error);
    if (rc != GK_OK && out.failure == 0 && !out.is_closed) {
        error.status = rc;
        status = tool_failed(self, &error);
    }
    (void)gk_close(db); /* nothing was written */
    return output_finish(&out, self, status);
}

static int report(const struct command *self, const struct gk_counts *counts, bool is_json)
{
    struct output out;

    if (!is_json) {
        say(self->name,
            "released: %" PRIu64 " accepted, %" PRIu64 " late, %" PRIu64 " duplicate, %" PRIu64 " conflicting; %" PRIu64
            " stay in quarantine",
            counts->accepted, counts->late, counts->duplicate, counts->conflicting, counts->quarantined);
        return EXIT_ROWS;
    }
    output_init(&out, STDOUT_FILENO);
    output_format(&out,
                  "{\"rows\": {\"accepted\": %" PRIu64 ", \"duplicate\": %" PRIu64 ", \"conflicting\": %" PRIu64
                  ", \"late\": %" PRIu64 ", \"quarantined\": %" PRIu64 ", \"rejected\": %" PRIu64 "}}\n",
                  counts->accepted, counts->duplicate, counts->conflicting, counts->late, counts->quarantined,
                  counts->rejected);
    return output_finish(&out, self, EXIT_ROWS);
}

static int release(const struct command *self, const char *path, const char *now, bool is_forced, bool is_json)
{
    struct tool_clock clock = {0};
    struct gk_counts counts = {0};
    struct gk_error error = {0};
    gk_db *db;
    int rc, closed, status = tool_open_for_writing(self, path, now, &clock, &db);

    if (status != EXIT_ROWS)
        return status;
    rc = gk_quarantine_release(db, is_forced, &counts, &error);
    if (rc == GK_OK)
        rc = gk_commit(db, &error);
    closed = gk_close(db);
    if (rc != GK_OK || closed != GK_OK) {
        error.status = rc != GK_OK ? rc : closed;
        return tool_failed(self, &error);
    }
    return report(self, &counts, is_json);
}

static int run(const struct command *self, int argc, char **argv)
{
    bool is_forced = false, is_json = false;
    const char *now = NULL;
    const struct option options[] = {
        {"force", 0, OPTION_FLAG, &is_forced}, {"now", 0, OPTION_TEXT, &now}, {"json", 0, OPTION_FLAG, &is_json}};
    bool is_release;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    is_release = n == 2 && strcmp(argv[1], "release") == 0;
    if (n == 2 && !is_release && strcmp(argv[1], "list") != 0) {
        say(self->name, "list or release was expected, not '%s'", argv[1]);
        return EXIT_USAGE;
    }
    if (!is_release && (is_forced || now != NULL || is_json)) {
        say(self->name, "--force, --now and --json go with release");
        return EXIT_USAGE;
    }
    return is_release ? release(self, argv[0], now, is_forced, is_json) : list(self, argv[0]);
}

const struct command command_quarantine = {
    "quarantine", "list or release rows that were ahead of the clock", help, 1, 2, run, NULL};
