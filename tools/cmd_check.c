/*
 * cmd_check.c - gk check: reads everything and tests every checksum and invariant.
 */
#include <inttypes.h>
#include <unistd.h>

#include "case.h"
#include "output.h"
#include "tool.h"

static const char help[] =
    "gk check STORE [--deep] [--json]\n"
    "gk check STORE ID --by NAME [--note TEXT] [--now TIME] [--wait S]\n"
    "\n"
    "Reads everything that is stored and tests every checksum and invariant; a line for each finding.\n"
    "\n"
    "  --deep   also derive states, presence and summaries again from the rows, and compare\n"
    "  --json   {\"ok\": ..., \"deep\": ..., \"n_findings\": ..., \"findings\": [...]}\n"
    "\n"
    "Exit status 0 when there is nothing to find, 3 when there are findings or the store cannot be opened.\n"
    "\n"
    "With the number of an alarm: records that somebody checked on site, as gk ack and the others record their steps.\n"
    "\n"
    "  --by NAME    who was there\n"
    "  --note TEXT  what was found\n"
    "  --now TIME   the clock, instead of the system's\n"
    "  --wait S     when another process writes the store: how long to wait for its word; default 5\n"
    "\n"
    "  gk check zone.gk 1042 --by li --note 'the belt is torn'\n";

/* Takes the library's text apart into lines: one finding each. */
struct findings {
    struct output *out;
    struct output line; /* what has come of the current one */
    bool is_json;
    uint64_t n;
};

static void put_line(struct findings *findings)
{
    struct output *out = findings->out;

    if (findings->line.n == 0)
        return;
    if (findings->is_json) {
        output_text(out, findings->n > 0 ? ",\n  " : "\n  ");
        output_json(out, findings->line.bytes, findings->line.n);
    } else {
        output_shown(out, findings->line.bytes, findings->line.n);
        output_text(out, "\n");
    }
    findings->n++;
    findings->line.n = 0;
}

static int take(void *context, const char *text, size_t size)
{
    struct findings *findings = context;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n')
            put_line(findings);
        else
            output_bytes(&findings->line, text + i, 1);
    }
    return GK_OK;
}

static int check(const struct command *self, gk_db *db, bool is_deep, bool is_json)
{
    struct output out, text;
    struct findings findings = {.is_json = is_json};
    struct gk_error error = {0};
    uint64_t n = 0;
    int rc;

    output_init(&out, STDOUT_FILENO);
    output_init(&text, -1); /* JSON says first how many there are */
    output_init(&findings.line, -1);
    findings.out = is_json ? &text : &out;
    rc = gk_check(db, is_deep, take, &findings, &n, &error);
    put_line(&findings);
    output_clear(&findings.line);
    if (rc == GK_OK && is_json) {
        output_format(&out, "{\"ok\": %s, \"deep\": %s, \"n_findings\": %" PRIu64 ", \"findings\": [",
                      n == 0 ? "true" : "false", is_deep ? "true" : "false", n);
        output_bytes(&out, text.bytes, text.n);
        output_text(&out, n > 0 ? "\n]}\n" : "]}\n");
    }
    output_clear(&text);
    if (rc != GK_OK) {
        error.status = rc;
        return output_finish(&out, self, tool_failed(self, &error));
    }
    if (!is_json)
        say(self->name, n == 0 ? "no findings" : "%" PRIu64 " findings", n);
    return output_finish(&out, self, n == 0 ? EXIT_ROWS : EXIT_STORE);
}

static int run(const struct command *self, int argc, char **argv)
{
    bool is_deep = false, is_json = false;
    struct case_options o = {.wait_ns = CASE_WAIT_NS};
    const struct option options[] = {
        {"deep", 0, OPTION_FLAG, &is_deep}, {"json", 0, OPTION_FLAG, &is_json}, CASE_OPTIONS(o)};
    gk_db *db;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (n == 2 && (is_deep || is_json)) {
        say(self->name, "--deep and --json go with the check of a store, not with that of an alarm");
        return EXIT_USAGE;
    }
    if (n == 2)
        return case_step(self, GK_ACT_CHECKED, argv[0], argv[1], &o);
    if (o.by != NULL || o.note != NULL || o.now != NULL) {
        say(self->name, "--by, --note and --now go with the number of an alarm");
        return EXIT_USAGE;
    }
    if (tool_open(self, argv[0], GK_READONLY, NULL, &db) != GK_OK)
        return EXIT_STORE;
    status = check(self, db, is_deep, is_json);
    (void)gk_close(db); /* nothing was written */
    return status;
}

const struct command command_check = {"check", "test every checksum and invariant of a store", help, 1, 2, run, NULL};
