/*
 * cmd_evidence.c - gk evidence: all that an alarm stands on, as a page to print or as a picture.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "evidence_page.h"
#include "interrupt.h"
#include "option.h"
#include "plot_svg.h"
#include "texts.h"

static const char help[] =
    "gk evidence STORE ID -o FILE.html|FILE.svg [OPTION...]\n"
    "\n"
    "All that an alarm stands on, as a page to print: the rule as it was, whether it holds by what was known when it "
    "was\n"
    "raised and by what is known now, limits, links, orders and exemptions in force, the states of all that the rule\n"
    "looks at, drawn and as a table, the chunks of rows that were read with their checksums, and the acts with their\n"
    "hashes. As a table or JSON: gk query STORE 'evidence of ID' --format json.\n"
    "\n"
    "  -o, --output FILE  a page (.html) or the picture alone (.svg); - writes the page to standard output\n"
    "  --now TIME         the clock, instead of the system's\n"
    "\n"
    "Exit status: 0 written, 2 there is no such alarm, or nothing to draw, 3 the store or the file failed.\n"
    "\n"
    "  gk evidence zone.gk 1042 -o alarm-1042.html\n";

static const char help_zh[] =
    "gk evidence STORE ID -o FILE.html|FILE.svg [OPTION...]\n"
    "\n"
    "一条报警的全部依据，可打印：当时的规则；按触发时所知和现在所知，规则是否成立；有效的阈值、关联、管控令和豁免单；\n"
    "规则涉及的设施的状态（图和表）；所读数据块及其校验和；处置记录及其哈希。\n"
    "表格或 JSON：gk query STORE 'evidence of ID' --format json。\n"
    "\n"
    "  -o, --output FILE  页面（.html）或只要图（.svg）；- 把页面写到标准输出\n"
    "  --now TIME         代替系统时钟\n"
    "\n"
    "退出码：0 已写出，2 没有这条报警或没有可画的，3 存储或文件出错。\n"
    "\n"
    "  gk evidence zone.gk 1042 -o alarm-1042.html\n";

struct work {
    const struct command *command;
    gk_snapshot *snapshot;
    gk_session *session;
    gk_time now;
    uint64_t alarm;
    struct evidence_page page;
    struct output picture;
};

static int on_progress(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    (void)done;
    (void)total;
    return interrupt_is_pending();
}

static int fail(const struct work *work, int rc, const char *text)
{
    say(work->command->name, "%s", text[0] != '\0' ? text : gk_status_text(rc));
    return rc == GK_ENOTFOUND || rc == GK_ESYNTAX || rc == GK_EINVAL || rc == GK_ERANGE ? EXIT_USAGE : EXIT_STORE;
}

/* Starts a statement; NULL on an error, which was told and gives *status. */
static gk_query *begin(const struct work *work, const char *text, int *status)
{
    struct gk_query_error error = {0};
    gk_query *query = NULL;
    int rc = gk_query_prepare(work->session, work->snapshot, text, strlen(text), NULL, &query, &error);

    if (rc == GK_OK)
        rc = gk_query_start(query, work->snapshot, work->now, &error);
    *status = rc == GK_OK ? EXIT_ROWS : fail(work, rc, error.error.text);
    if (rc == GK_OK)
        return query;
    gk_query_free(query);
    return NULL;
}

/* What the rule looks at; nothing where the store does not know the rule. */
static int draw(struct work *work)
{
    const struct plot_request request = {.as = PLOT_KINDS, .max_lanes = PLOT_LANES_DEFAULT};
    struct gk_query_error wrong = {0};
    struct gk_error error = {0};
    struct plot plot = {.n_cells = 0};
    int status, rc;

    if (work->page.question == NULL)
        return EXIT_ROWS;
    gk_query *query = begin(work, work->page.question, &status);
    if (query == NULL)
        return status;
    plot_begin(&plot, &request, work->session, work->snapshot, query);
    while ((rc = gk_query_next(query, &wrong)) == GK_OK)
        plot_add(&plot);
    if (rc == GK_DONE)
        rc = plot_make(&plot, &error);
    else
        error = wrong.error;
    if (rc == GK_OK)
        rc = plot_svg_write(&plot, PLOT_SVG_WIDTH, 0, &work->picture, &error);
    status = rc == GK_OK ? EXIT_ROWS : fail(work, rc, error.text);
    plot_clear(&plot);
    gk_query_free(query);
    return status;
}

