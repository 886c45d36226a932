/*
 * lex.c - see lex.h. Characters are read folded (full-width forms as ASCII), so one set of rules does for both scripts.
 * A run of Han characters is cut into the longest words that are known; what is left over becomes one unknown word.
 */
#include "lex.h"

#include <string.h>

#include "utf8.h"

struct lexer {
    struct arena *arena;
    struct report *report;
    const char *text;
    size_t size, at;
    struct token *list;
    size_t n, capacity;
};

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        rc = (call);                                                                                                   \
        if (rc != GK_OK)                                                                                               \
            goto done;                                                                                                 \
    } while (0)

/* The character at an offset, 0 at the end; folded in what is not a name. */
static uint32_t peek_raw(const struct lexer *lexer, size_t at, size_t *size)
{
    *size = 0;
    return at < lexer->size ? utf8_at(lexer->text, lexer->size, at, size) : 0;
}

static uint32_t peek(const struct lexer *lexer, size_t at, size_t *size)
{
    return utf8_fold(peek_raw(lexer, at, size));
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint32_t c)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return !utf8_is_han(c) && c != UTF8_BAD && c >= 0xB5 && c != 0xD7 && c != 0xF7 && !(c >= 0x2000 && c < 0x3041);
}

/* The folded ASCII of [from, to), copied. */
static char *fold_text(struct lexer *lexer, size_t from, size_t to, size_t *size)
{
    char *out = arena_piece(lexer->arena, to - from + 4), *p = out;
    size_t len;

    if (!out)
        return NULL;
    for (size_t at = from; at < to; at += len)
        p += utf8_put(p, peek(lexer, at, &len));
    *p = '\0';
    *size = (size_t)(p - out);
    return out;
}

static int push(struct lexer *lexer, struct token token)
{
    int rc;

    if (token.text.bytes == NULL) {
        token.text.bytes = fold_text(lexer, token.place.from, token.place.to, &token.text.size);
        if (!token.text.bytes)
            return arena_status(lexer->arena);
    }
    TRY(arena_reserve(lexer->arena, &lexer->list, &lexer->capacity, lexer->n + 1, sizeof token));
    lexer->list[lexer->n++] = token;
done:
    return rc;
}

/* Blanks and comments. */
static void skip_blanks(struct lexer *lexer)
{
    size_t len;

    for (;;) {
        uint32_t c = peek(lexer, lexer->at, &len);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xFEFF) {
            lexer->at += len;
        } else if (c == '-' && lexer->at + 1 < lexer->size && lexer->text[lexer->at] == '-' &&
                   lexer->text[lexer->at + 1] == '-') {
            const char *end = memchr(lexer->text + lexer->at, '\n', lexer->size - lexer->at);
            lexer->at = end ? (size_t)(end - lexer->text) : lexer->size;
        } else {
            return;
        }
    }
}

/* The quote that ends what this one begins, 0 when it is none. */
static uint32_t closing_quote(uint32_t c)
{
    switch (c) {
    case '\'':
    case '"':
    case 0xFF07: /* ＇ */
    case 0xFF02: /* ＂ */
        return c;
    case 0x2018: /* ‘ */
    case 0x2019:
        return 0x2019;
    case 0x201C: /* “ */
    case 0x201D:
        return 0x201D;
    case 0x300C: /* 「 */
        return 0x300D;
    default:
        return 0;
    }
}

static int lex_name(struct lexer *lexer, uint32_t close)
{
    size_t from = lexer->at, len, next, n = 0;
    char name[GK_NAME_MAX + 8]; /* room for one character too many */

    (void)peek_raw(lexer, lexer->at, &len);
    for (lexer->at += len;; lexer->at += len) {
        uint32_t c = peek_raw(lexer, lexer->at, &len);
        if (len == 0) {
            report_hint(lexer->report,
                        "names stand in quotes, and the closing one fits: 'F12' \"F12\" ‘F12’ “F12” 「F12」");
            return report_fail(lexer->report, GK_ESYNTAX, (struct place){from, lexer->size},
                               "expected a closing quote before the end of the text");
        }
        if (c == close) {
            if (peek_raw(lexer, lexer->at + len, &next) != close || next == 0)
                break;
            lexer->at += len;
        }
        if (c == 0) {
            report_hint(lexer->report, "names stand in quotes: facility 'F12', enterprise 'E7'");
            return report_fail(lexer->report, GK_ESYNTAX, (struct place){lexer->at, lexer->at + len},
                               "a name has no zero byte");
        }
        if (n <= GK_NAME_MAX) {
            memcpy(name + n, lexer->text + lexer->at, len);
            n += len;
        }
    }
    lexer->at += len;
    struct token token = {.kind = T_NAME, .place = {from, lexer->at}, .text = {NULL, n}};
    if (n == 0 || n > GK_NAME_MAX)
        report_hint(lexer->report, "names stand in quotes: facility 'F12', enterprise 'E7'");
    if (n == 0 || n > GK_NAME_MAX)
        return report_fail(lexer->report, GK_ESYNTAX, token.place, "expected a name of 1 to %d bytes", GK_NAME_MAX);
    token.text.bytes = arena_text(lexer->arena, name, n);
    return token.text.bytes ? push(lexer, token) : arena_status(lexer->arena);
}

