/*
 * test_timeline.c - the operators of timelines, proved by brute force: against definitions tick by tick, against every
 * completion of what is unknown, and for what lies outside of the padded window.
 *
 * The brute force sees 64 ticks as bits of a word. A timeline changes in the middle ones only; the outermost stand for
 * the time from the beginning and to the end of the ticks, far enough away that no operator carries a change there.
 */
#include "support/support.h"

#include "state/timeline.h"

#define TICKS 64
#define PAD   24 /* ticks on each side that are as their end is; no expression looks further */

/* A timeline as two sets of ticks: bit i is tick i - PAD. */
struct sets {
    uint64_t certain, possible;
};

static gk_timeline *new_timeline(const struct mem *mem)
{
    gk_timeline *timeline;
    assert_int_equal(timeline_new(mem, &timeline), GK_OK);
    return timeline;
}

static void check(const gk_timeline *timeline)
{
    struct gk_error error = {0};
    if (timeline_check(timeline, &error) != GK_OK)
        fail_msg("%s", error.text);
}

static struct sets sets_of(const gk_timeline *timeline)
{
    struct sets sets = {0, 0};
    check(timeline);
    for (int i = 0; i < TICKS; i++) {
        enum gk_truth truth = gk_timeline_at(timeline, i - PAD);
        sets.certain |= (uint64_t)(truth == GK_TRUE) << i;
        sets.possible |= (uint64_t)(truth != GK_FALSE) << i;
    }
    return sets;
}

static enum gk_truth truth_in(struct sets sets, int i)
{
    if (sets.certain >> i & 1)
        return GK_TRUE;
    return sets.possible >> i & 1 ? GK_UNKNOWN : GK_FALSE;
}

/* The first and the last tick go on for ever. Every tick is appended, so that those that change nothing must leave no
 * step. */
static void build(gk_timeline *out, struct sets sets)
{
    assert_int_equal(gk_timeline_reset(out, truth_in(sets, 0)), GK_OK);
    for (int i = 1; i < TICKS; i++)
        assert_int_equal(gk_timeline_append(out, i - PAD, truth_in(sets, i)), GK_OK);
    check(out);
}

/* Random runs in the middle, at most `unknowns` unknown ticks; an end of time that is unknown counts as one of them. */
static struct sets random_sets(struct random *random, unsigned unknowns)
{
    struct sets sets = {0, 0};
    uint64_t truth = random_below(random, 3);
    uint64_t change = 1 + random_below(random, 6);

    for (int i = 0; i < TICKS; i++) {
        bool is_end = i < PAD || i >= TICKS - PAD;
        if (i == PAD || (!is_end && random_below(random, change) == 0) || i == TICKS - PAD)
            truth = random_below(random, 3);
        bool is_counted = !is_end || i == 0 || i == TICKS - PAD;
        if (truth == GK_UNKNOWN && is_counted) {
            if (unknowns == 0)
                truth = random_below(random, 2) ? GK_TRUE : GK_FALSE;
            else
                unknowns--;
        }
        sets.certain |= (uint64_t)(truth == GK_TRUE) << i;
        sets.possible |= (uint64_t)(truth != GK_FALSE) << i;
    }
    return sets;
}

static void assert_sets(struct sets got, struct sets want)
{
    assert_int_equal(got.certain, want.certain);
    assert_int_equal(got.possible, want.possible);
}

/* ---- (a) definitions, tick by tick ---- */

enum op {
    FOR_AT_LEAST,
    IGNORE_GAPS,
    HELD,
    WITHIN_LAST,
    WITHIN_NEXT,
    FOR_LESS,
    START,
    END,
    TIMES,
    NOT,
    AND,
    OR,
    COUNT,
    N_OPS
};

static bool has(uint64_t set, int i)
{
    int nearest = i < 0 ? 0 : i >= TICKS ? TICKS - 1 : i;
    return set >> nearest & 1;
}

/* How long the ticks around i are all as i is; for ever when they reach an end of time. */
static int extent(uint64_t set, int i)
{
    int from = i, to = i + 1;
    while (from > 0 && has(set, from - 1) == has(set, i))
        from--;
    while (to < TICKS && has(set, to) == has(set, i))
        to++;
    return from == 0 || to == TICKS ? INT32_MAX : to - from;
}

static int n_in(uint64_t set, int from, int to)
{
    int n = 0;
    for (int i = from; i <= to; i++)
        n += has(set, i);
    return n;
}

static bool holds(enum op op, uint64_t set, int i, int d)
{
    switch (op) {
    case FOR_AT_LEAST:
        return has(set, i) && extent(set, i) >= d;
    case IGNORE_GAPS:
        return has(set, i) || extent(set, i) < d;
    case HELD:
        return n_in(set, i - d, i) == d + 1;
    case WITHIN_LAST:
        return n_in(set, i - d, i) > 0;
    case WITHIN_NEXT:
        return n_in(set, i, i + d) > 0;
    case FOR_LESS:
        return has(set, i) && extent(set, i) < d;
    case START:
        return has(set, i) && !has(set, i - 1);
    case END:
        return !has(set, i) && has(set, i - 1);
    default:
        return false;
    }
}

static uint64_t naive(enum op op, uint64_t set, int d)
{
    uint64_t out = 0;
    for (int i = 0; i < TICKS; i++)
        out |= (uint64_t)holds(op, set, i, d) << i;
    return out;
}

static struct sets naive_sets(enum op op, struct sets a, int d)
{
    struct sets out = {naive(op, a.certain, d), naive(op, a.possible, d)};
    if (op == FOR_LESS) {
        out.certain = a.certain & ~naive(FOR_AT_LEAST, a.possible, d);
        out.possible = a.possible & ~naive(FOR_AT_LEAST, a.certain, d);
    } else if (op == START || op == END) {
        uint64_t certain_before = a.certain << 1 | (a.certain & 1),
                 possible_before = a.possible << 1 | (a.possible & 1);
        out.certain = op == START ? a.certain & ~possible_before : certain_before & ~a.possible;
        out.possible = op == START ? a.possible & ~certain_before : possible_before & ~a.certain;
    }
    return out;
}

