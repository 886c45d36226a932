/*
 * cmd_rule.c - gk rule: puts rules into a store, lists and drops them, tries them over what was, and judges.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "option.h"
#include "rules.h"
#include "table.h"
#include "texts.h"
#include "trial.h"

static const char help[] =
    "gk rule put STORE FILE... [--from TIME] [--now TIME]\n"
    "gk rule list STORE [--format F]\n"
    "gk rule drop STORE NAME... [--now TIME]\n"
    "gk rule test STORE FILE... [--since TIME] [--until TIME] [--now TIME] [--format table|csv]\n"
    "gk rule judge STORE [--now TIME]\n"
    "\n"
    "Rules are questions that stand in a store; what they raise is put on record. A file has rules alone, with `;`\n"
    "between them (docs/QUERY.md, \"Rules\"; a ready set is in docs/rules).\n"
    "\n"
    "  put    another text under a name is its next version, the same again is nothing\n"
    "  list   those in force\n"
    "  drop   alarms of theirs that still go on end with them\n"
    "  test   what the rules of a file would have raised, by enterprise and day, and what asking cost; nothing is put\n"
    "  judge  looks once: puts on record what came true, ended or fell silent since somebody last looked\n"
    "\n"
    "  --from TIME    put: in force from then on, or `always`; default now\n"
    "  --since TIME   test: default 7 days before the end\n"
    "  --until TIME   test: default now\n"
    "  --now TIME     the clock, instead of the system's\n"
    "  --format F     of list and test: table (default) or csv; list knows json, jsonl and markdown, too\n"
    "\n"
    "Exit status: 0 done, 1 list or test without rows, 2 a rule could not be understood, 3 the store failed.\n"
    "\n"
    "  gk rule test zone.gk docs/rules/untreated.gkql --since 2026-01-03 --until 2026-01-05\n"
    "  gk rule put zone.gk docs/rules/untreated.gkql --from always && gk rule judge zone.gk\n";

static const char help_zh[] =
    "gk rule put STORE FILE... [--from TIME] [--now TIME]\n"
    "gk rule list STORE [--format F]\n"
    "gk rule drop STORE NAME... [--now TIME]\n"
    "gk rule test STORE FILE... [--since TIME] [--until TIME] [--now TIME] [--format table|csv]\n"
    "gk rule judge STORE [--now TIME]\n"
    "\n"
    "规则是存储中常驻的问句，产生的报警记入档案。文件里只写规则，以 `;` 分隔（docs/QUERY.md 的“Rules”；\n"
    "现成的规则在 docs/rules）。\n"
    "\n"
    "  put    存入规则；同名而文字不同者为下一版本，相同者不变\n"
    "  list   列出现行规则\n"
    "  drop   停用；其未结束的报警随之结束\n"
    "  test   试算：文件中的规则会产生多少报警，按企业和日统计，并给出用时；不存入任何内容\n"
    "  judge  判定一次：自上次以来成立、结束或失联的，记入档案\n"
    "\n"
    "  --from TIME    put：从何时起生效，或 `always`；缺省为现在\n"
    "  --since TIME   test：缺省为结束前 7 天\n"
    "  --until TIME   test：缺省为现在\n"
    "  --now TIME     时钟，代替系统时钟\n"
    "  --format F     list 与 test：table（缺省）或 csv；list 还可用 json、jsonl、markdown\n"
    "\n"
    "退出码：0 完成，1 list 或 test 没有行，2 规则看不懂，3 存储出错。\n"
    "\n"
    "  gk rule test zone.gk docs/rules/untreated.gkql --since 2026-01-03 --until 2026-01-05\n"
    "  gk rule put zone.gk docs/rules/untreated.gkql --from always && gk rule judge zone.gk\n";

struct request {
    const char *from, *since, *until, *now, *format;
};

/* ---- the rules of a file ---- */

/* What is done with each rule; an exit status. */
typedef int (*rule_fn)(void *context, gk_query *query);

static int say_error(const struct command *self, const char *path, int rc, const struct gk_query_error *error)
{
    if (error->report[0] != '\0') {
        say(self->name, "%s:", path);
        struct output out;
        output_init(&out, STDERR_FILENO);
        output_text(&out, error->report);
        (void)output_finish(&out, NULL, EXIT_ROWS); /* there is nowhere left to say it */
    } else {
        say(self->name, "%s: %s", path, gk_status_text(rc));
    }
    return rc == GK_ESYNTAX || rc == GK_ELIMIT || rc == GK_EINVAL ? EXIT_USAGE : EXIT_STORE;
}

