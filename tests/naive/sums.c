/*
 * sums.c - see naive.h. What one source says of every group in every bucket: of a condition tick by tick, of a series
 * sample by sample; of the window, or of the normal days before it.
 */
#include "naive/statement.h"

#include <math.h>

#define NORMAL_DAYS_BACK 60

/* Of one subject: sums by cell, which are a row each of the table. */
struct source_of {
    const struct statement *s;
    const struct view *view;
    const struct frame *frame;
    const struct buckets *buckets;
    struct run_of run; /* of a condition, or of what narrows a series */
    bool has_run;
    struct pieces slices, pieces, moved;
    struct sums day[BUCKETS_MAX], total[BUCKETS_MAX];
};

/* ---- a condition ---- */

static int64_t end_known(const struct run_of *run, truth least)
{
    return least == 2 ? zone_tick(run->view->zone, run_watermark(run)) : run->frame.known_end - 1;
}

/* The length of the stretch around a tick, from its true begin to its end or as far as is known. */
static int64_t length_at(const struct run_of *run, int64_t tick, truth least)
{
    bool is_endless;
    int64_t from = run_begin_of(run, tick, least, 2, &is_endless), to = run_end_of(run, tick, least, 2);

    return (to >= run->frame.known_end ? end_known(run, least) : to) - from;
}

static void add_ticks(const struct run_of *run, int64_t from, int64_t to, bool is_day, struct sums *out)
{
    bool is_event = run->cond->is_event;
    int certain = 0, possible = 0;

    for (int64_t t = from, next; t < to; t = next) { /* between one and the next all ticks are alike */
        truth now = run_truth(run, t), before = run_truth(run, t - 1);
        next = run_end_of(run, t, now, now);
        next = next < to ? next : to;
        double n = (double)(next - t);
        out->total += n;
        out->certain += now == 2 && !is_event ? n : 0;
        out->possible += now == 1 || (now == 2 && !is_event) ? n : 0;
        if (now == 2 && before != 2) {
            certain++;
            out->first_tick = !out->has_first || t < out->first_tick ? t : out->first_tick;
            out->last_tick = !out->has_first || t > out->last_tick ? t : out->last_tick;
            out->has_first = true;
        }
        possible += now >= 1 && before == 0;
        for (truth least = 1; least <= 2 && !is_event && !is_day; least++) {
            int64_t *longest = least == 2 ? &out->longest : &out->possible_longest;
            bool is_new = now >= least && (t == from || before < least);
            if (!is_new || (run_end_of(run, t, least, 2) >= run->frame.known_end && t >= end_known(run, least)))
                continue;
            int64_t length = length_at(run, t, least);
            *longest = length > *longest ? length : *longest;
        }
    }
    out->starts += certain;
    out->possible_starts += possible > certain ? possible : certain;
}

/* ---- a series ---- */

bool statement_means(const struct statement *s, const struct view *view, int facility)
{
    const struct zone *zone = view->zone;
    const struct ref *ref = &s->ref;
    int id = facility;

    if (!statement_has_facility(s, zone, facility))
        return false;
    if (ref->noun > ABATEMENT)
        id = ref->noun == ZONE ? 0 : zone->facilities[facility].site[kind_of(ref->noun)];
    else if (!facility_has_noun(zone, facility, ref->noun))
        return false;
    if (s->has_own_filter && !filter_passes(zone, &s->own_filter, facility))
        return false;
    return ref->n_names == 0 || (id != NONE && site_is_named(zone, ref->noun, id, ref->names, ref->n_names));
}

double series_value(const struct statement *s, const struct facility *f, const struct sample *sample)
{
    double value;

    if (s->metric == ROW)
        return row_value(s->channel, f, sample, &value) ? value : NAN;
    int from = s->metric == CURRENT ? IA : s->metric == CHANNEL ? s->channel : KW, n = 0;
    double sum = 0;

    for (int c = from; c <= (s->metric == CURRENT ? IC : from); c++)
        if (!isnan(sample->value[c]))
            sum += sample->value[c], n++;
    if (n == 0 || (s->metric == LOAD && f->rated_kw == 0))
        return NAN;
    sum = n > 1 ? sum / n : sum;
    return s->metric == LOAD ? sum / ((double)f->rated_kw / 100) : sum;
}