static size_t skip_digits(const struct lexer *lexer, size_t at)
{
    size_t len;

    while (is_digit(peek(lexer, at, &len)))
        at += len;
    return at;
}

/* True and *end behind it when the text at `at` is n digits (or up to `most`) and then the character c. */
static bool is_group(const struct lexer *lexer, size_t at, size_t least, size_t most, uint32_t c, size_t *end)
{
    size_t n = 0, len;

    for (; n < most && is_digit(peek(lexer, at, &len)); n++)
        at += len;
    if (n < least)
        return false;
    if (c && peek(lexer, at, &len) != c)
        return false;
    *end = c ? at + len : at;
    return true;
}

/* The end of the clock part hh:mm[:ss[.fff]] at `at`, else `at`. */
static size_t skip_clock(const struct lexer *lexer, size_t at)
{
    size_t p, q, len;

    if (!is_group(lexer, at, 1, 2, ':', &p) || !is_group(lexer, p, 2, 2, 0, &q))
        return at;
    if (peek(lexer, q, &len) == ':' && is_group(lexer, q + len, 2, 2, 0, &p)) {
        q = p;
        if (peek(lexer, q, &len) == '.' && is_digit(peek(lexer, q + len, &p)))
            q = skip_digits(lexer, q + len);
    }
    return q;
}

/* Up to `most` digits at `at` and then the Chinese sign; its end, or `at`. */
static size_t skip_part(const struct lexer *lexer, size_t at, size_t most, const char *sign, int *value)
{
    size_t len, n = 0, end = at, size = strlen(sign);

    for (*value = 0; n < most && is_digit(peek(lexer, end, &len)); n++, end += len)
        *value = *value * 10 + (int)(peek(lexer, end, &len) - '0');
    if (n == 0 || lexer->size - end < size || memcmp(lexer->text + end, sign, size) != 0)
        return at;
    return end + size;
}

/* 8时, 8点30分: its end, or `at`. */
static size_t skip_hour(const struct lexer *lexer, size_t at, int *hour, int *minute)
{
    size_t end = skip_part(lexer, at, 2, "时", hour);

    *minute = 0;
    end = end == at ? skip_part(lexer, at, 2, "点", hour) : end;
    return end == at ? at : skip_part(lexer, end, 2, "分", minute);
}

/* 08:00-12:00, 8时至12时: whether another time of the same day stands behind one that ends at `at`. */
static bool is_until(const struct lexer *lexer, size_t at)
{
    static const char *const signs[] = {"-", "至", "到"};
    int hour, minute;

    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t size = strlen(signs[i]);
        if (lexer->size - at < size || memcmp(lexer->text + at, signs[i], size) != 0)
            continue;
        at += size;
        return skip_clock(lexer, at) > at || skip_hour(lexer, at, &hour, &minute) > at;
    }
    return false;
}

/* A date with or without a clock and an offset; its end, or `from` when this is no date. */
static size_t skip_time(const struct lexer *lexer, size_t from)
{
    size_t at, clock, end, len;

    if (!is_group(lexer, from, 4, 4, '-', &at) || !is_group(lexer, at, 1, 2, '-', &at) ||
        !is_group(lexer, at, 1, 2, 0, &end))
        return from;
    uint32_t c = peek(lexer, end, &len);
    if (c != 'T' && c != 't' && c != ' ')
        return end;
    clock = skip_clock(lexer, end + len);
    if (clock == end + len || (c == ' ' && is_until(lexer, clock))) /* hours of that day; behind T it is an offset */
        return end;
    c = peek(lexer, clock, &len);
    if (c == 'Z' || c == 'z')
        return clock + len;
    if ((c == '+' || c == '-') && is_group(lexer, clock + len, 2, 2, 0, &end)) {
        size_t minutes = peek(lexer, end, &len) == ':' ? end + len : end;
        return is_group(lexer, minutes, 2, 2, 0, &at) ? at : end;
    }
    return clock;
}

