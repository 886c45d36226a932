/*
 * session.c - the public calls of gk_query.h: a session, a prepared statement, its rows.
 */
#include "session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "numbers.h"
#include "parser.h"
#include "print.h"
#include "rule.h"
#include "run.h"
#include "versus.h"

#define MAX_RUN_NS    (30 * GK_SECOND)
#define MAX_WINDOW_NS (INT64_C(400) * 86400 * GK_SECOND)
#define MAX_MEMORY    ((size_t)256 << 20)

/* ---- sessions ---- */

static void *system_resize(void *context, void *p, size_t size)
{
    (void)context;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, size);
}

static gk_time system_monotonic(void *context)
{
    struct timespec now;

    (void)context;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0; /* then run times are not limited */
    return now.tv_sec * GK_SECOND + now.tv_nsec;
}

gk_time session_monotonic(const struct gk_session *session)
{
    return session->options.monotonic(session->options.monotonic_context);
}

/* With the defaults filled in. */
static struct gk_session_options complete(const struct gk_session_options *options)
{
    struct gk_session_options own = {0};

    if (options)
        memcpy(&own, options, options->size < sizeof own ? options->size : sizeof own);
    if (!own.resize)
        own.resize = system_resize;
    if (!own.monotonic)
        own.monotonic = system_monotonic;
    own.max_run_ns = own.max_run_ns ? own.max_run_ns : MAX_RUN_NS;
    own.max_window_ns = own.max_window_ns ? own.max_window_ns : MAX_WINDOW_NS;
    own.max_memory = own.max_memory ? own.max_memory : MAX_MEMORY;
    own.max_text = own.max_text && own.max_text < LEX_TEXT_MAX ? own.max_text : LEX_TEXT_MAX;
    own.max_nesting = own.max_nesting && own.max_nesting < NEST_MAX ? own.max_nesting : NEST_MAX;
    return own;
}

int gk_session_new(const struct gk_session_options *options, gk_session **out)
{
    struct gk_session_options own = complete(options);

    *out = NULL;
    struct gk_session *session = own.resize(own.resize_context, NULL, sizeof *session);
    if (!session)
        return GK_ENOMEM;
    memset(session, 0, sizeof *session);
    session->options = own;
    session->options.lang = NULL; /* the caller's */
    session->lang = lang_of(own.lang);
    arena_init(&session->arena, own.resize, own.resize_context, own.max_memory);
    *out = session;
    return GK_OK;
}

const char *gk_session_text(const gk_session *session, const char *english)
{
    return message(session->lang, english);
}

void gk_session_free(gk_session *session)
{
    if (!session)
        return;
    arena_clear(&session->arena);
    (void)session->options.resize(session->options.resize_context, session, 0); /* freeing has no result */
}

void gk_session_configure(gk_session *session, const struct gk_session_options *options)
{
    struct gk_session_options own = complete(options);

    /* What was allocated must be freed the same way. */
    own.resize = session->options.resize;
    own.resize_context = session->options.resize_context;
    session->lang = lang_of(own.lang);
    own.lang = NULL; /* the caller's */
    session->options = own;
}

void gk_session_interrupt(gk_session *session)
{
    atomic_store(&session->is_interrupted, true);
}

const struct definition *session_find(const struct gk_session *session, const struct gk_text *name)
{
    for (const struct definition *d = session->definitions; d; d = d->next)
        if (d->name.size == name->size && memcmp(d->name.bytes, name->bytes, name->size) == 0)
            return d;
    return NULL;
}

bool gk_session_definition(const gk_session *session, size_t i, struct gk_text *name, struct gk_text *condition)
{
    for (const struct definition *d = session->definitions; d; d = d->next) {
        if (session_find(session, &d->name) != d || i-- > 0)
            continue;
        *name = d->name;
        *condition = d->text;
        return true;
    }
    return false;
}

int session_define(struct gk_session *session, const struct gk_text *name, const struct gk_text *text)
{
    struct definition *definition = arena_piece(&session->arena, sizeof *definition);
    const char *name_copy = arena_text(&session->arena, name->bytes, name->size);
    const char *text_copy = arena_text(&session->arena, text->bytes, text->size);

    if (!definition || !name_copy || !text_copy)
        return arena_status(&session->arena);
    definition->name = (struct gk_text){name_copy, name->size};
    definition->text = (struct gk_text){text_copy, text->size};
    definition->params = session->params;
    definition->next = session->definitions;
    session->definitions = definition;
    return GK_OK;
}