static void add_value(struct sums *sums, gk_time t, double v)
{
    if (sums->n_values == sums->capacity) {
        sums->capacity = sums->capacity ? 2 * sums->capacity : 16;
        sums->values = realloc(sums->values, (size_t)sums->capacity * sizeof v);
        assert_non_null(sums->values);
    }
    sums->values[sums->n_values++] = v;
    bool is_first = !(sums->count > 0);
    sums->min = is_first || v < sums->min ? v : sums->min;
    sums->max = is_first || v > sums->max ? v : sums->max;
    if (is_first || t < sums->first_time)
        sums->first = v, sums->first_time = t;
    if (is_first || t >= sums->last_time)
        sums->last = v, sums->last_time = t;
    sums->count++;
    sums->sum += v;
    sums->sum_size += fabs(v);
    sums->squares += v * v;
}

static gk_time begin_of(const struct pieces *pieces)
{
    gk_time t = pieces->list[0].from;

    for (int i = 1; i < pieces->n; i++)
        t = pieces->list[i].from < t ? pieces->list[i].from : t;
    return t;
}

static gk_time end_of(const struct pieces *pieces)
{
    gk_time t = pieces->list[0].to;

    for (int i = 1; i < pieces->n; i++)
        t = pieces->list[i].to > t ? pieces->list[i].to : t;
    return t;
}

/* Where samples of a counter matter: in the pieces and a day around them, but nothing behind now. */
static void counter_range(const struct view *view, const struct pieces *pieces, gk_time *from, gk_time *to)
{
    gk_time now = view->zone->now, end = end_of(pieces);

    *from = begin_of(pieces) - DAY;
    *to = end + DAY < now ? end + DAY : now > end ? now : end;
}

static bool is_counted(const struct source_of *of, const struct pieces *pieces, int facility)
{
    const struct signal *signal = &of->view->signals[facility];
    gk_time from, to;

    counter_range(of->view, pieces, &from, &to);
    for (int i = 0; i < signal->n && of->s->metric == ENERGY_OF && statement_has_agg(of->s, ENERGY); i++)
        if (!isnan(signal->samples[i].value[KWH]) && signal->samples[i].time >= from && signal->samples[i].time < to)
            return true;
    return false;
}

/* A counter that is smaller went past a power of ten, when it was just before one, or else began again at 0. */
static double growth(double before, double now)
{
    for (double full = 10000; full < 1e15 && now < before; full *= 10)
        if (before >= full / 10 * 9 && before < full && now >= 0 && now < full / 10)
            return now - before + full;
    return now < before ? now : now - before;
}

/* The growth of a counter between two samples is spread evenly. */
static void add_growth(const struct source_of *of, const struct pieces *pieces, int facility, const struct piece *piece,
                       struct sums *out)
{
    const struct signal *signal = &of->view->signals[facility];
    gk_time low, high, before = 0;
    double value = NAN;

    counter_range(of->view, pieces, &low, &high);
    for (int i = 0; i < signal->n; i++) {
        gk_time t = signal->samples[i].time;
        double now = signal->samples[i].value[KWH];
        if (isnan(now) || t < low || t >= high)
            continue;
        gk_time a = before > piece->from ? before : piece->from, b = t < piece->to ? t : piece->to;
        if (!isnan(value) && a < b) {
            double grown = growth(value, now) * ((double)(b - a) / (double)(t - before));
            out->kwh += grown;
            out->kwh_size += fabs(grown);
            out->has_growth = true;
        }
        before = t;
        value = now;
    }
}

static double value_for(const struct statement *s, const struct facility *f, const struct sample *sample, bool counts)
{
    return counts ? sample->value[KWH] : series_value(s, f, sample);
}

/* Whether a row has a value of the series, though it may make no number: infinity less infinity. */
static bool is_sample(const struct statement *s, const struct facility *f, const struct sample *sample, bool counts)
{
    int from = counts ? KWH : s->metric == CURRENT ? IA : s->metric == CHANNEL ? s->channel : KW;
    double value;

    if (s->metric == ROW)
        return row_value(s->channel, f, sample, &value);
    for (int c = from; c <= (!counts && s->metric == CURRENT ? IC : from); c++)
        if (!isnan(sample->value[c]))
            return counts || s->metric != LOAD || f->rated_kw;
    return false;
}

