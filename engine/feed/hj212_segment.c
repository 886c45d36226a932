/*
 * hj212_segment.c - strict about structure, patient about fields: with a check value of 256 possible ones every 256th
 * damaged packet passes it, and what was damaged mostly shows in the structure; but a bad field is no reason to lose
 * the others.
 */
#include "feed/hj212_segment.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/text.h"

#define MN_MAX 64 /* 24 by the standard */

/* The text up to `end`, and the rest behind it. */
static struct gk_text cut(struct gk_text *rest, const char *end, size_t skip)
{
    struct gk_text piece = {rest->bytes, (size_t)(end - rest->bytes)};
    rest->bytes = end + skip;
    rest->size -= piece.size + skip;
    return piece;
}

static const char *find(struct gk_text text, char c)
{
    return text.size > 0 ? memchr(text.bytes, c, text.size) : NULL;
}

static struct gk_text cut_at(struct gk_text *rest, char c)
{
    const char *p = find(*rest, c);
    return p ? cut(rest, p, 1) : cut(rest, rest->bytes + rest->size, 0);
}

static bool is_word(struct gk_text text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.bytes, word, text.size) == 0;
}

/* Digits alone, at most `most` of them. */
static bool read_digits(struct gk_text text, size_t most, uint32_t *out)
{
    uint32_t v = 0;

    if (text.size == 0 || text.size > most)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
        v = v * 10 + (uint32_t)(text.bytes[i] - '0');
    }
    *out = v;
    return true;
}

/* yyyymmddhhmmss, or with three digits of milliseconds behind. */
static bool read_time(struct gk_text text, int32_t zone_s, gk_time *out)
{
    static const uint8_t WIDTH[] = {4, 2, 2, 2, 2, 2};
    uint32_t v[6], milli = 0;
    size_t at = 0;

    if (text.size != 14 && text.size != 17)
        return false;
    for (int i = 0; i < 6; at += WIDTH[i++])
        if (!read_digits((struct gk_text){text.bytes + at, WIDTH[i]}, WIDTH[i], &v[i]))
            return false;
    if (text.size == 17 && !read_digits((struct gk_text){text.bytes + 14, 3}, 3, &milli))
        return false;
    if (v[0] < 1678 || v[0] > 2261 || v[2] < 1 || v[2] > clock_month_days(v[0], v[1]) || v[3] > 23 || v[4] > 59 ||
        v[5] > 59)
        return false;
    int64_t s = clock_days((struct clock_date){v[0], v[1], v[2]}) * CLOCK_DAY_S + v[3] * 3600 + v[4] * 60 + v[5];
    *out = (s - zone_s) * GK_SECOND + (int64_t)milli * 1000000;
    return true;
}

static bool take_header_item(struct gk_hj212_packet *packet, struct gk_text key, struct gk_text value)
{
    if (is_word(key, "QN"))
        packet->qn = value;
    else if (is_word(key, "PW"))
        packet->pw = value;
    else if (is_word(key, "MN"))
        packet->mn = value;
    else if (is_word(key, "ST"))
        return read_digits(value, 4, &packet->st);
    else if (is_word(key, "CN"))
        return read_digits(value, 5, &packet->cn);
    else if (is_word(key, "Flag"))
        return read_digits(value, 3, &packet->flag) && packet->flag <= 255;
    else if (is_word(key, "PNUM"))
        return read_digits(value, 6, &packet->pnum);
    else if (is_word(key, "PNO"))
        return read_digits(value, 6, &packet->pno);
    return true; /* a key of a later version */
}

