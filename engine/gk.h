/*
 * gk.h - the public interface of gkdb, a time-series storage engine for the working conditions of equipment.
 *
 * A *store* is a directory. One process writes it, any number of processes read it at the same time. A store keeps
 *
 *     a catalog     zone > park > enterprise > line > facility, links, bands, orders, exemptions, rules
 *     rows          one time and the values of a facility's channels at it, in compressed columnar chunks
 *     states        when each facility was off, idle, on, overloaded or silent, derived from the rows by the bands
 *     acts          what happened to alarms and who was told and did what: numbered, chained by hashes, never changed
 *
 * and answers from a *snapshot*, one unchanging view of all of it. The shortest useful program:
 *
 *     gk_db *db;
 *     struct gk_error error;
 *     if (gk_open("plant.gk", GK_READWRITE | GK_CREATE, NULL, &db, &error) != GK_OK)
 *         die(error.text);
 *     uint32_t fan, kw;
 *     gk_facility_register(db, "fan-1", 5, &fan, &error);
 *     gk_channel_register(db, "kw", 2, &kw, &error);
 *     gk_time time[] = {now};
 *     double power[] = {7.5};
 *     const double *values[] = {power};
 *     struct gk_batch batch = {.n_rows = 1, .time = time, .facility = &fan, .n_channels = 1, .channel = &kw,
 *                              .value = values};
 *     gk_ingest(db, &batch, NULL, &error);
 *     gk_commit(db, &error);          // from here on the row survives kill -9 and a power cut
 *     gk_close(db);
 *
 * Conventions, which hold for every call:
 *   - A call that can fail returns GK_OK or a negative GK_E... status. Words for people go into the gk_error (NULL is
 *     fine). The library prints nothing, starts no thread, installs no signal handler unasked (gk_guard_install), never
 *     exits, has no global state but what that needs.
 *   - Names and texts are UTF-8 with a length in bytes; what the library hands out is NUL-terminated as well.
 *   - `n` counts items, `size` counts bytes, `from`/`to` is the half-open interval [from, to).
 *   - A struct whose first field is `size` is set to zero, then size = sizeof it, then what is wanted; zero means the
 *     default where the field does not say otherwise.
 *   - A pointer handed out by a snapshot lives as long as the snapshot.
 *   - One gk_db is used by one thread at a time, and so is one snapshot; different snapshots of one gk_db may be used
 *     by different threads while another thread writes. A process opens a store once (GK_EBUSY): the snapshots of one
 *     handle would lose their pages when another of the same process is closed. What it opened is not its children's:
 *     they open it themselves, and may close what they inherited.
 */
#ifndef GK_H
#define GK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GK_API __attribute__((visibility("default")))
#else
#define GK_API
#endif

/* ---- status ---------------------------------------------------------------------------------------------------- */

enum gk_status {
    GK_OK = 0,
    GK_DONE = 1,           /* an iteration has no more to give; not an error */
    GK_EINVAL = -1,        /* the caller's arguments make no sense together */
    GK_ENOMEM = -2,        /* an allocation failed; nothing changed */
    GK_EIO = -3,           /* the file system failed; the text has the call and errno */
    GK_ECORRUPT = -4,      /* stored bytes fail their checksum or an invariant */
    GK_EVERSION = -5,      /* the store or a record was written by a later version */
    GK_EFULL = -6,         /* the store's quota or the disk is used up; nothing changed */
    GK_EBUSY = -7,         /* another process writes this store, or this one has it open */
    GK_ENOTFOUND = -8,     /* no such store, facility, site, channel, record */
    GK_EEXIST = -9,        /* there is one already */
    GK_ESYNTAX = -10,      /* text could not be understood: query, time, number, CSV */
    GK_ERANGE = -11,       /* a value outside of what is allowed */
    GK_ELIMIT = -12,       /* a limit of the call was hit: rows, time, memory, nesting */
    GK_EINTERRUPTED = -13, /* the caller's progress hook asked to stop */
    GK_EREADONLY = -14,    /* a write on a read-only handle */
    GK_EBUG = -15          /* an invariant of the library does not hold: please report */
};

#define GK_ERROR_TEXT_MAX 512

/* What went wrong, in words. `line` and `column` are 1-based and 0 where they mean nothing; column counts characters.
 */
struct gk_error {
    int status;
    uint64_t line;
    uint32_t column;
    char text[GK_ERROR_TEXT_MAX];
};

/* One fixed English sentence for a status. */
GK_API const char *gk_status_text(int status);
/* "0.1.0" */
GK_API const char *gk_version(void);
/* SHA-256, by which acts and stores are digested here. */
GK_API void gk_sha256(const void *bytes, size_t size, uint8_t out[32]);

/* ---- time ------------------------------------------------------------------------------------------------------ */

/* Nanoseconds since 1970-01-01T00:00:00Z, without leap seconds. Years 1678 to 2261. */
typedef int64_t gk_time;

#define GK_SECOND   INT64_C(1000000000)
#define GK_TIME_MIN INT64_MIN /* "since ever" */
#define GK_TIME_MAX INT64_MAX /* "for ever" */
/* Bytes that gk_time_format needs. */
#define GK_TIME_TEXT_MAX 48

/*
 * Reads ISO 8601 (2026-11-20, 2026-11-20T08:00, 2026-11-20 08:00:15.25, with or without Z or +08:00; without one the
 * time is in `zone_s`, seconds east of Greenwich) or an epoch number in s, ms, us or ns by its magnitude: below 1e11 s,
 * 1e14 ms, 1e17 us, else ns. GK_ESYNTAX or GK_ERANGE.
 */
GK_API int gk_time_parse(const char *text, size_t size, int32_t zone_s, gk_time *out);
/* Writes 2026-11-20T08:00:00+08:00, with as many decimals as are needed (0, 3, 6 or 9); returns the length. */
GK_API size_t gk_time_format(gk_time t, int32_t zone_s, char out[GK_TIME_TEXT_MAX]);

/* ---- values ---------------------------------------------------------------------------------------------------- */

/*
 * A value is a double, kept to the bit. One pattern, a quiet NaN whose payload spells "gkmiss", says that the row has
 * no value for that channel; every other NaN is a value like any other (and no aggregate counts it).
 */
#define GK_MISSING_BITS UINT64_C(0x7FF8676B6D697373)

static inline double gk_missing(void)
{
    union {
        uint64_t bits;
        double value;
    } u = {GK_MISSING_BITS};
    return u.value;
}

static inline bool gk_is_missing(double value)
{
    union {
        double value;
        uint64_t bits;
    } u = {value};
    return u.bits == GK_MISSING_BITS;
}

/* ---- a store --------------------------------------------------------------------------------------------------- */

typedef struct gk_db gk_db;

enum gk_open_flags {
    GK_READONLY = 0,
    GK_READWRITE = 1,
    GK_CREATE = 2,    /* with GK_READWRITE: make the store if there is none */
    GK_EXCLUSIVE = 4, /* with GK_CREATE: GK_EEXIST if there is one */
    GK_KEEP_HEADS = 8 /* gk_close does not seal: what is in the journal is found there again */
};

/* What happens when a facility has two rows of the same time with different values. Exact repeats are always dropped.
 */
enum gk_policy {
    GK_LAST = 0,  /* the one that arrived last counts */
    GK_FIRST = 1, /* the one that arrived first counts */
    GK_ALL = 2    /* both are kept, in order of arrival: for meters faster than their clock */
};

/*
 * The one memory hook: new (p NULL), grow, shrink and free (size 0, result ignored). Returns NULL when there is no
 * memory, and then p stays valid. Must be callable from every thread that uses the db.
 */
typedef void *(*gk_resize_fn)(void *context, void *p, size_t size);

struct gk_options {
    size_t size;
    /* Fixed when the store is made: */
    int32_t zone_s; /* seconds east of Greenwich; 0 with zone_is_set for UTC; default 28800 (+08:00) */
    bool zone_is_set;
    int64_t tick_ns; /* state clock, 100 ms to 60 s; default 1 s */
    enum gk_policy policy;
    /* Of this handle: */
    uint64_t map_size;    /* address space for the file; default 1 TiB or GK_MAP_SIZE from the environment */
    uint64_t quota;       /* bytes the store may use in its file; default none; GK_EFULL beyond */
    uint64_t head_budget; /* bytes of unsealed rows kept in memory before they are sealed; default 32 MB, or 1 KB for
                             each facility that has some, if that is more */
    uint64_t seal_bytes;  /* sealing commits when it wrote so much, or less in a small store; default 12 MB */
    int64_t commit_ns;    /* gk_ingest commits when the oldest undurable row is this old; default 100 ms; < 0: only when
                             the heads are full, the fastest way to take in much at once */
    int64_t future_ns;    /* rows further ahead of the clock are quarantined; default 5 min; < 0: no limit */
    int64_t past_ns;      /* rows further behind the clock are quarantined; default no limit */
    gk_resize_fn resize;  /* default realloc and free */
    void *resize_context;
    /* The clock the handle believes in; NULL: the system's. The host owns the clock. */
    gk_time (*clock)(void *context);
    void *clock_context;
    int64_t ballast; /* bytes kept in a file of their own for when the disk is full (for acts, and for gk_retain);
                        default a 32nd of the store's file, 1 to 16 MB; < 0: none */
};

/* `path` is a directory. Opening is recovery: there is no repair step. The error names the path and the reason. */
GK_API int gk_open(const char *path, int flags, const struct gk_options *options, gk_db **out, struct gk_error *error);
/* Commits, seals unless GK_KEEP_HEADS, frees. Returns what the last commit said. NULL is fine. */
GK_API int gk_close(gk_db *db);

