/*
 * load.h - what the parts of the loader share. A CSV table comes in as records; its header decides which table it is,
 * and the table's `take` puts one record at a time through the public calls of gk.h.
 *
 *     load.c         the public calls: pieces to records, one counter for every line
 *     load_header.c  which table, which column stands where
 *     load_field.c   a field as a number, a time, a name...; every message with line and column
 *     load_limit.c   the limits of a band and their units
 *     load_facilities.c, load_tables.c, load_rows.c    the tables
 *     load_person.c  people
 *     load_calendar.c  calendars
 *     load_points.c    lines of the line protocol
 *     load_mapping.c, load_packets.c    what devices send, and where it goes; packets of HJ 212
 *     load_quick.c   the short way for lines of rows without anything unusual
 *     load_names.c   names to numbers, fast
 */
#ifndef DB_LOAD_H
#define DB_LOAD_H

#include "base/csv.h"
#include "base/error.h"

#define LOAD_NONE        UINT32_MAX
#define LOAD_COLUMNS_MAX 16 /* that one table knows */

/* ---- tables -------------------------------------------------------------------------------------------------------
 */

struct load_line;

struct load_table {
    enum gk_table id;
    const char *outline;                       /* name and columns, for messages */
    const char *columns[LOAD_COLUMNS_MAX + 1]; /* NULL behind the last; the index is what `line` functions take */
    /* Its header has one of each: names with '|' between alternatives, NULL behind the last. */
    const char *needs[5];
    const char *refuses;                                        /* and none of these; NULL: none */
    bool takes_extra;                                           /* other columns have a meaning: tags, channels */
    int (*begin)(struct gk_load *load, struct gk_error *error); /* once the header is known */
    int (*take)(struct gk_load *load, const struct load_line *line);
    int (*finish)(struct gk_load *load, struct gk_error *error);
};

extern const struct load_table LOAD_FACILITIES, LOAD_LINKS, LOAD_BANDS, LOAD_ORDERS, LOAD_EXEMPTIONS, LOAD_MAPPINGS,
    LOAD_PEOPLE, LOAD_CALENDARS, LOAD_ROWS;

/* ---- the header ---------------------------------------------------------------------------------------------------
 */

struct load_header {
    const struct mem *mem;
    const struct load_table *table;
    size_t n;
    struct gk_text *names;            /* n, of the columns as written */
    uint32_t *known;                  /* n: the table's column, LOAD_NONE for an extra one */
    uint32_t place[LOAD_COLUMNS_MAX]; /* of the table's columns in a record, or LOAD_NONE */
    char *bytes;                      /* of the names */
};

/* GK_ESYNTAX lists the tables, or names the column and the nearest known one. */
int load_header_read(struct load_header *header, const struct mem *mem, const struct csv_record *record,
                     struct gk_error *error);
void load_header_clear(struct load_header *header);

/* ---- a line and its fields: GK_OK, or the reason in line->error
 * ------------------------------------------------------ */

struct load_line {
    gk_db *db;
    int32_t zone_s;
    const struct load_header *header;
    const struct csv_record *record;
    struct gk_error *error;
};