#define DECIMALS_MAX 18

/* 2026年11月20日, with 8时30分, 8点, 08:30 or no clock behind it: a time in the ISO form. *is_done: there was one. */
static int lex_date(struct lexer *lexer, bool *is_done)
{
    struct token token = {.kind = T_TIME, .place = {lexer->at, lexer->at}};
    int year, month, day, hour, minute;
    size_t at = skip_part(lexer, lexer->at, 4, "年", &year), next, size;
    const char *clock = "";

    *is_done = false;
    if (at == lexer->at || (next = skip_part(lexer, at, 2, "月", &month)) == at ||
        ((at = skip_part(lexer, next, 2, "日", &day)) == next && (at = skip_part(lexer, next, 2, "号", &day)) == next))
        return GK_OK;
    *is_done = true;
    next = skip_hour(lexer, at, &hour, &minute);
    size_t until = next > at ? next : skip_clock(lexer, at);
    if (until > at && is_until(lexer, until)) {
        next = at; /* hours of that day, tokens of their own */
    } else if (next > at) {
        at = next;
        clock = arena_printf(lexer->arena, "T%02d:%02d", hour, minute);
    } else if ((next = skip_clock(lexer, at)) > at) {
        const char *text = fold_text(lexer, at, next, &size);
        clock = text ? arena_printf(lexer->arena, "T%s%s", text[1] == ':' ? "0" : "", text) : NULL;
        at = next;
    }
    token.text.bytes = clock ? arena_printf(lexer->arena, "%04d-%02d-%02d%s", year, month, day, clock) : NULL;
    if (!token.text.bytes)
        return arena_status(lexer->arena);
    token.text.size = strlen(token.text.bytes);
    token.place.to = lexer->at = at;
    return push(lexer, token);
}

/* 2026年1月: a month has no word of its own. 1月3日: of which year? *is_done: it is one of them. */
static int refuse_short_date(struct lexer *lexer, bool *is_done)
{
    int year, month, day;
    size_t from = lexer->at, behind = skip_part(lexer, from, 4, "年", &year);
    size_t at = skip_part(lexer, behind, 2, "月", &month), end = at;

    *is_done = at > behind && behind > from;
    if (*is_done) {
        report_hint(lexer->report, "this month, last month, between 2026-11-01 and 2026-12-01");
        return report_fail(lexer->report, GK_ESYNTAX, (struct place){from, at}, "expected a day behind the month");
    }
    if (at > behind && (end = skip_part(lexer, at, 2, "日", &day)) == at)
        end = skip_part(lexer, at, 2, "号", &day);
    *is_done = end > at;
    if (!*is_done)
        return GK_OK;
    report_hint(lexer->report, "2026-11-20, 2026年11月20日");
    return report_fail(lexer->report, GK_ESYNTAX, (struct place){from, end}, "a date has its year");
}

/* digits[.digits] as mantissa and decimals, of which 18 count; false when it is too long for 18 digits. */
static bool read_decimal(const char *text, size_t size, int64_t *mantissa, unsigned *decimals)
{
    bool is_behind = false;

    *mantissa = 0;
    *decimals = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.') {
            is_behind = true;
            continue;
        }
        if (is_behind && *decimals == DECIMALS_MAX)
            continue;
        if (*mantissa > (INT64_MAX - 9) / 10)
            return false;
        *mantissa = *mantissa * 10 + (text[i] - '0');
        *decimals += is_behind;
    }
    return true;
}

static const int64_t TEN[DECIMALS_MAX + 1] = {1,
                                              10,
                                              100,
                                              1000,
                                              10000,
                                              100000,
                                              1000000,
                                              10000000,
                                              100000000,
                                              1000000000,
                                              10000000000,
                                              100000000000,
                                              1000000000000,
                                              10000000000000,
                                              100000000000000,
                                              1000000000000000,
                                              10000000000000000,
                                              100000000000000000,
                                              1000000000000000000};

