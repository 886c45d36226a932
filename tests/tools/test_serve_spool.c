/*
 * test_serve_spool.c - the folder of files: what is moved in is loaded and moved on, what is half written is left
 * alone, and whatever kills the server, every file ends in one place and every row is there once.
 */
#include "tools/serving.h"

#include <dirent.h>
#include <poll.h>

static char spool[4200];

static void put(const char *name, const char *text)
{
    char from[4400], to[4400];

    write_file("new", text);
    (void)snprintf(from, sizeof from, "%s", in_folder("new"));
    (void)snprintf(to, sizeof to, "%s/%s", spool, name);
    assert_int_equal(rename(from, to), 0);
}

static bool is_there(const char *name)
{
    char path[4400];

    (void)snprintf(path, sizeof path, "%s/%s", spool, name);
    return access(path, F_OK) == 0;
}

static void read_text(const char *name, char out[4096])
{
    char path[4400];
    size_t n;

    (void)snprintf(path, sizeof path, "%s/%s", spool, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    n = fread(out, 1, 4095, file);
    out[n] = '\0';
    (void)fclose(file); /* it was read only */
}

static void begin(struct server *server)
{
    const char *const options[] = {"--spool", spool, NULL};

    start(server, options, "ready");
}

static int set_up_spool(void **state)
{
    int rc = set_up(state);

    (void)snprintf(spool, sizeof spool, "%s", in_folder("spool"));
    assert_int_equal(mkdir(spool, 0755), 0);
    return rc;
}

#define T(s) "2026-01-05T00:00:0" #s "+08:00"

static void a_file_that_is_moved_in_is_loaded_and_moved_on(void **state)
{
    static bool is_row[100];
    struct server server;
    char text[4096];
    (void)state;

    put("early.csv", "time,facility,kw\n" T(1) ",press,1\n"); /* it is there already */
    begin(&server);
    wait_for(&server, "early.csv: 1 rows or lines taken, 0 duplicate, 0 bad");
    put("lines", "press kw=2 1767542402000000000\n");
    wait_for(&server, "lines: 1 rows");
    put("bad.csv", "time,facility,kw\n" T(3) ",press,3\nsoon,press,4\n");
    wait_for(&server, "bad.csv: 1 rows or lines taken, 0 duplicate, 1 bad; the first: line 3");
    put("nonsense", "what is this\n");
    wait_for(&server, "nonsense: 0 rows");
    put("early.csv", "time,facility,kw\n" T(1) ",press,1\n"); /* the same name, and the same again */
    wait_for(&server, "early.csv: 0 rows or lines taken, 1 duplicate");
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    assert_true(is_there("done/early.csv") && is_there("done/early.csv.1") && is_there("done/lines"));
    assert_true(is_there("failed/bad.csv") && is_there("failed/nonsense") && !is_there("done/bad.csv"));
    read_text("failed/bad.csv.rejects", text);
    assert_non_null(strstr(text, "soon,press,4"));
    read_text("failed/nonsense.rejects", text);
    assert_true(strlen(text) > 0);
    assert_int_equal(read_rows("press", is_row, 100), 3);
}

static void what_is_half_written_is_left_alone(void **state)
{
    static bool is_row[100];
    struct server server;
    char path[4400];
    (void)state;

    begin(&server); /* first, as it must not have the file open itself */
    (void)snprintf(path, sizeof path, "%s/slow.csv", spool);
    FILE *slow = fopen(path, "w"); /* by its own name, against the rules */
    assert_non_null(slow);
    assert_true(fputs("time,facility,kw\n" T(1) ",press,1\n", slow) >= 0 && fflush(slow) == 0);
    put(".hidden.csv", "time,facility,kw\n" T(2) ",press,1\n");
    put("later.part", "time,facility,kw\n" T(3) ",press,1\n");
    put("later.tmp", "time,facility,kw\n" T(3) ",press,1\n");
    put("z.csv", "time,facility,kw\n" T(4) ",press,1\n");
    wait_for(&server, "z.csv: 1 rows"); /* it is behind the others by name */
    assert_null(strstr(server.said, "slow.csv"));
    assert_true(is_there(".hidden.csv") && is_there("later.part") && is_there("later.tmp"));
    assert_true(fputs(T(5) ",press,1\n", slow) >= 0 && fclose(slow) == 0);
    wait_for(&server, "slow.csv: 2 rows");
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    assert_int_equal(read_rows("press", is_row, 100), 3);
}

static unsigned count_files(const char *part)
{
    char path[4400];
    struct dirent *entry;
    unsigned n = 0;

    (void)snprintf(path, sizeof path, "%s/%s", spool, part);
    DIR *list = opendir(path);
    assert_non_null(list);
    while ((entry = readdir(list)) != NULL)
        n += entry->d_name[0] != '.' && strstr(entry->d_name, ".csv") != NULL;
    (void)closedir(list); /* it was read only */
    return n;
}

/* Each round: files of a few rows, and kill -9 after a random number of them was told to be done. */
static void whatever_kills_it_every_file_ends_in_one_place(void **state)
{
    enum { FILES = 12, ROWS = 40 };
    static bool is_row[FILES * ROWS + 100];
    struct random random = random_from(test_seed("whatever_kills_it_every_file_ends_in_one_place"));
    uint64_t rounds = test_rounds(10);
    (void)state;

    for (int f = 0; f < FILES; f++) {
        char name[40], text[8192];
        int n = snprintf(text, sizeof text, "time_s,facility,kw\n");
        for (int i = 0; i < ROWS; i++)
            n += snprintf(text + n, sizeof text - (size_t)n, "%d,press,%d\n", 1767542400 + f * ROWS + i, i);
        (void)snprintf(name, sizeof name, "f%02d.csv", f);
        put(name, text);
    }
    for (uint64_t round = 0; round < rounds; round++) {
        const char *const options[] = {"--spool", spool, NULL};
        struct server server;
        start(&server, options, random_below(&random, 3) ? "facilities.csv: " : "spool in");
        for (uint64_t k = random_below(&random, 3); k > 0 && count_files("") > 0; k--) {
            server.n = 0;
            wait_for(&server, ".csv: 40 rows");
        }
        assert_int_equal(stop(&server, SIGKILL), 128 + SIGKILL);
    }
    struct server server;
    begin(&server);
    while (count_files("done") < FILES) { /* it tells of a file before it moves it on */
        struct pollfd talk = {.fd = server.talk, .events = POLLIN};
        char byte;
        if (poll(&talk, 1, 10) == 1)
            assert_int_equal(read(server.talk, &byte, 1), 1); /* it lives */
    }
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS);
    assert_int_equal(count_files("") + count_files("loading") + count_files("failed"), 0);
    assert_int_equal(count_files("done"), FILES);
    assert_int_equal(read_rows("press", is_row, FILES * ROWS + 100), FILES * ROWS);
}

static void a_folder_that_is_none_is_said(void **state)
{
    const char *const options[] = {"--spool", "nowhere/at/all", NULL};
    struct server server;
    (void)state;

    start(&server, options, "--spool: 'nowhere/at/all/' is no folder");
    assert_int_equal(stop(&server, 0), EXIT_STORE);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up_spool, tear_down)

static const struct CMUnitTest tests[] = {
    IN_FOLDER(a_file_that_is_moved_in_is_loaded_and_moved_on),
    IN_FOLDER(what_is_half_written_is_left_alone),
    IN_FOLDER(whatever_kills_it_every_file_ends_in_one_place),
    IN_FOLDER(a_folder_that_is_none_is_said),
};

RUN_TESTS(tests)
