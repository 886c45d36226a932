/*
 * test_serve_query.c - questions over HTTP with real sockets: their answers, their errors, who may ask and write what,
 * and clients that are slow, many, greedy or gone.
 */
#include "tools/serving.h"

#include <zlib.h>

#define HEAD "name,sha256,may,scope\n"
/* SHA-256 of foo, bar and baz. */
#define FOO "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
#define BAR "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"
#define BAZ "baa5a0964d3320fbc0c6a922140453c8513ea24ab8fd0577034804a967248096"

static char answer[TALK_MAX];

static void get(const struct server *server, const char *path, const char *header)
{
    char request[2048];

    (void)snprintf(request, sizeof request, "GET %s HTTP/1.0\r\n%s\r\n", path, header);
    ask(server->http, request, strlen(request), answer);
}

static void says(const char *words)
{
    if (strstr(answer, words) == NULL)
        fail_msg("no '%s' in: %s", words, answer);
}

static void says_not(const char *words)
{
    if (strstr(answer, words) != NULL)
        fail_msg("'%s' in: %s", words, answer);
}

static void put_tokens(const char *lines)
{
    write_file("tokens.csv", lines);
    assert_int_equal(chmod(in_folder("tokens.csv"), 0600), 0);
}

/* With a facility of another park, and one row of each. */
static void begin(struct server *server, const char *const *options)
{
    write_file("facilities.csv", "facility,enterprise,park,line,role,rated_kw\npress,E1,P1,L1,production,100\n"
                                 "fan,E1,P1,L1,abatement,10\noven,E2,P2,L1,production,50\n");
    start(server, options, "ready");
}

static void end(struct server *server)
{
    assert_int_equal(stop(server, SIGTERM), EXIT_ROWS);
}

static void a_question_is_answered_in_three_notations(void **state)
{
    static const char *const options[] = {"--http", "0", NULL};
    static const char ROWS[] = "m,facility=press kw=50 1767571200\nm,facility=press kw=51 1767571201\n"
                               "m,facility=press kw=52 1767571202\n";
    static const char *const Q = "/query?q=samples%20of%20kw%20of%20facility%20$f%20on%202026-01-05&param=f=press";
    char path[256];
    struct server server;
    (void)state;

    begin(&server, options);
    post(server.http, "/write?precision=s", "", ROWS, sizeof ROWS - 1, answer);
    says(" 204 ");
    get(&server, Q, "");
    says(" 200 ");
    says("Content-Type: application/json\r\n");
    says("{\"time\": \"2026-01-05T08:00:00+08:00\", \"facility\": \"press\", \"kw\": 50}");
    says("\"meta\": ");
    get(&server, Q, "Accept: text/csv\r\n");
    says("time,facility,kw\r\n2026-01-05T08:00:00+08:00,press,50\r\n");
    says("Gk-Rows: 3\r\n");
    says_not("Gk-Cut");
    (void)snprintf(path, sizeof path, "%s&format=jsonl&limit=2&epoch=ms", Q);
    get(&server, path, "");
    says("\r\n\r\n{\"time\": 1767571200000, \"facility\": \"press\", \"kw\": 50}\n{");
    says("Gk-Rows: 2\r\n");
    says("Gk-Cut: true\r\n");
    post(server.http, "/query", "", "list parks; list facilities", 27, answer);
    says("\"park\": \"P2\"");
    says("\"facility\": \"oven\"");
    post(server.http, "/query", "Content-Type: application/x-www-form-urlencoded\r\n",
         "q=list+facilities+where+name+%3D+%24f&param=f%3Dfan&format=csv", 62, answer);
    says("\nfan,L1");
    says_not("oven");
    post(server.http, "/query", "Content-Type: application/x-www-form-urlencoded\r\n", "list facilities", 15, answer);
    says("oven"); /* a file of statements that curl takes for a form */
    get(&server, "/query?q=which%20facilities%20now%20off%20within&now=2026-01-05T09:00", "");
    says(" 400 ");
    end(&server);
}

