/*
 * test_gkt.c - runs the .gkt files of tests/query and the examples of docs/QUERY.md: a zone as CSV, a question, its
 * rows.
 *
 *     # a comment                      [load]            a CSV table, up to the next section
 *     [now] 2026-11-20T12:00           [ask]             statements
 *     [lang] zh                        messages in that language, in a new session
 *     [rows] or [rows] start,end       the expected rows as CSV, of all columns or of some
 *     [wave]                           begin,rate,n,facility, then channel=offset+amplitude*sin(hertz) each: rows
 *     [retain] 2026-11-20              rows from before are dropped
 *     [acts]                           acts of alarms, see zone_acts.h
 *     [rule]                           a statement `rule ...`, to be put
 *     [error]                          the expected report      [notes]   texts that must stand in the footer
 *
 * In docs/QUERY.md the same by fences: ```csv is loaded, ```gkql is asked, ```rows is expected of the question before
 * it;
 * <!-- now 2026-11-20T12:00 --> sets the clock. GKT_PRINT=1 shows every question with what it gave.
 */
#include <glob.h>

#include "query/zone_acts.h"

struct run {
    struct zone zone;
    const char *file;
    int line;
    struct text question, answer, meta;
    bool was_asked, was_checked;
    int n_failed, n_asked;
};

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    struct text text = {NULL, 0, 0};
    char piece[4096];
    size_t n;

    if (!file)
        return NULL;
    text_add(&text, "");
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        text_put(&text, piece, n);
    (void)fclose(file); /* it was read only */
    *size = text.size;
    return text.bytes;
}

static void blame(struct run *run, const char *what, const char *expected, const char *got)
{
    print_error("%s:%d: %s\n--- question\n%s\n--- expected\n%s\n--- got\n%s\n", run->file, run->line, what,
                run->question.bytes, expected, got);
    run->n_failed++;
}

static void ask(struct run *run, const char *columns)
{
    run->answer.size = run->meta.size = 0;
    zone_ask(&run->zone, run->question.bytes, columns, &run->answer, &run->meta);
    run->was_asked = true;
}

/* What nobody expected rows of must at least be understood. */
static void end_question(struct run *run)
{
    if (run->question.size == 0)
        return;
    if (!run->was_asked)
        ask(run, "");
    if (getenv("GKT_PRINT")) /* not by print_message, which cuts long texts */
        (void)printf("[ask]\n%s[got]\n%s%s", run->question.bytes, run->answer.bytes, run->meta.bytes);
    if (!run->was_checked && strncmp(run->answer.bytes, "error", 5) == 0)
        blame(run, "an error", "", run->answer.bytes);
    run->n_asked++;
    run->question.size = 0;
    run->was_asked = run->was_checked = false;
}

static bool same_text(const char *a, size_t na, const char *b)
{
    while (na > 0 && (a[na - 1] == '\n' || a[na - 1] == ' '))
        na--;
    size_t nb = strlen(b);
    while (nb > 0 && (b[nb - 1] == '\n' || b[nb - 1] == ' '))
        nb--;
    return na == nb && memcmp(a, b, na) == 0;
}

static void expect(struct run *run, const char *what, const char *columns, struct text *body)
{
    run->was_checked = true;
    if (strcmp(what, "rows") != 0 && strcmp(what, "error") != 0 && strcmp(what, "notes") != 0)
        fail_msg("%s:%d: there is no section [%s]", run->file, run->line, what);
    if (strcmp(what, "notes") == 0) {
        if (!run->was_asked)
            ask(run, "");
        for (char *line = strtok(body->bytes, "\n"); line; line = strtok(NULL, "\n"))
            if (!strstr(run->meta.bytes, line))
                blame(run, "a note is missing", line, run->meta.bytes);
        return;
    }
    ask(run, columns);
    if (!same_text(body->bytes, body->size, run->answer.bytes))
        blame(run, "the answer differs", body->bytes, run->answer.bytes);
}

static void set_now(struct run *run, const char *text, size_t size)
{
    assert_int_equal(gk_time_parse(text, size, 28800, &run->zone.now), GK_OK);
}

static void drop_rows(struct run *run, const char *text)
{
    struct gk_error error = {0};
    gk_time before;

    assert_int_equal(gk_time_parse(text, strlen(text), 28800, &before), GK_OK);
    if (gk_retain(run->zone.db, before, NULL, NULL, &error) != GK_OK)
        fail_msg("%s:%d: %s", run->file, run->line, error.text);
}

