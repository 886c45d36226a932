/*
 * Pictures in a terminal: if these fail, lines are longer than the terminal, columns of names do not line up, colours
 * leak out of a line, or a picture is another than the golden file (GK_GOLDEN=write writes it anew).
 */
#include "tools/plot_zone.h"

#include <unistd.h>

#include "plot_blocks.h"
#include "texts.h"
#include "width.h"

static struct plot_zone zone;
static struct plot plot;
static struct output out;

static const char *const statements[] = {
    "when abatement offline while production running between 2026-11-20T07:00 and 2026-11-20T12:00 with possible",
    "when all abatement stopped while any production running per line for >= 10m today",
    "when production running during order between 2026-11-20T07:00 and 2026-11-20T12:00",
    "when end of (abatement running) while production running today",
    "avg, min, max of power of facility 'press' every 30m between 2026-11-20T07:00 and 2026-11-20T12:00",
    "samples of facility 'press' today",
    "share of production running by enterprise, hour between 2026-11-20T06:00 and 2026-11-20T12:00",
    "duration of production running by facility, day last 200d",
    "duration, count, share of production running by facility today",
    "state of zone at 2026-11-20T09:10",
    "when abatement overload today",
    "avg of power of production by facility, hour between 2026-11-20T08:00 and 2026-11-20T11:00 vs previous 1h",
};

static const char *draw_as(const char *text, const struct plot_request *request, size_t n_columns, bool has_colours)
{
    struct gk_error error;

    plot_clear(&plot);
    output_clear(&out);
    output_init(&out, -1);
    if (plot_zone_make(&zone, text, request, &plot, &error) != GK_OK)
        fail_msg("%s: %s", text, error.text);
    plot_blocks_write(&plot, n_columns, has_colours, &out);
    output_bytes(&out, "", 1);
    return out.bytes;
}

static void no_line_is_longer_than_the_terminal_or_ends_in_spaces(void **state)
{
    static const size_t widths[] = {50, 80, 120, 300};
    struct plot_request request = plot_request_usual();

    (void)state;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        for (size_t k = 0; k < 8; k++) {
            const char *line;

            assert_true(texts_choose_named(k >= 4 ? "zh" : "en"));
            line = draw_as(statements[i], &request, widths[k % 4], false);
            for (size_t number = 1; *line != '\0'; number++) {
                size_t size = strcspn(line, "\n"), width = text_width(line, size);

                assert_true(size == 0 || line[size - 1] != ' ');
                if (width > widths[k % 4] && number > 3) /* the head is words */
                    fail_msg("%s: line %zu has %zu columns of %zu: %.*s", statements[i], number, width, widths[k % 4],
                             (int)size, line);
                line += size + 1;
            }
        }
    assert_true(texts_choose_named("en"));
}

static void without_colours_there_is_no_escape_and_with_them_every_line_ends_plain(void **state)
{
    const struct plot_request request = plot_request_usual();

    (void)state;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        const char *text = draw_as(statements[i], &request, 100, false);

        assert_null(strchr(text, '\x1b'));
        text = draw_as(statements[i], &request, 100, true);
        for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
            const char *last = NULL;

            for (const char *at = line; *at != '\n'; at++)
                last = *at == '\x1b' ? at : last;
            /* What was switched on is switched off before the end of the line. */
            assert_true(last == NULL || strncmp(last, "\x1b[0m", 4) == 0);
        }
    }
}

/* Without colours everything is still told by the characters. */
static void a_stretch_stands_above_the_column_of_its_time(void **state)
{
    const struct plot_request request = plot_request_usual();
    const char *text = draw_as("when abatement offline while production running for >= 10m in enterprise 'E1' "
                               "between 2026-11-20T08:00 and 2026-11-20T10:00",
                               &request, 100, false);
    const char *line = strstr(text, "━"), *begin = line, *fan;
    size_t left = 11; /* of the names, least */

    (void)state;
    assert_non_null(line);
    while (begin[-1] != '\n')
        begin--;
    fan = strstr(line, "fan");
    assert_non_null(fan);
    assert_int_equal(plot.table.n_rows, 3);
    assert_int_equal(text_width(begin, (size_t)(line - begin)), left); /* 08:00, the first column */
    assert_non_null(strstr(line, "3× 45m"));
}

static void names_cannot_move_the_cursor(void **state)
{
    struct plot_request request = plot_request_usual();

    (void)state;
    request.title = "fan\x1b[2J";
    assert_non_null(strstr(draw_as(statements[0], &request, 100, false), "fan\\x1b[2J\n"));
}

static void the_width_is_that_of_the_terminal_or_of_the_environment(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    unsetenv("COLUMNS");
    assert_int_equal(plot_terminal_columns(ends[1]), PLOT_COLUMNS_DEFAULT);
    setenv("COLUMNS", "77", 1);
    assert_int_equal(plot_terminal_columns(ends[1]), 77);
    setenv("COLUMNS", "7", 1);
    assert_int_equal(plot_terminal_columns(ends[1]), PLOT_COLUMNS_MIN);
    setenv("COLUMNS", "wide", 1);
    assert_int_equal(plot_terminal_columns(ends[1]), PLOT_COLUMNS_DEFAULT);
    unsetenv("COLUMNS");
    close(ends[0]);
    close(ends[1]);
}

static void pictures_look_as_they_did(void **state)
{
    const char *root = getenv("GK_SOURCE"), *write = getenv("GK_GOLDEN");
    struct plot_request request = plot_request_usual();
    struct text all = {0};
    char path[4096], *expected = calloc(1, 1 << 20);
    FILE *file;

    (void)state;
    assert_non_null(expected);
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        assert_true(texts_choose_named(i % 2 == 1 ? "zh" : "en"));
        text_add(&all, draw_as(statements[i], &request, 80, false));
        text_add(&all, "----\n");
    }
    snprintf(path, sizeof path, "%s/tests/tools/test_plot_golden/blocks.txt", root != NULL ? root : ".");
    if (write != NULL && strcmp(write, "write") == 0) {
        file = fopen(path, "wb");
        assert_non_null(file);
        assert_true(fputs(all.bytes, file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_true(fread(expected, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    assert_string_equal(all.bytes, expected);
    free(expected);
    text_clear(&all);
    assert_true(texts_choose_named("en"));
}

static int open_zone(void **state)
{
    (void)state;
    plot_zone_open(&zone);
    output_init(&out, -1);
    return 0;
}

static int close_zone(void **state)
{
    (void)state;
    plot_clear(&plot);
    output_clear(&out);
    plot_zone_close(&zone);
    return 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_line_is_longer_than_the_terminal_or_ends_in_spaces),
    cmocka_unit_test(without_colours_there_is_no_escape_and_with_them_every_line_ends_plain),
    cmocka_unit_test(a_stretch_stands_above_the_column_of_its_time),
    cmocka_unit_test(names_cannot_move_the_cursor),
    cmocka_unit_test(the_width_is_that_of_the_terminal_or_of_the_environment),
    cmocka_unit_test(pictures_look_as_they_did),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, open_zone, close_zone);
}
