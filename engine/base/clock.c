/*
 * clock.c - time as text. The days' arithmetic counts years from March, so that the leap day is the last of a year, in
 * eras of 400 years (146,097 days); the method is Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
 */
#include "base/clock.h"

#include <string.h>

#define ERA_DAYS       146097
#define EPOCH_SHIFT    719468 /* days from 0000-03-01 to 1970-01-01 */
#define EPOCH_DIGITS   18     /* of the whole part: 1e18 is beyond every unit's years and within int64 */
#define ZONE_HOURS_MAX 15     /* as PostgreSQL; the widest zone in use is +14:00 */

/* Years 1678 to 2261 in UTC: every time in between fits in nanoseconds. */
#define TIME_FROM_S (INT64_C(-106650) * CLOCK_DAY_S)
#define TIME_TO_S   (INT64_C(106651) * CLOCK_DAY_S)

struct scan {
    const char *at, *end;
};

int64_t clock_days(struct clock_date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)date.day - 1;
    return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH_SHIFT;
}

struct clock_date clock_date_of(int64_t days)
{
    int64_t shifted = days + EPOCH_SHIFT;
    int64_t era = (shifted >= 0 ? shifted : shifted - (ERA_DAYS - 1)) / ERA_DAYS;
    int64_t day_of_era = shifted - era * ERA_DAYS;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    struct clock_date date;

    date.day = (uint32_t)(day_of_year - (153 * march_month + 2) / 5 + 1);
    date.month = (uint32_t)(march_month < 10 ? march_month + 3 : march_month - 9);
    date.year = year_of_era + era * 400 + (date.month <= 2);
    return date;
}

