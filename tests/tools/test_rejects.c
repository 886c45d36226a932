/* FILE.rejects: made with the first bad line, one line each, and counted even where it cannot be written. */
#include "support/support.h"

#include <unistd.h>

#include "rejects.h"

static const struct command command = {.name = "try"};

static struct gk_error reason_of(uint32_t column, const char *text)
{
    struct gk_error reason = {.status = GK_ESYNTAX, .column = column};

    snprintf(reason.text, sizeof reason.text, "%s", text);
    return reason;
}

static void no_rejects_no_file(void **state)
{
    const char *folder = test_folder();
    struct rejects rejects;
    char path[512];

    (void)state;
    snprintf(path, sizeof path, "%s/rows.csv", folder);
    rejects_init(&rejects, path);
    rejects_finish(&rejects, &command);
    snprintf(path, sizeof path, "%s/rows.csv.rejects", folder);
    assert_int_not_equal(access(path, F_OK), 0);
    test_folder_remove(folder);
}

static void each_reject_is_a_line(void **state)
{
    const struct gk_error reasons[] = {reason_of(15, "line 7, column 15: kw: expected a number"),
                                       reason_of(0, "line 8: expected 3 fields, got 4"), reason_of(4, "too long")};
    const char *folder = test_folder();
    struct rejects rejects;
    char path[512], text[512] = {0};
    FILE *file;

    (void)state;
    snprintf(path, sizeof path, "%s/rows.csv", folder);
    rejects_init(&rejects, path);
    rejects_add(&rejects, 7, "a,b,x\r\n", 7, &reasons[0]);
    rejects_add(&rejects, 8, "1,2,3,4", 7, &reasons[1]);
    rejects_add(&rejects, 9, "", 0, &reasons[2]);
    assert_int_equal(rejects.n, 3);
    assert_string_equal(rejects.first, "line 7, column 15: kw: expected a number");
    rejects_finish(&rejects, &command);
    snprintf(path, sizeof path, "%s/rows.csv.rejects", folder);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_string_equal(text, "7\tcolumn 15: kw: expected a number\ta,b,x\n"
                              "8\texpected 3 fields, got 4\t1,2,3,4\n"
                              "9\tcolumn 4: too long\t\n");
    test_folder_remove(folder);
}

static void rejects_are_counted_where_no_file_can_be(void **state)
{
    const struct gk_error reason = reason_of(1, "bad");
    struct rejects rejects;

    (void)state;
    rejects_init(&rejects, "no/such/folder/rows.csv");
    rejects_add(&rejects, 2, "x", 1, &reason);
    rejects_add(&rejects, 3, "y", 1, &reason);
    assert_int_equal(rejects.n, 2);
    assert_int_not_equal(rejects.failure, 0);
    rejects_finish(&rejects, &command);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_rejects_no_file),
    cmocka_unit_test(each_reject_is_a_line),
    cmocka_unit_test(rejects_are_counted_where_no_file_can_be),
};

RUN_TESTS(tests)