/* ---- preparing ---- */

static const struct statement *statement_of(const struct stmt *stmt)
{
    static const struct statement *const statements[] = {&STATEMENT_WHEN,
                                                         &STATEMENT_WHICH,
                                                         &STATEMENT_AGGREGATE,
                                                         &STATEMENT_SAMPLES,
                                                         &STATEMENT_STATE,
                                                         &STATEMENT_LIST,
                                                         NULL,
                                                         &STATEMENT_LAG,
                                                         &STATEMENT_LAG_LIST,
                                                         &STATEMENT_WHEN,
                                                         &STATEMENT_ALARMS,
                                                         &STATEMENT_ACTS,
                                                         &STATEMENT_ALARM_NUMBERS,
                                                         &STATEMENT_EVIDENCE};

    if (stmt->is_explained)
        return &STATEMENT_EXPLAIN;
    if (stmt->is_profiled)
        return &STATEMENT_PROFILE;
    if (stmt->kind == STMT_STATE && stmt->tail.n_keys)
        return &STATEMENT_STATE_COUNT;
    if (stmt->kind == STMT_LIST && stmt->listed == W_EVENT)
        return &STATEMENT_EVENTS;
    if (stmt->kind == STMT_LIST && stmt->listed == W_BACKFILL)
        return &STATEMENT_BACKFILLS;
    return stmt->tail.vs_stored || stmt->tail.vs_now ? &STATEMENT_STORED : statements[stmt->kind];
}

/* `unknown as false` asks for what is sure, `unknown as true` for what is possible. */
static int wrap_unknown(struct gk_query *query, struct cond **at)
{
    struct cond *cond = arena_piece(&query->arena, sizeof *cond);

    if (!cond)
        return arena_status(&query->arena);
    cond->kind = query->stmt->tail.unknown_as == UNKNOWN_TRUE ? COND_POSSIBLY : COND_SURELY;
    cond->a = *at;
    cond->place = (*at)->place;
    cond->depth = (*at)->depth + 1;
    *at = cond;
    return GK_OK;
}

static int apply_unknown(struct gk_query *query)
{
    struct stmt *stmt = query->stmt;
    int rc = GK_OK;

    if (stmt->tail.unknown_as == UNKNOWN_KEEP)
        return GK_OK;
    for (struct source *source = stmt->sources; source; source = source->next)
        if (source->kind == SOURCE_COND)
            TRY(wrap_unknown(query, &source->cond));
    if (stmt->cond)
        rc = wrap_unknown(query, &stmt->cond);
done:
    return rc;
}

/* A column of the answer for sort, top and having; SIZE_MAX when it is not wanted. */
static int find_column(struct gk_query *query, bool is_wanted, const struct column_ref *ref, size_t *out)
{
    const struct rows *rows = &query->rows;
    char list[200] = "";

    *out = SIZE_MAX;
    if (!is_wanted)
        return GK_OK;
    *out = rows_find_column(rows, ref->name.bytes);
    if (*out == SIZE_MAX && strcmp(ref->name.bytes, "duration") == 0)
        *out = rows_find_column(rows, "duration_s"); /* as `when` calls it */
    if (*out == SIZE_MAX && strcmp(ref->name.bytes, "lag") == 0)
        *out = rows_find_column(rows, "lag_s");
    if (*out != SIZE_MAX)
        return GK_OK;
    struct nearest nearest = nearest_to(ref->name.bytes, ref->name.size);
    for (size_t i = 0; i < rows->n_columns; i++) {
        nearest_try(&nearest, rows->columns[i].name);
        if (strlen(list) + strlen(rows->columns[i].name) + 2 < sizeof list)
            strcat(strcat(list, i ? " " : ""), rows->columns[i].name);
    }
    if (nearest.best)
        report_hint(&query->report, "did you mean '%s'? one of %s", nearest.best, list);
    else
        report_hint(&query->report, "one of %s", list);
    return report_fail(&query->report, GK_ESYNTAX, ref->place, "the answer has no column '%.60s'", ref->name.bytes);
}

