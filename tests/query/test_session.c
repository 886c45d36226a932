/*
 * test_session.c - limits of a session, interruption, and starting again.
 */
#include "query/zone.h"

static const char FACILITIES[] = "facility,enterprise,park,line,role,rated_kw,serves\n"
                                 "p,E1,P1,L1,production,10,\na,E1,P1,L1,abatement,10,p\n";
static const char BANDS[] = "scope,off_below,on_from,hold_s\n*,10%,20%,600\n";
static const char QUESTION[] = "when abatement off while production running for >= 1m last 24h";

/* Production runs all the time; abatement is off every other minute: ten violations. */
static void fill(struct zone *zone)
{
    struct text text = {NULL, 0, 0};
    char line[96];

    zone_load(zone, FACILITIES, sizeof FACILITIES - 1);
    zone_load(zone, BANDS, sizeof BANDS - 1);
    text_add(&text, "time_s,facility,kw\n");
    for (int64_t i = 0; i < 20; i++) {
        int64_t t = zone->now / GK_SECOND - 3600 + i * 60;
        (void)snprintf(line, sizeof line, "%" PRId64 ",p,8\n%" PRId64 ",a,%d\n", t, t, i % 2 ? 8 : 0);
        text_add(&text, line);
    }
    zone_load(zone, text.bytes, text.size);
    text_clear(&text);
}

struct asked {
    int status;
    uint64_t n_rows;
    struct gk_query_meta meta;
    struct gk_query_error error;
};

static struct asked ask(struct zone *zone, const struct gk_session_options *options, const char *question)
{
    struct asked out = {.status = GK_OK};
    gk_session *session = NULL;
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;

    assert_int_equal(gk_snapshot_open(zone->db, &snapshot, NULL), GK_OK);
    out.status = gk_session_new(options, &session);
    if (out.status == GK_OK)
        out.status = gk_query_prepare(session, snapshot, question, strlen(question), NULL, &query, &out.error);
    if (out.status == GK_OK)
        out.status = gk_query_start(query, snapshot, zone->now, &out.error);
    while (out.status == GK_OK && (out.status = gk_query_next(query, &out.error)) == GK_OK)
        out.n_rows++;
    if (query)
        out.meta = *gk_query_meta(query);
    gk_query_free(query);
    gk_session_free(session);
    gk_snapshot_close(snapshot);
    return out;
}

static void a_query_tells_its_own_statement_of_a_script(void **state)
{
    static const char script[] = "list lines; -- the rest\n list parks";
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;
    struct zone zone;
    size_t used = 0;

    (void)state;
    zone_open(&zone);
    fill(&zone);
    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    assert_int_equal(gk_query_prepare(zone.session, snapshot, script, sizeof script - 1, &used, &query, NULL), GK_OK);
    assert_int_equal(gk_query_text(query).size, 11);
    assert_memory_equal(gk_query_text(query).bytes, "list lines;", 11);
    gk_query_free(query);
    assert_int_equal(
        gk_query_prepare(zone.session, snapshot, script + used, sizeof script - 1 - used, NULL, &query, NULL), GK_OK);
    assert_memory_equal(gk_query_text(query).bytes, script + used, gk_query_text(query).size);
    assert_int_equal(gk_query_text(query).size, sizeof script - 1 - used);
    gk_query_free(query);
    gk_snapshot_close(snapshot);
    zone_close(&zone);
}

/* Under other limits the states beside an answer are those it was made of. */
static void a_query_tells_the_snapshot_its_states_are_of(void **state)
{
    static const char *const texts[] = {"when abatement off last 24h",
                                        "when abatement off last 24h with off_below = 90%, on_from = 95%"};
    gk_snapshot *snapshot = NULL;
    struct zone zone;
    size_t n_off[2] = {0};

    (void)state;
    zone_open(&zone);
    fill(&zone);
    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    for (size_t i = 0; i < 2; i++) {
        int64_t now = zone.now / GK_SECOND;
        const struct gk_step *steps;
        gk_query *query = NULL;
        size_t n;

        assert_int_equal(gk_query_prepare(zone.session, snapshot, texts[i], strlen(texts[i]), NULL, &query, NULL),
                         GK_OK);
        assert_int_equal(gk_query_start(query, snapshot, zone.now, NULL), GK_OK);
        assert_true((gk_query_snapshot(query) == snapshot) == (i == 0));
        assert_int_equal(gk_state_steps(gk_query_snapshot(query), gk_facility_find(snapshot, "a", 1), now - 3600,
                                        now - 2400, &steps, &n, NULL),
                         GK_OK);
        for (size_t k = 0; k < n; k++)
            n_off[i] += steps[k].value == GK_OFF;
        gk_query_free(query);
    }
    assert_int_equal(n_off[0], 10);
    assert_int_equal(n_off[1], 1); /* 8 of 10 kW are off, too: one stretch */
    gk_snapshot_close(snapshot);
    zone_close(&zone);
}

