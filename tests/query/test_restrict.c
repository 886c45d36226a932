/*
 * test_restrict.c - a snapshot that is restricted to a park answers every question of docs/QUESTIONS.md, and those
 * below, as a store does that never heard of the others: the same rows, notes, footers, and the same errors.
 *
 * Only alarms and acts keep their numbers, which are the store's; of them it is tested that nothing hidden is named.
 */
#include "query/questions_zone.h"

/* What is not to be heard of: facilities, enterprises, lines and the other park. */
static const char *const HIDDEN[] = {"kiln", "rto", "oven", "bag", "E3", "E4", "P2", "L3", "L4", "hidden"};
enum { N_HIDDEN = sizeof HIDDEN / sizeof *HIDDEN };

/* Beside those of the page: whatever lists, counts, explains, or says what there is. */
static const char *const MORE[] = {
    "list facilities",
    "list parks",
    "list enterprises",
    "list lines",
    "list links",
    "list bands",
    "list orders",
    "list exemptions",
    "list rules",
    "list channels",
    "state of facility 'press'",
    "state of facility 'kiln'",
    "state of facility 'kilm'",
    "when facility 'rto' off last 7d",
    "when facility off in park 'P2' last 7d",
    "when facility off in park 'P9' last 7d",
    "when facility off in enterprise 'E3' last 7d",
    "when facility off during order 'C' last 7d",
    "when production on where grade = D last 7d",
    "duration, share of production running by park last 7d",
    "duration, share of production running by enterprise, day last 3d",
    "energy of production by park last 21d",
    "energy of facility last 21d",
    "count of facility on now",
    "which facilities now on as known at 2026-11-20T12:00",
    "which facilities now nodata",
    "when any abatement off while any production on per park last 7d",
    "when abatement off while production on with on_from = 15% last 7d",
    "when abatement off while production on between 2026-11-11 and 2026-11-12 as known at 2026-11-11T17:00",
    "when abatement off while production on between 2025-12-01 and 2026-12-31",
    "samples of kw of facility 'fan' on 2026-11-20",
    "samples of kw of facility 'bag' on 2026-11-20",
    "samples of hidden of facility 'fan' on 2026-11-20",
    "samples of hiddn of facility 'fan' on 2026-11-20",
    "list backfills last 30d",
    "list lag from start of (production on) to start of (abatement on) within 2h last 7d",
    "list gaps last 21d",
    "list events of park 'P1' on 2026-11-20",
    "count of facility off by park last 7d",
    "explain when abatement off while production on last 7d",
    "list alarms",
    "list acts",
    "list acts of alarm 1",
    "list acts of alarm 9",
    "evidence of 1",
    "evidence of 9",
    "list backfills of facility 'bag' last 30d",
    "count of alarms by park last 30d",
    "count of alarms by enterprise last 30d",
};

/* ---- two stores ---- */

static bool is_about_others(const char *bytes, size_t size)
{
    static const char *const BEFORE = ",:\"\n", *const BEHIND = ",\n\"";
    char line[512];

    assert_true(size < sizeof line);
    memcpy(line, bytes, size); /* a search goes no further than its end */
    line[size] = '\0';
    for (size_t i = 0; i < N_HIDDEN; i++) {
        size_t n = strlen(HIDDEN[i]);
        for (const char *at = line; (at = strstr(at, HIDDEN[i])) != NULL; at++)
            if ((at == line || strchr(BEFORE, at[-1])) && strchr(BEHIND, at[n]))
                return true;
    }
    return strncmp(line, "meter,", 6) == 0 || strstr(line, ",meter,") != NULL;
}

/* Takes a table as it is, or without the lines about others. */
static void load_table(struct zone *zone, struct text *csv, bool is_part)
{
    struct text kept = {NULL, 0, 0};
    const char *at = csv->bytes, *end = strchr(at, '\n') + 1;

    text_put(&kept, at, (size_t)(end - at)); /* the header */
    for (at = end; *at; at = end) {
        end = strchr(at, '\n') + 1;
        if (!is_part || !is_about_others(at, (size_t)(end - at)))
            text_put(&kept, at, (size_t)(end - at));
    }
    zone_load(zone, kept.bytes, kept.size);
    text_clear(&kept);
    csv->size = 0;
}