static int find_columns(struct gk_query *query)
{
    const struct tail *tail = &query->stmt->tail;
    int rc;

    for (size_t i = 0; i < tail->n_having_inputs; i++)
        TRY(find_column(query, true, &tail->having_inputs[i], &query->having_columns[i]));
    TRY(find_column(query, tail->has_top, &tail->top_by, &query->top_column));
    TRY(find_column(query, tail->has_sort, &tail->sort, &query->sort_column));
done:
    return rc;
}

/* The text of the condition is kept; it ends where the statement does. */
static int define(struct gk_query *query)
{
    const struct stmt *stmt = query->stmt;
    size_t from = stmt->cond_text.from;
    const struct gk_text text = {query->text + from, stmt->cond_text.to - from};

    if (gk_channel_find(query->snapshot, stmt->name.bytes, stmt->name.size) != GK_ID_NONE) {
        report_hint(&query->report, "define untreated as abatement stopped while production running");
        return report_fail(&query->report, GK_ESYNTAX, stmt->name_place, "'%.60s' is a channel of the store",
                           stmt->name.bytes);
    }
    return session_define(query->session, &stmt->name, &text);
}

/* A part that is compared has all rows, in the order of groups and buckets. */
static void take_part(struct stmt *stmt, enum query_part part)
{
    struct tail *tail = &stmt->tail;

    stmt->is_profiled = stmt->is_profiled && part == PART_ALL;
    if (part == PART_ALL || part == PART_RUN || part == PART_NUMBERS)
        return;
    tail->having = NULL;
    tail->n_having_inputs = 0;
    if (part == PART_STORED && tail->vs_now)
        tail->has_known = false;
    else if (part == PART_STORED)
        tail->has_limits = false;
    tail->vs_stored = tail->vs_now = tail->has_top = tail->has_sort = tail->has_limit = false;
}

/* The parser's own limits are wider. */
static int check_size(struct gk_query *query, size_t size)
{
    const struct gk_session_options *options = &query->session->options;

    if (size > options->max_text)
        return report_status(&query->report, GK_ELIMIT, "a statement may be max_text (%zu) bytes long, not %zu",
                             options->max_text, size);
    if (query->stmt->nesting > options->max_nesting)
        return report_status(&query->report, GK_ELIMIT, "conditions may be nested max_nesting (%u) deep, not %u",
                             options->max_nesting, query->stmt->nesting);
    return GK_OK;
}

static int prepare(struct gk_query *query, size_t *used)
{
    struct binder binder = {.arena = &query->arena,
                            .report = &query->report,
                            .session = query->session,
                            .snapshot = query->snapshot,
                            .bound = &query->bound};
    int rc;

    TRY(parse_statement(&query->arena, &query->report, &query->stmt, used));
    if (!query->stmt)
        return GK_OK;
    TRY(check_size(query, *used));
    query->text_size = *used;
    take_part(query->stmt, query->part);
    bool is_rule = query->stmt->kind == STMT_RULE;
    bool is_shown = query->stmt->is_explained || query->stmt->is_profiled || is_rule;
    if (is_shown && !(query->printed = print_statement(&query->arena, query->stmt)))
        return arena_status(&query->arena);
    TRY(apply_unknown(query));
    if (is_rule)
        TRY(rule_make(query));
    TRY(bind_statement(&binder, query->stmt));
    if (query->part == PART_NUMBERS)
        query->stmt->kind = STMT_AGGREGATE;
    else if (is_rule && query->stmt->sources)
        TRY(numbers_open(query));
    if (query->stmt->kind == STMT_DEFINE && !query->stmt->is_explained)
        return define(query);
    query->statement = statement_of(query->stmt);
    /* Mistakes in the columns of a statement are mistakes in the one that explains it, too. */
    if ((query->stmt->is_explained || query->stmt->is_profiled) && query->stmt->kind != STMT_DEFINE) {
        const struct stmt asked = *query->stmt;
        query->stmt->is_explained = query->stmt->is_profiled = false;
        const struct statement *explained = statement_of(query->stmt);
        query->stmt->is_explained = asked.is_explained;
        query->stmt->is_profiled = asked.is_profiled;
        TRY(explained->columns(query));
        TRY(find_columns(query));
        rows_init(&query->rows, &query->memory);
        query->top_column = query->sort_column = SIZE_MAX;
        query->own = NULL;
        return query->statement->columns(query);
    }
    TRY(query->statement->columns(query));
    TRY(find_columns(query));
done:
    return rc;
}

