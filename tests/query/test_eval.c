/*
 * test_eval.c - conditions against a brute-force evaluator that knows nothing of steps, pads, pruning and caches: two
 * arrays of bits, one of what is certain and one of what is possible, a bit a tick.
 */
#include "query/zone.h"

#include "run.h"

#define FIRST        INT64_C(1763600400) /* 2025-11-20T09:00+08:00, ticks of 1 s */
#define LENGTH       900                 /* ticks of data */
#define AROUND       400 /* ticks before and behind that are looked at: more than all durations together */
#define N            (LENGTH + 2 * AROUND)
#define N_FACILITIES 6 /* p0 p1 p2 a0 a1 a2 */

struct bits {
    uint8_t c[N], p[N];
};

/* ---- the store ---- */

static const char FACILITIES[] =
    "facility,enterprise,park,line,role,rated_kw,group,stop_level\n"
    "p0,E1,P1,L1,production,10,G,2\np1,E1,P1,L1,production,10,G,0\np2,E2,P1,L2,production,10,H,\n"
    "a0,E1,P1,L1,abatement,10,G,2\na1,E1,P1,L1,abatement,10,G,3\na2,E2,P1,L2,abatement,10,H,\n";

static void put_time(struct text *out, int64_t tick)
{
    char text[GK_TIME_TEXT_MAX];

    (void)gk_time_format(tick * GK_SECOND, 28800, text);
    text_add(out, text);
}

struct dates {
    int64_t link_from, link_to, order_from, order_to, exempt_from, exempt_to;
};

static void load_catalog(struct zone *zone, const struct dates *dates)
{
    static const char bands[] = "scope,off_below,on_from,hold_s\n*,10%,20%,60\n";
    struct text text = {NULL, 0, 0};

    zone_load(zone, FACILITIES, sizeof FACILITIES - 1);
    zone_load(zone, bands, sizeof bands - 1);
    /* a0 serves p0 always and p1 for a time; a1 serves p1 for that time only; a2 serves p2. */
    text_add(&text, "abatement,production,standby,from,to\na0,p0,,,\na2,p2,,,\n");
    for (int i = 0; i < 2; i++) {
        text_add(&text, i ? "a1,p1,," : "a0,p1,,");
        put_time(&text, dates->link_from);
        text_add(&text, ",");
        put_time(&text, dates->link_to);
        text_add(&text, "\n");
    }
    zone_load(zone, text.bytes, text.size);
    text.size = 0;
    text_add(&text, "group,level,from,to\nG,2,");
    put_time(&text, dates->order_from);
    text_add(&text, ",");
    put_time(&text, dates->order_to);
    text_add(&text, "\n");
    zone_load(zone, text.bytes, text.size);
    text.size = 0;
    text_add(&text, "scope,kind,from,to\na1,maintenance,");
    put_time(&text, dates->exempt_from);
    text_add(&text, ",");
    put_time(&text, dates->exempt_to);
    text_add(&text, "\n");
    zone_load(zone, text.bytes, text.size);
    text_clear(&text);
}

/* Levels that last some samples, with silences longer than the hold of 60 s between. */
static void load_rows(struct zone *zone, struct random *random)
{
    static const char *const names[N_FACILITIES] = {"p0", "p1", "p2", "a0", "a1", "a2"};
    static const char *const levels[] = {"0", "0", "1.5", "5", "8", "12"};
    struct text text = {NULL, 0, 0};
    char line[64];

    text_add(&text, "time_s,facility,kw\n");
    for (int f = 0; f < N_FACILITIES; f++) {
        const char *level = "0";
        for (int64_t t = f == 0 ? 0 : (int64_t)random_below(random, 100); t < LENGTH;
             t += 5 + (int64_t)random_below(random, 20)) {
            if (random_below(random, 6) == 0)
                level = levels[random_below(random, 6)];
            if (random_below(random, 25) == 0)
                t += (int64_t)random_below(random, 150);
            (void)snprintf(line, sizeof line, "%" PRId64 ",%s,%s\n", FIRST + t, names[f], level);
            if (t < LENGTH)
                text_add(&text, line);
        }
    }
    zone_load(zone, text.bytes, text.size);
    text_clear(&text);
}

/* ---- the brute force ---- */

struct world {
    uint8_t states[N_FACILITIES][N]; /* 0xFF: behind now */
    struct dates dates;
    int subject; /* 3..5 */
};

