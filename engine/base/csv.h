/*
 * csv.h - RFC 4180 in pieces of any size: bytes in, one record of fields at a time out.
 *
 *     csv_feed(&csv, bytes, size);                    // the bytes must stay until csv_next says GK_DONE
 *     while ((rc = csv_next(&csv, &record, &error)) != GK_DONE) ...
 *     ...
 *     csv_end(&csv);                                  // no more will come: now the last line counts without a newline
 *     while ((rc = csv_next(&csv, &record, &error)) != GK_DONE) ...
 *
 * Lines end with LF or CRLF; a UTF-8 byte order mark at the start is skipped; quoted fields may hold newlines. What the
 * records are does not depend on how the bytes were cut into pieces.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/buffer.h"

#define CSV_RECORD_MAX (1u << 20) /* bytes of a record without its newline */
#define CSV_FIELDS_MAX 4096

struct csv_field {
    const char *bytes; /* what is meant: unquoted, unescaped */
    size_t size;
    size_t at; /* where the field begins in the record's text, its quote included */
};

/* Borrowed: it lives until the next call. */
struct csv_record {
    uint64_t line; /* of its first byte, from 1 */
    size_t n_fields;
    const struct csv_field *fields;
    const char *text; /* the record as it stands in the file, without its newline */
    size_t size;
};

enum csv_mode { CSV_UNSEEN, CSV_FIELD, CSV_PLAIN, CSV_QUOTED, CSV_CLOSED, CSV_CLOSED_CR };

struct csv {
    const struct mem *mem;
    const char *piece; /* what was fed, and how much of it was taken */
    size_t piece_size, piece_at;
    struct buffer carry; /* a record that began in an earlier piece; then the window lies here, not in the piece */
    size_t carry_at;
    uint64_t line; /* of the next record */
    bool is_first, is_ended, is_skipping;
    /* The search for the record's end, which a new piece continues; offsets from the start of the record. */
    enum csv_mode mode;
    size_t scanned, quote_at;
    struct csv_field *fields;
    size_t fields_capacity;
    struct buffer unescaped;
};

void csv_init(struct csv *csv, const struct mem *mem);
void csv_clear(struct csv *csv);
void csv_feed(struct csv *csv, const char *bytes, size_t size);
void csv_end(struct csv *csv);

/*
 * GK_OK and a record; GK_DONE: feed more, or this was all; GK_ESYNTAX or GK_ELIMIT: a bad record, of which `line`,
 * `text` and `size` are filled (an overlong text is cut) and `error` says where and why; go on, the next record begins
 * behind the first newline of the bad one. GK_ENOMEM.
 */
int csv_next(struct csv *csv, struct csv_record *record, struct gk_error *error);

/*
 * For a reader that knows its lines: the rest of the piece, which begins with a record; NULL when records have to be
 * put together (or there was none yet). What it took, whole lines without quotes, is passed over.
 */
const char *csv_rest(const struct csv *csv, size_t *size);
void csv_pass(struct csv *csv, size_t size, uint64_t n_lines);

/* Line and column, in characters from 1, of a byte of the record's text. */
void csv_place(const struct csv_record *record, size_t at, uint64_t *line, uint32_t *column);

#endif