static int run_op(enum op op, gk_timeline *out, const gk_timeline *a, int64_t d)
{
    static int (*const timed[])(gk_timeline *, const gk_timeline *,
                                int64_t) = {gk_timeline_for_at_least, gk_timeline_ignore_gaps, gk_timeline_held,
                                            gk_timeline_within_last,  gk_timeline_within_next, gk_timeline_for_less};
    if (op == START)
        return gk_timeline_start(out, a);
    if (op == END)
        return gk_timeline_end(out, a);
    return op == NOT ? gk_timeline_not(out, a) : timed[op](out, a, d);
}

static void operators_of_runs_are_what_their_definitions_say_tick_by_tick(void **state)
{
    struct random random = random_from(test_seed(__func__));
    gk_timeline *a = new_timeline(&MEM_SYSTEM), *out = new_timeline(&MEM_SYSTEM);
    (void)state;

    for (uint64_t round = test_rounds(10000); round > 0; round--) {
        struct sets sets = random_sets(&random, TICKS);
        build(a, sets);
        assert_sets(sets_of(a), sets);
        for (enum op op = FOR_AT_LEAST; op <= END; op++) {
            int d = 1 + (int)random_below(&random, 9);
            assert_int_equal(run_op(op, out, a, d), GK_OK);
            assert_sets(sets_of(out), naive_sets(op, sets, d));
        }
    }
    gk_timeline_free(a);
    gk_timeline_free(out);
}

static void operators_of_one_tick_are_set_operations(void **state)
{
    struct random random = random_from(test_seed(__func__));
    gk_timeline *a = new_timeline(&MEM_SYSTEM), *b = new_timeline(&MEM_SYSTEM), *out = new_timeline(&MEM_SYSTEM);
    (void)state;

    for (uint64_t round = test_rounds(10000); round > 0; round--) {
        struct sets x = random_sets(&random, TICKS), y = random_sets(&random, TICKS);
        build(a, x);
        build(b, y);
        assert_int_equal(gk_timeline_not(out, a), GK_OK);
        assert_sets(sets_of(out), (struct sets){~x.possible, ~x.certain});
        assert_int_equal(gk_timeline_and(out, a, b), GK_OK);
        assert_sets(sets_of(out), (struct sets){x.certain & y.certain, x.possible & y.possible});
        assert_int_equal(gk_timeline_or(out, a, b), GK_OK);
        assert_sets(sets_of(out), (struct sets){x.certain | y.certain, x.possible | y.possible});
        assert_int_equal(gk_timeline_possibly(out, a), GK_OK);
        assert_sets(sets_of(out), (struct sets){x.possible, x.possible});
        assert_int_equal(gk_timeline_surely(out, a), GK_OK);
        assert_sets(sets_of(out), (struct sets){x.certain, x.certain});
        assert_int_equal(gk_timeline_unknown(out, a), GK_OK);
        assert_sets(sets_of(out), (struct sets){x.possible & ~x.certain, x.possible & ~x.certain});
        assert_int_equal(gk_timeline_copy(out, a), GK_OK);
        assert_sets(sets_of(out), x);
    }
    gk_timeline_free(a);
    gk_timeline_free(b);
    gk_timeline_free(out);
}

#define LIST_MAX 9

static struct sets naive_count(const struct sets *sets, size_t n, size_t least, size_t most)
{
    struct sets out = {0, 0};
    for (int i = 0; i < TICKS; i++) {
        bool can = false, must = true;
        size_t certain = 0, possible = 0;
        for (size_t k = 0; k < n; k++) {
            certain += sets[k].certain >> i & 1;
            possible += sets[k].possible >> i & 1;
        }
        for (size_t c = certain; c <= possible; c++) { /* every number that the unknown allow */
            can |= least <= c && c <= most;
            must &= least <= c && c <= most;
        }
        out.certain |= (uint64_t)must << i;
        out.possible |= (uint64_t)can << i;
    }
    return out;
}

static void count_is_what_every_number_of_true_ones_allows(void **state)
{
    struct random random = random_from(test_seed(__func__));
    gk_timeline *list[LIST_MAX], *out = new_timeline(&MEM_SYSTEM);
    const gk_timeline *view[LIST_MAX];
    struct sets sets[LIST_MAX];
    (void)state;

    for (size_t k = 0; k < LIST_MAX; k++)
        view[k] = list[k] = new_timeline(&MEM_SYSTEM);
    for (uint64_t round = test_rounds(6000); round > 0; round--) {
        size_t n = random_below(&random, LIST_MAX + 1);
        size_t least = random_below(&random, n + 2), most = random_below(&random, n + 2);
        for (size_t k = 0; k < n; k++)
            build(list[k], sets[k] = random_sets(&random, TICKS));
        assert_int_equal(gk_timeline_count(out, view, n, least, most), GK_OK);
        assert_sets(sets_of(out), naive_count(sets, n, least, most));
    }
    for (size_t k = 0; k < LIST_MAX; k++)
        gk_timeline_free(list[k]);
    gk_timeline_free(out);
}

/* ---- (b) soundness: every completion of the unknown ---- */

#define NODES_MAX 8
#define BASES_MAX 3

struct node {
    enum op op;
    int d;            /* or the least of COUNT */
    int most;         /* of COUNT; the number of TIMES */
    unsigned a, b, c; /* earlier nodes, the bases first */
    int pad;          /* the longest way to a base */
};

struct expression {
    unsigned n_bases, n;
    struct node node[NODES_MAX];
};

