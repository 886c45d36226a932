/*
 * ask.c - prepares, runs and writes one statement after the other.
 */
#include "ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "source.h"
#include "texts.h"

/* A pager has the screen: nothing else is written there. */
static bool is_paged(const struct ask *ask)
{
    return ask->out.choose != NULL && ask->out.fd >= 0 && ask->out.fd != STDOUT_FILENO;
}

static int on_progress(void *context, uint64_t done, uint64_t total)
{
    struct ask *ask = context;

    if (!is_paged(ask))
        progress_update(&ask->progress, done, total);
    return interrupt_is_pending() || ask->out.is_closed || ask->out.failure != 0;
}

/* A new session, or the one there is with the limits as they are now. */
static int configure(struct ask *ask)
{
    uint64_t memory_mb = ask->memory_mb < ASK_MEMORY_MAX ? ask->memory_mb : ASK_MEMORY_MAX;
    const struct gk_session_options options = {.size = sizeof options,
                                               .max_rows = ask->limit,
                                               .max_run_ns = ask->timeout_ns > 0 ? ask->timeout_ns : -1,
                                               .max_memory = (size_t)memory_mb << 20,
                                               .max_window_ns = ask->window_ns,
                                               .lang = texts_chosen(),
                                               .progress = on_progress,
                                               .progress_context = ask};

    if (ask->session == NULL)
        return gk_session_new(&options, &ask->session);
    gk_session_configure(ask->session, &options);
    return GK_OK;
}

int ask_open(struct ask *ask, const struct command *command, const char *path)
{
    gk_snapshot *snapshot;
    int rc;

    *ask = (struct ask){.command = command,
                        .limit = ASK_LIMIT_DEFAULT,
                        .timeout_ns = ASK_TIMEOUT_DEFAULT,
                        .memory_mb = ASK_MEMORY_DEFAULT,
                        .window_ns = ASK_WINDOW_DEFAULT};
    if (tool_view(command, path, &ask->db, &snapshot) != GK_OK)
        return EXIT_STORE;
    ask->zone_s = gk_snapshot_info(snapshot)->zone_s;
    gk_snapshot_close(snapshot);
    rc = configure(ask);
    if (rc != GK_OK) {
        say(command->name, "%s", gk_status_text(rc));
        ask_close(ask);
        return EXIT_STORE;
    }
    output_init(&ask->out, STDOUT_FILENO);
    ask->answer = (struct answer){.out = &ask->out,
                                  .session = ask->session,
                                  .zone_s = ask->zone_s,
                                  .is_terminal = isatty(STDOUT_FILENO) == 1,
                                  .limit_option = "--limit"};
    return EXIT_ROWS;
}

void ask_close(struct ask *ask)
{
    gk_session_free(ask->session);
    (void)gk_close(ask->db); /* nothing was written */
    ask->session = NULL;
    ask->db = NULL;
}

gk_time ask_now(const struct ask *ask)
{
    /* Nanoseconds of the clock are noise in a window that people read. */
    return ask->now_is_set ? ask->now : gk_clock(ask->db) / (GK_SECOND / 1000) * (GK_SECOND / 1000);
}

/* The library's report, with names of the store that could move the cursor spelled out. */
static void put_report(const char *report)
{
    struct output out;

    output_init(&out, STDERR_FILENO);
    for (const char *line = report; *line != '\0';) {
        size_t n = strcspn(line, "\n");

        output_shown(&out, line, n);
        output_text(&out, "\n");
        line += n + (line[n] == '\n');
    }
    output_flush(&out); /* where it cannot be said it is not said */
    output_clear(&out);
}

/* An error about the text ends with EXIT_USAGE, any other with EXIT_STORE. */
static int say_failure(const struct ask *ask, int rc, const struct gk_query_error *error)
{
    if (rc == GK_EINTERRUPTED) {
        if (interrupt_is_pending() && !is_paged(ask))
            say(ask->command->name, "stopped");
    } else if (error->report[0] != '\0') {
        put_report(error->report);
    } else {
        say(ask->command->name, "%s", error->error.text[0] != '\0' ? error->error.text : gk_status_text(rc));
    }
    if (rc == GK_ELIMIT && error->to == error->from)
        say(ask->command->name, ask->answer.limit_option[0] == '-'
                                    ? "--timeout, --memory, --window and --limit change the limits"
                                    : ".timeout, .memory, .window and .limit change the limits");
    if (rc == GK_ESYNTAX || rc == GK_EINVAL || rc == GK_ENOTFOUND || rc == GK_ERANGE ||
        (rc == GK_ELIMIT && error->to > error->from))
        return EXIT_USAGE;
    return EXIT_STORE;
}

static double milliseconds(gk_time from, gk_time to)
{
    return (double)(to - from) / 1e6;
}

