/* The order in which files are loaded: facilities before what names them, rows last. */
#include "support/support.h"

#include "input.h"

static enum input_rank rank(const char *text)
{
    return input_rank(text, strlen(text));
}

static void a_header_says_its_place(void **state)
{
    (void)state;
    assert_int_equal(rank("facility,enterprise,park,line,role,rated_kw\nF1,E,P,L,other,1\n"), INPUT_FACILITIES);
    assert_int_equal(rank("\xEF\xBB\xBF\"facility\", \"enterprise\"\r\n"), INPUT_FACILITIES);
    assert_int_equal(rank("time_ms,facility,ia,ib,ic,kw"), INPUT_ROWS);
    assert_int_equal(rank("kw,Facility,TIME\n"), INPUT_ROWS);
    assert_int_equal(rank("scope,off_below,on_from\n*,10%,20%\n"), INPUT_TABLE);
    assert_int_equal(rank("abatement,production\n"), INPUT_TABLE);
    assert_int_equal(rank("note\ntime,facility\n"), INPUT_TABLE);
    assert_int_equal(rank("mn,code,facility,channel\n"), INPUT_TABLE);
    assert_int_equal(rank("received:\n##0101QN=1;ST=32\n"), INPUT_ROWS);
    assert_int_equal(rank(""), INPUT_TABLE);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void files_of_one_kind_keep_their_order(void **state)
{
    static const char *const texts[] = {"scope,off_below,on_from\n", "time,facility,kw\n", "facility,role\n",
                                        "time,facility,kw\n", "group,level,from,to\n"};
    static const int expected[] = {2, 0, 4,
                                   5, 1, 3}; /* 5 is not there: with the tables, and told of when its turn comes */
    const char *folder = test_folder();
    char paths[6][512], *list[6];
    struct input *inputs;

    (void)state;
    for (int i = 0; i < 6; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%d.csv", folder, i);
        list[i] = paths[i];
        if (i < 5)
            write_file(paths[i], texts[i]);
    }
    inputs = inputs_new(list, 6);
    for (int i = 0; i < 6; i++)
        assert_string_equal(inputs[i].path, paths[expected[i]]);
    assert_int_equal(inputs[3].error.status, GK_ENOTFOUND);
    inputs_free(inputs, 6);
    test_folder_remove(folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_header_says_its_place),
    cmocka_unit_test(files_of_one_kind_keep_their_order),
};

RUN_TESTS(tests)