static int most_of(int a, int b)
{
    return a > b ? a : b;
}

/* The last node looks at most PAD - 4 ticks around. */
static void random_expression(struct random *random, struct expression *e)
{
    e->n_bases = 1 + (unsigned)random_below(random, BASES_MAX);
    e->n = e->n_bases + 1 + (unsigned)random_below(random, NODES_MAX - BASES_MAX);
    memset(e->node, 0, sizeof e->node);
    for (unsigned i = e->n_bases; i < e->n; i++) {
        struct node *node = &e->node[i];
        node->op = (enum op)random_below(random, N_OPS);
        node->a = i - 1; /* so that the last one hangs together */
        node->b = (unsigned)random_below(random, i);
        node->c = (unsigned)random_below(random, i);
        node->d = node->op == COUNT ? (int)random_below(random, 4) : 1 + (int)random_below(random, 6);
        node->most = node->op == TIMES ? 1 + (int)random_below(random, 3) : node->d + (int)random_below(random, 3);
        node->pad = e->node[node->a].pad;
        if (node->op <= FOR_LESS || node->op == TIMES)
            node->pad += node->d;
        else if (node->op == START || node->op == END)
            node->pad += 1;
        else if (node->op != NOT)
            node->pad = most_of(node->pad, most_of(e->node[node->b].pad, e->node[node->c].pad));
        if (node->pad > PAD - 4) {
            e->n = i;
            break;
        }
    }
}

/* Shifts to later (earlier) ticks; what comes in is as the end of time is. */
static uint64_t later(uint64_t set, int d)
{
    return d == 0 ? set : set << d | (set & 1 ? (UINT64_C(1) << d) - 1 : 0);
}

static uint64_t earlier(uint64_t set, int d)
{
    return d == 0 ? set : set >> d | (set >> 63 ? ~UINT64_C(0) << (64 - d) : 0);
}

static uint64_t open_by(uint64_t set, int d)
{
    uint64_t eroded = set, opened = 0;
    for (int k = 1; k < d; k++)
        eroded &= earlier(set, k);
    for (int k = 0; k < d; k++)
        opened |= later(eroded, k);
    return opened;
}

static uint64_t spread(uint64_t set, int d, uint64_t (*shift)(uint64_t, int))
{
    uint64_t out = 0;
    for (int k = 0; k <= d; k++)
        out |= shift(set, k);
    return out;
}

/* The ticks at which k of a set of moments are within the last d. */
static uint64_t begun_within(uint64_t moments, int k, int d)
{
    uint64_t out = 0;
    for (int i = 0; i < TICKS; i++) {
        uint64_t upto = moments & (~UINT64_C(0) >> (TICKS - 1 - i));
        uint64_t before = i >= d ? moments & (~UINT64_C(0) >> (TICKS - 1 - (i - d))) : 0;
        out |= (uint64_t)(__builtin_popcountll(upto & ~before) >= k) << i;
    }
    return out;
}

/* Two-valued, on words. */
static uint64_t evaluate_known(const struct expression *e, const uint64_t *bases)
{
    uint64_t v[NODES_MAX];
    memcpy(v, bases, e->n_bases * sizeof *v);
    for (unsigned i = e->n_bases; i < e->n; i++) {
        const struct node *node = &e->node[i];
        uint64_t a = v[node->a], b = v[node->b], c = v[node->c], out = 0;
        switch (node->op) {
        case FOR_AT_LEAST:
            out = open_by(a, node->d);
            break;
        case IGNORE_GAPS:
            out = ~open_by(~a, node->d);
            break;
        case HELD:
            out = ~spread(~a, node->d, later);
            break;
        case WITHIN_LAST:
            out = spread(a, node->d, later);
            break;
        case WITHIN_NEXT:
            out = spread(a, node->d, earlier);
            break;
        case FOR_LESS:
            out = a & ~open_by(a, node->d);
            break;
        case START:
            out = a & ~later(a, 1);
            break;
        case END:
            out = ~a & later(a, 1);
            break;
        case TIMES:
            out = begun_within(a & ~later(a, 1), node->most, node->d);
            break;
        case NOT:
            out = ~a;
            break;
        case AND:
            out = a & b;
            break;
        case OR:
            out = a | b;
            break;
        default:
            for (int k = 0; k < TICKS; k++) {
                int n = (int)(a >> k & 1) + (int)(b >> k & 1) + (int)(c >> k & 1);
                out |= (uint64_t)(n >= node->d && n <= node->most) << k;
            }
        }
        v[i] = out;
    }
    return v[e->n - 1];
}

/* Three-valued, by the library. The result is line[e->n - 1]. */
static void evaluate(const struct expression *e, gk_timeline *const *line)
{
    for (unsigned i = e->n_bases; i < e->n; i++) {
        const struct node *node = &e->node[i];
        const gk_timeline *three[] = {line[node->a], line[node->b], line[node->c]};
        int rc;
        if (node->op == AND)
            rc = gk_timeline_and(line[i], three[0], three[1]);
        else if (node->op == OR)
            rc = gk_timeline_or(line[i], three[0], three[1]);
        else if (node->op == COUNT)
            rc = gk_timeline_count(line[i], three, 3, (size_t)node->d, (size_t)node->most);
        else if (node->op == TIMES)
            rc = gk_timeline_times(line[i], three[0], false, (size_t)node->most, node->d);
        else
            rc = run_op(node->op, line[i], three[0], node->d);
        assert_int_equal(rc, GK_OK);
    }
}

/* Something that is unknown: a tick, or all ticks to an end of time. */
struct unknown {
    unsigned base;
    uint64_t ticks;
};