/* Rows as a fast meter sends them: n of them, `rate` a second, with the same channels in each. */
static void load_wave(struct run *run, const char *body)
{
    struct wave {
        char channel[32];
        double offset, amplitude, hertz;
    } waves[4];
    char begin[64], facility[64], piece[128];
    struct text csv = {NULL, 0, 0};
    size_t n_waves = 0;
    long rate, n;
    gk_time t0;
    int at;

    assert_int_equal(sscanf(body, "%63[^,],%ld,%ld,%63[^,\n]%n", begin, &rate, &n, facility, &at), 4);
    assert_int_equal(gk_time_parse(begin, strlen(begin), 28800, &t0), GK_OK);
    text_add(&csv, "time_ns,facility");
    for (const char *p = body + at; *p == ','; n_waves++, p += at) {
        struct wave *w = &waves[n_waves];
        assert_true(n_waves < 4);
        assert_int_equal(
            sscanf(p, ",%31[^=]=%lf+%lf*sin(%lf)%n", w->channel, &w->offset, &w->amplitude, &w->hertz, &at), 4);
        text_add(&csv, ",");
        text_add(&csv, w->channel);
    }
    text_add(&csv, "\n");
    for (long i = 0; i < n; i++) {
        double at_s = (double)i / (double)rate;
        text_put(&csv, piece,
                 (size_t)snprintf(piece, sizeof piece, "%" PRId64 ",%s", t0 + i * GK_SECOND / rate, facility));
        for (size_t k = 0; k < n_waves; k++)
            text_put(&csv, piece,
                     (size_t)snprintf(piece, sizeof piece, ",%.6f",
                                      waves[k].offset +
                                          waves[k].amplitude * sin(6.283185307179586 * waves[k].hertz * at_s)));
        text_add(&csv, "\n");
    }
    zone_load(&run->zone, csv.bytes, csv.size);
    text_clear(&csv);
}

/* A section is over: do what it says. */
static void end_section(struct run *run, const char *name, const char *argument, struct text *body)
{
    text_add(body, "");
    if (strcmp(name, "load") == 0 || strcmp(name, "now") == 0 || strcmp(name, "ask") == 0 ||
        strcmp(name, "wave") == 0 || strcmp(name, "retain") == 0 || strcmp(name, "lang") == 0 ||
        strcmp(name, "acts") == 0 || strcmp(name, "rule") == 0)
        end_question(run);
    if (strcmp(name, "wave") == 0)
        load_wave(run, body->bytes);
    else if (strcmp(name, "acts") == 0)
        zone_put_acts(&run->zone, body->bytes);
    else if (strcmp(name, "rule") == 0)
        zone_put_rule(&run->zone, body->bytes);
    else if (strcmp(name, "load") == 0)
        zone_load(&run->zone, body->bytes, body->size);
    else if (strcmp(name, "now") == 0)
        set_now(run, argument, strlen(argument));
    else if (strcmp(name, "lang") == 0)
        zone_speak(&run->zone, argument);
    else if (strcmp(name, "retain") == 0)
        drop_rows(run, argument);
    else if (strcmp(name, "ask") == 0)
        text_put(&run->question, body->bytes, body->size);
    else if (*name)
        expect(run, name, argument, body);
    body->size = 0;
}

static void run_gkt(struct run *run, char *text)
{
    char name[16] = "", argument[256] = "";
    struct text body = {NULL, 0, 0};

    for (char *line = text; line && *line;) {
        char *end = strchr(line, '\n');
        size_t n = end ? (size_t)(end - line) : strlen(line);
        run->line++;
        if (line[0] == '[' && memchr(line, ']', n)) {
            char *close = memchr(line, ']', n);
            end_section(run, name, argument, &body);
            (void)snprintf(name, sizeof name, "%.*s", (int)(close - line - 1), line + 1);
            while (*++close == ' ')
                ;
            (void)snprintf(argument, sizeof argument, "%.*s", (int)(line + n - close), close);
        } else if (line[0] != '#' && (n > 0 || strcmp(name, "error") == 0)) {
            text_put(&body, line, n);
            text_add(&body, "\n");
        }
        line = end ? end + 1 : NULL;
    }
    end_section(run, name, argument, &body);
    end_question(run);
    text_clear(&body);
}

