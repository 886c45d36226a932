/* Workloads are run by name, calls are timed as often as the table says, files are written where they were asked for.
 */
#include "support/support.h"

#include "bench/harness.h"

#define ROUNDS 9

static int n_calls, n_other_calls, n_runs[2];

static void count_call(void *context)
{
    ++*(int *)context;
}

static void run_first(struct harness *harness)
{
    const struct harness_timed timed[] = {{"first", HARNESS_US, count_call, &n_calls, 0},
                                          {"first", "other", count_call, &n_other_calls, 0}};

    n_runs[0]++;
    harness_time(harness, timed, 2, 1e-5);
}

static void run_second(struct harness *harness)
{
    n_runs[1]++;
    harness_value(harness, "second", HARNESS_US, 1);
    harness_note(harness, "it was %s", "the second");
}

static const struct harness_line lines[] = {
    {"first", "a call", "us", 0, 0, 0},
    {"second", "a figure", "B/row", 2, 2, HARNESS_EXACT},
};
static const struct harness_workload workloads[] = {{"one", "", run_first}, {"two", "", run_second}};
static const struct harness_program program = {
    .name = "bench_test", .lines = lines, .n_lines = 2, .workloads = workloads, .n_workloads = 2};

/* Its exit status with these arguments, words between spaces. */
static int run(const struct harness_program *of, const char *format, ...)
{
    char text[1024], *argv[16] = {text};
    int argc = 0;
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    for (char *word = strtok(text, " "); word != NULL && argc < 16; word = strtok(NULL, " "))
        argv[argc++] = word;
    return harness_main(of, argc, argv);
}

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 65536);

    assert_non_null(file);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

static void a_call_is_timed_in_rounds_after_a_warm_up(void **state)
{
    const char *folder = test_folder();
    char json[256], wanted[64];
    char *text;

    (void)state;
    snprintf(json, sizeof json, "%s/out.json", folder);
    n_runs[1] = n_calls = n_other_calls = 0;
    assert_int_equal(run(&program, "bench --dir %s --json %s --only one", folder, json), 0);
    assert_int_equal(n_runs[1], 0);
    assert_true(n_calls >= 2 + ROUNDS && (n_calls - 2) % ROUNDS == 0);
    assert_true(n_other_calls >= 2 + ROUNDS);
    text = read_all(json);
    snprintf(wanted, sizeof wanted, "\"n\": %d,", n_calls - 2);
    assert_non_null(strstr(text, wanted));
    free(text);
    test_folder_remove(folder);
}

static void files_are_written_where_they_were_asked_for(void **state)
{
    const char *folder = test_folder();
    char table[256], svg[256];
    char *text;

    (void)state;
    snprintf(table, sizeof table, "%s/out.txt", folder);
    snprintf(svg, sizeof svg, "%s/out.svg", folder);
    n_runs[0] = n_runs[1] = 0;
    assert_int_equal(run(&program, "bench --dir %s --table %s --svg %s", folder, table, svg), 0);
    assert_int_equal(n_runs[0], 1);
    assert_int_equal(n_runs[1], 1);
    text = read_all(table);
    assert_non_null(strstr(text, "- it was the second\n"));
    free(text);
    text = read_all(svg);
    assert_non_null(strstr(text, "</svg>"));
    free(text);
    test_folder_remove(folder);
}

static void a_missed_must_is_the_exit_status_when_strict(void **state)
{
    static const struct harness_line hard[] = {{"first", "", "us", 0, 0, 0}, {"second", "", "B/row", 0.5, 0.5, 0}};
    const char *folder = test_folder();
    struct harness_program strict = program;

    (void)state;
    assert_int_equal(run(&program, "bench --dir %s --strict", folder), 0);
    strict.lines = hard;
    assert_int_equal(run(&strict, "bench --dir %s --strict", folder), 1);
    assert_int_equal(run(&strict, "bench --dir %s", folder), 0);
    test_folder_remove(folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_call_is_timed_in_rounds_after_a_warm_up),
    cmocka_unit_test(files_are_written_where_they_were_asked_for),
    cmocka_unit_test(a_missed_must_is_the_exit_status_when_strict),
};

RUN_TESTS(tests)
