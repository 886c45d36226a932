/*
 * point.c - the line protocol, as the manual of InfluxDB 1.8 has it ("Line protocol reference").
 */
#include "feed/point.h"

#include <string.h>

#include "base/decimal.h"
#include "base/text.h"

struct scan {
    const char *line, *at, *end;
    struct buffer *scratch;
    struct gk_error *error;
};

static int fail(const struct scan *scan, const char *at, int status, const char *what)
{
    uint32_t column = 1 + (uint32_t)text_length(scan->line, (size_t)(at - scan->line));
    char shown[TEXT_SHOWN_MAX];
    size_t left = (size_t)(scan->end - at);

    return error_set_at(scan->error, status, 0, column, "column %u: expected %s, got '%s'", column, what,
                        text_show(at, left < 24 ? left : 24, shown));
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* Up to the next of `stops` that has no backslash before it; unescaped. */
static int take_name(struct scan *scan, const char *stops, const char *what, struct gk_text *out)
{
    const char *from = scan->at;
    bool has_escape = false;

    while (scan->at < scan->end && !is_one_of(*scan->at, stops)) {
        bool is_escape = *scan->at == '\\' && scan->at + 1 < scan->end && is_one_of(scan->at[1], ", =");
        has_escape |= is_escape;
        scan->at += is_escape ? 2 : 1;
    }
    *out = (struct gk_text){from, (size_t)(scan->at - from)};
    if (out->size == 0)
        return fail(scan, from, GK_ESYNTAX, what);
    if (!has_escape)
        return GK_OK;
    size_t at = scan->scratch->size; /* room for all of it: the buffer was given so much */
    for (const char *p = from; p < scan->at; p++) {
        if (*p == '\\' && p + 1 < scan->at && is_one_of(p[1], ", ="))
            p++;
        buffer_put_u8(scan->scratch, (uint8_t)*p);
    }
    *out = (struct gk_text){(const char *)scan->scratch->bytes + at, scan->scratch->size - at};
    return GK_OK;
}

static bool is_word(struct gk_text text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.bytes, word, text.size) == 0;
}

static int take_tags(struct scan *scan, struct point *out)
{
    struct gk_text key, value;
    int rc = GK_OK;

    while (scan->at < scan->end && *scan->at == ',') {
        scan->at++;
        TRY(take_name(scan, ",= ", "a tag", &key));
        if (scan->at == scan->end || *scan->at != '=')
            return fail(scan, scan->at, GK_ESYNTAX, "= behind a tag's name");
        scan->at++;
        TRY(take_name(scan, ", ", "a tag's value", &value));
        if (is_word(key, "facility"))
            out->facility = value;
    }
done:
    return rc;
}

/* A text in quotes is passed over: no channel holds it. */
static int take_text(struct scan *scan)
{
    const char *from = scan->at++;

    while (scan->at < scan->end && *scan->at != '"')
        scan->at += *scan->at == '\\' && scan->at + 1 < scan->end ? 2 : 1;
    if (scan->at == scan->end)
        return fail(scan, from, GK_ESYNTAX, "a text that ends with \"");
    scan->at++;
    return GK_OK;
}

static bool is_truth(struct gk_text text, double *out)
{
    static const char *const WORDS[] = {"t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE"};

    for (size_t i = 0; i < 10; i++)
        if (is_word(text, WORDS[i])) {
            *out = i < 5;
            return true;
        }
    return false;
}

static int take_value(struct scan *scan, struct point_field *field)
{
    const char *from = scan->at;
    int rc;

    if (from < scan->end && *from == '"')
        return take_text(scan);
    while (scan->at < scan->end && !is_one_of(*scan->at, ", "))
        scan->at++;
    struct gk_text text = {from, (size_t)(scan->at - from)};
    field->is_number = true;
    if (is_truth(text, &field->value))
        return GK_OK;
    if (text.size > 1 && is_one_of(text.bytes[text.size - 1], "iu"))
        text.size--;
    rc = decimal_to_double(text.bytes, text.size, &field->value);
    return rc == GK_OK ? GK_OK : fail(scan, from, rc, "a number, true, false or a text in double quotes");
}

static int take_fields(struct scan *scan, struct point *out)
{
    int rc = GK_OK;

    do {
        if (out->n_fields == POINT_FIELDS_MAX)
            return fail(scan, scan->at, GK_ELIMIT, "at most 256 fields");
        struct point_field *field = &out->fields[out->n_fields++];
        *field = (struct point_field){{NULL, 0}, 0, false};
        TRY(take_name(scan, ",= ", "a field", &field->name));
        if (scan->at == scan->end || *scan->at != '=')
            return fail(scan, scan->at, GK_ESYNTAX, "= behind a field's name");
        scan->at++;
        TRY(take_value(scan, field));
    } while (scan->at < scan->end && *scan->at++ == ',');
done:
    return rc;
}

static int take_time(struct scan *scan, struct point *out)
{
    const char *from = scan->at;
    bool is_negative = from < scan->end && *from == '-';
    uint64_t v = 0;

    scan->at += is_negative;
    if (scan->at == scan->end)
        return is_negative ? fail(scan, from, GK_ESYNTAX, "a time as a whole number") : GK_OK;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9') {
        if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (unsigned)(*scan->at - '0'), &v) ||
            v > INT64_MAX)
            return fail(scan, from, GK_ERANGE, "a time that 64 bits hold");
        scan->at++;
    }
    if (scan->at < scan->end)
        return fail(scan, from, GK_ESYNTAX, "a time as a whole number");
    out->has_time = true;
    out->time = is_negative ? -(int64_t)v : (int64_t)v;
    return GK_OK;
}

static void skip_blanks(struct scan *scan)
{
    while (scan->at < scan->end && *scan->at == ' ')
        scan->at++;
}

int point_parse(const char *line, size_t size, struct buffer *scratch, struct point *out, struct gk_error *error)
{
    struct scan scan = {line, line, line + size, scratch, error};
    int rc;

    out->facility = (struct gk_text){NULL, 0};
    out->n_fields = 0;
    out->has_time = false;
    buffer_reset(scratch);
    if (!buffer_extend(scratch, size + 1))
        return GK_ENOMEM;
    buffer_reset(scratch);
    while (scan.end > scan.at && is_one_of(scan.end[-1], " \r"))
        scan.end--;
    TRY(take_name(&scan, ", ", "a measurement", &out->measurement));
    TRY(take_tags(&scan, out));
    if (scan.at == scan.end)
        return fail(&scan, scan.at, GK_ESYNTAX, "a blank and fields");
    skip_blanks(&scan);
    TRY(take_fields(&scan, out));
    skip_blanks(&scan);
    TRY(take_time(&scan, out));
done:
    return rc;
}
