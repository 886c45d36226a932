/*
 * plot.c - see plot.h: gathers the rows, finds the kind, and what the kinds share. Its words are in plot_caption.c.
 */
#include "plot.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "texts.h"
#include "width.h"

#define MOMENT_BEFORE (6 * 3600 * GK_SECOND) /* what is shown around a moment that was asked for */
#define MOMENT_MOST   (24 * 3600 * GK_SECOND)
#define MOMENT_AFTER  (3600 * GK_SECOND)

static const char *const kinds[PLOT_KINDS] = {"timeline", "curve", "heat", "bars", "board"};

const char *plot_kind_name(enum plot_kind kind)
{
    return kinds[kind];
}

enum plot_kind plot_kind_named(const char *name)
{
    size_t i = 0;

    while (i < PLOT_KINDS && strcmp(kinds[i], name) != 0)
        i++;
    return (enum plot_kind)i;
}

int plot_fail(struct gk_error *error, int status, const char *format, ...)
{
    va_list arguments;

    *error = (struct gk_error){.status = status};
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, tr(format), arguments);
    va_end(arguments);
    return status;
}

/* ---- which kind ---- */

/* The columns of samples: time, facility, then channels; no aggregate has its time in front of a text. */
static bool is_samples(const struct plot_keys *keys)
{
    return keys->time == 0 && keys->n_texts == 1 && keys->texts[0] == 1;
}

static bool is_measured(const struct plot_table *table, const struct plot_keys *keys)
{
    static const char *const names[] = {"avg", "min", "max", "rms", "first", "last"};
    size_t n = 0;

    for (size_t i = 0; i < keys->n_values; i++) {
        const struct plot_column *column = &table->columns[keys->values[i].column];

        for (size_t k = 0; column->type == GK_TYPE_NUMBER && k < sizeof names / sizeof *names; k++)
            n += strcmp(column->name, names[k]) == 0;
    }
    return n >= 2 || (n == 1 && strcmp(table->columns[keys->time].name, "time") == 0);
}

/* What an answer is best drawn as; PLOT_KINDS: it cannot be drawn. */
static enum plot_kind kind_of(const struct plot_table *table)
{
    struct plot_keys keys;

    if (plot_table_find(table, "start", GK_TYPE_TIME) != PLOT_NONE &&
        plot_table_find(table, "subject", GK_TYPE_TEXT) == 0)
        return PLOT_TIMELINE;
    if (plot_table_find(table, "state", GK_TYPE_TEXT) != PLOT_NONE &&
        plot_table_find(table, "since", GK_TYPE_TIME) != PLOT_NONE)
        return PLOT_BOARD;
    if (!plot_table_keys(table, &keys))
        return PLOT_KINDS;
    if (keys.time == PLOT_NONE)
        return PLOT_BARS;
    return keys.n_texts == 0 || is_samples(&keys) || is_measured(table, &keys) ? PLOT_CURVE : PLOT_HEAT;
}

static int say_undrawable(const struct plot *plot, struct gk_error *error)
{
    const char *what = "this answer";
    bool has_subject = plot_table_find(&plot->table, "subject", GK_TYPE_TEXT) == 0;

    if (plot_table_find(&plot->table, "step", GK_TYPE_TEXT) == 0)
        what = "explain";
    else if (has_subject && plot->table.n_columns <= 6)
        what = "which (its answer is names)";
    else if (!has_subject)
        what = "a list of the catalog";
    return plot_fail(
        error, GK_EINVAL,
        "%s cannot be drawn; these can: when ..., samples of ..., aggregates by a site or a time (avg, min, "
        "max of power by facility every 5m; share of ... by enterprise, day), state of ... at",
        tr(what));
}

