/*
 * test_differential.c - random statements over random small zones: what the engine answers is what the naive evaluator
 * (naive.h) does, in every row and cell, whatever of the zone has arrived, and whatever of that is sealed.
 *
 *     GK_SEED=17 GK_ROUNDS=1 build/check/tests/naive/test_differential     the zone of this seed, as it was reported
 */
#include "naive/naive.h"

#include <inttypes.h>
#include <malloc.h>
#include <math.h>

#define STAGES        5  /* of a zone: so often it is asked */
#define STATEMENTS    20 /* at each */
#define SHRINK_ROUNDS 40
#define TEXT_MAX      4096 /* of a statement */

/* ---- asking and comparing ---- */

static bool same_number(double a, const struct cell *want)
{
    double b = want->value.as.number, slack = fabs(b) * 1e-9 + want->slack;

    return want->is_any || !(a < b || a > b) || fabs(a - b) <= slack;
}

static const char *text_of(const struct cell *cell)
{
    return cell->whole ? cell->whole : cell->text;
}

static bool same_cell(const struct gk_value *got, const struct cell *want)
{
    if (want->is_any)
        return true;
    if (got->type != want->value.type)
        return false;
    switch (got->type) {
    case GK_TYPE_EMPTY:
        return true;
    case GK_TYPE_TEXT:
        return strlen(text_of(want)) == got->as.text.size &&
               memcmp(text_of(want), got->as.text.bytes, got->as.text.size) == 0;
    case GK_TYPE_TIME:
        return got->as.time == want->value.as.time;
    case GK_TYPE_COUNT:
    case GK_TYPE_TRUTH:
        return got->as.count == want->value.as.count;
    default:
        return same_number(got->as.number, want);
    }
}

static void cell_text(const struct gk_value *value, const char *text, char out[64])
{
    out[0] = '\0';
    if (value->type == GK_TYPE_TEXT)
        (void)snprintf(out, 64, "%s", text);
    else if (value->type == GK_TYPE_TIME)
        (void)gk_time_format(value->as.time, 28800, out);
    else if (value->type == GK_TYPE_COUNT || value->type == GK_TYPE_TRUTH)
        (void)snprintf(out, 64, "%" PRId64, value->as.count);
    else if (value->type != GK_TYPE_EMPTY)
        (void)snprintf(out, 64, "%.12g", value->as.number);
}

/* What the last comparison found. */
struct verdict {
    bool is_error; /* the engine refused the statement */
    char text[4096];
    uint64_t n_rows;
};

static void compare_row(gk_query *query, const struct answer *want, int row, struct verdict *out)
{
    char a[64], b[64];

    for (int c = 0; c < want->n_columns; c++) {
        const struct gk_value *got = gk_query_value(query, (size_t)c);
        const struct cell *cell = &want->cells[row * want->n_columns + c];
        if (same_cell(got, cell))
            continue;
        cell_text(got, got->type == GK_TYPE_TEXT ? got->as.text.bytes : "", a);
        cell_text(&cell->value, text_of(cell), b);
        (void)snprintf(out->text, sizeof out->text, "row %d, %s: the engine says '%s', naively it is '%s'", row + 1,
                       want->columns[c], a, b);
        return;
    }
}

static void compare_rows(gk_query *query, const struct answer *want, struct verdict *out)
{
    struct gk_query_error error = {0};
    int row = 0, rc;

    if (gk_query_n_columns(query) != (size_t)want->n_columns) {
        (void)snprintf(out->text, sizeof out->text, "%zu columns, not %d", gk_query_n_columns(query), want->n_columns);
        return;
    }
    for (int c = 0; c < want->n_columns; c++)
        if (strcmp(gk_query_column(query, (size_t)c)->name, want->columns[c]) != 0)
            (void)snprintf(out->text, sizeof out->text, "column %s", gk_query_column(query, (size_t)c)->name);
    for (; (rc = gk_query_next(query, &error)) == GK_OK; row++) {
        if (row < want->n_rows && !out->text[0])
            compare_row(query, want, row, out);
    }
    out->n_rows += (uint64_t)row;
    if (rc != GK_DONE)
        (void)snprintf(out->text, sizeof out->text, "%s", error.report);
    else if (row != want->n_rows && !out->text[0])
        (void)snprintf(out->text, sizeof out->text, "the engine gives %d rows, naively there are %d", row,
                       want->n_rows);
}

#define EXPLAIN "explain "

/* A statement in the plain form that `explain` shows, which must mean the same; false: it has none. */
static bool plain_form(gk_session *session, gk_snapshot *snapshot, const struct view *view, const char *text,
                       char out[TEXT_MAX])
{
    struct gk_query_error error = {0};
    gk_query *query = NULL;

    (void)snprintf(out, TEXT_MAX, EXPLAIN "%s", text);
    bool ok = gk_query_prepare(session, snapshot, out, strlen(out), NULL, &query, &error) == GK_OK &&
              gk_query_start(query, snapshot, view->zone->now, &error) == GK_OK &&
              gk_query_next(query, &error) == GK_OK;
    if (ok) {
        const struct gk_value *detail = gk_query_value(query, 1);
        (void)snprintf(out, TEXT_MAX, "%s", detail->as.text.bytes);
    }
    gk_query_free(query);
    return ok;
}

