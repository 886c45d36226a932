/*
 * The shell as somebody has it before them: on a pseudo-terminal, typed key by key. Without libedit the tests of
 * editing have nothing to say and are skipped.
 */
#include "support/support.h"
#include "support/terminal.h"

#include <sys/stat.h>
#include <unistd.h>

#include "gk.h"
#include "line.h"

static char folder[4096], store[4200], history[4200];
static const char *gk;

static const char FACILITIES[] = "facility,enterprise,park,line,role,rated_kw,serves\n"
                                 "press,华丰化工,P1,L1,production,10,\nfan-1,华丰化工,P1,L1,abatement,10,press\n"
                                 "fan-2,E2,P1,L1,abatement,10,\n";

static void load(gk_db *db, const char *csv, size_t size)
{
    struct gk_error error = {0};
    gk_load *loading;

    assert_int_equal(gk_load_open(db, NULL, &loading, &error), GK_OK);
    assert_int_equal(gk_load_feed(loading, csv, size, &error), GK_OK);
    assert_int_equal(gk_load_finish(loading, NULL, &error), GK_OK);
    gk_load_close(loading);
}

/* A store of three facilities and a day of rows of one of them. */
static int setup(void **state)
{
    struct gk_options options = {.size = sizeof options, .future_ns = -1};
    size_t room = 86400 / 2 * 40 + 100, n;
    char *rows = malloc(room);
    gk_db *db;

    (void)state;
    gk = getenv("GK") != NULL ? getenv("GK") : "build/check/gk";
    snprintf(folder, sizeof folder, "%s", test_folder());
    snprintf(store, sizeof store, "%s/zone.gk", folder);
    snprintf(history, sizeof history, "%s/history", folder);
    setenv("GK_HISTORY", history, 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TERM", "xterm", 1);
    setenv("HOME", folder, 1);
    setenv("PAGER", "", 1);
    assert_non_null(rows);
    assert_int_equal(gk_open(store, GK_READWRITE | GK_CREATE, &options, &db, NULL), GK_OK);
    load(db, FACILITIES, sizeof FACILITIES - 1);
    n = (size_t)snprintf(rows, room, "time_s,facility,kw\n");
    for (int i = 0; i < 86400 / 2; i++)
        n += (size_t)snprintf(rows + n, room - n, "%d,press,%d\n", 1767456000 + 2 * i, i / 1800 % 2 * 8);
    load(db, rows, n);
    free(rows);
    assert_int_equal(gk_close(db), GK_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void begin(struct terminal *terminal)
{
    const char *const words[] = {gk, "shell", store, "--now", "2026-01-05T00:00", NULL};

    terminal_open(terminal, words);
    (void)terminal_await(terminal, "3 facilities in 2 enterprises");
    (void)terminal_await(terminal, "zone> ");
}

/* Ctrl-D leaves. It is typed at the prompt: earlier the terminal takes it for itself. */
static void end(struct terminal *terminal)
{
    (void)terminal_await(terminal, "zone> ");
    terminal_type(terminal, "\004");
    assert_int_equal(terminal_close(terminal), 0);
}

static void a_statement_ends_with_a_semicolon_or_an_empty_line(void **state)
{
    struct terminal terminal;

    (void)state;
    begin(&terminal);
    terminal_type(&terminal, "list parks;\n");
    (void)terminal_await(&terminal, "(1 row)");
    (void)terminal_await(&terminal, "zone> ");
    terminal_type(&terminal, "list\n");
    (void)terminal_await(&terminal, "...> ");
    terminal_type(&terminal, "enterprises\n");
    (void)terminal_await(&terminal, "...> ");
    terminal_type(&terminal, "\n");
    (void)terminal_await(&terminal, "(2 rows)");
    (void)terminal_await(&terminal, "zone> ");
    terminal_type(&terminal, "list parks; list facilities; list\n");
    (void)terminal_await(&terminal, "(1 row)");
    (void)terminal_await(&terminal, "(3 rows)");
    (void)terminal_await(&terminal, "...> ");
    terminal_type(&terminal, "lines;\n");
    (void)terminal_await(&terminal, "(2 rows)");
    end(&terminal);
}

static void a_mistake_is_told_and_the_shell_goes_on(void **state)
{
    struct terminal terminal;

    (void)state;
    begin(&terminal);
    terminal_type(&terminal, "when abatement offlin; list facilities;\n");
    (void)terminal_await(&terminal, "did you mean 'offline'?");
    (void)terminal_await(&terminal, "zone> ");
    terminal_type(&terminal, "list parks;\n");
    (void)terminal_await(&terminal, "(1 row)");
    assert_null(strstr(terminal.seen, "(3 rows)")); /* the rest of the line is dropped */
    terminal_type(&terminal, ".tabels\n");
    (void)terminal_await(&terminal, "did you mean '.tables'?");
    terminal_type(&terminal, ".mode xml\n");
    (void)terminal_await(&terminal, "usage: .mode table|csv");
    terminal_type(&terminal, "list parks where facility 'a\n\n"); /* an open quote is let go by an empty line */
    (void)terminal_await(&terminal, "closing quote");
    (void)terminal_await(&terminal, "zone> ");
    terminal_type(&terminal, "list enterprises;\n");
    (void)terminal_await(&terminal, "(2 rows)");
    end(&terminal);
}

static void definitions_last_and_now_can_be_set(void **state)
{
    struct terminal terminal;

    (void)state;
    begin(&terminal);
    terminal_type(&terminal, "define busy as production running;\n");
    (void)terminal_await(&terminal, "zone> ");
    terminal_type(&terminal, "when busy for >= 30m last 2h;\n");
    (void)terminal_await(&terminal, "(1 row)");
    (void)terminal_await(&terminal, "window     2026-01-04T22:00:00+08:00 to 2026-01-05T00:00:00+08:00");
    terminal_type(&terminal, ".now 2026-01-04T12:00\nwhen busy for >= 30m last 3h;\n");
    (void)terminal_await(&terminal, "window     2026-01-04T09:00:00+08:00 to 2026-01-04T12:00:00+08:00");
    terminal_type(&terminal, ".definitions\n");
    (void)terminal_await(&terminal, "define busy as production running;");
    terminal_type(&terminal, "quit\n");
    assert_int_equal(terminal_close(&terminal), 0);
}

static void each_statement_sees_what_was_committed_before_it(void **state)
{
    static const char more[] = "facility,enterprise,park,line,role,rated_kw\nsaw,E3,P1,L1,production,10\n";
    struct terminal terminal;
    gk_db *db;

    (void)state;
    begin(&terminal);
    terminal_type(&terminal, "list enterprises where name = 'saw';\n");
    (void)terminal_await(&terminal, "(0 rows)");
    (void)terminal_await(&terminal, "zone> ");
    assert_int_equal(gk_open(store, GK_READWRITE, NULL, &db, NULL), GK_OK);
    load(db, more, sizeof more - 1);
    assert_int_equal(gk_close(db), GK_OK);
    terminal_type(&terminal, "list enterprises where name = 'saw';\n");
    (void)terminal_await(&terminal, "E3");
    end(&terminal);
}

static void control_c_stops_the_statement_and_not_the_shell(void **state)
{
    struct terminal terminal;
    size_t n_lines = 0;

    (void)state;
    begin(&terminal);
    terminal_type(&terminal, ".mode csv\n.limit 0\nsamples of facility 'press' last 24h;\n");
    (void)terminal_await(&terminal, "2026-01-04T00:00:10+08:00"); /* it runs, and waits for whoever reads */
    terminal_type(&terminal, "\003");
    (void)terminal_await(&terminal, "stopped");
    for (const char *p = terminal.seen; (p = strchr(p, '\n')) != NULL; p++)
        n_lines++;
    assert_true(n_lines < 86400 / 2);
    (void)terminal_await(&terminal, "zone> ");
    terminal_type(&terminal, "list parks;\n");
    (void)terminal_await(&terminal, "P1,1,2");
    end(&terminal);
}

static void control_c_stops_rows_that_are_made_already(void **state)
{
    struct terminal terminal;
    size_t n_lines = 0;

    (void)state;
    begin(&terminal);
    terminal_type(&terminal, ".mode csv\n.limit 0\nduration of production running every 1s last 24h;\n");
    (void)terminal_await(&terminal, "2026-01-04T00:00:10+08:00");
    terminal_type(&terminal, "\003");
    (void)terminal_await(&terminal, "stopped");
    for (const char *p = terminal.seen; (p = strchr(p, '\n')) != NULL; p++)
        n_lines++;
    assert_true(n_lines < 86400 / 2);
    end(&terminal);
}

static void control_c_drops_what_was_typed(void **state)
{
    struct terminal terminal;

    (void)state;
    begin(&terminal);
    terminal_type(&terminal, "when abatement\n");
    (void)terminal_await(&terminal, "...> ");
    terminal_type(&terminal, "off wh");
    (void)terminal_await(&terminal, "off wh");
    terminal_type(&terminal, "\003");
    (void)terminal_await(&terminal, "zone> ");
    terminal_type(&terminal, "list parks;\n");
    (void)terminal_await(&terminal, "(1 row)");
    end(&terminal);
}

static void long_answers_go_through_the_pager(void **state)
{
    struct terminal terminal;

    (void)state;
    setenv("PAGER", "sed 's/^/paged: /'", 1);
    begin(&terminal);
    setenv("PAGER", "", 1);
    terminal_type(&terminal, "list parks;\n");
    (void)terminal_await(&terminal, "\nP1 ");
    (void)terminal_await(&terminal, "zone> ");
    terminal_type(&terminal, "samples of facility 'press' last 24h limit 40;\n");
    (void)terminal_await(&terminal, "paged: 2026-01-04");
    (void)terminal_await(&terminal, "paged: (40 rows)");
    (void)terminal_await(&terminal, "zone> ");
    terminal_type(&terminal, ".pager off\nsamples of facility 'press' last 24h limit 40;\n");
    (void)terminal_await(&terminal, "\n2026-01-04");
    (void)terminal_await(&terminal, "(40 rows)");
    end(&terminal);
}

static void a_pager_that_goes_away_ends_the_answer(void **state)
{
    struct terminal terminal;

    (void)state;
    setenv("PAGER", "head -n 2", 1);
    begin(&terminal);
    setenv("PAGER", "", 1);
    terminal_type(&terminal, ".limit 0\n.mode csv\nsamples of facility 'press' last 24h;\n");
    (void)terminal_await(&terminal, "2026-01-04T00:00:00+08:00");
    (void)terminal_await(&terminal, "zone> ");
    terminal_type(&terminal, "list parks;\n");
    (void)terminal_await(&terminal, "P1,1,2");
    end(&terminal);
}

static void tab_completes_words_and_names(void **state)
{
    struct terminal terminal;

    (void)state;
    if (!line_can_edit())
        skip();
    begin(&terminal);
    terminal_type(&terminal, "list facilities of enterprise '华\t;\n");
    (void)terminal_await(&terminal, "(2 rows)");
    (void)terminal_await(&terminal, "zone> ");
    terminal_type(&terminal,
                  "list facilities of facility fan-\t\t"); /* the first Tab adds the quote, the second shows both */
    (void)terminal_await(&terminal, "fan-1'");
    (void)terminal_await(&terminal, "fan-2'");
    terminal_type(&terminal, "2';\n");
    (void)terminal_await(&terminal, "(1 row)");
    (void)terminal_await(&terminal, "zone> ");
    terminal_type(&terminal, ".tab\t\n");
    (void)terminal_await(&terminal, "list exemptions;");
    terminal_type(&terminal, "列出设施 在企业华\t;\n");
    (void)terminal_await(&terminal, "(2 rows)");
    end(&terminal);
}

static void the_history_is_for_its_owner_and_comes_back(void **state)
{
    struct terminal terminal;
    struct stat info;

    (void)state;
    if (!line_can_edit())
        skip();
    unlink(history);
    begin(&terminal);
    terminal_type(&terminal, "list -- all of them\n");
    (void)terminal_await(&terminal, "...> ");
    terminal_type(&terminal, "lines;\n");
    (void)terminal_await(&terminal, "(2 rows)");
    end(&terminal);
    assert_int_equal(stat(history, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    begin(&terminal);
    terminal_type(&terminal, "\020"); /* Ctrl-P: the one before, in one line */
    (void)terminal_await(&terminal, "list lines;");
    terminal_type(&terminal, "\n");
    (void)terminal_await(&terminal, "(2 rows)");
    end(&terminal);
}

static void a_repainted_question_fits_the_screen_and_ends_at_control_c(void **state)
{
    const char *const words[] = {gk,        "query", store,   "samples of facility 'press' last 24h limit 60",
                                 "--watch", "0.01",  "--now", "2026-01-05T00:00",
                                 NULL};
    struct terminal terminal;

    (void)state;
    terminal_open(&terminal, words);
    for (int i = 0; i < 3; i++) {
        const char *paint = terminal_await(&terminal, "\033[2J"), *more;
        size_t n_lines = 0;

        (void)terminal_await(&terminal, "every 0.01s; Ctrl-C ends");
        more = terminal_await(&terminal, "more lines");
        paint = strstr(terminal.seen + (i > 0 ? 1 : 0), "\033[2J");
        for (const char *p = more; p > paint && p[-1] != 'J'; p--)
            n_lines += *p == '\n';
        assert_true(n_lines < 24);
    }
    terminal_type(&terminal, "\003");
    assert_int_equal(terminal_close(&terminal), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_statement_ends_with_a_semicolon_or_an_empty_line),
    cmocka_unit_test(a_mistake_is_told_and_the_shell_goes_on),
    cmocka_unit_test(definitions_last_and_now_can_be_set),
    cmocka_unit_test(control_c_stops_the_statement_and_not_the_shell),
    cmocka_unit_test(control_c_stops_rows_that_are_made_already),
    cmocka_unit_test(control_c_drops_what_was_typed),
    cmocka_unit_test(long_answers_go_through_the_pager),
    cmocka_unit_test(a_pager_that_goes_away_ends_the_answer),
    cmocka_unit_test(tab_completes_words_and_names),
    cmocka_unit_test(the_history_is_for_its_owner_and_comes_back),
    cmocka_unit_test(a_repainted_question_fits_the_screen_and_ends_at_control_c),
    cmocka_unit_test(each_statement_sees_what_was_committed_before_it), /* the last: it adds an enterprise */
};

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, setup, teardown);
}
