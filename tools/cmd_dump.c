/*
 * cmd_dump.c - gk dump: what is stored, as text.
 */
#include <string.h>
#include <unistd.h>

#include "option.h"
#include "output.h"
#include "tool.h"

static const char help[] =
    "gk dump STORE WHAT\n"
    "\n"
    "Prints what is stored as text for people. WHAT is a table (meta, catalog, journal, source, chunk, state,\n"
    "presence...), `quarantine`, `facility NAME`, or `all`.\n"
    "\n"
    "  gk dump zone.gk facility P1E01L1M1\n";

static int run(const struct command *self, int argc, char **argv)
{
    struct gk_error error = {0};
    struct output out, what;
    gk_db *db;
    int n, status, rc;

    if (!options_read(self, NULL, 0, argc, argv, &n, &status))
        return status;
    if (tool_open(self, argv[0], GK_READONLY, NULL, &db) != GK_OK)
        return EXIT_STORE;
    output_init(&what, -1); /* the words, as one text */
    for (int i = 1; i < n; i++)
        output_format(&what, "%s%s", i > 1 ? " " : "", argv[i]);
    output_bytes(&what, "", 1);
    output_init(&out, STDOUT_FILENO);
    rc = gk_dump(db, what.bytes, output_sink, &out, &error);
    status = EXIT_ROWS;
    if (rc != GK_OK && out.failure == 0 && !out.is_closed) {
        error.status = rc;
        status = tool_failed(self, &error);
        if (rc == GK_EINVAL || rc == GK_ENOTFOUND) /* there is no such thing to dump */
            status = EXIT_USAGE;
    }
    output_clear(&what);
    (void)gk_close(db); /* nothing was written */
    return output_finish(&out, self, status);
}

const struct command command_dump = {"dump", "print what is stored, as text", help, 2, 3, run, NULL};