/* An answer has one natural kind; an aggregate over time may also be asked for as the other one. */
static int choose_kind(struct plot *plot, struct gk_error *error)
{
    enum plot_kind natural = kind_of(&plot->table), as = plot->request.as;
    bool is_over_time = natural == PLOT_CURVE || natural == PLOT_HEAT;

    if (natural == PLOT_KINDS)
        return say_undrawable(plot, error);
    plot->kind = natural;
    if (as == PLOT_KINDS || as == natural)
        return GK_OK;
    if (!is_over_time || (as != PLOT_CURVE && as != PLOT_HEAT))
        return plot_fail(error, GK_EINVAL, "this answer cannot be drawn as %s, only as %s", kinds[as],
                         is_over_time ? "curve or heat" : kinds[natural]);
    plot->kind = as;
    return GK_OK;
}

/* ---- the frame ---- */

static const char *squeeze(struct plot_memory *memory, const char *text, size_t size)
{
    char *out = plot_take(memory, size + 1, 1);
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        char c = text[i] == '\n' || text[i] == '\t' || text[i] == '\r' ? ' ' : text[i];

        if (c != ' ' || (n > 0 && out[n - 1] != ' '))
            out[n++] = c;
    }
    while (n > 0 && (out[n - 1] == ' ' || out[n - 1] == ';'))
        n--;
    out[n] = '\0';
    return out;
}

void plot_begin(struct plot *plot, const struct plot_request *request, gk_session *session, gk_snapshot *snapshot,
                const gk_query *query)
{
    struct gk_text text = gk_query_text(query);

    *plot = (struct plot){.request = *request, .query = query, .session = session, .snapshot = snapshot};
    plot->moment = GK_TIME_MIN;
    plot->is_chinese = strcmp(texts_chosen(), "zh") == 0;
    plot->text = plot_copy(&plot->memory, text.bytes, text.size);
    plot->title = request->title != NULL ? request->title : squeeze(&plot->memory, text.bytes, text.size);
    plot_table_init(&plot->table, &plot->memory, query);
}

void plot_add(struct plot *plot)
{
    plot_table_add(&plot->table, plot->query);
}

/* A moment has no width: what was before and behind it is shown, as far as the rows reach. */
static void widen_moment(struct plot *plot)
{
    size_t start = plot_table_find(&plot->table, "start", GK_TYPE_TIME);
    gk_time from = plot->from - MOMENT_BEFORE, to = plot->from + MOMENT_AFTER;

    plot->moment = plot->from;
    for (size_t i = 0; i < plot->table.n_rows; i++) {
        gk_time begin = plot->table.columns[start].time[i];

        from = begin != GK_TIME_MIN && begin < from ? begin : from;
    }
    if (from < plot->moment - MOMENT_MOST)
        from = plot->moment - MOMENT_MOST;
    plot->from = from;
    if (to > plot->meta.now) /* nothing is known behind now; the moment still gets a margin */
        to = plot->moment + (plot->moment - from) / 20 > plot->meta.now ? plot->moment + (plot->moment - from) / 20
                                                                        : plot->meta.now;
    plot->to = to;
}

static void set_window(struct plot *plot)
{
    int64_t tick_ns = gk_snapshot_info(plot->snapshot)->tick_ns;

    plot->from = plot->meta.has_window ? plot->meta.from : 0;
    plot->to = plot->meta.has_window ? plot->meta.to : tick_ns;
    if (plot->kind == PLOT_TIMELINE && plot->to - plot->from <= tick_ns)
        widen_moment(plot);
    if (plot->to <= plot->from)
        plot->to = plot->from + tick_ns;
}

int plot_make(struct plot *plot, struct gk_error *error)
{
    static int (*const makers[PLOT_KINDS])(struct plot *, struct gk_error *) = {
        plot_make_timeline, plot_make_curve, plot_make_heat, plot_make_bars, plot_make_board};
    int rc;

    plot->meta = *gk_query_meta(plot->query);
    plot->meta.notes = NULL;
    plot->meta.n_notes = 0;
    plot->zone_s = plot->meta.zone_s;
    plot_table_read_days(&plot->table, plot->zone_s);
    rc = choose_kind(plot, error);
    if (rc != GK_OK)
        return rc;
    set_window(plot);
    return makers[plot->kind](plot, error);
}

