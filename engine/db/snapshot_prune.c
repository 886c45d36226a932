/*
 * snapshot_prune.c - which facilities a question need not look at, by the presence index (index.h says what its marks
 * are).
 *
 *     from          day begins            quarter of `to`
 *      |  looked at  v  HOLDS of its first tick, then who comes into a state in each quarter, to the last one
 *      v             |-----|-----|-----|-----|-----|-----|-x
 *
 * The union is kept as plain bits, straight from the records' bytes: no set is made. What the marks say is a little
 * wider than the question (from the day's begin, to the quarter's end), so what stays may be nothing; what is in none
 * of the marks was in none of the states.
 */
#include "db/index.h"
#include "db/sight.h"

/* To look at a facility costs about as much as reading so many bytes of the index: 1 us. */
#define FACILITY_BYTES 4096
/* How often it is asked whether reading on is worth it, in bytes read. */
#define JUDGE_BYTES 65536

struct pruning {
    gk_snapshot *s;
    uint32_t mask;
    struct mark end; /* the last quarter, and the minute in it in which the question ends */
    int64_t first;   /* quarter */
    size_t n_words;
    uint64_t *asked, *keep, *known;
    uint64_t n_read, n_judged; /* bytes, and how many of them when it was last judged */
};

static int mark(struct pruning *p, struct view value, uint64_t *words, struct gk_error *error)
{
    int rc = presence_mark(value.bytes, value.size, words, p->n_words);

    p->n_read += value.size;
    return rc == GK_OK ? rc : error_set(error, rc, "a presence record: %s", gk_status_text(rc));
}

/* Who is in a state at the first tick: to be kept, or at least not silent then. */
static int begin_day(struct pruning *p, struct gk_error *error)
{
    bool is_silence_asked = p->mask & GK_STATE_BIT(GK_NODATA);
    int rc = GK_OK;

    for (uint32_t state = GK_OFF; state <= GK_OVERLOAD; state++) {
        uint8_t key[INDEX_KEY];
        struct view value;
        bool is_asked = p->mask & GK_STATE_BIT(state);
        if (!is_asked && !is_silence_asked)
            continue;
        index_key(key, (struct mark){p->first, INDEX_HOLDS + state});
        rc = txn_get(p->s->txn, STORE_PRESENCE, view_of(key, sizeof key), &value, error);
        if (rc == GK_ENOTFOUND)
            continue;
        if (rc != GK_OK)
            return rc;
        TRY(mark(p, value, is_asked ? p->keep : p->known, error));
    }
    if (is_silence_asked)
        for (size_t i = 0; i < p->n_words; i++)
            p->keep[i] |= ~p->known[i];
    rc = GK_OK;
done:
    return rc;
}

static bool is_asked(const struct pruning *p, struct mark mark)
{
    if (mark.slot <= GK_OVERLOAD)
        return p->mask & GK_STATE_BIT(mark.slot);
    if (mark.slot < INDEX_ENDS || !(p->mask & GK_STATE_BIT(GK_NODATA)))
        return false;
    return mark.quarter < p->end.quarter || mark.slot <= p->end.slot;
}

/* Whether what is left to read costs more than it may spare. */
static bool is_worth_less(struct pruning *p, int64_t quarter)
{
    uint64_t left = 0;

    if (p->n_read - p->n_judged < JUDGE_BYTES)
        return false;
    p->n_judged = p->n_read;
    for (size_t i = 0; i < p->n_words; i++)
        left += (uint64_t)__builtin_popcountll(p->asked[i] & ~p->keep[i]);
    int64_t newest = floor_div(p->s->progress.watermark, INDEX_QUARTER_NS); /* nearly nothing comes after it */
    int64_t last = p->end.quarter < newest ? p->end.quarter : newest;
    uint64_t n_done = (uint64_t)(quarter - p->first) + 1, n_left = last > quarter ? (uint64_t)(last - quarter) : 0;
    return left == 0 || p->n_read / n_done * n_left > left * FACILITY_BYTES;
}