static void load_zone(struct zone *zone, bool is_part)
{
    static char hidden[] = "time,facility,hidden\n2026-11-20T10:00,kiln,1\n";
    struct text csv = {NULL, 0, 0};
    const char *at = tables;

    zone->now = time_of(0);
    put_facilities(&csv);
    load_table(zone, &csv, is_part);
    put_links(&csv);
    load_table(zone, &csv, is_part);
    for (int i = 0; i < 3; i++) {
        const char *end = strstr(at, "\n\n");
        text_put(&csv, at, (size_t)(end - at) + 1);
        load_table(zone, &csv, is_part);
        at = end + 2;
    }
    put_rows(&csv, false);
    load_table(zone, &csv, is_part);
    put_rows(&csv, true);
    zone->now = time_of(N_STEPS) - 2 * 60 * GK_SECOND;
    load_table(zone, &csv, is_part);
    text_add(&csv, "person,role,scope,channel,address\nli,head,enterprise:E1,sms,1\nwu,head,enterprise:E3,sms,2\n"
                   "sun,agency,*,sms,hidden\nma,agency,park:P2,sms,3\nhe,operator,fan,sms,4\n");
    if (is_part) { /* whoever is there for others, too, is not to be heard of */
        csv.size = 0;
        text_add(&csv, "person,role,scope,channel,address\nli,head,enterprise:E1,sms,1\nhe,operator,fan,sms,4\n");
    }
    load_table(zone, &csv, false);
    zone_put_rule(zone, "rule untreated alarm when abatement off while production on for >= 5m;");
    if (!is_part) {
        zone_load(zone, hidden, strlen(hidden));
        zone_put_rule(zone, "rule of_brick alarm when abatement off in enterprise 'E3' for >= 5m;");
        put_acts(&csv);
        zone_put_acts(zone, csv.bytes);
    }
    text_clear(&csv);
}

/* ---- questions ---- */

static void put_meta(const gk_query *query, struct text *out)
{
    const struct gk_query_meta *m = gk_query_meta(query);
    char line[256];

    (void)snprintf(line, sizeof line,
                   "[%d %" PRId64 " %" PRId64 " watermark %" PRId64 " possible %" PRIu64 " %.7g nodata %.7g of %" PRIu64
                   " without %" PRIu64 "]\n",
                   m->has_window, m->from, m->to, m->watermark, m->n_possible, m->possible_s, m->nodata_share,
                   m->n_subjects, m->n_without_links);
    text_add(out, line);
    for (size_t i = 0; i < m->n_notes; i++) {
        text_add(out, m->notes[i]);
        text_add(out, "\n");
    }
}

/* Whatever can be had of the statements of a text. */
static void ask(struct zone *zone, const char *text, const struct gk_site_name *site, struct text *out)
{
    size_t size = strlen(text), at = 0, used = 0;
    struct gk_query_error error = {0};
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;

    zone_speak(zone, "en"); /* forgets what was defined */
    out->size = 0;
    text_add(out, "");
    assert_int_equal(gk_snapshot_open(zone->db, &snapshot, NULL), GK_OK);
    if (site)
        assert_int_equal(gk_snapshot_restrict(snapshot, site, 1, NULL), GK_OK);
    for (; at < size; at += used) {
        if (gk_query_prepare(zone->session, snapshot, text + at, size - at, &used, &query, &error) != GK_OK) {
            text_add(out, error.report);
            text_add(out, error.hint);
            break;
        }
        if (!query)
            break;
        if (gk_query_start(query, snapshot, zone->now, &error) != GK_OK)
            text_add(out, error.report);
        else
            zone_put_rows(query, NULL, out, &error);
        put_meta(query, out);
        gk_query_free(query);
    }
    gk_snapshot_close(snapshot);
}

