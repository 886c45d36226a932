/*
 * serve.h - what the parts of gk serve share: one thread, one epoll, one writer.
 *
 *     socket -> decoder -> mapper -> gk_ingest          serve_hj212.c
 *     message -> lines -> gk_load                       serve_mqtt.c
 *     file -> gk_load                                   serve_spool.c
 *     request -> lines -> gk_load, or a question        serve_http.c, serve_write.c, serve_query.c
 *     every 100 ms, or when there is much: gk_advance commits and judges, then what waits for it is acknowledged
 *
 * Nothing is acknowledged before it is durable. When the store fails, whoever waits is cut off unanswered, and sends
 * again.
 */
#ifndef SERVE_H
#define SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk_query.h"
#include "tool.h"

struct serve;

/* Something with a descriptor in the epoll; the first member of what it is part of. */
struct watched {
    int fd; /* -1: closed */
    void (*ready)(struct serve *serve, struct watched *watched, uint32_t events);
};

/* Counters, in the order of serve_counter_name. */
enum serve_counter {
    SERVE_CONNECTIONS,         /* accepted so far */
    SERVE_CONNECTIONS_REFUSED, /* over the limit, or without a descriptor */
    SERVE_CONNECTIONS_IDLE,    /* closed, as no good packet came for too long */
    SERVE_CONNECTIONS_LOST,    /* closed by an error, or as they did not take their replies */
    SERVE_BYTES,
    SERVE_REPLIES,
    SERVE_COMMITS,
    SERVE_COMMITS_FAILED,
    SERVE_REQUESTS,
    SERVE_REQUESTS_BAD,
    SERVE_RAISED,            /* alarms */
    SERVE_HTTP_CONNECTIONS,  /* accepted so far */
    SERVE_HTTP_REFUSED,      /* over the limit */
    SERVE_HTTP_SLOW,         /* cut off, as their bytes came or went too slowly */
    SERVE_UNAUTHORIZED,      /* without a token that is known and in force */
    SERVE_FORBIDDEN,         /* with one that may not do this */
    SERVE_LIMITED,           /* more requests a second than the rate */
    SERVE_TOO_LARGE,         /* bodies */
    SERVE_QUESTIONS,         /* answered, whatever the answer */
    SERVE_QUESTIONS_BAD,     /* with what is wrong with their text */
    SERVE_QUESTIONS_STOPPED, /* by a limit, the end of the client or of the server, or a failure of the store */
    SERVE_SPOOLED,           /* files */
    SERVE_SPOOL_FAILED,      /* of them, those of which something was not taken */
    SERVE_ASKED,             /* devices for what is missing */
    SERVE_ANSWERED,
    SERVE_UNANSWERED,   /* refused, or asked in vain */
    SERVE_MESSAGES,     /* of MQTT */
    SERVE_MESSAGES_BAD, /* of them, those that cannot be understood, and bad lines of others */
    SERVE_COUNTERS
};

struct serve_limits {
    uint64_t n_connections;
    int64_t idle_ns, commit_ns;
    uint64_t n_http; /* HTTP connections */
    uint64_t rate;   /* requests a second of each token; 0: any */
    int64_t slow_ns, question_ns;
    uint64_t backfill_cn; /* by which devices are asked for what is missing; 0: they are not */
    int64_t gap_ns;       /* less is not missing */
};

struct serve {
    const struct command *command;
    gk_db *db;
    int32_t zone_s;
    gk_mapper *mapper;
    gk_judge *judge;
    int epoll;
    struct serve_limits limits;
    bool is_stopping;
    bool is_broken; /* the store failed, and does so again */
    bool is_full;   /* there is no room for rows: devices send them again until there is */
    gk_time now;    /* monotonic, of this turn of the loop */

    /* What was taken and is not durable. */
    uint64_t n_undurable;
    gk_time undurable_since;

    uint64_t counters[SERVE_COUNTERS];
    uint64_t packets[GK_HJ212_VERDICTS]; /* of connections that are closed */

