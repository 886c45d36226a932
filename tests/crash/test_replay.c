/*
 * test_replay.c - which states are made of a trace. A sector is written as one letter: the file "ab" has two.
 */
#include "support/support.h"

#include "crash/iolayer.h"
#include "crash/replay.h"

#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512

/* ---- writing a trace
 * ------------------------------------------------------------------------------------------------ */

static char folder[4096];
static FILE *trace;

static void begin(void)
{
    char path[8192];
    (void)snprintf(folder, sizeof folder, "%s", test_folder());
    (void)snprintf(path, sizeof path, "%s/trace", folder);
    trace = fopen(path, "wb");
    assert_non_null(trace);
}

static void add(enum io_op op, uint32_t file, uint64_t at, const void *data, uint64_t size)
{
    struct io_record r = {(uint32_t)op, file, at, size};
    assert_int_equal(fwrite(&r, sizeof r, 1, trace), 1);
    if (size)
        assert_int_equal(fwrite(data, size, 1, trace), 1);
}

static void name(enum io_op op, uint32_t file, const char *path)
{
    add(op, file, 0, path, strlen(path));
}

/* A sector a letter. */
static void put(enum io_op op, uint32_t file, uint64_t sector, const char *letters)
{
    char bytes[8 * SECTOR];
    for (size_t i = 0; letters[i]; i++)
        memset(bytes + i * SECTOR, letters[i], SECTOR);
    add(op, file, sector * SECTOR, bytes, strlen(letters) * SECTOR);
}

/* ---- the states it gives
 * -------------------------------------------------------------------------------------------- */

struct seen {
    char states[64][64]; /* "3: s/a=xy s/b=" */
    size_t n;
    const char *refuse; /* this one is not right */
    bool is_deeper;     /* states differ in what is not described, too */
};

static void describe(const char *at, const char *path, char out[64])
{
    char full[8192], bytes[8 * SECTOR];
    struct stat st;

    (void)snprintf(full, sizeof full, "%s/%s", at, path);
    if (stat(full, &st) != 0)
        return;
    size_t n = strlen(out);
    n += (size_t)snprintf(out + n, 64 - n, " %s=", path);
    FILE *file = fopen(full, "rb");
    size_t size = fread(bytes, 1, sizeof bytes, file);
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < size; i += SECTOR)
        out[n++] = bytes[i] ? bytes[i] : '0';
    out[n] = 0;
}

static bool take(void *context, const char *at, uint64_t acknowledged, uint64_t hash, char *words, size_t size)
{
    struct seen *seen = context;
    char *state = seen->states[seen->n++];
    (void)hash;

    assert_true(seen->n < 64);
    (void)snprintf(state, 64, "%u:", (unsigned)acknowledged);
    describe(at, "s/a", state);
    describe(at, "s/b", state);
    describe(at, "t/a", state);
    for (size_t i = 0; i + 1 < seen->n && !seen->is_deeper; i++)
        assert_string_not_equal(seen->states[i], state); /* each once */
    (void)snprintf(words, size, "as it was told");
    return !seen->refuse || strcmp(seen->refuse, state) != 0;
}

static bool play(struct replay_options o, struct seen *seen, struct replay_result *result)
{
    char path[2][8192];

    assert_int_equal(fclose(trace), 0);
    (void)snprintf(path[0], sizeof path[0], "%s/trace", folder);
    (void)snprintf(path[1], sizeof path[1], "%s/state", folder);
    o.trace = path[0];
    o.folder = path[1];
    o.check = take;
    o.context = seen;
    bool is_right = replay(&o, result);
    test_folder_remove(folder);
    return is_right;
}

static bool has(const struct seen *seen, const char *state)
{
    for (size_t i = 0; i < seen->n; i++)
        if (strcmp(seen->states[i], state) == 0)
            return true;
    return false;
}

static void assert_states(const struct seen *seen, const char *const *states, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!has(seen, states[i]))
            fail_msg("there is no state '%s'", states[i]);
    for (size_t i = n; i < seen->n; i++)
        print_error("'%s'\n", seen->states[i]);
    assert_int_equal(seen->n, n);
}

