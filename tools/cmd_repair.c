/*
 * cmd_repair.c - gk repair: moves aside what is damaged, and makes again what follows from the rest; or makes a new
 * store of what can be read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "option.h"
#include "output.h"
#include "tool.h"

static const char help[] =
    "gk repair STORE [--salvage NEW] [--json]\n"
    "\n"
    "Mends what gk check --deep finds, as far as it follows from something else. Records that cannot be read are "
    "moved\n"
    "aside, never deleted (gk dump STORE damaged shows them): the rows of a damaged chunk are lost, and answers name "
    "the\n"
    "time. Profiles, states, hours, the presence index and counts are made again from the rows. A line for each thing\n"
    "that was done and for each finding that is left. Nobody else may write the store meanwhile.\n"
    "\n"
    "  --salvage NEW   leaves STORE as it is and makes a store at NEW of all that can be read of it: catalog, rows,\n"
    "                  acts. A line for each thing that is missing; answers of NEW say that more may be missing\n"
    "  --json          {\"mended\": ..., \"left\": ..., \"lines\": [...]}; with --salvage {\"missing\": ...,\n"
    "                  \"lines\": [...]}\n"
    "\n"
    "A store whose pages, facts or catalog are damaged is refused: restore a copy, or, if there is none, salvage. Make "
    "a\n"
    "copy before you repair.\n"
    "\n"
    "Exit status 0 when nothing is left or missing, 3 when something is or the store cannot be repaired.\n"
    "\n"
    "  gk check zone.gk --deep || gk repair zone.gk\n"
    "  gk repair zone.gk --salvage saved.gk\n";

struct lines {
    struct output *out;
    bool is_json;
    uint64_t n;
};

/* The library gives a line at a time. */
static int take(void *context, const char *text, size_t size)
{
    struct lines *lines = context;

    size -= size > 0 && text[size - 1] == '\n';
    if (lines->is_json) {
        output_text(lines->out, lines->n > 0 ? ",\n  " : "\n  ");
        output_json(lines->out, text, size);
    } else {
        output_shown(lines->out, text, size);
        output_text(lines->out, "\n");
    }
    lines->n++;
    return GK_OK;
}

static void put_json(struct output *out, const struct lines *lines, const char *counts)
{
    output_format(out, "{%s, \"lines\": [", counts);
    output_bytes(out, lines->out->bytes, lines->out->n);
    output_text(out, lines->n > 0 ? "\n]}\n" : "]}\n");
}

static int run(const struct command *self, int argc, char **argv)
{
    const char *salvage = NULL;
    bool is_json = false;
    const struct option options[] = {{"json", 0, OPTION_FLAG, &is_json}, {"salvage", 0, OPTION_TEXT, &salvage}};
    struct gk_error error = {0};
    uint64_t n_mended = 0, n_left = 0; /* left: missing, of what is salvaged */
    struct output out, text;
    char counts[80];
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    output_init(&out, STDOUT_FILENO);
    output_init(&text, -1); /* JSON says first how many there are */
    struct lines lines = {.out = is_json ? &text : &out, .is_json = is_json};
    error.status = salvage ? gk_salvage(argv[0], salvage, NULL, take, &lines, &n_left, &error)
                           : gk_repair(argv[0], NULL, take, &lines, &n_mended, &n_left, &error);
    if (salvage)
        (void)snprintf(counts, sizeof counts, "\"missing\": %" PRIu64, n_left);
    else
        (void)snprintf(counts, sizeof counts, "\"mended\": %" PRIu64 ", \"left\": %" PRIu64, n_mended, n_left);
    if (error.status == GK_OK && is_json)
        put_json(&out, &lines, counts);
    output_clear(&text);
    if (error.status != GK_OK)
        return output_finish(&out, self, tool_failed(self, &error));
    if (!is_json && salvage)
        say(self->name, "%s has what can be read of %s; %" PRIu64 " things missing", salvage, argv[0], n_left);
    else if (!is_json)
        say(self->name, "%" PRIu64 " things mended, %" PRIu64 " findings left", n_mended, n_left);
    return output_finish(&out, self, n_left == 0 ? EXIT_ROWS : EXIT_STORE);
}

const struct command command_repair = {"repair", "move aside what is damaged, make again what follows", help, 1, 1, run,
                                       NULL};