/* Whether engine and evaluator agree. Every fourth statement is asked in its plain form, but for lists of lags, whose
 * rows say how their moments were written. */
static bool agree(gk_db *db, const struct view *view, const struct statement *statement, struct verdict *out)
{
    const char *text = statement_text(statement);
    char plain[TEXT_MAX];
    struct gk_query_error error = {0};
    struct answer want = {0};
    gk_snapshot *snapshot = NULL;
    gk_session *session = NULL;
    gk_query *query = NULL;

    out->text[0] = '\0';
    assert_int_equal(gk_snapshot_open(db, &snapshot, NULL), GK_OK);
    /* However slow the machine is. */
    const struct gk_session_options untimed = {.size = sizeof untimed, .max_run_ns = -1};
    assert_int_equal(gk_session_new(&untimed, &session), GK_OK);
    if (strlen(text) % 4 == 0 && strncmp(text, "list", 4) != 0 && plain_form(session, snapshot, view, text, plain))
        text = plain;
    out->is_error = gk_query_prepare(session, snapshot, text, strlen(text), NULL, &query, &error) != GK_OK ||
                    gk_query_start(query, snapshot, view->zone->now, &error) != GK_OK;
    if (out->is_error) {
        (void)snprintf(out->text, sizeof out->text, "%s", error.report);
    } else {
        statement_answer(statement, view, &want);
        compare_rows(query, &want, out);
        answer_clear(&want);
    }
    gk_query_free(query);
    gk_session_free(session);
    gk_snapshot_close(snapshot);
    return !out->text[0];
}

/* ---- shrinking: the same in a new store, with less and less of it ---- */

static bool agree_anew(const struct zone *zone, const struct statement *statement, struct verdict *out)
{
    struct store store;
    struct view view;

    store_open(&store, zone);
    while (store.n_links < zone->n_links)
        store_link(&store);
    while (store.n_bands < zone->n_bands)
        store_band(&store);
    while (store.n_orders < zone->n_orders)
        store_order(&store);
    while (store.n_exemptions < zone->n_exemptions)
        store_exemption(&store);
    while (store.n_calendars < zone->n_calendars)
        store_calendar(&store);
    if (zone->n_rows)
        store_batch(&store);
    assert_int_equal(gk_commit(store.db, NULL), GK_OK);
    view_make(&view, &store);
    bool is_alike = agree(store.db, &view, statement, out) || out->is_error;
    view_clear(&view);
    store_close(&store);
    return is_alike;
}

static void drop(void *list, int *n, size_t size, int at, int count)
{
    char *bytes = list;

    memmove(bytes + (size_t)at * size, bytes + (size_t)(at + count) * size, (size_t)(*n - at - count) * size);
    *n -= count;
}

struct dropped { /* one of the lists of a zone */
    size_t list, n, size;
};

static bool drop_some(struct zone *zone, const struct statement *statement, const struct dropped *what, int count)
{
    static struct zone smaller;
    struct verdict verdict = {0};
    bool is_smaller = false;
    int n;

    memcpy(&n, (char *)zone + what->n, sizeof n);
    for (int at = 0; at + count <= n;) {
        smaller = *zone;
        int *n_smaller = (int *)(void *)((char *)&smaller + what->n);
        drop((char *)&smaller + what->list, n_smaller, what->size, at, count);
        smaller.batches[0] = smaller.n_rows;
        if (agree_anew(&smaller, statement, &verdict)) {
            at += count;
            continue;
        }
        *zone = smaller;
        n -= count;
        is_smaller = true;
    }
    return is_smaller;
}

#define LIST(list, n)                                                                                                  \
    {                                                                                                                  \
        offsetof(struct zone, list), offsetof(struct zone, n), sizeof(((struct zone *)0)->list[0])                     \
    }

static void shrink_zone(struct zone *zone, const struct statement *statement)
{
    static const struct dropped lists[] = {
        LIST(rows, n_rows),     LIST(bands, n_bands),           LIST(links, n_links),
        LIST(orders, n_orders), LIST(exemptions, n_exemptions), LIST(calendars, n_calendars)};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        int count = i == 0 ? (zone->n_rows + 1) / 2 : 1;
        for (; count > 0; count = count > 1 ? (count + 1) / 2 : 0)
            (void)drop_some(zone, statement, &lists[i], count);
    }
}

static struct statement *shrink_statement(const struct zone *zone, const struct view *view, struct statement *statement)
{
    struct verdict verdict = {0};

    for (int i = 0;; i++) {
        struct statement *smaller = statement_smaller(statement, view, i);
        if (!smaller)
            return statement;
        if (!statement_text(smaller)[0] || agree_anew(zone, smaller, &verdict)) {
            statement_free(smaller);
            continue;
        }
        statement_free(statement);
        statement = smaller;
        i = -1;
    }
}