static int each_rule(const struct command *self, gk_session *session, gk_snapshot *snapshot, const char *path,
                     rule_fn take, void *context)
{
    size_t size, at = 0, used;
    char *text = ask_read_file(self, path, &size);
    int status = EXIT_ROWS;

    if (text == NULL)
        return EXIT_STORE;
    for (; status == EXIT_ROWS && at < size; at += used) {
        struct gk_query_error error = {0};
        gk_query *query = NULL;
        used = 0;
        int rc = gk_query_prepare(session, snapshot, text + at, size - at, &used, &query, &error);
        if (rc != GK_OK) {
            status = say_error(self, path, rc, &error);
        } else if (query != NULL && gk_query_rule(query) == NULL) {
            say(self->name, "%s: a file of rules has rules alone, not '%.*s'", path, (int)gk_query_text(query).size,
                gk_query_text(query).bytes);
            status = EXIT_USAGE;
        } else if (query != NULL) {
            status = take(context, query);
        }
        gk_query_free(query);
    }
    free(text);
    return status;
}

/* ---- put, drop, judge: a store that is written ---- */

struct writing {
    const struct command *self;
    gk_db *db;
    gk_time from;
    unsigned n_new, n_same;
    struct gk_error error;
};

static int put_nothing(void *context, gk_query *query)
{
    (void)context;
    (void)query;
    return EXIT_ROWS;
}

static int put_rule(void *context, gk_query *query)
{
    struct writing *writing = context;
    const struct gk_query_rule *rule = gk_query_rule(query);
    struct gk_rule_put put = {.size = sizeof put, .name = rule->name, .text = rule->text, .from = writing->from};
    uint32_t version;
    gk_snapshot *snapshot;
    int rc = gk_snapshot_open(writing->db, &snapshot, &writing->error);
    const struct gk_rule *before = rc == GK_OK ? gk_rule_find(snapshot, rule->name.bytes, rule->name.size) : NULL;
    uint32_t was = before != NULL ? before->version : 0;

    if (rc == GK_OK)
        gk_snapshot_close(snapshot);
    if (rc == GK_OK)
        rc = gk_rule_put(writing->db, &put, &version, &writing->error);
    if (rc != GK_OK) {
        writing->error.status = rc;
        return tool_failed(writing->self, &writing->error);
    }
    writing->n_new += version != was;
    writing->n_same += version == was;
    return EXIT_ROWS;
}

/* All rules of all files are put, or none. */
static int put_files(struct writing *writing, char *const *paths, int n)
{
    gk_session *session = NULL;
    gk_snapshot *snapshot = NULL;
    int rc = gk_session_new(NULL, &session), status = EXIT_ROWS;

    if (rc == GK_OK)
        rc = gk_snapshot_open(writing->db, &snapshot, &writing->error);
    if (rc != GK_OK) {
        writing->error.status = rc;
        status = tool_failed(writing->self, &writing->error);
    }
    for (int pass = 0; pass < 2; pass++) /* first they are read, so that a mistake in the last one puts none */
        for (int i = 0; status == EXIT_ROWS && i < n; i++) {
            status = each_rule(writing->self, session, snapshot, paths[i], pass ? put_rule : put_nothing, writing);
        }
    gk_snapshot_close(snapshot);
    gk_session_free(session);
    if (status == EXIT_ROWS)
        say(writing->self->name, "%u new, %u as they were", writing->n_new, writing->n_same);
    return status;
}

int rules_put(const struct command *command, gk_db *db, char *const *paths, int n, gk_time from)
{
    struct writing writing = {.self = command, .db = db, .from = from};

    return put_files(&writing, paths, n);
}

static int drop_names(struct writing *writing, char **names, int n)
{
    for (int i = 0; i < n; i++) {
        struct gk_rule_put put = {.size = sizeof put, .name = {names[i], strlen(names[i])}};
        int rc = gk_rule_put(writing->db, &put, NULL, &writing->error);
        if (rc == GK_OK)
            continue;
        writing->error.status = rc;
        (void)tool_failed(writing->self, &writing->error); /* the status is another one */
        return rc == GK_ENOTFOUND ? EXIT_USAGE : EXIT_STORE;
    }
    return EXIT_ROWS;
}

static int judge_once(struct writing *writing)
{
    struct gk_query_error error = {0};
    struct gk_judged done;
    gk_judge *judge;
    int rc = gk_judge_open(writing->db, NULL, &judge, &error);

    if (rc == GK_OK)
        rc = gk_advance(judge, gk_clock(writing->db), &done, &error);
    gk_judge_close(judge);
    if (rc != GK_OK) {
        error.error.status = rc;
        return tool_failed(writing->self, &error.error);
    }
    say(writing->self->name,
        "%" PRIu64 " raised, %" PRIu64 " recovered, %" PRIu64 " unknown, %" PRIu64 " amended, %" PRIu64
        " escalated; %" PRIu64 " conditions were worked out",
        done.n_raised, done.n_recovered, done.n_unknown, done.n_amended, done.n_escalated, done.n_asked);
    if (done.n_broken > 0)
        say(writing->self->name, "%" PRIu64 " rules cannot be understood any more: names that are gone", done.n_broken);
    return EXIT_ROWS;
}

