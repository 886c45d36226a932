/* The table for people: columns line up by what is seen, and long answers are not held in memory. */
#include "support/support.h"

#include "table.h"

static void put(struct table *table, const char *text, bool is_right)
{
    output_text(table_cell(table), text);
    table_cell_end(table, is_right);
}

static void check_finish(struct table *table, struct output *out, const char *expected)
{
    table_finish(table);
    output_bytes(out, "", 1);
    assert_string_equal(out->bytes, expected);
    output_clear(out);
}

static void columns_line_up_by_display_width(void **state)
{
    struct output out;
    struct table table;

    (void)state;
    output_init(&out, -1);
    table_init(&table, &out, 3, false);
    put(&table, "facility", false);
    put(&table, "s", false);
    put(&table, "note", false);
    put(&table, "破碎机", false);
    put(&table, "5", true);
    put(&table, "a", false);
    put(&table, "fan", false);
    put(&table, "1200", true);
    put(&table, "", false);
    check_finish(&table, &out,
                 "facility     s  note\n"
                 "--------  ----  ----\n"
                 "破碎机       5  a\n"
                 "fan       1200\n");
}

static void an_empty_answer_has_its_heading(void **state)
{
    struct output out;
    struct table table;

    (void)state;
    output_init(&out, -1);
    table_init(&table, &out, 2, false);
    put(&table, "a", false);
    put(&table, "bc", false);
    check_finish(&table, &out, "a  bc\n-  --\n");
}

static void rows_beyond_the_held_ones_are_written_at_once(void **state)
{
    struct output out;
    struct table table;
    size_t n_lines = 0;

    (void)state;
    output_init(&out, -1);
    table_init(&table, &out, 1, false);
    put(&table, "x", false);
    for (int i = 0; i < TABLE_ROWS_HELD; i++)
        put(&table, "1", true);
    assert_true(table.is_streaming);
    put(&table, "12345", true);
    assert_int_equal(table.n_cells, 0);
    table_finish(&table);
    for (size_t i = 0; i < out.n; i++)
        n_lines += out.bytes[i] == '\n';
    assert_int_equal(n_lines, TABLE_ROWS_HELD + 3);
    output_clear(&out);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(columns_line_up_by_display_width),
    cmocka_unit_test(an_empty_answer_has_its_heading),
    cmocka_unit_test(rows_beyond_the_held_ones_are_written_at_once),
};

RUN_TESTS(tests)