static void add_samples(const struct source_of *of, int facility, const struct piece *piece, bool counts,
                        struct sums *out)
{
    const struct view *view = of->view;
    const struct signal *signal = &view->signals[facility];
    const struct facility *f = &view->zone->facilities[facility];

    for (int i = 0, next; i < signal->n; i = next) {
        gk_time t = signal->samples[i].time, until = GK_TIME_MAX;
        double v = value_for(of->s, f, &signal->samples[i], counts);
        next = i + 1;
        if (isnan(v))
            continue;
        while (next < signal->n && !is_sample(of->s, f, &signal->samples[next], counts))
            next++;
        if (next < signal->n)
            until = signal->samples[next].time;
        int64_t hold = signal_hold(view, facility, zone_tick(view->zone, t)) * view->zone->tick;
        until = until - t < hold ? until : t + hold;
        gk_time low = t > piece->from ? t : piece->from, high = until < piece->to ? until : piece->to;
        if (low < high)
            out->held += (double)(high - low);
        if (t >= piece->from && t < piece->to)
            add_value(out, t, v);
        if (!counts && low < high) {
            out->kwh += v * ((double)(high - low) / 1e9) / 3600;
            out->kwh_size += fabs(v * ((double)(high - low) / 1e9) / 3600);
        }
    }
}

static void add_pieces(const struct source_of *of, const struct pieces *pieces, int facility, struct sums *sums)
{
    bool counts = pieces->n > 0 && is_counted(of, pieces, facility);

    for (int i = 0; i < pieces->n; i++) {
        const struct piece *piece = &pieces->list[i];
        if (counts)
            add_growth(of, pieces, facility, piece, &sums[piece->cell]);
        add_samples(of, facility, piece, counts, &sums[piece->cell]);
    }
}

/* The part of [from, to) in each slice. */
static void cut_slices(struct source_of *of, gk_time from, gk_time to)
{
    for (int i = 0; i < of->slices.n; i++) {
        const struct piece *slice = &of->slices.list[i];
        pieces_add(&of->pieces, from > slice->from ? from : slice->from, to < slice->to ? to : slice->to, slice->cell);
    }
}

/* The ticks in which a condition is certain; of one that the window cuts, what is inside. */
static void find_certain(struct source_of *of)
{
    const struct frame *frame = of->frame;
    int64_t tick = of->view->zone->tick;

    for (int64_t t = frame->a, end; t < frame->b; t = end) {
        end = t + 1;
        if (run_truth(&of->run, t) < 2)
            continue;
        while (end < frame->b && run_truth(&of->run, end) == 2)
            end++;
        cut_slices(of, t > frame->a ? t * tick : frame->from, end < frame->b ? end * tick : frame->to);
    }
}

static void find_pieces(struct source_of *of, int facility, struct sums *sums)
{
    int64_t tick = of->view->zone->tick;

    of->pieces.n = 0;
    if (!of->has_run || of->s->kind != SERIES) {
        cut_slices(of, of->frame->from, of->frame->to);
        for (int i = 0; i < of->slices.n; i++)
            sums[of->slices.list[i].cell].covered += (double)(of->slices.list[i].to - of->slices.list[i].from);
        return;
    }
    run_subject(&of->run, facility);
    find_certain(of);
    for (int i = 0; i < of->slices.n; i++) {
        const struct piece *slice = &of->slices.list[i];
        int64_t to = zone_tick(of->view->zone, slice->to), n = 0;
        for (int64_t t = zone_tick(of->view->zone, slice->from); t < to; t++)
            n += run_truth(&of->run, t) >= 1;
        sums[slice->cell].covered += (double)(n * tick);
    }
}

/* ---- normal days ---- */

/*
 * Nothing is ordered of the subject, and nothing exempt, for any part of the day: of a site in none of its production
 * facilities, or in none at all where it has no production.
 */
