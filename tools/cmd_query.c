/*
 * cmd_query.c - gk query: statements in, rows out.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "gk_query.h"
#include "option.h"
#include "output.h"
#include "progress.h"
#include "source.h"
#include "tool.h"

#define QUERY_ROWS_DEFAULT 10000
#define QUERY_SCRIPT_MAX   (4 * 1024 * 1024)

static const char help[] =
    "gk query STORE 'TEXT' [--format F] [--now TIME] [--time] [--max-rows N] [--max-time TIME] [-f FILE]\n"
    "\n"
    "Asks a store. TEXT is one statement or several, separated by `;`; the language is in docs/QUERY.md.\n"
    "\n"
    "  --format F       table (default), csv, json, jsonl, markdown\n"
    "  --now TIME       the clock of `last 24h`, `today`, instead of the system's\n"
    "  --time           say on standard error how long each statement took\n"
    "  --max-rows N     cut an answer at N rows, 0: never (10000)\n"
    "  --max-time TIME  stop a statement after that time, 0s: never (30s)\n"
    "  -f, --file FILE  read the statements from a file, - for standard input\n"
    "\n"
    "Ctrl-C stops a statement. Exit status: 0 there were rows, 1 there were none, 2 the text could not be understood,\n"
    "3 the store failed, or a limit stopped the statement.\n"
    "\n"
    "  gk query zone.gk 'when abatement offline while production running for >= 10m last 24h'\n"
    "  gk query zone.gk 'duration, share of production running by enterprise, day last 7d' --format csv\n"
    "  gk query zone.gk '当 治污离线期间生产运行持续>=10分钟 最近24小时'\n";

static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    is_interrupted = 1;
}

/* The first Ctrl-C asks the statement to stop, a second one ends the program as usual. */
static void catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

struct asking {
    const struct command *command;
    gk_snapshot *snapshot;
    gk_session *session;
    gk_time now;
    bool is_timed;
    struct answer answer;
    struct output out;
    struct progress progress;
    uint64_t n_rows;
};

static int on_progress(void *context, uint64_t done, uint64_t total)
{
    struct asking *asking = context;

    progress_update(&asking->progress, done, total);
    return is_interrupted != 0 || asking->out.is_closed || asking->out.failure != 0;
}

/* An error about the text ends with EXIT_USAGE, any other with EXIT_STORE. */
static int say_failure(const struct asking *asking, int rc, const struct gk_query_error *error)
{
    size_t size = strlen(error->report);

    if (rc == GK_EINTERRUPTED) {
        if (is_interrupted)
            say(asking->command->name, "stopped");
    } else if (size > 0) {
        fprintf(stderr, "%s%s", error->report, error->report[size - 1] == '\n' ? "" : "\n");
    } else {
        say(asking->command->name, "%s", error->error.text[0] != '\0' ? error->error.text : gk_status_text(rc));
    }
    if (rc == GK_ELIMIT)
        say(asking->command->name, "--max-time, --max-rows: see gk help query");
    if (rc == GK_ESYNTAX || rc == GK_EINVAL || rc == GK_ENOTFOUND || rc == GK_ERANGE ||
        (rc == GK_ELIMIT && error->to > error->from))
        return EXIT_USAGE;
    return EXIT_STORE;
}

static double milliseconds(gk_time from, gk_time to)
{
    return (double)(to - from) / 1e6;
}

/* Runs a prepared statement and writes its rows; returns an exit status of EXIT_ROWS when it went well. */
static int run_statement(struct asking *asking, gk_query *query, gk_time prepared_in)
{
    struct gk_query_error error = {0};
    gk_time start = tool_monotonic();
    int rc;

    progress_init(&asking->progress, "query");
    rc = gk_query_start(query, asking->snapshot, asking->now, &error);
    if (rc != GK_OK) {
        progress_end(&asking->progress);
        return say_failure(asking, rc, &error);
    }
    answer_begin(&asking->answer, query);
    while (!asking->out.is_closed && (rc = gk_query_next(query, &error)) == GK_OK)
        answer_row(&asking->answer);
    progress_end(&asking->progress);
    asking->n_rows += asking->answer.n_rows;
    answer_end(&asking->answer, rc == GK_DONE ? gk_query_meta(query) : NULL);
    output_flush(&asking->out);
    if (asking->is_timed)
        say(asking->command->name, "prepared in %.3f ms, answered in %.3f ms, %" PRIu64 " rows",
            milliseconds(0, prepared_in), milliseconds(start, tool_monotonic()), asking->answer.n_rows);
    return rc == GK_DONE || asking->out.is_closed ? EXIT_ROWS : say_failure(asking, rc, &error);
}