/* The rows of the evidence, and what stands under them. */
static int gather(struct work *work, struct output *out)
{
    struct gk_query_error error = {0};
    char text[64];
    int status, rc;

    (void)snprintf(text, sizeof text, "evidence of %" PRIu64, work->alarm);
    gk_query *query = begin(work, text, &status);
    if (query == NULL)
        return status;
    while ((rc = gk_query_next(query, &error)) == GK_OK)
        evidence_page_row(&work->page, query);
    status = rc == GK_DONE ? EXIT_ROWS : fail(work, rc, error.error.text);
    if (status == EXIT_ROWS)
        status = draw(work);
    if (status == EXIT_ROWS)
        evidence_page_write(&work->page, work->alarm, gk_query_meta(query), gk_snapshot_info(work->snapshot),
                            &work->picture, out);
    gk_query_free(query);
    return status;
}

/* ---- writing ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Only a whole page is written. */
static int write_page(struct work *work, const struct output *page, const char *path)
{
    bool is_picture = ends_with(path, ".svg");
    struct output shown;

    if (is_picture && work->picture.n == 0) {
        say(work->command->name, "there is nothing to draw: the store does not have the rule of this alarm");
        return EXIT_USAGE;
    }
    if (strcmp(path, "-") != 0)
        return output_save(is_picture ? &work->picture : page, work->command, path);
    output_init(&shown, STDOUT_FILENO);
    output_bytes(&shown, page->bytes, page->n);
    return output_finish(&shown, work->command, EXIT_ROWS);
}

static int show(struct work *work, const char *path)
{
    const struct gk_session_options options = {
        .size = sizeof options, .lang = texts_chosen(), .progress = on_progress, .progress_context = work};
    struct output page;
    int rc = gk_session_new(&options, &work->session), status;

    if (rc != GK_OK)
        return fail(work, rc, "");
    interrupt_catch(true);
    output_init(&page, -1);
    output_init(&work->picture, -1);
    evidence_page_init(&work->page, work->session, gk_snapshot_info(work->snapshot)->zone_s);
    status = gather(work, &page);
    if (status == EXIT_ROWS)
        status = write_page(work, &page, path);
    evidence_page_clear(&work->page);
    output_clear(&work->picture);
    output_clear(&page);
    gk_session_free(work->session);
    return status;
}

static bool read_id(const struct work *work, const char *text, uint64_t *id)
{
    char *end;

    *id = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && *id > 0)
        return true;
    say(work->command->name, "'%s' is no number of an alarm: gk query STORE 'list alarms' has them", text);
    return false;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct work work = {.command = self};
    const char *output = NULL, *now = NULL;
    const struct option options[] = {{"output", 'o', OPTION_TEXT, &output}, {"now", 0, OPTION_TEXT, &now}};
    gk_db *db;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (!read_id(&work, argv[1], &work.alarm))
        return EXIT_USAGE;
    if (output == NULL || (strcmp(output, "-") != 0 && !ends_with(output, ".html") && !ends_with(output, ".svg"))) {
        say(self->name,
            "-o FILE.html, -o FILE.svg or -o - says where it goes; as a table: gk query STORE 'evidence of %s'",
            argv[1]);
        return EXIT_USAGE;
    }
    if (tool_view(self, argv[0], &db, &work.snapshot) != GK_OK)
        return EXIT_STORE;
    work.now = gk_clock(db);
    if (now == NULL || tool_read_time(self, "now", now, gk_snapshot_info(work.snapshot)->zone_s, &work.now))
        status = show(&work, output);
    else
        status = EXIT_USAGE;
    gk_snapshot_close(work.snapshot);
    (void)gk_close(db); /* nothing was written */
    return status;
}

const struct command command_evidence = {"evidence", "all that an alarm stands on, as a page to print", help, 2, 2, run,
                                         help_zh};