static bool is_normal(const struct view *view, struct who who, gk_time day)
{
    const struct zone *zone = view->zone;
    bool has_production = false;

    for (int f = 0; f < zone->n_facilities && who.noun > ABATEMENT; f++)
        has_production |= facility_is_inside(zone, f, who.noun, who.id) && zone->facilities[f].role == GK_PRODUCTION;
    for (int f = 0; f < zone->n_facilities; f++) {
        bool is_inside = facility_is_inside(zone, f, who.noun, who.id) &&
                         (!has_production || zone->facilities[f].role == GK_PRODUCTION);
        for (int i = 0; i < zone->n_orders && is_inside; i++)
            if (order_is_upon(zone, &zone->orders[i], f) && zone->orders[i].from < day + DAY &&
                zone->orders[i].to > day)
                return false;
        for (int i = 0; i < zone->n_exemptions && is_inside; i++)
            if (order_is_upon(zone, &zone->exemptions[i], f) && zone->exemptions[i].from < day + DAY &&
                zone->exemptions[i].to > day)
                return false;
    }
    return true;
}

/* The pieces of one civil day, on another one. */
static void move_pieces(struct source_of *of, gk_time from_day, gk_time day)
{
    of->moved.n = 0;
    for (int i = 0; i < of->pieces.n; i++) {
        const struct piece *piece = &of->pieces.list[i];
        gk_time from = piece->from > from_day ? piece->from : from_day;
        gk_time to = piece->to < from_day + DAY ? piece->to : from_day + DAY;
        pieces_add(&of->moved, from - from_day + day, to - from_day + day, piece->cell);
    }
}

static void weigh(struct sums *to, const struct sums *from, double weight)
{
    if (from->count > 0) {
        bool is_first = !(to->count > 0);
        to->min = is_first || from->min < to->min ? from->min : to->min;
        to->max = is_first || from->max > to->max ? from->max : to->max;
        if (is_first || from->first_time < to->first_time)
            to->first = from->first, to->first_time = from->first_time;
        if (is_first || from->last_time >= to->last_time)
            to->last = from->last, to->last_time = from->last_time;
    }
    to->has_growth |= from->has_growth;
    to->certain += from->certain * weight;
    to->possible += from->possible * weight;
    to->total += from->total * weight;
    to->starts += from->starts * weight;
    to->possible_starts += from->possible_starts * weight;
    to->count += from->count * weight;
    to->sum += from->sum * weight;
    to->sum_size += from->sum_size * weight;
    to->squares += from->squares * weight;
    to->kwh += from->kwh * weight;
    to->kwh_size += from->kwh_size * weight;
    to->held += from->held * weight;
    to->covered += from->covered * weight;
}

static void add_day(struct source_of *of, int id)
{
    for (int i = 0; i < of->moved.n; i++) {
        const struct piece *piece = &of->moved.list[i];
        if (of->s->kind == SERIES)
            of->day[piece->cell].covered += (double)(piece->to - piece->from);
        else
            add_ticks(&of->run, zone_tick(of->view->zone, piece->from), zone_tick(of->view->zone, piece->to), true,
                      &of->day[piece->cell]);
    }
    if (of->s->kind == SERIES)
        add_pieces(of, &of->moved, id, of->day);
}

/* Whether at least half of the day's hours are known. */
static bool is_known(const struct source_of *of)
{
    double known = 0, all = 0;

    for (int j = 0; j < of->buckets->n; j++) {
        const struct sums *day = &of->day[j];
        known += of->s->kind == SERIES ? day->held : day->total - (day->possible - day->certain);
        all += of->s->kind == SERIES ? day->covered : day->total;
    }
    return known >= all / 2;
}