static void what_is_wrong_with_a_question_is_marked(void **state)
{
    static const char *const options[] = {"--http", "0", NULL};
    static const struct {
        const char *path, *words;
    } CASES[] = {
        {"/query", "q is missing"},
        {"/query?q=", "there is no statement"},
        {"/query?q=list%20parks&format=xml", "format: expected json, jsonl or csv"},
        {"/query?q=list%20parks&limit=-1", "limit: expected a whole number"},
        {"/query?q=list%20parks&now=soon", "now: expected a time"},
        {"/query?q=list%20parks&epoch=s", "epoch: expected ms"},
        {"/query?q=list%20parks&param=x", "param: expected name=value"},
    };
    struct server server;
    (void)state;

    begin(&server, options);
    get(&server, "/query?q=list%20parks;%20when%20abatment%20off", "");
    says(" 400 ");
    says("\"error\": \"expected a noun, got 'abatment'\", \"line\": 1, \"column\": 7, \"from\": 17, \"to\": 25, "
         "\"hint\": \"did you "
         "mean 'abatement'?");
    says("^^^^^^^^\\n");
    get(&server, "/query?q=when%20abatment%20off", "Accept-Language: zh-CN,zh;q=0.9\r\n");
    says("abatment");
    says_not("expected");
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        get(&server, CASES[i].path, "");
        says(" 400 ");
        says(CASES[i].words);
    }
    get(&server, "/metrics", "");
    says("\ngk_serve_questions_total 4\n");
    says("\ngk_serve_questions_bad_total 4\n");
    end(&server);
}

static void a_token_sees_and_writes_what_is_of_its_sites(void **state)
{
    char tokens[4200];
    const char *const options[] = {"--http", "0", "--tokens", tokens, NULL};
    static const char ROWS[] = "m,facility=fan kw=5 1767571200\nm,facility=oven kw=6 1767571200\n";
    static bool is_there[86400];
    struct server server;
    (void)state;

    (void)snprintf(tokens, sizeof tokens, "%s", in_folder("tokens.csv"));
    put_tokens(HEAD "all," FOO ",query;write;metrics,*\npark," BAR ",query;write,park:P1\nboard," BAZ
                    ",query,enterprise:E2\n");
    begin(&server, options);
    post(server.http, "/write?precision=s", "Authorization: Token bar\r\n", ROWS, sizeof ROWS - 1, answer);
    says(" 400 ");
    says("\"line 2: facility 'oven' is none of those that may be written\", \"rejected\": 1, \"taken\": 1}");
    assert_int_equal(read_rows("fan", is_there, 86400), 1);
    assert_int_equal(read_rows("oven", is_there, 86400), 0);
    get(&server, "/query?q=list%20facilities", "Authorization: Bearer bar\r\n");
    says("fan");
    says_not("oven");
    says_not("E2");
    get(&server, "/query?q=list%20facilities&u=x&p=baz", ""); /* InfluxDB 1 */
    says("oven");
    says_not("fan");
    get(&server, "/query?q=samples%20of%20kw%20of%20facility%20'oven'%20today", "Authorization: Bearer bar\r\n");
    says(" 400 ");
    says("no facility is called 'oven'");
    get(&server, "/query?q=list%20facilities", "Authorization: Basic eDpmb28=\r\n"); /* x:foo */
    says("oven");
    says("fan");
    get(&server, "/query?q=list%20facilities", "");
    says(" 401 ");
    says("WWW-Authenticate: Bearer");
    get(&server, "/query?q=list%20facilities", "Authorization: Bearer foO\r\n");
    says(" 401 ");
    says("the token is unknown");
    post(server.http, "/write", "Authorization: Token baz\r\n", ROWS, sizeof ROWS - 1, answer);
    says(" 403 ");
    says("the token may not write");
    get(&server, "/metrics", "Authorization: Token bar\r\n");
    says(" 403 ");
    get(&server, "/health", "");
    says(" 200 ");
    put_tokens(HEAD "all," FOO ",query;metrics,*\n");
    assert_int_equal(kill(server.pid, SIGHUP), 0);
    server.n = 0;
    wait_for(&server, "tokens.csv: 1 tokens");
    get(&server, "/query?q=list%20facilities", "Authorization: Bearer bar\r\n");
    says(" 401 ");
    put_tokens("nonsense\n"); /* those that were read before stay */
    assert_int_equal(kill(server.pid, SIGHUP), 0);
    server.n = 0;
    wait_for(&server, "'nonsense' is none of the columns");
    get(&server, "/metrics", "Authorization: Token foo\r\n");
    says("\ngk_serve_requests_unauthorized_total 3\n");
    says("\ngk_serve_requests_forbidden_total 2\n");
    end(&server);
}