static int write_store(const struct command *self, const char *verb, int argc, char **argv, const struct request *r)
{
    struct tool_clock clock = {0};
    struct writing writing = {.self = self};
    gk_snapshot *snapshot;
    int rc, status = tool_open_for_writing(self, argv[0], r->now, &clock, &writing.db);

    if (status != EXIT_ROWS)
        return status;
    rc = gk_snapshot_open(writing.db, &snapshot, &writing.error);
    int32_t zone_s = rc == GK_OK ? gk_snapshot_info(snapshot)->zone_s : 0;
    if (rc == GK_OK)
        gk_snapshot_close(snapshot);
    if (r->from != NULL && strcmp(r->from, "always") == 0)
        writing.from = GK_TIME_MIN;
    else if (r->from != NULL && !tool_read_time(self, "from", r->from, zone_s, &writing.from))
        status = EXIT_USAGE;
    if (status == EXIT_ROWS)
        status = strcmp(verb, "put") == 0    ? put_files(&writing, argv + 1, argc - 1)
                 : strcmp(verb, "drop") == 0 ? drop_names(&writing, argv + 1, argc - 1)
                                             : judge_once(&writing);
    rc = gk_close(writing.db);
    if (status != EXIT_ROWS || rc == GK_OK)
        return status;
    writing.error = (struct gk_error){.status = rc};
    return tool_failed(self, &writing.error);
}

/* ---- test ---- */

struct testing {
    const struct command *self;
    gk_snapshot *snapshot;
    gk_time from, to;
    int32_t zone_s;
    bool is_csv;
    struct output out;
    struct table table;
    uint64_t n_rows;
};

static void put_cell(struct testing *testing, const char *text, bool is_right, bool is_last)
{
    if (testing->is_csv) {
        output_csv_guarded(&testing->out, text, strlen(text));
        output_text(&testing->out, is_last ? "\n" : ",");
        return;
    }
    output_shown(table_cell(&testing->table), text, strlen(text));
    table_cell_end(&testing->table, is_right);
}

static void put_line(struct testing *testing, const char *rule, const struct trial_cell *cell)
{
    char day[GK_TIME_TEXT_MAX], text[32];

    put_cell(testing, rule, false, false);
    put_cell(testing, cell->enterprise, false, false);
    (void)gk_time_format(cell->day, testing->zone_s, day); /* the length is not needed */
    day[10] = '\0';
    put_cell(testing, day, false, false);
    snprintf(text, sizeof text, "%" PRIu64, cell->n_alarms);
    put_cell(testing, text, true, false);
    snprintf(text, sizeof text, "%.10g", cell->total_s);
    put_cell(testing, text, true, false);
    snprintf(text, sizeof text, "%.10g", cell->longest_s);
    put_cell(testing, text, true, true);
    testing->n_rows++;
}

static int test_rule(void *context, gk_query *query)
{
    struct testing *testing = context;
    struct gk_query_error error = {0};
    struct trial trial;
    gk_time begun = tool_monotonic();
    int rc, status = EXIT_ROWS;

    trial_init(&trial, testing->zone_s);
    (void)gk_query_try(query, testing->from, testing->to); /* it is a rule */
    rc = gk_query_start(query, testing->snapshot, testing->to, &error);
    while (rc == GK_OK && (rc = gk_query_next(query, &error)) == GK_OK)
        trial_row(&trial, query, testing->to);
    if (rc == GK_DONE) {
        const char *name = gk_query_rule(query)->name.bytes;
        trial_end(&trial);
        for (size_t i = 0; i < trial.n; i++)
            put_line(testing, name, &trial.cells[i]);
        say(testing->self->name, "%s: %" PRIu64 " alarms of %" PRIu64 " subjects, asked in %.1f ms", name,
            trial.n_alarms, gk_query_meta(query)->n_subjects, (double)(tool_monotonic() - begun) / 1e6);
    } else {
        error.error.status = rc;
        status = tool_failed(testing->self, &error.error);
    }
    trial_clear(&trial);
    return status;
}

static bool read_window(struct testing *testing, const struct request *r)
{
    return (r->until == NULL || tool_read_time(testing->self, "until", r->until, testing->zone_s, &testing->to)) &&
           (r->since == NULL || tool_read_time(testing->self, "since", r->since, testing->zone_s, &testing->from));
}