/* ---- the catalog, writing ---------------------------------------------------------------------------------------- */

#define GK_ID_NONE  UINT32_MAX
#define GK_NAME_MAX 255 /* bytes of a name: facility, site, channel, tag, group, source */

enum gk_role { GK_OTHER = 0, GK_PRODUCTION = 1, GK_ABATEMENT = 2 };

enum gk_kind { /* what a scope or a name stands for, wide to narrow */
               GK_ZONE = 0,
               GK_PARK = 1,
               GK_ENTERPRISE = 2,
               GK_LINE = 3,
               GK_ROLE = 4, /* of a band: every facility of a role */
               GK_FACILITY = 5,
               GK_GROUP = 6 /* of an order: every facility whose tag "group" has this value */
};

struct gk_tag {
    const char *key;
    const char *value;
};

/* A text with its length; the bytes belong to somebody else. {NULL, 0} is absent. */
struct gk_text {
    const char *bytes;
    size_t size;
};

/*
 * A facility as the catalog has it and as it is put. Putting a name again replaces what is given (an absent text or a
 * NaN keeps what was) for all time, keeps the id, and leaves the former version in the catalog's history. Names have no
 * control characters. A site that is new is made; an enterprise stays in its park.
 */
struct gk_facility_put {
    size_t size;
    struct gk_text name, park, enterprise, line;
    enum gk_role role;
    bool role_is_set;
    double rated_kw, rated_a; /* NaN or 0: not given */
    size_t n_tags;
    const struct gk_text *tag_keys, *tag_values;
};
GK_API int gk_facility_put(gk_db *db, const struct gk_facility_put *facility, uint32_t *id, struct gk_error *error);
/* The id of a facility by name, registered with role `other` when it is new. */
GK_API int gk_facility_register(gk_db *db, const char *name, size_t size, uint32_t *id, struct gk_error *error);
GK_API int gk_channel_register(gk_db *db, const char *name, size_t size, uint32_t *id, struct gk_error *error);

/* Which abatement facility serves which production facility, from and to when. Both exist, with those roles. */
struct gk_link_put {
    size_t size;
    struct gk_text abatement, production;
    bool is_standby;
    gk_time from, to; /* GK_TIME_MIN, GK_TIME_MAX: always */
};
GK_API int gk_link_put(gk_db *db, const struct gk_link_put *link, struct gk_error *error);

/* A decimal number exactly: mantissa * 10^-scale, scale 0..18. */
struct gk_decimal {
    int64_t mantissa;
    int32_t scale;
};

enum gk_limit_kind { GK_LIMIT_ABSENT = 0, GK_LIMIT_SHARE = 1, GK_LIMIT_ABSOLUTE = 2 };

/* 10% of rated is {GK_LIMIT_SHARE, {10, 2}}; 5kW is {GK_LIMIT_ABSOLUTE, {5, 0}} in the channel's unit. */
struct gk_limit {
    enum gk_limit_kind kind;
    struct gk_decimal value;
};

/*
 * The limits that turn a channel's value into a state: off below off_below, on from on_from, overload from
 * overload_from, idle between. A limit that was reached is left only `hysteresis` below it. A change must last dwell_on
 * (upwards) or dwell_off (downwards) before it counts, then counts from its start. A sample holds until the next one,
 * at most hold. Absent limits and negative times come from the next wider scope, in the end from the defaults: 10 %,
 * 20 %, 110 %, no hysteresis, no dwell, hold 3 x the usual interval of the facility's rows and at least 60 s.
 * A band of a named set makes no states: it waits for who asks by that set (gk_snapshot_under).
 */
struct gk_band_put {
    size_t size;
    enum gk_kind scope;  /* GK_ZONE, GK_PARK, GK_ENTERPRISE, GK_LINE, GK_ROLE, GK_FACILITY */
    struct gk_text name; /* of the scope; for GK_ROLE "production", "abatement", "other" */
    struct gk_limit off_below, on_from, overload_from, hysteresis;
    int64_t hold_ns, dwell_on_ns, dwell_off_ns; /* negative: absent */
    struct gk_text channel;                     /* absent: kw, else the mean of the phase currents */
    gk_time from;                               /* in force from then on; GK_TIME_MIN: always */
    struct gk_text set;                         /* absent: in force */
};
GK_API int gk_band_put(gk_db *db, const struct gk_band_put *band, struct gk_error *error);

/* A dated restriction. `level` and `kind` are free text; cut_share is NaN when none is ordered. */
struct gk_order_put {
    size_t size;
    enum gk_kind scope; /* GK_GROUP, GK_ZONE, GK_PARK, GK_ENTERPRISE, GK_LINE, GK_FACILITY */
    struct gk_text name, level, kind;
    double cut_share;
    gk_time from, to;
    int32_t hours_from_s, hours_to_s; /* daily hours in the store's zone, seconds of the day; both 0: whole days */
};
GK_API int gk_order_put(gk_db *db, const struct gk_order_put *order, struct gk_error *error);

/* A declared stop or maintenance. */
struct gk_exemption_put {
    size_t size;
    enum gk_kind scope;
    struct gk_text name, kind, note;
    gk_time from, to;
};
GK_API int gk_exemption_put(gk_db *db, const struct gk_exemption_put *exemption, struct gk_error *error);

#define GK_DAYS_ALL      0x7F /* bit 0 is Monday */
#define GK_DAYS_TEXT_MAX 32

/*
 * "mon-fri", "sat;sun", "daily", "none"; also full names, numbers (1 is Monday) and 周一至周五、周末、每天、无.
 * GK_ESYNTAX.
 */
GK_API int gk_days_parse(const char *text, size_t size, uint32_t *days);
/* The same in its first form; returns out. */
GK_API const char *gk_days_text(uint32_t days, char out[GK_DAYS_TEXT_MAX]);

/*
 * A part of the days under a name: working days, a holiday of theirs, a shift. Of each day the latest of the narrowest
 * scope is in force that has begun by then and is not over; it says whether the day, or its hours, belong to the name.
 * Hours that end before they begin cross midnight and belong to the day on which they begin. The same name, scope and
 * beginning again replaces days, hours and end.
 */
struct gk_calendar_put {
    size_t size;
    struct gk_text calendar;
    enum gk_kind scope; /* GK_ZONE, GK_PARK, GK_ENTERPRISE, GK_LINE, GK_FACILITY */
    struct gk_text name;
    uint32_t days;                    /* of the week, bits of GK_DAYS_ALL; 0: none */
    int32_t hours_from_s, hours_to_s; /* in the store's zone, seconds of the day; both 0: the whole day */
    gk_time from, to;                 /* of the days, or their hours, that begin then */
};
GK_API int gk_calendar_put(gk_db *db, const struct gk_calendar_put *calendar, struct gk_error *error);

#define GK_RULE_TEXT_MAX 65536 /* bytes of a rule's text */

/*
 * A rule under its name: a text of the query language, which the engine does not read (gk_query.h reads it). Another
 * text makes the next version, the same again is nothing, an empty one drops the rule. Former versions stay known.
 */
struct gk_rule_put {
    size_t size;
    struct gk_text name, text;
    gk_time from; /* in force from then on, not before the version it follows; 0: now, GK_TIME_MIN: always */
};
/* *version: 1, 2, ... */
GK_API int gk_rule_put(gk_db *db, const struct gk_rule_put *rule, uint32_t *version, struct gk_error *error);

/* What the values of a message are of: an instant, or the period that begins then. */
enum gk_period { GK_PERIOD_REAL = 0, GK_PERIOD_MINUTE, GK_PERIOD_HOUR, GK_PERIOD_DAY };

/*
 * Where a value goes that a device sends under a code and a suffix (HJ 212: 100000-Ia). Each of the three is a word,
 * the beginning of words ("LD13*") or "*"; an absent suffix means values that have none. Where several mappings fit,
 * the one that says more about the device wins, then about the code, then about the suffix. `facility` and `channel`
 * may be made of what was sent: "{mn}", "{code}", "{suffix}". Putting the same words and period again replaces.
 */
struct gk_mapping_put {
    size_t size;
    struct gk_text mn, code, suffix;
    enum gk_period period;
    struct gk_text facility, channel, unit; /* the unit is for people */
    double factor;                          /* PT, CT; what is stored is factor x value */
    double least, most; /* of what is stored: other values become missing and are counted; NaN: no limit */
};
GK_API int gk_mapping_put(gk_db *db, const struct gk_mapping_put *mapping, struct gk_error *error);

/*
 * Somebody, what they are (head, operator, officer, agency: any word), for whom, and one way to reach them. Putting the
 * same person, role, scope, channel and beginning again replaces address and end. Names have no ','.
 */
struct gk_person_put {
    size_t size;
    struct gk_text person, role;
    enum gk_kind scope; /* GK_ZONE, GK_PARK, GK_ENTERPRISE, GK_LINE, GK_FACILITY */
    struct gk_text name, channel, address;
    gk_time from, to;
};
GK_API int gk_person_put(gk_db *db, const struct gk_person_put *person, struct gk_error *error);

/* ---- rows, writing ------------------------------------------------------------------------------------------------
 */

/* Rows of many facilities, in any order, as columns. A value that is not there is gk_missing(). Nothing is kept. */
struct gk_batch {
    size_t n_rows;
    const gk_time *time;      /* n_rows */
    const uint32_t *facility; /* n_rows ids */
    size_t n_channels;
    const uint32_t *channel;    /* n_channels ids, each once */
    const double *const *value; /* n_channels columns of n_rows */
    const char *source;         /* NULL: none */
    uint64_t sequence;          /* > 0, ascending within a source: a batch that was taken before is a no-op */
};