static unsigned list_unknown(const struct sets *sets, unsigned n_bases, struct unknown *list)
{
    const uint64_t first = (UINT64_C(1) << PAD) - 1, last = ~UINT64_C(0) << (TICKS - PAD);
    unsigned n = 0;
    for (unsigned k = 0; k < n_bases; k++) {
        uint64_t unknown = sets[k].possible & ~sets[k].certain;
        if (unknown & first)
            list[n++] = (struct unknown){k, first};
        if (unknown & last)
            list[n++] = (struct unknown){k, last};
        for (int i = PAD; i < TICKS - PAD; i++)
            if (unknown >> i & 1)
                list[n++] = (struct unknown){k, UINT64_C(1) << i};
    }
    return n;
}

#define UNKNOWN_MAX 9 /* of all bases: 512 completions */

static void assert_sound(const struct expression *e, const struct sets *sets, struct sets got)
{
    struct unknown unknown[3 * UNKNOWN_MAX];
    unsigned n = list_unknown(sets, e->n_bases, unknown);
    uint64_t always = ~UINT64_C(0), ever = 0;

    for (uint64_t choice = 0; choice < UINT64_C(1) << n; choice++) {
        uint64_t bases[BASES_MAX];
        for (unsigned k = 0; k < e->n_bases; k++)
            bases[k] = sets[k].certain;
        for (unsigned i = 0; i < n; i++)
            if (choice >> i & 1)
                bases[unknown[i].base] |= unknown[i].ticks;
        uint64_t truth = evaluate_known(e, bases);
        always &= truth;
        ever |= truth;
    }
    assert_int_equal(got.certain & ~always, 0);
    assert_int_equal(ever & ~got.possible, 0);
    if (n == 0) /* nothing unknown, nothing left open */
        assert_sets(got, (struct sets){always, ever});
}

static void nested_operators_are_sound_under_every_completion_of_the_unknown(void **state)
{
    struct random random = random_from(test_seed(__func__));
    gk_timeline *line[NODES_MAX];
    struct expression e;
    struct sets sets[BASES_MAX];
    (void)state;

    for (unsigned i = 0; i < NODES_MAX; i++)
        line[i] = new_timeline(&MEM_SYSTEM);
    for (uint64_t round = test_rounds(40000); round > 0; round--) {
        random_expression(&random, &e);
        for (unsigned k = 0; k < e.n_bases; k++)
            build(line[k],
                  sets[k] = random_sets(&random, (unsigned)random_below(&random, UNKNOWN_MAX / e.n_bases + 1)));
        evaluate(&e, line);
        assert_sound(&e, sets, sets_of(line[e.n - 1]));
    }
    for (unsigned i = 0; i < NODES_MAX; i++)
        gk_timeline_free(line[i]);
}

/* ---- (c) the pad rule ---- */

static void an_answer_depends_on_nothing_outside_of_its_padded_window(void **state)
{
    struct random random = random_from(test_seed(__func__));
    gk_timeline *line[NODES_MAX];
    struct expression e;
    struct sets sets[BASES_MAX];
    (void)state;

    for (unsigned i = 0; i < NODES_MAX; i++)
        line[i] = new_timeline(&MEM_SYSTEM);
    for (uint64_t round = test_rounds(40000); round > 0; round--) {
        random_expression(&random, &e);
        for (unsigned k = 0; k < e.n_bases; k++)
            build(line[k], sets[k] = random_sets(&random, TICKS));
        evaluate(&e, line);
        struct sets want = sets_of(line[e.n - 1]);
        int pad = e.node[e.n - 1].pad;
        int a = PAD - 2 + (int)random_below(&random, TICKS - 2 * PAD), b = a + 1 + (int)random_below(&random, 6);
        uint64_t window = 0, padded = 0;
        for (int i = 0; i < TICKS; i++) {
            window |= (uint64_t)(i >= a && i < b) << i;
            padded |= (uint64_t)(i >= a - pad && i < b + pad) << i;
        }
        for (int kind = 0; kind < 3; kind++) {
            for (unsigned k = 0; k < e.n_bases; k++) {
                struct sets other = {0, kind == 0 ? ~UINT64_C(0) : 0}; /* unknown; anything; false */
                if (kind == 1) {
                    other.possible = random_u64(&random);
                    other.certain = other.possible & random_u64(&random);
                }
                struct sets mixed = {(sets[k].certain & padded) | (other.certain & ~padded),
                                     (sets[k].possible & padded) | (other.possible & ~padded)};
                build(line[k], mixed);
            }
            evaluate(&e, line);
            struct sets got = sets_of(line[e.n - 1]);
            assert_int_equal((got.certain ^ want.certain) & window, 0);
            assert_int_equal((got.possible ^ want.possible) & window, 0);
        }
    }
    for (unsigned i = 0; i < NODES_MAX; i++)
        gk_timeline_free(line[i]);
}

/* ---- what looks at begins ---- */

static void events_are_counted_tick_by_tick_within_a_sliding_window(void **state)
{
    struct random random = random_from(test_seed(__func__));
    gk_timeline *a = new_timeline(&MEM_SYSTEM), *out = new_timeline(&MEM_SYSTEM);
    (void)state;

    for (uint64_t round = test_rounds(10000); round > 0; round--) {
        struct sets sets = random_sets(&random, TICKS);
        int k = 1 + (int)random_below(&random, 4), d = 1 + (int)random_below(&random, 9);
        sets.certain &= ~UINT64_C(0) << PAD; /* nothing for ever before */
        sets.possible &= ~UINT64_C(0) << PAD;
        build(a, sets);
        assert_int_equal(gk_timeline_times(out, a, true, (size_t)k, d), GK_OK);
        assert_sets(sets_of(out), (struct sets){begun_within(sets.certain, k, d), begun_within(sets.possible, k, d)});
    }
    gk_timeline_free(a);
    gk_timeline_free(out);
}

