/*
 * test_serve_full.c - the server on a full disk: it says so, refuses rows, and goes on by itself when there is room.
 */
#include "support/disk.h"
#include "tools/serving.h"

#include "tool.h"

/* Lines of rows with nothing to compress; the status of the answer. */
static int post_much(int port)
{
    static char body[60000], answer[TALK_MAX];
    static struct random random = {7};
    static uint64_t second = 1767571200;
    size_t n = 0;

    while (n < sizeof body - 100)
        n += (size_t)snprintf(body + n, sizeof body - n, "meter,facility=press kw=%.9f %llu\n", random_unit(&random),
                              (unsigned long long)second++);
    post(port, "/write?precision=s", "", body, n, answer);
    return atoi(strchr(answer, ' '));
}

static void a_full_disk_is_told_and_needs_no_restart(void **state)
{
    static const char *const both[] = {"--http", "0", NULL};
    static char answer[TALK_MAX];
    struct server server;
    (void)state;

#ifndef GK_MICROHTTPD
    skip();
#endif
    if (!disk_mount(folder, 8 << 20)) {
        print_message("skipped: no tmpfs can be mounted here\n");
        skip();
    }
    make_store();
    start(&server, both, "ready");
    assert_int_equal(post_much(server.http), 204);
    disk_fill(folder, 0);
    for (int i = 0, status = 204; status == 204; i++) {
        status = post_much(server.http);
        assert_true(status == 204 || status == 503);
        assert_true(i < 100);
    }
    wait_for(&server, "no room for rows, they are refused until there is");
    wait_for(&server, "the disk is full");
    read_answer(server.http, "/health", answer);
    assert_non_null(strstr(answer, " 503 "));
    assert_non_null(strstr(answer, "\r\n\r\nfull: no room for rows\n"));
    read_answer(server.http, "/metrics", answer);
    assert_non_null(strstr(answer, "\ngk_store_full 1\n"));
    disk_fill(folder, 4 << 20);
    wait_for(&server, "there is room for rows again");
    read_answer(server.http, "/health", answer);
    assert_non_null(strstr(answer, "\r\n\r\nok\n"));
    assert_int_equal(post_much(server.http), 204);
    assert_int_equal(stop(&server, SIGTERM), EXIT_ROWS); /* all is durable now */
    disk_unmount(folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_full_disk_is_told_and_needs_no_restart, set_up, tear_down),
};

RUN_TESTS(tests)