    struct hj212_server *hj212; /* NULL: not asked for */
    struct backfill *backfill;
    struct http_server *http;
    bool http_is_busy; /* there is more to do at once */
    struct questions *questions;
    struct spool *spool;
    struct mqtt_client *mqtt;
    const char *tokens; /* file; NULL: nobody is asked who he is */

    /* Of lines about single packets, so many may still be written this second. */
    unsigned n_lines_left;
    uint64_t n_lines_kept_back;
};

const char *serve_counter_name(enum serve_counter counter);

/* In the epoll from now on; false: says why not. */
bool serve_watch(struct serve *serve, struct watched *watched, uint32_t events);
void serve_rewatch(struct serve *serve, struct watched *watched, uint32_t events);
/* A listening socket on "HOST:PORT", ":PORT" (loopback) or "PORT"; -1: says why not. Says where it listens. */
int serve_listen(const struct serve *serve, const char *address, const char *what);
/* A line about a single packet or request, unless there were too many this second. */
void serve_note(struct serve *serve, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Something was taken that must become durable. */
void serve_taken(struct serve *serve);
/* The store said no. Whether it is of use to go on; else the server stops. */
bool serve_failed(struct serve *serve, const struct gk_error *error);

/* ---- HJ 212 ---- */

bool hj212_open(struct serve *serve, const char *address);
void hj212_stop_listening(struct serve *serve);
/* A commit ended: what waited for it is acknowledged, or cut off. */
void hj212_committed(struct serve *serve, bool is_durable);
/* Once in a while: closes what is idle, accepts again. */
void hj212_tick(struct serve *serve);
void hj212_close(struct serve *serve);
/* Open connections, and the verdicts of all packets so far. */
size_t hj212_n_connections(const struct serve *serve);
void hj212_packets(const struct serve *serve, uint64_t packets[GK_HJ212_VERDICTS]);

/* ---- what devices are asked for ---- */

struct connection;
/* Sends a packet of our own. */
void hj212_send(struct serve *serve, struct connection *connection, const char *packet, size_t size);

/* False: says why not. Without --backfill all of these do nothing. */
bool backfill_open(struct serve *serve);
/* A good packet came and is not taken yet; it was taken; a connection ended; a second is over. */
int backfill_before(struct serve *serve, const struct gk_hj212_packet *packet, struct gk_error *error);
void backfill_saw(struct serve *serve, struct connection *connection, const struct gk_hj212_packet *packet);
void backfill_gone(struct serve *serve, const struct connection *connection);
void backfill_tick(struct serve *serve);
void backfill_close(struct serve *serve);

/* ---- HTTP ---- */

/* False: says why not, or that gk was built without libmicrohttpd. */
bool http_open(struct serve *serve, const char *address);
/* Reads the tokens (again); false: says why not, and those that were read before stay. */
bool http_read_tokens(struct serve *serve);
/* Lets the library do what there is to do; http_is_busy: not all was done. */
void http_run(struct serve *serve);
/* Once in a while: cuts off who is slow. */
void http_tick(struct serve *serve);
void http_close(struct serve *serve);

/* ---- MQTT ---- */

/* False: says what is wrong with the configuration. The broker may be away: it is tried again. */
bool mqtt_open(struct serve *serve, const char *path);
/* What messages said goes to the store, before a commit; and the broker is told after it. */
void mqtt_flush(struct serve *serve);
void mqtt_committed(struct serve *serve, bool is_durable);
/* Whether the broker sends nothing more before a commit. */
bool mqtt_is_awaited(const struct serve *serve);
/* Once in a while: tries again, says that it is alive. */
void mqtt_tick(struct serve *serve);
bool mqtt_is_connected(const struct serve *serve);
void mqtt_close(struct serve *serve);

/* ---- a folder of files ---- */

/* Reads first what a server before was reading. False: says why not. */
bool spool_open(struct serve *serve, const char *folder);
/* Whether there is something to do at once; a piece of it. */
bool spool_is_busy(const struct serve *serve);
void spool_run(struct serve *serve);
/* Once in a while: looks whether there is something new. */
void spool_tick(struct serve *serve);
void spool_close(struct serve *serve);

#endif
