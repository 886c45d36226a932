/*
 * clock.h - time as text and as civil days: proleptic Gregorian arithmetic that asks neither libc nor a locale.
 *
 * The public gk_time_parse and gk_time_format live in clock.c too.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "gk.h"

#define CLOCK_DAY_S 86400

struct clock_date {
    int64_t year;
    uint32_t month, day; /* from 1 */
};

/* Days since 1970-01-01 of a date, which must exist. */
int64_t clock_days(struct clock_date date);
struct clock_date clock_date_of(int64_t days);
/* 28 to 31; 0 when there is no such month. */
uint32_t clock_month_days(int64_t year, uint32_t month);

/*
 * An epoch number, with minus and decimals where wanted, in units of `unit_ns` (one of 1, 1000, 1000000, GK_SECOND), or
 * by its magnitude as in gk_time_parse when unit_ns is 0. GK_ESYNTAX or GK_ERANGE.
 */
int clock_parse_epoch(const char *text, size_t size, int64_t unit_ns, gk_time *out);
/* "22:00" or "6:30" as seconds of the day, up to 24:00. GK_ESYNTAX. */
int clock_parse_hour(const char *text, size_t size, int32_t *out);

#endif
