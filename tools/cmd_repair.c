/*
 * cmd_repair.c - gk repair: moves aside what is damaged, and makes again what follows from the rest.
 */
#include <inttypes.h>
#include <unistd.h>

#include "option.h"
#include "output.h"
#include "tool.h"

static const char help[] =
    "gk repair STORE [--json]\n"
    "\n"
    "Mends what gk check --deep finds, as far as it follows from something else. Records that cannot be read are "
    "moved\n"
    "aside, never deleted (gk dump STORE damaged shows them): the rows of a damaged chunk are lost, and answers name "
    "the\n"
    "time. Profiles, states, hours, the presence index and counts are made again from the rows. A line for each thing\n"
    "that was done and for each finding that is left. Nobody else may write the store meanwhile.\n"
    "\n"
    "  --json   {\"mended\": ..., \"left\": ..., \"lines\": [...]}\n"
    "\n"
    "A store whose pages, facts or catalog are damaged is refused: restore a copy. Make one before you repair.\n"
    "\n"
    "Exit status 0 when nothing is left, 3 when something is or the store cannot be repaired.\n"
    "\n"
    "  gk check zone.gk --deep || gk repair zone.gk\n";

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

static int run(const struct command *self, int argc, char **argv)
{
    bool is_json = false;
    const struct option options[] = {{"json", 0, OPTION_FLAG, &is_json}};
    struct gk_error error = {0};
    uint64_t n_mended, n_left;
    struct output out, text;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    output_init(&out, STDOUT_FILENO);
    output_init(&text, -1); /* JSON says first how many there are */
    struct lines lines = {.out = is_json ? &text : &out, .is_json = is_json};
    error.status = gk_repair(argv[0], NULL, take, &lines, &n_mended, &n_left, &error);
    if (error.status == GK_OK && is_json) {
        output_format(&out, "{\"mended\": %" PRIu64 ", \"left\": %" PRIu64 ", \"lines\": [", n_mended, n_left);
        output_bytes(&out, text.bytes, text.n);
        output_text(&out, lines.n > 0 ? "\n]}\n" : "]}\n");
    }
    output_clear(&text);
    if (error.status != GK_OK)
        return output_finish(&out, self, tool_failed(self, &error));
    if (!is_json)
        say(self->name, "%" PRIu64 " things mended, %" PRIu64 " findings left", n_mended, n_left);
    return output_finish(&out, self, n_left == 0 ? EXIT_ROWS : EXIT_STORE);
}

const struct command command_repair = {"repair", "move aside what is damaged, make again what follows", help, 1, 1, run,
                                       NULL};
