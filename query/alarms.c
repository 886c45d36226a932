/*
 * alarms.c - `list alarms`, `list acts`; see alarms.h.
 */
#include "alarms.h"

#include <math.h>
#include <string.h>

#include "field.h"
#include "parser.h"

static const char *const FIELDS[] = {"alarm",   "rule",  "level", "status", "life",    "holder", "outcome", "subject",
                                     "version", "under", "actor", "whom",   "channel", "result", "act",     NULL};

const char *alarm_field_name(size_t i)
{
    return FIELDS[i];
}

/* ---- what is known of an alarm ---- */

/* A line is named with its enterprise: E1/L1, as another may have a line of that name. */
static uint32_t find_line(gk_snapshot *snapshot, const char *name)
{
    uint32_t n = gk_snapshot_info(snapshot)->n_sites[GK_LINE];

    for (uint32_t id = 0; id < n; id++) {
        const struct gk_site *line = gk_site_get(snapshot, GK_LINE, id);
        const struct gk_site *of = gk_site_get(snapshot, GK_ENTERPRISE, line->parent);
        size_t size = of ? strlen(of->name) : 0;
        if (strcmp(line->name, name) == 0 ||
            (of && strncmp(name, of->name, size) == 0 && name[size] == '/' && strcmp(name + size + 1, line->name) == 0))
            return id;
    }
    return GK_ID_NONE;
}

struct subject alarm_subject(struct gk_query *query, const struct gk_alarm *alarm)
{
    struct subject subject = {alarm->subject_kind, GK_ID_NONE};
    size_t size = strlen(alarm->subject);

    if (alarm->subject_kind == GK_FACILITY)
        subject.id = gk_facility_find(query->snapshot, alarm->subject, size);
    else if (alarm->subject_kind == GK_LINE)
        subject.id = find_line(query->snapshot, alarm->subject);
    else if (alarm->subject_kind == GK_ZONE)
        subject.id = 0;
    else
        subject.id = gk_site_find(query->snapshot, alarm->subject_kind, alarm->subject, size);
    return subject;
}

struct position alarm_position(struct gk_query *query, const struct gk_alarm *alarm)
{
    const struct position nowhere = {GK_ID_NONE, GK_ID_NONE, GK_ID_NONE, GK_ID_NONE};
    struct subject subject = alarm_subject(query, alarm);

    return subject.id == GK_ID_NONE ? nowhere : scope_position(query->snapshot, subject);
}

/* The one value that all facilities of the subject have that have one. */
static const char *attribute(struct gk_query *query, const struct gk_alarm *alarm, const char *field)
{
    struct subject subject = alarm_subject(query, alarm);
    const char *found = "";
    size_t n = 1;
    const uint32_t *ids = &subject.id;

    if (subject.id == GK_ID_NONE)
        return "";
    if (subject.kind != GK_FACILITY)
        ids = gk_site_facilities(query->snapshot, subject.kind, subject.id, &n);
    for (size_t i = 0; i < n; i++) {
        const char *text = field_text(query->snapshot, gk_facility_get(query->snapshot, ids[i]), field);
        if (!*text || strcmp(text, found) == 0)
            continue;
        if (*found)
            return "";
        found = text;
    }
    return found;
}

const char *alarm_text(struct gk_query *query, const struct gk_alarm *alarm, const char *field)
{
    if (strcmp(field, "alarm") == 0)
        return arena_printf(&query->memory, "%llu", (unsigned long long)alarm->id);
    if (strcmp(field, "version") == 0)
        return arena_printf(&query->memory, "%u", (unsigned)alarm->rule_version);
    if (strcmp(field, "under") == 0)
        return alarm->under ? arena_printf(&query->memory, "%llu", (unsigned long long)alarm->under) : "";
    if (strcmp(field, "rule") == 0)
        return alarm->rule;
    if (strcmp(field, "level") == 0)
        return gk_level_name(alarm->level);
    if (strcmp(field, "status") == 0)
        return gk_alarm_status_name(alarm->status);
    if (strcmp(field, "life") == 0)
        return gk_alarm_life_name(alarm->life);
    if (strcmp(field, "holder") == 0)
        return alarm->holder;
    if (strcmp(field, "outcome") == 0)
        return gk_outcome_name(alarm->outcome);
    if (strcmp(field, "subject") == 0)
        return alarm->subject;
    if (strcmp(field, "enterprise") == 0)
        return alarm->enterprise;
    if (strcmp(field, "park") == 0)
        return alarm->park;
    return attribute(query, alarm, field);
}