static void a_start_behind_something_unknown_counts_when_all_of_it_is_within_the_window(void **state)
{
    gk_timeline *a = new_timeline(&MEM_SYSTEM), *out = new_timeline(&MEM_SYSTEM);
    (void)state;

    assert_int_equal(gk_timeline_append(a, 10, GK_UNKNOWN), GK_OK); /* false, unknown from 10, true from 13 to 14 */
    assert_int_equal(gk_timeline_append(a, 13, GK_TRUE), GK_OK);
    assert_int_equal(gk_timeline_append(a, 14, GK_FALSE), GK_OK);
    assert_int_equal(gk_timeline_times(out, a, false, 1, 6), GK_OK);
    assert_int_equal(gk_timeline_at(out, 9), GK_FALSE);
    assert_int_equal(gk_timeline_at(out, 10), GK_UNKNOWN);
    assert_int_equal(gk_timeline_at(out, 13), GK_TRUE); /* it was somewhere in 10 to 13 */
    assert_int_equal(gk_timeline_at(out, 15), GK_TRUE);
    assert_int_equal(gk_timeline_at(out, 16), GK_UNKNOWN); /* if at 10, it is out */
    assert_int_equal(gk_timeline_at(out, 19), GK_FALSE);
    assert_int_equal(gk_timeline_times(out, a, false, 7, 6), GK_OK); /* more than ticks */
    assert_int_equal(gk_timeline_at(out, 13), GK_FALSE);
    gk_timeline_free(a);
    gk_timeline_free(out);
}

/* Runs of a that begin in b; a run from the beginning of time begins nowhere. */
static uint64_t naive_begun(uint64_t a, uint64_t b)
{
    uint64_t out = a & ~later(a, 1) & b;
    for (int i = 1; i < TICKS; i++)
        out |= (out << 1) & a;
    return out;
}

static void runs_are_kept_by_what_was_true_when_they_began_under_every_completion(void **state)
{
    struct random random = random_from(test_seed(__func__));
    gk_timeline *line[2] = {new_timeline(&MEM_SYSTEM), new_timeline(&MEM_SYSTEM)}, *out = new_timeline(&MEM_SYSTEM);
    (void)state;

    for (uint64_t round = test_rounds(20000); round > 0; round--) {
        struct unknown unknown[2 * UNKNOWN_MAX];
        struct sets sets[2];
        uint64_t always = ~UINT64_C(0), ever = 0;
        for (unsigned k = 0; k < 2; k++)
            build(line[k], sets[k] = random_sets(&random, (unsigned)random_below(&random, 5)));
        assert_int_equal(gk_timeline_begun(out, line[0], line[1]), GK_OK);
        struct sets got = sets_of(out);
        unsigned n = list_unknown(sets, 2, unknown);
        for (uint64_t choice = 0; choice < UINT64_C(1) << n; choice++) {
            uint64_t known[2] = {sets[0].certain, sets[1].certain};
            for (unsigned i = 0; i < n; i++)
                known[unknown[i].base] |= choice >> i & 1 ? unknown[i].ticks : 0;
            always &= naive_begun(known[0], known[1]);
            ever |= naive_begun(known[0], known[1]);
        }
        assert_int_equal(got.certain & ~always, 0);
        assert_int_equal(ever & ~got.possible, 0);
        if (n == 0)
            assert_sets(got, (struct sets){always, ever});
    }
    gk_timeline_free(line[0]);
    gk_timeline_free(line[1]);
    gk_timeline_free(out);
}

/* ---- algebra ---- */

static void assert_equal(const gk_timeline *a, const gk_timeline *b)
{
    size_t n, m;
    const struct gk_step *x = gk_timeline_steps(a, &n), *y = gk_timeline_steps(b, &m);
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(x[i].tick, y[i].tick);
        assert_int_equal(x[i].value, y[i].value);
    }
}

/* Steps anywhere among all ticks, the outermost ones too. */
static void random_wide(struct random *random, gk_timeline *out)
{
    int64_t ticks[] = {GK_TICK_MIN + 1, GK_TICK_MIN + 2, -5,         -4, 0, 1, 7,
                       GK_TICK_MAX - 2, GK_TICK_MAX - 1, GK_TICK_MAX};
    assert_int_equal(gk_timeline_reset(out, (enum gk_truth)random_below(random, 3)), GK_OK);
    for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++)
        if (random_below(random, 2))
            assert_int_equal(gk_timeline_append(out, ticks[i], (enum gk_truth)random_below(random, 3)), GK_OK);
}

static int64_t random_wide_d(struct random *random)
{
    static const int64_t d[] = {1, 2, 5, 9, INT64_MAX / 2, INT64_MAX - 1, INT64_MAX};
    return d[random_below(random, sizeof d / sizeof *d)];
}