static void read_states(gk_snapshot *snapshot, int64_t known_end, struct world *world)
{
    static const char *const names[N_FACILITIES] = {"p0", "p1", "p2", "a0", "a1", "a2"};
    const struct gk_step *steps;
    size_t n;

    for (int f = 0; f < N_FACILITIES; f++) {
        uint32_t id = gk_facility_find(snapshot, names[f], 2);
        memset(world->states[f], 0xFF, N);
        assert_int_equal(gk_state_steps(snapshot, id, FIRST - AROUND, known_end, &steps, &n, NULL), GK_OK);
        for (size_t i = 0; i < n; i++) {
            int64_t to = i + 1 < n ? steps[i + 1].tick : known_end;
            for (int64_t t = steps[i].tick; t < to; t++)
                world->states[f][t - (FIRST - AROUND)] = (uint8_t)steps[i].value;
        }
    }
}

/* The value of a bit outside of the arrays: nothing is known there. */
static int bit(const uint8_t *x, int i, int edge)
{
    return i < 0 || i >= N ? edge : x[i];
}

static void brute_open(const uint8_t *x, int d, int edge, uint8_t *out)
{
    memset(out, 0, N);
    for (int s = 0, e; s < N; s = e) {
        for (e = s; e < N && x[e] == x[s]; e++)
            ;
        bool is_endless = edge && (s == 0 || e == N);
        if (x[s] && (is_endless || e - s >= d))
            memset(out + s, 1, (size_t)(e - s));
    }
}

static void brute_close(const uint8_t *x, int g, int edge, uint8_t *out)
{
    memcpy(out, x, N);
    for (int s = 0, e; s < N; s = e) {
        for (e = s; e < N && x[e] == x[s]; e++)
            ;
        if (!x[s] && e - s < g && bit(x, s - 1, edge) && bit(x, e, edge))
            memset(out + s, 1, (size_t)(e - s));
    }
}

/* all: true at every tick of [t + from, t + to]; else at some. */
static void brute_around(const uint8_t *x, int from, int to, bool all, int edge, uint8_t *out)
{
    for (int t = 0; t < N; t++) {
        bool is_all = true, is_some = false;
        for (int u = t + from; u <= t + to; u++) {
            is_all = is_all && bit(x, u, edge);
            is_some = is_some || bit(x, u, edge);
        }
        out[t] = all ? is_all : is_some;
    }
}

static void state_bits(const struct world *world, int facility, uint32_t mask, bool is_negated, struct bits *out)
{
    for (int t = 0; t < N; t++) {
        uint8_t state = world->states[facility][t];
        bool is_true = state != 0xFF && (mask >> state & 1) != 0;
        bool is_unknown = state == 0xFF || (state == GK_NODATA && !(mask & 1));
        out->c[t] = is_negated ? !is_true && !is_unknown : is_true;
        out->p[t] = is_unknown || (is_negated ? !is_true : is_true);
    }
}

static bool is_linked(const struct world *world, int production, int64_t tick)
{
    bool is_dated = tick >= world->dates.link_from && tick < world->dates.link_to;

    if (world->subject == 5)
        return production == 2;
    return world->subject == 3 ? production == 0 || (production == 1 && is_dated) : production == 1 && is_dated;
}

static void range_bits(const struct world *world, int least, int most, uint32_t mask, bool is_negated, struct bits *out)
{
    static struct bits one[3];

    for (int p = 0; p < 3; p++)
        state_bits(world, p, mask, is_negated, &one[p]);
    for (int t = 0; t < N; t++) {
        int n = 0, certain = 0, possible = 0;
        for (int p = 0; p < 3; p++) {
            if (!is_linked(world, p, FIRST - AROUND + t))
                continue;
            n++;
            certain += one[p].c[t];
            possible += one[p].p[t];
        }
        int a = least < 0 ? n : least, b = most < 0 ? n : most; /* -1: all there are */
        out->c[t] = n > 0 && certain >= a && possible <= b;
        out->p[t] = n == 0 || (possible >= a && certain <= b);
    }
}

static void within_bits(int64_t from, int64_t to, bool applies, struct bits *out)
{
    for (int t = 0; t < N; t++)
        out->c[t] = out->p[t] = applies && FIRST - AROUND + t >= from && FIRST - AROUND + t < to;
}

static bool was_linked(const struct world *world, int production)
{
    return is_linked(world, production, FIRST - AROUND) || is_linked(world, production, world->dates.link_from);
}

