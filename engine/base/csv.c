/*
 * csv.c - records out of pieces. A record is looked for in a window: the rest of the piece, or the carry when it began
 * in an earlier piece. The search ends at the first newline if no quote stands before it (memchr twice: nearly every
 * record of nearly every file). With a quote a small machine walks the bytes; "other" in CLOSED or CLOSED_CR and '"' in
 * PLAIN are bad:
 *
 *                 other         "          ,         CR        newline
 *     FIELD       PLAIN         QUOTED     FIELD     PLAIN     the record's end
 *     PLAIN       PLAIN         bad        FIELD     PLAIN     the record's end
 *     QUOTED      QUOTED        CLOSED     QUOTED    QUOTED    QUOTED
 *     CLOSED      bad           QUOTED     FIELD     _CR       the record's end
 *     CLOSED_CR   bad           bad        bad       bad       the record's end
 *
 * A bad record gives back all but its first line. A quote that nobody closes would else swallow a megabyte of good
 * lines. That cannot be abused for much work: the next line that would open a quote, too, ends the walk.
 */
#include "base/csv.h"

#include "base/error.h"

#define BOM      "\xEF\xBB\xBF"
#define BOM_SIZE 3
#define COMMAS   UINT64_C(0x2C2C2C2C2C2C2C2C)
#define LOW7     UINT64_C(0x7F7F7F7F7F7F7F7F)

enum found { FOUND_END, FOUND_NOTHING, FOUND_OVERLONG, FOUND_CROWDED, FOUND_UNCLOSED, FOUND_GARBAGE, FOUND_QUOTE };

void csv_init(struct csv *csv, const struct mem *mem)
{
    memset(csv, 0, sizeof *csv);
    csv->mem = mem;
    csv->piece = "";
    csv->line = 1;
    csv->is_first = true;
    buffer_init(&csv->carry, mem);
    buffer_init(&csv->unescaped, mem);
}

void csv_clear(struct csv *csv)
{
    buffer_clear(&csv->carry);
    buffer_clear(&csv->unescaped);
    if (csv->mem)
        mem_free(csv->mem, csv->fields);
    memset(csv, 0, sizeof *csv);
}

void csv_feed(struct csv *csv, const char *bytes, size_t size)
{
    assert(csv->piece_at == csv->piece_size && !csv->is_ended);
    csv->piece = size ? bytes : "";
    csv->piece_size = size;
    csv->piece_at = 0;
}

void csv_end(struct csv *csv)
{
    csv->is_ended = true;
}

void csv_place(const struct csv_record *record, size_t at, uint64_t *line, uint32_t *column)
{
    *line = record->line;
    *column = 1;
    for (size_t i = 0; i < at; i++) {
        if (record->text[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)record->text[i] & 0xC0) != 0x80) { /* not inside of a character */
            ++*column;
        }
    }
}

static bool is_carrying(const struct csv *csv)
{
    return csv->carry.size > csv->carry_at;
}

static const char *window(const struct csv *csv, size_t *size)
{
    if (is_carrying(csv)) {
        *size = csv->carry.size - csv->carry_at;
        return (const char *)csv->carry.bytes + csv->carry_at;
    }
    *size = csv->piece_size - csv->piece_at;
    return csv->piece + csv->piece_at;
}

/* The record and its newline are done with; its bytes stay where they are until the next call. */
static void advance(struct csv *csv, size_t n)
{
    if (is_carrying(csv)) {
        csv->carry_at += n;
        if (csv->carry_at == csv->carry.size) {
            buffer_reset(&csv->carry);
            csv->carry_at = 0;
        }
    } else {
        csv->piece_at += n;
    }
    csv->is_first = false;
    csv->mode = CSV_UNSEEN;
    csv->scanned = 0;
}

const char *csv_rest(const struct csv *csv, size_t *size)
{
    if (is_carrying(csv) || csv->is_first || csv->is_skipping || csv->mode != CSV_UNSEEN || csv->scanned > 0)
        return NULL;
    return window(csv, size);
}