void plot_clear(struct plot *plot)
{
    plot_memory_clear(&plot->memory);
    *plot = (struct plot){0};
}

/* ---- states ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int plot_read_runs(struct plot *plot, uint32_t facility, struct plot_run **runs, size_t *n, struct gk_error *error)
{
    int64_t tick_ns = gk_snapshot_info(plot->snapshot)->tick_ns;
    int64_t from_tick = floor_div(plot->from, tick_ns), to = -floor_div(-plot->to, tick_ns);
    int64_t known = floor_div(plot->meta.now, tick_ns) + 1; /* nothing is known behind now */
    const struct gk_step *steps;
    size_t n_steps = 0;
    int rc = GK_OK;

    to = to < known ? to : known;
    if (from_tick < to)
        rc = gk_state_steps(gk_query_snapshot(plot->query), facility, from_tick, to, &steps, &n_steps, error);
    if (rc != GK_OK)
        return rc;
    *runs = plot_take(&plot->memory, n_steps, sizeof **runs);
    *n = n_steps;
    for (size_t i = 0; i < n_steps; i++) {
        gk_time from = steps[i].tick * tick_ns, end = (i + 1 < n_steps ? steps[i + 1].tick : to) * tick_ns;

        (*runs)[i] = (struct plot_run){from < plot->from ? plot->from : from, end < plot->to ? end : plot->to,
                                       (enum gk_state)steps[i].value};
    }
    return GK_OK;
}

enum gk_state plot_longest_state(const struct plot_run *runs, size_t n, size_t *at, gk_time from, gk_time to)
{
    gk_time time[PLOT_STATES] = {0};
    size_t best = GK_NODATA;

    while (*at < n && runs[*at].to <= from)
        (*at)++;
    for (size_t i = *at; i < n && runs[i].from < to; i++) {
        gk_time a = runs[i].from > from ? runs[i].from : from, b = runs[i].to < to ? runs[i].to : to;

        time[runs[i].state] += b - a;
    }
    for (size_t i = 0; i < PLOT_STATES; i++)
        if (time[i] > time[best])
            best = i;
    return (enum gk_state)best;
}

gk_time plot_cell_begin(const struct plot *plot, size_t i, size_t n)
{
    return i == n ? plot->to : plot->from + (gk_time)((double)(plot->to - plot->from) * ((double)i / (double)n));
}

bool plot_is_thin(size_t n_runs, size_t n_cells)
{
    return n_runs > n_cells / 4;
}

struct plot_run *plot_thin_runs(struct plot *plot, const struct plot_run *runs, size_t n_runs, size_t n_cells,
                                size_t *n_out, bool *is_thinned)
{
    struct plot_run *out = plot_take(&plot->memory, n_cells > n_runs ? n_cells : n_runs, sizeof *out);
    size_t at = 0;

    *n_out = 0;
    *is_thinned = plot_is_thin(n_runs, n_cells);
    for (size_t i = 0; !*is_thinned && i < n_runs; i++)
        out[(*n_out)++] = runs[i];
    for (size_t i = 0; *is_thinned && i < n_cells; i++) {
        gk_time from = plot_cell_begin(plot, i, n_cells), to = plot_cell_begin(plot, i + 1, n_cells);
        enum gk_state state = plot_longest_state(runs, n_runs, &at, from, to);

        if (*n_out > 0 && out[*n_out - 1].state == state)
            out[*n_out - 1].to = to;
        else
            out[(*n_out)++] = (struct plot_run){from, to, state};
    }
    return out;
}

/* ---- names in the statement ---- */

static const struct {
    const char *open, *close;
} quotes[] = {{"'", "'"}, {"\"", "\""}, {"‘", "’"}, {"“", "”"}, {"「", "」"}};

