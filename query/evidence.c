/*
 * evidence.c - `evidence of N`: all that an alarm stands on, part by part.
 *
 *     alarm      what is known of it            rule       the version that raised it, as text
 *     facility   who is looked at, by the rule  band, link, order, exemption   in force in that time
 *     state      what each of them did          gap        where nothing is known
 *     chunk      the rows that were read, with their checksums; `rows` that are not sealed yet
 *     act        what was done, with hashes     holds      the rule asked again: by what was known then, and now
 *     compared   the normal days that a number was held against
 *
 * The time is that of the cause, with as much around it as the rule looks at, at least ten minutes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarms.h"
#include "parser.h"
#include "print.h"
#include "versus.h"

#define DAY_NS     (86400 * GK_SECOND)
#define AROUND_NS  (600 * GK_SECOND)
#define NAMES_MOST 8 /* of those whose normal day it is */

static const char *const STATES[] = {"nodata", "off", "idle", "on", "overload"};

struct evidence {
    struct gk_alarm alarm;
    const struct gk_rule *rule; /* NULL: the catalog has none of that name and version */
    gk_time from, to;           /* of the cause, and around it */
    uint8_t *is_looked_at;      /* by facility */
    uint32_t n;
    struct compared *compared; /* the normal days of all askings */
    size_t n_compared, compared_capacity;
};

static int columns(struct gk_query *query)
{
    struct rows *rows = &query->rows;
    bool ok = rows_add_column(rows, "part", GK_TYPE_TEXT) && rows_add_column(rows, "item", GK_TYPE_TEXT) &&
              rows_add_column(rows, "start", GK_TYPE_TIME) && rows_add_column(rows, "end", GK_TYPE_TIME) &&
              rows_add_column(rows, "detail", GK_TYPE_TEXT) && rows_add_column(rows, "checksum", GK_TYPE_TEXT);

    return ok ? GK_OK : GK_EBUG;
}

/* NULL: there was no memory for a text. */
static int put_checked(struct gk_query *query, const char *part, const char *item, gk_time from, gk_time to,
                       const char *detail, const char *checksum)
{
    struct rows *rows = &query->rows;
    int rc;

    if (!item || !detail || !checksum)
        return arena_status(&query->memory);
    TRY(run_begin_row(query));
    rows_put_text(rows, part);
    rows_put_text(rows, item);
    if (from == GK_TIME_MIN || from == GK_TIME_MAX)
        rows_put_empty(rows);
    else
        rows_put_time(rows, from);
    if (to == GK_TIME_MIN || to == GK_TIME_MAX)
        rows_put_empty(rows);
    else
        rows_put_time(rows, to);
    rows_put_text(rows, detail);
    rows_put_text(rows, checksum);
    run_end_row(query);
done:
    return rc;
}

static int put(struct gk_query *query, const char *part, const char *item, gk_time from, gk_time to, const char *detail)
{
    return put_checked(query, part, item, from, to, detail, "");
}

static int put_fact(struct gk_query *query, const char *part, const char *item, const char *detail)
{
    return put(query, part, item, GK_TIME_MIN, GK_TIME_MAX, detail);
}

static const char *facility_name(struct gk_query *query, uint32_t id)
{
    return gk_facility_get(query->snapshot, id)->name;
}

static bool overlaps(const struct evidence *own, gk_time from, gk_time to)
{
    return from < own->to && to > own->from;
}

/* ---- the alarm and its rule ---- */

static int put_alarm(struct gk_query *query, const struct evidence *own)
{
    static const char *const fields[] = {"level",  "rule", "version", "subject", "enterprise", "park",
                                         "status", "life", "holder",  "outcome", "under",      NULL};
    const struct gk_alarm *alarm = &own->alarm;
    int rc;

    TRY(put(query, "alarm", "cause", alarm->from, alarm->to, alarm->text));
    for (size_t i = 0; fields[i]; i++) {
        const char *text = alarm_text(query, alarm, fields[i]);
        if (!text || *text)
            TRY(put_fact(query, "alarm", fields[i], text));
    }
    TRY(put(query, "rule", alarm->rule, own->rule ? own->rule->from : GK_TIME_MIN,
            own->rule ? own->rule->to : GK_TIME_MAX,
            own->rule ? own->rule->text : report_text(&query->report, "this version of the rule is not in the store")));
done:
    return rc;
}