static void rows_are_cut_and_it_is_said(void **state)
{
    struct zone zone;
    struct gk_session_options options = {.size = sizeof options, .max_rows = 4};

    (void)state;
    zone_open(&zone);
    fill(&zone);
    struct asked asked = ask(&zone, &options, QUESTION);
    assert_int_equal(asked.status, GK_DONE);
    assert_int_equal(asked.n_rows, 4);
    assert_true(asked.meta.is_cut);
    options.max_rows = 10;
    asked = ask(&zone, &options, QUESTION);
    assert_int_equal(asked.n_rows, 10);
    assert_false(asked.meta.is_cut);
    asked = ask(&zone, NULL, "when abatement off while production running last 24h limit 3");
    assert_int_equal(asked.n_rows, 3);
    assert_false(asked.meta.is_cut);
    zone_close(&zone);
}

static gk_time running_clock(void *context)
{
    gk_time *t = context;
    return *t += GK_SECOND;
}

static int stop_at_once(void *context, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    ++*(int *)context;
    return 1;
}

static void time_and_patience_have_limits(void **state)
{
    struct zone zone;
    gk_time t = 0;
    int n_calls = 0;
    struct gk_session_options options = {
        .size = sizeof options, .max_run_ns = GK_SECOND, .monotonic = running_clock, .monotonic_context = &t};

    (void)state;
    zone_open(&zone);
    fill(&zone);
    struct asked asked = ask(&zone, &options, QUESTION);
    assert_int_equal(asked.status, GK_ELIMIT);
    assert_non_null(strstr(asked.error.report, "max_run"));
    options.max_run_ns = -1;
    options.progress = stop_at_once;
    options.progress_context = &n_calls;
    assert_int_equal(ask(&zone, &options, QUESTION).status, GK_EINTERRUPTED);
    assert_int_equal(n_calls, 1);
    zone_close(&zone);
}

static int count_calls(void *context, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    ++*(int *)context;
    return 0;
}

/* Answers that are lent, counted or summed at once look at the clock as often as those that are made row by row: before
 * each facility, and each piece of samples. */
static void the_fast_ways_can_be_stopped_too(void **state)
{
    static const char *const questions[] = {"samples of power of facility last 2h",
                                            "when any abatement off while any production on per enterprise last 2h",
                                            "duration of all production on per enterprise by hour last 2h",
                                            "last of power of facility by facility last 2h"};
    struct zone zone;
    gk_time t = 0;
    int n_calls;
    struct gk_session_options options = {.size = sizeof options,
                                         .max_run_ns = -1,
                                         .progress_context = &n_calls,
                                         .monotonic = running_clock,
                                         .monotonic_context = &t};

    (void)state;
    zone_open(&zone);
    fill(&zone);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        n_calls = 0;
        options.progress = count_calls;
        assert_int_equal(ask(&zone, &options, questions[i]).status, GK_DONE);
        assert_true(n_calls >= 2); /* the subject, and what it is made of */
        n_calls = 0;
        options.progress = stop_at_once;
        assert_int_equal(ask(&zone, &options, questions[i]).status, GK_EINTERRUPTED);
        assert_int_equal(n_calls, 1);
    }
    zone_close(&zone);
}

static int interrupt_it(void *context, uint64_t done, uint64_t total)
{
    gk_session **session = context;

    (void)done;
    (void)total;
    gk_session_interrupt(*session);
    return 0;
}