/* The next quoted text at or behind *at; false when there is none. */
static bool next_quoted(const char **at, const char **text, size_t *size)
{
    for (; **at != '\0'; (*at)++)
        for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
            size_t n = strlen(quotes[i].open);
            const char *end = strncmp(*at, quotes[i].open, n) == 0 ? strstr(*at + n, quotes[i].close) : NULL;

            if (end == NULL)
                continue;
            *text = *at + n;
            *size = (size_t)(end - *text);
            *at = end + strlen(quotes[i].close);
            return true;
        }
    return false;
}

size_t plot_named_facilities(const struct plot *plot, uint32_t *out, size_t room)
{
    const char *at = plot->text, *text;
    size_t size, n = 0;

    while (n < room && next_quoted(&at, &text, &size)) {
        uint32_t id = gk_facility_find(plot->snapshot, text, size);
        bool is_new = id != GK_ID_NONE;

        for (size_t i = 0; i < n; i++)
            is_new = is_new && out[i] != id;
        if (is_new)
            out[n++] = id;
    }
    return n;
}

uint32_t plot_named_facility(const struct plot *plot)
{
    uint32_t ids[2];

    return plot_named_facilities(plot, ids, 2) == 1 ? ids[0] : GK_ID_NONE;
}

/* ---- labels ---- */

static const char *site_name(gk_snapshot *snapshot, enum gk_kind kind, uint32_t id)
{
    const struct gk_site *site = id == GK_ID_NONE ? NULL : gk_site_get(snapshot, kind, id);

    return site != NULL ? site->name : "";
}

const char *plot_join(struct plot_memory *memory, const char *a, const char *b)
{
    if (*a == '\0' || *b == '\0')
        return *a != '\0' ? a : b;
    return plot_printf(memory, "%s · %s", a, b);
}

const char *plot_tail(struct plot_memory *memory, const char *text, double room, double (*width)(const char *text))
{
    const char *rest = text, *cut = text;
    uint32_t code;

    while (*rest != '\0' && width(cut) > room) {
        rest += utf8_next(rest, strlen(rest), &code);
        cut = plot_printf(memory, "…%s", rest);
    }
    return cut;
}

/* Where a facility is, of which an answer may tell the name alone. */
const char *plot_place_of(struct plot *plot, const char *name)
{
    uint32_t id = gk_facility_find(plot->snapshot, name, strlen(name));
    const struct gk_facility *facility = id == GK_ID_NONE ? NULL : gk_facility_get(plot->snapshot, id);

    if (facility == NULL)
        return "";
    return plot_join(&plot->memory, site_name(plot->snapshot, GK_ENTERPRISE, facility->enterprise),
                     site_name(plot->snapshot, GK_LINE, facility->line));
}

struct plot_label plot_label_of(struct plot *plot, const struct plot_keys *keys, size_t row)
{
    static const char *const narrow[] = {"facility", "line", "enterprise", "park"};
    size_t named = PLOT_NONE;
    struct plot_label label = {"", ""};

    for (size_t k = 0; named == PLOT_NONE && k < sizeof narrow / sizeof *narrow; k++)
        for (size_t i = 0; named == PLOT_NONE && i < keys->n_texts; i++)
            if (strcmp(plot->table.columns[keys->texts[i]].name, narrow[k]) == 0)
                named = keys->texts[i];
    if (named == PLOT_NONE && keys->n_texts > 0)
        named = keys->texts[keys->n_texts - 1];
    label.name = plot_table_text(&plot->table, named, row);
    for (size_t i = 0; i < keys->n_texts; i++)
        if (keys->texts[i] != named)
            label.place = plot_join(&plot->memory, label.place, plot_table_text(&plot->table, keys->texts[i], row));
    if (*label.place == '\0' && named != PLOT_NONE && strcmp(plot->table.columns[named].name, "facility") == 0)
        label.place = plot_place_of(plot, label.name);
    return label;
}
