/*
 * test_rules.c - rules as text, with a fake clock: runs the .gkr files of tests/query, and the ready rules of
 * docs/rules through them.
 *
 *     # a comment                    [load]              a CSV table
 *     [rules] always or a time       rules, in force from then on; [rules] docs/rules/x.gkql reads a file, always
 *     [drop] RULE
 *     [at] 2026-11-20T08:00          the clock; a look
 *     [until] 2026-11-20T09:00       looks each 10 s until then, and one then
 *     [ack] RULE SUBJECT             somebody acknowledges its alarm, which fires
 *     [restart]                      the store is closed and opened, and judged by a new judge
 *     [acts]                         what was put since the last [acts], a line each: time kind rule version level
 *                                    subject from-to (-: it goes on) whom under or alone: text; what is empty is left
 *                                    out
 */
#include <glob.h>

#include "query/zone.h"

struct run {
    struct zone zone;
    gk_judge *judge;
    const char *file;
    int line, n_checked, n_wrong;
    uint64_t next_act;
};

static void need(const struct run *run, int rc, const char *text)
{
    if (rc != GK_OK)
        fail_msg("%s:%d: %s: %s", run->file, run->line, gk_status_text(rc), text);
}

static gk_time time_of(const struct run *run, const char *text)
{
    gk_time t = 0;
    need(run, gk_time_parse(text, strlen(text), 28800, &t), text);
    return t;
}

static void open_judge(struct run *run)
{
    struct gk_query_error error = {0};
    if (!run->judge)
        need(run, gk_judge_open(run->zone.db, NULL, &run->judge, &error), error.error.text);
}

static void look(struct run *run)
{
    struct gk_query_error error = {0};
    open_judge(run);
    need(run, gk_advance(run->judge, run->zone.now, NULL, &error), error.error.text);
}

static void look_until(struct run *run, gk_time until)
{
    while (run->zone.now + 10 * GK_SECOND < until) {
        run->zone.now += 10 * GK_SECOND;
        look(run);
    }
    run->zone.now = until;
    look(run);
}

static void put_rules(struct run *run, const char *text, size_t size, gk_time from)
{
    struct gk_query_error error = {0};
    gk_snapshot *snapshot = NULL;

    need(run, gk_snapshot_open(run->zone.db, &snapshot, &error.error), error.error.text);
    for (size_t at = 0, used; at < size; at += used) {
        gk_query *query = NULL;
        need(run, gk_query_prepare(run->zone.session, snapshot, text + at, size - at, &used, &query, &error),
             error.report);
        if (!query)
            continue;
        struct gk_rule_put put = {
            .size = sizeof put, .name = gk_query_rule(query)->name, .text = gk_query_rule(query)->text, .from = from};
        need(run, gk_rule_put(run->zone.db, &put, NULL, &error.error), error.error.text);
        gk_query_free(query);
    }
    gk_snapshot_close(snapshot);
}

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    struct text text = {NULL, 0, 0};
    char piece[4096];
    size_t n;

    if (!file)
        fail_msg("cannot read %s", path);
    text_add(&text, "");
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        text_put(&text, piece, n);
    (void)fclose(file); /* it was read only */
    *size = text.size;
    return text.bytes;
}

static void take_rules(struct run *run, const char *argument, const struct text *body)
{
    size_t size;

    if (strncmp(argument, "docs/", 5) != 0) {
        put_rules(run, body->bytes, body->size, strcmp(argument, "always") == 0 ? GK_TIME_MIN : time_of(run, argument));
        return;
    }
    char *text = read_file(argument, &size);
    put_rules(run, text, size, GK_TIME_MIN);
    free(text);
}

static void drop_rule(struct run *run, const char *name)
{
    struct gk_error error = {0};
    struct gk_rule_put put = {.size = sizeof put, .name = {name, strlen(name)}};
    need(run, gk_rule_put(run->zone.db, &put, NULL, &error), error.text);
}

static void acknowledge(struct run *run, const char *argument)
{
    struct gk_error error = {0};
    char rule[64], subject[64];
    uint64_t id = 0;

    assert_int_equal(sscanf(argument, "%63s %63s", rule, subject), 2);
    need(run,
         gk_alarm_firing(run->zone.db, (struct gk_text){rule, strlen(rule)}, GK_FACILITY,
                         (struct gk_text){subject, strlen(subject)}, &id, &error),
         error.text);
    struct gk_act_put act = {.size = sizeof act, .kind = GK_ACT_ACKNOWLEDGED, .alarm = id, .actor = {"wang", 4}};
    need(run, gk_act_put(run->zone.db, &act, NULL, &error), error.text);
    need(run, gk_commit(run->zone.db, &error), error.text);
}

static void restart(struct run *run)
{
    struct gk_options options = {
        .size = sizeof options, .future_ns = -1, .clock = zone_clock, .clock_context = &run->zone};
    struct gk_error error = {0};

    gk_judge_close(run->judge);
    run->judge = NULL;
    assert_int_equal(gk_close(run->zone.db), GK_OK);
    need(run, gk_open(run->zone.folder, GK_READWRITE, &options, &run->zone.db, &error), error.text);
}