/* mantissa / 10^decimals of a unit in nanoseconds, rounded up. */
static bool read_ns(int64_t mantissa, unsigned decimals, int64_t unit, int64_t *ns)
{
    int64_t whole = mantissa / TEN[decimals], part = mantissa % TEN[decimals];

    /* Longer than 100 years is a mistake and would overflow sums of durations. */
    if (whole > INT64_C(36525) * 86400 * GK_SECOND / unit)
        return false;
    long double fraction = (long double)part * (long double)unit / (long double)TEN[decimals];
    *ns = whole * unit + (int64_t)fraction;
    *ns += (long double)(int64_t)fraction < fraction;
    return true;
}

static bool is_month(const char *unit, size_t size)
{
    return (size == 1 && unit[0] == 'M') ||
           (size <= 6 && size >= 2 && (unit[0] == 'm' || unit[0] == 'M') && (unit[1] == 'o' || unit[1] == 'O'));
}

static int fail_unit(struct lexer *lexer, struct place place, const char *unit, size_t size)
{
    struct nearest nearest = nearest_to(unit, size);

    if (is_month(unit, size)) {
        report_hint(lexer->report, "m is minutes; a month is a calendar word: this month, last month, or 30d");
        return report_fail(lexer->report, GK_ESYNTAX, place, "the unit '%s' is refused: minutes or months?", unit);
    }
    for (const char *const *p =
             (const char *const[]){"ms", "s", "m", "h", "d", "w", "mA", "kV", "kW", "MW", "kWh", NULL};
         *p; p++)
        nearest_try(&nearest, *p);
    if (nearest.best)
        report_hint(lexer->report, "did you mean '%s'? one of ms s m h d w mA A V kV W kW MW kWh %%", nearest.best);
    else
        report_hint(lexer->report, "one of ms s m h d w, mA A V kV W kW MW kWh %%: 10m, 50A, 30%%");
    return report_fail(lexer->report, GK_ESYNTAX, place, "expected a unit, got '%.40s'", unit);
}

/* The unit that follows a number without a blank: its end, and NULL for none. */
static const struct unit *read_unit(struct lexer *lexer, size_t at, size_t *end, bool *is_bad)
{
    size_t len, stop = at;
    const struct unit *unit;
    uint32_t c = peek(lexer, at, &len);

    *end = at;
    *is_bad = false;
    if (c == '%') {
        *end = at + len;
        return unit_find("%", 1);
    }
    if (utf8_is_han(c)) {
        unit = unit_longest(lexer->text + at, lexer->size - at, &len);
        *end = at + len;
        return unit;
    }
    while (is_letter(peek(lexer, stop, &len)))
        stop += len;
    if (stop == at)
        return NULL;
    size_t size;
    const char *text = fold_text(lexer, at, stop, &size);
    unit = text ? unit_find(text, size) : NULL;
    *end = stop;
    *is_bad = unit == NULL;
    return unit;
}

static int fail_number(struct lexer *lexer, struct place place)
{
    report_hint(lexer->report, "18 digits are the most, and a duration is 100 years at most");
    return report_fail(lexer->report, GK_ESYNTAX, place, "the number is out of range");
}

/* 10 minutes, 5 kW, 24 小时: a unit that stands apart, as a whole word; then *end is behind it. Months are refused. */
static const struct unit *read_unit_apart(struct lexer *lexer, size_t at, size_t *end, bool *is_bad)
{
    const struct unit *unit = NULL;
    size_t from = at, stop, len, size;

    while (peek(lexer, from, &len) == ' ')
        from += len;
    if (from == at)
        return NULL;
    for (stop = from; is_letter(peek(lexer, stop, &len));)
        stop += len;
    if (utf8_is_han(peek(lexer, from, &len))) {
        unit = unit_longest(lexer->text + from, lexer->size - from, &len);
        stop = from + len;
    } else if (stop > from) {
        const char *text = fold_text(lexer, from, stop, &size);
        unit = text ? unit_find(text, size) : NULL;
        *is_bad = text && !unit && is_month(text, size) && word_find(text, size) == W_NONE;
    }
    if (unit || *is_bad)
        *end = stop;
    return unit;
}

/* 95分位 is the word p95; its end, or `at`. */
static size_t skip_percentile(const struct lexer *lexer, size_t at)
{
    static const char *const texts[] = {"分位数", "分位值", "分位"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t len = strlen(texts[i]);
        if (lexer->size - at >= len && memcmp(lexer->text + at, texts[i], len) == 0)
            return at + len;
    }
    return at;
}