double alarm_seconds(const struct gk_query *query, const struct gk_alarm *alarm)
{
    gk_time newest = query->meta.watermark < query->window.now ? query->meta.watermark : query->window.now;
    gk_time to = alarm->to == GK_TIME_MAX ? newest : alarm->to;

    return to > alarm->from ? ((double)to - (double)alarm->from) / 1e9 : 0;
}

/* ---- which are meant ---- */

static bool act_holds(const struct alarm_filter *filter, const struct gk_alarm *alarm)
{
    gk_time at = alarm->at[filter->value];

    if (at == GK_TIME_MIN)
        return false;
    return filter->ns == 0 || at - alarm->at[GK_ACT_RAISED] <= filter->ns;
}

bool alarm_filter_holds(const struct alarm_filter *filter, const struct gk_alarm *alarm, gk_time now)
{
    bool holds = false;

    switch (filter->test) {
    case ALARM_ACT: /* one that had ended when it was raised has no act of its end */
        holds = act_holds(filter, alarm) ||
                (filter->value == GK_ACT_RECOVERED && !filter->ns && alarm->status == GK_ALARM_RECOVERED);
        break;
    case ALARM_STATUS:
        holds = (unsigned)alarm->status == filter->value;
        break;
    case ALARM_REACHED:
        holds = alarm->n_reached > 0;
        break;
    case ALARM_OVERDUE:
        holds = alarm->due < now && alarm->life != GK_CASE_CLOSED;
        break;
    case ALARM_OLDER:
        holds = now - alarm->at[GK_ACT_RAISED] > filter->ns;
        break;
    case ALARM_CLOSED_AS:
        holds = alarm->life == GK_CASE_CLOSED && (unsigned)alarm->outcome == filter->value;
        break;
    }
    return holds != filter->is_negated;
}

/* Whether it is of one of the named places, or of a facility of the noun's role. */
static bool is_at(struct gk_query *query, const struct gk_alarm *alarm, enum noun noun, const struct name *names)
{
    struct position position = alarm_position(query, alarm);
    const char *of = noun == NOUN_PARK ? alarm->park : noun == NOUN_ENTERPRISE ? alarm->enterprise : NULL;

    if (!names && noun_is_facility(noun))
        return position.facility != GK_ID_NONE && scope_has_role(query->snapshot, position.facility, noun);
    if (!names)
        return true;
    if (!of)
        of = noun == NOUN_LINE ? scope_site_name(query->snapshot, GK_LINE, position.line)
                               : scope_site_name(query->snapshot, GK_FACILITY, position.facility);
    for (const struct name *name = names; name; name = name->next)
        if (strcmp(name->text.bytes, of) == 0)
            return true;
    return false;
}

/* Levels compare by their order, not as texts. */
static bool level_holds(const struct filter *filter, const struct gk_alarm *alarm)
{
    struct filter rank = *filter;
    char number[2] = {(char)('0' + (int)alarm->level), '\0'};

    for (unsigned i = 0; gk_level_name(i); i++)
        if (strcmp(gk_level_name(i), filter->value.bytes) == 0) {
            rank.is_number = true;
            rank.number = i;
        }
    return scope_text_holds(&rank, number);
}

static int passes_where(struct gk_query *query, const struct gk_alarm *alarm, bool *passes)
{
    *passes = true;
    for (const struct filter *filter = query->stmt->tail.where; filter && *passes; filter = filter->next) {
        if (strcmp(filter->tag.bytes, "level") == 0) {
            *passes = level_holds(filter, alarm);
            continue;
        }
        const char *text = alarm_text(query, alarm, filter->tag.bytes);
        if (!text)
            return arena_status(&query->memory);
        *passes = scope_text_holds(filter, text);
    }
    return GK_OK;
}

static bool is_in_time(const struct gk_query *query, gk_time t)
{
    return !query->meta.has_window || (t >= query->window.from && t < query->window.to);
}