static const struct gk_rule *find_rule(struct gk_query *query, const struct gk_alarm *alarm)
{
    size_t n;
    const struct gk_rule *rules = gk_rules(query->snapshot, &n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(rules[i].name, alarm->rule) == 0 && rules[i].version == alarm->rule_version && *rules[i].text)
            return &rules[i];
    return NULL;
}

/* ---- the rule, asked again ---- */

/* Only the alarm's subject is asked about; of a line its enterprise, as another may have a line of that name. */
static int narrow(struct gk_query *query, const struct evidence *own, struct tail *tail)
{
    enum gk_kind kind = own->alarm.subject_kind;
    const char *text = kind == GK_LINE ? own->alarm.enterprise : own->alarm.subject;
    struct name *name = arena_piece(&query->memory, sizeof *name);

    if (!name)
        return arena_status(&query->memory);
    if (kind == GK_ZONE || !*text)
        return GK_OK;
    name->text = (struct gk_text){text, strlen(text)};
    tail->in = kind == GK_PARK ? NOUN_PARK : kind == GK_FACILITY ? NOUN_FACILITY : NOUN_ENTERPRISE;
    tail->in_names = name;
    return GK_OK;
}

/* The rule's statement as a question, for the alarm's subject. */
static int read_rule(struct gk_query *query, const struct evidence *own, struct stmt **out)
{
    struct report silent = {.text = own->rule->text, .size = strlen(own->rule->text)};
    size_t used;
    int rc;

    TRY(parse_statement(&query->memory, &silent, out, &used));
    (*out)->kind = (*out)->sources ? STMT_AGGREGATE : STMT_WHEN;
    (*out)->tail.rule = (struct rule_tail){.clear_ns = 0};
    TRY(narrow(query, own, &(*out)->tail));
done:
    return rc;
}

/* What it is asked about: the time of the evidence; as numbers the buckets of the cause that are over. */
static void find_time(const struct gk_query *query, const struct evidence *own, const struct stmt *stmt, gk_time *from,
                      gk_time *to)
{
    const struct window *window = &query->window;
    const struct tail *tail = &stmt->tail;

    *from = own->from;
    *to = own->to;
    if (!stmt->sources)
        return;
    *from = own->alarm.from;
    *to = own->alarm.to == GK_TIME_MAX ? window_bucket_start(window, tail, window->now) : own->alarm.to;
    if (*to <= *from)
        *to = window_bucket_end(window, tail, *from);
}

/* The question as text, about [from, to). */
static int question(struct gk_query *query, const struct stmt *stmt, gk_time from, gk_time to, const char *known,
                    const char **out)
{
    char a[GK_TIME_TEXT_MAX], b[GK_TIME_TEXT_MAX];
    const char *text = print_statement(&query->memory, stmt);

    (void)gk_time_format(from, query->window.zone_s, a); /* the lengths are not needed */
    (void)gk_time_format(to, query->window.zone_s, b);
    *out = text ? arena_printf(&query->memory, "%s between %s and %s%s", text, a, b, known) : NULL;
    return *out ? GK_OK : arena_status(&query->memory);
}

/* Whom the rule looks at for the subject: the subject, and the members of all its nouns. */
static int look_at(struct gk_query *query, struct evidence *own, gk_query *asked)
{
    struct members members = {NULL, 0, 0};
    struct subject subject = alarm_subject(query, &own->alarm);
    int rc = GK_OK;

    if (subject.id == GK_ID_NONE)
        return GK_OK;
    if (subject.kind == GK_FACILITY)
        own->is_looked_at[subject.id] = true;
    if (asked->stmt->sources) {
        size_t n;
        const uint32_t *ids =
            subject.kind == GK_FACILITY ? NULL : gk_site_facilities(query->snapshot, subject.kind, subject.id, &n);
        for (size_t i = 0; ids && i < n; i++)
            own->is_looked_at[ids[i]] = true;
    }
    for (size_t i = 0; i < asked->bound.n_leaves; i++) {
        const struct cond *leaf = asked->bound.leaves[i];
        if (cond_has_ref(leaf))
            TRY(scope_members(&asked->scope, &leaf->ref, subject, &members));
    }
    for (size_t i = 0; i < members.n; i++)
        if (members.list[i].subject.kind == GK_FACILITY)
            own->is_looked_at[members.list[i].subject.id] = true;
done:
    arena_release(&asked->memory, &members.list, &members.capacity, sizeof *members.list);
    return rc;
}