struct pair {
    struct zone all, part;
    struct text seen, alone;
    int n_same, n_wrong;
};

/* What the statement did not say itself must not be said. */
static void check_silence(struct pair *pair, const char *text)
{
    for (size_t i = 0; i < N_HIDDEN; i++)
        if (!strstr(text, HIDDEN[i]) && strstr(pair->seen.bytes, HIDDEN[i])) {
            print_error("%s\nnames %s:\n%s\n", text, HIDDEN[i], pair->seen.bytes);
            pair->n_wrong++;
        }
}

static void compare(struct pair *pair, const char *text)
{
    const struct gk_site_name site = {GK_PARK, {"P1", 2}};
    bool is_of_acts = strstr(text, "alarm") || strstr(text, "acts") || strstr(text, "evidence");

    ask(&pair->all, text, &site, &pair->seen);
    check_silence(pair, text);
    if (is_of_acts)
        return;
    ask(&pair->part, text, NULL, &pair->alone);
    pair->n_same++;
    if (strcmp(pair->seen.bytes, pair->alone.bytes) == 0)
        return;
    print_error("%s\n--- restricted\n%s\n--- alone\n%s\n", text, pair->seen.bytes, pair->alone.bytes);
    pair->n_wrong++;
}

static void compare_page(struct pair *pair)
{
    FILE *file = fopen("docs/QUESTIONS.md", "r");
    struct text body = {NULL, 0, 0};
    bool is_inside = false;
    char line[4096];

    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        bool is_fence = strncmp(line, "```", 3) == 0;
        if (is_fence && is_inside)
            compare(pair, body.bytes);
        if (is_fence) {
            is_inside = strncmp(line, "```gkql en", 10) == 0;
            body.size = 0;
            text_add(&body, "");
        } else if (is_inside) {
            text_add(&body, line);
        }
    }
    (void)fclose(file); /* it was read only */
    text_clear(&body);
}

static void nothing_is_heard_of_others_whatever_is_asked(void **state)
{
    struct pair pair = {.n_same = 0};
    (void)state;

    plan_make();
    zone_open(&pair.all);
    zone_open(&pair.part);
    load_zone(&pair.all, false);
    load_zone(&pair.part, true);
    compare_page(&pair);
    for (size_t i = 0; i < sizeof MORE / sizeof *MORE; i++)
        compare(&pair, MORE[i]);
    print_message("%d statements compared, %d wrong\n", pair.n_same, pair.n_wrong);
    assert_int_equal(pair.n_wrong, 0);
    assert_true(pair.n_same > 60);
    text_clear(&pair.seen);
    text_clear(&pair.alone);
    zone_close(&pair.all);
    zone_close(&pair.part);
}

static void alarms_are_those_of_the_park(void **state)
{
    const struct gk_site_name site = {GK_PARK, {"P1", 2}}, whole = {GK_ZONE, {NULL, 0}};
    struct text out = {NULL, 0, 0}, all = {NULL, 0, 0};
    struct zone zone;
    (void)state;

    plan_make();
    zone_open(&zone);
    load_zone(&zone, false);
    ask(&zone, "list alarms", &site, &out);
    assert_non_null(strstr(out.bytes, "press"));
    assert_non_null(strstr(out.bytes, "scrub"));
    ask(&zone, "evidence of 1", &site, &out);
    assert_non_null(strstr(out.bytes, "press"));
    ask(&zone, "list alarms", &whole, &out); /* the zone is everything */
    ask(&zone, "list alarms", NULL, &all);
    assert_non_null(strstr(out.bytes, "kiln"));
    assert_string_equal(out.bytes, all.bytes);
    text_clear(&out);
    text_clear(&all);
    zone_close(&zone);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(nothing_is_heard_of_others_whatever_is_asked),
    cmocka_unit_test(alarms_are_those_of_the_park),
};

RUN_TESTS(tests)
