/*
 * plot_scale.c - see plot_scale.h. The calendar is the proleptic Gregorian one, counted from 1 March so that the leap
 * day is the last of its year.
 */
#include "plot_scale.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DAY      (86400 * GK_SECOND)
#define MINUTE   (60 * GK_SECOND)
#define HOUR     (3600 * GK_SECOND)
#define MILLI    (GK_SECOND / 1000)
#define N_OF(of) (sizeof(of) / sizeof *(of))

/* ---- the calendar ---- */

int64_t plot_days_of(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400;
    unsigned of_era = (unsigned)(y - era * 400),
             of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void plot_civil_of(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned of_era = (unsigned)(z - era * 146097);
    unsigned y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

    *day = of_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = era * 400 + y + (*month <= 2);
}

static int64_t floor_to(int64_t value, int64_t step)
{
    int64_t rest = value % step;

    return value - (rest < 0 ? rest + step : rest);
}

static int64_t day_of(gk_time local)
{
    return floor_to(local, DAY) / DAY;
}

gk_time plot_next_month(gk_time time, int32_t zone_s)
{
    gk_time shift = zone_s * GK_SECOND;
    int64_t year;
    unsigned month, day;

    plot_civil_of(day_of(time + shift), &year, &month, &day);
    return plot_days_of(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) * DAY - shift;
}

/* ---- steps of time: fixed ones, then months ---- */

struct step {
    gk_time ns; /* 0: months */
    unsigned months;
};

static const struct step steps[] = {
    {MILLI, 0},
    {2 * MILLI, 0},
    {5 * MILLI, 0},
    {10 * MILLI, 0},
    {20 * MILLI, 0},
    {50 * MILLI, 0},
    {100 * MILLI, 0},
    {200 * MILLI, 0},
    {500 * MILLI, 0},
    {GK_SECOND, 0},
    {2 * GK_SECOND, 0},
    {5 * GK_SECOND, 0},
    {10 * GK_SECOND, 0},
    {15 * GK_SECOND, 0},
    {30 * GK_SECOND, 0},
    {MINUTE, 0},
    {2 * MINUTE, 0},
    {5 * MINUTE, 0},
    {10 * MINUTE, 0},
    {15 * MINUTE, 0},
    {30 * MINUTE, 0},
    {HOUR, 0},
    {2 * HOUR, 0},
    {3 * HOUR, 0},
    {6 * HOUR, 0},
    {12 * HOUR, 0},
    {DAY, 0},
    {2 * DAY, 0},
    {7 * DAY, 0},
    {0, 1},
    {0, 3},
    {0, 6},
    {0, 12},
    {0, 24},
    {0, 60},
    {0, 120},
};

static const char *const weekdays[2][7] = {{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
                                           {"周一", "周二", "周三", "周四", "周五", "周六", "周日"}};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Local times: what the civil clock shows, counted as if it were UTC. */
static gk_time month_begin(int64_t n_months)
{
    int64_t year = floor_to(n_months, 12) / 12;

    return plot_days_of(year, (unsigned)(n_months - year * 12) + 1, 1) * DAY;
}

static int64_t months_of(gk_time local)
{
    int64_t year;
    unsigned month, day;

    plot_civil_of(day_of(local), &year, &month, &day);
    return year * 12 + month - 1;
}

static gk_time first_at_or_after(const struct step *step, gk_time local)
{
    gk_time first;

    if (step->ns > 0) {
        gk_time monday = step->ns == 7 * DAY ? 4 * DAY : 0; /* 1970-01-05 was one */
        first = floor_to(local - monday, step->ns) + monday;
        return first < local ? first + step->ns : first;
    }
    first = month_begin(floor_to(months_of(local), step->months));
    return first < local ? month_begin(floor_to(months_of(local), step->months) + step->months) : first;
}

static gk_time next_of(const struct step *step, gk_time local)
{
    return step->ns > 0 ? local + step->ns : month_begin(months_of(local) + step->months);
}

static size_t count_of(const struct step *step, gk_time from, gk_time to)
{
    gk_time ns = step->ns > 0 ? step->ns : step->months * 28 * DAY;

    return (size_t)((to - from) / ns) + 1;
}

static void tick_label(const struct step *step, gk_time local, bool is_chinese, char out[PLOT_LABEL_MAX])
{
    int64_t year, of_day = (local - day_of(local) * DAY);
    unsigned month, day;
    int hour = (int)(of_day / HOUR), minute = (int)(of_day / MINUTE % 60), second = (int)(of_day / GK_SECOND % 60);

    plot_civil_of(day_of(local), &year, &month, &day);
    if (step->ns == 0 && step->months >= 12)
        snprintf(out, PLOT_LABEL_MAX, "%" PRId64, year);
    else if (step->ns == 0)
        is_chinese ? snprintf(out, PLOT_LABEL_MAX, "%u月", month)
                   : snprintf(out, PLOT_LABEL_MAX, "%s", months[month - 1]);
    else if (step->ns >= DAY)
        is_chinese ? snprintf(out, PLOT_LABEL_MAX, "%u日", day) : snprintf(out, PLOT_LABEL_MAX, "%02u", day);
    else if (step->ns >= MINUTE)
        snprintf(out, PLOT_LABEL_MAX, "%02d:%02d", hour, minute);
    else if (step->ns >= GK_SECOND)
        snprintf(out, PLOT_LABEL_MAX, "%02d:%02d:%02d", hour, minute, second);
    else
        snprintf(out, PLOT_LABEL_MAX, "%02d:%02d:%02d.%03d", hour, minute, second, (int)(of_day / MILLI % 1000));
}

void plot_day_text(const struct plot_axis *axis, gk_time time, enum plot_day as, char out[PLOT_LABEL_MAX])
{
    int64_t year;
    unsigned month, day;

    plot_civil_of(day_of(time + axis->zone_s * GK_SECOND), &year, &month, &day);
    if (as == PLOT_DATE)
        snprintf(out, PLOT_LABEL_MAX, axis->is_chinese ? "%u月%u日" : "%02u-%02u", month, day);
    else if (as == PLOT_DAY)
        snprintf(out, PLOT_LABEL_MAX, axis->is_chinese ? "%u日" : "%02u", day);
    else if (axis->is_chinese)
        snprintf(out, PLOT_LABEL_MAX, "%u月", month);
    else
        snprintf(out, PLOT_LABEL_MAX, "%s", months[month - 1]);
}

static void span_labels(unsigned n_months, gk_time local, bool is_chinese, struct plot_span *out)
{
    int64_t year, days = day_of(local);
    unsigned month, day;
    const char *weekday = weekdays[is_chinese][(days % 7 + 10) % 7];

    plot_civil_of(days, &year, &month, &day);
    memset(out->labels, 0, sizeof out->labels);
    if (n_months == 0) {
        snprintf(out->labels[0], PLOT_LABEL_MAX, is_chinese ? "%" PRId64 "年%u月%u日 %s" : "%" PRId64 "-%02u-%02u %s",
                 year, month, day, weekday);
        snprintf(out->labels[1], PLOT_LABEL_MAX, is_chinese ? "%u月%u日 %s" : "%02u-%02u %s", month, day, weekday);
        snprintf(out->labels[2], PLOT_LABEL_MAX, is_chinese ? "%u月%u日" : "%02u-%02u", month, day);
    } else if (n_months == 1) {
        snprintf(out->labels[0], PLOT_LABEL_MAX, is_chinese ? "%" PRId64 "年%u月" : "%" PRId64 "-%02u", year, month);
        snprintf(out->labels[1], PLOT_LABEL_MAX, is_chinese ? "%u月" : "%02u", month);
    } else {
        snprintf(out->labels[0], PLOT_LABEL_MAX, is_chinese ? "%" PRId64 "年" : "%" PRId64, year);
    }
}

/* Behind hours the days, behind days the months, behind months the years. */
static void add_spans(const struct plot_axis *axis, const struct step *step, struct plot_ticks *out)
{
    unsigned n_months = step->ns == 0 ? 12 : step->ns >= DAY ? 1 : 0;
    struct step span = {n_months == 0 ? DAY : 0, n_months};
    gk_time shift = axis->zone_s * GK_SECOND, to = axis->to + shift;

    if (step->ns == 0 && step->months >= 12)
        return; /* the ticks are years */
    for (gk_time at = axis->from + shift; at < to && out->n_spans < PLOT_SPANS_MAX;) {
        struct plot_span *one = &out->spans[out->n_spans++];
        gk_time next = first_at_or_after(&span, at + 1);

        one->from = at - shift;
        one->to = (next < to ? next : to) - shift;
        span_labels(n_months, at, axis->is_chinese, one);
        at = next;
    }
}

void plot_time_ticks(const struct plot_axis *axis, size_t most, struct plot_ticks *out)
{
    gk_time shift = axis->zone_s * GK_SECOND, from = axis->from + shift, to = axis->to + shift;
    size_t i = 0, room = most < 2 ? 2 : most > PLOT_TICKS_MAX ? PLOT_TICKS_MAX : most;

    out->n_ticks = out->n_spans = 0;
    while (i + 1 < N_OF(steps) && count_of(&steps[i], from, to) > room)
        i++;
    for (gk_time at = first_at_or_after(&steps[i], from); at <= to && out->n_ticks < PLOT_TICKS_MAX;
         at = next_of(&steps[i], at)) {
        struct plot_tick *tick = &out->ticks[out->n_ticks++];

        tick->time = at - shift;
        tick_label(&steps[i], at, axis->is_chinese, tick->label);
    }
    add_spans(axis, &steps[i], out);
}

double plot_axis_place(const struct plot_axis *axis, gk_time time)
{
    if (time <= axis->from)
        return axis->left;
    if (time >= axis->to)
        return axis->right;
    return axis->left + (axis->right - axis->left) * ((double)(time - axis->from) / (double)(axis->to - axis->from));
}

/* ---- values ---- */

/* 1, 2, 2.5, 5 times a power of ten; of durations round parts of minutes, hours and days up to a week. */
static double round_step(enum gk_type type, double rough)
{
    static const double of_time[] = {1,    2,    5,    10,    15,    30,    60,    120,    300,    600,   900,
                                     1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000};
    static const double of_ten[] = {1, 2, 2.5, 5, 10};
    double power = pow(10, floor(log10(rough)));

    if (type == GK_TYPE_SECONDS && rough > 1)
        for (size_t i = 0; i < N_OF(of_time); i++)
            if (of_time[i] >= rough)
                return of_time[i];
    for (size_t i = 0; i < N_OF(of_ten); i++)
        if (of_ten[i] * power >= rough * (1 - 1e-9) && (type != GK_TYPE_COUNT || of_ten[i] * power >= 1) &&
            (type != GK_TYPE_COUNT || i != 2 || power >= 10))
            return of_ten[i] * power;
    return type == GK_TYPE_COUNT && power < 1 ? 1 : 10 * power;
}

void plot_value_ticks(enum gk_type type, double least, double most, size_t wanted, double out[PLOT_VALUES_MAX],
                      size_t *n)
{
    double low = least > 0 ? 0 : least, high = most < 0 ? 0 : most, step;

    wanted = wanted < 1 ? 1 : wanted > PLOT_VALUES_MAX - 3 ? PLOT_VALUES_MAX - 3 : wanted;
    if (!(high > low))
        high = low + 1;
    step = round_step(type, (high - low) / (double)wanted);
    *n = 0;
    for (double i = floor(low / step + 1e-9); *n < PLOT_VALUES_MAX; i++) {
        out[(*n)++] = i * step;
        if (i * step >= high - step * 1e-9 && *n >= 2)
            break;
    }
}

/* Two parts are enough: 3d 4h, 1h 12m, 45s. */
static void duration_text(double seconds, bool is_chinese, char out[PLOT_LABEL_MAX])
{
    static const struct {
        double s;
        const char *name[2];
    } units[] = {{86400, {"d", "天"}}, {3600, {"h", "小时"}}, {60, {"m", "分"}}, {1, {"s", "秒"}}};
    const char *minus = seconds < 0 ? "-" : "";
    double rest = fabs(seconds);

    if (rest < 60) {
        snprintf(out, PLOT_LABEL_MAX, "%s%.3g%s", minus, rest, units[3].name[is_chinese]);
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        double least = units[i + 1].s, whole = floor((floor(rest / least + 0.5) * least) / units[i].s + 1e-9);
        double part = floor(rest / least + 0.5) - whole * (units[i].s / least);

        if (whole < 1)
            continue;
        if (part > 0)
            snprintf(out, PLOT_LABEL_MAX, "%s%.0f%s%s%.0f%s", minus, whole, units[i].name[is_chinese],
                     is_chinese ? "" : " ", part, units[i + 1].name[is_chinese]);
        else
            snprintf(out, PLOT_LABEL_MAX, "%s%.0f%s", minus, whole, units[i].name[is_chinese]);
        return;
    }
}

/* Four digits, without a needless exponent or zeros at the end. */
static void number_text(double value, char out[PLOT_LABEL_MAX])
{
    double size = fabs(value);
    int decimals = size >= 1000 || size == 0 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;

    if (size >= 1e7 || (size > 0 && size < 1e-3)) {
        snprintf(out, PLOT_LABEL_MAX, "%.3g", value);
        return;
    }
    snprintf(out, PLOT_LABEL_MAX, "%.*f", decimals, value);
    if (strchr(out, '.') != NULL) {
        size_t n = strlen(out);

        while (out[n - 1] == '0')
            out[--n] = '\0';
        if (out[n - 1] == '.')
            out[n - 1] = '\0';
    }
}

char *plot_value_text(enum gk_type type, double value, bool is_chinese, char out[PLOT_LABEL_MAX])
{
    out[0] = '\0';
    if (isnan(value))
        return out;
    if (type == GK_TYPE_SECONDS) {
        duration_text(value, is_chinese, out);
    } else if (type == GK_TYPE_SHARE) {
        double percent = 100 * value, places = fabs(percent) >= 10 ? 10 : 100;

        number_text(fabs(percent) >= 0.1 ? round(percent * places) / places : percent, out);
        snprintf(out + strlen(out), PLOT_LABEL_MAX - strlen(out), " %%");
    } else {
        number_text(value, out);
    }
    return out;
}

char *plot_time_text(gk_time time, int32_t zone_s, char out[PLOT_LABEL_MAX])
{
    char text[GK_TIME_TEXT_MAX];
    size_t size = gk_time_format(time, zone_s, text);

    for (size_t i = size; i > 10; i--) /* the zone is said elsewhere, once */
        if (text[i - 1] == '+' || text[i - 1] == '-' || text[i - 1] == 'Z') {
            size = i - 1;
            break;
        }
    snprintf(out, PLOT_LABEL_MAX, "%.10s %.*s", text, size > 11 ? (int)(size - 11) : 0, text + 11);
    return out;
}
