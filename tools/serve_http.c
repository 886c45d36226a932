/*
 * serve_http.c - HTTP: lines of the line protocol come in, and a monitor asks whether the server is alive, and for its
 * counters. libmicrohttpd has an epoll of its own, which is one descriptor in ours, so that all stays in one thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "output.h"
#include "serve.h"

#ifdef GK_MICROHTTPD
#include <microhttpd.h>
#include <zlib.h>

struct http_server {
    struct watched watched; /* first */
    struct MHD_Daemon *daemon;
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              const struct output *out)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(out->n, (void *)out->bytes, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_NO;

    if (response != NULL && MHD_add_response_header(response, "Content-Type", type) == MHD_YES)
        result = MHD_queue_response(connection, status, response);
    if (response != NULL)
        MHD_destroy_response(response);
    return result;
}

static void put_metric(struct output *out, const char *name, const char *type, const char *words, uint64_t value)
{
    output_format(out, "# HELP gk_%s %s\n# TYPE gk_%s %s\ngk_%s %" PRIu64 "\n", name, words, name, type, name, value);
}

static void put_rows(struct output *out, const struct gk_counts *rows)
{
    const struct {
        const char *verdict;
        uint64_t n;
    } all[] = {{"accepted", rows->accepted},       {"late", rows->late},
               {"duplicate", rows->duplicate},     {"conflicting", rows->conflicting},
               {"quarantined", rows->quarantined}, {"rejected", rows->rejected}};

    output_text(out,
                "# HELP gk_rows_total rows that ever arrived, by what became of them\n# TYPE gk_rows_total counter\n");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        output_format(out, "gk_rows_total{verdict=\"%s\"} %" PRIu64 "\n", all[i].verdict, all[i].n);
}

static void put_metrics(struct serve *serve, struct output *out)
{
    const struct gk_mapper_counts *values = gk_mapper_counts(serve->mapper);
    uint64_t packets[GK_HJ212_VERDICTS];
    struct gk_error error;
    struct gk_stat stat;

    hj212_packets(serve, packets);
    output_text(out,
                "# HELP gk_packets_total packets of HJ 212, by what became of them\n# TYPE gk_packets_total counter\n");
    for (int v = 0; v < GK_HJ212_VERDICTS; v++)
        output_format(out, "gk_packets_total{verdict=\"%s\"} %" PRIu64 "\n",
                      gk_hj212_verdict_text((enum gk_hj212_verdict)v), packets[v]);
    output_text(
        out, "# HELP gk_values_total values of data packets, by what became of them\n# TYPE gk_values_total counter\n");
    output_format(out,
                  "gk_values_total{verdict=\"taken\"} %" PRIu64 "\ngk_values_total{verdict=\"unmapped\"} %" PRIu64
                  "\ngk_values_total{verdict=\"implausible\"} %" PRIu64 "\ngk_values_total{verdict=\"bad\"} %" PRIu64
                  "\n",
                  values->n_taken, values->n_unmapped, values->n_implausible, values->n_bad);
    for (int c = 0; c < SERVE_COUNTERS; c++)
        output_format(out, "# TYPE gk_serve_%s_total counter\ngk_serve_%s_total %" PRIu64 "\n",
                      serve_counter_name((enum serve_counter)c), serve_counter_name((enum serve_counter)c),
                      serve->counters[c]);
    put_metric(out, "store_full", "gauge", "1 while there is no room for rows", serve->is_full);
    put_metric(out, "connections_open", "gauge", "devices that are connected", hj212_n_connections(serve));
    if (gk_stat(serve->db, &stat, &error) != GK_OK)
        return; /* what is not known is not told */
    put_rows(out, &stat.counts);
    put_metric(out, "store_rows", "gauge", "rows that the store holds", stat.n_rows);
    put_metric(out, "store_rows_unsealed", "gauge", "of them in the journal", stat.n_unsealed);
    put_metric(out, "store_file_bytes", "gauge", "bytes of the data file", stat.file_bytes);
    put_metric(out, "store_used_bytes", "gauge", "bytes in pages that hold something", stat.used_bytes);
    put_metric(out, "store_held_bytes", "gauge", "bytes in free pages that the oldest reader keeps from being used",
               stat.held_bytes);
    put_metric(out, "store_ballast_bytes", "gauge", "kept for when the disk is full", stat.ballast_bytes);
    put_metric(out, "store_readers", "gauge", "open read transactions, of all processes", stat.n_readers);
    put_metric(out, "store_oldest_reader_lag", "gauge", "commits since the oldest of them began",
               stat.oldest_reader_lag);
}

/* ---- POST /write: the line protocol of InfluxDB ---- */

#define BODY_MAX (UINT64_C(256) << 20) /* bytes of lines in a request */