uint32_t clock_month_days(int64_t year, uint32_t month)
{
    static const uint8_t DAYS[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    if (month < 1 || month > 12)
        return 0;
    return DAYS[month] + (month == 2 && is_leap);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_next(const struct scan *scan, char c)
{
    return scan->at < scan->end && *scan->at == c;
}

/* Takes exactly two digits. */
static bool take_two(struct scan *scan, uint32_t *out)
{
    if (scan->end - scan->at < 2 || !is_digit(scan->at[0]) || !is_digit(scan->at[1]))
        return false;
    *out = (uint32_t)(scan->at[0] - '0') * 10 + (uint32_t)(scan->at[1] - '0');
    scan->at += 2;
    return true;
}

static bool take_char(struct scan *scan, char c)
{
    if (!is_next(scan, c))
        return false;
    scan->at++;
    return true;
}

static bool take_date(struct scan *scan, int64_t *days)
{
    uint32_t century, year, month, day;

    if (!take_two(scan, &century) || !take_two(scan, &year) || !take_char(scan, '-') || !take_two(scan, &month) ||
        !take_char(scan, '-') || !take_two(scan, &day))
        return false;
    struct clock_date date = {(int64_t)century * 100 + year, month, day};
    if (day < 1 || day > clock_month_days(date.year, month))
        return false;
    *days = clock_days(date);
    return true;
}

/* The decimals behind the point, at least one and at most `most`, as a count of 10^-most. */
static bool take_decimals(struct scan *scan, int most, int64_t *out)
{
    int64_t v = 0;
    int n = 0;

    while (scan->at < scan->end && is_digit(*scan->at) && n < most) {
        v = v * 10 + (*scan->at++ - '0');
        n++;
    }
    if (n == 0)
        return false;
    for (; n < most; n++)
        v *= 10;
    *out = v;
    return true;
}

/* HH:MM, HH:MM:SS or HH:MM:SS.d; 24:00 is the end of the day, and nothing lies beyond it. There is no leap second. */
static bool take_clock(struct scan *scan, int64_t *seconds, int64_t *ns)
{
    uint32_t hour, minute, second = 0;

    *ns = 0;
    if (!take_two(scan, &hour) || !take_char(scan, ':') || !take_two(scan, &minute))
        return false;
    if (take_char(scan, ':')) {
        if (!take_two(scan, &second))
            return false;
        if (take_char(scan, '.') && !take_decimals(scan, 9, ns))
            return false;
    }
    *seconds = (int64_t)hour * 3600 + minute * 60 + second;
    if (minute > 59 || second > 59)
        return false;
    return *seconds < CLOCK_DAY_S || (*seconds == CLOCK_DAY_S && *ns == 0);
}

/* Z, +08:00, +0800 or +08. */
static bool take_zone(struct scan *scan, int32_t *zone_s)
{
    uint32_t hour, minute = 0;

    if (take_char(scan, 'Z')) {
        *zone_s = 0;
        return true;
    }
    bool is_west = is_next(scan, '-');
    if (!is_west && !is_next(scan, '+'))
        return false;
    scan->at++;
    if (!take_two(scan, &hour))
        return false;
    if (scan->at < scan->end) {
        (void)take_char(scan, ':'); /* the colon may be left out */
        if (!take_two(scan, &minute))
            return false;
    }
    if (hour > ZONE_HOURS_MAX || minute > 59)
        return false;
    *zone_s = (int32_t)(hour * 3600 + minute * 60) * (is_west ? -1 : 1);
    return true;
}

static int parse_iso(struct scan scan, int32_t zone_s, gk_time *out)
{
    int64_t days, seconds = 0, ns = 0;

    if (!take_date(&scan, &days))
        return GK_ESYNTAX;
    if ((take_char(&scan, 'T') || take_char(&scan, ' ')) && !take_clock(&scan, &seconds, &ns))
        return GK_ESYNTAX;
    if (scan.at < scan.end && !take_zone(&scan, &zone_s))
        return GK_ESYNTAX;
    if (scan.at < scan.end)
        return GK_ESYNTAX;
    seconds += days * CLOCK_DAY_S - zone_s;
    if (seconds < TIME_FROM_S || seconds >= TIME_TO_S)
        return GK_ERANGE;
    *out = seconds * GK_SECOND + ns;
    return GK_OK;
}

static int64_t unit_of_magnitude(int64_t v)
{
    if (v < INT64_C(100000000000))
        return GK_SECOND;
    if (v < INT64_C(100000000000000))
        return 1000000;
    if (v < INT64_C(100000000000000000))
        return 1000;
    return 1;
}

static int decimals_of_unit(int64_t unit_ns)
{
    return unit_ns == GK_SECOND ? 9 : unit_ns == 1000000 ? 6 : unit_ns == 1000 ? 3 : 0;
}

int clock_parse_epoch(const char *text, size_t size, int64_t unit_ns, gk_time *out)
{
    struct scan scan = {text, text + size};
    bool is_negative = take_char(&scan, '-');
    const char *whole = scan.at;
    uint64_t v = 0;
    int64_t ns, decimals = 0;

    while (scan.at < scan.end && is_digit(*scan.at))
        v = v * 10 + (uint64_t)(*scan.at++ - '0'); /* may wrap: the count of digits is tested below */
    size_t n = (size_t)(scan.at - whole);
    if (n == 0)
        return GK_ESYNTAX;
    if (unit_ns == 0)
        unit_ns = n > EPOCH_DIGITS ? 1 : unit_of_magnitude((int64_t)v);
    if (take_char(&scan, '.') && !take_decimals(&scan, decimals_of_unit(unit_ns), &decimals))
        return GK_ESYNTAX;
    if (scan.at < scan.end)
        return GK_ESYNTAX;
    if (n > EPOCH_DIGITS + 1 || v > INT64_MAX || __builtin_mul_overflow((int64_t)v, unit_ns, &ns) ||
        __builtin_add_overflow(ns, decimals, &ns))
        return GK_ERANGE;
    ns = is_negative ? -ns : ns;
    if (ns < TIME_FROM_S * GK_SECOND || ns >= TIME_TO_S * GK_SECOND)
        return GK_ERANGE;
    *out = ns;
    return GK_OK;
}

int clock_parse_hour(const char *text, size_t size, int32_t *out)
{
    char padded[5] = {'0'};

    if (size < 4 || size > 5)
        return GK_ESYNTAX;
    memcpy(padded + (5 - size), text, size);
    struct scan scan = {padded, padded + sizeof padded};
    int64_t seconds, ns;
    if (!take_clock(&scan, &seconds, &ns) || scan.at < scan.end)
        return GK_ESYNTAX;
    *out = (int32_t)seconds;
    return GK_OK;
}

int gk_time_parse(const char *text, size_t size, int32_t zone_s, gk_time *out)
{
    struct scan scan = {text, text + size};
    if (size >= 10 && text[4] == '-')
        return parse_iso(scan, zone_s, out);
    return clock_parse_epoch(text, size, 0, out);
}

/* Writes v with exactly n digits. */
static char *put_digits(char *p, int64_t v, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        p[i] = (char)('0' + v % 10);
        v /= 10;
    }
    return p + n;
}

static char *put_decimals(char *p, int64_t ns)
{
    if (ns == 0)
        return p;
    *p++ = '.';
    if (ns % 1000000 == 0)
        return put_digits(p, ns / 1000000, 3);
    if (ns % 1000 == 0)
        return put_digits(p, ns / 1000, 6);
    return put_digits(p, ns, 9);
}

static char *put_zone(char *p, int32_t zone_s)
{
    int32_t minutes = (zone_s < 0 ? -zone_s : zone_s) / 60;
    *p++ = zone_s < 0 ? '-' : '+';
    p = put_digits(p, minutes / 60, 2);
    *p++ = ':';
    return put_digits(p, minutes % 60, 2);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

size_t gk_time_format(gk_time t, int32_t zone_s, char out[GK_TIME_TEXT_MAX])
{
    zone_s -= zone_s % 60;      /* ISO 8601 knows no seconds in a zone: the text must name the same instant */
    int64_t ns = t % GK_SECOND; /* not by subtraction: the floor of GK_TIME_MIN has no nanoseconds in int64 */
    ns += ns < 0 ? GK_SECOND : 0;
    int64_t seconds = floor_div(t, GK_SECOND) + zone_s;
    int64_t days = floor_div(seconds, CLOCK_DAY_S);
    int64_t rest = seconds - days * CLOCK_DAY_S;
    struct clock_date date = clock_date_of(days);
    char *p = put_digits(out, date.year, 4);

    *p++ = '-';
    p = put_digits(p, date.month, 2);
    *p++ = '-';
    p = put_digits(p, date.day, 2);
    *p++ = 'T';
    p = put_digits(p, rest / 3600, 2);
    *p++ = ':';
    p = put_digits(p, rest / 60 % 60, 2);
    *p++ = ':';
    p = put_digits(p, rest % 60, 2);
    p = put_zone(put_decimals(p, ns), zone_s);
    *p = 0;
    return (size_t)(p - out);
}