static void add_normal(struct source_of *of, struct who who, int n_days)
{
    gk_time first = civil_time(of->frame->from, BY_DAY, 0);
    int n_found = 0;

    if (of->pieces.n == 0)
        return;
    first = civil_time(begin_of(&of->pieces), BY_DAY, 0);
    gk_time day = civil_time(of->frame->from, BY_DAY, 0);
    for (int back = 0; back < NORMAL_DAYS_BACK && n_found < n_days; back++) {
        day -= DAY;
        if (day + DAY <= of->view->beginning)
            break;
        if (!is_normal(of->view, who, day))
            continue;
        memset(of->day, 0, (size_t)of->buckets->n * sizeof *of->day);
        for (gk_time from = first; from < end_of(&of->pieces); from += DAY) {
            move_pieces(of, from, day);
            if (of->moved.n)
                add_day(of, who.id);
        }
        for (int j = 0; is_known(of) && j < of->buckets->n; j++)
            weigh(&of->total[j], &of->day[j], 1 / (double)n_days);
        n_found += is_known(of);
        for (int j = 0; j < of->buckets->n; j++)
            free(of->day[j].values);
    }
    for (int j = 0; n_found < n_days && j < of->buckets->n; j++) {
        bool is_touched = of->s->kind != SERIES && of->buckets->edges[j] < of->buckets->edges[j + 1];
        for (int i = 0; i < of->pieces.n; i++)
            is_touched |= of->pieces.list[i].cell == j;
        of->total[j].n_lacking += is_touched;
    }
}

/* ---- attributes ---- */

/* Of facilities, not of subjects of a condition. */
static bool is_of_facilities(const struct statement *s)
{
    return s->kind == SERIES || s->kind == FIELD;
}

static double attribute(const struct statement *s, const struct facility *f)
{
    if (s->field == STOP_LEVEL)
        return f->stop_level == NONE ? NAN : f->stop_level;
    int64_t rated = s->field == RATED ? f->rated_kw : f->rated_a;
    return rated ? (double)rated / 100 : NAN;
}

static bool is_touched(const struct pieces *slices, int cell, gk_time from, gk_time to)
{
    for (int i = 0; i < slices->n; i++)
        if (slices->list[i].cell == cell && from < slices->list[i].to && to > slices->list[i].from)
            return true;
    return false;
}

/* Once into each cell: the attribute, or what each order cuts that is upon the facility at some time of it. */
static void add_field(const struct source_of *of, int facility, int cell, struct sums *out)
{
    const struct zone *zone = of->view->zone;
    double value = of->s->field == CUT ? NAN : attribute(of->s, &zone->facilities[facility]);

    if (!isnan(value))
        add_value(out, 0, value);
    for (int i = 0; i < zone->n_orders && of->s->field == CUT; i++) {
        const struct order *o = &zone->orders[i];
        if (o->cut != NONE && order_is_meant(of->s->cond, o, zone) && order_is_upon(zone, o, facility) &&
            is_touched(&of->slices, cell, o->from, o->to))
            add_value(out, 0, (double)o->cut / 100);
    }
}

/* ---- all of a source ---- */

static int row_of(const struct source_of *of, struct who who, int cell, struct table *table)
{
    return table_row(table, of->s, of->view, is_of_facilities(of->s) ? FACILITY : who.noun, who.id, cell);
}

/* The same hours of the normal days before the window. */
static void measure_normal(struct source_of *of, struct who who, int n_days, struct table *table, struct sums *out)
{
    int n = of->buckets->n;

    memset(of->day, 0, (size_t)n * sizeof *of->day);
    find_pieces(of, who.id, of->day);
    if (of->s->kind != SERIES)
        run_subject(&of->run, who.id);
    add_normal(of, who, n_days);
    for (int j = 0; j < n; j++) {
        struct sums *sums = &out[row_of(of, who, j, table)];
        sums->n_subjects += of->buckets->edges[j] < of->buckets->edges[j + 1];
        weigh(sums, &of->total[j], 1);
        sums->n_lacking += of->total[j].n_lacking;
    }
}