/* A request while its body comes. */
struct request {
    gk_load *load; /* NULL: no body is wanted */
    bool is_packed;
    z_stream packed;
    uint64_t n_bytes; /* of lines so far */
    unsigned status;  /* 0: all is well so far */
    struct gk_error error;
    uint64_t n_rejected;
    struct gk_error first; /* of the rejected lines */
};

static void note_reject(void *context, uint64_t line, const char *text, size_t size, const struct gk_error *reason)
{
    struct request *request = context;

    (void)line;
    (void)text;
    (void)size;
    if (request->n_rejected++ == 0)
        request->first = *reason;
}

/* "ns", "us", "ms"... of both versions' clients; 0: none of them. */
static int64_t unit_of(const char *precision)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"ns", 1},       {"n", 1},         {"us", 1000},          {"u", 1000},
                 {"ms", 1000000}, {"s", GK_SECOND}, {"m", 60 * GK_SECOND}, {"h", 3600 * GK_SECOND}};

    for (size_t i = 0; precision != NULL && i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].name, precision) == 0)
            return units[i].ns;
    return precision == NULL ? 1 : 0;
}

static void refuse(struct request *request, unsigned status, const char *words)
{
    request->status = status;
    (void)snprintf(request->error.text, sizeof request->error.text, "%s", words);
}

/* What a call on the store said about a request. */
static void fail_request(struct serve *serve, struct request *request, int rc)
{
    request->error.status = rc;
    request->status = rc == GK_ESYNTAX ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_SERVICE_UNAVAILABLE;
    if (rc != GK_ESYNTAX)
        (void)serve_failed(serve, &request->error); /* the loop looks at is_stopping */
}

static void begin_write(struct serve *serve, struct MHD_Connection *connection, struct request *request)
{
    const char *encoding = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Encoding");
    const struct gk_load_options options = {
        .size = sizeof options,
        .reject = note_reject,
        .context = request,
        .form = GK_TABLE_POINTS,
        .unit_ns = unit_of(MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "precision"))};
    int rc;

    request->is_packed = encoding != NULL && strcmp(encoding, "gzip") == 0;
    if (options.unit_ns == 0)
        refuse(request, MHD_HTTP_BAD_REQUEST, "precision: expected ns, us, ms, s, m or h");
    else if (encoding != NULL && !request->is_packed && strcmp(encoding, "identity") != 0)
        refuse(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "Content-Encoding: expected gzip or nothing");
    else if (request->is_packed && inflateInit2(&request->packed, 15 + 16) != Z_OK) /* 16: gzip */
        refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory for unpacking");
    else if ((rc = gk_load_open(serve->db, &options, &request->load, &request->error)) != GK_OK)
        fail_request(serve, request, rc);
}

static void take_lines(struct serve *serve, struct request *request, const char *bytes, size_t size)
{
    int rc;

    request->n_bytes += size;
    if (request->n_bytes > BODY_MAX) {
        refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "a request has at most 256 MB of lines");
        return;
    }
    rc = gk_load_feed(request->load, bytes, size, &request->error);
    if (rc != GK_OK)
        fail_request(serve, request, rc);
}

static void take_body(struct serve *serve, struct request *request, const char *body, size_t size)
{
    char lines[65536];
    int rc = Z_OK;

    if (!request->is_packed) {
        take_lines(serve, request, body, size);
        return;
    }
    request->packed.next_in = (Bytef *)(uintptr_t)body; /* it is only read */
    request->packed.avail_in = (uInt)size;
    while (request->status == 0 && rc == Z_OK && request->packed.avail_in > 0) {
        request->packed.next_out = (Bytef *)lines;
        request->packed.avail_out = sizeof lines;
        rc = inflate(&request->packed, Z_NO_FLUSH);
        if (rc != Z_OK && rc != Z_STREAM_END)
            refuse(request, MHD_HTTP_BAD_REQUEST, "the body is not what gzip makes");
        else
            take_lines(serve, request, lines, sizeof lines - request->packed.avail_out);
    }
}

/* 204 when all lines were taken and are durable; 400 with the first bad line, the good ones are durable all the same.
 */
static unsigned end_write(struct serve *serve, struct request *request, struct output *out)
{
    struct gk_load_result result;
    int rc;

    if (request->status == 0 && (rc = gk_load_finish(request->load, &result, &request->error)) != GK_OK)
        fail_request(serve, request, rc);
    if (request->status == 0 && request->n_rejected == 0)
        return MHD_HTTP_NO_CONTENT;
    const char *words = request->status != 0 ? request->error.text : request->first.text;
    output_text(out, "{\"error\": ");
    output_json(out, words, strlen(words));
    if (request->status == 0)
        output_format(out, ", \"rejected\": %" PRIu64 ", \"taken\": %" PRIu64, request->n_rejected,
                      result.rows.accepted + result.rows.late + result.rows.duplicate + result.rows.conflicting +
                          result.rows.quarantined);
    output_text(out, "}\n");
    return request->status != 0 ? request->status : MHD_HTTP_BAD_REQUEST;
}

