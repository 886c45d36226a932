/*
 * state_count.c - how many of some facilities are in some states, as a timeline, inside of another timeline.
 *
 * Most steps need not be looked at. A question such as "abatement off while production on" is false for most of the
 * time by its first half alone, so the second half is read only inside the runs of the first. And while one machine is
 * on, `any production on` is true whatever the others do: they are looked at again when that one ends.
 *
 *     any:  one facility in the states decides (true)      all:  one outside of them decides (false)
 *
 *     a  ___####____________##      b is not looked at before a's run ends, nor c before b's; what they did meanwhile
 *     b  ____#_########_____##      is passed over by doubling the stride
 *     c  ___#_#_#___#####_____
 *        ___#############___##
 */
#include "db/sight.h"
#include "state/timeline.h"

/* A cursor in the truths of one facility. */
struct lane {
    const struct gk_step *at, *end; /* from the first step of another truth on */
    int64_t next;                   /* tick of *at; INT64_MAX: none */
    uint32_t truth;                 /* until then */
};

#define NONE UINT32_MAX

struct counting {
    const struct gk_state_count *what;
    uint32_t truths[GK_OVERLOAD + 1]; /* by state */
    struct lane *lanes;
    uint32_t decides; /* the truth of one facility that decides; NONE: all are counted */
    uint32_t decided; /* what it decides */
    gk_timeline *out;
};

static uint32_t judge(const struct gk_state_count *what, size_t certain, size_t possible)
{
    if (what->least > what->most) /* no number is in an empty range */
        return GK_FALSE;
    if (what->least <= certain && possible <= what->most)
        return GK_TRUE;
    return possible >= what->least && certain <= what->most ? GK_UNKNOWN : GK_FALSE;
}

/* One facility decides when the truth is known with it in (or out) and nothing known of the others. */
static void find_decision(struct counting *c)
{
    size_t n = c->what->n;
    uint32_t in = n ? judge(c->what, 1, n) : GK_UNKNOWN, out = n ? judge(c->what, 0, n - 1) : GK_UNKNOWN;

    c->decides = in != GK_UNKNOWN ? GK_TRUE : out != GK_UNKNOWN ? GK_FALSE : NONE;
    c->decided = in != GK_UNKNOWN ? in : out;
}

/* Takes the truth of the step before *at, and moves on to where it ends. */
static inline void settle(struct lane *lane, const uint32_t *truths)
{
    uint32_t truth = truths[lane->at[-1].value];

    while (lane->at < lane->end && truths[lane->at->value] == truth)
        lane->at++;
    lane->truth = truth;
    lane->next = lane->at < lane->end ? lane->at->tick : INT64_MAX;
}

/* Moves on to a tick at or behind `next`. */
static void seek(struct lane *lane, int64_t tick, const uint32_t *truths)
{
    size_t left = (size_t)(lane->end - lane->at), low = 1, stride = 2;

    while (stride <= left && lane->at[stride - 1].tick <= tick) {
        low = stride;
        stride *= 2;
    }
    size_t high = stride - 1 < left ? stride - 1 : left; /* of the steps `low` begin by then, the one at `high` not */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (lane->at[mid].tick <= tick)
            low = mid + 1;
        else
            high = mid;
    }
    lane->at += low;
    settle(lane, truths);
}

/* The truth at a tick, and the tick up to which it is the same at least. Ticks ascend from call to call. */
static uint32_t look(struct counting *c, int64_t tick, int64_t *until)
{
    size_t certain = 0, possible = 0, n = c->what->n;

    *until = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        struct lane *lane = &c->lanes[i];
        if (lane->next <= tick)
            seek(lane, tick, c->truths);
        if (lane->truth == c->decides) {
            *until = lane->next;
            return c->decided;
        }
        *until = lane->next < *until ? lane->next : *until;
        certain += lane->truth == GK_TRUE;
        possible += lane->truth != GK_FALSE;
    }
    return judge(c->what, certain, possible);
}