/* All but the statement's own filters, of which some sums want those that fail. */
static int is_meant(struct gk_query *query, const struct gk_alarm *alarm, bool *out)
{
    const struct stmt *stmt = query->stmt;

    *out = is_in_time(query, alarm->at[GK_ACT_RAISED]);
    if (*out && stmt->tail.in_names)
        *out = is_at(query, alarm, stmt->tail.in, stmt->tail.in_names);
    if (*out && stmt->has_ref)
        *out = is_at(query, alarm, stmt->ref.noun, stmt->ref.names);
    return *out ? passes_where(query, alarm, out) : GK_OK;
}

/* Of alarms that are not closed the store has an index. */
static bool wants_open(const struct stmt *stmt)
{
    for (const struct alarm_filter *filter = stmt->record.filters; filter; filter = filter->next)
        if (filter->test == ALARM_ACT && filter->value == GK_ACT_CLOSED && filter->is_negated && !filter->ns)
            return stmt->kind == STMT_ALARMS;
    return false;
}

int alarm_walk_open(struct gk_query *query, struct alarm_walk *walk)
{
    bool has_known = query->stmt->tail.has_known;

    walk->known = has_known ? query->window.now : GK_TIME_MAX;
    return gk_alarms_open(query->snapshot, wants_open(query->stmt) && !has_known, 0, &walk->alarms,
                          &query->engine_error);
}

int alarm_walk_next(struct gk_query *query, struct alarm_walk *walk, struct gk_alarm *out)
{
    bool is_there = false;
    int rc;

    while (!is_there) {
        TRY(watch_look(&query->watch));
        TRY(gk_alarms_next(walk->alarms, out, &query->engine_error));
        is_there = true;
        if (walk->known != GK_TIME_MAX) {
            rc = gk_alarm_as_of(query->snapshot, out->id, walk->known, out, &query->engine_error);
            is_there = rc == GK_OK;
            TRY(rc == GK_ENOTFOUND ? GK_OK : rc); /* it was raised later */
        }
        if (is_there)
            TRY(is_meant(query, out, &is_there));
    }
    rc = GK_OK;
done:
    return rc;
}

void alarm_walk_close(struct alarm_walk *walk)
{
    gk_alarms_close(walk->alarms);
    walk->alarms = NULL;
}

static bool passes_filters(const struct gk_query *query, const struct gk_alarm *alarm)
{
    for (const struct alarm_filter *filter = query->stmt->record.filters; filter; filter = filter->next)
        if (!alarm_filter_holds(filter, alarm, query->window.now))
            return false;
    return true;
}

/* ---- list alarms ---- */

static int alarm_columns(struct gk_query *query)
{
    static const struct {
        const char *name;
        enum gk_type type;
    } columns[] = {{"alarm", GK_TYPE_COUNT},        {"level", GK_TYPE_TEXT},    {"rule", GK_TYPE_TEXT},
                   {"subject", GK_TYPE_TEXT},       {"line", GK_TYPE_TEXT},     {"enterprise", GK_TYPE_TEXT},
                   {"park", GK_TYPE_TEXT},          {"start", GK_TYPE_TIME},    {"end", GK_TYPE_TIME},
                   {"duration_s", GK_TYPE_SECONDS}, {"status", GK_TYPE_TEXT},   {"life", GK_TYPE_TEXT},
                   {"holder", GK_TYPE_TEXT},        {"due", GK_TYPE_TIME},      {"raised", GK_TYPE_TIME},
                   {"age_s", GK_TYPE_SECONDS},      {"reached", GK_TYPE_COUNT}, {"outcome", GK_TYPE_TEXT},
                   {"text", GK_TYPE_TEXT}};

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (!rows_add_column(&query->rows, columns[i].name, columns[i].type))
            return GK_EBUG;
    return GK_OK;
}

static void put_time(struct rows *rows, gk_time t)
{
    if (t == GK_TIME_MIN || t == GK_TIME_MAX)
        rows_put_empty(rows);
    else
        rows_put_time(rows, t);
}

