/*
 * test_lag.c - lags against pairs found by looking at every moment: which partner, how far, how certain.
 */
#include "query/zone.h"

#define FIRST  INT64_C(1763600400) /* ticks of 1 s */
#define LENGTH 1500
#define HOLD   60
#define N      (LENGTH + 600)

/* Truth of `running` by tick from FIRST - 300 on: certain, possible. */
struct truth {
    uint8_t c[N], p[N];
};

static void load_machine(struct text *out, struct random *random, const char *name)
{
    char line[64];
    int kw = 0;

    for (int64_t t = (int64_t)random_below(random, 50); t < LENGTH; t += 10 + (int64_t)random_below(random, 20)) {
        if (random_below(random, 3) == 0)
            kw = random_below(random, 2) ? 8 : 0;
        if (random_below(random, 15) == 0)
            t += (int64_t)random_below(random, 200); /* silence */
        (void)snprintf(line, sizeof line, "%" PRId64 ",%s,%d\n", FIRST + t, name, kw);
        if (t < LENGTH)
            text_add(out, line);
    }
}

static void read_truth(gk_snapshot *snapshot, const char *name, int64_t known_end, struct truth *out)
{
    uint32_t id = gk_facility_find(snapshot, name, strlen(name));
    const struct gk_step *steps;
    size_t n;

    for (int i = 0; i < N; i++) {
        out->c[i] = 0;
        out->p[i] = 1;
    }
    assert_int_equal(gk_state_steps(snapshot, id, FIRST - 300, known_end, &steps, &n, NULL), GK_OK);
    for (size_t i = 0; i < n; i++)
        for (int64_t t = steps[i].tick; t < (i + 1 < n ? steps[i + 1].tick : known_end); t++) {
            out->c[t - FIRST + 300] = steps[i].value == GK_ON || steps[i].value == GK_OVERLOAD;
            out->p[t - FIRST + 300] = steps[i].value == GK_NODATA || out->c[t - FIRST + 300];
        }
}

/* Whether `running` starts (ends) at a tick, for certain or possibly. */
static bool is_moment(const struct truth *x, int t, bool is_end, bool is_certain)
{
    int c0 = t > 0 ? x->c[t - 1] : 0, p0 = t > 0 ? x->p[t - 1] : 1, c = x->c[t], p = x->p[t];

    if (is_end)
        return is_certain ? c0 && !p : p0 && !c;
    return is_certain ? c && !p0 : p && !c0;
}

/* "from to certainty" lines of the moments of `a` in [from, to). */
static void expect_lags(const struct truth *a, const struct truth *b, bool a_ends, bool b_ends, int way, int within,
                        int from, int to, struct text *out)
{
    char line[64];

    for (int t = from; t < to; t++) {
        int best = 0, open = within + 1;
        bool has = false;
        if (!is_moment(a, t, a_ends, true))
            continue;
        for (int d = 0; d <= within && !has; d++) { /* outwards, what is earlier first */
            for (int side = -1; side <= 1 && !has; side += 2) {
                int u = t + side * d;
                bool is_looked_at = d == 0 || (side < 0 ? way != 1 : way != 2);
                if (!is_looked_at || u < 0 || u >= N)
                    continue;
                if (is_moment(b, u, b_ends, true)) {
                    has = true;
                    best = u;
                } else if (is_moment(b, u, b_ends, false) && d < open) {
                    open = d;
                }
            }
        }
        int distance = has ? abs(best - t) : within + 1;
        (void)snprintf(line, sizeof line, "%d ", t);
        text_add(out, line);
        if (has)
            (void)snprintf(line, sizeof line, "%d ", best);
        text_add(out, has ? line : "- ");
        text_add(out, open < distance ? "possible\n" : "certain\n");
    }
}