/* The digits [from, stop) as a number; GK_OK, or the report. */
static int read_number(struct lexer *lexer, size_t from, size_t stop, int64_t *mantissa, unsigned *decimals)
{
    size_t size;
    const char *digits = fold_text(lexer, from, stop, &size);

    if (!digits)
        return arena_status(lexer->arena);
    if (!read_decimal(digits, size, mantissa, decimals))
        return fail_number(lexer, (struct place){from, stop});
    return GK_OK;
}

static size_t skip_decimal(const struct lexer *lexer, size_t from)
{
    size_t len, next, stop = skip_digits(lexer, from);

    if (peek(lexer, stop, &len) == '.' && is_digit(peek(lexer, stop + len, &next)))
        stop = skip_digits(lexer, stop + len);
    return stop;
}

static int lex_percentile(struct lexer *lexer, size_t stop, size_t end)
{
    struct token token = {.kind = T_WORD, .place = {lexer->at, end}};
    size_t size;
    const char *digits = fold_text(lexer, lexer->at, stop, &size);

    if (!digits)
        return arena_status(lexer->arena);
    token.text.bytes = arena_printf(lexer->arena, "p%s", digits);
    if (!token.text.bytes)
        return arena_status(lexer->arena);
    token.text.size = size + 1;
    lexer->at = end;
    return push(lexer, token);
}

/* What follows the first part of a duration must be another one: 1h30m, not 1h30. */
static int fail_part(struct lexer *lexer, struct place place)
{
    size_t size;
    const char *text = fold_text(lexer, place.from, place.to, &size);

    report_hint(lexer->report, "1h30m, 90m");
    return text ? report_fail(lexer->report, GK_ESYNTAX, place, "expected a unit of time behind '%.40s'", text)
                : arena_status(lexer->arena);
}

/* A number, a duration (also 1h30m) or a quantity. */
static int lex_number(struct lexer *lexer)
{
    struct token token = {.kind = T_NUMBER, .place = {lexer->at, lexer->at}};
    size_t from = lexer->at, end, len, size;
    int rc;

    for (;;) {
        int64_t mantissa = 0, ns;
        unsigned decimals = 0;
        bool is_bad;
        size_t stop = skip_decimal(lexer, from);
        if (from == lexer->at && (end = skip_percentile(lexer, stop)) > stop)
            return lex_percentile(lexer, stop, end);
        TRY(read_number(lexer, from, stop, &mantissa, &decimals));
        token.number = (double)mantissa / (double)TEN[decimals];
        token.unit = read_unit(lexer, stop, &end, &is_bad);
        if (!token.unit && !is_bad)
            token.unit = read_unit_apart(lexer, stop, &end, &is_bad);
        if (is_bad) {
            while (peek(lexer, stop, &len) == ' ')
                stop += len;
            const char *unit = fold_text(lexer, stop, end, &size);
            return unit ? fail_unit(lexer, (struct place){stop, end}, unit, size) : arena_status(lexer->arena);
        }
        token.place.to = end;
        if (from > lexer->at && (!token.unit || token.unit->kind != UNIT_TIME))
            return fail_part(lexer, (struct place){from, end});
        if (!token.unit)
            break;
        if (token.unit->kind != UNIT_TIME) {
            token.kind = T_QUANTITY;
            /* 3300 mA is 3.3 A: a quotient is rounded once, a thousandth has been rounded before. */
            token.number =
                token.unit->base < 1 ? token.number / (1 / token.unit->base) : token.number * token.unit->base;
            break;
        }
        token.kind = T_DURATION;
        if (!read_ns(mantissa, decimals, token.unit->ns, &ns) || ns > INT64_MAX - token.ns)
            return fail_number(lexer, (struct place){from, end});
        token.ns += ns;
        if (!is_digit(peek(lexer, end, &len)))
            break;
        from = end;
    }
    lexer->at = token.place.to;
    rc = push(lexer, token);
done:
    return rc;
}