static void an_interrupt_stops_what_runs_and_nothing_that_is_started_later(void **state)
{
    struct zone zone;
    gk_time t = 0;
    gk_session *session = NULL;
    struct gk_session_options options = {.size = sizeof options,
                                         .max_run_ns = -1,
                                         .progress = interrupt_it,
                                         .progress_context = &session,
                                         .monotonic = running_clock,
                                         .monotonic_context = &t};
    struct gk_query_error error = {0};
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;
    int rc;

    (void)state;
    zone_open(&zone);
    fill(&zone);
    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    assert_int_equal(gk_session_new(&options, &session), GK_OK);
    assert_int_equal(gk_query_prepare(session, snapshot, QUESTION, strlen(QUESTION), NULL, &query, &error), GK_OK);
    for (int round = 0; round < 2; round++) { /* the second one is not stopped by the interrupt of the first */
        rc = gk_query_start(query, snapshot, zone.now, &error);
        assert_int_equal(rc, GK_OK);
        while ((rc = gk_query_next(query, &error)) == GK_OK)
            ;
        assert_int_equal(rc, GK_EINTERRUPTED);
        assert_non_null(strstr(error.report, "interrupted"));
    }
    gk_query_free(query);
    gk_session_free(session);
    gk_snapshot_close(snapshot);
    zone_close(&zone);
}

static void text_and_nesting_have_limits_with_their_names(void **state)
{
    struct zone zone;
    struct gk_session_options options = {.size = sizeof options, .max_text = 40, .max_nesting = 2};
    struct asked asked;

    (void)state;
    zone_open(&zone);
    fill(&zone);
    assert_int_equal(ask(&zone, &options, "when abatement off last 24h").status, GK_DONE);
    asked = ask(&zone, &options, QUESTION);
    assert_int_equal(asked.status, GK_ELIMIT);
    assert_non_null(strstr(asked.error.report, "max_text (40)"));
    options.max_text = 0;
    assert_int_equal(ask(&zone, &options, "when ((abatement off)) last 24h").status, GK_DONE);
    asked = ask(&zone, &options, "when (not (abatement off)) last 24h");
    assert_int_equal(asked.status, GK_ELIMIT);
    assert_non_null(strstr(asked.error.report, "max_nesting (2)"));
    zone_close(&zone);
}

/* `ms` of a step of a profile; fails when there is no such step. */
static double ms_of(struct zone *zone, gk_session *session, const char *question, const char *step)
{
    struct gk_query_error error = {0};
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;
    double ms = -1;

    assert_int_equal(gk_snapshot_open(zone->db, &snapshot, NULL), GK_OK);
    if (gk_query_prepare(session, snapshot, question, strlen(question), NULL, &query, &error) != GK_OK)
        fail_msg("%s", error.report);
    assert_int_equal(gk_query_start(query, snapshot, zone->now, &error), GK_OK);
    while (gk_query_next(query, &error) == GK_OK)
        if (strcmp(gk_query_value(query, 0)->as.text.bytes, step) == 0 &&
            gk_query_value(query, 2)->type == GK_TYPE_NUMBER)
            ms = gk_query_value(query, 2)->as.number;
    assert_int_equal(error.error.status, GK_OK);
    gk_query_free(query);
    gk_snapshot_close(snapshot);
    return ms;
}

/* A clock that goes on by a second whenever it is looked at, so that a step takes what it looks at it. */
static void a_profile_tells_the_time_of_each_step(void **state)
{
    static const char *const questions[] = {
        "profile when abatement off while production running last 24h sort duration",
        "profile avg of power of production by facility last 24h",
        "profile list lag from start of (production running) to start of (abatement "
        "running) last 24h",
        "profile duration of abatement off by day last 24h with on_from = 15% vs "
        "stored",
        "profile list facilities",
        "profile energy of production while abatement off, duration of abatement off by day last 24h vs previous",
        "profile state of line 'L1'"};
    struct zone zone;
    gk_time t = 0;
    gk_session *session = NULL;
    struct gk_session_options options = {
        .size = sizeof options, .max_run_ns = -1, .monotonic = running_clock, .monotonic_context = &t};

    (void)state;
    zone_open(&zone);
    fill(&zone);
    assert_int_equal(gk_session_new(&options, &session), GK_OK);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        assert_true(ms_of(&zone, session, questions[i], "prepared") > 0);
        assert_true(ms_of(&zone, session, questions[i], "started") > 0);
        assert_true(ms_of(&zone, session, questions[i], "total") > ms_of(&zone, session, questions[i], "started"));
    }
    assert_true(ms_of(&zone, session, questions[0], "read") > 0);
    assert_true(ms_of(&zone, session, questions[0], "sorted") > 0);
    assert_true(ms_of(&zone, session, questions[3], "read") > 0); /* of both parts */
    assert_true(ms_of(&zone, session, questions[5], "read") > 0);
    assert_true(ms_of(&zone, session, questions[1], "read") < 0);
    assert_true(ms_of(&zone, session, questions[1], "sorted") < 0); /* there is no such step */
    gk_session_free(session);
    zone_close(&zone);
}