static void the_laws_of_the_algebra_hold_out_to_the_edges_of_time(void **state)
{
    struct random random = random_from(test_seed(__func__));
    gk_timeline *t[8];
    (void)state;

    for (size_t i = 0; i < 8; i++)
        t[i] = new_timeline(&MEM_SYSTEM);
    for (uint64_t round = test_rounds(10000); round > 0; round--) {
        const gk_timeline *pair[] = {t[0], t[1], t[0]};
        int64_t d = random_wide_d(&random);
        random_wide(&random, t[0]);
        random_wide(&random, t[1]);
        gk_timeline_not(t[2], t[0]);
        gk_timeline_not(t[3], t[2]);
        assert_equal(t[3], t[0]); /* not not a = a */
        gk_timeline_not(t[3], t[1]);
        gk_timeline_or(t[4], t[2], t[3]);
        gk_timeline_not(t[5], t[4]);
        gk_timeline_and(t[6], t[0], t[1]);
        assert_equal(t[5], t[6]); /* not (not a or not b) = a and b */
        gk_timeline_count(t[5], pair, 2, 2, 2);
        assert_equal(t[5], t[6]); /* all of two */
        gk_timeline_count(t[5], pair, 3, 3, 3);
        assert_equal(t[5], t[6]); /* a again changes nothing */
        gk_timeline_or(t[6], t[0], t[1]);
        gk_timeline_count(t[5], pair, 3, 1, 3);
        assert_equal(t[5], t[6]); /* any */
        gk_timeline_count(t[5], pair, 1, 1, 1);
        assert_equal(t[5], t[0]);
        gk_timeline_for_at_least(t[4], t[0], d);
        gk_timeline_for_at_least(t[5], t[4], d);
        assert_equal(t[4], t[5]); /* opening twice is opening */
        gk_timeline_ignore_gaps(t[4], t[0], d);
        gk_timeline_ignore_gaps(t[5], t[4], d);
        assert_equal(t[4], t[5]);
        gk_timeline_not(t[3], t[2]);
        gk_timeline_ignore_gaps(t[5], t[2], d);
        gk_timeline_not(t[6], t[5]);
        gk_timeline_for_at_least(t[4], t[0], d);
        assert_equal(t[6], t[4]); /* closing what is not = opening what is */
        gk_timeline_held(t[4], t[2], d);
        gk_timeline_not(t[5], t[4]);
        gk_timeline_within_last(t[6], t[0], d);
        assert_equal(t[5], t[6]); /* not (not a held) = a within last */
        for (size_t i = 2; i < 8; i++)
            check(t[i]);
    }
    for (size_t i = 0; i < 8; i++)
        gk_timeline_free(t[i]);
}

/* ---- single facts ---- */

static void put_run(gk_timeline *line, int64_t from, int64_t to)
{
    if (line->n == 0 || from == GK_TICK_MIN)
        assert_int_equal(gk_timeline_reset(line, GK_FALSE), GK_OK);
    assert_int_equal(gk_timeline_append(line, from, GK_TRUE), GK_OK);
    assert_int_equal(gk_timeline_append(line, to, GK_FALSE), GK_OK);
}

static void a_run_from_the_beginning_or_to_the_end_of_time_is_infinitely_long(void **state)
{
    gk_timeline *a = new_timeline(&MEM_SYSTEM), *out = new_timeline(&MEM_SYSTEM);
    (void)state;

    put_run(a, GK_TICK_MIN, GK_TICK_MIN + 1);
    put_run(a, GK_TICK_MAX - 1, GK_TICK_MAX);
    assert_int_equal(gk_timeline_for_at_least(out, a, INT64_MAX), GK_OK);
    assert_equal(out, a);
    assert_int_equal(gk_timeline_for_less(out, a, INT64_MAX), GK_OK);
    assert_int_equal(gk_timeline_at(out, GK_TICK_MIN), GK_FALSE);
    assert_int_equal(gk_timeline_at(out, GK_TICK_MAX), GK_FALSE);
    gk_timeline_free(a);
    gk_timeline_free(out);
}

static void a_gap_at_the_edge_of_time_is_never_filled(void **state)
{
    gk_timeline *a = new_timeline(&MEM_SYSTEM), *out = new_timeline(&MEM_SYSTEM);
    (void)state;

    put_run(a, GK_TICK_MIN + 2, GK_TICK_MAX - 2);
    assert_int_equal(gk_timeline_ignore_gaps(out, a, INT64_MAX), GK_OK);
    assert_equal(out, a);
    gk_timeline_free(a);
    gk_timeline_free(out);
}

static void what_would_leave_the_ticks_reaches_to_their_edge(void **state)
{
    gk_timeline *a = new_timeline(&MEM_SYSTEM), *out = new_timeline(&MEM_SYSTEM);
    (void)state;

    put_run(a, GK_TICK_MAX - 9, GK_TICK_MAX - 4);
    assert_int_equal(gk_timeline_within_last(out, a, 4), GK_OK);
    assert_int_equal(gk_timeline_at(out, GK_TICK_MAX - 1), GK_TRUE);
    assert_int_equal(gk_timeline_held(out, a, INT64_MAX), GK_OK);
    assert_int_equal(out->n, 1);
    put_run(a, GK_TICK_MIN, GK_TICK_MIN); /* nothing: forgets the run before */
    put_run(a, GK_TICK_MIN + 5, 0);
    assert_int_equal(gk_timeline_within_next(out, a, 5), GK_OK);
    assert_int_equal(gk_timeline_at(out, GK_TICK_MIN), GK_TRUE);
    assert_int_equal(gk_timeline_within_next(out, a, 4), GK_OK);
    assert_int_equal(gk_timeline_at(out, GK_TICK_MIN), GK_FALSE);
    assert_int_equal(gk_timeline_at(out, GK_TICK_MIN + 1), GK_TRUE);
    gk_timeline_free(a);
    gk_timeline_free(out);
}

static void no_duration_changes_nothing_and_nothing_is_shorter(void **state)
{
    struct random random = random_from(test_seed(__func__));
    gk_timeline *a = new_timeline(&MEM_SYSTEM), *out = new_timeline(&MEM_SYSTEM);
    const int64_t none[] = {0, -1, INT64_MIN};
    (void)state;

    build(a, random_sets(&random, TICKS));
    for (size_t i = 0; i < 3; i++) {
        for (enum op op = FOR_AT_LEAST; op <= WITHIN_NEXT; op++) {
            assert_int_equal(run_op(op, out, a, none[i]), GK_OK);
            assert_equal(out, a);
        }
        assert_int_equal(gk_timeline_for_less(out, a, none[i]), GK_OK);
        assert_sets(sets_of(out), (struct sets){0, 0});
    }
    gk_timeline_free(a);
    gk_timeline_free(out);
}