static int put_alarm(struct gk_query *query, const struct gk_alarm *alarm)
{
    struct rows *rows = &query->rows;
    struct position position = alarm_position(query, alarm);
    gk_time closed = alarm->at[GK_ACT_CLOSED];
    gk_time until = closed == GK_TIME_MIN ? query->window.now : closed;
    int rc;

    TRY(run_begin_row(query));
    rows_put_count(rows, GK_TYPE_COUNT, (int64_t)alarm->id);
    rows_put_text(rows, gk_level_name(alarm->level));
    rows_put_text(rows, alarm->rule);
    rows_put_text(rows, alarm->subject);
    rows_put_text(rows, scope_site_name(query->snapshot, GK_LINE, position.line));
    rows_put_text(rows, alarm->enterprise);
    rows_put_text(rows, alarm->park);
    put_time(rows, alarm->from);
    put_time(rows, alarm->to);
    rows_put_number(rows, GK_TYPE_SECONDS, alarm_seconds(query, alarm));
    rows_put_text(rows, gk_alarm_status_name(alarm->status));
    rows_put_text(rows, gk_alarm_life_name(alarm->life));
    rows_put_text(rows, alarm->holder);
    put_time(rows, alarm->due);
    put_time(rows, alarm->at[GK_ACT_RAISED]);
    rows_put_number(rows, GK_TYPE_SECONDS, (double)(until - alarm->at[GK_ACT_RAISED]) / 1e9);
    rows_put_count(rows, GK_TYPE_COUNT, (int64_t)alarm->n_reached);
    rows_put_text(rows, gk_outcome_name(alarm->outcome));
    rows_put_text(rows, alarm->text);
    run_end_row(query);
done:
    return rc;
}

static int alarm_start(struct gk_query *query)
{
    struct alarm_walk *walk = arena_piece(&query->memory, sizeof *walk);

    query->own = walk;
    return walk ? alarm_walk_open(query, walk) : arena_status(&query->memory);
}

static int alarm_step(struct gk_query *query, bool *is_done)
{
    struct gk_alarm alarm;
    int rc = alarm_walk_next(query, query->own, &alarm);

    *is_done = rc == GK_DONE;
    if (rc != GK_OK)
        return *is_done ? GK_OK : rc;
    query->meta.n_subjects++;
    return passes_filters(query, &alarm) ? put_alarm(query, &alarm) : GK_OK;
}

static void alarm_end(struct gk_query *query)
{
    if (query->own)
        alarm_walk_close(query->own);
    query->own = NULL; /* the next start may fail before it makes another */
}

const struct statement STATEMENT_ALARMS = {alarm_columns, alarm_start, alarm_step, alarm_end};

/* ---- list acts ---- */

static int act_columns(struct gk_query *query)
{
    static const struct {
        const char *name;
        enum gk_type type;
    } columns[] = {{"seq", GK_TYPE_COUNT},    {"time", GK_TYPE_TIME},    {"alarm", GK_TYPE_COUNT},
                   {"act", GK_TYPE_TEXT},     {"actor", GK_TYPE_TEXT},   {"whom", GK_TYPE_TEXT},
                   {"channel", GK_TYPE_TEXT}, {"result", GK_TYPE_TEXT},  {"due", GK_TYPE_TIME},
                   {"outcome", GK_TYPE_TEXT}, {"start", GK_TYPE_TIME},   {"end", GK_TYPE_TIME},
                   {"rule", GK_TYPE_TEXT},    {"subject", GK_TYPE_TEXT}, {"enterprise", GK_TYPE_TEXT},
                   {"park", GK_TYPE_TEXT},    {"text", GK_TYPE_TEXT}};

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (!rows_add_column(&query->rows, columns[i].name, columns[i].type))
            return GK_EBUG;
    return GK_OK;
}

static int act_start(struct gk_query *query)
{
    gk_acts *acts = NULL;
    int rc = gk_acts_open(query->snapshot, query->stmt->record.number, 0, &acts, &query->engine_error);

    query->own = acts;
    return rc;
}

/* A field of the act itself; NULL: it is one of its alarm. */
static const char *act_text(const struct gk_act *act, const char *field)
{
    if (strcmp(field, "act") == 0)
        return gk_act_kind_name(act->kind);
    if (strcmp(field, "actor") == 0)
        return act->actor;
    if (strcmp(field, "whom") == 0)
        return act->whom;
    if (strcmp(field, "channel") == 0)
        return act->channel;
    if (strcmp(field, "result") == 0)
        return act->result;
    if (strcmp(field, "outcome") == 0)
        return gk_outcome_name(act->outcome);
    return NULL;
}