static uint32_t least_of(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Within one step of `within`, whose truth is `most`. */
static void put_stretch(struct counting *c, uint32_t most, int64_t from, int64_t to)
{
    for (int64_t tick = from, next; tick < to; tick = next)
        timeline_put(c->out, tick, least_of(most, look(c, tick, &next)));
}

/* Nothing is known of any facility in [from, to): the truth there hangs on `within` alone. */
static void put_outside(struct counting *c, const struct gk_step *within, size_t n, int64_t from, int64_t to)
{
    uint32_t most = judge(c->what, 0, c->what->n);

    for (size_t i = 0; i < n && within[i].tick < to; i++)
        if (i + 1 == n || within[i + 1].tick > from)
            timeline_put(c->out, within[i].tick > from ? within[i].tick : from, least_of(within[i].value, most));
}

static bool is_short(int64_t from, int64_t to, int64_t least)
{
    return from != GK_TICK_MIN && to != GK_TICK_MAX && least > 0 && (uint64_t)to - (uint64_t)from < (uint64_t)least;
}

/* The runs of `within` that are not false, as far as they lie in [from, to). */
static void put_inside(struct counting *c, const struct gk_step *within, size_t n, int64_t from, int64_t to)
{
    timeline_put(c->out, from, GK_FALSE);
    for (size_t i = 0; i < n && within[i].tick < to;) {
        size_t k = i;
        while (k < n && within[k].value != GK_FALSE)
            k++;
        int64_t begin = within[i].tick, end = k < n ? within[k].tick : GK_TICK_MAX;
        bool is_seen = k > i && end > from && !is_short(begin, end, c->what->within_least);
        for (; is_seen && i < k && within[i].tick < to; i++) {
            int64_t next = i + 1 < n ? within[i + 1].tick : GK_TICK_MAX;
            if (next > from)
                put_stretch(c, within[i].value, within[i].tick > from ? within[i].tick : from, next < to ? next : to);
        }
        if (is_seen)
            timeline_put(c->out, end < to ? end : to, GK_FALSE);
        i = k > i ? k : i + 1;
    }
}

static int open_lanes(gk_snapshot *s, struct counting *c, int64_t from, int64_t to, size_t *n_steps,
                      struct gk_error *error)
{
    int rc = GK_OK;

    for (size_t i = 0; i < c->what->n; i++) {
        struct lane *lane = &c->lanes[i];
        size_t n;
        TRY(snapshot_steps(s, c->what->facilities[i], from, to, &lane->at, &n, error));
        lane->end = lane->at + n;
        lane->at++;
        settle(lane, c->truths);
        *n_steps += n;
    }
done:
    return rc;
}

/* True for ever. */
static const struct gk_step ALWAYS = {GK_TICK_MIN, GK_TRUE};

int gk_state_count(gk_snapshot *s, const struct gk_state_count *what, int64_t from, int64_t to, gk_timeline *out,
                   struct gk_error *error)
{
    struct gk_state_count entered = *what;
    struct counting c = {.what = &entered, .out = out};
    const struct gk_step *within = &ALWAYS;
    size_t n_within = 1, n_steps = 0;
    int rc;

    out->n = 0;
    if (what->within)
        within = gk_timeline_steps(what->within, &n_within);
    for (uint32_t state = GK_NODATA; state <= GK_OVERLOAD; state++)
        c.truths[state] = what->mask & GK_STATE_BIT(state) ? GK_TRUE : state == GK_NODATA ? GK_UNKNOWN : GK_FALSE;
    find_decision(&c);
    if (from > to)
        to = from;
    memo_trim(&s->memo);
    TRY(sight_enter_all(s, &entered.facilities, what->n, error));
    c.lanes = mem_array(&s->mem, what->n, sizeof *c.lanes);
    if (!c.lanes)
        TRY(GK_ENOMEM);
    if (from < to)
        TRY(open_lanes(s, &c, from, to, &n_steps, error));
    TRY(timeline_room(out, n_steps + 2 * n_within + 4));
    put_outside(&c, within, n_within, GK_TICK_MIN, from);
    if (from < to)
        put_inside(&c, within, n_within, from, to);
    put_outside(&c, within, n_within, to, GK_TICK_MAX);
    rc = GK_OK;
done:
    mem_free(&s->mem, c.lanes);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for a timeline"); /* rc says it too */
    return rc;
}