/* 22:00 or 24:00. */
static int lex_clock(struct lexer *lexer, size_t end)
{
    struct token token = {.kind = T_CLOCK, .place = {lexer->at, end}};
    size_t size;
    const char *text = fold_text(lexer, lexer->at, end, &size);
    int parts[3] = {0, 0, 0}, i = 0;

    if (!text)
        return arena_status(lexer->arena);
    if (skip_hour(lexer, lexer->at, &parts[0], &parts[1]) == lexer->at) {
        parts[0] = parts[1] = 0;
        for (const char *p = text; *p && *p != '.'; p++) {
            if (*p == ':')
                i++;
            else
                parts[i] = parts[i] * 10 + (*p - '0');
        }
    }
    token.seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
    if (parts[1] > 59 || parts[2] > 59 || token.seconds > 86400) {
        report_hint(lexer->report, "hours 22:00-06:00");
        return report_fail(lexer->report, GK_ESYNTAX, token.place, "expected a time of day up to 24:00, got '%.40s'",
                           text);
    }
    lexer->at = end;
    return push(lexer, token);
}

static int lex_word(struct lexer *lexer)
{
    struct token token = {.kind = T_WORD, .place = {lexer->at, lexer->at}};
    uint32_t c;
    size_t len;

    while (c = peek(lexer, lexer->at, &len), is_letter(c) || is_digit(c))
        lexer->at += len;
    token.place.to = lexer->at;
    token.text.bytes = fold_text(lexer, token.place.from, token.place.to, &token.text.size);
    if (!token.text.bytes)
        return arena_status(lexer->arena);
    token.word = word_find(token.text.bytes, token.text.size);
    return push(lexer, token);
}

/* 1 to 99 in Han numerals at `at`, also 两 and 半 (0.5); its end, or `at`. */
static size_t skip_numeral(const struct lexer *lexer, size_t at, double *number)
{
    static const char digits[] = "一二三四五六七八九";
    double ones = 0;
    size_t end = at;

    *number = 0;
    for (size_t left = lexer->size - at; left >= 3; end += 3, left -= 3) {
        const char *text = lexer->text + end;
        double digit = 0;
        for (size_t i = 0; i < 9; i++)
            if (memcmp(text, digits + 3 * i, 3) == 0)
                digit = (double)(i + 1);
        if (memcmp(text, "十", 3) == 0 && *number == 0) {
            *number = ones ? ones * 10 : 10;
            ones = 0;
        } else if (ones == 0 && digit > 0) {
            ones = digit;
        } else if (end == at && memcmp(text, "两", 3) == 0) {
            ones = 2;
        } else if (end == at && memcmp(text, "半", 3) == 0) {
            ones = 0.5;
        } else {
            break;
        }
    }
    *number += ones;
    return end;
}

/* 两台, 十五分钟, 半小时: only before a measure word or a unit of time. *is_done: there was one. */
static int lex_numeral(struct lexer *lexer, bool *is_done)
{
    struct token token = {.kind = T_NUMBER};
    size_t end = skip_numeral(lexer, lexer->at, &token.number), len, size;
    const struct unit *unit = end > lexer->at ? unit_longest(lexer->text + end, lexer->size - end, &len) : NULL;
    bool is_time = unit && unit->kind == UNIT_TIME;

    *is_done = is_time || (end > lexer->at && word_longest(lexer->text + end, lexer->size - end, &size) == W_MEASURE);
    if (!*is_done)
        return GK_OK;
    if (is_time) {
        token.kind = T_DURATION;
        token.unit = unit;
        token.ns = (int64_t)(token.number * 2) * (unit->ns / 2);
        end += len;
    }
    token.place = (struct place){lexer->at, end};
    lexer->at = end;
    return push(lexer, token);
}

/* 停运了, 启动了: said of what is over, and no other word. */
static bool is_done_state(const struct lexer *lexer, enum word word)
{
    bool is_state = (word >= W_ON && word <= W_NODATA) || word == W_START || word == W_END;

    return is_state && lexer->size - lexer->at >= 3 && memcmp(lexer->text + lexer->at, "了", 3) == 0;
}

/* One word of a run of Han characters; characters that begin no word are gathered until one does. */
static int lex_han(struct lexer *lexer)
{
    struct token token = {.kind = T_WORD, .place = {lexer->at, lexer->at}};
    size_t len;
    bool is_done;

    token.word = word_longest(lexer->text + lexer->at, lexer->size - lexer->at, &len);
    if (len <= 3) {
        int rc = lex_numeral(lexer, &is_done);
        if (rc != GK_OK || is_done)
            return rc;
    }
    if (token.word == W_NONE) {
        size_t size;
        do {
            if (len == 0)
                (void)peek(lexer, lexer->at, &len);
            lexer->at += len;
            len = 0;
        } while (utf8_is_han(peek(lexer, lexer->at, &len)) &&
                 word_longest(lexer->text + lexer->at, lexer->size - lexer->at, &size) == W_NONE);
    } else {
        lexer->at += len;
        lexer->at += is_done_state(lexer, token.word) ? 3 : 0;
    }
    if (token.word >= W_LESS && token.word <= W_NOT_EQUAL)
        token.kind = (enum token_kind)(T_LESS + (token.word - W_LESS));
    token.place.to = lexer->at;
    return push(lexer, token);
}