static int act_passes_where(struct gk_query *query, const struct gk_act *act, const struct gk_alarm *alarm, bool *out)
{
    *out = true;
    for (const struct filter *filter = query->stmt->tail.where; filter && *out; filter = filter->next) {
        const char *text = act_text(act, filter->tag.bytes);
        if (!text && strcmp(filter->tag.bytes, "level") == 0) {
            *out = level_holds(filter, alarm);
            continue;
        }
        text = text ? text : alarm_text(query, alarm, filter->tag.bytes);
        if (!text)
            return arena_status(&query->memory);
        *out = scope_text_holds(filter, text);
    }
    return GK_OK;
}

/* The kinds that are asked for are of the act, what else is asked of its alarm. */
static bool act_passes_filters(const struct gk_query *query, const struct gk_act *act, const struct gk_alarm *alarm)
{
    bool has_kinds = false, is_kind = false;

    for (const struct alarm_filter *filter = query->stmt->record.filters; filter; filter = filter->next) {
        if (filter->test == ALARM_ACT && !filter->is_negated && !filter->ns) {
            has_kinds = true;
            is_kind = is_kind || (unsigned)act->kind == filter->value;
        } else if (!alarm_filter_holds(filter, alarm, query->window.now)) {
            return false;
        }
    }
    return is_kind || !has_kinds;
}

static int put_act(struct gk_query *query, const struct gk_act *act, const struct gk_alarm *alarm)
{
    struct rows *rows = &query->rows;
    int rc;

    TRY(run_begin_row(query));
    rows_put_count(rows, GK_TYPE_COUNT, (int64_t)act->seq);
    rows_put_time(rows, act->time);
    if (act->alarm)
        rows_put_count(rows, GK_TYPE_COUNT, (int64_t)act->alarm);
    else
        rows_put_empty(rows);
    rows_put_text(rows, gk_act_kind_name(act->kind));
    rows_put_text(rows, act->actor);
    rows_put_text(rows, act->whom);
    rows_put_text(rows, act->channel);
    rows_put_text(rows, act->result);
    put_time(rows, act->due);
    rows_put_text(rows, gk_outcome_name(act->outcome));
    put_time(rows, act->from);
    put_time(rows, act->to);
    rows_put_text(rows, alarm->rule);
    rows_put_text(rows, alarm->subject);
    rows_put_text(rows, alarm->enterprise);
    rows_put_text(rows, alarm->park);
    rows_put_text(rows, act->text);
    run_end_row(query);
done:
    return rc;
}

static int act_step(struct gk_query *query, bool *is_done)
{
    const struct stmt *stmt = query->stmt;
    struct gk_alarm alarm = {.rule = "", .subject = "", .enterprise = "", .park = "", .holder = "", .text = ""};
    struct gk_act act;
    bool is_meant = true;
    int rc;

    TRY(watch_look(&query->watch));
    rc = gk_acts_next(query->own, &act, &query->engine_error);
    *is_done = rc == GK_DONE;
    if (rc != GK_OK)
        return *is_done ? GK_OK : rc;
    if ((stmt->tail.has_known && act.time > query->window.now) || !is_in_time(query, act.time))
        return GK_OK;
    if (act.alarm)
        TRY(gk_alarm_get(query->snapshot, act.alarm, &alarm, &query->engine_error));
    if (stmt->tail.in_names)
        is_meant = is_at(query, &alarm, stmt->tail.in, stmt->tail.in_names);
    if (is_meant && stmt->has_ref)
        is_meant = is_at(query, &alarm, stmt->ref.noun, stmt->ref.names);
    if (is_meant)
        TRY(act_passes_where(query, &act, &alarm, &is_meant));
    if (is_meant && act_passes_filters(query, &act, &alarm))
        TRY(put_act(query, &act, &alarm));
done:
    return rc;
}

static void act_end(struct gk_query *query)
{
    gk_acts_close(query->own);
    query->own = NULL;
}

const struct statement STATEMENT_ACTS = {act_columns, act_start, act_step, act_end};