/* A folder and a file, both forced; "acknowledged" 1. */
static void add_store(void)
{
    name(IO_FOLDER, 1, ".");
    name(IO_FOLDER, 2, "s");
    add(IO_SYNC, 1, 0, NULL, 0);
    name(IO_CREATE, 3, "s/a");
    put(IO_WRITE, 3, 0, "xx");
    add(IO_SYNC, 3, 0, NULL, 0);
    add(IO_SYNC, 2, 0, NULL, 0);
    add(IO_MARK, 0, 1, NULL, 0);
    /* From here on states are looked at. */
    add(IO_FAILED, 0, 0, NULL, 0);
}

#define NEAR 100

/* ---- tests
 * ----------------------------------------------------------------------------------------------------------------- */

static void writes_between_syncs_come_in_any_order_or_not_at_all(void **state)
{
    static const char *const STATES[] = {"1: s/a=xx", "1: s/a=px", "1: s/a=xq", "1: s/a=pq"};
    struct seen seen = {.n = 0};
    struct replay_result r;
    (void)state;

    begin();
    add_store();
    put(IO_WRITE, 3, 0, "p");
    put(IO_WRITE, 3, 1, "q");
    assert_true(play((struct replay_options){.subset_bits = 4, .near = NEAR}, &seen, &r));
    assert_states(&seen, STATES, 4);
    assert_int_equal(r.n_checked, 4);
}

static void a_sync_forces_what_came_before_it(void **state)
{
    static const char *const STATES[] = {"1: s/a=xx", "1: s/a=px", "2: s/a=px", "2: s/a=pr"};
    struct seen seen = {.n = 0};
    struct replay_result r;
    (void)state;

    begin();
    add_store();
    put(IO_WRITE, 3, 0, "p");
    add(IO_SYNC, 3, 0, NULL, 0);
    add(IO_MARK, 0, 2, NULL, 0);
    put(IO_WRITE, 3, 1, "r");
    assert_true(play((struct replay_options){.subset_bits = 4, .near = NEAR}, &seen, &r));
    assert_states(&seen, STATES, 4);
}

static void a_write_that_syncs_itself_forces_no_other(void **state)
{
    static const char *const STATES[] = {"1: s/a=xx", "1: s/a=px", "1: s/a=xq", "1: s/a=pq", "2: s/a=xq", "2: s/a=pq"};
    struct seen seen = {.n = 0};
    struct replay_result r;
    (void)state;

    begin();
    add_store();
    put(IO_WRITE, 3, 0, "p");
    put(IO_WRITE_SYNC, 3, 1, "q");
    add(IO_MARK, 0, 2, NULL, 0);
    assert_true(play((struct replay_options){.subset_bits = 4, .near = NEAR}, &seen, &r));
    assert_states(&seen, STATES, 6);
}

static void a_long_write_is_torn_between_sectors(void **state)
{
    struct seen seen = {.n = 0};
    struct replay_result r;
    (void)state;

    begin();
    add_store();
    put(IO_WRITE, 3, 0, "pqrs");
    assert_true(play((struct replay_options){.n_random = 300, .near = NEAR}, &seen, &r));
    assert_int_equal(seen.n, 16); /* any of four sectors; without "r" and "s" the file is shorter */
    assert_true(has(&seen, "1: s/a=pxr") && has(&seen, "1: s/a=xx0s") && has(&seen, "1: s/a=pq"));
}

static void names_are_forced_by_their_folder_alone(void **state)
{
    static const char *const STATES[] = {"1: s/a=xx", "1: s/a=xx s/b=", "1: s/a=xx s/b=y",
                                         "1: s/a=y",  "2: s/a=y",       "2:"};
    struct seen seen = {.n = 0};
    struct replay_result r;
    (void)state;

    begin();
    add_store();
    name(IO_CREATE, 4, "s/b");
    put(IO_WRITE, 4, 0, "y");
    add(IO_SYNC, 4, 0, NULL, 0);
    name(IO_RENAME, 4, "s/a"); /* replaces it in one step */
    add(IO_SYNC, 2, 0, NULL, 0);
    add(IO_MARK, 0, 2, NULL, 0);
    name(IO_UNLINK, 4, "");
    assert_true(play((struct replay_options){.subset_bits = 4, .n_random = 20, .near = NEAR}, &seen, &r));
    assert_states(&seen, STATES, 6);
}