static void ask_lags(struct zone *zone, gk_snapshot *snapshot, const char *question, struct text *out)
{
    struct gk_query_error error = {0};
    gk_query *query = NULL;
    char line[64];
    int rc;

    if (gk_query_prepare(zone->session, snapshot, question, strlen(question), NULL, &query, &error) != GK_OK)
        fail_msg("%s", error.report);
    rc = gk_query_start(query, snapshot, zone->now, &error);
    while (rc == GK_OK && (rc = gk_query_next(query, &error)) == GK_OK) {
        const struct gk_value *from = gk_query_value(query, 5), *to = gk_query_value(query, 6);
        (void)snprintf(line, sizeof line, "%d ", (int)(from->as.time / GK_SECOND - FIRST + 300));
        text_add(out, line);
        (void)snprintf(line, sizeof line, "%d ", (int)(to->as.time / GK_SECOND - FIRST + 300));
        text_add(out, to->type == GK_TYPE_TIME ? line : "- ");
        text_add(out, gk_query_value(query, 8)->as.text.bytes);
        text_add(out, "\n");
    }
    if (rc != GK_DONE)
        fail_msg("%s", error.report);
    gk_query_free(query);
}

static void put_time(struct text *out, int64_t tick)
{
    char text[GK_TIME_TEXT_MAX];

    (void)gk_time_format(tick * GK_SECOND, 28800, text);
    text_add(out, text);
}

static void one_question(struct zone *zone, gk_snapshot *snapshot, struct random *random, const struct truth *a,
                         const struct truth *b)
{
    static const char *const ways[] = {"", "next ", "last "};
    struct text question = {NULL, 0, 0}, expected = {NULL, 0, 0}, got = {NULL, 0, 0};
    bool a_ends = random_below(random, 2), b_ends = random_below(random, 2);
    int way = (int)random_below(random, 3), within = 1 + (int)random_below(random, 250);
    int from = 250 + (int)random_below(random, LENGTH), to = from + 1 + (int)random_below(random, 500);
    int known_end = (int)(zone->now / GK_SECOND - FIRST) + 300;
    char text[160];

    to = to > known_end ? known_end : to;
    from = from < to ? from : to - 1;
    (void)snprintf(text, sizeof text,
                   "list lag from %s of (production running) to %s%s of (abatement running) within %ds between ",
                   a_ends ? "end" : "start", ways[way], b_ends ? "end" : "start", within);
    text_add(&question, text);
    put_time(&question, FIRST - 300 + from);
    text_add(&question, " and ");
    put_time(&question, FIRST - 300 + to);
    text_add(&expected, "");
    text_add(&got, "");
    expect_lags(a, b, a_ends, b_ends, way, within, from, to, &expected);
    ask_lags(zone, snapshot, question.bytes, &got);
    if (strcmp(got.bytes, expected.bytes) != 0)
        fail_msg("%s\nexpected\n%s\ngot\n%s", question.bytes, expected.bytes, got.bytes);
    text_clear(&question);
    text_clear(&expected);
    text_clear(&got);
}

static void lags_equal_those_of_brute_force(void **state)
{
    static const char catalog[] = "facility,enterprise,park,line,role,rated_kw,serves\n"
                                  "p,E1,P1,L1,production,10,\na,E1,P1,L1,abatement,10,p\n";
    static const char bands[] = "scope,off_below,on_from,hold_s\n*,10%,20%,60\n";
    uint64_t seed = test_seed(__func__), rounds = test_rounds(20);
    static struct truth a, b;
    (void)state;

    for (uint64_t r = 0; r < rounds; r++) {
        struct random random = random_from(seed * 19 + r);
        struct text rows = {NULL, 0, 0};
        gk_snapshot *snapshot = NULL;
        struct zone zone;
        zone_open(&zone);
        zone.now = (FIRST + LENGTH) * GK_SECOND;
        zone_load(&zone, catalog, sizeof catalog - 1);
        zone_load(&zone, bands, sizeof bands - 1);
        text_add(&rows, "time_s,facility,kw\n");
        load_machine(&rows, &random, "p");
        load_machine(&rows, &random, "a");
        zone_load(&zone, rows.bytes, rows.size);
        assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
        read_truth(snapshot, "p", zone.now / GK_SECOND + 1, &a);
        read_truth(snapshot, "a", zone.now / GK_SECOND + 1, &b);
        for (int i = 0; i < 60; i++)
            one_question(&zone, snapshot, &random, &a, &b);
        gk_snapshot_close(snapshot);
        zone_close(&zone);
        text_clear(&rows);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lags_equal_those_of_brute_force),
};

RUN_TESTS(tests)