/* The fences of a page of documentation as sections. */
static void run_page(struct run *run, char *text)
{
    char name[16] = "";
    struct text body = {NULL, 0, 0};

    for (char *line = text; line && *line;) {
        char *end = strchr(line, '\n');
        size_t n = end ? (size_t)(end - line) : strlen(line);
        run->line++;
        if (strncmp(line, "<!-- now ", 9) == 0) {
            end_question(run);
            set_now(run, line + 9, strcspn(line + 9, " "));
        } else if (strncmp(line, "```", 3) == 0 && !*name) {
            const char *kind = strncmp(line + 3, "csv", 3) == 0     ? "load"
                               : strncmp(line + 3, "acts", 4) == 0  ? "acts"
                               : strncmp(line + 3, "gkql", 4) == 0  ? "ask"
                               : strncmp(line + 3, "rows", 4) == 0  ? "rows"
                               : strncmp(line + 3, "error", 5) == 0 ? "error"
                                                                    : "-";
            (void)snprintf(name, sizeof name, "%s", kind);
        } else if (strncmp(line, "```", 3) == 0) {
            if (strcmp(name, "-") != 0)
                end_section(run, name, "", &body);
            body.size = 0;
            name[0] = '\0';
        } else if (*name) {
            text_put(&body, line, n);
            text_add(&body, "\n");
        }
        line = end ? end + 1 : NULL;
    }
    end_question(run);
    text_clear(&body);
}

/* Roff's ways of writing - and ' in an example. */
static void add_unescaped(struct text *out, const char *line, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (n - i >= 4 && strncmp(line + i, "\\(aq", 4) == 0) {
            text_add(out, "'");
            i += 3;
        } else if (line[i] != '\\') {
            text_put(out, line + i, 1);
        }
    }
    text_add(out, "\n");
}

/* The examples of a manual page (.EX to .EE), over the zone of docs/QUERY.md. */
static void run_manual(struct run *run, char *text)
{
    struct text body = {NULL, 0, 0};
    bool is_inside = false;
    size_t size;
    char *page = read_file("docs/QUERY.md", &size);

    assert_non_null(page);
    run_page(run, page);
    free(page);
    run->line = run->n_asked = 0;
    for (char *line = text; line && *line;) {
        char *end = strchr(line, '\n');
        size_t n = end ? (size_t)(end - line) : strlen(line);
        run->line++;
        if (strncmp(line, ".EE", 3) == 0)
            end_section(run, "ask", "", &body);
        if (is_inside && line[0] != '.')
            add_unescaped(&body, line, n);
        is_inside = line[0] == '.' ? strncmp(line, ".EX", 3) == 0 : is_inside;
        line = end ? end + 1 : NULL;
    }
    end_question(run);
    text_clear(&body);
}

static void run_file(const char *path, void (*run_text)(struct run *run, char *text))
{
    struct run run = {.file = path};
    size_t size = 0;
    char *text = read_file(path, &size);

    if (!text)
        fail_msg("cannot read %s", path);
    zone_open(&run.zone);
    text_add(&run.question, "");
    text_add(&run.answer, "");
    text_add(&run.meta, "");
    run_text(&run, text);
    print_message("%s: %d questions, %d wrong\n", path, run.n_asked, run.n_failed);
    zone_close(&run.zone);
    text_clear(&run.question);
    text_clear(&run.answer);
    text_clear(&run.meta);
    free(text);
    assert_int_equal(run.n_failed, 0);
    assert_true(run.n_asked > 0);
}

static void all_questions_give_the_expected_rows(void **state)
{
    const char *pattern = getenv("GKT");
    glob_t found;

    (void)state;
    assert_int_equal(glob(pattern ? pattern : "tests/query/*.gkt", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        run_file(found.gl_pathv[i], run_gkt);
    globfree(&found);
}

static void the_examples_of_the_documentation_are_true(void **state)
{
    (void)state;
    run_file("docs/QUERY.md", run_page);
}

static void the_examples_of_the_manual_page_run(void **state)
{
    (void)state;
    run_file("docs/man/gkql.7", run_manual);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_questions_give_the_expected_rows),
    cmocka_unit_test(the_examples_of_the_documentation_are_true),
    cmocka_unit_test(the_examples_of_the_manual_page_run),
};

RUN_TESTS(tests)