/* The stretches of the subject, `when` as `item` says. */
static int put_stretches(struct gk_query *query, const struct evidence *own, gk_query *asked, const char *item)
{
    struct subject subject = alarm_subject(query, &own->alarm);
    const char *subject_name = subject.id == GK_ID_NONE ? "" : scope_name(query->snapshot, subject);
    struct gk_query_error error;
    bool is_any = false;
    int rc;

    while ((rc = gk_query_next(asked, &error)) == GK_OK) {
        const struct gk_value *name = gk_query_value(asked, rows_find_column(&asked->rows, "subject"));
        const struct gk_value *from = gk_query_value(asked, rows_find_column(&asked->rows, "start"));
        const struct gk_value *to = gk_query_value(asked, rows_find_column(&asked->rows, "end"));
        if (name->type != GK_TYPE_TEXT || strcmp(name->as.text.bytes, subject_name) != 0)
            continue;
        is_any = true;
        TRY(put(query, "holds", item, from->type == GK_TYPE_TIME ? from->as.time : GK_TIME_MIN,
                to->type == GK_TYPE_TIME ? to->as.time : GK_TIME_MAX, "certain"));
    }
    if (rc != GK_DONE)
        goto done;
    rc = is_any ? GK_OK : put_fact(query, "holds", item, report_text(&query->report, "nothing is certain"));
done:
    return rc;
}

/* The begin of a row's bucket, as the column of its key says. */
static gk_time bucket_of(const gk_query *asked, size_t column)
{
    const struct gk_value *value = gk_query_value(asked, column);
    char text[24];
    gk_time t;

    if (value->type == GK_TYPE_TIME)
        return value->as.time;
    (void)snprintf(text, sizeof text, "%s%s", value->type == GK_TYPE_TEXT ? value->as.text.bytes : "",
                   bucket_kind_of(&asked->stmt->tail) == BUCKET_MONTH ? "-01" : "");
    return gk_time_parse(text, strlen(text), asked->window.zone_s, &t) == GK_OK ? t : GK_TIME_MIN;
}

/* The numbers of a row, by name. */
static const char *numbers_of(struct gk_query *query, const gk_query *asked, size_t n_keys)
{
    const char *text = "";

    for (size_t i = n_keys; text && i < gk_query_n_columns(asked); i++) {
        const struct gk_value *value = gk_query_value(asked, i);
        double number = value->type == GK_TYPE_COUNT ? (double)value->as.count : value->as.number;
        if (value->type == GK_TYPE_SECONDS || value->type == GK_TYPE_NUMBER || value->type == GK_TYPE_COUNT ||
            value->type == GK_TYPE_SHARE)
            text = arena_printf(&query->memory, "%s%s%s %.7g", text, *text ? ", " : "", gk_query_column(asked, i)->name,
                                number);
    }
    return text;
}

static int compare_compared(const void *p, const void *q)
{
    const struct compared *a = p, *b = q;

    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    if (a->subject.kind != b->subject.kind)
        return a->subject.kind < b->subject.kind ? -1 : 1;
    return a->subject.id < b->subject.id ? -1 : a->subject.id > b->subject.id;
}

/* Sorted, each once: several series of a rule look at the same days. */
static size_t sort_compared(struct compared *list, size_t n)
{
    size_t kept = 0;

    if (n > 0)
        qsort(list, n, sizeof *list, compare_compared);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || compare_compared(&list[kept - 1], &list[i]) != 0)
            list[kept++] = list[i];
    return kept;
}

static int keep_compared(struct gk_query *query, struct evidence *own, const gk_query *asked)
{
    int rc = GK_OK;

    for (size_t i = 0; i < asked->n_compared; i++) {
        TRY(arena_reserve(&query->memory, &own->compared, &own->compared_capacity, own->n_compared + 1,
                          sizeof *own->compared));
        own->compared[own->n_compared++] = asked->compared[i];
    }
done:
    return rc;
}