void csv_pass(struct csv *csv, size_t size, uint64_t n_lines)
{
    assert(size <= csv->piece_size - csv->piece_at);
    csv->piece_at += size;
    csv->line += n_lines;
}

/* Moves more of the piece into the carry: all of it when the record begins in it, else up to the next newline. */
static int widen(struct csv *csv)
{
    const char *p = csv->piece + csv->piece_at;
    size_t size = csv->piece_size - csv->piece_at;

    if (size == 0)
        return GK_DONE;
    if (is_carrying(csv)) {
        const char *newline = memchr(p, '\n', size);
        size = newline ? (size_t)(newline - p) + 1 : size;
        size_t have = csv->carry.size - csv->carry_at;
        if (have + size > CSV_RECORD_MAX + 1) /* enough to know that it is too long */
            size = CSV_RECORD_MAX + 1 - have;
        if (csv->carry_at > 0)
            memmove(csv->carry.bytes, csv->carry.bytes + csv->carry_at, have);
        csv->carry.size = have;
        csv->carry_at = 0;
    }
    buffer_put(&csv->carry, p, size);
    if (buffer_status(&csv->carry) != GK_OK)
        return GK_ENOMEM;
    csv->piece_at += size;
    return GK_OK;
}

/* Leaves the rest of an overlong line behind; false when it goes on in the next piece. */
static bool skip_line(struct csv *csv)
{
    const char *p = csv->piece + csv->piece_at;
    size_t size = csv->piece_size - csv->piece_at;
    const char *newline = size ? memchr(p, '\n', size) : NULL;

    csv->piece_at += newline ? (size_t)(newline - p) + 1 : size;
    csv->is_skipping = !newline;
    return newline != NULL;
}

static size_t bom_size(const struct csv *csv, const char *p, size_t size)
{
    return csv->is_first && size >= BOM_SIZE && memcmp(p, BOM, BOM_SIZE) == 0 ? BOM_SIZE : 0;
}

/* One step of the machine; *at is where the walk stopped. */
static enum found walk(struct csv *csv, const char *p, size_t size, size_t *at)
{
    for (size_t i = csv->scanned; i < size; i++) {
        char c = p[i];
        *at = i;
        if (csv->mode == CSV_QUOTED) {
            csv->mode = c == '"' ? CSV_CLOSED : CSV_QUOTED;
        } else if (c == '\n') {
            return FOUND_END;
        } else if (csv->mode == CSV_CLOSED_CR) {
            return FOUND_GARBAGE;
        } else if (c == ',') {
            csv->mode = CSV_FIELD;
        } else if (csv->mode == CSV_CLOSED) {
            if (c != '"' && c != '\r')
                return FOUND_GARBAGE;
            csv->mode = c == '"' ? CSV_QUOTED : CSV_CLOSED_CR;
        } else if (c != '"') {
            csv->mode = CSV_PLAIN;
        } else if (csv->mode == CSV_FIELD) {
            csv->mode = CSV_QUOTED;
            csv->quote_at = i;
        } else {
            return FOUND_QUOTE;
        }
    }
    csv->scanned = size;
    return FOUND_NOTHING;
}

/*
 * Looks for the end of the record that starts at p. *at is its size without the newline, or where the trouble is.
 * `is_all`: nothing follows the window.
 */
static enum found find_end(struct csv *csv, const char *p, size_t size, bool is_all, size_t *at)
{
    enum found found = FOUND_NOTHING;
    bool is_cut = size > CSV_RECORD_MAX;

    size = is_cut ? CSV_RECORD_MAX + 1 : size;
    if (csv->mode == CSV_UNSEEN) {
        const char *newline = memchr(p + csv->scanned, '\n', size - csv->scanned);
        size_t line_size = newline ? (size_t)(newline - p) : size;
        csv->scanned = size;
        *at = line_size;
        if (newline || (is_all && !is_cut)) {
            if (!memchr(p, '"', line_size))
                return FOUND_END;
            csv->mode = CSV_FIELD;
            csv->scanned = bom_size(csv, p, line_size);
        }
    }
    if (csv->mode != CSV_UNSEEN)
        found = walk(csv, p, size, at);
    if (found != FOUND_NOTHING)
        return found;
    if (is_cut) {
        *at = 0;
        return FOUND_OVERLONG;
    }
    if (!is_all)
        return FOUND_NOTHING;
    *at = csv->mode == CSV_QUOTED ? csv->quote_at : size;
    return csv->mode == CSV_QUOTED ? FOUND_UNCLOSED : FOUND_END;
}