static void a_new_timeline_is_false_for_ever_and_has_its_step(void **state)
{
    gk_timeline *a = new_timeline(&MEM_SYSTEM), *out = new_timeline(&MEM_SYSTEM);
    size_t n;
    (void)state;

    const struct gk_step *steps = gk_timeline_steps(a, &n);
    assert_int_equal(n, 1);
    assert_int_equal(steps[0].tick, GK_TICK_MIN);
    assert_int_equal(steps[0].value, GK_FALSE);
    assert_int_equal(gk_timeline_not(out, a), GK_OK);
    assert_int_equal(gk_timeline_at(out, 0), GK_TRUE);
    for (enum op op = FOR_AT_LEAST; op <= END; op++) {
        assert_int_equal(run_op(op, out, a, 3), GK_OK);
        assert_int_equal(gk_timeline_at(out, 0), GK_FALSE);
    }
    assert_int_equal(gk_timeline_append(a, 3, GK_TRUE), GK_OK);
    assert_int_equal(gk_timeline_at(a, 2), GK_FALSE);
    assert_int_equal(gk_timeline_at(a, 3), GK_TRUE);
    gk_timeline_free(a);
    gk_timeline_free(out);
    gk_timeline_free(NULL);
}

static void appending_out_of_order_is_refused_and_the_last_value_at_a_tick_counts(void **state)
{
    gk_timeline *a = new_timeline(&MEM_SYSTEM);
    (void)state;

    put_run(a, 5, 9);
    assert_int_equal(gk_timeline_append(a, 8, GK_TRUE), GK_EINVAL);
    assert_int_equal(gk_timeline_append(a, 10, (enum gk_truth)3), GK_EINVAL);
    assert_int_equal(gk_timeline_reset(a, (enum gk_truth)3), GK_EINVAL);
    assert_int_equal(a->n, 3);
    assert_int_equal(gk_timeline_append(a, 9, GK_TRUE), GK_OK); /* the run goes on */
    assert_int_equal(a->n, 2);
    assert_int_equal(gk_timeline_append(a, 12, GK_FALSE), GK_OK);
    assert_int_equal(gk_timeline_append(a, GK_TICK_MAX, GK_TRUE), GK_OK); /* never */
    assert_int_equal(a->n, 3);
    check(a);
    gk_timeline_free(a);
}

static void measure_adds_up_what_a_walk_over_the_ticks_counts(void **state)
{
    struct random random = random_from(test_seed(__func__));
    gk_timeline *a = new_timeline(&MEM_SYSTEM);
    (void)state;

    for (uint64_t round = test_rounds(5000); round > 0; round--) {
        struct sets sets = random_sets(&random, TICKS);
        int from = 1 + (int)random_below(&random, TICKS), to = (int)random_below(&random, TICKS + 1);
        struct gk_measure got, want = {0};
        build(a, sets);
        for (int i = from; i < to; i++) {
            want.certain += has(sets.certain, i);
            want.possible += has(sets.possible, i);
            want.certain_starts += has(sets.certain, i) && !has(sets.certain, i - 1);
            want.possible_starts += has(sets.possible, i) && !has(sets.possible, i - 1);
        }
        gk_timeline_measure(a, from - PAD, to - PAD, &got);
        assert_memory_equal(&got, &want, sizeof got);
    }
    struct gk_measure all;
    gk_timeline_reset(a, GK_UNKNOWN);
    gk_timeline_measure(a, GK_TICK_MIN, GK_TICK_MAX, &all);
    assert_int_equal(all.possible, INT64_MAX);
    assert_int_equal(all.certain, 0);
    assert_int_equal(all.possible_starts, 0); /* it was always so */
    gk_timeline_free(a);
}

static void thousands_of_timelines_are_counted_like_one_after_the_other(void **state)
{
    enum { N = 1500 };
    struct random random = random_from(test_seed(__func__));
    static gk_timeline *list[N];
    static const gk_timeline *view[N];
    gk_timeline *out = new_timeline(&MEM_SYSTEM);
    static int certain[300], possible[300];
    (void)state;

    memset(certain, 0, sizeof certain);
    memset(possible, 0, sizeof possible);
    for (int k = 0; k < N; k++) {
        view[k] = list[k] = new_timeline(&MEM_SYSTEM);
        for (int64_t tick = (int64_t)random_below(&random, 90); tick < 300;
             tick += 1 + (int64_t)random_below(&random, 90))
            gk_timeline_append(list[k], tick, (enum gk_truth)random_below(&random, 3));
        for (int i = 0; i < 300; i++) {
            certain[i] += gk_timeline_at(list[k], i) == GK_TRUE;
            possible[i] += gk_timeline_at(list[k], i) != GK_FALSE;
        }
    }
    assert_int_equal(gk_timeline_count(out, view, N, 400, 900), GK_OK);
    check(out);
    for (int i = 0; i < 300; i++) {
        bool must = certain[i] >= 400 && possible[i] <= 900, can = possible[i] >= 400 && certain[i] <= 900;
        assert_int_equal(gk_timeline_at(out, i), must ? GK_TRUE : can ? GK_UNKNOWN : GK_FALSE);
    }
    for (int k = 0; k < N; k++)
        gk_timeline_free(list[k]);
    gk_timeline_free(out);
}

/* ---- memory ---- */

/* Every way to write a timeline; `which` counts up until false. */
static bool run_any(unsigned which, gk_timeline *out, const gk_timeline *a, const gk_timeline *b, int *rc)
{
    const gk_timeline *list[] = {a, b, a, b, a};
    switch (which) {
    case 0:
        *rc = gk_timeline_reset(out, GK_UNKNOWN);
        return true;
    case 1:
        *rc = gk_timeline_append(out, 5, GK_TRUE);
        return true;
    case 2:
        *rc = gk_timeline_copy(out, a);
        return true;
    case 3:
        *rc = gk_timeline_and(out, a, b);
        return true;
    case 4:
        *rc = gk_timeline_possibly(out, a);
        return true;
    case 5:
    case 6:
    case 7:
        *rc = gk_timeline_count(out, list, which - 4 < 3 ? which - 4 : 5, 1, 1);
        return true;
    default:
        if (which - 8 > END)
            return false;
        *rc = run_op((enum op)(which - 8), out, a, 2);
        return true;
    }
}