static void without_tokens_it_listens_on_the_loopback_alone(void **state)
{
    static const char *const open[] = {"--http", "0.0.0.0:0", NULL};
    char tokens[4200];
    const char *const closed[] = {"--http", "0.0.0.0:0", "--tokens", tokens, NULL};
    struct server server;
    (void)state;

    start(&server, open, "is not on the loopback");
    assert_int_equal(stop(&server, 0), EXIT_STORE);
    (void)snprintf(tokens, sizeof tokens, "%s", in_folder("tokens.csv"));
    put_tokens(HEAD);
    assert_int_equal(chmod(tokens, 0644), 0);
    start(&server, closed, "chmod 600");
    assert_int_equal(stop(&server, 0), EXIT_STORE);
    put_tokens(HEAD);
    start(&server, closed, "ready");
    end(&server);
}

static void more_requests_than_the_rate_are_refused(void **state)
{
    static const char *const options[] = {"--http", "0", "--rate", "1", NULL};
    struct server server;
    int n_refused = 0;
    (void)state;

    begin(&server, options);
    for (int i = 0; i < 20; i++) {
        get(&server, "/query?q=list%20parks", "");
        n_refused += strstr(answer, " 429 ") && strstr(answer, "Retry-After: 1\r\n");
    }
    assert_true(n_refused > 0);
    get(&server, "/health", "");
    says(" 200 "); /* a monitor is not counted */
    end(&server);
}

static void a_client_that_sends_a_byte_now_and_then_is_cut_off(void **state)
{
    static const char *const options[] = {"--http", "0", "--slow", "1ms", NULL};
    struct server server;
    char byte;
    (void)state;

    begin(&server, options);
    int fd = connect_to(server.http);
    assert_int_equal(send(fd, "GET /he", 7, MSG_NOSIGNAL), 7); /* and never more */
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    (void)close(fd);
    do
        get(&server, "/metrics", "");
    while (!strstr(answer, "\ngk_serve_http_connections_slow_total ")); /* it may be cut off, too */
    says_not("\ngk_serve_http_connections_slow_total 0\n");
    end(&server);
}

static void more_clients_than_the_limit_are_refused(void **state)
{
    static const char *const options[] = {"--http", "0", "--http-connections", "2", NULL};
    struct server server;
    char byte;
    int fds[2];
    (void)state;

    begin(&server, options);
    for (int i = 0; i < 2; i++) { /* answered, so they are in, and kept */
        static const char HEALTH[] = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
        fds[i] = connect_to(server.http);
        assert_true(send_all(fds[i], HEALTH, sizeof HEALTH - 1));
        assert_int_equal(recv(fds[i], &byte, 1, 0), 1);
    }
    int third = connect_to(server.http);
    (void)send(third, "GET ", 4, MSG_NOSIGNAL);
    assert_true(recv(third, &byte, 1, 0) <= 0);
    (void)close(third);
    (void)close(fds[0]);
    do
        get(&server, "/metrics", "");
    while (!strstr(answer, "gk_serve_http_connections_refused_total"));
    says_not("\ngk_serve_http_connections_refused_total 0\n");
    (void)close(fds[1]);
    end(&server);
}

/* Rows of a year of many facilities make a question that takes longer than its limit. */
static void a_question_over_its_time_is_stopped_and_the_writer_goes_on(void **state)
{
    static const char *const options[] = {"--http", "0", "--timeout", "1ms", NULL};
    static char rows[TALK_MAX - 512];
    struct server server;
    (void)state;

    begin(&server, options);
    for (int k = 0, at; k < 40; k++) {
        at = 0;
        for (int i = 0; at < (int)sizeof rows - 64; i++)
            at += snprintf(rows + at, 64, "press kw=%d %d\n", i * 7 % 100, 1767571200 + (k * 4000 + i) * 10);
        post(server.http, "/write?precision=s", "", rows, (size_t)at, answer);
        says(" 204 ");
    }
    get(&server, "/query?q=p99%20of%20kw%20of%20facility%20by%20hour%20between%202026-01-01%20and%202026-02-01", "");
    if (!strstr(answer, " 200 ")) /* a fast machine may do it */
        says(" 422 ");
    get(&server, "/query?q=list%20parks", "");
    says(" 200 ");
    end(&server);
}