static int prepare_part(gk_session *session, gk_snapshot *snapshot, const char *text, size_t size, enum query_part part,
                        size_t *used, gk_query **out, struct gk_query_error *error)
{
    const struct gk_session_options *options = &session->options;
    struct report report = {text, size, error, session->lang, session->params};
    size_t taken = 0;
    int rc;

    *out = NULL;
    report_clear(&report);
    struct gk_query *query = options->resize(options->resize_context, NULL, sizeof *query);
    if (!query)
        return report_status(&report, GK_ENOMEM, "there is no memory for the statement");
    memset(query, 0, sizeof *query);
    query->session = session;
    query->snapshot = snapshot;
    query->part = part;
    query->report = report;
    query->top_column = query->sort_column = SIZE_MAX;
    arena_init(&query->arena, options->resize, options->resize_context, options->max_memory);
    arena_init(&query->memory, options->resize, options->resize_context, options->max_memory);
    rows_init(&query->rows, &query->memory);
    rc = GK_OK;
    query->text = arena_text(&query->arena, text, size);
    if (!query->text) {
        rc = arena_status(&query->arena);
        goto done;
    }
    query->report.text = query->text;
    rc = prepare(query, &taken);
    if (used)
        *used = taken;
done:
    if (rc != GK_OK) {
        rc = run_fail(query, rc);
        gk_query_free(query);
        return rc;
    }
    query->snapshot = NULL;
    if (!query->stmt)
        gk_query_free(query);
    else
        *out = query;
    return GK_OK;
}

int gk_query_prepare(gk_session *session, gk_snapshot *snapshot, const char *text, size_t size, size_t *used,
                     gk_query **out, struct gk_query_error *error)
{
    return prepare_part(session, snapshot, text, size, PART_ALL, used, out, error);
}

int query_prepare_part(struct gk_query *query, enum query_part part, gk_query **out)
{
    return prepare_part(query->session, query->snapshot, query->text, query->text_size, part, NULL, out,
                        query->report.error);
}

/* ---- running ---- */

/* Frees what a run holds; its arena is empty then. */
static void stop(struct gk_query *query)
{
    if (query->is_started && query->statement && query->statement->end)
        query->statement->end(query);
    rows_clear(&query->rows);
    query->notes = (struct notes){0};
    arena_release(&query->memory, &query->compared, &query->compared_capacity, sizeof *query->compared);
    arena_clear(&query->memory);
    query->n_compared = 0;
    gk_snapshot_close(query->under);
    gk_snapshot_close(query->view);
    query->under = query->view = NULL;
    query->is_started = false;
}

void gk_query_free(gk_query *query)
{
    if (!query)
        return;
    const struct gk_session_options *options = &query->session->options;
    stop(query);
    stored_free(query);
    numbers_free(query);
    gk_query_free(query->profiled);
    arena_clear(&query->arena);
    (void)options->resize(options->resize_context, query, 0); /* freeing has no result */
}

gk_snapshot *gk_query_snapshot(const gk_query *query)
{
    return query->snapshot;
}

struct gk_text gk_query_text(const gk_query *query)
{
    return (struct gk_text){query->text, query->text_size};
}

size_t gk_query_n_columns(const gk_query *query)
{
    return query->rows.n_columns;
}

const struct gk_column *gk_query_column(const gk_query *query, size_t i)
{
    return i < query->rows.n_columns ? &query->rows.columns[i] : NULL;
}