static void memory_has_a_limit(void **state)
{
    struct zone zone;
    struct gk_session_options options = {.size = sizeof options, .max_memory = 100000};

    (void)state;
    zone_open(&zone);
    fill(&zone);
    struct asked asked = ask(&zone, &options, "count of production running by facility, hour last 300d");
    assert_int_equal(asked.status, GK_ELIMIT);
    assert_non_null(strstr(asked.error.report, "max_memory"));
    assert_non_null(strstr(asked.error.report, "hint: a shorter window"));
    options.max_memory = 0;
    options.max_window_ns = 3600 * GK_SECOND;
    asked = ask(&zone, &options, QUESTION);
    assert_int_equal(asked.status, GK_ELIMIT);
    assert_non_null(strstr(asked.error.report, "max_window"));
    zone_close(&zone);
}

static void a_statement_can_be_started_again_at_another_time(void **state)
{
    struct zone zone;
    struct gk_query_error error = {0};
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;

    (void)state;
    zone_open(&zone);
    fill(&zone);
    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    assert_int_equal(gk_query_prepare(zone.session, snapshot, QUESTION, strlen(QUESTION), NULL, &query, &error), GK_OK);
    assert_int_equal(gk_query_next(query, &error), GK_EINVAL);
    for (int round = 0; round < 3; round++) {
        uint64_t n = 0;
        gk_time now = round == 1 ? zone.now + 30 * 86400 * GK_SECOND : zone.now;
        assert_int_equal(gk_query_start(query, snapshot, now, &error), GK_OK);
        while (gk_query_next(query, &error) == GK_OK)
            n++;
        assert_int_equal(n, round == 1 ? 0 : 10);
        assert_int_equal(gk_query_next(query, &error), GK_DONE);
    }
    gk_query_free(query);
    gk_snapshot_close(snapshot);
    zone_close(&zone);
}

/* p has power and current, at times only one of them. */
static void fill_channels(struct zone *zone, bool is_sealed)
{
    struct text text = {NULL, 0, 0};
    char line[96];

    fill(zone);
    text_add(&text, "time_s,facility,kw,ia\n");
    for (int64_t i = 0; i < 900; i++) {
        int64_t t = zone->now / GK_SECOND - 900 + i;
        char kw[8], ia[8] = "5";
        (void)snprintf(kw, sizeof kw, "%d", (int)(i % 7));
        if (i >= 700)
            *(i % 3 ? ia : kw) = '\0';
        (void)snprintf(line, sizeof line, "%" PRId64 ",p,%s,%s\n", t, kw, ia);
        text_add(&text, line);
    }
    zone_load(zone, text.bytes, text.size);
    text_clear(&text);
    if (is_sealed)
        assert_int_equal(gk_seal(zone->db, NULL), GK_OK);
}

static void samples_that_are_lent_are_those_that_are_copied(void **state)
{
    static const char *const series[] = {"samples of power of facility 'p' ", "samples of current of facility 'p' ",
                                         "samples of facility 'p' ", "samples of power of facility "};
    static const char *const tails[] = {"last 2h", "last 10m", "last 200s", "last 2h limit 7", "last 2h limit 900"};
    struct zone zone;

    (void)state;
    for (int is_sealed = 0; is_sealed < 2; is_sealed++) {
        zone_open(&zone);
        fill_channels(&zone, is_sealed);
        for (size_t i = 0; i < sizeof series / sizeof series[0]; i++)
            for (size_t j = 0; j < sizeof tails / sizeof tails[0]; j++) {
                struct text lent = {NULL, 0, 0}, copied = {NULL, 0, 0}, question = {NULL, 0, 0};
                text_add(&question, series[i]);
                text_add(&question, tails[j]);
                zone_ask(&zone, question.bytes, NULL, &lent, &lent);
                text_add(&question, " sort facility desc"); /* a sorted answer is gathered, row by row */
                zone_ask(&zone, question.bytes, NULL, &copied, &copied);
                if (j < 3 || i < 3) /* of several facilities the limit leaves others when sorted */
                    assert_string_equal(lent.bytes, copied.bytes);
                text_clear(&lent);
                text_clear(&copied);
                text_clear(&question);
            }
        struct gk_session_options options = {.size = sizeof options, .max_rows = 5};
        struct asked asked = ask(&zone, &options, "samples of power of facility 'p' last 5m");
        assert_int_equal(asked.n_rows, 5);
        assert_true(asked.meta.is_cut);
        asked = ask(&zone, &options, "samples of power of facility 'p' last 5m limit 4");
        assert_int_equal(asked.n_rows, 4);
        assert_false(asked.meta.is_cut);
        zone_close(&zone);
    }
}

