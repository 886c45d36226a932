/*
 * mapping.c - what devices send, and where it goes: (device, code, suffix, period) to a facility's channel. A pattern
 * is a word, the beginning of words ("LD13*"), or anything ("*"); where several fit, the one that says more about the
 * device wins, then about the code, then about the suffix. A facility and a channel may be made of what was sent:
 * "{mn}", "{code}", "{suffix}".
 */
#include "db/mapping.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "db/snapshot.h"

const char *gk_period_text(enum gk_period period)
{
    static const char *const TEXT[] = {"real", "minute", "hour", "day"};
    return (size_t)period < sizeof TEXT / sizeof *TEXT ? TEXT[period] : "?";
}

bool mapping_period_of(struct gk_text text, enum gk_period *out)
{
    for (int p = GK_PERIOD_REAL; p <= GK_PERIOD_DAY; p++) {
        const char *word = gk_period_text((enum gk_period)p);
        if (text_is_alike(text.bytes, text.size, word, strlen(word))) {
            *out = (enum gk_period)p;
            return true;
        }
    }
    return false;
}

/* How much a pattern says about a text it fits: 0 does not fit, else 1 + its letters; a whole word beats them all. */
static size_t fit(const char *pattern, struct gk_text text)
{
    size_t size = strlen(pattern);
    bool is_open = size > 0 && pattern[size - 1] == '*';

    if (!is_open)
        return size == text.size && (size == 0 || memcmp(pattern, text.bytes, size) == 0) ? SIZE_MAX : 0;
    size--;
    return size <= text.size && (size == 0 || memcmp(pattern, text.bytes, size) == 0) ? 1 + size : 0;
}

static bool is_better(const size_t a[3], const size_t b[3])
{
    for (int i = 0; i < 3; i++)
        if (a[i] != b[i])
            return a[i] > b[i];
    return false;
}

const struct gk_mapping *catalog_find_mapping(const struct catalog *c, const struct gk_sent *sent)
{
    const struct gk_mapping *best = NULL;
    size_t best_fit[3] = {0, 0, 0};

    for (size_t i = 0; i < c->n_mappings; i++) {
        const struct gk_mapping *m = &c->mappings[i];
        if (m->period != sent->period)
            continue;
        size_t fits[3] = {fit(m->mn, sent->mn), 0, 0};
        fits[1] = fits[0] ? fit(m->code, sent->code) : 0;
        fits[2] = fits[1] ? fit(m->suffix, sent->suffix) : 0;
        if (fits[2] && is_better(fits, best_fit)) {
            best = m;
            memcpy(best_fit, fits, sizeof best_fit);
        }
    }
    return best;
}

int mapping_expand(const char *pattern, const struct gk_sent *sent, char out[GK_NAME_MAX + 1], struct gk_error *error)
{
    const struct {
        const char *word;
        struct gk_text text;
    } WORDS[] = {{"{mn}", sent->mn}, {"{code}", sent->code}, {"{suffix}", sent->suffix}};
    size_t n = 0;

    for (const char *p = pattern; *p;) {
        struct gk_text piece = {p, 1};
        size_t step = 1;
        for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
            if (strncmp(p, WORDS[i].word, strlen(WORDS[i].word)) == 0) {
                piece = WORDS[i].text;
                step = strlen(WORDS[i].word);
            }
        if (n + piece.size > GK_NAME_MAX)
            return error_set(error, GK_ERANGE, "'%s' becomes longer than %d bytes", pattern, GK_NAME_MAX);
        if (piece.size > 0)
            memcpy(out + n, piece.bytes, piece.size);
        n += piece.size;
        p += step;
    }
    out[n] = 0;
    if (!text_is_name(out, n))
        return error_set(error, GK_EINVAL, "'%s' becomes '%s', which is no name", pattern, out);
    return GK_OK;
}

/* ---- writing -------------------------------------------------------------------------------------------------------
 */

/* A pattern has its one * at its end. */
static int check_pattern(struct gk_text text, const char *what, bool may_be_empty, struct gk_error *error)
{
    char shown[TEXT_SHOWN_MAX];
    const char *star = text.size ? memchr(text.bytes, '*', text.size) : NULL;

    if (text.size == 0 && may_be_empty)
        return GK_OK;
    if (!text_is_name(text.bytes, text.size) || (star && star != text.bytes + text.size - 1))
        return error_set(error, GK_EINVAL, "%s: expected a word, the beginning of one (LD13*) or *, got '%s'", what,
                         text_show(text.bytes, text.size, shown));
    return GK_OK;
}