/* Runs a prepared statement and writes its rows; returns an exit status, EXIT_ROWS when it went well. */
static int run_statement(struct ask *ask, gk_snapshot *snapshot, gk_query *query, gk_time prepared_in)
{
    struct gk_query_error error = {0};
    gk_time start = tool_monotonic();
    bool is_written;
    int rc;

    progress_init(&ask->progress, ask->command->name);
    rc = gk_query_start(query, snapshot, ask_now(ask), &error);
    if (rc != GK_OK) {
        progress_end(&ask->progress);
        return say_failure(ask, rc, &error);
    }
    ask->answer.snapshot = snapshot;
    answer_begin(&ask->answer, query);
    /* Rows that are all made already are given without a look at the progress. */
    while (!ask->out.is_closed && !interrupt_is_pending() && (rc = gk_query_next(query, &error)) == GK_OK)
        answer_row(&ask->answer);
    rc = rc == GK_OK && interrupt_is_pending() ? GK_EINTERRUPTED : rc;
    progress_end(&ask->progress);
    ask->n_rows += ask->answer.n_rows;
    is_written = answer_end(&ask->answer, rc == GK_DONE ? gk_query_meta(query) : NULL);
    output_flush(&ask->out);
    if (ask->is_timed)
        say(ask->command->name, "prepared in %.3f ms, answered in %.3f ms, %" PRIu64 " rows",
            milliseconds(0, prepared_in), milliseconds(start, tool_monotonic()), ask->answer.n_rows);
    if (!is_written)
        return EXIT_USAGE;
    return rc == GK_DONE || ask->out.is_closed ? EXIT_ROWS : say_failure(ask, rc, &error);
}

static int run_all(struct ask *ask, gk_snapshot *snapshot, const char *text, size_t size)
{
    int status = EXIT_ROWS;

    for (size_t at = 0, used; status == EXIT_ROWS && !ask->out.is_closed; at += used) {
        struct gk_query_error error = {0};
        gk_query *query = NULL;
        gk_time start = tool_monotonic();
        int rc;

        used = 0;
        rc = gk_query_prepare(ask->session, snapshot, text + at, size - at, &used, &query, &error);
        if (rc != GK_OK)
            return say_failure(ask, rc, &error);
        if (query == NULL && at + used >= size)
            break;
        if (query == NULL)
            continue; /* nothing between two ; */
        ask->n_statements++;
        status = run_statement(ask, snapshot, query, tool_monotonic() - start);
        gk_query_free(query);
    }
    return status;
}

int ask_text(struct ask *ask, const char *text, size_t size)
{
    struct gk_error error = {0};
    gk_snapshot *snapshot;
    int status;

    ask->n_statements = ask->n_rows = 0;
    (void)configure(ask); /* cannot fail: there is a session */
    error.status = gk_snapshot_open(ask->db, &snapshot, &error);
    if (error.status != GK_OK)
        return tool_failed(ask->command, &error);
    status = run_all(ask, snapshot, text, size);
    gk_snapshot_close(snapshot);
    return status;
}

bool ask_set_param(struct ask *ask, const char *text)
{
    const char *value = strchr(text, '=');
    char name[GK_NAME_MAX + 1];
    int n = value != NULL && value - text <= GK_NAME_MAX ? (int)(value - text) : 0;
    int rc;

    snprintf(name, sizeof name, "%.*s", n, text);
    rc = value == NULL ? GK_EINVAL : gk_session_set(ask->session, name, value + 1, strlen(value + 1));
    if (rc == GK_EINVAL)
        say(ask->command->name, "a parameter is written name=value, with letters, digits and _ in its name, not '%s'",
            text);
    else if (rc == GK_ERANGE)
        say(ask->command->name, "the value of parameter '%.*s' must have 1 to %d bytes", n, text, GK_NAME_MAX);
    else if (rc != GK_OK)
        say(ask->command->name, "%s", gk_status_text(rc));
    return rc == GK_OK;
}

char *ask_read_file(const struct command *command, const char *path, size_t *size)
{
    struct gk_error error = {0};
    struct source *source;
    struct output text;
    const char *bytes;
    size_t n;
    int rc = source_open(path, &source, &error);

    output_init(&text, -1);
    while (rc == GK_OK && (rc = source_next(source, &bytes, &n, &error)) == GK_OK && text.n <= ASK_SCRIPT_MAX)
        output_bytes(&text, bytes, n);
    source_close(source);
    if (rc == GK_DONE) {
        output_bytes(&text, "", 1);
        *size = text.n - 1;
        return text.bytes;
    }
    if (rc == GK_OK)
        say(command->name, "'%s' is too long: at most %d bytes", path, ASK_SCRIPT_MAX);
    else
        (void)tool_failed(command, &error);
    output_clear(&text);
    return NULL;
}