static int test_files(const struct command *self, int argc, char **argv, const struct request *r)
{
    static const char *const columns[] = {"rule", "enterprise", "day", "alarms", "total_s", "longest_s"};
    const size_t n_columns = sizeof columns / sizeof *columns;
    struct testing testing = {.self = self, .is_csv = r->format != NULL && strcmp(r->format, "csv") == 0};
    gk_session *session = NULL;
    gk_db *db;
    int status = EXIT_ROWS;

    if (r->format != NULL && !testing.is_csv && strcmp(r->format, "table") != 0) {
        say(self->name, "option '--format' of gk rule test needs table or csv, not '%s'", r->format);
        return EXIT_USAGE;
    }
    status = tool_view(self, argv[0], &db, &testing.snapshot);
    if (status != EXIT_ROWS)
        return status;
    testing.zone_s = gk_snapshot_info(testing.snapshot)->zone_s;
    testing.to = gk_clock(db);
    if (r->now != NULL && !tool_read_time(self, "now", r->now, testing.zone_s, &testing.to))
        status = EXIT_USAGE;
    testing.from = testing.to - 7 * INT64_C(86400) * GK_SECOND;
    if (status == EXIT_ROWS && !read_window(&testing, r))
        status = EXIT_USAGE;
    if (r->since == NULL)
        testing.from = testing.to - 7 * INT64_C(86400) * GK_SECOND;
    if (status == EXIT_ROWS && testing.from >= testing.to) {
        say(self->name, "--since must be a time before --until, which is now unless it is given");
        status = EXIT_USAGE;
    }
    if (status == EXIT_ROWS && gk_session_new(NULL, &session) != GK_OK)
        status = EXIT_STORE;
    output_init(&testing.out, STDOUT_FILENO);
    table_init(&testing.table, &testing.out, n_columns, isatty(STDOUT_FILENO) != 0);
    for (size_t i = 0; i < n_columns; i++)
        put_cell(&testing, columns[i], i > 2, i + 1 == n_columns);
    for (int i = 1; status == EXIT_ROWS && i < argc; i++)
        status = each_rule(self, session, testing.snapshot, argv[i], test_rule, &testing);
    if (testing.is_csv || status != EXIT_ROWS)
        table_drop(&testing.table);
    else
        table_finish(&testing.table);
    gk_session_free(session);
    gk_snapshot_close(testing.snapshot);
    (void)gk_close(db); /* nothing was written */
    if (status == EXIT_ROWS && testing.n_rows == 0)
        status = EXIT_NO_ROWS;
    return output_finish(&testing.out, self, status);
}

/* ---- list ---- */

static int list_rules(const struct command *self, const char *path, const struct request *r)
{
    struct ask ask;
    enum answer_format format = ANSWER_TABLE;
    int status;

    if (r->format != NULL && !answer_format_named(r->format, &format)) {
        say(self->name, "option '--%s' needs table, csv, json, jsonl, markdown or plot, not '%s'", "format", r->format);
        return EXIT_USAGE;
    }
    status = ask_open(&ask, self, path);
    if (status != EXIT_ROWS)
        return status;
    ask.answer.format = format;
    status = ask_text(&ask, "list rules", strlen("list rules"));
    if (status == EXIT_ROWS && ask.n_rows == 0)
        status = EXIT_NO_ROWS;
    ask_close(&ask);
    return output_finish(&ask.out, self, status);
}

/* ---- the command ---- */

static int run(const struct command *self, int argc, char **argv)
{
    static const char *const verbs[] = {"put", "list", "drop", "test", "judge"};
    static const int least[] = {3, 2, 3, 3, 2}, most[] = {1000, 2, 1000, 1000, 2};
    struct request request = {.from = NULL};
    const struct option options[] = {{"from", 0, OPTION_TEXT, &request.from},
                                     {"since", 0, OPTION_TEXT, &request.since},
                                     {"until", 0, OPTION_TEXT, &request.until},
                                     {"now", 0, OPTION_TEXT, &request.now},
                                     {"format", 0, OPTION_TEXT, &request.format}};
    size_t verb = 0;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    while (verb < 5 && strcmp(verbs[verb], argv[0]) != 0)
        verb++;
    if (verb == 5) {
        say(self->name, "put, list, drop, test or judge was expected, not '%s'", argv[0]);
        return EXIT_USAGE;
    }
    if (n < least[verb] || n > most[verb]) {
        say(self->name,
            n < least[verb] ? "gk rule %s: something is missing; see gk help rule"
                            : "gk rule %s: something is too much; see gk help rule",
            verbs[verb]);
        return EXIT_USAGE;
    }
    if (verb == 1)
        return list_rules(self, argv[1], &request);
    if (verb == 3)
        return test_files(self, n - 1, argv + 1, &request);
    return write_store(self, verbs[verb], n - 1, argv + 1, &request);
}

const struct command command_rule = {"rule", "put, list, drop, try and judge rules", help, 1, 1000, run, help_zh};