/* `statement` is freed. */
static void report(uint64_t seed, const struct view *view, struct statement *statement, const struct verdict *found)
{
    static struct zone zone;
    struct verdict verdict = {0};
    char now[GK_TIME_TEXT_MAX];

    print_error("GK_SEED=%" PRIu64 " GK_ROUNDS=1: %s\n%s\n", seed, statement_text(statement), found->text);
    zone = *view->zone;
    zone.n_batches = 1;
    zone.batches[0] = zone.n_rows;
    if (found->is_error || agree_anew(&zone, statement, &verdict)) {
        print_error("in a new store they agree: what was sealed when matters\n");
    } else {
        shrink_zone(&zone, statement);
        statement = shrink_statement(&zone, view, statement);
        shrink_zone(&zone, statement);
        (void)agree_anew(&zone, statement, &verdict);
        (void)gk_time_format(zone.now, 28800, now);
        print_error("\nshrunk, --now %s\n%s\n%s\n", now, statement_text(statement), verdict.text);
        zone_print(&zone, zone.n_rows, stderr);
    }
    statement_free(statement);
}

/* ---- a zone and its stages ---- */

/* Something more of the zone reaches the engine; false: all is there. */
static bool put_some(struct store *store, struct random *random)
{
    const struct zone *zone = store->zone;
    const struct {
        int *done, n;
        void (*put)(struct store *store);
    } kinds[] = {{&store->n_batches, zone->n_batches, store_batch},
                 {&store->n_links, zone->n_links, store_link},
                 {&store->n_bands, zone->n_bands, store_band},
                 {&store->n_orders, zone->n_orders, store_order},
                 {&store->n_exemptions, zone->n_exemptions, store_exemption},
                 {&store->n_calendars, zone->n_calendars, store_calendar}};
    bool is_left = false;

    for (int i = 0; i < 6; i++)
        is_left |= *kinds[i].done < kinds[i].n;
    int which = (int)random_below(random, 6);
    if (is_left && *kinds[which].done < kinds[which].n)
        kinds[which].put(store);
    if (random_below(random, 8) == 0)
        store_pass_time(store, random);
    if (random_below(random, 25) == 0)
        assert_int_equal(gk_seal(store->db, NULL), GK_OK);
    if (random_below(random, 60) == 0)
        store_reopen(store, random_below(random, 2) == 0);
    return is_left;
}

static int n_left(const struct store *store)
{
    const struct zone *zone = store->zone;
    return zone->n_batches - store->n_batches + zone->n_links - store->n_links + zone->n_bands - store->n_bands +
           zone->n_orders - store->n_orders + zone->n_exemptions - store->n_exemptions + zone->n_calendars -
           store->n_calendars;
}

static uint64_t n_asked, n_rows;

/* Asks at some stages; false when the two differ. */
static bool ask_zone(uint64_t seed)
{
    static struct zone zone;
    struct random random = random_from(seed);
    struct verdict verdict = {0};
    struct store store;
    bool is_alike = true;

    zone_make(&zone, &random);
    store_open(&store, &zone);
    int all = n_left(&store);
    for (int stage = 1; stage <= STAGES && is_alike; stage++) {
        struct view view;
        while (n_left(&store) > all * (STAGES - stage) / STAGES && put_some(&store, &random))
            ;
        assert_int_equal(gk_commit(store.db, NULL), GK_OK);
        if (stage == STAGES || random_below(&random, 3) == 0)
            assert_int_equal(gk_seal(store.db, NULL), GK_OK);
        view_make(&view, &store);
        for (int i = 0; i < STATEMENTS && is_alike; i++) {
            struct statement *statement = statement_make(&view, &random);
            n_asked++;
            is_alike = agree(store.db, &view, statement, &verdict);
            n_rows += verdict.n_rows;
            verdict.n_rows = 0;
            if (is_alike)
                statement_free(statement);
            else
                report(seed, &view, statement, &verdict);
        }
        view_clear(&view);
    }
    store_close(&store);
    return is_alike;
}

static void every_answer_is_what_a_naive_evaluator_gives(void **state)
{
    uint64_t seed = test_seed("every_answer_is_what_a_naive_evaluator_gives"), most = test_rounds(4000);
    uint64_t n_different = 0, n_zones = 0;

    (void)state;
    (void)mallopt(M_MMAP_MAX, 0); /* the arrays of a question are those of the one before */
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 28);
    for (; n_asked < most && n_different < 20; n_zones++)
        n_different += !ask_zone(seed + n_zones);
    print_message("%" PRIu64 " statements over %" PRIu64 " zones, %" PRIu64 " rows compared\n", n_asked, n_zones,
                  n_rows);
    assert_int_equal(n_different, 0);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(every_answer_is_what_a_naive_evaluator_gives)};

RUN_TESTS(tests)