static int run_script(struct asking *asking, const char *text, size_t size)
{
    int status = EXIT_ROWS;
    uint64_t n_statements = 0;

    for (size_t at = 0, used; status == EXIT_ROWS && !asking->out.is_closed; at += used) {
        struct gk_query_error error = {0};
        gk_query *query = NULL;
        gk_time start = tool_monotonic();
        int rc;

        used = 0;
        rc = gk_query_prepare(asking->session, asking->snapshot, text + at, size - at, &used, &query, &error);
        if (rc != GK_OK)
            return say_failure(asking, rc, &error);
        if (query == NULL && at + used >= size)
            break;
        if (query == NULL)
            continue; /* nothing between two ; */
        n_statements++;
        status = run_statement(asking, query, tool_monotonic() - start);
        gk_query_free(query);
    }
    if (n_statements == 0 && status == EXIT_ROWS) {
        say(asking->command->name, "there is no statement in the text; see gk help query");
        return EXIT_USAGE;
    }
    return status != EXIT_ROWS ? status : asking->n_rows > 0 ? EXIT_ROWS : EXIT_NO_ROWS;
}

/* All of a file, or NULL when it cannot be read, which is said. */
static char *read_script(const struct command *command, const char *path, size_t *size)
{
    struct gk_error error = {0};
    struct source *source;
    struct output text;
    const char *bytes;
    size_t n;
    int rc = source_open(path, &source, &error);

    output_init(&text, -1);
    while (rc == GK_OK && (rc = source_next(source, &bytes, &n, &error)) == GK_OK && text.n <= QUERY_SCRIPT_MAX)
        output_bytes(&text, bytes, n);
    source_close(source);
    if (rc == GK_DONE) {
        output_bytes(&text, "", 1);
        *size = text.n - 1;
        return text.bytes;
    }
    if (rc == GK_OK)
        say(command->name, "'%s' is too long: at most %d bytes", path, QUERY_SCRIPT_MAX);
    else
        (void)tool_failed(command, &error);
    output_clear(&text);
    return NULL;
}

struct request {
    const char *format, *now, *file;
    uint64_t max_rows;
    int64_t max_time_ns;
    bool is_timed;
};

static int ask(const struct command *self, gk_db *db, gk_snapshot *snapshot, const struct request *request,
               enum answer_format format, const char *text, size_t size)
{
    struct asking asking = {.command = self, .snapshot = snapshot, .now = gk_clock(db), .is_timed = request->is_timed};
    const struct gk_session_options options = {.size = sizeof options,
                                               .max_rows = request->max_rows,
                                               .max_run_ns = request->max_time_ns > 0 ? request->max_time_ns : -1,
                                               .progress = on_progress,
                                               .progress_context = &asking};
    int32_t zone_s = gk_snapshot_info(snapshot)->zone_s;
    int status, rc;

    if (request->now != NULL && !tool_read_time(self, "now", request->now, zone_s, &asking.now))
        return EXIT_USAGE;
    rc = gk_session_new(&options, &asking.session);
    if (rc != GK_OK) {
        say(self->name, "%s", gk_status_text(rc));
        return EXIT_STORE;
    }
    output_init(&asking.out, STDOUT_FILENO);
    asking.answer = (struct answer){
        .format = format, .out = &asking.out, .zone_s = zone_s, .is_terminal = isatty(STDOUT_FILENO) == 1};
    catch_interrupts();
    status = run_script(&asking, text, size);
    gk_session_free(asking.session);
    return output_finish(&asking.out, self, status);
}

static int run(const struct command *self, int argc, char **argv)
{
    struct request request = {.format = "table", .max_rows = QUERY_ROWS_DEFAULT, .max_time_ns = 30 * GK_SECOND};
    const struct option options[] = {{"format", 0, OPTION_TEXT, &request.format},
                                     {"now", 0, OPTION_TEXT, &request.now},
                                     {"file", 'f', OPTION_TEXT, &request.file},
                                     {"max-rows", 0, OPTION_COUNT, &request.max_rows},
                                     {"max-time", 0, OPTION_DURATION, &request.max_time_ns},
                                     {"time", 0, OPTION_FLAG, &request.is_timed}};
    enum answer_format format;
    char *script = NULL;
    size_t size;
    gk_db *db;
    gk_snapshot *snapshot;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (!answer_format_named(request.format, &format)) {
        say(self->name, "option '--format' needs table, csv, json, jsonl or markdown, not '%s'", request.format);
        return EXIT_USAGE;
    }
    if ((n == 2) == (request.file != NULL)) {
        say(self->name, n == 2 ? "the text and --file exclude each other" : "the text of the query is missing");
        return EXIT_USAGE;
    }
    if (n == 1 && (script = read_script(self, request.file, &size)) == NULL)
        return EXIT_STORE;
    status = EXIT_STORE;
    if (tool_view(self, argv[0], &db, &snapshot) == GK_OK) {
        status = ask(self, db, snapshot, &request, format, script != NULL ? script : argv[1],
                     script != NULL ? size : strlen(argv[1]));
        gk_snapshot_close(snapshot);
        (void)gk_close(db); /* nothing was written */
    }
    free(script);
    return status;
}

const struct command command_query = {"query", "ask a store; rows as a table, CSV, JSON, Markdown", help, 1, 2, run};