/* Where every row ended, each in exactly one. Late rows were taken too, but out of order. */
struct gk_counts {
    uint64_t accepted, late, duplicate, conflicting, quarantined, rejected;
};

/*
 * Takes the rows: all of them or, on an error, none. They are durable after the next gk_commit, which this call makes
 * itself when rows have waited for commit_ns or fill a transaction. `counts` (may be NULL) are of this batch; all zero
 * when source and sequence say that it was taken before.
 */
GK_API int gk_ingest(gk_db *db, const struct gk_batch *batch, struct gk_counts *counts, struct gk_error *error);
/*
 * Makes everything that was taken durable: rows, catalog, acts. GK_EFULL: there is no room for it all; it waits, and
 * the next call tries again. Acts have room that is kept back for them (gk_options.ballast) and become durable without
 * the rest: they wait only when that is used up, too.
 */
GK_API int gk_commit(gk_db *db, struct gk_error *error);
/* Commits, then moves all rows from the journal into chunks, states and the presence index. */
GK_API int gk_seal(gk_db *db, struct gk_error *error);
struct gk_retain_options {
    size_t size;
    /* Told after every step how many facilities of how many are done; what it returns, if not GK_OK, ends the call. */
    int (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
};
/*
 * Seals, then drops the rows from before a time (rounded down to a full hour, UTC), and gives their pages back to the
 * store. States, and for every channel the sums of gk_signal_summaries by the hour, stay what they are; bands that come
 * later change nothing before the rows that are left; rows that come for that time are quarantined. A facility's newest
 * hour of rows always stays. Works in many transactions: one that was interrupted is finished by asking again. On a
 * full disk it works within the ballast. *n_rows (may be NULL) counts what was dropped.
 */
GK_API int gk_retain(gk_db *db, gk_time before, const struct gk_retain_options *options, uint64_t *n_rows,
                     struct gk_error *error);
/* Adds to the store's `rejected` counter rows that never became a batch, such as bad lines of a file. */
GK_API int gk_reject(gk_db *db, uint64_t n_rows, struct gk_error *error);
/* Takes the quarantined rows that are acceptable now (all with `force`), as if they arrived now. */
GK_API int gk_quarantine_release(gk_db *db, bool force, struct gk_counts *counts, struct gk_error *error);

/* ---- HJ 212, the field's telemetry protocol -------------------------------------------------------------------------
 */

/*
 * A decoder of one stream of bytes, a connection or a file: bytes in, packets out, no sockets. Every ## and every run
 * of bytes outside of packets ends in exactly one verdict. A bad packet costs none but itself, and a bad field none
 * but itself. What comes out does not depend on how the bytes were cut into pieces.
 *
 *     gk_hj212_feed(decoder, bytes, size, &error);
 *     while (gk_hj212_next(decoder, &packet, &error) == GK_OK)
 *         if (packet->verdict == GK_HJ212_TAKEN) ...
 */
typedef struct gk_hj212 gk_hj212;

enum gk_hj212_verdict {
    GK_HJ212_TAKEN = 0,
    GK_HJ212_REPEATED,      /* as good, but came before, byte by byte: devices that buffer send again */
    GK_HJ212_BAD_LENGTH,    /* no four digits behind ##, or the packet does not end where they say */
    GK_HJ212_BAD_CRC,       /* the check value is another */
    GK_HJ212_BAD_STRUCTURE, /* both are right by chance: it is not a header and CP=&&...&& */
    GK_HJ212_STRAY,         /* bytes that no ## goes before */
    GK_HJ212_VERDICTS
};
/* "taken", "repeated", "bad_length", "bad_crc", "bad_structure", "stray". */
GK_API const char *gk_hj212_verdict_text(enum gk_hj212_verdict verdict);

/* How the check value is reckoned. */
enum gk_hj212_crc {
    GK_HJ212_CRC_LEARN = 0, /* by the standard; after eight packets in a row of a device that only pass as Modbus, so */
    GK_HJ212_CRC_STANDARD,  /* HJ 212-2017, Annex A: 1C80 for its example */
    GK_HJ212_CRC_MODBUS,
    GK_HJ212_CRC_SWAPPED, /* Modbus, its bytes swapped */
    GK_HJ212_CRC_OFF
};
/* "learn", "standard", "modbus", "modbus swapped", "off". */
GK_API const char *gk_hj212_crc_text(enum gk_hj212_crc crc);

/*
 * What is learned of devices. A decoder has its own; a server, where a device may have another connection for each
 * packet, gives one to all its decoders. Not for several threads at a time; closed behind its decoders.
 */
typedef struct gk_hj212_learner gk_hj212_learner;
GK_API int gk_hj212_learner_open(gk_resize_fn resize, void *resize_context, gk_hj212_learner **out,
                                 struct gk_error *error);
GK_API void gk_hj212_learner_close(gk_hj212_learner *learner);

struct gk_hj212_options {
    size_t size;
    enum gk_hj212_crc crc;
    int32_t zone_s; /* of the devices' clocks, seconds east of Greenwich; 0 with zone_is_set for UTC; default 28800 */
    bool zone_is_set;
    size_t repeats; /* packets that are remembered to tell repeats; default 65,536 */
    gk_hj212_learner *learner;
    gk_resize_fn resize;
    void *resize_context;
};

/* One field of CP: a34001-Rtd=1.1 has code "a34001", suffix "Rtd", value "1.1". */
struct gk_hj212_field {
    struct gk_text code, suffix, value;
    bool is_number;
    double number;       /* gk_missing() when it is none */
    char flag;           /* of the code's -Flag in the same item (N normal, D fault, ...); 0: none */
    const char *problem; /* what is wrong with this field alone; NULL: nothing */
};

/* Texts and fields live until the next call on the decoder. */
struct gk_hj212_packet {
    enum gk_hj212_verdict verdict;
    const char *reason;   /* of a bad one, in words; else "" */
    struct gk_text bytes; /* all of it; of a bad one what is known of it; of a stray run its first 4 KB at most */
    uint64_t at, line;    /* offset of its first byte in the stream; lines before it + 1 */
    /* What follows is empty where the verdict is neither taken nor repeated. */
    enum gk_hj212_crc crc; /* by which it passed */
    struct gk_text qn, mn, pw;
    uint32_t st, cn, flag;
    uint32_t version;   /* the flag's bits from 2 on: 0 is 2005, 1 is 2017, others are later ones */
    uint32_t pnum, pno; /* packets it was split into and the number of this one; 0: not split */
    bool has_time;
    gk_time time; /* DataTime: the instant (CN 2011, 2021) or the start of the period (2051, 2061, 2031, 2041) */
    size_t n_fields;
    const struct gk_hj212_field *fields;
};

GK_API int gk_hj212_open(const struct gk_hj212_options *options, gk_hj212 **out, struct gk_error *error);
GK_API void gk_hj212_close(gk_hj212 *decoder);
/* Copies the bytes. */
GK_API int gk_hj212_feed(gk_hj212 *decoder, const char *bytes, size_t size, struct gk_error *error);
/* No more will come: what is left is judged by the next calls of gk_hj212_next. */
GK_API void gk_hj212_end(gk_hj212 *decoder);
/* GK_OK and a packet of any verdict; GK_DONE: feed more. */
GK_API int gk_hj212_next(gk_hj212 *decoder, const struct gk_hj212_packet **out, struct gk_error *error);
/* How many of each verdict so far. */
GK_API void gk_hj212_counts(const gk_hj212 *decoder, uint64_t counts[GK_HJ212_VERDICTS]);

/*
 * What the values of a command are of, by its number (HJ 212-2017, 6.6): 2011 and 2021 an instant, 2051 a minute or
 * ten, 2061 an hour, 2031 and 2041 a day. False: it carries no values that could be rows.
 */
GK_API bool gk_hj212_period(uint32_t cn, enum gk_period *out);
/* "real", "minute", "hour", "day". */
GK_API const char *gk_period_text(enum gk_period period);

/* The i-th device of which another check value than the standard's was learned; false behind the last. */
struct gk_hj212_device {
    struct gk_text mn;
    enum gk_hj212_crc crc;
    uint64_t n_refused; /* packets that were refused until it was */
};
GK_API bool gk_hj212_learned(const gk_hj212 *decoder, size_t i, struct gk_hj212_device *out);

/*
 * Packets into rows, by the store's mappings: a packet becomes one row of each facility that it speaks of. Rows go
 * through gk_ingest and are durable after the next commit. Facilities that are unknown are registered, or passed over
 * when `is_strict`.
 */
typedef struct gk_mapper gk_mapper;

struct gk_mapper_options {
    size_t size;
    bool is_strict;
    /* Told of every value that is not taken though it has a mapping, and of packets without a time. */
    void (*reject)(void *context, const struct gk_hj212_packet *packet, const struct gk_error *reason);
    void *context;
};

struct gk_mapper_counts {
    struct gk_counts rows;                              /* what became of the rows */
    uint64_t n_taken, n_unmapped, n_implausible, n_bad; /* each value of a data packet is in exactly one */
    uint64_t n_registered;                              /* facilities that were unknown */
};

GK_API int gk_mapper_open(gk_db *db, const struct gk_mapper_options *options, gk_mapper **out, struct gk_error *error);
/* Packets that are not good, or carry no values, are passed over. An error is the store's: the packet may be given
 * again. */
GK_API int gk_mapper_take(gk_mapper *mapper, const struct gk_hj212_packet *packet, struct gk_error *error);
/*
 * The time of the newest row there is of the facilities that a packet of data speaks of; GK_TIME_MIN: there is none. To
 * be asked before it is taken; facilities that are unknown are registered as then.
 */
GK_API int gk_mapper_newest(gk_mapper *mapper, const struct gk_hj212_packet *packet, gk_time *out,
                            struct gk_error *error);
GK_API const struct gk_mapper_counts *gk_mapper_counts(const gk_mapper *mapper);
GK_API void gk_mapper_close(gk_mapper *mapper);

#define GK_HJ212_PACKET_MAX 10013 /* bytes of a packet with its line end */

/* Whether bytes of a file are of a capture: the head of a packet, ## and four digits, is among them. */
GK_API bool gk_hj212_is_capture(const char *bytes, size_t size);
/*
 * Writes a packet with head, check value and line end; returns its size, or 0 when the segment ("QN=...;...&&") has
 * more than 9,999 bytes.
 */
GK_API size_t gk_hj212_write(const char *segment, size_t size, enum gk_hj212_crc crc, char out[GK_HJ212_PACKET_MAX]);
/*
 * The reply that a packet asks for (its flag's bit 0) once its rows are durable: CN 9014, with the same QN and check
 * value. Returns its size; 0 when none is asked for.
 */
GK_API size_t gk_hj212_reply(const struct gk_hj212_packet *packet, char out[GK_HJ212_PACKET_MAX]);

/* ---- text files, writing --------------------------------------------------------------------------------------------
 */

/*
 * Reads one CSV table (RFC 4180), of which the header says what it is: facilities, links, bands, orders, exemptions,
 * calendars, mappings, people or rows; or packets of HJ 212, of which the first must begin within the first 4 KB; or
 * the line protocol of InfluxDB, where a line is a row. Bytes are fed in pieces of any size. A bad line is counted and
 * reported, the rest goes on. What was read is durable after gk_load_finish; meanwhile it is committed as the heads
 * fill up, or every 10 s if commit_ns is shorter.
 */
typedef struct gk_load gk_load;

enum gk_table {
    GK_TABLE_NONE,
    GK_TABLE_FACILITIES,
    GK_TABLE_LINKS,
    GK_TABLE_BANDS,
    GK_TABLE_ORDERS,
    GK_TABLE_EXEMPTIONS,
    GK_TABLE_ROWS,
    GK_TABLE_MAPPINGS,
    GK_TABLE_PEOPLE,
    GK_TABLE_PACKETS, /* not a table: a capture of HJ 212 */
    GK_TABLE_POINTS,  /* nor this: the line protocol of InfluxDB */
    GK_TABLE_CALENDARS
};

struct gk_load_options {
    size_t size;
    bool is_strict; /* rows of unknown facilities are rejected instead of registering the facility */
    /* Told of every bad line: its number, the line, and the reason with the column. */
    void (*reject)(void *context, uint64_t line, const char *text, size_t size, const struct gk_error *reason);
    void *context;
    int64_t unit_ns;    /* of times in line protocol: 1, 1000, ...; 0: ns */
    enum gk_table form; /* GK_TABLE_PACKETS or GK_TABLE_POINTS: nothing else is taken; else its first bytes say it */
    /* With GK_TABLE_POINTS: a line about a facility that is in none of these sites is a bad one; n_sites 0: any. */
    const struct gk_site_name *sites; /* as long as the load */
    size_t n_sites;
};

struct gk_load_result {
    enum gk_table table;
    uint64_t n_lines;        /* without the header */
    struct gk_counts rows;   /* of a rows table; rejected: bad lines */
    uint64_t n_taken, n_bad; /* lines of the other tables */
    uint64_t n_registered;   /* facilities that were unknown */
    /* Of packets: n_lines counts them, stray runs included; rows are what became of their values. */
    uint64_t packets[GK_HJ212_VERDICTS];
    struct gk_mapper_counts values;
};

GK_API int gk_load_open(gk_db *db, const struct gk_load_options *options, gk_load **out, struct gk_error *error);
GK_API int gk_load_feed(gk_load *load, const char *bytes, size_t size, struct gk_error *error);
/* Takes the last line, commits. `result` may be NULL. GK_ESYNTAX when the header is of no table. */
GK_API int gk_load_finish(gk_load *load, struct gk_load_result *result, struct gk_error *error);
GK_API void gk_load_close(gk_load *load);

/* ---- a snapshot: one unchanging view
 * --------------------------------------------------------------------------------- */

typedef struct gk_snapshot gk_snapshot;

/* Sees every row and catalog entry that was durable when it was opened, by whichever process. */
GK_API int gk_snapshot_open(gk_db *db, gk_snapshot **out, struct gk_error *error);
GK_API void gk_snapshot_close(gk_snapshot *snapshot);

struct gk_band;
/*
 * The same moment under other limits: what `limits` gives stands above every band, for all facilities and times (its
 * scope and date are not looked at). With a `set` the bands of that name stand between: below `limits`, above those in
 * force. GK_ENOTFOUND: no band is of that set. States are derived from the rows when they are asked for, by the code
 * that derives the stored ones; nothing is stored. What is left of dropped rows is as it was. Used by the same thread
 * and no longer than `snapshot`.
 */
GK_API int gk_snapshot_under(gk_snapshot *snapshot, const struct gk_band *limits, gk_snapshot **out,
                             struct gk_error *error);

/*
 * The same store as it was known at a time: without rows of later times and those that came later, and with the bands,
 * links, orders, exemptions and attributes that were put by then. When a row came is known within a minute where it
 * came more than 5 min after its time; any other is taken to have come with its time. Values that were sent again, or
 * filled in, are as they were sent last; sites, facilities and channels that are newer are there, without rows. States
 * are derived as by gk_snapshot_under, of which it may be a view and the other way round. GK_ERANGE: rows from before
 * a later time were dropped. Used by the same thread and no longer than `snapshot`.
 */
GK_API int gk_snapshot_known(gk_snapshot *snapshot, gk_time at, gk_snapshot **out, struct gk_error *error);

/* A site by its name; the zone needs none. */
struct gk_site_name {
    enum gk_kind kind; /* GK_ZONE, GK_PARK, GK_ENTERPRISE */
    struct gk_text name;
};
/*
 * From now on the snapshot, and views that are made of it later, show nothing but these parks and enterprises: whoever
 * reads it finds no other facility, link, alarm or act, whatever he asks, and their numbers begin at 0 as if there were
 * no others. Of bands, orders, exemptions and calendars there are those that cover somebody who is seen, of people
 * those who are there for nobody else, of rules those in which no hidden name occurs; an alarm about a site is seen by
 * who sees all of the site. GK_ZONE shows everything. A site that is not there shows nothing. Called once, right after
 * gk_snapshot_open: what was handed out before is not to be used any more.
 */
GK_API int gk_snapshot_restrict(gk_snapshot *snapshot, const struct gk_site_name *sites, size_t n,
                                struct gk_error *error);

struct gk_store_info {
    char uuid[37];
    int32_t zone_s;
    int64_t tick_ns;
    enum gk_policy policy;
    gk_time watermark;        /* newest row of the store; GK_TIME_MIN when there is none */
    gk_time beginning;        /* oldest row; GK_TIME_MAX when there is none */
    gk_time dropped_before;   /* rows from before were dropped (gk_retain); GK_TIME_MIN: none */
    uint64_t catalog_version; /* grows with every change of the catalog */
    uint32_t n_facilities, n_channels;
    uint32_t n_sites[4]; /* by gk_kind: 1, parks, enterprises, lines */
    size_t n_links, n_bands, n_orders, n_exemptions, n_rules, n_mappings, n_people, n_set_bands, n_calendars;
};
GK_API const struct gk_store_info *gk_snapshot_info(gk_snapshot *snapshot);

/*
 * What a snapshot could not read so far because its bytes are damaged: a stretch of a facility's rows, or of its states
 * where no rows are left to derive them from. Reading goes on without it: rows are left out (sums lack them), and what
 * follows from them is unknown there, or no data. What was moved aside (gk_repair) is in the list from the beginning.
 */
/*
 * GK_DAMAGED_RECORDS has no facility and no time: when the store was opened some records did not fit their checksums,
 * and where a key is damaged as well nobody knows what is missing. gk_check names them. Or its file was cut since then:
 * what was read from it may lack anything.
 */
enum gk_damage_kind { GK_DAMAGED_ROWS = 0, GK_DAMAGED_STATES = 1, GK_DAMAGED_RECORDS = 2 };
struct gk_damage {
    enum gk_damage_kind kind;
    uint32_t facility; /* GK_ID_NONE: not known */
    gk_time from, to;  /* the rows of [from, to); GK_TIME_MAX when the end is not known either */
};
/* The list; lives until the next call on the snapshot. */
GK_API const struct gk_damage *gk_snapshot_damage(gk_snapshot *snapshot, size_t *n);
GK_API gk_time gk_clock(gk_db *db);

/* ---- the catalog, reading: ids are dense from 0
 * -------------------------------------------------------------------------- */

struct gk_facility {
    uint32_t id;
    const char *name;
    enum gk_role role;
    uint32_t park, enterprise, line; /* ids within their kind, GK_ID_NONE when not given */
    double rated_kw, rated_a;        /* NaN when not given */
    size_t n_tags;
    const struct gk_tag *tags;
};

struct gk_site {
    uint32_t id;
    enum gk_kind kind;
    const char *name;
    uint32_t parent; /* line: enterprise; enterprise: park; else GK_ID_NONE */
};

struct gk_link {
    uint32_t abatement, production;
    bool is_standby, is_default; /* default: made by the rule "the abatement of a line serves its production" */
    gk_time from, to;
};

struct gk_scope {
    enum gk_kind kind;
    uint32_t id;      /* of the site or facility; the role for GK_ROLE; GK_ID_NONE for zone and group */
    const char *name; /* "" for the zone */
};

struct gk_band {
    struct gk_scope scope;
    struct gk_limit off_below, on_from, overload_from, hysteresis;
    int64_t hold_ns, dwell_on_ns, dwell_off_ns; /* negative: absent */
    uint32_t channel;                           /* GK_ID_NONE: absent */
    gk_time from;
    const char *set; /* "": in force */
};

struct gk_order {
    struct gk_scope scope;
    const char *level, *kind;
    double cut_share;
    gk_time from, to;
    int32_t hours_from_s, hours_to_s;
};

struct gk_exemption {
    struct gk_scope scope;
    const char *kind, *note;
    gk_time from, to;
};

struct gk_calendar { /* see gk_calendar_put */
    const char *calendar;
    struct gk_scope scope;
    uint32_t days;
    int32_t hours_from_s, hours_to_s;
    gk_time from, to;
};

/* One version of a rule, in force in [from, to). */
struct gk_rule {
    const char *name;
    uint32_t version;
    const char *text; /* "": it was dropped */
    gk_time from, to;
};

struct gk_mapping {
    const char *mn, *code, *suffix;
    enum gk_period period;
    const char *facility, *channel, *unit; /* "": none was given */
    double factor, least, most;
};

struct gk_person {
    const char *person, *role;
    struct gk_scope scope;
    const char *channel, *address;
    gk_time from, to;
};

/* What a device sent, without its value. */
struct gk_sent {
    struct gk_text mn, code, suffix;
    enum gk_period period;
};

/* NULL when there is no such id. */
GK_API const struct gk_facility *gk_facility_get(gk_snapshot *snapshot, uint32_t id);
GK_API const struct gk_site *gk_site_get(gk_snapshot *snapshot, enum gk_kind kind, uint32_t id);
GK_API const char *gk_channel_name(gk_snapshot *snapshot, uint32_t id);
/* GK_ID_NONE when there is no such name. A line name may stand in several enterprises: the first is given. */
GK_API uint32_t gk_facility_find(gk_snapshot *snapshot, const char *name, size_t size);
GK_API uint32_t gk_site_find(gk_snapshot *snapshot, enum gk_kind kind, const char *name, size_t size);
GK_API uint32_t gk_channel_find(gk_snapshot *snapshot, const char *name, size_t size);
/* The value of a tag, NULL when the facility has none of that key. */
GK_API const char *gk_facility_tag(const struct gk_facility *facility, const char *key);
/* The facilities of a site (GK_ZONE: id 0), ascending ids. */
GK_API const uint32_t *gk_site_facilities(gk_snapshot *snapshot, enum gk_kind kind, uint32_t id, size_t *n);
/* The links in which a facility stands, on either side. */
GK_API const struct gk_link *const *gk_facility_links(gk_snapshot *snapshot, uint32_t id, size_t *n);
GK_API const struct gk_link *gk_links(gk_snapshot *snapshot, size_t *n);
GK_API const struct gk_band *gk_bands(gk_snapshot *snapshot, size_t *n);
/* Those of named sets. */
GK_API const struct gk_band *gk_set_bands(gk_snapshot *snapshot, size_t *n);
GK_API const struct gk_calendar *gk_calendars(gk_snapshot *snapshot, size_t *n);
GK_API const struct gk_order *gk_orders(gk_snapshot *snapshot, size_t *n);
GK_API const struct gk_exemption *gk_exemptions(gk_snapshot *snapshot, size_t *n);
/* Every version of every rule, in the order in which they were put. */
GK_API const struct gk_rule *gk_rules(gk_snapshot *snapshot, size_t *n);
/* The newest version of a rule, which may be a dropped one; NULL when there never was one. */
GK_API const struct gk_rule *gk_rule_find(gk_snapshot *snapshot, const char *name, size_t size);
GK_API const struct gk_person *gk_people(gk_snapshot *snapshot, size_t *n);
GK_API const struct gk_mapping *gk_mappings(gk_snapshot *snapshot, size_t *n);
/* The mapping that says most about what was sent; NULL when none fits. */
GK_API const struct gk_mapping *gk_mapping_find(gk_snapshot *snapshot, const struct gk_sent *sent);
/* Whether a scope covers a facility. */
GK_API bool gk_scope_covers(gk_snapshot *snapshot, const struct gk_scope *scope, uint32_t facility);

/* What the rows of a facility say about it: GK_ENOTFOUND when it has none. */
struct gk_profile {
    uint64_t n_rows;
    gk_time first, last; /* times of its oldest and newest row */
    int64_t usual_ns;    /* its usual interval between rows (the class of the median gap) */
    int64_t hold_ns;     /* how long its newest row holds */
};
GK_API int gk_facility_profile(gk_snapshot *snapshot, uint32_t id, struct gk_profile *out, struct gk_error *error);
/* What is stored about a facility within [from, to), and a question about it reads at most; found without reading it.
 */
struct gk_extent {
    uint64_t n_chunks, chunk_bytes;   /* of its sealed rows */
    uint64_t n_records, record_bytes; /* of its states */
    bool has_unsealed;                /* and rows in memory, from which states are derived */
};
GK_API int gk_facility_extent(gk_snapshot *snapshot, uint32_t id, gk_time from, gk_time to, struct gk_extent *out,
                              struct gk_error *error);
/* A sealed run of rows, as evidence of what was read. */
struct gk_chunk {
    gk_time first, last;
    uint64_t n_rows, size; /* size: bytes of the chunk */
    uint32_t crc;          /* CRC32C of these bytes */
};
/* The chunks that have, or may have, rows of [from, to), in order of time. Lives until the next call on the snapshot.
 */
GK_API int gk_facility_chunks(gk_snapshot *snapshot, uint32_t id, gk_time from, gk_time to,
                              const struct gk_chunk **chunks, size_t *n, struct gk_error *error);
/* Rows of a facility that came together, more than 5 min after their time. */
struct gk_backfill {
    gk_time arrived; /* rounded up to a full minute */
    uint32_t facility;
    gk_time from, to; /* of the first and the last of them */
    uint64_t n_rows;
};
/*
 * Those that came in [from, to), in order of arrival, facility and time, as far as their rows are there. Rows that
 * repeat others or change their values are not among them. Lives until the next call on the snapshot.
 */
GK_API int gk_backfills(gk_snapshot *snapshot, gk_time from, gk_time to, const struct gk_backfill **list, size_t *n,
                        struct gk_error *error);
/* The channels a facility ever had a value of, ascending ids; lives until the next call on the snapshot. */
GK_API int gk_facility_channels(gk_snapshot *snapshot, uint32_t id, const uint32_t **channels, size_t *n,
                                struct gk_error *error);

/* ---- ticks, steps and timelines
 * --------------------------------------------------------------------------------------------- */

/*
 * States and truths live on a clock of ticks: tick k is [k * tick_ns, (k + 1) * tick_ns) since 1970 UTC. A row counts
 * from the tick that contains its time.
 */
#define GK_TICK_MIN INT64_MIN
#define GK_TICK_MAX INT64_MAX

enum gk_state { GK_NODATA = 0, GK_OFF = 1, GK_IDLE = 2, GK_ON = 3, GK_OVERLOAD = 4 };
enum gk_truth { GK_FALSE = 0, GK_UNKNOWN = 1, GK_TRUE = 2 };

/* From this tick on (inclusive), until the next step. */
struct gk_step {
    int64_t tick;
    uint32_t value; /* a gk_state or a gk_truth */
};

/*
 * A timeline says of every tick from GK_TICK_MIN to GK_TICK_MAX whether something was true, false or unknown. It stands
 * for two sets, certain C (true) and possible P (true or unknown), C inside P. It is kept as steps: the first has tick
 * GK_TICK_MIN, ticks ascend, neighbours differ. Results are written over `out`, which must be none of the operands. All
 * can fail with GK_ENOMEM, and then `out` is empty (all false).
 */
typedef struct gk_timeline gk_timeline;

/* All false. With the memory hook of the snapshot's handle; may outlive the snapshot, not the handle. */
GK_API int gk_timeline_new(gk_snapshot *snapshot, gk_timeline **out);
GK_API void gk_timeline_free(gk_timeline *timeline);
GK_API const struct gk_step *gk_timeline_steps(const gk_timeline *timeline, size_t *n);
GK_API enum gk_truth gk_timeline_at(const gk_timeline *timeline, int64_t tick);
/* Building: reset to one value for ever, then set the value from ascending ticks on. */
GK_API int gk_timeline_reset(gk_timeline *out, enum gk_truth truth);
GK_API int gk_timeline_append(gk_timeline *out, int64_t tick, enum gk_truth truth);
GK_API int gk_timeline_copy(gk_timeline *out, const gk_timeline *a);

GK_API int gk_timeline_not(gk_timeline *out, const gk_timeline *a);                       /* (not P, not C) */
GK_API int gk_timeline_and(gk_timeline *out, const gk_timeline *a, const gk_timeline *b); /* (C and C, P and P) */
GK_API int gk_timeline_or(gk_timeline *out, const gk_timeline *a, const gk_timeline *b);
/* How many of n are true lies in [least, most]: any 1..n, all n..n, no 0..0, at least k k..n, exactly k k..k. */
GK_API int gk_timeline_count(gk_timeline *out, const gk_timeline *const *list, size_t n, size_t least, size_t most);
GK_API int gk_timeline_possibly(gk_timeline *out, const gk_timeline *a); /* (P, P) */
GK_API int gk_timeline_surely(gk_timeline *out, const gk_timeline *a);   /* (C, C) */
GK_API int gk_timeline_unknown(gk_timeline *out, const gk_timeline *a);  /* (P - C, P - C) */
/* Runs of at least d ticks, on C and on P (opening). */
GK_API int gk_timeline_for_at_least(gk_timeline *out, const gk_timeline *a, int64_t d);
/* Runs shorter than d: (C - open(P), P - open(C)). */
GK_API int gk_timeline_for_less(gk_timeline *out, const gk_timeline *a, int64_t d);
/* Gaps shorter than g between two runs are filled, on C and on P (closing). */
GK_API int gk_timeline_ignore_gaps(gk_timeline *out, const gk_timeline *a, int64_t g);
/* True throughout the last d ticks and now: a run [s, e) gives [s + d, e). */
GK_API int gk_timeline_held(gk_timeline *out, const gk_timeline *a, int64_t d);
/* True somewhere in the last (next) d ticks or now: a run [s, e) gives [s, e + d), ([s - d, e)). */
GK_API int gk_timeline_within_last(gk_timeline *out, const gk_timeline *a, int64_t d);
GK_API int gk_timeline_within_next(gk_timeline *out, const gk_timeline *a, int64_t d);
/* Events of one tick. Start: certain at t when C(t) and not P(t-1), possible when P(t) and not C(t-1).
 * End: certain at t when C(t-1) and not P(t), possible when P(t-1) and not C(t). */
GK_API int gk_timeline_start(gk_timeline *out, const gk_timeline *a);
GK_API int gk_timeline_end(gk_timeline *out, const gk_timeline *a);
/* At least k starts within the last d ticks, this one included; `is_event`: every true tick counts as one. */
GK_API int gk_timeline_times(gk_timeline *out, const gk_timeline *a, bool is_event, size_t k, int64_t d);
/* The runs of a whose first tick lies in b: how far a run goes back matters, whatever is between. */
GK_API int gk_timeline_begun(gk_timeline *out, const gk_timeline *a, const gk_timeline *b);

/* Sums over [from, to). Runs count by their start: true at t and not true at t-1, for C and for P. */
struct gk_measure {
    int64_t certain, possible; /* ticks */
    uint64_t certain_starts, possible_starts;
};
GK_API void gk_timeline_measure(const gk_timeline *a, int64_t from, int64_t to, struct gk_measure *out);

/* ---- states, reading
 * ------------------------------------------------------------------------------------------------------------ */

/* A snapshot keeps the states it decoded, up to 32 MB: asking again is cheaper. */

#define GK_STATE_BIT(state) (1u << (state))

/*
 * Where a facility was in one of the states of `mask` (GK_STATE_BIT...), within [from, to) ticks: true, false, or
 * unknown while its meter was silent. With GK_NODATA in the mask silence is true like any other and nothing is unknown.
 * Outside of [from, to) all is unknown.
 */
GK_API int gk_state_timeline(gk_snapshot *snapshot, uint32_t facility, uint32_t mask, int64_t from, int64_t to,
                             gk_timeline *out, struct gk_error *error);
/*
 * How many of some facilities were in one of the states, inside of another timeline: gk_timeline_and of `within` and
 * gk_timeline_count of the facilities' gk_state_timeline, but steps are read only where `within` is not false.
 */
struct gk_state_count {
    const uint32_t *facilities;
    size_t n;
    uint32_t mask;
    size_t least, most;        /* as of gk_timeline_count */
    const gk_timeline *within; /* NULL: always true; not `out` */
    int64_t within_least;      /* runs of `within` (true or unknown) of fewer ticks may be taken as false */
};
GK_API int gk_state_count(gk_snapshot *snapshot, const struct gk_state_count *what, int64_t from, int64_t to,
                          gk_timeline *out, struct gk_error *error);
/* The states themselves, cut to [from, to): the first step is at `from`. Lives until the next call on the snapshot. */
GK_API int gk_state_steps(gk_snapshot *snapshot, uint32_t facility, int64_t from, int64_t to,
                          const struct gk_step **steps, size_t *n, struct gk_error *error);
/*
 * From the presence index: clears is_in[id] of every facility that was in none of the states of `mask` at any time of
 * [from, to). is_in has n_facilities entries. What stays may still turn out to be nothing, what is cleared cannot be
 * anything. Facilities with unsealed rows always stay.
 */
GK_API int gk_state_prune(gk_snapshot *snapshot, uint32_t mask, int64_t from, int64_t to, uint8_t *is_in,
                          struct gk_error *error);

/* ---- samples, reading
 * --------------------------------------------------------------------------------------------------------------- */

/* A column batch; pointers live until the next call on the scan. */
struct gk_columns {
    size_t n_rows;
    const gk_time *time;
    const double *const *value; /* one column a channel asked for, in that order */
};

typedef struct gk_scan gk_scan;
/* Rows of one facility in [from, to), in order of time, in batches. GK_DONE after the last. Closed before its snapshot,
 * which keeps its memory for the next one. */
GK_API int gk_scan_open(gk_snapshot *snapshot, uint32_t facility, const uint32_t *channels, size_t n, gk_time from,
                        gk_time to, gk_scan **out, struct gk_error *error);
GK_API int gk_scan_next(gk_scan *scan, struct gk_columns *out, struct gk_error *error);
GK_API void gk_scan_close(gk_scan *scan);

/* One number out of the channels of a row; missing values and NaN do not take part. */
enum gk_reduce { GK_MEAN = 0, GK_LEAST = 1, GK_MOST = 2, GK_TOTAL = 3 };

#define GK_APPLY_MAX 16 /* channels of a signal with a function */

/*
 * A row without a value of any of the channels is no sample of the signal. `apply`, when it is not NULL, takes the
 * place of `reduce`: of n rows at once, at most GK_APPLY_ROWS, it makes a number each of the channels' values, a column
 * a channel in their order (NaN: that one is missing). Where it gives NaN the signal is unknown from that row to the
 * next. `bounds` may be NULL; else it says between which numbers the results are when channel c is between low[c] and
 * high[c] and nothing is missing (NaN: none of them is a number), or false when that cannot be told: so rows need not
 * be decoded to be compared.
 */
#define GK_APPLY_ROWS 256
struct gk_signal {
    const uint32_t *channels;
    size_t n_channels;
    enum gk_reduce reduce;
    void (*apply)(void *context, const double *const *value, size_t n, double *out);
    bool (*bounds)(void *context, const double *low, const double *high, double *out_low, double *out_high);
    void *context;
    uint32_t figures; /* gk_signal_summaries: which of a summary are wanted, GK_FIGURE_...; 0: all */
};

enum gk_compare { GK_LT, GK_LE, GK_GT, GK_GE, GK_EQ, GK_NE };

/*
 * Where a signal compares true with a limit, within [from, to) ticks; a sample holds as long as the bands of the
 * facility say; unknown where nothing holds and outside of [from, to).
 */
GK_API int gk_signal_timeline(gk_snapshot *snapshot, uint32_t facility, const struct gk_signal *signal,
                              enum gk_compare compare, double limit, int64_t from, int64_t to, gk_timeline *out,
                              struct gk_error *error);

/*
 * Where a signal kept one value over rows that are at least so many ticks apart, the first from the last: from the
 * first one until it changes or the last one holds no longer, within [from, to) ticks. Unknown while nothing holds, and
 * for shorter stretches that may have gone on through such a silence; outside of [from, to) all is unknown. Rows for
 * which the signal's function has no number do not count. Whether what is going on at `to` lasts is told by rows before
 * the tick `until`, which is not before `to`.
 */
GK_API int gk_signal_frozen(gk_snapshot *snapshot, uint32_t facility, const struct gk_signal *signal, int64_t least,
                            int64_t from, int64_t to, int64_t until, gk_timeline *out, struct gk_error *error);

/* Figures that are not wanted are NaN; count, times and held_ns are always there. */
enum gk_figure {
    GK_FIGURE_COUNT = 1,
    GK_FIGURE_SUM = 2,
    GK_FIGURE_RANGE = 4, /* min, max */
    GK_FIGURE_ENDS = 8,  /* first, last */
    GK_FIGURE_INTEGRAL = 16,
    GK_FIGURE_SQUARES = 32
};
#define GK_FIGURES_ALL 63

struct gk_summary {
    uint64_t count;                    /* samples that are numbers */
    double sum, min, max, first, last; /* NaN when count is 0 */
    gk_time first_time, last_time;
    double integral;   /* value x seconds, each sample as long as it holds */
    int64_t held_ns;   /* time in which some sample held */
    double square_sum; /* of the squares of the values, for their root mean square; NaN when count is 0 */
};
/*
 * A summary for each of n buckets [edges[i], edges[i+1]); edges has n + 1 ascending times. Sums are taken by the hour
 * (UTC), then over the hours: whole hours of a signal of one channel come from the store where it keeps them, and give
 * to the bit what their samples give. Where rows were dropped there are hours alone: GK_ERANGE when an edge there is on
 * no full hour, or when the signal has several channels.
 */
GK_API int gk_signal_summaries(gk_snapshot *snapshot, uint32_t facility, const struct gk_signal *signal,
                               const gk_time *edges, size_t n, struct gk_summary *out, struct gk_error *error);

/* ---- the record: acts and alarms
 * --------------------------------------------------------------------------------------------------------------- */

/*
 * What happened to alarms is kept for good: numbered acts, never changed, each with the hash of all before it. An alarm
 * is one breach of a rule by one subject; its id is the number of the act that raised it, and all that is known of it
 * follows from its acts.
 */
enum gk_act_kind {
    GK_ACT_NONE = 0,
    /* by whoever evaluates the rule: */
    GK_ACT_RAISED = 1,     /* the breach is certain; begins an alarm */
    GK_ACT_UNKNOWN = 2,    /* data stopped: whether it goes on cannot be told */
    GK_ACT_KNOWN = 3,      /* data came again, and it does go on */
    GK_ACT_RECOVERED = 4,  /* it certainly ended */
    GK_ACT_AMENDED = 5,    /* late data: the cause was another interval; an empty one: there was none */
    GK_ACT_SUPPRESSED = 6, /* exempt: nobody is to be told */
    GK_ACT_ESCALATED = 7,  /* nobody acted in time */
    /* by who delivers it: */
    GK_ACT_TOLD = 8, /* whom, by which channel, with what result */
    /* by people: */
    GK_ACT_SEEN = 9,
    GK_ACT_ACKNOWLEDGED = 10,
    GK_ACT_ASSIGNED = 11, /* to whom, until when */
    GK_ACT_FED_BACK = 12, /* what they say they found or did */
    GK_ACT_CHECKED = 13,  /* on site */
    GK_ACT_AUDITED = 14,
    GK_ACT_CLOSED = 15, /* with an outcome */
    GK_ACT_NOTED = 16,  /* anything else worth keeping; alarm 0: about the store */
    GK_ACT_KINDS
};
enum gk_level { GK_LEVEL_INFO = 0, GK_LEVEL_WARN = 1, GK_LEVEL_ALARM = 2, GK_LEVEL_SEVERE = 3 };
enum gk_outcome { GK_OUTCOME_NONE = 0, GK_OUTCOME_ENTERPRISE = 1, GK_OUTCOME_DEVICE = 2, GK_OUTCOME_FALSE = 3 };
/* "raised", ... "fed back"; "info", ...; "", "enterprise", "device", "false"; NULL behind the last. */
GK_API const char *gk_act_kind_name(unsigned kind);
GK_API const char *gk_level_name(unsigned level);
GK_API const char *gk_outcome_name(unsigned outcome);

#define GK_ACT_TEXT_MAX 4096 /* bytes of an act's text and result; its other texts are names */

/*
 * An act to be put. Zero fields are not given; `raised` needs rule, subject and from, the others the alarm; told,
 * assigned and escalated need whom; closed needs an outcome. from and to are looked at for raised, amended and
 * recovered alone: `to` 0 is GK_TIME_MAX, the cause goes on; what is raised with an end was over when it became known.
 */
struct gk_act_put {
    size_t size;
    enum gk_act_kind kind;
    uint64_t alarm;
    uint64_t about; /* the act that this one is about: for told and seen, what was told; for raised and amended, the
                       alarm whose cause is that of this one, too; for amended also itself: it stands alone again */
    gk_time from, to;
    struct gk_text rule;
    uint32_t rule_version;
    enum gk_level level;
    enum gk_kind subject_kind; /* GK_FACILITY, or a site's */
    struct gk_text subject, enterprise, park;
    struct gk_text actor, whom, channel, result, text;
    gk_time due;
    enum gk_outcome outcome;
};

/*
 * Adds an act, durable with the next gk_commit and then together with the rows that came before it. Its time is the
 * handle's clock. In raised and escalated, `whom` may be several roles or people, with ',' between. GK_EINVAL names
 * what is missing; GK_ENOTFOUND: no such alarm; GK_EEXIST: a step that was done or cannot follow on what was, such as
 * closing twice, or raising what is raised. *seq (may be NULL) is its number.
 */
GK_API int gk_act_put(gk_db *db, const struct gk_act_put *act, uint64_t *seq, struct gk_error *error);
/*
 * The alarm of a rule and subject that has not recovered, durable or not; *id 0: none. There is at most one, whatever
 * the version of the rule. On a writing handle.
 */
GK_API int gk_alarm_firing(gk_db *db, struct gk_text rule, enum gk_kind subject_kind, struct gk_text subject,
                           uint64_t *id, struct gk_error *error);

/* An act as recorded. Texts that were not given are "". */
struct gk_act {
    uint64_t seq;    /* 1, 2, 3, ... */
    uint64_t alarm;  /* 0: about the store */
    uint64_t before; /* the alarm's act before this one; 0: none */
    uint64_t about;
    enum gk_act_kind kind;
    gk_time time;     /* when it was recorded, by the host's clock */
    gk_time from, to; /* the cause [from, to); GK_TIME_MIN and GK_TIME_MAX when the act does not say */
    const char *rule;
    uint32_t rule_version;
    enum gk_level level;
    enum gk_kind subject_kind;
    const char *subject, *enterprise, *park;
    const char *actor, *whom, *channel, *result, *text;
    gk_time due; /* GK_TIME_MAX: none */
    enum gk_outcome outcome;
    const uint8_t *hash; /* 32 bytes: SHA-256 of the hash of the act before, of its number and of its bytes */
};

enum gk_alarm_status { /* of the breach */
                       GK_ALARM_FIRING = 0,
                       GK_ALARM_UNKNOWN = 1,   /* data stopped */
                       GK_ALARM_RECOVERED = 2, /* it certainly ended */
                       GK_ALARM_WITHDRAWN = 3  /* late data say that there was none */
};
enum gk_alarm_life { /* of the case */
                     GK_CASE_OPEN = 0,
                     GK_CASE_ACKNOWLEDGED = 1,
                     GK_CASE_ASSIGNED = 2,
                     GK_CASE_CLOSED = 3
};
/* "firing", "unknown", "recovered", "withdrawn"; "open", "acknowledged", "assigned", "closed"; NULL behind the last. */
GK_API const char *gk_alarm_status_name(unsigned status);
GK_API const char *gk_alarm_life_name(unsigned life);

/* What the acts of an alarm come to. */
struct gk_alarm {
    uint64_t id, under; /* under: the alarm whose cause is that of this one, too; 0: none */
    const char *rule;
    uint32_t rule_version;
    enum gk_level level;
    enum gk_kind subject_kind;
    const char *subject, *enterprise, *park;
    gk_time from, to; /* the cause; to is GK_TIME_MAX while it goes on */
    enum gk_alarm_status status;
    enum gk_alarm_life life;
    bool is_suppressed;
    const char *holder; /* to whom it was assigned last, else who acknowledged it */
    gk_time due;        /* GK_TIME_MAX: none */
    enum gk_outcome outcome;
    const char *text;                 /* of the act that raised it */
    uint64_t n_acts, n_reached, last; /* n_reached: acts `told` whose result is "ok"; last: number of its newest act */
    gk_time at[GK_ACT_KINDS];         /* when each kind of act was first recorded; GK_TIME_MIN: never */
};

/* Reading them, from a snapshot: what was durable when it was opened. GK_ENOTFOUND: there is no such act or alarm. */
GK_API int gk_act_get(gk_snapshot *snapshot, uint64_t seq, struct gk_act *out, struct gk_error *error);
GK_API int gk_alarm_get(gk_snapshot *snapshot, uint64_t id, struct gk_alarm *out, struct gk_error *error);
/* The alarm as it was known at a time: of the acts that were recorded until then, that time included. */
GK_API int gk_alarm_as_of(gk_snapshot *snapshot, uint64_t id, gk_time known, struct gk_alarm *out,
                          struct gk_error *error);
/*
 * Whether an entry answers to `whom`, a person's name or a role, when it is about an alarm at a time: in a role it does
 * for what its scope covers.
 */
GK_API bool gk_person_answers(gk_snapshot *snapshot, const struct gk_person *person, struct gk_text whom,
                              const struct gk_alarm *alarm, gk_time at);
/* The number of the newest act; 0: there is none. */
GK_API int gk_act_last(gk_snapshot *snapshot, uint64_t *seq, struct gk_error *error);

/* The acts of an alarm, or all (alarm 0), numbers from `from` on, ascending. GK_DONE after the last. */
typedef struct gk_acts gk_acts;
GK_API int gk_acts_open(gk_snapshot *snapshot, uint64_t alarm, uint64_t from, gk_acts **out, struct gk_error *error);
GK_API int gk_acts_next(gk_acts *acts, struct gk_act *out, struct gk_error *error);
GK_API void gk_acts_close(gk_acts *acts);

/*
 * All alarms with ids from `from` on, ascending; with `is_open` those alone that are not closed, or not recovered,
 * which are found without looking at the others. GK_DONE after the last.
 */
typedef struct gk_alarms gk_alarms;
GK_API int gk_alarms_open(gk_snapshot *snapshot, bool is_open, uint64_t from, gk_alarms **out, struct gk_error *error);
GK_API int gk_alarms_next(gk_alarms *alarms, struct gk_alarm *out, struct gk_error *error);
GK_API void gk_alarms_close(gk_alarms *alarms);

/*
 * Follows the chain of hashes from the first act to the last. GK_ECORRUPT: *seq is the number of the first act that
 * does not fit, and the error says why. With a `root`, 32 bytes that were the hash of an act once and were given away,
 * *seq is the number of that act, and GK_ENOTFOUND says that no act has this hash any more: what was recorded up to it
 * was changed, or is gone. Without one *seq is the number of the newest act.
 */
GK_API int gk_acts_verify(gk_snapshot *snapshot, const uint8_t *root, uint64_t *seq, struct gk_error *error);
/* ---- following a store as it grows ------------------------------------------------------------------------------ */

/*
 * A facility of which something changed. `states_from`: from then on its states, or what the catalog says of it, may be
 * others than they were told to be: that the state it was in merely goes on is no change. GK_TIME_MAX where only rows
 * came, GK_TIME_MIN for all time.
 */
struct gk_change {
    uint32_t facility;
    gk_time rows_from; /* the oldest row that came; GK_TIME_MAX: none did */
    gk_time states_from;
};
/*
 * Who changed since the last call on this handle of the writer, by rows, the catalog, the calendar of orders and
 * exemptions, or by falling silent until `now`; the first call names everybody. The snapshot was opened after the
 * commit of all that was taken, and is the one on which the changes are looked at. The list lives until the next call.
 * When the call fails it may be made again. A row that lets a state go on costs no more than a comparison.
 */
GK_API int gk_changes(gk_db *db, gk_snapshot *snapshot, gk_time now, const struct gk_change **list, size_t *n,
                      struct gk_error *error);

/*
 * The time from which on rows or the catalog may have changed since what followed them was settled: the store keeps it,
 * so that whoever comes after a crash, or after another writer, knows from where on to look again. GK_TIME_MIN until
 * gk_settle was called once.
 */
GK_API gk_time gk_unsettled(gk_db *db);
/* All that is committed was looked at; what comes from before `from` is told by gk_unsettled. Joins the next commit. */
GK_API int gk_settle(gk_db *db, gk_time from, struct gk_error *error);

/* ---- the record: handing in and delivery ----------------------------------------------------------------------------
 */

#define GK_HANDED_MAX 64 /* bytes of the name of what was handed in, its end included */

/*
 * One process writes a store; others hand their acts in: told, and what people do. The act lies in the store's folder
 * `inbox`, durable, until the writer takes it in with its next gk_commit: exactly once, in the order of handing in. On
 * any handle.
 */
GK_API int gk_act_hand_in(gk_db *db, const struct gk_act_put *act, char name[GK_HANDED_MAX], struct gk_error *error);
/* What became of it: GK_DONE: it waits; GK_OK: it was taken and is durable; an error: it was refused, and why. A
 * refusal is told once. */
GK_API int gk_act_handed(gk_db *db, const char *name, struct gk_error *error);

/*
 * A consumer reads the acts in order as they become durable. One with a name goes on where it last confirmed, also
 * after a crash or a year: so it sees every act at least once, and in order. The place is kept in the store's folder
 * `consumers`, where the writer is not needed; a name is used by one process at a time (GK_EBUSY). GK_ERANGE: the store
 * was put back from an older copy and has other acts now.
 *
 *     while ((rc = gk_consumer_next(consumer, &act, &alarm, &error)) == GK_OK) {
 *         deliver(&act, &alarm);
 *         rc = gk_consumer_confirm(consumer, act.seq, &error);
 *     }
 *     if (rc == GK_DONE)
 *         poll(&(struct pollfd){gk_consumer_fd(consumer), POLLIN}, 1, timeout);
 */
typedef struct gk_consumer gk_consumer;
/* `name` NULL: no place is kept. One without a place begins with act `from`. */
GK_API int gk_consumer_open(gk_db *db, const char *name, uint64_t from, gk_consumer **out, struct gk_error *error);
GK_API void gk_consumer_close(gk_consumer *consumer);
/* The next act and its alarm as it is now (of an act about the store: id 0); both live until the next call. GK_DONE:
 * there is none yet. */
GK_API int gk_consumer_next(gk_consumer *consumer, struct gk_act *act, struct gk_alarm *alarm, struct gk_error *error);
/* All acts up to this one are dealt with. Durable when it returns. What gk_consumer_next gave last lives no longer. */
GK_API int gk_consumer_confirm(gk_consumer *consumer, uint64_t seq, struct gk_error *error);
/*
 * Readable when acts may have come, for poll or select; gk_consumer_next makes it unreadable again. -1 when the system
 * has no more inotify instances: then ask now and then.
 */
GK_API int gk_consumer_fd(const gk_consumer *consumer);

/* ---- looking after a store
 * ------------------------------------------------------------------------------------------------------------- */

struct gk_stat {
    struct gk_counts counts;      /* of all rows that ever arrived */
    uint64_t n_rows;              /* rows the store holds now */
    uint64_t n_chunks, n_journal; /* sealed chunks, journal records */
    uint64_t n_unsealed;          /* rows still in the journal */
    uint64_t n_quarantined;       /* rows in quarantine now */
    uint64_t file_bytes;          /* of the data file */
    uint64_t used_bytes;          /* in pages that hold something */
    uint64_t table_bytes[16];     /* by table, in the order of gk_table_name */
    uint64_t n_readers;           /* open read transactions, all processes */
    uint64_t oldest_reader_lag;   /* in transactions: pages given up since then are not used again */
    int64_t oldest_reader_pid;    /* 0: there is no reader */
    gk_time journal_since;        /* newest row of the oldest journal record; GK_TIME_MIN: the journal is empty */
    uint64_t ballast_bytes;       /* kept for when the disk is full */
    uint64_t free_bytes;          /* of the data file, in pages that hold nothing and are used for what comes next */
    uint64_t held_bytes;          /* of these, in pages that are not used as long as the oldest reader stays */
};
GK_API int gk_stat(gk_db *db, struct gk_stat *out, struct gk_error *error);
/* Tells every source, by name, with the highest sequence that is durable of it; what `take` returns, if not GK_OK, ends
 * the call. So a sender knows after a restart where to go on. */
GK_API int gk_sources(gk_snapshot *snapshot, int (*take)(void *context, const char *name, uint64_t sequence),
                      void *context, struct gk_error *error);
/* "meta", "catalog", "journal", ... NULL behind the last. */
GK_API const char *gk_table_name(unsigned table);

/* Takes a piece of text; a status other than GK_OK stops the call and is returned by it. */
typedef int (*gk_sink_fn)(void *context, const char *text, size_t size);

/*
 * Reads everything that is stored and tests every page, checksum and invariant; `is_deep` also derives states, presence
 * and summaries again from the rows and compares. A line for each finding goes to the sink; *n_findings counts them.
 */
GK_API int gk_check(gk_db *db, bool is_deep, gk_sink_fn sink, void *context, uint64_t *n_findings,
                    struct gk_error *error);
/*
 * Opens a store for writing, and mends what a check finds as far as it follows from something else: records that cannot
 * be read are moved aside (table `damaged`), never deleted; profiles, states, hours, the presence index and counts are
 * made again from chunks and journal, alarms from their acts. A line for each thing that was done, and for each finding
 * of gk_check that is left, goes to the sink; *n_mended and *n_left count them. Rows of a damaged chunk are lost;
 * states that were derived from them stay. GK_ECORRUPT: pages of the file, its facts or its catalog are damaged, which
 * nothing else tells: restore a copy. A store that is sound is left as it is.
 */
GK_API int gk_repair(const char *path, const struct gk_options *options, gk_sink_fn sink, void *context,
                     uint64_t *n_mended, uint64_t *n_left, struct gk_error *error);

/*
 * Makes a store at `dest`, where nothing is yet, of all that can be read of a damaged one, whose pages are only read
 * and not believed: for when gk_repair refuses it and there is no copy. Facts, catalog, acts and rows are taken;
 * whatever follows from rows is derived anew. An entry of the catalog that is lost is named "lost facility 17". What is
 * missing is told, a line each (*n_missing counts them; states and hours of rows that were dropped are among them), and
 * noted in the new store: answers say that more may be missing. What is left out is told as well: rows in quarantine,
 * sequences of sources, former versions of the catalog, which rows were known when. GK_ECORRUPT: the headers, or what
 * the store is, cannot be read. After an error dest is to be removed.
 */
GK_API int gk_salvage(const char *path, const char *dest, const struct gk_options *options, gk_sink_fn sink,
                      void *context, uint64_t *n_missing, struct gk_error *error);

/*
 * The store's file is read through a map: where it is cut off meanwhile, or the disk fails, the kernel sends SIGBUS to
 * whoever looks (SIGSEGV, where damaged pages led LMDB astray), and that ends the process. The library touches no
 * signals by itself. A host that would rather have an error calls gk_guard_install once (handlers that were there go on
 * getting what is not meant for us) and does what reads a store inside of gk_guard_run.
 *
 * gk_guard_run returns what `run` returns; or GK_EIO when a page could not be read, GK_ECORRUPT when LMDB met what it
 * holds for impossible. Then `run` was left in the middle, in this thread: what it allocated is lost, and a handle,
 * snapshot or query that it used must not be used again, not even closed. It is meant for a process that reports the
 * error and ends: it cannot open the store anew. May be nested, and used by several threads.
 */
GK_API int gk_guard_install(struct gk_error *error);
GK_API int gk_guard_run(int (*run)(void *context), void *context, struct gk_error *error);
/* What is stored, as text for people: a table's name, or "quarantine", "facility NAME", "all". GK_EINVAL names them. */
GK_API int gk_dump(gk_db *db, const char *what, gk_sink_fn sink, void *context, struct gk_error *error);

struct gk_backup_options {
    size_t size;
    bool verify; /* compare the digests of the store and of the copy before it gets its name */
    /* Told after every step how many bytes of about how many are done; what it returns, if not GK_OK, ends the call. */
    int (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
};
/*
 * Makes a store at `dest`, where nothing is yet, that has all that was durable at one moment of this call, without free
 * pages. The writer goes on meanwhile, in this process or another; a transaction that keeps it from using pages again
 * is open for as long as it takes to find what changed during the copying (and, with `verify`, to digest the store).
 * Every checksum is tested. The copy is whole and on the disk when it gets its name; before, it is
 * `dest`.gk-unfinished.
 */
GK_API int gk_backup(gk_db *db, const char *dest, const struct gk_backup_options *options, struct gk_error *error);
/* SHA-256 of the logical content, in hex: equal content gives an equal digest, however it was ingested. */
GK_API int gk_digest(gk_db *db, char out[65], struct gk_error *error);

#ifdef __cplusplus
}
#endif
#endif