/* The normal days, and of whom. */
static int put_compared(struct gk_query *query, struct evidence *own, gk_query *asked, const char *item)
{
    size_t n = asked->n_compared = sort_compared(asked->compared, asked->n_compared);
    const struct compared *list = asked->compared;
    int rc = GK_OK;

    for (size_t i = 0, next; i < n; i = next) {
        const char *names = "";
        for (next = i; next < n && list[next].day == list[i].day && names; next++)
            if (next - i < NAMES_MOST)
                names = arena_printf(&query->memory, "%s%s%s", names, *names ? ", " : "normal day of ",
                                     scope_name(query->snapshot, list[next].subject));
        if (names && next - i > NAMES_MOST)
            names = arena_printf(&query->memory, "%s and %zu others", names, next - i - NAMES_MOST);
        TRY(put(query, "compared", item, list[i].day, list[i].day + DAY_NS, names));
    }
    TRY(keep_compared(query, own, asked));
done:
    return rc;
}

/* The buckets of which it holds, with their numbers. */
static int put_numbers(struct gk_query *query, const struct evidence *own, gk_query *asked, const char *item)
{
    static const char *const names[] = {
        [GK_PARK] = "park", [GK_ENTERPRISE] = "enterprise", [GK_LINE] = "line", [GK_FACILITY] = "facility"};
    const struct tail *tail = &asked->stmt->tail;
    struct subject subject = alarm_subject(query, &own->alarm);
    size_t n_keys = tail->n_keys + (tail->every_ns != 0), key = SIZE_MAX, time = n_keys - 1;
    struct gk_query_error error;
    bool is_any = false;
    int rc;

    if (own->alarm.subject_kind != GK_ZONE && own->alarm.subject_kind <= GK_FACILITY)
        key = rows_find_column(&asked->rows, names[own->alarm.subject_kind]);
    if (key == time)
        time = 0; /* by day, enterprise */
    const char *subject_name = subject.id == GK_ID_NONE ? "" : scope_name(query->snapshot, subject);
    while ((rc = gk_query_next(asked, &error)) == GK_OK) {
        const struct gk_value *name = key == SIZE_MAX ? NULL : gk_query_value(asked, key);
        if (name && (name->type != GK_TYPE_TEXT || strcmp(name->as.text.bytes, subject_name) != 0))
            continue;
        gk_time from = bucket_of(asked, time);
        gk_time to = from == GK_TIME_MIN ? GK_TIME_MAX : window_bucket_end(&asked->window, tail, from);
        is_any = true;
        TRY(put(query, "holds", item, from, to, numbers_of(query, asked, n_keys)));
    }
    if (rc != GK_DONE)
        goto done;
    rc = is_any ? GK_OK : put_fact(query, "holds", item, report_text(&query->report, "nothing is certain"));
done:
    return rc;
}

/* An error about the rule as it is, not about the run: names of it that are not there any more. */
static bool is_of_rule(int rc)
{
    return rc == GK_ESYNTAX || rc == GK_ENOTFOUND || rc == GK_EINVAL || rc == GK_ERANGE;
}

static int ask_about(struct gk_query *query, struct evidence *own, const struct stmt *stmt, gk_time from, gk_time to,
                     const char *known, const char *item)
{
    struct gk_query_error error = {0};
    gk_query *asked = NULL;
    const char *text;
    int rc;

    TRY(question(query, stmt, from, to, known, &text));
    rc = gk_query_prepare(query->session, query->snapshot, text, strlen(text), NULL, &asked, &error);
    if (rc == GK_OK) {
        asked->part = PART_UNDER; /* a part of this statement: what interrupts that one stops it, too */
        asked->keeps_compared = true;
        rc = gk_query_start(asked, query->snapshot, query->window.now, &error);
    }
    if (is_of_rule(rc)) {
        rc = put_fact(query, "holds", item, arena_text(&query->memory, error.error.text, strlen(error.error.text)));
        goto done;
    }
    TRY(rc);
    if (!*known)
        TRY(look_at(query, own, asked));
    if (stmt->sources) {
        TRY(put_numbers(query, own, asked, item));
        TRY(put_compared(query, own, asked, item));
    } else
        TRY(put_stretches(query, own, asked, item));
done:
    gk_query_free(asked);
    return rc;
}

static int ask_again(struct gk_query *query, struct evidence *own, const char *known, const char *item)
{
    struct stmt *stmt;
    gk_time from, to, end;
    int rc;

    TRY(read_rule(query, own, &stmt));
    find_time(query, own, stmt, &from, &to);
    for (; from < to; from = end) {
        end = window_normal_end(&query->window, &stmt->tail, from, to);
        TRY(ask_about(query, own, stmt, from, end, known, item));
    }
done:
    return rc;
}