static void there_is_no_value_before_the_first_row_or_behind_the_last(void **state)
{
    static const char question[] = "samples of power of facility 'p' last 2h";
    struct gk_query_error error = {0};
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;
    struct zone zone;
    int rc;

    (void)state;
    zone_open(&zone);
    fill(&zone);
    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    assert_int_equal(gk_query_prepare(zone.session, snapshot, question, strlen(question), NULL, &query, &error), GK_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(gk_query_start(query, snapshot, zone.now, &error), GK_OK);
        assert_int_equal(gk_query_value(query, 0)->type, GK_TYPE_EMPTY);
        for (error.error.status = GK_EBUG; (rc = gk_query_next(query, &error)) == GK_OK; error.error.status = GK_EBUG) {
            assert_int_equal(error.error.status, GK_OK);
            assert_int_equal(gk_query_value(query, 0)->type, GK_TYPE_TIME);
            assert_int_equal(gk_query_value(query, 3)->type, GK_TYPE_EMPTY);
        }
        assert_int_equal(rc, GK_DONE);
        assert_int_equal(gk_query_value(query, 0)->type, GK_TYPE_EMPTY);
    }
    gk_query_free(query);
    gk_snapshot_close(snapshot);
    zone_close(&zone);
}

/* The sums of `series` between two times, without the line of the columns' names. */
static void ask_sums(struct zone *zone, const char *series, const char *every, gk_time from, gk_time to,
                     struct text *out)
{
    struct text question = {NULL, 0, 0}, answer = {NULL, 0, 0};
    char a[GK_TIME_TEXT_MAX], b[GK_TIME_TEXT_MAX];

    (void)gk_time_format(from, 0, a);
    (void)gk_time_format(to, 0, b);
    for (const char *const *p = (const char *const[]){series, every, " between ", a, " and ", b, NULL}; *p; p++)
        text_add(&question, *p);
    zone_ask(zone, question.bytes, "duration,share,count,possible_duration,possible_share,possible_count,coverage",
             &answer, NULL);
    const char *rows = strchr(answer.bytes, '\n');
    assert_non_null(rows);
    text_add(out, rows + 1);
    text_clear(&question);
    text_clear(&answer);
}

static void a_bucket_is_what_a_window_of_its_own_is(void **state)
{
    static const char *const series[] = {"duration, share, count of abatement off",
                                         "duration, share, count of abatement off or production off for >= 1m",
                                         "duration, share, count of start of (abatement off)",
                                         "duration, share, count of possibly (end of (abatement on))",
                                         "duration, share, count of abatement nodata"};
    const gk_time step = 90 * GK_SECOND;
    struct zone zone;

    (void)state;
    zone_open(&zone);
    fill(&zone);
    gk_time end = zone.now - zone.now % step, begin = end - 50 * step;
    for (size_t i = 0; i < sizeof series / sizeof series[0]; i++) {
        struct text whole = {NULL, 0, 0}, parts = {NULL, 0, 0};
        ask_sums(&zone, series[i], " every 90s", begin, end, &whole);
        for (gk_time t = begin; t < end; t += step)
            ask_sums(&zone, series[i], "", t, t + step, &parts);
        assert_string_equal(whole.bytes, parts.bytes);
        text_clear(&whole);
        text_clear(&parts);
    }
    zone_close(&zone);
}

/* The kw of an answer by arrays, in leaps of up to `most` rows, and by rows: how many, their times and numbers. */
struct taken {
    uint64_t n_rows;
    double sum;
    gk_time last;
    bool is_cut;
};