/* 08:15:00, or nothing when it was not said. */
static void put_clock(struct text *out, gk_time t)
{
    char text[GK_TIME_TEXT_MAX];

    if (t == GK_TIME_MIN || t == GK_TIME_MAX)
        return;
    (void)gk_time_format(t, 28800, text);
    text_put(out, text + 11, 8);
}

static void put_act(gk_snapshot *snapshot, const struct gk_act *act, struct text *out)
{
    struct gk_alarm alarm = {.rule = ""};
    char line[512];

    assert_int_equal(gk_alarm_get(snapshot, act->alarm, &alarm, NULL), GK_OK);
    put_clock(out, act->time);
    (void)snprintf(line, sizeof line, " %s %s %u %s %s ", gk_act_kind_name(act->kind), alarm.rule,
                   (unsigned)alarm.rule_version, gk_level_name(alarm.level), alarm.subject);
    text_add(out, line);
    put_clock(out, act->from);
    text_add(out, "-");
    put_clock(out, act->to);
    (void)snprintf(line, sizeof line, "%s%s%s%s%s", act->whom[0] ? " " : "", act->whom,
                   act->about == act->alarm ? " alone"
                   : act->about             ? " under"
                                            : "",
                   act->text[0] ? ": " : "", act->text);
    text_add(out, line);
    text_add(out, "\n");
}

static void check_acts(struct run *run, const struct text *expected)
{
    struct gk_error error = {0};
    struct text got = {NULL, 0, 0};
    gk_snapshot *snapshot = NULL;
    struct gk_acts *acts = NULL;
    struct gk_act act;

    text_add(&got, "");
    need(run, gk_snapshot_open(run->zone.db, &snapshot, &error), error.text);
    need(run, gk_acts_open(snapshot, 0, run->next_act, &acts, &error), error.text);
    while (gk_acts_next(acts, &act, &error) == GK_OK) {
        put_act(snapshot, &act, &got);
        run->next_act = act.seq + 1;
    }
    gk_acts_close(acts);
    gk_snapshot_close(snapshot);
    run->n_checked++;
    if (strcmp(got.bytes, expected->bytes) != 0) {
        print_error("%s:%d\n--- expected\n%s--- got\n%s", run->file, run->line, expected->bytes, got.bytes);
        run->n_wrong++;
    }
    text_clear(&got);
}

static void end_section(struct run *run, const char *name, const char *argument, struct text *body)
{
    text_add(body, "");
    if (strcmp(name, "load") == 0)
        zone_load(&run->zone, body->bytes, body->size);
    else if (strcmp(name, "rules") == 0)
        take_rules(run, argument, body);
    else if (strcmp(name, "drop") == 0)
        drop_rule(run, argument);
    else if (strcmp(name, "at") == 0)
        run->zone.now = time_of(run, argument), look(run);
    else if (strcmp(name, "until") == 0)
        look_until(run, time_of(run, argument));
    else if (strcmp(name, "ack") == 0)
        acknowledge(run, argument);
    else if (strcmp(name, "restart") == 0)
        restart(run);
    else if (strcmp(name, "acts") == 0)
        check_acts(run, body);
    else if (*name)
        fail_msg("%s:%d: there is no section [%s]", run->file, run->line, name);
    body->size = 0;
}

static void run_file(const char *path)
{
    struct run run = {.file = path, .next_act = 1};
    char name[16] = "", argument[256] = "";
    struct text body = {NULL, 0, 0};
    size_t size;
    char *text = read_file(path, &size);

    zone_open(&run.zone);
    for (char *line = text; line && *line;) {
        char *end = strchr(line, '\n');
        size_t n = end ? (size_t)(end - line) : strlen(line);
        char *close = line[0] == '[' ? memchr(line, ']', n) : NULL;
        run.line++;
        if (close) {
            end_section(&run, name, argument, &body);
            (void)snprintf(name, sizeof name, "%.*s", (int)(close - line - 1), line + 1);
            close += 1 + strspn(close + 1, " ");
            (void)snprintf(argument, sizeof argument, "%.*s", (int)(line + n - close), close);
        } else if (line[0] != '#' && n > 0) {
            text_put(&body, line, n);
            text_add(&body, "\n");
        }
        line = end ? end + 1 : NULL;
    }
    end_section(&run, name, argument, &body);
    gk_judge_close(run.judge);
    zone_close(&run.zone);
    text_clear(&body);
    free(text);
    print_message("%s: %d lists of acts, %d wrong\n", path, run.n_checked, run.n_wrong);
    assert_int_equal(run.n_wrong, 0);
    assert_true(run.n_checked > 0);
}

static void all_rules_put_the_expected_acts(void **state)
{
    const char *pattern = getenv("GKR");
    glob_t found;

    (void)state;
    assert_int_equal(glob(pattern ? pattern : "tests/query/*.gkr", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        run_file(found.gl_pathv[i]);
    globfree(&found);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_rules_put_the_expected_acts),
};

RUN_TESTS(tests)