/* Of one set: a start at t, and so many starts within some d ticks around it. */
static void brute_group(uint8_t starts[3][N], int k, int d, uint8_t *out)
{
    for (int t = 0; t < N; t++) {
        bool is_start = starts[0][t] || starts[1][t] || starts[2][t], is_met = false;
        for (int u = t - d; u <= t && is_start; u++) {
            int n = 0;
            for (int p = 0; p < 3; p++) {
                bool has = false;
                for (int v = u; v <= u + d; v++)
                    has = has || (v >= 0 && v < N && starts[p][v]);
                n += has;
            }
            is_met = is_met || n >= k;
        }
        out[t] = is_met;
    }
}

/* So many productions went so within d ticks of each other; `is_exact`: and no more. */
static void together_bits(const struct world *world, int k, bool is_exact, uint32_t mask, int d, struct bits *out)
{
    static uint8_t c[3][N], p[3][N];
    static struct bits one, more;

    memset(c, 0, sizeof c);
    memset(p, 0, sizeof p);
    for (int i = 0; i < 3; i++) {
        state_bits(world, i, mask, false, &one);
        for (int t = 0; t < N && was_linked(world, i); t++) {
            bool is_in = is_linked(world, i, FIRST - AROUND + t);
            c[i][t] = is_in && one.c[t] && !bit(one.p, t - 1, 1);
            p[i][t] = is_in && one.p[t] && !bit(one.c, t - 1, 0);
        }
    }
    brute_group(c, k, d, one.c);
    brute_group(p, k, d, one.p);
    brute_group(c, k + 1, d, more.c);
    brute_group(p, k + 1, d, more.p);
    for (int t = 0; t < N && is_exact; t++) {
        one.c[t] = one.c[t] && !more.p[t];
        one.p[t] = one.p[t] && !more.c[t];
    }
    brute_close(one.c, d + 1, 0, out->c);
    brute_close(one.p, d + 1, 1, out->p);
}

/* The tick at which a run that is true at t may have begun first, when something false is behind it; -1: none. */
static int earliest_start(const struct bits *x, int t)
{
    if (!x->c[t] || bit(x->c, t - 1, 0))
        return -1;
    while (t > 0 && x->p[t - 1] && !x->c[t - 1])
        t--;
    return t > 0 && !x->p[t - 1] ? t : -1;
}

static void times_bits(const struct bits *x, int k, int d, struct bits *out)
{
    for (int t = 0; t < N; t++) {
        int certain = 0, possible = 0;
        for (int u = t - d + 1; u <= t; u++) {
            if (u < 0)
                possible++;
            else
                possible += x->p[u] && !bit(x->c, u - 1, 0);
            certain += u >= 0 && earliest_start(x, u) > t - d;
        }
        out->c[t] = certain >= k;
        out->p[t] = possible >= k;
    }
}

/* Runs of x by what y says of where they may have begun: see gk_timeline_begun. */
static void after_bits(const struct bits *x, const struct bits *y, int d, struct bits *out)
{
    struct bits *o = malloc(sizeof *o);
    bool all = false, any = true; /* before the arrays all is unknown */

    assert_non_null(o);
    brute_around(y->c, -d, 0, false, 0, o->c);
    brute_around(y->p, -d, 0, false, 1, o->p);
    for (int t = 0; t < N; t++) {
        bool may_begin = x->p[t] && !bit(x->c, t - 1, 0);
        if (!x->p[t]) {
            all = true;
            any = false;
        } else if (may_begin) {
            all = all && o->c[t];
            any = any || o->p[t];
        }
        out->c[t] = x->c[t] && all;
        out->p[t] = x->p[t] && any;
    }
    free(o);
}

/* ---- random conditions: the words, and the bits they must mean ---- */

static const struct {
    const char *text;
    uint32_t mask;
} STATES[] = {{"running", 0x18}, {"off", 0x02},    {"offline", 0x06},
              {"idle", 0x04},    {"nodata", 0x01}, {"overload", 0x10}};