/* The high bit of each byte that is a comma, and no other bit. */
static uint64_t commas_of(uint64_t v)
{
    uint64_t x = v ^ COMMAS;
    return ~(((x & LOW7) + LOW7) | x | LOW7);
}

/* Fields between commas, as many as fit; n_max + 1 when there are more. */
static size_t split_plain(const char *p, size_t size, struct csv_field *fields, size_t n_max)
{
    size_t n = 0, from = 0, i = 0;

    for (; i + 8 <= size; i += 8) {
        for (uint64_t hits = commas_of(load_u64(p + i)); hits; hits &= hits - 1) {
            size_t comma = i + (size_t)__builtin_ctzll(hits) / 8;
            if (n == n_max)
                return n + 1;
            fields[n++] = (struct csv_field){p + from, comma - from, from};
            from = comma + 1;
        }
    }
    for (; i <= size; i++) {
        if (i < size && p[i] != ',')
            continue;
        if (n == n_max)
            return n + 1;
        fields[n++] = (struct csv_field){p + from, i - from, from};
        from = i + 1;
    }
    return n;
}

/* The field whose quote is at p[at], and the offset behind its closing quote. `room` takes what has doubled quotes. */
static size_t take_quoted(const char *p, size_t size, size_t at, char **room, struct csv_field *out)
{
    size_t from = at + 1, n = 0, i = from;
    bool is_copy = false;

    for (;; i++) {
        const char *quote = memchr(p + i, '"', size - i);
        assert(quote); /* the walk saw it */
        size_t end = (size_t)(quote - p);
        bool is_doubled = end + 1 < size && p[end + 1] == '"';
        is_copy |= is_doubled;
        if (is_copy) {
            size_t part = end - i + is_doubled; /* one of the two quotes is meant */
            memcpy(*room + n, p + i, part);
            n += part;
        }
        i = end + 1;
        if (!is_doubled)
            break;
    }
    *out = (struct csv_field){is_copy ? *room : p + from, is_copy ? n : i - 1 - from, at};
    *room += n;
    return i;
}

/* The same as split_plain for a record that has quotes, in the right places. */
static size_t split_quoted(const char *p, size_t size, char *room, struct csv_field *fields, size_t n_max)
{
    size_t n = 0, at = 0;

    for (;; at++) {
        if (n == n_max)
            return n + 1;
        if (at < size && p[at] == '"') {
            at = take_quoted(p, size, at, &room, &fields[n++]);
        } else {
            const char *comma = memchr(p + at, ',', size - at);
            size_t end = comma ? (size_t)(comma - p) : size;
            fields[n++] = (struct csv_field){p + at, end - at, at};
            at = end;
        }
        if (at == size)
            return n;
    }
}

/* Splits the record's text into the fields that there is room for. */
static int split_text(struct csv *csv, bool has_quotes, struct csv_record *record)
{
    record->fields = csv->fields;
    if (!has_quotes) {
        record->n_fields = split_plain(record->text, record->size, csv->fields, csv->fields_capacity);
        return GK_OK;
    }
    buffer_reset(&csv->unescaped);
    char *room = (char *)buffer_extend(&csv->unescaped, record->size);
    if (!room)
        return GK_ENOMEM;
    record->n_fields = split_quoted(record->text, record->size, room, csv->fields, csv->fields_capacity);
    return GK_OK;
}