static int make_window(struct gk_query *query, gk_time now)
{
    const struct gk_store_info *info = gk_snapshot_info(query->snapshot);
    const gk_query *opened = query->opens_as ? query->opens_as : query;
    const struct tail *tail = &query->stmt->tail;
    const struct window_input input = {.tail = tail,
                                       .tick_ns = info->tick_ns,
                                       .zone_s = tail->has_zone ? tail->zone_s : info->zone_s,
                                       .now = now,
                                       .beginning = gk_snapshot_info(opened->snapshot)->beginning,
                                       .max_ns = query->session->options.max_window_ns};
    bool is_timeless =
        (query->stmt->kind == STMT_LIST && query->stmt->listed != W_EVENT && query->stmt->listed != W_BACKFILL) ||
        (stmt_is_of_record(query->stmt) && query->stmt->kind != STMT_ALARM_NUMBERS);
    bool has_window = !is_timeless || tail->time.kind != TIME_DEFAULT;
    int rc;

    /* `state of` is of one moment: now, unless it says another. */
    struct tail moment = *tail;
    struct window_input of_state = input;
    moment.time.kind = tail->time.kind == TIME_DEFAULT ? TIME_NOW : tail->time.kind;
    of_state.tail = &moment;
    TRY(window_make(query->stmt->kind == STMT_STATE ? &of_state : &input, &query->report, &query->window));
    query->meta = (struct gk_query_meta){.has_window = has_window,
                                         .from = query->window.from,
                                         .to = query->window.to,
                                         .zone_s = input.zone_s,
                                         .now = now,
                                         .watermark = info->watermark,
                                         .nodata_share = NAN};
    if (query->window.is_cut && has_window)
        TRY(run_note(query, "the window was cut at now: nothing is known of what comes"));
    if (tail->time.kind == TIME_DEFAULT && has_window && query->stmt->kind != STMT_STATE)
        TRY(run_note(query, "no time was given: the last 24 hours"));
done:
    return rc;
}

/* From here on the statement sees the rows under its own limits. */
static int apply_limits(struct gk_query *query)
{
    const struct tail *tail = &query->stmt->tail;
    const char *text;
    int rc = GK_OK;

    if (!tail->has_limits)
        return GK_OK;
    if (tail->limits_place.to) {
        text = arena_text(&query->memory, query->text + tail->limits_place.from,
                          tail->limits_place.to - tail->limits_place.from);
        if (!text)
            return arena_status(&query->memory);
        TRY(run_note(query,
                     arena_printf(&query->memory,
                                  report_text(&query->report, "states are not the stored ones: above all bands %s"),
                                  text)));
    }
    if (tail->set.bytes)
        TRY(run_note(query,
                     arena_printf(&query->memory,
                                  report_text(&query->report,
                                              "states are not the stored ones: bands '%s' stand above those in force"),
                                  tail->set.bytes)));
    if (query->statement == &STATEMENT_STORED) /* its parts do it */
        return GK_OK;
    TRY(gk_snapshot_under(query->snapshot, &tail->limits, &query->under, &query->engine_error));
    query->snapshot = query->under;
done:
    return rc;
}

/* From here on the statement sees what was known then, and its clock stands there. */
static int apply_known(struct gk_query *query, gk_time *now)
{
    const struct tail *tail = &query->stmt->tail;
    int32_t zone_s = gk_snapshot_info(query->snapshot)->zone_s;
    char text[GK_TIME_TEXT_MAX];
    gk_time at;
    int rc;

    if (!tail->has_known)
        return GK_OK;
    at = window_instant(*now, tail->has_zone ? tail->zone_s : zone_s, &tail->known, tail->known_at);
    at = at < *now ? at : *now;
    *now = at;
    (void)gk_time_format(at, tail->has_zone ? tail->zone_s : zone_s, text); /* the length is not needed */
    TRY(run_note(query, arena_printf(&query->memory,
                                     report_text(&query->report,
                                                 "as known at %s: what came later is not there; values that were sent "
                                                 "again are as they were sent last"),
                                     text)));
    if (query->statement == &STATEMENT_STORED) /* its parts do it */
        return GK_OK;
    TRY(gk_snapshot_known(query->snapshot, at, &query->view, &query->engine_error));
    query->snapshot = query->view;
done:
    return rc;
}

static int begin(struct gk_query *query, gk_time now)
{
    int rc = GK_OK;

    TRY(apply_known(query, &now));
    TRY(apply_limits(query));
    for (size_t i = 0; i < query->bound.notes.n; i++)
        TRY(run_note(query, query->bound.notes.list[i]));
    TRY(make_window(query, now));
    query->scope = (struct scope){.snapshot = query->snapshot, .arena = &query->memory, .tail = &query->stmt->tail};
    TRY(query->statement->start(query));
done:
    return rc;
}

/* How many rows the two limits let through: the statement's own, and the session's. */
static uint64_t most_rows(const struct gk_query *query)
{
    const struct tail *tail = &query->stmt->tail;
    uint64_t max = query->session->options.max_rows ? query->session->options.max_rows : UINT64_MAX;

    return tail->has_limit && !query->stmt->is_explained && tail->limit < max ? tail->limit : max;
}