static void make_leaf(struct random *random, const struct world *world, struct text *out, struct bits *bits)
{
    static const struct {
        const char *text;
        int least, most;
    } quants[] = {{"", 1, -1},   {"any ", 1, -1},        {"all ", -1, -1},
                  {"no ", 0, 0}, {"at least 2 ", 2, -1}, {"exactly 1 ", 1, 1}};
    size_t s = random_below(random, 6), q = random_below(random, 6);
    bool is_negated = random_below(random, 4) == 0;
    char text[96];

    switch (random_below(random, 9)) {
    case 8: {
        int k = 1 + (int)random_below(random, 2), d = 2 + (int)random_below(random, 59);
        bool is_exact = random_below(random, 2);
        (void)snprintf(text, sizeof text, "%s %d production %s within %ds of each other",
                       is_exact ? "exactly" : "at least", k, STATES[s].text, d);
        text_add(out, text);
        together_bits(world, k, is_exact, STATES[s].mask, d, bits);
        return;
    }
    case 0:
        text_add(out, "order");
        within_bits(world->dates.order_from, world->dates.order_to, world->subject == 3, bits); /* stop_level 2 <= 2 */
        return;
    case 1:
        text_add(out, "exempt");
        within_bits(world->dates.exempt_from, world->dates.exempt_to, world->subject == 4, bits);
        return;
    case 2:
        text_add(out, "hours 09:03-09:08");
        within_bits(FIRST + 180, FIRST + 480, true, bits);
        return;
    case 3:
    case 4:
    case 5:
        (void)snprintf(text, sizeof text, "abatement %s%s", is_negated ? "not " : "", STATES[s].text);
        text_add(out, text);
        state_bits(world, world->subject, STATES[s].mask, is_negated, bits);
        return;
    default:
        (void)snprintf(text, sizeof text, "%sproduction %s%s", quants[q].text, is_negated ? "not " : "",
                       STATES[s].text);
        text_add(out, text);
        range_bits(world, quants[q].least, quants[q].most, STATES[s].mask, is_negated, bits);
    }
}

static void make_cond(struct random *random, const struct world *world, int depth, struct text *out, struct bits *bits);

static void make_pair(struct random *random, const struct world *world, int depth, struct text *out, struct bits *bits)
{
    static const char *const words[] = {" while ", " or ", " unless ", " and ",
                                        /* so that no run goes back beyond the arrays */
                                        " while hours 09:00-09:20) after ("};
    size_t w = random_below(random, 5);
    int d = 2 + (int)random_below(random, 59);
    char text[64];
    struct bits *b = malloc(sizeof *b);

    assert_non_null(b);
    text_add(out, w == 4 ? "((" : "(");
    make_cond(random, world, depth - 1, out, bits);
    text_add(out, words[w]);
    make_cond(random, world, depth - 1, out, b);
    (void)snprintf(text, sizeof text, ") within %ds)", d);
    text_add(out, w == 4 ? text : ")");
    if (w == 4) {
        struct bits *o = malloc(sizeof *o);
        assert_non_null(o);
        within_bits(FIRST, FIRST + 1200, true, o);
        for (int t = 0; t < N; t++) {
            bits->c[t] = bits->c[t] && o->c[t];
            bits->p[t] = bits->p[t] && o->p[t];
        }
        after_bits(bits, b, d, o);
        *bits = *o;
        free(o);
    }
    for (int t = 0; t < N && w < 4; t++) {
        bool c = w == 2 ? !b->p[t] : b->c[t], p = w == 2 ? !b->c[t] : b->p[t];
        bits->c[t] = w == 1 ? bits->c[t] || c : bits->c[t] && c;
        bits->p[t] = w == 1 ? bits->p[t] || p : bits->p[t] && p;
    }
    free(b);
}

static void apply_prefix(size_t kind, const struct bits *x, struct bits *out)
{
    for (int t = 0; t < N; t++) {
        int cb = bit(x->c, t - 1, 0), pb = bit(x->p, t - 1, 1), c = x->c[t], p = x->p[t];
        const int certain[] = {!p, p, c, p && !c, c && !pb, cb && !p};
        const int possible[] = {!c, p, c, p && !c, p && !cb, pb && !c};
        out->c[t] = (uint8_t)certain[kind];
        out->p[t] = (uint8_t)possible[kind];
    }
}