static int put_question(struct gk_query *query, const struct evidence *own)
{
    gk_time from, to;
    struct stmt *stmt;
    const char *text;
    int rc;

    TRY(read_rule(query, own, &stmt));
    find_time(query, own, stmt, &from, &to);
    TRY(question(query, stmt, from, window_normal_end(&query->window, &stmt->tail, from, to), "", &text));
    TRY(put_fact(query, "rule", "as a question", text));
done:
    return rc;
}

/* ---- what was in force ---- */

static bool concerns(struct gk_query *query, const struct evidence *own, const struct gk_scope *scope)
{
    for (uint32_t id = 0; id < own->n; id++)
        if (own->is_looked_at[id] && gk_scope_covers(query->snapshot, scope, id))
            return true;
    return false;
}

static const char *scope_text(struct gk_query *query, const struct gk_scope *scope)
{
    static const char *const kinds[] = {"*", "park:", "enterprise:", "line:", "role:", "", "group:"}; /* by gk_kind */

    return arena_printf(&query->memory, "%s%s", kinds[scope->kind], scope->name ? scope->name : "");
}

static const char *limit_text(struct gk_query *query, const char *name, const struct gk_limit *limit)
{
    double value = (double)limit->value.mantissa;

    for (int32_t i = 0; i < limit->value.scale; i++)
        value /= 10;
    if (limit->kind == GK_LIMIT_ABSENT)
        return "";
    return limit->kind == GK_LIMIT_SHARE ? arena_printf(&query->memory, " %s %.6g %%", name, value * 100)
                                         : arena_printf(&query->memory, " %s %.6g", name, value);
}

static int put_band(struct gk_query *query, const struct gk_band *band)
{
    const char *off = limit_text(query, "off_below", &band->off_below);
    const char *on = limit_text(query, "on_from", &band->on_from);
    const char *over = limit_text(query, "overload_from", &band->overload_from);
    const char *hold =
        band->hold_ns < 0 ? "" : arena_printf(&query->memory, " hold %.6g s", (double)band->hold_ns / 1e9);

    if (!off || !on || !over || !hold)
        return arena_status(&query->memory);
    const char *text = arena_printf(&query->memory, "%s%s%s%s", off, on, over, hold);
    return put(query, "band", scope_text(query, &band->scope), band->from, GK_TIME_MAX,
               text ? text + (*text == ' ') : NULL);
}

/* A later band of the same scope that begins before the time takes its place. */
static bool is_replaced(const struct gk_band *bands, size_t n, size_t i, gk_time from)
{
    for (size_t k = 0; k < n; k++)
        if (bands[k].scope.kind == bands[i].scope.kind && bands[k].scope.id == bands[i].scope.id &&
            bands[k].from > bands[i].from && bands[k].from <= from)
            return true;
    return false;
}

static int put_entries(struct gk_query *query, const struct evidence *own)
{
    size_t n_bands, n_links, n_orders, n_exemptions;
    const struct gk_band *bands = gk_bands(query->snapshot, &n_bands);
    const struct gk_link *links = gk_links(query->snapshot, &n_links);
    const struct gk_order *orders = gk_orders(query->snapshot, &n_orders);
    const struct gk_exemption *exemptions = gk_exemptions(query->snapshot, &n_exemptions);
    int rc = GK_OK;

    for (size_t i = 0; i < n_bands; i++)
        if (bands[i].from < own->to && !is_replaced(bands, n_bands, i, own->from) &&
            concerns(query, own, &bands[i].scope))
            TRY(put_band(query, &bands[i]));
    for (size_t i = 0; i < n_links; i++)
        if (own->is_looked_at[links[i].abatement] && own->is_looked_at[links[i].production] &&
            overlaps(own, links[i].from, links[i].to))
            TRY(put(query, "link", facility_name(query, links[i].abatement), links[i].from, links[i].to,
                    arena_printf(&query->memory, "serves %s%s%s", facility_name(query, links[i].production),
                                 links[i].is_standby ? ", standby" : "", links[i].is_default ? ", by default" : "")));
    for (size_t i = 0; i < n_orders; i++)
        if (overlaps(own, orders[i].from, orders[i].to) && concerns(query, own, &orders[i].scope))
            TRY(put(query, "order", scope_text(query, &orders[i].scope), orders[i].from, orders[i].to,
                    arena_printf(&query->memory, "%s %s", orders[i].level, orders[i].kind)));
    for (size_t i = 0; i < n_exemptions; i++)
        if (overlaps(own, exemptions[i].from, exemptions[i].to) && concerns(query, own, &exemptions[i].scope))
            TRY(put(query, "exemption", scope_text(query, &exemptions[i].scope), exemptions[i].from, exemptions[i].to,
                    arena_printf(&query->memory, "%s %s", exemptions[i].kind, exemptions[i].note)));
done:
    return rc;
}