static bool is_key(struct gk_text key)
{
    for (size_t i = 0; i < key.size; i++) {
        char c = key.bytes[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'))
            return false;
    }
    return key.size > 0;
}

static int parse_header(struct gk_text header, struct gk_hj212_packet *packet, char *reason, size_t reason_size)
{
    char shown[TEXT_SHOWN_MAX];

    while (header.size > 0) {
        struct gk_text value = cut_at(&header, ';'), item = value;
        const char *equal = find(value, '=');
        struct gk_text key = equal ? cut(&value, equal, 1) : (struct gk_text){NULL, 0};
        if (!is_key(key) || !take_header_item(packet, key, value)) {
            (void)snprintf(reason, reason_size, "'%s' in the header", text_show(item.bytes, item.size, shown));
            return GK_ESYNTAX;
        }
    }
    if (packet->cn == 0 || packet->st == 0 || packet->mn.size == 0 || packet->mn.size > MN_MAX ||
        !text_is_name(packet->mn.bytes, packet->mn.size)) {
        (void)snprintf(reason, reason_size, "the header has no %s",
                       packet->cn == 0   ? "CN"
                       : packet->st == 0 ? "ST"
                                         : "MN that could be one");
        return GK_ESYNTAX;
    }
    return GK_OK;
}

/* Up to the next of two signs, or behind the second // of a text that begins with // (its text may have both signs). */
static struct gk_text cut_value(struct gk_text *rest, char *end)
{
    size_t i = 0;
    const char *p = find(*rest, '=');
    size_t from = p ? (size_t)(p - rest->bytes) + 1 : 0;

    for (i = 0; i < rest->size && rest->bytes[i] != ';' && rest->bytes[i] != ','; i++) {
        if (p && i == from && rest->size - i >= 4 && memcmp(rest->bytes + i, "//", 2) == 0) {
            for (size_t j = i + 2; j + 2 <= rest->size; j++)
                if (memcmp(rest->bytes + j, "//", 2) == 0) {
                    i = j + 1;
                    break;
                }
        }
    }
    *end = i < rest->size ? rest->bytes[i] : '\0';
    return cut(rest, rest->bytes + i, i < rest->size);
}

static struct gk_hj212_field read_field(struct gk_text text)
{
    struct gk_hj212_field field = {.value = text, .number = gk_missing()};
    const char *equal = find(text, '=');

    if (!equal) {
        field.problem = "no = in it";
        field.code = (struct gk_text){text.bytes, 0};
        return field;
    }
    field.code = cut(&field.value, equal, 1);
    for (size_t i = field.code.size; i-- > 1;)
        if (field.code.bytes[i] == '-') {
            field.suffix = (struct gk_text){field.code.bytes + i + 1, field.code.size - i - 1};
            field.code.size = i;
            break;
        }
    if (field.code.size == 0)
        field.problem = "no code before =";
    else if (field.value.size == 0)
        field.problem = "no value behind =";
    else if (!text_is_utf8(text.bytes, text.size))
        field.problem = "not UTF-8";
    else if (decimal_to_double(field.value.bytes, field.value.size, &field.number) != GK_OK)
        field.number = gk_missing();
    else
        field.is_number = true;
    return field;
}

/* Tells the fields of an item the flag of their code: a34001-Flag=N stands behind a34001-Rtd=1.1. */
static void spread_flags(struct gk_hj212_field *fields, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (!is_word(fields[i].suffix, "Flag") || fields[i].value.size != 1)
            continue;
        for (size_t j = from; j < to; j++)
            if (j != i && fields[j].code.size == fields[i].code.size &&
                memcmp(fields[j].code.bytes, fields[i].code.bytes, fields[i].code.size) == 0)
                fields[j].flag = fields[i].value.bytes[0];
    }
}

static int parse_fields(const struct mem *mem, struct gk_text text, struct segment *out)
{
    size_t item = 0; /* the first field of the item at hand */
    char end;

    out->n_fields = 0;
    while (text.size > 0) {
        struct gk_text piece = cut_value(&text, &end);
        if (piece.size > 0) {
            if (mem_reserve(mem, &out->fields, &out->capacity, out->n_fields + 1, sizeof *out->fields) != GK_OK)
                return GK_ENOMEM;
            out->fields[out->n_fields++] = read_field(piece);
        }
        if (end != ',') {
            spread_flags(out->fields, item, out->n_fields);
            item = out->n_fields;
        }
    }
    return GK_OK;
}

static void read_data_time(struct segment *segment, int32_t zone_s)
{
    struct gk_hj212_packet *packet = &segment->packet;

    for (size_t i = 0; i < segment->n_fields; i++) {
        struct gk_hj212_field *field = &segment->fields[i];
        if (!is_word(field->code, "DataTime") || field->suffix.size > 0 || packet->has_time)
            continue;
        packet->has_time = read_time(field->value, zone_s, &packet->time);
        if (!packet->has_time)
            field->problem = "no time: 14 or 17 digits of a day that exists are expected";
    }
}

int segment_parse(const struct mem *mem, struct view bytes, int32_t zone_s, struct segment *out, char *reason,
                  size_t reason_size)
{
    static const char CP[] = "CP=&&";
    struct gk_text text = {(const char *)bytes.bytes, bytes.size}, header = text;
    size_t at = 0;
    int rc;

    out->packet = (struct gk_hj212_packet){0};
    while (at + 5 <= text.size && !(memcmp(text.bytes + at, CP, 5) == 0 && (at == 0 || text.bytes[at - 1] == ';')))
        at++;
    header.size = at + 5 <= text.size ? at : text.size;
    TRY(parse_header(header, &out->packet, reason, reason_size));
    rc = GK_ESYNTAX;
    if (at + 5 > text.size) {
        (void)snprintf(reason, reason_size, "no CP=&& in it");
        goto done;
    }
    text.bytes += at + 5;
    text.size -= at + 5;
    if (text.size < 2 || memcmp(text.bytes + text.size - 2, "&&", 2) != 0) {
        (void)snprintf(reason, reason_size, "it does not end with &&");
        goto done;
    }
    text.size -= 2;
    TRY(parse_fields(mem, text, out));
    out->packet.version = out->packet.flag >> 2;
    read_data_time(out, zone_s);
    out->packet.n_fields = out->n_fields;
    out->packet.fields = out->fields;
done:
    return rc;
}
