/*
 * serve_http.c - what a monitor asks over HTTP: is it alive, and the counters. libmicrohttpd has an epoll of its own,
 * which is one descriptor in ours, so that all stays in one thread.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "output.h"
#include "serve.h"

#ifdef GK_MICROHTTPD
#include <microhttpd.h>

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
    put_metric(out, "connections_open", "gauge", "devices that are connected", hj212_n_connections(serve));
    if (gk_stat(serve->db, &stat, &error) != GK_OK)
        return; /* what is not known is not told */
    put_rows(out, &stat.counts);
    put_metric(out, "store_rows", "gauge", "rows that the store holds", stat.n_rows);
    put_metric(out, "store_rows_unsealed", "gauge", "of them in the journal", stat.n_unsealed);
    put_metric(out, "store_file_bytes", "gauge", "bytes of the data file", stat.file_bytes);
    put_metric(out, "store_used_bytes", "gauge", "bytes in pages that hold something", stat.used_bytes);
}

static enum MHD_Result request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                               const char *version, const char *body, size_t *body_size, void **state)
{
    static int seen; /* its address says that the head of a request has been here */
    struct serve *serve = context;
    enum MHD_Result result;
    unsigned status = MHD_HTTP_OK;
    struct output out;

    (void)version;
    (void)body;
    if (*state == NULL) {
        *state = &seen;
        return MHD_YES;
    }
    if (*body_size > 0) { /* nobody asked for it */
        *body_size = 0;
        return MHD_YES;
    }
    serve->counters[SERVE_REQUESTS]++;
    output_init(&out, -1);
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        status = MHD_HTTP_METHOD_NOT_ALLOWED;
        output_text(&out, "only GET\n");
    } else if (strcmp(url, "/health") == 0) {
        status = serve->is_stopping ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK;
        output_text(&out, serve->is_stopping ? "stopping\n" : "ok\n");
    } else if (strcmp(url, "/metrics") == 0)
        put_metrics(serve, &out);
    else {
        status = MHD_HTTP_NOT_FOUND;
        output_text(&out, "there are /health and /metrics\n");
    }
    serve->counters[SERVE_REQUESTS_BAD] += status >= 400;
    result = answer(connection, status, "text/plain; version=0.0.4; charset=utf-8", &out);
    output_clear(&out);
    return result;
}

static void http_ready(struct serve *serve, struct watched *watched, uint32_t events)
{
    struct http_server *server = (struct http_server *)watched;

    (void)serve;
    (void)events;
    (void)MHD_run(server->daemon); /* a request that fails is closed by it */
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
    server->daemon =
        MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, request, serve, MHD_OPTION_LISTEN_SOCKET, fd,
                         MHD_OPTION_CONNECTION_LIMIT, 64u, MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_END);
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