static int lex_sign(struct lexer *lexer)
{
    static const struct {
        uint32_t first, second;
        enum token_kind kind;
    } signs[] = {
        {'<', '=', T_LESS_EQUAL},
        {'>', '=', T_GREATER_EQUAL},
        {'!', '=', T_NOT_EQUAL},
        {'<', '>', T_NOT_EQUAL},
        {'=', '=', T_EQUAL},
        {0x2264, 0, T_LESS_EQUAL},
        {0x2265, 0, T_GREATER_EQUAL},
        {0x2260, 0, T_NOT_EQUAL},
        {'<', 0, T_LESS},
        {'>', 0, T_GREATER},
        {'=', 0, T_EQUAL},
        {'(', 0, T_OPEN},
        {')', 0, T_CLOSE},
        {',', 0, T_COMMA},
        {'*', 0, T_STAR},
        {'-', 0, T_MINUS},
        {'+', 0, T_PLUS},
        {'/', 0, T_SLASH},
        {0xF7, 0, T_SLASH},
        {0xD7, 0, T_STAR},
        {0x2212, 0, T_MINUS},
        {0x2013, 0, T_MINUS},
        {0x2014, 0, T_MINUS},
        {'~', 0, T_MINUS},
    };
    struct token token = {.kind = T_WRONG, .place = {lexer->at, 0}};
    size_t len, next;
    uint32_t c = peek(lexer, lexer->at, &len), d = peek(lexer, lexer->at + len, &next);

    token.place.to = lexer->at + len;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (c == signs[i].first && (signs[i].second == 0 || d == signs[i].second)) {
            token.kind = signs[i].kind;
            token.place.to += signs[i].second ? next : 0;
            break;
        }
    }
    lexer->at = token.place.to;
    return push(lexer, token);
}

/* ---- parameters ---- */

/* Whether a name stands where the next token does: behind what names follow, or in a list of them. */
static bool is_name_place(const struct lexer *lexer)
{
    static const enum word before[] = {W_FACILITY, W_PRODUCTION, W_ABATEMENT, W_LINE,     W_ENTERPRISE, W_PARK,
                                       W_ORDER,    W_GROUP,      W_TZ,        W_CALENDAR, W_SHIFT,      W_BAND};
    const struct token *last = lexer->n > 0 ? &lexer->list[lexer->n - 1] : NULL;

    if (!last)
        return false;
    if (last->kind == T_COMMA)
        return lexer->n > 1 && last[-1].kind == T_NAME;
    for (size_t i = 0; last->kind == T_WORD && i < sizeof before / sizeof before[0]; i++)
        if (last->word == before[i])
            return true;
    return false;
}

static int lex_token(struct lexer *lexer);

/*
 * Takes a value that is one number, quantity, duration, time or clock, with or without a minus before it; *is_taken is
 * false when it is none of them.
 */
static int lex_value(struct lexer *lexer, const struct gk_text *value, struct place place, bool *is_taken)
{
    struct report unheard = {.text = value->bytes, .size = value->size};
    struct lexer inner = {.arena = lexer->arena, .report = &unheard, .text = value->bytes, .size = value->size};
    int rc = GK_OK;

    *is_taken = false;
    while (inner.n < 2 && inner.at < inner.size && (inner.n == 0 || inner.list[0].kind == T_MINUS))
        TRY(lex_token(&inner));
    if (inner.n > 0 && inner.at == inner.size) {
        enum token_kind kind = inner.list[inner.n - 1].kind;
        *is_taken = kind == T_NUMBER || kind == T_QUANTITY ||
                    (inner.n == 1 && (kind == T_DURATION || kind == T_TIME || kind == T_CLOCK));
    }
    for (size_t i = 0; *is_taken && i < inner.n; i++) {
        inner.list[i].place = place;
        TRY(push(lexer, inner.list[i]));
    }
done:
    arena_release(lexer->arena, &inner.list, &inner.capacity, sizeof *inner.list);
    return rc == GK_ESYNTAX ? GK_OK : rc;
}