static void a_failed_allocation_leaves_the_result_empty_and_loses_nothing(void **state)
{
    struct random random = random_from(test_seed(__func__));
    gk_timeline *a = new_timeline(&MEM_SYSTEM), *b = new_timeline(&MEM_SYSTEM), *line;
    struct failing_mem failing;
    int rc = GK_OK;
    (void)state;

    build(a, random_sets(&random, TICKS));
    build(b, random_sets(&random, TICKS));
    for (unsigned which = 0;; which++) {
        bool is_op = true;
        for (uint64_t fail_at = 1;; fail_at++) {
            failing_mem_init(&failing);
            failing.fail_at = fail_at;
            rc = timeline_new(&failing.mem, &line);
            if (rc == GK_OK)
                rc = gk_timeline_append(line, 1, GK_TRUE); /* something that must be gone afterwards */
            if (rc == GK_OK && (is_op = run_any(which, line, a, b, &rc)) && rc != GK_OK)
                assert_int_equal(line->n, 0);
            gk_timeline_free(line);
            assert_int_equal(failing.n_live, 0);
            if (rc == GK_OK)
                break;
            assert_int_equal(rc, GK_ENOMEM);
        }
        if (!is_op)
            break;
    }
    gk_timeline_free(a);
    gk_timeline_free(b);
}

static void a_result_is_written_into_the_memory_it_has(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct failing_mem failing;
    gk_timeline *a = new_timeline(&MEM_SYSTEM), *b = new_timeline(&MEM_SYSTEM), *out;
    int rc;
    (void)state;

    failing_mem_init(&failing);
    out = new_timeline(&failing.mem);
    assert_int_equal(timeline_room(out, 8 * TICKS), GK_OK);
    uint64_t n_calls = failing.n_calls;
    for (unsigned which = 0; which <= 8 + END; which++) {
        if (which == 7)
            continue; /* counting many sorts in scratch */
        build(a, random_sets(&random, TICKS));
        build(b, random_sets(&random, TICKS));
        if (which == 1)
            out->n = 0;
        assert_true(run_any(which, out, a, b, &rc));
        assert_int_equal(rc, GK_OK);
        assert_int_equal(failing.n_calls, n_calls);
    }
    gk_timeline_free(out);
    assert_int_equal(failing.n_live, 0);
    gk_timeline_free(a);
    gk_timeline_free(b);
}

static void every_broken_invariant_is_named(void **state)
{
    struct gk_step first[] = {{0, GK_TRUE}};
    struct gk_step order[] = {{GK_TICK_MIN, GK_TRUE}, {5, GK_FALSE}, {5, GK_TRUE}};
    struct gk_step same[] = {{GK_TICK_MIN, GK_TRUE}, {5, GK_TRUE}};
    struct gk_step last[] = {{GK_TICK_MIN, GK_TRUE}, {GK_TICK_MAX, GK_FALSE}};
    struct gk_step truth[] = {{GK_TICK_MIN, 3}};
    const struct {
        struct gk_step *steps;
        size_t n, capacity;
    } lines[] = {{first, 1, 1}, {order, 3, 3}, {same, 2, 2}, {last, 2, 2}, {truth, 1, 1}, {same, 1, 0}};
    struct gk_error error;
    (void)state;

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const gk_timeline line = {.steps = lines[i].steps, .n = lines[i].n, .capacity = lines[i].capacity};
        error.text[0] = '\0';
        assert_int_equal(timeline_check(&line, &error), GK_EBUG);
        assert_int_not_equal(error.text[0], '\0');
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(operators_of_runs_are_what_their_definitions_say_tick_by_tick),
    cmocka_unit_test(operators_of_one_tick_are_set_operations),
    cmocka_unit_test(count_is_what_every_number_of_true_ones_allows),
    cmocka_unit_test(nested_operators_are_sound_under_every_completion_of_the_unknown),
    cmocka_unit_test(an_answer_depends_on_nothing_outside_of_its_padded_window),
    cmocka_unit_test(events_are_counted_tick_by_tick_within_a_sliding_window),
    cmocka_unit_test(a_start_behind_something_unknown_counts_when_all_of_it_is_within_the_window),
    cmocka_unit_test(runs_are_kept_by_what_was_true_when_they_began_under_every_completion),
    cmocka_unit_test(the_laws_of_the_algebra_hold_out_to_the_edges_of_time),
    cmocka_unit_test(a_run_from_the_beginning_or_to_the_end_of_time_is_infinitely_long),
    cmocka_unit_test(a_gap_at_the_edge_of_time_is_never_filled),
    cmocka_unit_test(what_would_leave_the_ticks_reaches_to_their_edge),
    cmocka_unit_test(no_duration_changes_nothing_and_nothing_is_shorter),
    cmocka_unit_test(a_new_timeline_is_false_for_ever_and_has_its_step),
    cmocka_unit_test(appending_out_of_order_is_refused_and_the_last_value_at_a_tick_counts),
    cmocka_unit_test(measure_adds_up_what_a_walk_over_the_ticks_counts),
    cmocka_unit_test(thousands_of_timelines_are_counted_like_one_after_the_other),
    cmocka_unit_test(a_failed_allocation_leaves_the_result_empty_and_loses_nothing),
    cmocka_unit_test(a_result_is_written_into_the_memory_it_has),
    cmocka_unit_test(every_broken_invariant_is_named),
};

RUN_TESTS(tests)