int gk_query_start(gk_query *query, gk_snapshot *snapshot, gk_time now, struct gk_query_error *error)
{
    int rc = GK_OK;

    stop(query);
    query->report = (struct report){query->text, query->text_size, error, query->session->lang, NULL};
    report_clear(&query->report);
    query->snapshot = query->given = snapshot;
    query->most = most_rows(query);
    query->sort_ns = 0;
    query->reads = (struct reads){0};
    query->next = query->n_given = query->n_matched = query->n_pruned = 0;
    query->known_ticks = query->unknown_ticks = 0;
    query->is_started = true;
    if (query->part == PART_ALL)
        atomic_store(&query->session->is_interrupted, false);
    query->is_gathered = query->is_done = query->has_row = false;
    query->engine_error.status = GK_OK;
    query->meta = (struct gk_query_meta){.now = now, .nodata_share = NAN, .watermark = GK_TIME_MIN};
    watch_start(&query->watch, query->session, &query->report);
    if (query->statement)
        rc = begin(query, now);
    else
        query->is_done = true; /* define: done when it was prepared */
    return rc == GK_OK ? GK_OK : run_fail(query, rc);
}

/* A sorted answer is whole before its first row is given. */
static int gather(struct gk_query *query)
{
    const struct tail *tail = &query->stmt->tail;
    int rc = GK_OK;

    while (!query->is_done)
        TRY(query->statement->step(query, &query->is_done));
    gk_time begun = session_monotonic(query->session);
    if (query->top_column != SIZE_MAX) {
        TRY(rows_sort(&query->rows, query->top_column, true, &query->watch));
        rows_keep(&query->rows, tail->top);
    }
    if (query->sort_column != SIZE_MAX)
        TRY(rows_sort(&query->rows, query->sort_column, tail->is_desc, &query->watch));
    query->sort_ns = session_monotonic(query->session) - begun;
    query->is_gathered = true;
done:
    return rc;
}

/* Makes steps until there is a row to give. */
static int refill(struct gk_query *query)
{
    int rc = GK_OK;

    if (query->top_column != SIZE_MAX || query->sort_column != SIZE_MAX)
        return query->is_gathered || !query->statement ? GK_OK : gather(query);
    while (!query->is_done && !rows_has_next(&query->rows)) {
        rows_reset(&query->rows);
        TRY(query->statement->step(query, &query->is_done));
    }
done:
    return rc;
}

#define DAMAGE_NOTES_MAX 8

static int note_stretch(struct gk_query *query, const struct gk_damage *damage)
{
    const struct gk_facility *facility = gk_facility_get(query->snapshot, damage->facility);
    const char *name = facility ? facility->name : "?", *text;
    char from[GK_TIME_TEXT_MAX], to[GK_TIME_TEXT_MAX] = "?";

    (void)gk_time_format(damage->from, query->window.zone_s, from); /* the lengths are not needed */
    if (damage->to != GK_TIME_MAX)
        (void)gk_time_format(damage->to, query->window.zone_s, to);
    if (damage->kind == GK_DAMAGED_RECORDS)
        text = report_text(&query->report,
                           "records of this store are damaged, and more may be missing than is named here: "
                           "gk check");
    else if (damage->kind == GK_DAMAGED_ROWS)
        text = arena_printf(&query->memory,
                            report_text(&query->report, "facility '%s': rows from %s to %s are damaged and left out"),
                            name, from, to);
    else
        text = arena_printf(
            &query->memory,
            report_text(&query->report, "facility '%s': states from %s to %s are damaged and shown as no data"), name,
            from, to);
    return run_note(query, text);
}

/* What could not be read of the window: the answer lacks it. */
static int note_damage(struct gk_query *query)
{
    size_t n, n_told = 0;
    const struct gk_damage *list = gk_snapshot_damage(query->given, &n);
    int rc = GK_OK;

    for (size_t i = 0; i < n; i++)
        if ((list[i].kind == GK_DAMAGED_RECORDS ||
             (query->meta.has_window && list[i].from < query->window.to && list[i].to > query->window.from)) &&
            ++n_told <= DAMAGE_NOTES_MAX)
            TRY(note_stretch(query, &list[i]));
    if (n_told > DAMAGE_NOTES_MAX)
        TRY(run_note(query, arena_printf(&query->memory, report_text(&query->report, "and %zu more damaged stretches"),
                                         n_told - DAMAGE_NOTES_MAX)));
done:
    return rc;
}