static void measure_subject(struct source_of *of, struct who who, int n_days, struct table *table, struct sums *out)
{
    const struct zone *zone = of->view->zone;
    int n_cells = of->buckets->n * (of->buckets->n_shifts ? of->buckets->n_shifts : 1);
    bool is_series = of->s->kind == SERIES;

    memset(of->total, 0, (size_t)n_cells * sizeof *of->total);
    slices_list(zone, of->buckets, of->frame, who, &of->slices);
    if (n_days) {
        measure_normal(of, who, n_days, table, out);
        return;
    }
    if (is_series)
        find_pieces(of, who.id, of->total);
    else if (of->has_run)
        run_subject(&of->run, who.id);
    struct sums *by_cell = of->day; /* the rows of the cells do not lie side by side */
    for (int i = 0; i < of->slices.n; i++) {
        int row = row_of(of, who, of->slices.list[i].cell, table);
        by_cell[of->slices.list[i].cell] = row == NONE ? (struct sums){.n_subjects = 0} : out[row];
    }
    for (int i = 0; i < of->slices.n; i++) {
        const struct piece *slice = &of->slices.list[i];
        struct sums *sums = &by_cell[slice->cell];
        sums->covered += of->total[slice->cell].covered;
        of->total[slice->cell].covered = 0; /* of a cell once */
        sums->n_subjects++;
        if (of->s->kind == FIELD && of->total[slice->cell].n_subjects++ == 0)
            add_field(of, who.id, slice->cell, sums);
        else if (of->s->kind == AGGREGATE)
            add_ticks(&of->run, zone_tick(zone, slice->from), zone_tick(zone, slice->to), false, sums);
    }
    if (is_series)
        add_pieces(of, &of->pieces, who.id, by_cell);
    for (int i = 0; i < of->slices.n; i++) {
        struct sums *sums = &by_cell[of->slices.list[i].cell];
        int row = row_of(of, who, of->slices.list[i].cell, table);
        if (row != NONE)
            out[row] = *sums;
        else
            free(sums->values);
        sums->values = row == NONE ? NULL : sums->values;
    }
}

static struct whom whom_of(const struct statement *s)
{
    if (!is_of_facilities(s))
        return tree_subject(s->cond, s->per);
    struct whom whom = {.noun = s->ref.noun <= ABATEMENT ? s->ref.noun : FACILITY};
    if (s->ref.noun <= ABATEMENT) {
        whom.n_names = s->ref.n_names;
        memcpy(whom.names, s->ref.names, sizeof whom.names);
    }
    return whom;
}

static bool is_of(const struct statement *s, const struct view *view, const struct whom *whom, int id)
{
    return is_of_facilities(s) ? statement_means(s, view, id) : statement_has_subject(s, view->zone, whom, id);
}

void source_add_rows(const struct statement *s, const struct view *view, const struct frame *frame, struct table *table)
{
    struct whom whom = whom_of(s);
    int n = is_of_facilities(s) ? view->zone->n_facilities : subject_count(view->zone, whom.noun);
    struct pieces slices = {.list = NULL};

    for (int id = 0; id < n; id++) {
        if (!is_of(s, view, &whom, id))
            continue;
        slices_list(view->zone, &table->buckets, frame, (struct who){whom.noun, id}, &slices);
        for (int i = 0; i < slices.n && table->buckets.is_by_shift; i++) {
            const struct piece *slice = &slices.list[i];
            bool has_tick = zone_tick(view->zone, slice->from) < zone_tick(view->zone, slice->to);
            if (is_of_facilities(s) || has_tick)
                (void)table_row(table, s, view, is_of_facilities(s) ? FACILITY : whom.noun, id, slice->cell);
        }
        for (int j = 0; j < table->buckets.n && !table->buckets.is_by_shift; j++)
            (void)table_row(table, s, view, is_of_facilities(s) ? FACILITY : whom.noun, id, j);
    }
    free(slices.list);
}

void source_measure(const struct statement *s, const struct view *view, const struct frame *frame, struct table *table,
                    int n_days, struct sums *out)
{
    static struct source_of of;
    struct whom whom = whom_of(s);
    int n = is_of_facilities(s) ? view->zone->n_facilities : subject_count(view->zone, whom.noun);

    of.s = s;
    of.view = view;
    of.frame = frame;
    of.buckets = &table->buckets;
    of.slices = of.pieces = of.moved = (struct pieces){.list = NULL};
    of.has_run = !is_of_facilities(s) || s->is_narrowed;
    if (of.has_run) {
        run_open(&of.run, s, view, s->cond, frame, n_days ? DAY / view->zone->tick : 0);
        of.run.field.whom = whom;
    }
    for (int id = 0; id < n; id++)
        if (is_of(s, view, &whom, id))
            measure_subject(&of, (struct who){whom.noun, id}, n_days, table, out);
    if (of.has_run)
        run_close(&of.run);
    free(of.slices.list);
    free(of.pieces.list);
    free(of.moved.list);
}

