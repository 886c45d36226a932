/*
 * load_field.c - one field as what its column wants. Every message begins with line and column and says what was
 * expected.
 */
#include "db/load.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/text.h"

static const struct csv_field ABSENT = {"", 0, 0};

__attribute__((format(printf, 4, 0))) static int fail(const struct load_line *line, size_t place, int status,
                                                      const char *format, va_list list)
{
    char said[GK_ERROR_TEXT_MAX];
    const struct csv_record *record = line->record;
    const struct gk_text *name = &line->header->names[place];
    uint64_t at_line;
    uint32_t at_column;

    csv_place(record, record->fields[place].at, &at_line, &at_column);
    (void)vsnprintf(said, sizeof said, format, list); /* a cut text is fine */
    return error_set_at(line->error, status, at_line, at_column, "line %llu, column %u: %.*s: %s",
                        (unsigned long long)at_line, at_column, (int)name->size, name->bytes, said);
}

int load_fail_at(const struct load_line *line, size_t place, int status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int rc = fail(line, place, status, format, list);
    va_end(list);
    return rc;
}

int load_fail(const struct load_line *line, size_t column, int status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int rc = fail(line, line->header->place[column], status, format, list);
    va_end(list);
    return rc;
}

int load_pass(const struct load_line *line, size_t column, int rc)
{
    char said[GK_ERROR_TEXT_MAX];

    if (rc == GK_OK || load_is_fatal(rc))
        return rc;
    memcpy(said, line->error->text, sizeof said);
    return load_fail(line, column, rc, "%s", said);
}

static const struct csv_field *field_of(const struct load_line *line, size_t column)
{
    uint32_t place = line->header->place[column];
    return place == LOAD_NONE ? &ABSENT : &line->record->fields[place];
}

/* GK_ESYNTAX with "expected ..., got '...'". */
static int fail_expecting(const struct load_line *line, size_t column, const char *what)
{
    char shown[TEXT_SHOWN_MAX];
    const struct csv_field *field = field_of(line, column);
    return load_fail(line, column, GK_ESYNTAX, "expected %s, got '%s'", what,
                     text_show(field->bytes, field->size, shown));
}

struct gk_text load_text(const struct load_line *line, size_t column)
{
    const struct csv_field *field = field_of(line, column);
    return field->size ? (struct gk_text){field->bytes, field->size} : (struct gk_text){NULL, 0};
}

int load_need_text(const struct load_line *line, size_t column, struct gk_text *out)
{
    int rc = load_words(line, column, out);
    if (rc == GK_OK && out->size == 0)
        return load_fail(line, column, GK_ESYNTAX, "must not be empty");
    return rc;
}

int load_words(const struct load_line *line, size_t column, struct gk_text *out)
{
    *out = load_text(line, column);
    if (out->size > 0 && !text_is_utf8(out->bytes, out->size))
        return fail_expecting(line, column, "UTF-8 text (GBK? convert it first)");
    for (size_t i = 0; i < out->size; i++)
        if ((unsigned char)out->bytes[i] < 0x20 || out->bytes[i] == 0x7F)
            return fail_expecting(line, column, "text without control characters");
    return GK_OK;
}

int load_name(const struct load_line *line, size_t column, struct gk_text *out)
{
    *out = load_text(line, column);
    if (out->size > 0 && !text_is_name(out->bytes, out->size))
        return fail_expecting(
            line, column, "a name (UTF-8, at most 255 bytes, no control or unseen characters, no blanks at its ends)");
    return GK_OK;
}

int load_need_name(const struct load_line *line, size_t column, struct gk_text *out)
{
    int rc = load_name(line, column, out);
    if (rc == GK_OK && out->size == 0)
        return load_fail(line, column, GK_ESYNTAX, "expected a name, got nothing");
    return rc;
}

