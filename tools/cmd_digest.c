/*
 * cmd_digest.c - gk digest: one number for the logical content of a store.
 */
#include <unistd.h>

#include "option.h"
#include "output.h"
#include "tool.h"

static const char help[] =
    "gk digest STORE [--json]\n"
    "\n"
    "Prints the SHA-256 of the logical content: the same rows and catalog give the same digest, in whatever order\n"
    "and batches they came.\n"
    "\n"
    "  --json   {\"digest\": \"...\"}\n";

static int run(const struct command *self, int argc, char **argv)
{
    bool is_json = false;
    const struct option options[] = {{"json", 0, OPTION_FLAG, &is_json}};
    struct gk_error error = {0};
    struct output out;
    char digest[65];
    gk_db *db;
    int n, status, rc;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (tool_open(self, argv[0], GK_READONLY, NULL, &db) != GK_OK)
        return EXIT_STORE;
    rc = gk_digest(db, digest, &error);
    (void)gk_close(db); /* nothing was written */
    if (rc != GK_OK) {
        error.status = rc;
        return tool_failed(self, &error);
    }
    output_init(&out, STDOUT_FILENO);
    output_format(&out, is_json ? "{\"digest\": \"%s\"}\n" : "%s\n", digest);
    return output_finish(&out, self, EXIT_ROWS);
}

const struct command command_digest = {"digest", "SHA-256 of the logical content of a store", help, 1, 1, run, NULL};