/* ---- numbers ---- */

static int compare_values(const void *p, const void *q)
{
    double a, b;

    memcpy(&a, p, sizeof a);
    memcpy(&b, q, sizeof b);
    return a < b ? -1 : a > b;
}

static struct number percentile(const struct sums *x, double share)
{
    double *sorted = x->values, rank = share * (x->n_values - 1);
    int low = (int)rank, high = low + 1 < x->n_values ? low + 1 : low;

    qsort(sorted, (size_t)x->n_values, sizeof *sorted, compare_values);
    return (struct number){sorted[low] + (sorted[high] - sorted[low]) * (rank - low),
                           (fabs(sorted[low]) + fabs(sorted[high])) * 1e-9, false};
}

static struct number of_samples(enum agg agg, const struct sums *x)
{
    if (agg == ENERGY)
        return (struct number){x->kwh, x->kwh_size * 1e-9 + 1e-12, false};
    if (agg == AVG)
        return (struct number){x->sum / x->count, x->sum_size / x->count * 1e-9, false};
    if (agg == SUM)
        return (struct number){x->sum, x->sum_size * 1e-9, false};
    if (agg == RMS) /* the spread of a whole hour is kept in 20 bits */
        return (struct number){sqrt(x->squares / x->count), sqrt(x->squares / x->count) * 1e-6, false};
    if (agg == P50 || agg == P95 || agg == MEDIAN)
        return percentile(x, agg == P95 ? 0.95 : 0.5);
    return (struct number){agg == MIN ? x->min : agg == MAX ? x->max : agg == FIRST ? x->first : x->last, 0, false};
}

static struct number series_number(enum agg agg, const struct sums *x)
{
    const struct number nothing = {NAN, 0, false};
    bool is_energy_known = x->count > 0 || x->held > 0 || x->has_growth || !(x->covered > 0);

    if (x->n_subjects == 0 || x->n_lacking)
        return nothing;
    if (agg == COUNT)
        return (struct number){x->count, x->count * 1e-9, false};
    if (agg == COVERAGE)
        return (struct number){x->covered > 0 ? x->held / x->covered : NAN, 0, false};
    if (agg == ENERGY ? !is_energy_known : !(x->count > 0))
        return nothing;
    struct number out = of_samples(agg, x);
    out.is_any = !(fabs(out.value) < 1e150) || !(out.slack < 1e150);
    return out;
}

/* Of an attribute the value on which all agree, unless an aggregate is said. */
static struct number field_number(enum agg agg, const struct sums *x)
{
    if (x->n_subjects == 0 || (agg != COUNT && !(x->count > 0)))
        return (struct number){NAN, 0, false};
    if (agg == AGREED)
        return (struct number){x->min < x->max ? NAN : x->min, 0, false};
    return agg == COUNT ? (struct number){x->count, 0, false} : of_samples(agg, x);
}

struct number source_number(const struct statement *s, const struct view *view, enum agg agg, const struct sums *x)
{
    double second = (double)view->zone->tick / 1e9, known = x->total - (x->possible - x->certain), value = NAN;

    if (s->kind == SERIES)
        return series_number(agg, x);
    if (s->kind == FIELD)
        return field_number(agg, x);
    if (x->n_lacking || !(x->total > 0)) /* nobody, or no time */
        return (struct number){NAN, 0, false};
    if (agg == DURATION)
        value = x->certain * second;
    else if (agg == SHARE)
        value = known > 0 ? x->certain / known : NAN;
    else if (agg == COUNT)
        value = x->starts;
    else if (agg == LONGEST)
        value = (double)x->longest * second;
    else
        value = known / x->total;
    return (struct number){value, 0, false};
}

struct number source_possible(const struct view *view, enum agg agg, const struct sums *x)
{
    double second = (double)view->zone->tick / 1e9;

    return (struct number){agg == DURATION ? x->possible * second
                           : agg == SHARE  ? (x->total > 0 ? x->possible / x->total : NAN)
                           : agg == COUNT  ? x->possible_starts
                                           : (double)x->possible_longest * second,
                           0, false};
}
