/* An answer kept as columns: if these fail, a picture is drawn of other rows than the answer has. */
#include "tools/plot_zone.h"

#include "plot_table.h"

static struct plot_zone zone;
static struct plot plot;

static const struct plot_table *ask(const char *text)
{
    plot_clear(&plot);
    plot_zone_must(&zone, text, &plot);
    return &plot.table;
}

/* As text, both ways: through the table, and as the tests of the language write the rows. */
static void the_table_has_the_rows_of_the_answer(void **state)
{
    static const char text[] = "duration, count of production running by facility, hour today";
    struct text expected = {0}, got = {0};
    const struct plot_table *table = ask(text);

    (void)state;
    zone_ask(&zone.zone, text, "", &expected, NULL);
    for (size_t i = 0; i < table->n_columns; i++) {
        text_add(&got, i > 0 ? "," : "");
        text_add(&got, table->columns[i].name);
    }
    text_add(&got, "\n");
    for (size_t row = 0; row < table->n_rows; row++) {
        for (size_t i = 0; i < table->n_columns; i++) {
            const struct plot_column *column = &table->columns[i];
            char cell[64] = "";

            if (column->type == GK_TYPE_TEXT)
                text_add(&got, i > 0 ? "," : "");
            if (column->type == GK_TYPE_TEXT) {
                text_add(&got, plot_table_text(table, i, row));
                continue;
            }
            if (column->type == GK_TYPE_TIME && column->time[row] != GK_TIME_MIN)
                (void)gk_time_format(column->time[row], 28800, cell);
            else if (column->type != GK_TYPE_TIME && !isnan(column->number[row]))
                snprintf(cell, sizeof cell, "%.7g", column->number[row]);
            text_add(&got, i > 0 ? "," : "");
            text_add(&got, cell);
        }
        text_add(&got, "\n");
    }
    assert_string_equal(got.bytes, expected.bytes);
    text_clear(&expected);
    text_clear(&got);
}

static void equal_texts_are_kept_once(void **state)
{
    const struct plot_table *table = ask("samples of facility 'press' today");

    (void)state;
    assert_true(table->n_rows == 7);
    assert_int_equal(table->n_texts, 2); /* "" and press */
}

static void keys_come_first_then_values_with_what_is_possible(void **state)
{
    struct plot_keys keys;
    const struct plot_table *table = ask("duration, share of production running by enterprise, day today");

    (void)state;
    assert_true(plot_table_keys(table, &keys));
    assert_int_equal(keys.n_texts, 1);
    assert_true(keys.time == 1 && keys.n_values == 2);
    assert_string_equal(table->columns[keys.values[1].column].name, "share");
    assert_string_equal(table->columns[keys.values[1].possible].name, "possible_share");
    assert_string_equal(table->columns[keys.coverage].name, "coverage");
    assert_true(plot_table_keys(ask("coverage of production running by line today"), &keys));
    assert_true(keys.n_values == 1 && keys.values[0].column == keys.coverage);
    table = ask("energy of production by enterprise today vs yesterday");
    assert_true(plot_table_keys(table, &keys));
    assert_int_equal(keys.n_values, 3); /* energy, reference, change; the coverage of the reference is none */
    assert_false(plot_table_keys(ask("state of zone at 2026-11-20T09:00"), &keys));
}

static void a_column_is_found_by_name_and_type(void **state)
{
    const struct plot_table *table = ask("duration of production running by enterprise today");

    (void)state;
    assert_int_equal(plot_table_find(table, "enterprise", GK_TYPE_TEXT), 0);
    assert_true(plot_table_find(table, "enterprise", GK_TYPE_TIME) == PLOT_NONE);
    assert_true(plot_table_find(table, "nothing", GK_TYPE_TEXT) == PLOT_NONE);
    assert_string_equal(plot_table_text(table, PLOT_NONE, 0), "");
}

static int open_zone(void **state)
{
    (void)state;
    plot_zone_open(&zone);
    return 0;
}

static int close_zone(void **state)
{
    (void)state;
    plot_clear(&plot);
    plot_zone_close(&zone);
    return 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_table_has_the_rows_of_the_answer),
    cmocka_unit_test(equal_texts_are_kept_once),
    cmocka_unit_test(keys_come_first_then_values_with_what_is_possible),
    cmocka_unit_test(a_column_is_found_by_name_and_type),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, open_zone, close_zone);
}