static void a_folder_is_renamed_with_what_is_in_it(void **state)
{
    static const char *const STATES[] = {"1: s/a=xx", "1: t/a=xx", "2: t/a=xx"};
    struct seen seen = {.n = 0};
    struct replay_result r;
    (void)state;

    begin();
    add_store();
    name(IO_RENAME, 2, "t");
    add(IO_SYNC, 1, 0, NULL, 0);
    add(IO_MARK, 0, 2, NULL, 0);
    assert_true(play((struct replay_options){.subset_bits = 4, .n_random = 9, .near = NEAR}, &seen, &r));
    assert_states(&seen, STATES, 3);

    begin();
    add_store();
    name(IO_FOLDER, 5, "t");
    name(IO_CREATE, 6, "t/a");
    put(IO_WRITE, 6, 0, "n");
    add(IO_SYNC, 6, 0, NULL, 0);
    add(IO_SYNC, 5, 0, NULL, 0); /* what is in it */
    add(IO_MARK, 0, 3, NULL, 0);
    name(IO_UNLINK, 3, "");
    name(IO_UNLINK, 2, "");
    name(IO_RENAME, 5, "s");
    seen = (struct seen){.is_deeper = true}; /* empty folders */
    assert_true(play((struct replay_options){.subset_bits = 4, .n_random = 30, .near = NEAR}, &seen, &r));
    assert_true(has(&seen, "3: s/a=xx t/a=n") && has(&seen, "3: s/a=n") && has(&seen, "3: t/a=n"));
}

static void what_a_failed_sync_lost_never_comes(void **state)
{
    static const char *const STATES[] = {"1: s/a=xx", "1: s/a=px", "2: s/a=pq", "2: s/a=xq", "2: s/a=px", "2: s/a=xx"};
    struct seen seen = {.n = 0};
    struct replay_result r;
    (void)state;

    begin();
    add_store();
    put(IO_WRITE, 3, 0, "p");
    add(IO_SYNC_LOST, 3, 0, NULL, 0);
    add(IO_MARK, 0, 2, NULL, 0);
    put(IO_WRITE, 3, 1, "q");
    add(IO_SYNC, 3, 0, NULL, 0); /* does not know of p */
    assert_true(play((struct replay_options){.subset_bits = 4, .near = NEAR}, &seen, &r));
    assert_states(&seen, STATES, 6);
    assert_string_equal(seen.states[seen.n - 1], "2: s/a=xq");
}

static void a_cut_file_may_still_be_long(void **state)
{
    static const char *const STATES[] = {"1: s/a=xx", "1: s/a=x"};
    struct seen seen = {.n = 0};
    struct replay_result r;
    (void)state;

    begin();
    add_store();
    add(IO_TRUNCATE, 3, SECTOR, NULL, 0);
    assert_true(play((struct replay_options){.subset_bits = 4, .n_random = 4, .near = NEAR}, &seen, &r));
    assert_states(&seen, STATES, 2);
}

static void the_first_state_that_is_not_right_ends_it_and_is_told(void **state)
{
    struct seen seen = {.refuse = "1: s/a=xq"};
    struct replay_result r;
    (void)state;

    begin();
    add_store();
    put(IO_WRITE, 3, 0, "p");
    put(IO_WRITE, 3, 1, "q");
    assert_false(play((struct replay_options){.subset_bits = 4, .near = NEAR}, &seen, &r));
    assert_string_equal(r.words, "record 11, subset 2, 1 acknowledged: as it was told");
}

static void what_cannot_be_followed_is_refused(void **state)
{
    struct seen seen = {.n = 0};
    struct replay_result r;
    (void)state;

    begin();
    add_store();
    add(IO_UNKNOWN, 0, 0, "link", 4);
    assert_false(play((struct replay_options){.subset_bits = 4, .near = NEAR}, &seen, &r));
    assert_string_equal(r.words, "record 10: nothing that can be followed: link");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(writes_between_syncs_come_in_any_order_or_not_at_all),
    cmocka_unit_test(a_sync_forces_what_came_before_it),
    cmocka_unit_test(a_write_that_syncs_itself_forces_no_other),
    cmocka_unit_test(a_long_write_is_torn_between_sectors),
    cmocka_unit_test(names_are_forced_by_their_folder_alone),
    cmocka_unit_test(a_folder_is_renamed_with_what_is_in_it),
    cmocka_unit_test(what_a_failed_sync_lost_never_comes),
    cmocka_unit_test(a_cut_file_may_still_be_long),
    cmocka_unit_test(the_first_state_that_is_not_right_ends_it_and_is_told),
    cmocka_unit_test(what_cannot_be_followed_is_refused),
};

RUN_TESTS(tests)