/* Room for a few fields is enough for most files; a record with more is split again with room for all there may be. */
static int split(struct csv *csv, const char *p, size_t size, bool has_quotes, struct csv_record *record)
{
    int rc;

    record->text = p;
    record->size = size - (size > 0 && p[size - 1] == '\r');
    TRY(mem_reserve(csv->mem, &csv->fields, &csv->fields_capacity, 1, sizeof *csv->fields));
    TRY(split_text(csv, has_quotes, record));
    if (record->n_fields > csv->fields_capacity && csv->fields_capacity < CSV_FIELDS_MAX) {
        TRY(mem_reserve(csv->mem, &csv->fields, &csv->fields_capacity, CSV_FIELDS_MAX, sizeof *csv->fields));
        TRY(split_text(csv, has_quotes, record));
    }
done:
    return rc;
}

static uint64_t count_newlines(const char *p, size_t size)
{
    uint64_t n = 0;
    for (size_t i = 0; i < size; i++)
        n += p[i] == '\n';
    return n;
}

static int complain(enum found found, const struct csv_record *record, size_t at, struct gk_error *error)
{
    uint64_t line;
    uint32_t column;

    csv_place(record, at, &line, &column);
    switch (found) {
    case FOUND_UNCLOSED:
        return error_set_at(error, GK_ESYNTAX, line, column, "the quote is never closed");
    case FOUND_GARBAGE:
        return error_set_at(error, GK_ESYNTAX, line, column,
                            "expected a comma or the end of the line behind the closing quote");
    case FOUND_QUOTE:
        return error_set_at(error, GK_ESYNTAX, line, column,
                            "a quote inside of a field: put the field in quotes and the quote twice");
    case FOUND_CROWDED:
        return error_set_at(error, GK_ELIMIT, line, column, "more than %d fields", CSV_FIELDS_MAX);
    default:
        return error_set_at(error, GK_ELIMIT, line, column, "longer than %u bytes", CSV_RECORD_MAX);
    }
}

/* Gives the first line of a bad record to the caller and goes on behind it. */
static int refuse(struct csv *csv, enum found found, size_t at, struct csv_record *record, struct gk_error *error)
{
    size_t size;
    const char *p = window(csv, &size);
    size_t bom = bom_size(csv, p, size);
    const char *newline = memchr(p, '\n', size);
    size_t line_size = newline ? (size_t)(newline - p) : size;

    record->line = csv->line++;
    record->n_fields = 0;
    record->text = p + bom;
    record->size = line_size - bom;
    int rc = complain(found, record, at > bom ? at - bom : 0, error);
    if (record->size > CSV_RECORD_MAX)
        record->size = CSV_RECORD_MAX;
    if (record->size > 0 && record->text[record->size - 1] == '\r')
        record->size--;
    csv->is_skipping = !newline;
    advance(csv, newline ? line_size + 1 : size);
    return rc;
}

static int give(struct csv *csv, size_t end, struct csv_record *record, struct gk_error *error)
{
    size_t size;
    const char *p = window(csv, &size);
    size_t bom = bom_size(csv, p, end);
    bool has_quotes = csv->mode != CSV_UNSEEN;

    record->line = csv->line;
    int rc = split(csv, p + bom, end - bom, has_quotes, record);
    if (rc != GK_OK)
        return error_set(error, rc, "out of memory for a record");
    if (record->n_fields > CSV_FIELDS_MAX)
        return refuse(csv, FOUND_CROWDED, bom + record->fields[CSV_FIELDS_MAX - 1].at, record, error);
    csv->line += 1 + (has_quotes ? count_newlines(p, end) : 0);
    advance(csv, end < size ? end + 1 : end);
    return GK_OK;
}

int csv_next(struct csv *csv, struct csv_record *record, struct gk_error *error)
{
    for (;;) {
        size_t size, at = 0;
        if (csv->is_skipping && !skip_line(csv))
            return GK_DONE;
        const char *p = window(csv, &size);
        if (size == 0)
            return GK_DONE;
        bool is_all = csv->is_ended && (!is_carrying(csv) || csv->piece_at == csv->piece_size);
        enum found found = find_end(csv, p, size, is_all, &at);
        if (found == FOUND_END)
            return give(csv, at, record, error);
        if (found != FOUND_NOTHING)
            return refuse(csv, found, at, record, error);
        int rc = widen(csv);
        if (rc == GK_ENOMEM)
            return error_set(error, rc, "out of memory for a record");
        if (rc == GK_DONE)
            return rc;
    }
}
