/* A peer's database takes the rows of a zone and answers with counts and sums. One that is absent is left out. */
#include "support/support.h"

#include "bench/database.h"

#define DAY_S 86400

static void load(const struct database *database, void *db, const struct zone *zone)
{
    struct zone_cursor cursor;
    struct zone_rows rows;

    zone_rows_init(&rows, 3000); /* not a multiple of a vector */
    zone_cursor_init(&cursor, zone, ZONE_ARRIVAL);
    database->load_begin(db);
    while (zone_next(&cursor, &rows))
        database->load_rows(db, &rows);
    database->load_end(db);
    zone_cursor_clear(&cursor);
    zone_rows_clear(&rows);
}

static struct ask_sum ask(const struct database *database, void *db, const char *sql, size_t first_column)
{
    void *statement = database->prepare(db, sql);
    struct ask_sum once = database->ask(statement, first_column), again = database->ask(statement, first_column);

    assert_int_equal(once.n_rows, again.n_rows);
    assert_true(once.sum == again.sum);
    database->release(statement);
    return once;
}

static double sum_of(const struct zone_facility *facility, enum zone_column column)
{
    double sum = 0;

    for (uint32_t i = 0; i < facility->n_rows; i++)
        sum += facility->column[column][i] / ZONE_UNIT[column];
    return sum;
}

static void check_answers(const struct database *database)
{
    char path[256], word[PEER_WORD_MAX];
    const char *folder;
    struct zone zone;
    void *db;

    if (!database->find(word)) {
        assert_true(strlen(word) > 0);
        skip();
    }
    folder = test_folder();
    snprintf(path, sizeof path, "%s/peer", folder);
    zone_make(&zone, 1, DAY_S / 2, 6);
    db = database->open(path);
    load(database, db, &zone);
    struct ask_sum rows = ask(database, db, "SELECT time, kw FROM sample", 2);
    assert_int_equal(rows.n_rows, zone.n_rows);
    assert_true(rows.sum == 0); /* there is no third column */
    struct ask_sum one = ask(database, db, "SELECT time, ia, kw FROM sample WHERE facility = 3 ORDER BY time", 1);
    assert_int_equal(one.n_rows, zone.facilities[3].n_rows);
    double expected = sum_of(&zone.facilities[3], ZONE_IA) + sum_of(&zone.facilities[3], ZONE_KW);
    assert_true(one.sum - expected < 1e-6 && expected - one.sum < 1e-6);
    database->close(db);
    zone_clear(&zone);
    test_folder_remove(folder);
}

static void sqlite_answers(void **state)
{
    (void)state;
    check_answers(&DATABASE_SQLITE);
}

static void duckdb_answers(void **state)
{
    (void)state;
    check_answers(&DATABASE_DUCKDB);
}

static void duckdb_that_is_not_where_it_was_said_to_be_is_a_word(void **state)
{
    char word[PEER_WORD_MAX] = "";

    (void)state;
    database_duckdb_at("no/such/libduckdb.so");
    assert_false(DATABASE_DUCKDB.find(word));
    assert_non_null(strstr(word, "no/such/libduckdb.so"));
    database_duckdb_at(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sqlite_answers),
    cmocka_unit_test(duckdb_that_is_not_where_it_was_said_to_be_is_a_word),
    cmocka_unit_test(duckdb_answers),
};

RUN_TESTS(tests)
