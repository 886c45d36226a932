/*
 * load_quick.c - the short way for lines of rows as loggers write them: no quotes, the time a number or like the one
 * before, a facility that is known, short decimals, as many fields as the header. Fields are read as they are walked
 * over, without being cut out first. Whatever is unusual is left to load_rows.c, which takes it or says what is wrong;
 * both give the same rows (tests/db/test_load.c feeds random files both ways).
 */
#include "base/clock.h"
#include "base/decimal.h"
#include "db/load.h"

#define LINE_MIN 32 /* bytes that must follow a place in a line: what a field's first look may touch */

static bool is_end(char c)
{
    return c == ',' || c == '\n' || c == '\r';
}

static const char *find_end(const char *p, const char *end)
{
    while (p < end && !is_end(*p))
        p++;
    return p < end ? p : NULL;
}

/* Digits that cannot overflow when they are multiplied, which leaves the years 1970 to 2261. */
static unsigned digits_max(int64_t unit_ns)
{
    return unit_ns == GK_SECOND ? 9 : unit_ns == 1000000 ? 12 : unit_ns == 1000 ? 15 : 18;
}

static const char *take_epoch(const struct load_rows *rows, const char *p, const char *end, gk_time *out)
{
    uint64_t v;
    size_t n = decimal_take_digits(p, end, &v);
    unsigned most = digits_max(rows->unit_ns);

    /* One digit more is fine as long as it is a low one: seconds up to 1999999999 are 2033. */
    if (n == 0 || n > most + 1 || (n == most + 1 && *p != '1') || !is_end(p[n]))
        return NULL;
    *out = (gk_time)v * rows->unit_ns;
    return p + n;
}

/* A clock that differs from the last one in its seconds alone: 2026-11-20T08:00:15, whatever stands behind. */
static const char *take_clock(const struct load_rows *rows, const char *p, gk_time *out)
{
    enum { SECONDS = 17, BEHIND = 19 };
    size_t size = rows->time_size;
    const char *last = rows->time_text;

    if (size < BEHIND || memcmp(p, last, SECONDS) != 0 || memcmp(p + BEHIND, last + BEHIND, size - BEHIND) != 0 ||
        !is_end(p[size]) || last[16] != ':')
        return NULL;
    unsigned tens = (unsigned char)(p[17] - '0'), ones = (unsigned char)(p[18] - '0');
    if (tens > 5 || ones > 9)
        return NULL;
    int before = (last[17] - '0') * 10 + (last[18] - '0');
    *out = rows->time_last + ((int)(tens * 10 + ones) - before) * GK_SECOND;
    return p + size;
}

static const char *take_time(const struct load_rows *rows, const char *p, const char *end, gk_time *out)
{
    size_t size = rows->time_size;

    if (size > 0 && (size_t)(end - p) > size && memcmp(p, rows->time_text, size) == 0 && is_end(p[size])) {
        *out = rows->time_last;
        return p + size;
    }
    if (rows->unit_ns)
        return take_epoch(rows, p, end, out);
    return (size_t)(end - p) > size ? take_clock(rows, p, out) : NULL;
}

static const char *take_facility(struct load_rows *rows, const char *p, const char *end, uint32_t *out)
{
    const struct load_name_entry *entry = load_names_next(&rows->names, p, (size_t)(end - p));

    if (entry && is_end(p[entry->size])) {
        load_names_took(&rows->names, entry);
        *out = (uint32_t)entry->value;
        return p + entry->size;
    }
    const char *behind = find_end(p, end);
    entry = behind ? load_names_find(&rows->names, p, (size_t)(behind - p)) : NULL;
    if (!entry)
        return NULL;
    *out = (uint32_t)entry->value;
    return behind;
}

static const char *take_value(const char *p, const char *end, double *out, size_t *n_values)
{
    if (is_end(*p)) {
        *out = gk_missing();
        return p;
    }
    size_t n = decimal_take_short(p, out);
    ++*n_values;
    if (n > 0 && is_end(p[n]))
        return p + n;
    const char *behind = find_end(p, end);
    return behind && decimal_to_double(p, (size_t)(behind - p), out) == GK_OK ? behind : NULL;
}

/* The line at p as the next row of the batch; returns where the one behind it begins, NULL if it is unusual. */
static const char *take_line(const struct load_header *header, struct load_rows *rows, const char *p, const char *end)
{
    size_t n_values = 0;

    for (size_t i = 0; i < header->n; i++) {
        uint32_t what = rows->quick[i];
        if (end - p < LINE_MIN)
            return NULL;
        if (what == LOAD_QUICK_TIME)
            p = take_time(rows, p, end, &rows->time[rows->n]);
        else if (what == LOAD_QUICK_FACILITY)
            p = take_facility(rows, p, end, &rows->facility[rows->n]);
        else
            p = take_value(p, end, &rows->value[what][rows->n], &n_values);
        if (!p || *p != (i + 1 < header->n ? ',' : *p == '\r' ? '\r' : '\n'))
            return NULL;
        p++;
    }
    if (p[-1] == '\r' && (p == end || *p++ != '\n'))
        return NULL;
    return n_values > 0 ? p : NULL;
}

size_t load_rows_quick(struct gk_load *load, const char *bytes, size_t size)
{
    struct load_rows *rows = &load->rows;
    const char *p = bytes, *end = bytes + size, *next;

    while (rows->is_quick && rows->n < rows->n_max && (next = take_line(&load->header, rows, p, end)) != NULL) {
        rows->n++;
        load->result.n_lines++;
        p = next;
    }
    return (size_t)(p - bytes);
}