/* ---- what was measured ---- */

static int put_states(struct gk_query *query, const struct evidence *own, uint32_t id)
{
    int64_t tick_ns = query->bound.tick_ns, a = window_tick(own->from, tick_ns), b = window_tick(own->to, tick_ns);
    const struct gk_step *steps;
    size_t n;
    int rc;

    TRY(gk_state_steps(query->snapshot, id, a, b, &steps, &n, &query->engine_error));
    for (size_t i = 0; i < n; i++) {
        const char *part = steps[i].value == GK_NODATA ? "gap" : "state";
        TRY(put(query, part, facility_name(query, id), run_time(query, steps[i].tick),
                run_time(query, i + 1 < n ? steps[i + 1].tick : b), STATES[steps[i].value]));
    }
    rc = GK_OK;
done:
    return rc;
}

/* The chunks with rows of [from, to), but those that begin no later than *behind, which were put. */
static int put_chunks_of(struct gk_query *query, uint32_t id, gk_time from, gk_time to, gk_time *behind)
{
    const struct gk_chunk *chunks;
    size_t n;
    int rc;

    TRY(gk_facility_chunks(query->snapshot, id, from, to, &chunks, &n, &query->engine_error));
    for (size_t i = 0; i < n; i++) {
        if (chunks[i].first <= *behind)
            continue;
        *behind = chunks[i].first;
        TRY(put_checked(
            query, "chunk", facility_name(query, id), chunks[i].first, chunks[i].last,
            arena_printf(&query->memory, "%" PRIu64 " rows, %" PRIu64 " bytes", chunks[i].n_rows, chunks[i].size),
            arena_printf(&query->memory, "CRC32C %08" PRIx32, chunks[i].crc)));
    }
done:
    return rc;
}

/* Of the normal days first, which are before the cause. */
static int put_chunks(struct gk_query *query, const struct evidence *own, uint32_t id)
{
    gk_time behind = GK_TIME_MIN;
    struct gk_extent extent;
    int rc;

    for (size_t i = 0; i < own->n_compared; i++) {
        const struct compared *c = &own->compared[i];
        if (c->subject.kind == GK_FACILITY && c->subject.id == id)
            TRY(put_chunks_of(query, id, c->day, c->day + DAY_NS, &behind));
    }
    TRY(put_chunks_of(query, id, own->from, own->to, &behind));
    TRY(gk_facility_extent(query->snapshot, id, own->from, own->to, &extent, &query->engine_error));
    if (extent.has_unsealed)
        TRY(put_fact(query, "chunk", facility_name(query, id),
                     report_text(&query->report, "and rows that are not sealed yet")));
done:
    return rc;
}

/* ---- acts ---- */

/* Adds ", WORD VALUE" for a value that was given. */
static const char *join(struct gk_query *query, const char *text, const char *word, const char *value)
{
    if (!text || !value || !*value)
        return value ? text : NULL;
    return arena_printf(&query->memory, "%s%s%s%s", text, *text ? ", " : "", word, value);
}

static const char *act_detail(struct gk_query *query, const struct gk_act *act)
{
    const char *text = "";

    text = join(query, text, "by ", act->actor);
    text = join(query, text, "to ", act->whom);
    text = join(query, text, "channel ", act->channel);
    text = join(query, text, "result ", act->result);
    text = join(query, text, "as ", act->outcome ? gk_outcome_name(act->outcome) : "");
    return join(query, text, "", act->text);
}