int load_rating(const struct load_line *line, size_t column, double *out)
{
    struct gk_text text = load_text(line, column);

    *out = NAN;
    if (text.size == 0)
        return GK_OK;
    if (decimal_to_double(text.bytes, text.size, out) != GK_OK)
        return fail_expecting(line, column, "a number");
    if (*out <= 0)
        return fail_expecting(line, column, "a number above 0, or nothing when it is not known");
    return GK_OK;
}

int load_number(const struct load_line *line, size_t column, double absent, double *out)
{
    struct gk_text text = load_text(line, column);

    *out = absent;
    if (text.size > 0 && decimal_to_double(text.bytes, text.size, out) != GK_OK)
        return fail_expecting(line, column, "a number");
    return GK_OK;
}

int load_share(const struct load_line *line, size_t column, double *out)
{
    struct gk_text text = load_text(line, column);
    struct gk_decimal percent;

    *out = NAN;
    if (text.size == 0)
        return GK_OK;
    if (text.bytes[text.size - 1] != '%' || decimal_parse(text.bytes, text.size - 1, &percent) != GK_OK)
        return fail_expecting(line, column, "a share like 30%");
    if (percent.mantissa <= 0 || decimal_compare(percent, (struct gk_decimal){100, 0}) > 0)
        return fail_expecting(line, column, "a share above 0% and up to 100%");
    if (decimal_to_double(text.bytes, text.size - 1, out) != GK_OK)
        return fail_expecting(line, column, "a share like 30%");
    *out /= 100;
    return GK_OK;
}

int load_seconds(const struct load_line *line, size_t column, int64_t *ns)
{
    struct gk_text text = load_text(line, column);
    struct gk_decimal v;

    *ns = -1;
    if (text.size == 0)
        return GK_OK;
    if (decimal_parse(text.bytes, text.size, &v) != GK_OK || decimal_shift(v, 9, &v) != GK_OK || v.scale != 0 ||
        v.mantissa < 0)
        return fail_expecting(line, column, "seconds, 0 or more, with up to 9 decimals");
    *ns = v.mantissa;
    return GK_OK;
}

/* The index of a word in a list of alternatives "yes|1|..." for each meaning; n when it is none of them. */
static size_t meaning_of(struct gk_text text, const char *const *meanings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (const char *word = meanings[i]; *word;) {
            size_t size = strcspn(word, "|");
            if (text_is_alike(text.bytes, text.size, word, size))
                return i;
            word += size + (word[size] == '|');
        }
    }
    return n;
}

int load_flag(const struct load_line *line, size_t column, bool *out)
{
    static const char *const MEANINGS[] = {"no|false|0|否|main", "yes|true|1|是|standby"};
    struct gk_text text = load_text(line, column);
    size_t meaning = text.size ? meaning_of(text, MEANINGS, 2) : 0;

    if (meaning == 2)
        return fail_expecting(line, column, "yes or no");
    *out = meaning == 1;
    return GK_OK;
}

bool load_role_of(struct gk_text text, enum gk_role *out)
{
    static const char *const MEANINGS[] = {
        [GK_OTHER] = "other|其他", [GK_PRODUCTION] = "production|生产", [GK_ABATEMENT] = "abatement|治污"};
    size_t meaning = meaning_of(text, MEANINGS, 3);

    if (meaning == 3)
        return false;
    *out = (enum gk_role)meaning;
    return true;
}

const char *load_role_text(enum gk_role role)
{
    return role == GK_PRODUCTION ? "production" : role == GK_ABATEMENT ? "abatement" : "other";
}

int load_role(const struct load_line *line, size_t column, enum gk_role *out, bool *is_set)
{
    struct gk_text text = load_text(line, column);

    *out = GK_OTHER;
    *is_set = text.size > 0;
    if (*is_set && !load_role_of(text, out))
        return fail_expecting(line, column, "production, abatement or other");
    return GK_OK;
}