/* Whether the words in braces are known ones. */
static int check_template(struct gk_text text, const char *what, struct gk_error *error)
{
    static const struct gk_sent SAMPLE = {{"m", 1}, {"c", 1}, {"s", 1}, GK_PERIOD_REAL};
    char pattern[GK_NAME_MAX + 1], out[GK_NAME_MAX + 1];
    char shown[TEXT_SHOWN_MAX];

    if (!text_is_name(text.bytes, text.size))
        return error_set(error, GK_EINVAL, "%s: expected a name, got '%s'", what,
                         text_show(text.bytes, text.size, shown));
    memcpy(pattern, text.bytes, text.size);
    pattern[text.size] = 0;
    int rc = mapping_expand(pattern, &SAMPLE, out, error);
    if (rc == GK_OK && (strchr(out, '{') || strchr(out, '}')))
        return error_set(error, GK_EINVAL, "%s: expected {mn}, {code} or {suffix} in braces, got '%s'", what, pattern);
    return rc;
}

static int check_put(const struct gk_mapping_put *put, struct gk_error *error)
{
    int rc;

    TRY(check_pattern(put->mn, "mn", false, error));
    TRY(check_pattern(put->code, "code", false, error));
    TRY(check_pattern(put->suffix, "suffix", true, error));
    TRY(check_template(put->facility, "facility", error));
    TRY(check_template(put->channel, "channel", error));
    if (put->unit.size && !text_is_name(put->unit.bytes, put->unit.size))
        return error_set(error, GK_EINVAL, "unit: expected a name");
    if ((unsigned)put->period > GK_PERIOD_DAY)
        return error_set(error, GK_EINVAL, "period: expected real, minute, hour or day");
    if (!isfinite(put->factor) || put->factor == 0)
        return error_set(error, GK_ERANGE, "factor: expected a number other than 0");
    if (put->least > put->most)
        return error_set(error, GK_ERANGE, "min: expected at most max, %.17g, got %.17g", put->most, put->least);
done:
    return rc;
}

static bool is_word(const char *text, const char *other)
{
    return strcmp(text, other) == 0;
}

static bool is_same_sent(const struct gk_mapping *a, const struct gk_mapping *b)
{
    return is_word(a->mn, b->mn) && is_word(a->code, b->code) && is_word(a->suffix, b->suffix) &&
           a->period == b->period;
}

/* NaN equals NaN: no limit. */
static bool is_same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool is_same_target(const struct gk_mapping *a, const struct gk_mapping *b)
{
    return is_word(a->facility, b->facility) && is_word(a->channel, b->channel) && is_word(a->unit, b->unit) &&
           a->factor == b->factor && is_same_number(a->least, b->least) && is_same_number(a->most, b->most);
}

static const char *keep(struct catalog *c, struct gk_text text)
{
    return text.size ? catalog_string(c, text.bytes, text.size) : "";
}

int catalog_add_mapping(struct catalog *c, const struct gk_mapping *mapping)
{
    if (mem_reserve(&c->mem, &c->mappings, &c->mappings_capacity, c->n_mappings + 1, sizeof *c->mappings) != GK_OK)
        return GK_ENOMEM;
    c->mappings[c->n_mappings++] = *mapping;
    return GK_OK;
}

int catalog_put_mapping(struct catalog *c, const struct gk_mapping_put *put, struct catalog_changes *changes,
                        struct gk_error *error)
{
    struct gk_mapping mapping = {.period = put->period, .factor = put->factor, .least = put->least, .most = put->most};
    size_t at = 0;
    int rc;

    TRY(check_put(put, error));
    mapping.mn = keep(c, put->mn);
    mapping.code = keep(c, put->code);
    mapping.suffix = keep(c, put->suffix);
    mapping.facility = keep(c, put->facility);
    mapping.channel = keep(c, put->channel);
    mapping.unit = keep(c, put->unit);
    rc = GK_ENOMEM;
    if (!mapping.mn || !mapping.code || !mapping.suffix || !mapping.facility || !mapping.channel || !mapping.unit ||
        mem_reserve(changes->mem, &changes->at, &changes->capacity, changes->n + 1, sizeof *changes->at) != GK_OK)
        goto done;
    while (at < c->n_mappings && !is_same_sent(&c->mappings[at], &mapping))
        at++;
    if (at < c->n_mappings && is_same_target(&c->mappings[at], &mapping))
        return GK_OK; /* the same again is nothing */
    if (at < c->n_mappings)
        c->mappings[at] = mapping;
    else
        TRY(catalog_add_mapping(c, &mapping));
    c->mappings_version++;
    changes->at[changes->n++] = (struct catalog_change){ENTRY_MAPPING, (uint32_t)at};
    rc = GK_OK;
done:
    return rc == GK_ENOMEM ? error_set(error, rc, "out of memory for the catalog") : rc;
}

/* ---- reading -------------------------------------------------------------------------------------------------------
 */

const struct gk_mapping *gk_mappings(gk_snapshot *s, size_t *n)
{
    *n = snapshot_seen(s)->n_mappings;
    return snapshot_seen(s)->mappings;
}

const struct gk_mapping *gk_mapping_find(gk_snapshot *s, const struct gk_sent *sent)
{
    return catalog_find_mapping(snapshot_seen(s), sent);
}