static void apply_suffix(size_t kind, int d, const struct bits *x, struct bits *out)
{
    struct bits *o = malloc(sizeof *o);

    assert_non_null(o);
    brute_open(x->c, d, 0, o->c);
    brute_open(x->p, d, 1, o->p);
    switch (kind) {
    case 0:
        *out = *o;
        break;
    case 1:
        for (int t = 0; t < N; t++) {
            out->c[t] = x->c[t] && !o->p[t];
            out->p[t] = x->p[t] && !o->c[t];
        }
        break;
    case 2:
        brute_close(x->c, d, 0, out->c);
        brute_close(x->p, d, 1, out->p);
        break;
    default:
        brute_around(x->c, kind == 5 ? 0 : -d, kind == 5 ? d : 0, kind == 3, 0, out->c);
        brute_around(x->p, kind == 5 ? 0 : -d, kind == 5 ? d : 0, kind == 3, 1, out->p);
    }
    free(o);
}

static void make_cond(struct random *random, const struct world *world, int depth, struct text *out, struct bits *bits)
{
    static const char *const prefixes[] = {"not ", "possibly ", "surely ", "unknown ", "start of ", "end of "};
    static const char *const suffixes[] = {
        "for >=",
        "for <",
        "ignoring gaps <",
        "held",
        "within last",
        "within next",
        "for >= 1s at least 2 times within" /* of stretches, as moments are counted each */};
    struct bits *x = malloc(sizeof *x);
    size_t kind = random_below(random, 6);
    char text[64];

    assert_non_null(x);
    if (depth == 0) {
        make_leaf(random, world, out, bits);
    } else if (random_below(random, 3) == 0) {
        make_pair(random, world, depth, out, bits);
    } else if (random_below(random, 2) == 0) {
        text_add(out, prefixes[kind]);
        text_add(out, "(");
        make_cond(random, world, depth - 1, out, x);
        text_add(out, ")");
        apply_prefix(kind, x, bits);
    } else {
        int d = 2 + (int)random_below(random, 59);
        kind = random_below(random, 7);
        text_add(out, "(");
        make_cond(random, world, depth - 1, out, x);
        (void)snprintf(text, sizeof text, " %s %ds)", suffixes[kind], d);
        text_add(out, text);
        if (kind == 6)
            times_bits(x, 2, d, bits);
        else
            apply_suffix(kind, d, x, bits);
    }
    free(x);
}

/* ---- what `when` must answer ---- */

struct window_bits {
    int a, b, known_end, first; /* in the arrays */
};

/* The runs of what is certain that touch the window, as "subject start end" lines. */
static void expected_rows(const struct bits *bits, const struct window_bits *window, const char *subject,
                          struct text *out)
{
    char line[96];

    for (int s = 0, e; s < N; s = e) {
        for (e = s; e < N && bits->c[e] == bits->c[s]; e++)
            ;
        if (!bits->c[s] || s >= window->b || e <= window->a)
            continue;
        /* The arrays' border reaches in by the durations; before the data nothing changes, so such a run has no begin.
         */
        int from = s < AROUND / 2 ? (window->first < window->a ? window->first : window->a) : s;
        (void)snprintf(line, sizeof line, "%s %d ", subject, from);
        text_add(out, line);
        if (e >= window->known_end)
            text_add(out, "open\n");
        else {
            (void)snprintf(line, sizeof line, "%d\n", e);
            text_add(out, line);
        }
    }
}

static uint64_t expected_possible(const struct bits *bits, const struct window_bits *window)
{
    uint64_t n = 0;

    for (int t = window->a; t < window->b; t++) {
        bool is_unknown = bits->p[t] && !bits->c[t];
        bool before = t > window->a && bits->p[t - 1] && !bits->c[t - 1];
        n += is_unknown && !before;
    }
    return n;
}

/* What began before the arrays, by the hours of the day before, is taken for what has no begin: that is at `border`. */
static void ask_rows(struct zone *zone, gk_snapshot *snapshot, const char *question, enum prune_use use, int border,
                     struct text *out, uint64_t *n_possible, uint64_t *n_pruned)
{
    struct gk_query_error error = {0};
    gk_query *query = NULL;
    char line[96];
    int rc;