/* Behind the last row: what the answer says about itself. */
static int finish(struct gk_query *query)
{
    int64_t total = query->known_ticks + query->unknown_ticks;
    int rc = note_damage(query);

    query->meta.n_rows = query->n_given;
    query->meta.nodata_share = total ? (double)query->unknown_ticks / (double)total : NAN;
    query->meta.n_notes = query->notes.n;
    query->meta.notes = query->notes.list;
    return rc;
}

/* No more rows are wanted. Intervals go on being counted, as the footer tells how many are possible; samples do not. */
static int cut(struct gk_query *query)
{
    int rc = GK_OK;

    while (!query->is_done && (query->stmt->cond || query->stmt->lags)) {
        rows_reset(&query->rows);
        TRY(query->statement->step(query, &query->is_done));
    }
    query->is_done = true;
    rows_reset(&query->rows);
done:
    return rc;
}

/* There is a row, but one of the two limits says no. Only the session's own cuts what was asked for. */
static bool is_over_limit(struct gk_query *query)
{
    const struct tail *tail = &query->stmt->tail;

    if (query->n_given < query->most)
        return false;
    query->meta.is_cut = query->stmt->is_explained || !tail->has_limit || query->n_given < tail->limit;
    return true;
}

/* Whenever the row is not one that is lent already; apart, so that the others are given without saving registers. */
__attribute__((noinline)) static int next_row(struct gk_query *query, struct gk_query_error *error)
{
    int rc;

    query->report.error = error;
    report_clear(&query->report);
    if (!query->is_started)
        return report_status(&query->report, GK_EINVAL, "gk_query_start comes before gk_query_next");
    query->has_row = false;
    rc = refill(query);
    if (rc == GK_OK && rows_has_next(&query->rows) && is_over_limit(query))
        rc = cut(query);
    if (rc != GK_OK)
        return run_fail(query, rc);
    if (!rows_take(&query->rows)) {
        rc = finish(query);
        return rc == GK_OK ? GK_DONE : run_fail(query, rc);
    }
    query->n_given++;
    query->has_row = true;
    return GK_OK;
}

int gk_query_next(gk_query *query, struct gk_query_error *error)
{
    /* What nearly every row of samples is: the next one of columns that are there. */
    if (query->n_given < query->most && rows_take_lent(&query->rows)) {
        query->n_given++;
        if (error)
            error->error.status = GK_OK;
        return GK_OK;
    }
    return next_row(query, error);
}

const struct gk_value *gk_query_value(const gk_query *query, size_t i)
{
    static const struct gk_value empty = {GK_TYPE_EMPTY, {.count = 0}};

    if (!query->has_row || i >= query->rows.n_columns)
        return &empty;
    return rows_value(&query->rows, i);
}

/* Lent rows from the current one on, as far as the limits let through; 0 when the current one is not lent. */
static size_t n_lent_rows(const gk_query *query)
{
    const struct rows *rows = &query->rows;
    uint64_t left = query->most - query->n_given;

    if (!query->has_row || rows->lent_at == 0)
        return 0;
    return 1 + (rows->n_lent - rows->lent_at < left ? rows->n_lent - rows->lent_at : (size_t)left);
}

const double *gk_query_numbers(const gk_query *query, size_t i, size_t *n)
{
    *n = i < query->rows.n_columns ? n_lent_rows(query) : 0;
    if (*n == 0 || !query->rows.lent[i].number)
        *n = 0;
    return *n ? query->rows.lent[i].number + query->rows.lent_at - 1 : NULL;
}

const gk_time *gk_query_times(const gk_query *query, size_t i, size_t *n)
{
    *n = i < query->rows.n_columns ? n_lent_rows(query) : 0;
    if (*n == 0 || !query->rows.lent[i].time)
        *n = 0;
    return *n ? query->rows.lent[i].time + query->rows.lent_at - 1 : NULL;
}

size_t gk_query_skip(gk_query *query, size_t n)
{
    size_t left = n_lent_rows(query);

    left -= left > 0; /* the current one */
    n = n < left ? n : left;
    query->rows.lent_at += n;
    query->n_given += n;
    return n;
}

const struct gk_query_meta *gk_query_meta(const gk_query *query)
{
    return &query->meta;
}
