/*
 * run.c - see naive.h. A condition over a window, subject after subject, and the stretches in which it is true.
 */
#include "naive/statement.h"

/* ---- evaluating a condition ---- */

static int64_t least_date(const struct zone *zone, gk_time t, int64_t least)
{
    return t != GK_TIME_MIN && zone_tick(zone, t) < least ? zone_tick(zone, t) : least;
}

void run_open(struct run_of *run, const struct statement *s, const struct view *view, const struct node *cond,
              const struct frame *frame, int64_t back)
{
    const struct zone *zone = view->zone;
    struct span span;
    int64_t end;

    *run = (struct run_of){.s = s, .cond = cond, .view = view, .frame = *frame};
    int64_t data = view->beginning == GK_TIME_MAX ? run->frame.known_end : zone_tick(zone, view->beginning);
    run->pad = tree_pad(cond, zone->tick) + 2;
    run->first = data < run->frame.a ? data : run->frame.a;
    run->valid = run->first;
    for (int i = 0; i < zone->n_orders; i++)
        run->valid = least_date(zone, zone->orders[i].from, run->valid);
    for (int i = 0; i < zone->n_exemptions; i++)
        run->valid = least_date(zone, zone->exemptions[i].from, run->valid);
    for (int i = 0; i < zone->n_links; i++) {
        run->valid = least_date(zone, zone->links[i].from, run->valid);
        run->valid = least_date(zone, zone->links[i].to, run->valid);
    }
    run->valid -= run->pad + 1 + back;
    run->valid -= tree_days(cond) * DAY / zone->tick;
    span.first = run->valid - run->pad;
    if (tree_has(cond, AFTER)) /* how a run began in the hours before these hangs on those before them */
        span.first -= tree_days(cond) * DAY / zone->tick;
    end = run->frame.known_end > run->frame.b ? run->frame.known_end : run->frame.b;
    span.n = (int)(end + 2 * run->pad - span.first);
    span.known_end = run->frame.known_end;
    field_open(&run->field, view, &span);
    for (int f = 0; f < zone->n_facilities; f++)
        run->field.is_in[f] = statement_is_in(s, zone, f);
    run->field.whom = statement_whom(s, cond);
    run->out = malloc((size_t)span.n);
    assert_non_null(run->out);
}

void run_close(struct run_of *run)
{
    field_close(&run->field);
    free(run->out);
}

void run_subject(struct run_of *run, int id)
{
    tree_truth(&run->field, run->cond, (struct who){run->field.whom.noun, id}, run->out);
    for (int i = 0; i < run->field.span.n && run->s->unknown_as; i++)
        run->out[i] = run->out[i] == 2 || (run->out[i] == 1 && run->s->unknown_as == 1) ? 2 : 0;
}

truth run_truth(const struct run_of *run, int64_t tick)
{
    return run->out[tick - run->field.span.first];
}

/* Where the stretch around a tick begins and ends; by one truth, or (level) by at least that. */
int64_t run_begin_of(const struct run_of *run, int64_t tick, truth least, truth most, bool *is_endless)
{
    while (tick > run->valid && run_truth(run, tick - 1) >= least && run_truth(run, tick - 1) <= most)
        tick--;
    *is_endless = tick == run->valid;
    return *is_endless ? run->first : tick;
}

int64_t run_end_of(const struct run_of *run, int64_t tick, truth least, truth most)
{
    int64_t first = run->field.span.first, end = first + run->field.span.n;

    while (tick < end && run_truth(run, tick) >= least && run_truth(run, tick) <= most)
        tick = first + same_until(run->out, (int)(tick - first), run->field.span.n);
    return tick;
}

/* ---- when ---- */

static void put_named(const struct zone *zone, enum noun noun, int id, struct answer *out)
{
    int position[4];

    subject_position(zone, noun, id, position);
    answer_put_text(out, 0, noun == ZONE ? "zone" : site_text(zone, noun <= ABATEMENT ? 0 : (int)kind_of(noun), id));
    answer_put_text(out, 1, site_text(zone, 0, position[0]));
    answer_put_text(out, 2, site_text(zone, GK_LINE, position[GK_LINE]));
    answer_put_text(out, 3, site_text(zone, GK_ENTERPRISE, position[GK_ENTERPRISE]));
    answer_put_text(out, 4, site_text(zone, GK_PARK, position[GK_PARK]));
}

void run_put_subject(const struct run_of *run, int id, struct answer *out)
{
    put_named(run->view->zone, run->field.whom.noun, id, out);
}

gk_time run_watermark(const struct run_of *run)
{
    gk_time now = run->view->zone->now;
    return run->view->watermark < now ? run->view->watermark : now;
}

