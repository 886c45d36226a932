/*
 * test_parse.c - the examples of the language parse, and errors look as they should.
 */
#include "query/zone.h"

#include "parser.h"

static const char *const EXAMPLES[] = {
    "when abatement offline while production running for >= 10m last 24h",
    "when abatement offline while production running ignoring gaps < 30s for >= 10m in park 'P1' last 7d",
    "duration, count, longest of abatement offline while production running for >= 5m by enterprise, day last 30d",
    "which enterprises ever (abatement offline while production running) today",
    "which enterprises now abatement offline while production running",
    "when all abatement stopped while any production running per line last 24h",
    "when no abatement running while at least 2 production running per enterprise yesterday",
    "when start of (production running) unless abatement running last 7d",
    "when end of (abatement running) while production running last 7d",
    "when start of (production running) unless (abatement running held 10m) last 7d",
    "when production running during order 'orange' per enterprise between 2026-11-18 and 2026-11-21",
    "duration, share of production running during order 'orange' by enterprise between 2026-11-18 and 2026-11-21",
    "energy of power of production by enterprise, day last 7d",
    "avg, max, p95 of current of facility 'F12' every 5m last 6h",
    "samples of current of facility 'F12' between 2026-11-20T08:00 and 2026-11-20T08:10",
    "when power of abatement < 0.2 * rated while production running for >= 15m last 24h",
    "when any current of abatement > 50A for >= 1m in enterprise 'E7' today",
    "when abatement idle while production running for >= 30m last 7d",
    "duration, share of facility nodata by enterprise last 7d top 10 by duration",
    "coverage of production running by enterprise, day last 30d having coverage < 95%",
    "when possibly (abatement offline while production running) for >= 10m yesterday",
    "when unknown (abatement offline while production running) for >= 1h yesterday",
    "share of production running by enterprise, hour last 7d",
    "when production running during hours 22:00-06:00 for >= 1h in park 'P2' this month",
    "state of facility 'F12' at 2026-11-20T08:00",
    "list facilities of enterprise 'E7' where type = 'RTO'",
    "list links of line 'L3'",
    "explain when abatement offline while production running for >= 10m last 24h",
    "define untreated as all abatement stopped while any production running",
    "when order level >= 2 and not exempt and kw of production >= 5kW outside hours 06:00-22:00 within last 10m since "
    "2026-11-01",
    "when exactly 2 production is not running or production running for < 5m on 2026-11-20 sort duration desc limit 5",
    "which lines never production running until 2026-11-20 where rated_kw > 5 and name != 'x' tz '+00:00'",
    "当 治污 离线 期间 生产 运行 持续 >= 10分钟 最近 24小时",
};
#define N_EXAMPLES (sizeof EXAMPLES / sizeof EXAMPLES[0])

static int parse(const char *text, size_t size, struct gk_query_error *error)
{
    struct arena arena;
    struct report report = {.text = text, .size = size, .error = error};
    struct stmt *stmt;
    size_t used;
    struct failing_mem mem;

    failing_mem_init(&mem);
    memset(error, 0, sizeof *error);
    arena_init(&arena, mem.mem.resize, mem.mem.context, (size_t)16 << 20);
    int rc = parse_statement(&arena, &report, &stmt, &used);
    arena_clear(&arena);
    assert_int_equal(mem.n_live, 0);
    return rc;
}

static void the_examples_parse(void **state)
{
    struct gk_query_error error;

    (void)state;
    for (size_t i = 0; i < N_EXAMPLES; i++) {
        if (parse(EXAMPLES[i], strlen(EXAMPLES[i]), &error) != GK_OK)
            fail_msg("%s", error.report);
    }
}

