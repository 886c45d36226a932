/* Tables, JSON and pictures say what was measured: verdicts only where they hold, ratios the right way round. */
#include "support/support.h"

#include "bench/report.h"

static const struct harness_line lines[] = {
    {"speed", "more is better", "Mrows/s", 8, 25, HARNESS_MORE},
    {"wait", "less is better", "ms", 2, 1, 0},
    {"size", "the same in every run", "bits", 0, 0, HARNESS_EXACT},
    {"p_w bits", "a <kind> of its own", "bits", 0, 0, HARNESS_EXACT},
};

static double speeds[] = {20e6, 10e6, 12e6}, their_speed[] = {2.5e6}, waits[] = {0.004}, their_wait[] = {0.005};
static double sizes[] = {10}, their_size[] = {12}, bits[] = {1e-9}, their_bits[] = {3};

static struct report make_report(struct report_figures figures[8])
{
    const struct report_figures all[8] = {
        {&lines[3], HARNESS_US, 0, 1, 1, bits},     {&lines[3], "a & b", 0, 1, 1, their_bits},
        {&lines[0], HARNESS_US, 0, 3, 3, speeds},   {&lines[0], "duckdb", 0, 1, 1, their_speed},
        {&lines[1], "sqlite", 0, 1, 1, their_wait}, {&lines[1], HARNESS_US, 0, 1, 1, waits},
        {&lines[2], HARNESS_US, 0, 1, 1, sizes},    {&lines[2], "zstd-3", 0, 1, 1, their_size},
    };

    memcpy(figures, all, sizeof all);
    return (struct report){.program = "bench_test", .figures = figures, .n_figures = 8};
}

/* What it writes, as text; to be freed. */
static char *text_of(const struct report *report, void (*put)(FILE *, const struct report *))
{
    FILE *file = tmpfile();
    char *text = calloc(1, 65536);

    assert_non_null(file);
    assert_non_null(text);
    put(file, report);
    rewind(file);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

/* The line of a text that begins with these two words. */
static char *line_of(const char *text, const char *name, const char *subject)
{
    static char line[512];

    for (const char *at = text; (at = strstr(at, name)) != NULL; at += strlen(name)) {
        size_t size = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(size < 511 ? size : 511), at);
        const char *word = line + strlen(name) + strspn(line + strlen(name), " ");
        if ((at == text || at[-1] == '\n') && strncmp(word, subject, strlen(subject)) == 0)
            return line;
    }
    fail_msg("no line '%s' of '%s'", name, subject);
    return NULL;
}

static void a_target_is_reached_or_missed(void **state)
{
    struct report_figures figures[8];
    struct report report = make_report(figures);
    char *table = text_of(&report, report_table);

    (void)state;
    assert_non_null(strstr(line_of(table, "speed", HARNESS_US), "12.00")); /* the median of three */
    assert_non_null(strstr(line_of(table, "speed", HARNESS_US), "1.50x"));
    assert_non_null(strstr(line_of(table, "speed", HARNESS_US), "0.48x  must"));
    assert_non_null(strstr(line_of(table, "wait", HARNESS_US), "MISSED"));
    assert_true(report_missed(&report));
    free(table);
}

static void what_cannot_be_compared_has_no_verdict(void **state)
{
    struct report_figures figures[8];
    struct report report = make_report(figures);
    char *table;

    (void)state;
    report.incomparable = "it is another zone";
    table = text_of(&report, report_table);
    assert_null(strstr(table, "MISSED"));
    assert_non_null(strstr(table, "No verdicts: it is another zone."));
    free(table);
}

static void a_ratio_to_a_peer_is_ours_over_theirs(void **state)
{
    struct report_figures figures[8];
    struct report report = make_report(figures);
    char *table = text_of(&report, report_table);

    (void)state;
    assert_non_null(strstr(line_of(table, "speed", "duckdb"), "gkdb is 4.80x"));
    assert_null(strstr(line_of(table, "speed", "duckdb"), "tie"));
    assert_non_null(strstr(line_of(table, "wait", "sqlite"), "gkdb is 1.25x (a tie)"));
    free(table);
}

static void sizes_never_tie(void **state)
{
    struct report_figures figures[8];
    struct report report = make_report(figures);
    char *table = text_of(&report, report_table);

    (void)state;
    assert_non_null(strstr(line_of(table, "size", "zstd-3"), "gkdb is 1.20x"));
    assert_null(strstr(line_of(table, "size", "zstd-3"), "tie"));
    free(table);
}

static void lines_stand_as_the_program_has_them(void **state)
{
    struct report_figures figures[8];
    struct report report = make_report(figures);

    (void)state;
    report_sort(&report);
    for (size_t i = 0; i < 8; i++)
        assert_ptr_equal(figures[i].line, &lines[i / 2]);
    for (size_t i = 0; i < 8; i += 2)
        assert_string_equal(figures[i].subject, HARNESS_US);
}

static void json_has_ratios_of_both_kinds(void **state)
{
    struct report_figures figures[8];
    struct report report = make_report(figures);
    char *json;

    (void)state;
    snprintf(report.notes[report.n_notes++], REPORT_NOTE_SIZE, "a \"word\"");
    json = text_of(&report, report_json);
    assert_non_null(strstr(json, "\"notes\": [\"a \\\"word\\\"\"]"));
    assert_non_null(strstr(json, "\"over_must\": 1.5, \"over_goal\": 0.48, \"gkdb_is\": 0}"));
    assert_non_null(strstr(json, "\"over_must\": 0, \"over_goal\": 0, \"gkdb_is\": 4.8}"));
    free(json);
}

/* Every number of an attribute such as x="12.5". */
static void assert_within(const char *svg, const char *attribute, double most)
{
    for (const char *at = svg; (at = strstr(at, attribute)) != NULL; at += strlen(attribute)) {
        double value = strtod(at + strlen(attribute), NULL);
        assert_true(value >= 0 && value <= most);
    }
}

static void a_picture_keeps_to_its_frame(void **state)
{
    struct report_figures figures[8];
    struct report report = make_report(figures);
    char *svg = text_of(&report, report_svg);
    double width = strtod(strstr(svg, "width=\"") + 7, NULL);

    (void)state;
    assert_true(strncmp(svg, "<svg ", 5) == 0);
    assert_non_null(strstr(svg, "</svg>"));
    assert_within(svg, " x=\"", width);
    assert_within(svg, " width=\"", width); /* 3e9 times better is drawn as far as the axis goes */
    free(svg);
}

static void a_picture_escapes_names_and_has_a_column_for_each_kind(void **state)
{
    struct report_figures figures[8];
    struct report report = make_report(figures);
    char *svg = text_of(&report, report_svg);

    (void)state;
    assert_non_null(strstr(svg, "a &amp; b"));
    assert_null(strstr(svg, "a & b"));
    assert_non_null(strstr(svg, "class=\"panel\">bits<"));
    assert_non_null(strstr(svg, "class=\"group\">p_w<"));
    free(svg);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_target_is_reached_or_missed),
    cmocka_unit_test(what_cannot_be_compared_has_no_verdict),
    cmocka_unit_test(a_ratio_to_a_peer_is_ours_over_theirs),
    cmocka_unit_test(sizes_never_tie),
    cmocka_unit_test(lines_stand_as_the_program_has_them),
    cmocka_unit_test(json_has_ratios_of_both_kinds),
    cmocka_unit_test(a_picture_keeps_to_its_frame),
    cmocka_unit_test(a_picture_escapes_names_and_has_a_column_for_each_kind),
};

RUN_TESTS(tests)