static int put_act(struct gk_query *query, const struct gk_act *act)
{
    char hash[65];

    for (size_t i = 0; i < 32; i++)
        (void)snprintf(hash + 2 * i, 3, "%02x", act->hash[i]); /* two digits fit */
    return put_checked(query, "act",
                       arena_printf(&query->memory, "%" PRIu64 " %s", act->seq, gk_act_kind_name(act->kind)), act->time,
                       act->kind == GK_ACT_ASSIGNED ? act->due : GK_TIME_MAX, act_detail(query, act),
                       arena_printf(&query->memory, "SHA-256 %s", hash));
}

static int put_acts(struct gk_query *query, const struct evidence *own)
{
    gk_acts *acts = NULL;
    struct gk_act act;
    int rc;

    TRY(gk_acts_open(query->snapshot, own->alarm.id, 0, &acts, &query->engine_error));
    while ((rc = gk_acts_next(acts, &act, &query->engine_error)) == GK_OK)
        TRY(put_act(query, &act));
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    gk_acts_close(acts);
    return rc;
}

/* ---- the statement ---- */

static int start(struct gk_query *query)
{
    struct evidence *own = arena_piece(&query->memory, sizeof *own);
    gk_time newest = query->meta.watermark > query->window.now ? query->window.now : query->meta.watermark;
    int rc;

    query->own = own;
    if (!own)
        return arena_status(&query->memory);
    own->n = gk_snapshot_info(query->snapshot)->n_facilities;
    own->is_looked_at = arena_array(&query->memory, (size_t)own->n + 1, 1);
    if (!own->is_looked_at)
        return arena_status(&query->memory);
    rc = gk_alarm_get(query->snapshot, query->stmt->record.number, &own->alarm, &query->engine_error);
    if (rc == GK_ENOTFOUND)
        return report_fail(&query->report, rc, query->stmt->record.place, "there is no alarm %llu",
                           (unsigned long long)query->stmt->record.number);
    TRY(rc);
    own->rule = find_rule(query, &own->alarm);
    gk_time end = own->alarm.to == GK_TIME_MAX ? newest : own->alarm.to;
    own->from = own->alarm.from - AROUND_NS;
    own->to = (end > own->alarm.from ? end : own->alarm.from) + AROUND_NS;
    own->to = own->to > query->window.now ? query->window.now : own->to;
    own->to = own->to > own->from ? own->to : own->from + query->bound.tick_ns;
done:
    return rc;
}

/* Without the rule: the subject, and what it is linked with. */
static void look_at_links(struct gk_query *query, struct evidence *own)
{
    uint32_t id = gk_facility_find(query->snapshot, own->alarm.subject, strlen(own->alarm.subject));
    size_t n;

    if (own->alarm.subject_kind != GK_FACILITY || id == GK_ID_NONE)
        return;
    own->is_looked_at[id] = true;
    const struct gk_link *const *links = gk_facility_links(query->snapshot, id, &n);
    for (size_t i = 0; i < n; i++)
        own->is_looked_at[links[i]->abatement == id ? links[i]->production : links[i]->abatement] = true;
}

static int step(struct gk_query *query, bool *is_done)
{
    struct evidence *own = query->own;
    char raised[GK_TIME_TEXT_MAX], known[GK_TIME_TEXT_MAX + 20];
    int rc;

    *is_done = true;
    TRY(put_alarm(query, own));
    (void)gk_time_format(own->alarm.at[GK_ACT_RAISED], query->window.zone_s, raised); /* the length is not needed */
    (void)snprintf(known, sizeof known, " as known at %s", raised);
    if (own->rule) {
        TRY(put_question(query, own));
        TRY(ask_again(query, own, known, "as known when it was raised"));
    }
    if (own->rule)
        TRY(ask_again(query, own, "", "as known now"));
    else
        look_at_links(query, own);
    TRY(put_entries(query, own));
    for (uint32_t id = 0; id < own->n; id++)
        if (own->is_looked_at[id])
            TRY(put_states(query, own, id));
    own->n_compared = sort_compared(own->compared, own->n_compared);
    for (uint32_t id = 0; id < own->n; id++)
        if (own->is_looked_at[id])
            TRY(put_chunks(query, own, id));
    TRY(put_acts(query, own));
done:
    return rc;
}

static void end(struct gk_query *query)
{
    struct evidence *own = query->own;

    if (!own)
        return;
    arena_release(&query->memory, &own->compared, &own->compared_capacity, sizeof *own->compared);
    query->own = NULL; /* the next start may fail before it makes another */
}

const struct statement STATEMENT_EVIDENCE = {columns, start, step, end};