/* "line 7, column 15: rated_kw: " and what is said, about the field at `place`. Returns status. */
int load_fail_at(const struct load_line *line, size_t place, int status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same about one of the table's columns. */
int load_fail(const struct load_line *line, size_t column, int status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Puts the place before the words of a call that failed with rc. Returns rc. */
int load_pass(const struct load_line *line, size_t column, int rc);

/* An empty field is absent: {NULL, 0}; so is one of a column that the header has not. */
struct gk_text load_text(const struct load_line *line, size_t column);
int load_need_text(const struct load_line *line, size_t column, struct gk_text *out); /* must not be empty */
/* Valid UTF-8 without control characters; absent is fine. */
int load_words(const struct load_line *line, size_t column, struct gk_text *out);
int load_name(const struct load_line *line, size_t column, struct gk_text *out);      /* a name or absent */
int load_need_name(const struct load_line *line, size_t column, struct gk_text *out); /* a name */
int load_rating(const struct load_line *line, size_t column, double *out);            /* above 0; NaN: absent */
int load_number(const struct load_line *line, size_t column, double absent, double *out);
int load_share(const struct load_line *line, size_t column, double *out);   /* 30% is 0.3; NaN: absent */
int load_seconds(const struct load_line *line, size_t column, int64_t *ns); /* -1: absent */
int load_flag(const struct load_line *line, size_t column, bool *out);
int load_role(const struct load_line *line, size_t column, enum gk_role *out, bool *is_set);
/* [from, to) of two columns; what is absent goes on for ever. */
int load_period(const struct load_line *line, size_t from_column, size_t to_column, gk_time *from, gk_time *to);
int load_time(const struct load_line *line, size_t column, gk_time absent, gk_time *out);
int load_hours(const struct load_line *line, size_t column, int32_t *from_s, int32_t *to_s);

#define LOAD_KIND_BIT(kind) (1u << (kind))
/* `*`, `park:P1`, ... or the name of a facility, of one of the kinds; the put says whether it exists. */
int load_scope(const struct load_line *line, size_t column, unsigned kinds, enum gk_kind *kind, struct gk_text *name);

/* The text of a role: "production"; its Chinese word is known, too. */
bool load_role_of(struct gk_text text, enum gk_role *out);
const char *load_role_text(enum gk_role role);

/* ---- the limits of a band
 * -------------------------------------------------------------------------------------------- */

/*
 * 10%, 5kW, 50A or a plain number in the unit of the channel; a share is at most most_percent. *channel gives the unit;
 * when it is absent and the limit is a power, it becomes kw, because 5kW can mean nothing else.
 */
int load_limit(const struct load_line *line, size_t column, struct gk_text *channel, int64_t most_percent,
               struct gk_limit *out);
/* The two limits, when both are given in the same way, must ascend. */
int load_limits_ascend(const struct load_line *line, size_t low_column, const struct gk_limit *low, size_t high_column,
                       const struct gk_limit *high);

/* ---- names to numbers
 * ------------------------------------------------------------------------------------------------ */

struct load_name_entry {
    size_t at; /* of the name in texts */
    uint32_t size, next;
    uint64_t value;
};

/* Entries are numbered from 0 as they are added. {0} with `mem` set is empty. */
struct load_names {
    const struct mem *mem;
    struct load_name_entry *entries;
    size_t n, capacity;
    uint32_t *slots; /* entry + 1, 0 is free; n_slots is a power of two, at most half full */
    size_t n_slots;
    struct buffer texts;
    uint32_t last; /* the entry found last; its `next` is the one that came after it the last time */
};

void load_names_init(struct load_names *names, const struct mem *mem);
void load_names_clear(struct load_names *names);
/* The entry of a name, NULL when it has none. Quick when names come in the same order again and again. */
const struct load_name_entry *load_names_find(struct load_names *names, const char *text, size_t size);
/* The entry that is expected next, if `text` (with a byte behind it) begins with its name; taking it is said. */
const struct load_name_entry *load_names_next(const struct load_names *names, const char *text, size_t size);
void load_names_took(struct load_names *names, const struct load_name_entry *entry);
/* A name that is not there yet. */
int load_names_add(struct load_names *names, const char *text, size_t size, uint64_t value);

/* ---- the loader
 * ------------------------------------------------------------------------------------------------------ */

/* What a field is, beside the number of its channel. */
#define LOAD_QUICK_TIME     (UINT32_MAX - 1)
#define LOAD_QUICK_FACILITY (UINT32_MAX - 2)

struct load_rows {
    size_t n, n_max, n_channels;
    gk_time *time;
    uint32_t *facility;
    double **value, *room;   /* n_channels columns of n_max, in one room */
    uint32_t *channel;       /* their ids */
    uint32_t *place;         /* where they stand in a record */
    uint32_t *quick;         /* what each field of a record is: a LOAD_QUICK_..., or a channel's column */
    bool is_quick;           /* no name is one that needs quotes */
    size_t time_column;      /* of the table */
    int64_t unit_ns;         /* of its numbers; 0: gk_time_parse */
    struct load_names names; /* to ids */
    uint64_t n_rejected;     /* not yet told to the store */
    size_t time_size;        /* of the last time's text and what it meant: meters of a plant report together */
    char time_text[GK_TIME_TEXT_MAX];
    gk_time time_last;
};

struct load_facilities {
    struct load_names seen;                /* to the line */
    struct buffer serving;                 /* lines with `serves`, which are looked at again when all names are known */
    struct gk_text *tag_keys, *tag_values; /* of the line at hand; room for all columns */
};

/* Takes the lines at the start of `bytes` that have nothing unusual; returns the bytes taken. */
size_t load_rows_quick(struct gk_load *load, const char *bytes, size_t size);
/* Gives the rows gathered so far to the store. */
int load_rows_flush(struct gk_load *load, struct gk_error *error);
void load_rows_clear(struct load_rows *rows, const struct mem *mem);
void load_facilities_clear(struct load_facilities *facilities, const struct mem *mem);

/* ---- packets of HJ 212 ---- */

#define LOAD_SNIFF_MAX 4096       /* bytes by which a file of packets is told from a table */
#define LOAD_REPEATS   (1u << 20) /* packets of a file that are remembered */

struct load_packets {
    gk_hj212 *decoder; /* NULL: the file is a table */
    gk_mapper *mapper;
};

/* ---- the line protocol of InfluxDB ---- */

struct load_points;

int load_points_begin(struct gk_load *load, struct gk_error *error);
int load_points_feed(struct gk_load *load, const char *bytes, size_t size, struct gk_error *error);
int load_points_end(struct gk_load *load, struct gk_error *error);
void load_points_close(struct load_points *points, const struct mem *mem); /* NULL is welcome */

int load_packets_begin(struct gk_load *load, struct gk_error *error);
/* Takes all packets that have been fed to the decoder. */
int load_packets_drain(struct gk_load *load, struct gk_error *error);
void load_packets_clear(struct load_packets *packets);

void load_add_counts(struct gk_counts *sum, const struct gk_counts *counts);

struct gk_load {
    gk_db *db;
    const struct mem *mem;
    int32_t zone_s;
    struct gk_load_options options;
    bool is_known, is_finished; /* whether it is known if it is a table or packets */
    struct buffer start;        /* bytes until then */
    struct csv csv;
    struct load_header header;
    struct load_rows rows;
    struct load_facilities facilities;
    struct load_packets packets;
    struct load_points *points; /* NULL: the file is none of points */
    struct gk_load_result result;
    struct gk_error failure; /* status is not GK_OK once the load cannot go on */
};

/* Counts a bad line and tells the caller. */
void load_reject(struct gk_load *load, const struct csv_record *record, const struct gk_error *reason);
/* Whether a status says something of the store and not of the line. */
bool load_is_fatal(int status);

#endif
