/*
 * point.h - one line of the line protocol of InfluxDB: a point of many fields at one time.
 *
 *     meter,facility=fan-1,site=E1 kw=7.5,ia=12i,ok=true,note="x" 1767571200000000000
 *     measurement and tags         fields                         time, may be absent
 *
 * Commas, blanks and equal signs in names have a backslash before them; a text field stands in double quotes.
 */
#ifndef FEED_POINT_H
#define FEED_POINT_H

#include "base/buffer.h"
#include "base/error.h"

#define POINT_FIELDS_MAX 256
#define POINT_LINE_MAX   (1u << 20) /* bytes of a line */

struct point_field {
    struct gk_text name;
    double value;   /* true is 1, false 0 */
    bool is_number; /* false: a text */
};

struct point {
    struct gk_text measurement;
    struct gk_text facility; /* the value of the tag "facility"; size 0: there is none */
    size_t n_fields;
    struct point_field fields[POINT_FIELDS_MAX];
    bool has_time;
    int64_t time; /* in the unit of whoever sends */
};

/*
 * Texts lie in the line, or in `scratch` where they had to be unescaped; both live as long as they are left alone.
 * GK_ESYNTAX or GK_ERANGE with the column in *error (line 0).
 */
int point_parse(const char *line, size_t size, struct buffer *scratch, struct point *out, struct gk_error *error);

#endif