/* `$name` or `:name`. */
static int lex_param(struct lexer *lexer, size_t end)
{
    struct token token = {.kind = T_NAME, .place = {lexer->at, end}};
    bool is_taken = false;
    size_t size, len;
    uint32_t c;
    int rc = GK_OK;

    (void)peek(lexer, lexer->at, &len);
    while (c = peek(lexer, end, &size), size > 0 && (is_letter(c) || is_digit(c)))
        end += size;
    token.place.to = end;
    const char *name = fold_text(lexer, lexer->at + len, end, &size);
    if (!name)
        return arena_status(lexer->arena);
    const struct param *param = param_find(lexer->report->params, name, size);
    if (!param) {
        struct nearest nearest = nearest_to(name, size);
        for (const struct param *p = lexer->report->params; p; p = p->next)
            nearest_try(&nearest, p->name.bytes);
        if (nearest.best)
            report_hint(lexer->report, "did you mean '$%s'?", nearest.best);
        else
            report_hint(lexer->report, "a parameter gets its value before: --param %.40s=VALUE, .param %.40s=VALUE",
                        name, name);
        return report_fail(lexer->report, GK_ESYNTAX, token.place, "there is no parameter '%.60s'", name);
    }
    lexer->at = end;
    if (!is_name_place(lexer))
        TRY(lex_value(lexer, &param->value, token.place, &is_taken));
    token.text = param->value;
    if (!is_taken)
        TRY(push(lexer, token));
done:
    return rc;
}

static int lex_token(struct lexer *lexer)
{
    size_t len, next;
    uint32_t c = peek(lexer, lexer->at, &len), close = closing_quote(peek_raw(lexer, lexer->at, &len));

    if (close)
        return lex_name(lexer, close);
    if (is_digit(c)) {
        bool is_done;
        int rc = lex_date(lexer, &is_done);
        if (rc == GK_OK && !is_done)
            rc = refuse_short_date(lexer, &is_done);
        if (rc != GK_OK || is_done)
            return rc;
        size_t end = skip_time(lexer, lexer->at);
        if (end > lexer->at) {
            struct token token = {.kind = T_TIME, .place = {lexer->at, end}};
            lexer->at = end;
            return push(lexer, token);
        }
        int hour, minute;
        end = skip_hour(lexer, lexer->at, &hour, &minute);
        end = end == lexer->at ? skip_clock(lexer, lexer->at) : end;
        return end > lexer->at ? lex_clock(lexer, end) : lex_number(lexer);
    }
    if (utf8_is_han(c))
        return lex_han(lexer);
    if ((c == '$' || c == ':') && is_letter(peek(lexer, lexer->at + len, &next)))
        return lex_param(lexer, lexer->at + len);
    return is_letter(c) ? lex_word(lexer) : lex_sign(lexer);
}

int lex(struct arena *arena, struct report *report, struct tokens *out)
{
    struct lexer lexer = {.arena = arena, .report = report, .text = report->text, .size = report->size};
    size_t len;
    int rc;

    *out = (struct tokens){0};
    for (;;) {
        skip_blanks(&lexer);
        uint32_t c = peek(&lexer, lexer.at, &len);
        if (c == ';' && lexer.n == 0) { /* an empty statement */
            lexer.at += len;
            continue;
        }
        if (len == 0 || c == ';')
            break;
        if (lexer.at > LEX_TEXT_MAX) {
            rc = report_fail(report, GK_ELIMIT, (struct place){lexer.at, lexer.at + len},
                             "a statement may have %d bytes of text", LEX_TEXT_MAX);
            goto done;
        }
        TRY(lex_token(&lexer));
    }
    out->used = lexer.at + len;
    size_t end = lexer.n ? lexer.list[lexer.n - 1].place.to : lexer.at; /* what is missing is missing here */
    out->n = lexer.n + 1;
    for (int i = 0; i <= LEX_AHEAD; i++)
        TRY(push(&lexer, (struct token){.kind = T_END, .place = {end, end}}));
    out->list = arena_array(arena, lexer.n, sizeof *lexer.list);
    if (!out->list) {
        rc = arena_status(arena);
        goto done;
    }
    memcpy(out->list, lexer.list, lexer.n * sizeof *lexer.list);
done:
    arena_release(arena, &lexer.list, &lexer.capacity, sizeof *lexer.list);
    return rc;
}