static void bodies_that_are_too_large_are_refused(void **state)
{
    static const char *const options[] = {"--http", "0", NULL};
    static const char LONG[] = "POST /query HTTP/1.0\r\nContent-Length: 2000000\r\n\r\n";
    static char spaces[2000000];
    size_t n = 0;
    ssize_t got;
    struct server server;
    (void)state;

    begin(&server, options);
    memset(spaces, ' ', sizeof spaces);
    int fd = connect_to(server.http);
    assert_true(send_all(fd, LONG, sizeof LONG - 1));
    assert_true(send_all(fd, spaces, sizeof spaces));
    while ((got = recv(fd, answer + n, TALK_MAX - 1 - n, 0)) > 0)
        n += (size_t)got;
    answer[n] = '\0';
    (void)close(fd);
    says(" 413 ");
    says("a question has at most 1 MB");
    get(&server, "/metrics", "");
    says("\ngk_serve_requests_too_large_total 1\n");
    end(&server);
}

/* Several ask at once while rows come, and the server is told to stop in the middle. */
static void whoever_waits_is_answered_when_the_server_stops(void **state)
{
    static const char *const options[] = {"--http", "0", NULL};
    static const char ASK[] = "GET /query?q=list%20facilities HTTP/1.0\r\n\r\n";
    struct server server;
    int fds[20], n_answered = 0;
    char bytes[4096];
    (void)state;

    begin(&server, options);
    for (int i = 0; i < 20; i++) {
        fds[i] = connect_to(server.http);
        assert_true(send_all(fds[i], ASK, sizeof ASK - 1));
    }
    assert_true(recv(fds[0], bytes, sizeof bytes, 0) > 0);
    end(&server);
    for (int i = 0; i < 20; i++) {
        n_answered += i == 0 || recv(fds[i], bytes, sizeof bytes, 0) > 0;
        (void)close(fds[i]);
    }
    assert_true(n_answered > 0);
}

/* What gzip made may be cut off, or be several pieces: nothing is answered with 204 that was not taken. */
static void a_packed_body_is_taken_whole_or_not_acknowledged(void **state)
{
    static const char *const options[] = {"--http", "0", NULL};
    static const char LINES[2][40] = {"press kw=53 1767571203\n", "press kw=54 1767571204\n"};
    static bool is_there[86400];
    unsigned char packed[400];
    size_t n = 0, first = 0;
    struct server server;
    (void)state;

    for (int i = 0; i < 2; i++) {
        z_stream stream = {.next_in = (Bytef *)(uintptr_t)LINES[i], .avail_in = (uInt)strlen(LINES[i])};
        assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
        stream.next_out = packed + n;
        stream.avail_out = (uInt)(sizeof packed - n);
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        n += stream.total_out;
        first = i == 0 ? n : first;
        (void)deflateEnd(&stream);
    }
    begin(&server, options);
    for (size_t cut = 1; cut < first; cut++) {
        post(server.http, "/write?precision=s", "Content-Encoding: gzip\r\n", (char *)packed, cut, answer);
        says(" 400 ");
    }
    post(server.http, "/write?precision=s", "Content-Encoding: gzip\r\n", (char *)packed, n, answer);
    says(" 204 ");
    assert_int_equal(read_rows("press", is_there, 86400), 2);
    end(&server);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_FOLDER(a_question_is_answered_in_three_notations),
    IN_FOLDER(what_is_wrong_with_a_question_is_marked),
    IN_FOLDER(a_token_sees_and_writes_what_is_of_its_sites),
    IN_FOLDER(without_tokens_it_listens_on_the_loopback_alone),
    IN_FOLDER(more_requests_than_the_rate_are_refused),
    IN_FOLDER(a_client_that_sends_a_byte_now_and_then_is_cut_off),
    IN_FOLDER(more_clients_than_the_limit_are_refused),
    IN_FOLDER(a_question_over_its_time_is_stopped_and_the_writer_goes_on),
    IN_FOLDER(bodies_that_are_too_large_are_refused),
    IN_FOLDER(whoever_waits_is_answered_when_the_server_stops),
    IN_FOLDER(a_packed_body_is_taken_whole_or_not_acknowledged),
};

#ifdef GK_MICROHTTPD
RUN_TESTS(tests)
#else
int main(void)
{
    (void)tests;
    print_message("needs libmicrohttpd\n");
    return 0;
}
#endif