    if (gk_query_prepare(zone->session, snapshot, question, strlen(question), NULL, &query, &error) != GK_OK)
        fail_msg("%s", error.report);
    query->prune_use = use;
    for (int round = 0; round < 2; round++) { /* starting again must give the same */
        out->size = 0;
        text_add(out, "");
        rc = gk_query_start(query, snapshot, zone->now, &error);
        while (rc == GK_OK && (rc = gk_query_next(query, &error)) == GK_OK) {
            const struct gk_value *name = gk_query_value(query, 0), *end = gk_query_value(query, 6);
            int64_t start = gk_query_value(query, 5)->as.time / GK_SECOND - (FIRST - AROUND);
            (void)snprintf(line, sizeof line, "%s %d ", name->as.text.bytes, start < 0 ? border : (int)start);
            text_add(out, line);
            if (end->type == GK_TYPE_EMPTY)
                text_add(out, "open\n");
            else {
                (void)snprintf(line, sizeof line, "%d\n", (int)(end->as.time / GK_SECOND - (FIRST - AROUND)));
                text_add(out, line);
            }
        }
        if (rc != GK_DONE)
            fail_msg("%s\n%s", question, error.report);
    }
    *n_possible = gk_query_meta(query)->n_possible;
    *n_pruned = query->n_pruned;
    gk_query_free(query);
}

static void one_round(struct zone *zone, gk_snapshot *snapshot, struct world *world, uint64_t seed, uint64_t *n_pruned)
{
    static const char *const names[] = {"a0", "a1", "a2"};
    struct text question = {NULL, 0, 0}, cond = {NULL, 0, 0}, expected = {NULL, 0, 0}, got = {NULL, 0, 0},
                other = {NULL, 0, 0};
    struct bits *bits = malloc(sizeof *bits);
    struct random shape = random_from(seed);
    uint64_t n_expected = 0, n_possible, n_other, pruned;
    struct window_bits window = {.known_end = (int)(zone->now / GK_SECOND - (FIRST - AROUND)) + 1,
                                 .first = (int)(gk_snapshot_info(snapshot)->beginning / GK_SECOND - (FIRST - AROUND))};

    assert_non_null(bits);
    window.a = AROUND - 20 + (int)random_below(&shape, LENGTH);
    window.b = window.a + 1 + (int)random_below(&shape, 200);
    if (window.b > window.known_end - 1)
        window.b = window.known_end - 1;
    if (window.a >= window.b)
        window.a = window.b - 1;
    uint64_t cond_seed = random_u64(&shape);
    text_add(&expected, "");
    for (int i = 0; i < 3; i++) {
        struct random random = random_from(cond_seed); /* the same condition for every subject */
        world->subject = 3 + i;
        cond.size = 0;
        make_cond(&random, world, 3, &cond, bits);
        expected_rows(bits, &window, names[i], &expected);
        n_expected += expected_possible(bits, &window);
    }
    text_add(&question, "when ");
    text_add(&question, cond.bytes);
    text_add(&question, " for >= 1s per abatement between "); /* the suffix makes stretches of moments */
    put_time(&question, FIRST - AROUND + window.a);
    text_add(&question, " and ");
    put_time(&question, FIRST - AROUND + window.b);
    int border = window.first < window.a ? window.first : window.a;
    ask_rows(zone, snapshot, question.bytes, PRUNE_ALWAYS, border, &got, &n_possible, &pruned);
    *n_pruned += pruned;
    ask_rows(zone, snapshot, question.bytes, PRUNE_NEVER, border, &other, &n_other, &pruned);
    if (strcmp(got.bytes, other.bytes) != 0 || n_possible != n_other)
        fail_msg("seed %" PRIu64 ": %s\npruned\n%s\nunpruned\n%s", seed, question.bytes, got.bytes, other.bytes);
    if (strcmp(got.bytes, expected.bytes) != 0 || n_possible != n_expected)
        fail_msg("seed %" PRIu64 ": %s\nexpected (%" PRIu64 " possible)\n%s\ngot (%" PRIu64 ")\n%s", seed,
                 question.bytes, n_expected, expected.bytes, n_possible, got.bytes);
    text_clear(&question);
    text_clear(&cond);
    text_clear(&expected);
    text_clear(&got);
    text_clear(&other);
    free(bits);
}