static struct taken take(struct zone *zone, const char *question, uint64_t max_rows, bool by_arrays, size_t most)
{
    struct gk_session_options options = {.size = sizeof options, .max_rows = max_rows};
    struct gk_query_error error = {0};
    gk_session *session = NULL;
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;
    struct taken out = {0};

    assert_int_equal(gk_session_new(&options, &session), GK_OK);
    assert_int_equal(gk_snapshot_open(zone->db, &snapshot, NULL), GK_OK);
    assert_int_equal(gk_query_prepare(session, snapshot, question, strlen(question), NULL, &query, &error), GK_OK);
    assert_int_equal(gk_query_start(query, snapshot, zone->now, &error), GK_OK);
    while (gk_query_next(query, &error) == GK_OK) {
        const struct gk_value *kw = gk_query_value(query, 2);
        size_t n, n_times;
        const double *numbers = gk_query_numbers(query, 2, &n);
        const gk_time *times = gk_query_times(query, 0, &n_times);
        assert_int_equal(n, n_times);
        assert_null(gk_query_numbers(query, 0, &n_times));
        assert_null(gk_query_times(query, 1, &n_times));
        assert_null(gk_query_numbers(query, 99, &n_times));
        out.last = gk_query_value(query, 0)->as.time;
        if (!by_arrays || n == 0) {
            out.n_rows++;
            out.sum += kw->type == GK_TYPE_NUMBER ? kw->as.number : 0;
            continue;
        }
        n = n < most ? n : most;
        for (size_t i = 0; i < n; i++)
            out.sum += isnan(numbers[i]) ? 0 : numbers[i];
        out.n_rows += n;
        out.last = times[n - 1];
        assert_int_equal(gk_query_skip(query, n - 1), n - 1);
        assert_true(gk_query_value(query, 0)->as.time == out.last);
    }
    assert_int_equal(gk_query_skip(query, 1), 0);
    assert_int_equal(gk_query_meta(query)->n_rows, out.n_rows);
    out.is_cut = gk_query_meta(query)->is_cut;
    gk_query_free(query);
    gk_session_free(session);
    gk_snapshot_close(snapshot);
    return out;
}

static void assert_same_taken(const struct taken *a, const struct taken *b)
{
    assert_int_equal(a->n_rows, b->n_rows);
    assert_true(a->sum >= b->sum && a->sum <= b->sum);
    assert_true(a->last == b->last);
    assert_int_equal(a->is_cut, b->is_cut);
}

static void arrays_hold_what_the_rows_hold(void **state)
{
    static const char *const questions[] = {
        "samples of power of facility 'p' last 2h", "samples of power of facility last 2h",
        "samples of power of facility 'p' last 2h limit 101", "samples of power of facility 'p' last 2h having kw > 2"};
    struct zone zone;

    (void)state;
    zone_open(&zone);
    fill_channels(&zone, true);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        for (uint64_t max_rows = 0; max_rows < 300; max_rows += 77) {
            struct taken rows = take(&zone, questions[i], max_rows, false, 0);
            struct taken arrays = take(&zone, questions[i], max_rows, true, SIZE_MAX);
            struct taken leaps = take(&zone, questions[i], max_rows, true, 10);
            assert_same_taken(&rows, &arrays);
            assert_same_taken(&rows, &leaps);
        }
    zone_close(&zone);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(arrays_hold_what_the_rows_hold),
    cmocka_unit_test(a_bucket_is_what_a_window_of_its_own_is),
    cmocka_unit_test(samples_that_are_lent_are_those_that_are_copied),
    cmocka_unit_test(there_is_no_value_before_the_first_row_or_behind_the_last),
    cmocka_unit_test(a_query_tells_its_own_statement_of_a_script),
    cmocka_unit_test(a_query_tells_the_snapshot_its_states_are_of),
    cmocka_unit_test(rows_are_cut_and_it_is_said),
    cmocka_unit_test(time_and_patience_have_limits),
    cmocka_unit_test(the_fast_ways_can_be_stopped_too),
    cmocka_unit_test(memory_has_a_limit),
    cmocka_unit_test(an_interrupt_stops_what_runs_and_nothing_that_is_started_later),
    cmocka_unit_test(text_and_nesting_have_limits_with_their_names),
    cmocka_unit_test(a_profile_tells_the_time_of_each_step),
    cmocka_unit_test(a_statement_can_be_started_again_at_another_time),
};

RUN_TESTS(tests)