/* ---- requests ---- */

static bool is_write(const char *url, const char *method)
{
    return strcmp(method, "POST") == 0 && (strcmp(url, "/write") == 0 || strcmp(url, "/api/v2/write") == 0);
}

static unsigned end_request(struct serve *serve, struct request *request, const char *url, const char *method,
                            struct output *out)
{
    if (request->load != NULL || request->status != 0)
        return end_write(serve, request, out);
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        output_text(out, "there are GET /health, GET /metrics and POST /write\n");
        return MHD_HTTP_METHOD_NOT_ALLOWED;
    }
    if (strcmp(url, "/health") == 0) {
        output_text(out, serve->is_stopping ? "stopping\n" : serve->is_full ? "full: no room for rows\n" : "ok\n");
        return serve->is_stopping || serve->is_full ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK;
    }
    if (strcmp(url, "/metrics") == 0) {
        put_metrics(serve, out);
        return MHD_HTTP_OK;
    }
    output_text(out, "there are GET /health, GET /metrics and POST /write\n");
    return MHD_HTTP_NOT_FOUND;
}

static enum MHD_Result take_request(void *context, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *body, size_t *body_size,
                                    void **state)
{
    struct serve *serve = context;
    struct request *request = *state;
    enum MHD_Result result;
    struct output out;

    (void)version;
    if (request == NULL) { /* the head alone is here */
        *state = request = tool_resize(NULL, 1, sizeof *request);
        *request = (struct request){.load = NULL};
        if (is_write(url, method))
            begin_write(serve, connection, request);
        return MHD_YES;
    }
    if (*body_size > 0) {
        if (request->load != NULL && request->status == 0)
            take_body(serve, request, body, *body_size);
        *body_size = 0; /* what nobody asked for is read and forgotten */
        return MHD_YES;
    }
    serve->counters[SERVE_REQUESTS]++;
    output_init(&out, -1);
    unsigned status = end_request(serve, request, url, method, &out);
    serve->counters[SERVE_REQUESTS_BAD] += status >= 400;
    result = answer(connection, status,
                    is_write(url, method) ? "application/json" : "text/plain; version=0.0.4; charset=utf-8", &out);
    output_clear(&out);
    return result;
}

static void forget_request(void *context, struct MHD_Connection *connection, void **state,
                           enum MHD_RequestTerminationCode code)
{
    struct request *request = *state;

    (void)context;
    (void)connection;
    (void)code;
    if (request == NULL)
        return;
    if (request->is_packed)
        (void)inflateEnd(&request->packed); /* there is nothing to do about it */
    gk_load_close(request->load);
    free(request);
    *state = NULL;
}

static void http_ready(struct serve *serve, struct watched *watched, uint32_t events)
{
    struct http_server *server = (struct http_server *)watched;
    MHD_UNSIGNED_LONG_LONG wait_ms;

    (void)serve;
    (void)events;
    do /* its epoll tells of bytes once: what it left of a long body it tells of by a wait of nothing */
        (void)MHD_run(server->daemon); /* a request that fails is closed by it */
    while (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES && wait_ms == 0);
}

bool http_open(struct serve *serve, const char *address)
{
    struct http_server *server;
    const union MHD_DaemonInfo *info;
    int fd = serve_listen(serve, address, "HTTP");

    if (fd < 0)
        return false;
    server = tool_resize(NULL, 1, sizeof *server);
    *server = (struct http_server){.watched = {-1, http_ready}};
    serve->http = server;
    server->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, take_request, serve, MHD_OPTION_LISTEN_SOCKET, fd,
                                      MHD_OPTION_NOTIFY_COMPLETED, forget_request, NULL, MHD_OPTION_CONNECTION_LIMIT,
                                      64u, MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_END);
    info = server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (info == NULL) {
        say(serve->command->name, "the HTTP server does not start");
        return false;
    }
    server->watched.fd = info->epoll_fd;
    return serve_watch(serve, &server->watched, EPOLLIN);
}

void http_close(struct serve *serve)
{
    if (serve->http == NULL)
        return;
    if (serve->http->daemon != NULL)
        MHD_stop_daemon(serve->http->daemon); /* closes the listening socket, too */
    free(serve->http);
    serve->http = NULL;
}

#else

bool http_open(struct serve *serve, const char *address)
{
    (void)address;
    say(serve->command->name, "this gk was built without libmicrohttpd (libmicrohttpd-dev): there is no --http");
    return false;
}

void http_close(struct serve *serve)
{
    (void)serve;
}

#endif