static void errors_look_as_they_should(void **state)
{
    static const struct {
        const char *text, *report;
    } cases[] = {
        {"when abatement offlin while production running last 24h",
         "error at 16: expected a state, got 'offlin'\n"
         "  when abatement offlin while production running last 24h\n"
         "                 ^^^^^^\n"
         "  hint: did you mean 'offline'? one of on off idle overload nodata running stopped offline normal\n"},
        {"when abatement offline while production running for >= 10 last 24h",
         "error at 56: expected a duration after 'for', got '10'\n"
         "  when abatement offline while production running for >= 10 last 24h\n"
         "                                                         ^^\n"
         "  hint: add a unit: 10s, 10m, 10h\n"},
        {"当 治污离线期间生产运转持续10分钟",
         "error at 11: expected a state, got '运转'\n"
         "  当 治污离线期间生产运转持续10分钟\n"
         "                     ^^^^\n"
         "  hint: did you mean '运行'? one of 开启 关闭 空转 过载 无数据 运行 停运 "
         "离线 正常\n"},
        {"wen production running", "error at 1: expected a verb, got 'wen'\n"
                                   "  wen production running\n"
                                   "  ^^^\n"
                                   "  hint: did you mean 'when'? one of when which state list define explain duration "
                                   "share count longest first last "
                                   "coverage avg min max sum rms energy samples\n"},
        {"when production running last 10M",
         "error at 32: the unit 'M' is refused: minutes or months?\n"
         "  when production running last 10M\n"
         "                                 ^\n"
         "  hint: m is minutes; a month is a calendar word: this month, last month, or 30d\n"},
        {"when production running today last 7d",
         "error at 31: the statement has its time already\n"
         "  when production running today last 7d\n"
         "                                ^^^^\n"
         "  hint: one time is enough: today, today 08:00-12:00, last 24h, between 2026-11-18 and 2026-11-21\n"},
        {"ack 17 by 'wang'", "error at 1: 'ack' is not part of this version\n"
                             "  ack 17 by 'wang'\n"
                             "  ^^^\n"
                             "  hint: this version answers when, which, aggregates, lags, samples, "
                             "state, list, define, rule, explain, profile\n"},
    };
    struct gk_query_error error;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(cases[i].text, strlen(cases[i].text), &error), GK_ESYNTAX);
        assert_string_equal(error.report, cases[i].report);
    }
}

static void nesting_and_size_have_limits(void **state)
{
    struct gk_query_error error;
    struct text text = {NULL, 0, 0};

    (void)state;
    text_add(&text, "when ");
    for (int i = 0; i < 65; i++)
        text_add(&text, "(");
    assert_int_equal(parse(text.bytes, text.size, &error), GK_ELIMIT);
    text.size = 0;
    text_add(&text, "when production running");
    for (int i = 0; i < 300; i++)
        text_add(&text, " or production running");
    assert_int_equal(parse(text.bytes, text.size, &error), GK_ELIMIT);
    text.size = 0;
    text_add(&text, "when ");
    for (int i = 0; i < 70000; i++)
        text_add(&text, " ");
    text_add(&text, "production running");
    assert_int_equal(parse(text.bytes, text.size, &error), GK_ELIMIT);
    text_clear(&text);
}

static void a_failing_allocation_is_told(void **state)
{
    (void)state;
    for (uint64_t i = 1;; i++) {
        struct failing_mem mem;
        struct arena arena;
        struct stmt *stmt;
        struct gk_query_error error = {0};
        size_t used;
        struct report report = {.text = EXAMPLES[1], .size = strlen(EXAMPLES[1]), .error = &error};
        failing_mem_init(&mem);
        mem.fail_at = i;
        arena_init(&arena, mem.mem.resize, mem.mem.context, (size_t)16 << 20);
        int rc = parse_statement(&arena, &report, &stmt, &used);
        arena_clear(&arena);
        assert_int_equal(mem.n_live, 0);
        if (rc == GK_OK)
            return;
        assert_int_equal(rc, GK_ENOMEM);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_examples_parse),
    cmocka_unit_test(errors_look_as_they_should),
    cmocka_unit_test(nesting_and_size_have_limits),
    cmocka_unit_test(a_failing_allocation_is_told),
};

RUN_TESTS(tests)