/* GK_DONE: it is not worth it, all stay. */
static int read_quarters(struct pruning *p, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    uint8_t key[INDEX_KEY];
    struct mark found;
    int rc;

    TRY(cursor_open(p->s->txn, STORE_PRESENCE, &cursor, error));
    index_key(key, (struct mark){p->first, 0});
    for (rc = cursor_seek(cursor, view_of(key, sizeof key), error); rc == GK_OK; rc = cursor_next(cursor, error)) {
        struct view value;
        if (!index_unkey(cursor_key(cursor), &found)) {
            rc = error_set(error, GK_ECORRUPT, "a key of the presence index is none");
            goto done;
        }
        if (found.quarter > p->end.quarter)
            break;
        if (!is_asked(p, found))
            continue;
        TRY(cursor_value(cursor, &value, error));
        TRY(mark(p, value, p->keep, error));
        if (is_worth_less(p, found.quarter)) {
            rc = GK_DONE;
            goto done;
        }
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    return rc;
}

/* Clears those of whom nothing was found. */
static void drop(const struct pruning *p, size_t n, uint8_t *is_in)
{
    bool has_unsealed = p->s->view.n_visible > 0;

    for (size_t w = 0; w < p->n_words; w++) {
        uint64_t out = p->asked[w] & ~p->keep[w];
        for (; out; out &= out - 1) {
            size_t id = 64 * w + (size_t)__builtin_ctzll(out);
            if (id < n && (!has_unsealed || !snapshot_has_unsealed(p->s, (uint32_t)id)))
                is_in[id] = 0;
        }
    }
}

/* Ends beyond all ticks of rows: nothing but silence there, and floor_div's results can be multiplied back. */
static int64_t inside(int64_t tick)
{
    return tick < INT64_MIN / 2 ? INT64_MIN / 2 : tick > INT64_MAX / 2 ? INT64_MAX / 2 : tick;
}

static int prune(gk_snapshot *s, uint32_t mask, int64_t from, int64_t to, uint8_t *is_in, struct gk_error *error)
{
    size_t n = s->catalog->n_facilities;
    int64_t tick_ns = s->db->tick_ns;
    struct pruning p = {.s = s, .mask = mask, .n_words = (n + 63) / 64};
    int rc;

    if (from >= to || s->progress.n_stale > 0 || s->parent)
        return GK_OK;
    p.asked = mem_zeroed(&s->mem, (3 * p.n_words + 1) * sizeof *p.asked);
    if (!p.asked)
        return error_set(error, GK_ENOMEM, "out of memory for the presence index");
    p.keep = p.asked + p.n_words;
    p.known = p.keep + p.n_words;
    for (size_t i = 0; i < n; i++)
        p.asked[i / 64] |= (uint64_t)(is_in[i] != 0) << i % 64;
    p.end = index_end_of(tick_ns, inside(to) - 1);
    p.first = floor_div(index_end_of(tick_ns, inside(from)).quarter, INDEX_QUARTERS_DAY) * INDEX_QUARTERS_DAY;
    TRY(begin_day(&p, error));
    TRY(read_quarters(&p, error));
    drop(&p, n, is_in);
done:
    mem_free(&s->mem, p.asked);
    return rc == GK_DONE || rc == GK_ECORRUPT ? GK_OK : rc; /* who is in a damaged record is not known: all stay */
}

int gk_state_prune(gk_snapshot *s, uint32_t mask, int64_t from, int64_t to, uint8_t *is_in, struct gk_error *error)
{
    const struct sight_numbers *seen = s->sight ? &s->sight->facilities : NULL;

    if (!seen)
        return prune(s, mask, from, to, is_in, error);
    uint8_t *all = mem_zeroed(&s->mem, seen->n_store);
    if (!all)
        return error_set(error, GK_ENOMEM, "out of memory for the presence index");
    for (size_t i = 0; i < seen->n; i++)
        all[seen->store[i]] = is_in[i];
    int rc = prune(s, mask, from, to, all, error);
    for (size_t i = 0; i < seen->n; i++)
        is_in[i] = all[seen->store[i]];
    mem_free(&s->mem, all);
    return rc;
}