static void answers_equal_those_of_brute_force(void **state)
{
    uint64_t seed = test_seed("test_eval"), rounds = test_rounds(40), n_pruned = 0;

    (void)state;
    for (uint64_t i = 0; i < rounds; i++) {
        struct random random = random_from(seed + i);
        struct zone zone;
        struct world world = {.subject = 3};
        gk_snapshot *snapshot = NULL;
        world.dates.link_from = FIRST + (int64_t)random_below(&random, 400);
        world.dates.link_to = world.dates.link_from + 50 + (int64_t)random_below(&random, 400);
        world.dates.order_from = FIRST + (int64_t)random_below(&random, 500);
        world.dates.order_to = world.dates.order_from + 1 + (int64_t)random_below(&random, 300);
        world.dates.exempt_from = FIRST + (int64_t)random_below(&random, 500);
        world.dates.exempt_to = world.dates.exempt_from + 1 + (int64_t)random_below(&random, 300);
        zone_open(&zone);
        zone.now = (FIRST + LENGTH - (int64_t)random_below(&random, 200)) * GK_SECOND;
        load_catalog(&zone, &world.dates);
        load_rows(&zone, &random);
        if (random_below(&random, 2))
            assert_int_equal(gk_seal(zone.db, NULL), GK_OK);
        assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
        read_states(snapshot, zone.now / GK_SECOND + 1, &world);
        for (uint64_t j = 0; j < 50; j++)
            one_round(&zone, snapshot, &world, random_u64(&random), &n_pruned);
        gk_snapshot_close(snapshot);
        zone_close(&zone);
    }
}

/* A day and six hours in which p0 ran, p1 was off and silent in one hour; a0 ran, a1 ran but for the hour after. */
static void load_hours(struct zone *zone)
{
    struct text text = {NULL, 0, 0};
    char lines[256];

    text_add(&text, "time_s,facility,kw\n");
    for (int64_t t = 0; t < 30 * 3600; t += 30) {
        int64_t hour = t / 3600;
        (void)snprintf(lines, sizeof lines,
                       "%" PRId64 ",p0,8\n%" PRId64 ",a0,8\n%" PRId64 ",a1,%d\n%" PRId64 ",a2,0\n%" PRId64 ",p2,8\n",
                       FIRST + t, FIRST + t, FIRST + t, hour == 27 ? 0 : 8, FIRST + t, FIRST + t);
        text_add(&text, lines);
        (void)snprintf(lines, sizeof lines, "%" PRId64 ",p1,0\n", FIRST + t);
        if (hour != 26)
            text_add(&text, lines);
    }
    zone_load(zone, text.bytes, text.size);
    text_clear(&text);
}

static void pruning_changes_nothing(void **state)
{
    static const char *const conds[] = {"abatement off while production running",
                                        "abatement off for >= 10m",
                                        "abatement not running while any production off",
                                        "possibly (production running while abatement off)",
                                        "start of (abatement off) while production running",
                                        "abatement off within next 10m",
                                        "no production running while abatement running",
                                        "production nodata while abatement running",
                                        "abatement off or production nodata"};
    static const char *const froms[] = {"2025-11-21T10:05", "2025-11-21T11:05", "2025-11-21T12:05", "2025-11-21T13:05"};
    struct text question = {NULL, 0, 0}, a = {NULL, 0, 0}, b = {NULL, 0, 0};
    uint64_t n_pruned = 0, pruned, n_a, n_b;
    gk_snapshot *snapshot = NULL;
    struct zone zone;
    const struct dates dates = {FIRST, FIRST + 7200, FIRST, FIRST + 100, FIRST, FIRST + 100};

    (void)state;
    zone_open(&zone);
    zone.now = (FIRST + 30 * 3600) * GK_SECOND;
    load_catalog(&zone, &dates);
    load_hours(&zone);
    assert_int_equal(gk_seal(zone.db, NULL), GK_OK);
    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    for (size_t i = 0; i < sizeof conds / sizeof conds[0]; i++) {
        for (size_t j = 0; j + 1 < sizeof froms / sizeof froms[0]; j++) {
            question.size = 0;
            text_add(&question, "when ");
            text_add(&question, conds[i]);
            text_add(&question, " between ");
            text_add(&question, froms[j]);
            text_add(&question, " and ");
            text_add(&question, froms[j + 1]);
            ask_rows(&zone, snapshot, question.bytes, PRUNE_ALWAYS, 0, &a, &n_a, &pruned);
            n_pruned += pruned;
            ask_rows(&zone, snapshot, question.bytes, PRUNE_NEVER, 0, &b, &n_b, &pruned);
            assert_string_equal(a.bytes, b.bytes);
            assert_true(n_a == n_b);
            assert_true(pruned == 0);
        }
    }
    print_message("%" PRIu64 " subjects were pruned\n", n_pruned);
    assert_true(n_pruned > 0);
    gk_snapshot_close(snapshot);
    zone_close(&zone);
    text_clear(&question);
    text_clear(&a);
    text_clear(&b);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(answers_equal_those_of_brute_force),
    cmocka_unit_test(pruning_changes_nothing),
};

RUN_TESTS(tests)