int load_time(const struct load_line *line, size_t column, gk_time absent, gk_time *out)
{
    struct gk_text text = load_text(line, column);

    *out = absent;
    if (text.size == 0)
        return GK_OK;
    int rc = gk_time_parse(text.bytes, text.size, line->zone_s, out);
    if (rc == GK_ERANGE)
        return fail_expecting(line, column, "a time of the years 1678 to 2261");
    if (rc != GK_OK)
        return fail_expecting(line, column, "a time like 2026-11-20T08:00 or an epoch number");
    return GK_OK;
}

int load_period(const struct load_line *line, size_t from_column, size_t to_column, gk_time *from, gk_time *to)
{
    int rc;

    TRY(load_time(line, from_column, GK_TIME_MIN, from));
    TRY(load_time(line, to_column, GK_TIME_MAX, to));
    if (*from >= *to)
        rc = fail_expecting(line, to_column, "a time after `from`");
done:
    return rc;
}

int load_hours(const struct load_line *line, size_t column, int32_t *from_s, int32_t *to_s)
{
    struct gk_text text = load_text(line, column);

    *from_s = *to_s = 0;
    if (text.size == 0)
        return GK_OK;
    const char *dash = memchr(text.bytes, '-', text.size);
    size_t at = dash ? (size_t)(dash - text.bytes) : 0;
    if (!dash || clock_parse_hour(text.bytes, at, from_s) != GK_OK ||
        clock_parse_hour(dash + 1, text.size - at - 1, to_s) != GK_OK || *from_s == CLOCK_DAY_S)
        return fail_expecting(line, column, "hours like 22:00-06:00");
    if (*from_s == *to_s)
        return fail_expecting(line, column, "hours that begin and end at different times");
    if (*from_s == 0 && *to_s == CLOCK_DAY_S)
        *to_s = 0; /* the whole day is said by two zeros */
    return GK_OK;
}

/* What stands before the colon of a scope, and the kind it means. */
static const struct {
    const char *word;
    enum gk_kind kind;
} SCOPES[] = {{"role", GK_ROLE}, {"park", GK_PARK},   {"enterprise", GK_ENTERPRISE},
              {"line", GK_LINE}, {"group", GK_GROUP}, {"facility", GK_FACILITY}};
#define N_SCOPES (sizeof SCOPES / sizeof *SCOPES)

/* Takes the kind off the front of a scope; a text without one is the name of a facility. */
static enum gk_kind kind_of(struct gk_text *text)
{
    const char *colon = memchr(text->bytes, ':', text->size);

    if (text->size == 1 && text->bytes[0] == '*')
        return GK_ZONE;
    for (size_t i = 0; colon && i < N_SCOPES; i++) {
        size_t size = (size_t)(colon - text->bytes);
        if (!text_is_alike(text->bytes, size, SCOPES[i].word, strlen(SCOPES[i].word)))
            continue;
        text->bytes += size + 1;
        text->size -= size + 1;
        return SCOPES[i].kind;
    }
    return GK_FACILITY;
}

static const char *word_of(enum gk_kind kind)
{
    for (size_t i = 0; i < N_SCOPES; i++)
        if (SCOPES[i].kind == kind)
            return SCOPES[i].word;
    return "zone";
}

int load_scope(const struct load_line *line, size_t column, unsigned kinds, enum gk_kind *kind, struct gk_text *name)
{
    struct gk_text text;
    enum gk_role role;
    int rc;

    TRY(load_need_name(line, column, &text));
    *kind = kind_of(&text);
    *name = text;
    if (!(kinds & LOAD_KIND_BIT(*kind)))
        return load_fail(line, column, GK_EINVAL, "a %s has no place here", word_of(*kind));
    if (*kind == GK_ROLE) {
        if (!load_role_of(text, &role))
            return fail_expecting(line, column, "role:production, role:abatement or role:other");
        const char *word = load_role_text(role);
        *name = (struct gk_text){word, strlen(word)};
    } else if (*kind == GK_ZONE) {
        *name = (struct gk_text){NULL, 0};
    } else if (text.size == 0) {
        return fail_expecting(line, column, "a name behind the colon");
    }
done:
    return rc;
}