static void put_stretch(const struct run_of *run, int id, int64_t from, int64_t to, truth level, bool is_endless,
                        struct answer *out)
{
    bool is_event = run->s->cond->is_event, is_open = to >= run->frame.known_end && !(is_event && level == 2);
    int64_t tick = run->view->zone->tick;
    double seconds = (double)(to - from) * (double)tick / 1e9;

    if (is_open) {
        seconds = (double)(run_watermark(run) - from * tick) / 1e9;
        if (run_watermark(run) == GK_TIME_MIN || seconds < 0)
            seconds = 0;
    }
    answer_add_row(out);
    run_put_subject(run, id, out);
    answer_put_time(out, 5, from * tick);
    if (!is_open)
        answer_put_time(out, 6, is_event && level == 2 ? from * tick : to * tick);
    answer_put_number(out, 7, GK_TYPE_SECONDS, is_event ? 0 : seconds, 0);
    answer_put_text(out, 8, level == 2 ? "certain" : "possible");
    answer_put_count(out, 9, GK_TYPE_TRUTH, is_open);
    answer_put_count(out, 10, GK_TYPE_TRUTH, is_endless || from < run->frame.a);
}

static void list_runs(const struct run_of *run, int id, struct answer *out)
{
    bool is_event = run->s->cond->is_event, is_endless;

    for (int64_t t = run->frame.a, next; t < run->frame.b; t = next) {
        truth level = run_truth(run, t);
        next = run_end_of(run, t, level, level);
        if (level == 0 || (level == 1 && !run->s->with_possible))
            continue;
        if (level == 2 && is_event) { /* moments */
            put_stretch(run, id, t, t + 1, level, false, out);
            next = t + 1;
            continue;
        }
        int64_t from = run_begin_of(run, t, level, level, &is_endless);
        put_stretch(run, id, from, next, level, is_endless, out);
    }
}

void answer_name_columns(struct answer *out, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        out->columns[out->n_columns++] = names[i];
}

/* Of a subject, or of a site by all the subjects inside of it. */
static void put_verdict(const struct run_of *run, enum noun noun, int id, const truth *truths, struct answer *out)
{
    int64_t certain = 0, possible = 0, total = run->frame.b - run->frame.a;
    int mode = run->s->mode;

    for (int64_t t = run->frame.a; t < run->frame.b; t++) {
        certain += truths[t - run->field.span.first] == 2;
        possible += truths[t - run->field.span.first] > 0;
    }
    if (total <= 0 || (mode == 1 ? certain < total : mode == 2 ? possible > 0 : certain == 0))
        return;
    answer_add_row(out);
    put_named(run->view->zone, noun, id, out);
    answer_put_text(out, 5, "certain");
}

static void answer_sites(struct run_of *run, enum noun noun, struct answer *out)
{
    const struct zone *zone = run->view->zone;
    enum noun of = run->field.whom.noun;
    size_t n = (size_t)run->field.span.n;
    truth *all = malloc(n);
    int position[4];

    assert_non_null(all);
    for (int site = 0; site < subject_count(zone, noun); site++) {
        bool is_found = false;
        memset(all, 0, n);
        for (int id = 0; id < subject_count(zone, of); id++) {
            subject_position(zone, of, id, position);
            bool is_inside = noun == ZONE || position[kind_of(noun)] == site;
            if (!is_inside || !statement_has_subject(run->s, zone, &run->field.whom, id))
                continue;
            run_subject(run, id);
            is_found = true;
            for (size_t i = 0; i < n; i++)
                all[i] = run->out[i] > all[i] ? run->out[i] : all[i];
        }
        if (is_found)
            put_verdict(run, noun, site, all, out);
    }
    free(all);
}

void answer_runs(const struct statement *s, const struct view *view, struct answer *out)
{
    static const char *const names[] = {"subject", "facility",   "line",      "enterprise", "park",      "start",
                                        "end",     "duration_s", "certainty", "open",       "carried_in"};
    static const char *const of_which[] = {"subject", "facility", "line", "enterprise", "park", "certainty"};
    struct frame frame;
    struct run_of run;

    answer_name_columns(out, s->kind == WHEN ? names : of_which, s->kind == WHEN ? 11 : 6);
    frame_make(s, view, &frame);
    run_open(&run, s, view, s->cond, &frame, 0);
    bool is_of_sites = s->kind == WHICH && s->noun > ABATEMENT && run.field.whom.noun != s->noun;
    if (is_of_sites)
        answer_sites(&run, s->noun, out);
    for (int id = 0; !is_of_sites && id < subject_count(view->zone, run.field.whom.noun); id++) {
        if (!statement_has_subject(s, view->zone, &run.field.whom, id))
            continue;
        run_subject(&run, id);
        if (s->kind == WHEN)
            list_runs(&run, id, out);
        else
            put_verdict(&run, run.field.whom.noun, id, run.out, out);
    }
    run_close(&run);
}
