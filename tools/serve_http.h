/*
 * serve_http.h - what the parts of HTTP share: a request from its head to its answer. Seen only where libmicrohttpd is.
 *
 *     head    who asks, may he, what for        serve_http.c
 *     body    lines, or the text of a question  serve_write.c, serve_query.c
 *     end     the answer; that of a question comes later, from a thread of its own
 */
#ifndef SERVE_HTTP_H
#define SERVE_HTTP_H

#include <microhttpd.h>

#include "output.h"
#include "serve.h"
#include "serve_tokens.h"

#define HTTP_LINES "application/x-ndjson"
#define HTTP_JSON  "application/json"
#define HTTP_TEXT  "text/plain; version=0.0.4; charset=utf-8"
#define HTTP_CSV   "text/csv; charset=utf-8; header=present"

enum http_resource { HTTP_NOTHING, HTTP_HEALTH, HTTP_METRICS, HTTP_WRITE, HTTP_QUERY };

/* A connection, from accept to close. */
struct http_peer {
    struct http_peer *next, *before;
    int fd;
    gk_time since;    /* when what it sends now was begun to be waited for */
    uint64_t n_bytes; /* of a body since then */
    bool is_served;   /* the request is all here: it waits for us */
};

struct request {
    struct serve *serve;
    struct MHD_Connection *connection;
    struct http_peer *peer;
    enum http_resource resource;
    const struct token *token; /* NULL: nobody is asked who he is. Only until the head was looked at: tables change */
    uint64_t n_bytes;          /* of the body, as it came */
    unsigned status;           /* 0: all is well so far */
    struct gk_error error;
    struct writing *writing;   /* of HTTP_WRITE */
    struct question *question; /* of HTTP_QUERY */
};

/* Nothing more is wanted of it than to be told so. */
void http_refuse(struct request *request, unsigned status, const char *words);
/* A value of the request's address, or NULL. */
const char *http_argument(const struct request *request, const char *name);
/* {"error": "...", ...: the members that are given, or NULL}. */
void http_put_error(struct output *out, const char *words, const char *members);
enum MHD_Result http_answer(struct request *request, unsigned status, const char *type, const struct output *out,
                            const char *const headers[][2]);

/* ---- POST /write ---- */

void write_begin(struct request *request);
void write_take(struct request *request, const char *body, size_t size);
/* The status of the answer, which goes to `out`. */
unsigned write_end(struct request *request, struct output *out);
void write_free(struct writing *writing); /* NULL is welcome */

/* ---- GET, POST /query ---- */

/* Threads that answer. False: there can be none, which was said. */
bool query_open(struct serve *serve);
/* Whoever waits is told that the server stops; nobody runs any more. Connections are awake again. */
void query_close(struct serve *serve);

void query_begin(struct request *request);
void query_take(struct request *request, const char *body, size_t size);
/* The request is whole: it sleeps until it is answered, or is refused. */
void query_end(struct request *request);
/* Whether there is an answer now. */
bool query_is_answered(const struct request *request);
enum MHD_Result query_answer(struct request *request);
void query_free(struct question *question); /* NULL is welcome */

#endif
