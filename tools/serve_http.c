/*
 * serve_http.c - HTTP: who connects, who he is, what he wants. Lines come in (serve_write.c), questions are answered
 * (serve_query.c), and a monitor asks whether the server is alive, and for its counters. libmicrohttpd has an epoll of
 * its own, which is one descriptor in ours, so that all but the questions stays in one thread.
 *
 * Whoever sends or takes less than SLOW_BYTES a second, after a time of grace, is cut off: the library's own limit is
 * of silence, which a byte now and then does not break.
 */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "output.h"
#include "serve.h"

#ifdef GK_MICROHTTPD
#include "serve_http.h"

#define SILENT_S   20u   /* a connection without a byte is closed after that */
#define SLOW_BYTES 10240 /* a second */
#define REFUSED_MAX                                                                                                    \
    (UINT64_C(16) << 20) /* bytes of a refused body that are read and forgotten, so that he hears why                  \
                          */

struct http_server {
    struct watched watched; /* first */
    struct MHD_Daemon *daemon;
    struct http_peer *peers;
    size_t n_peers;
    struct tokens *tokens; /* NULL: nobody is asked who he is */
    struct token anybody;  /* whose rate counts then */
};

/* ---- answers ----
 */

enum MHD_Result http_answer(struct request *request, unsigned status, const char *type, const struct output *out,
                            const char *const headers[][2])
{
    struct MHD_Response *response = MHD_create_response_from_buffer(out->n, (void *)out->bytes, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_NO;

    request->serve->counters[SERVE_REQUESTS_BAD] += status >= 400;
    request->peer->is_served = false; /* now he must take it, in time */
    request->peer->since = tool_monotonic();
    request->peer->n_bytes = out->n;
    if (response != NULL && MHD_add_response_header(response, "Content-Type", type) == MHD_YES)
        result = MHD_YES;
    for (size_t i = 0; result == MHD_YES && headers[i][0] != NULL; i++)
        result = MHD_add_response_header(response, headers[i][0], headers[i][1]);
    if (result == MHD_YES && status == MHD_HTTP_UNAUTHORIZED)
        result = MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (result == MHD_YES && status == MHD_HTTP_TOO_MANY_REQUESTS)
        result = MHD_add_response_header(response, "Retry-After", "1");
    if (result == MHD_YES)
        result = MHD_queue_response(request->connection, status, response);
    if (response != NULL)
        MHD_destroy_response(response);
    return result;
}

void http_refuse(struct request *request, unsigned status, const char *words)
{
    request->status = status;
    (void)snprintf(request->error.text, sizeof request->error.text, "%s", words);
}

const char *http_argument(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

void http_put_error(struct output *out, const char *words, const char *members)
{
    output_text(out, "{\"error\": ");
    output_json(out, words, strlen(words));
    output_text(out, members != NULL ? ", " : "");
    output_text(out, members != NULL ? members : "");
    output_text(out, "}\n");
}

/* ---- GET /metrics ----
 */

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
    put_metric(out, "http_connections_open", "gauge", "HTTP clients that are connected", serve->http->n_peers);
    put_metric(out, "mqtt_connected", "gauge", "1 while the broker sends messages", mqtt_is_connected(serve));
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

/* ---- who asks ----
 */

/* The secret of a request: Bearer and Token of InfluxDB 2, the password of InfluxDB 1. NULL: there is none. */
static const char *secret_of(struct MHD_Connection *connection, char **password)
{
    const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    char *user;

    *password = NULL;
    if (header == NULL)
        return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "p");
    if (strncasecmp(header, "Bearer ", 7) == 0)
        return header + 7 + strspn(header + 7, " ");
    if (strncasecmp(header, "Token ", 6) == 0)
        return header + 6 + strspn(header + 6, " ");
    user = MHD_basic_auth_get_username_password(connection, password);
    if (user != NULL)
        MHD_free(user);
    return *password;
}

static unsigned need_of(enum http_resource resource)
{
    return resource == HTTP_WRITE ? TOKEN_WRITE : resource == HTTP_QUERY ? TOKEN_QUERY : TOKEN_METRICS;
}

/* Finds the token, or refuses. */
static struct token *look_up(struct request *request)
{
    struct http_server *http = request->serve->http;
    bool is_expired = false;
    char *password;
    const char *secret = secret_of(request->connection, &password);
    struct token *token =
        secret ? tokens_find(http->tokens, secret, strlen(secret), gk_clock(request->serve->db), &is_expired) : NULL;

    if (token == NULL) {
        request->serve->counters[SERVE_UNAUTHORIZED]++;
        http_refuse(request, MHD_HTTP_UNAUTHORIZED,
                    is_expired ? "the token is not in force now"
                    : secret   ? "the token is unknown"
                               : "a token is wanted: Authorization: Bearer TOKEN");
    } else if (!(token->may & need_of(request->resource))) {
        request->serve->counters[SERVE_FORBIDDEN]++;
        http_refuse(request, MHD_HTTP_FORBIDDEN,
                    request->resource == HTTP_WRITE   ? "the token may not write"
                    : request->resource == HTTP_QUERY ? "the token may not query"
                                                      : "the token may not see metrics");
    }
    if (password != NULL)
        MHD_free(password);
    return token;
}

/* Whether he may, and not too often. /health is for everybody. */
static void let_in(struct request *request)
{
    struct serve *serve = request->serve;
    struct token *token = &serve->http->anybody;

    if (serve->http->tokens != NULL)
        request->token = token = look_up(request);
    if (request->status == 0 && !token_allow(token, serve->limits.rate, tool_monotonic())) {
        serve->counters[SERVE_LIMITED]++;
        http_refuse(request, MHD_HTTP_TOO_MANY_REQUESTS, "too many requests a second");
    }
}

bool http_read_tokens(struct serve *serve)
{
    struct tokens *tokens;
    struct gk_error error;

    if (serve->http == NULL || serve->tokens == NULL)
        return true;
    if (!tokens_read(serve->tokens, serve->zone_s, &tokens, &error)) {
        say(serve->command->name, "%s: %s", serve->tokens, error.text);
        return false;
    }
    tokens_free(serve->http->tokens);
    serve->http->tokens = tokens;
    say(serve->command->name, "%s: %zu tokens", serve->tokens, tokens->n);
    return true;
}

/* ---- requests ----
 */

static const char there_are[] = "there are GET /health, GET /metrics, GET and POST /query, POST /write\n";

static enum http_resource resource_of(const char *url)
{
    static const struct {
        const char *url;
        enum http_resource resource;
    } all[] = {{"/health", HTTP_HEALTH},
               {"/metrics", HTTP_METRICS},
               {"/write", HTTP_WRITE},
               {"/api/v2/write", HTTP_WRITE},
               {"/query", HTTP_QUERY}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(url, all[i].url) == 0)
            return all[i].resource;
    return HTTP_NOTHING;
}

static bool is_allowed(enum http_resource resource, const char *method)
{
    bool is_get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0, is_post = strcmp(method, "POST") == 0;

    return (is_get && resource != HTTP_WRITE) || (is_post && (resource == HTTP_WRITE || resource == HTTP_QUERY));
}

/* The head alone is here. */
static struct request *begin_request(struct serve *serve, struct MHD_Connection *connection, const char *url,
                                     const char *method)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct request *request = tool_resize(NULL, 1, sizeof *request);

    *request = (struct request){
        .serve = serve, .connection = connection, .peer = info->socket_context, .resource = resource_of(url)};
    if (request->resource == HTTP_NOTHING)
        http_refuse(request, MHD_HTTP_NOT_FOUND, there_are);
    else if (!is_allowed(request->resource, method))
        http_refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, there_are);
    else if (request->resource != HTTP_HEALTH)
        let_in(request);
    if (request->status == 0 && request->resource == HTTP_WRITE)
        write_begin(request);
    else if (request->status == 0 && request->resource == HTTP_QUERY)
        query_begin(request);
    return request;
}

/* False: it is too much of what nobody wants. */
static bool take_body(struct request *request, const char *body, size_t size)
{
    request->n_bytes += size;
    request->peer->n_bytes += size;
    if (request->status != 0 || (request->writing == NULL && request->question == NULL))
        return request->n_bytes <= REFUSED_MAX; /* what nobody asked for is read and forgotten */
    if (request->writing != NULL)
        write_take(request, body, size);
    else
        query_take(request, body, size);
    return true;
}

static unsigned end_request(struct request *request, struct output *out)
{
    struct serve *serve = request->serve;

    if (request->writing != NULL)
        return write_end(request, out);
    if (request->status == 0 && request->resource == HTTP_METRICS) {
        put_metrics(serve, out);
        return MHD_HTTP_OK;
    }
    if (request->status == 0 && request->resource == HTTP_HEALTH) {
        output_text(out, serve->is_stopping ? "stopping\n" : serve->is_full ? "full: no room for rows\n" : "ok\n");
        return serve->is_stopping || serve->is_full ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK;
    }
    if (request->resource == HTTP_WRITE || request->resource == HTTP_QUERY)
        http_put_error(out, request->error.text, NULL);
    else
        output_text(out, request->error.text);
    return request->status;
}

/* It is all here: answers, or lets it sleep until there is an answer. */
static enum MHD_Result complete(struct request *request)
{
    static const char *const none[][2] = {{NULL, NULL}};
    enum MHD_Result result;
    struct output out;

    request->peer->is_served = true;
    if (query_is_answered(request))
        return query_answer(request);
    request->serve->counters[SERVE_REQUESTS]++;
    if (request->question != NULL)
        query_end(request);
    if (request->question != NULL && request->status == 0)
        return MHD_YES;
    output_init(&out, -1);
    unsigned status = end_request(request, &out);
    bool is_json = request->resource == HTTP_WRITE || request->resource == HTTP_QUERY;
    result = http_answer(request, status, is_json ? HTTP_JSON : HTTP_TEXT, &out, none);
    output_clear(&out);
    return result;
}

static enum MHD_Result take_request(void *context, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *body, size_t *body_size,
                                    void **state)
{
    struct request *request = *state;

    (void)version;
    if (request == NULL) {
        *state = begin_request(context, connection, url, method);
        return MHD_YES;
    }
    if (*body_size > 0) {
        bool goes_on = take_body(request, body, *body_size);
        request->serve->counters[SERVE_TOO_LARGE] += !goes_on;
        *body_size = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    return complete(request);
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
    request->peer->since = tool_monotonic();
    request->peer->n_bytes = 0;
    request->peer->is_served = false;
    write_free(request->writing);
    query_free(request->question);
    free(request);
    *state = NULL;
}

/* ---- connections ----
 */

static enum MHD_Result accept_peer(void *context, const struct sockaddr *address, socklen_t size)
{
    struct serve *serve = context;

    (void)address;
    (void)size;
    if (serve->http->n_peers < serve->limits.n_http)
        return MHD_YES;
    serve->counters[SERVE_HTTP_REFUSED]++;
    return MHD_NO;
}

static void note_peer(void *context, struct MHD_Connection *connection, void **state,
                      enum MHD_ConnectionNotificationCode code)
{
    struct serve *serve = context;
    struct http_server *http = serve->http;
    struct http_peer *peer = *state;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *state = peer = tool_resize(NULL, 1, sizeof *peer);
        *peer =
            (struct http_peer){.next = http->peers,
                               .fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
                               .since = tool_monotonic()};
        if (http->peers != NULL)
            http->peers->before = peer;
        http->peers = peer;
        http->n_peers++;
        serve->counters[SERVE_HTTP_CONNECTIONS]++;
        return;
    }
    *(peer->before != NULL ? &peer->before->next : &http->peers) = peer->next;
    if (peer->next != NULL)
        peer->next->before = peer->before;
    http->n_peers--;
    free(peer);
}

/* What a connection brought is not always dealt with in one go, and its epoll tells of it once. */
void http_run(struct serve *serve)
{
    MHD_UNSIGNED_LONG_LONG ms = 1;

    serve->http_is_busy = false;
    if (serve->http == NULL || serve->http->daemon == NULL)
        return;
    (void)MHD_run(serve->http->daemon); /* a request that fails is closed by it */
    serve->http_is_busy = MHD_get_timeout(serve->http->daemon, &ms) == MHD_YES && ms == 0;
}

void http_tick(struct serve *serve)
{
    gk_time now = tool_monotonic();

    if (serve->http == NULL)
        return;
    for (struct http_peer *peer = serve->http->peers; peer != NULL; peer = peer->next) {
        int64_t grace = serve->limits.slow_ns + (int64_t)(peer->n_bytes / SLOW_BYTES) * GK_SECOND;
        if (peer->is_served || now - peer->since <= grace)
            continue;
        serve->counters[SERVE_HTTP_SLOW]++;
        peer->is_served = true;              /* once is enough */
        (void)shutdown(peer->fd, SHUT_RDWR); /* the library sees its end, and closes it */
    }
    http_run(serve); /* it looks for who is silent only then */
}

static void http_ready(struct serve *serve, struct watched *watched, uint32_t events)
{
    (void)watched;
    (void)events;
    http_run(serve);
}

static bool is_loopback(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return false;
    if (address.ss_family == AF_INET)
        return ntohl(((struct sockaddr_in *)&address)->sin_addr.s_addr) >> 24 == 127;
    return address.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&address)->sin6_addr);
}

static struct MHD_Daemon *start(struct serve *serve, int fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, accept_peer, serve, take_request, serve,
                            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, forget_request, serve,
                            MHD_OPTION_NOTIFY_CONNECTION, note_peer, serve, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)serve->limits.n_http + 1, MHD_OPTION_CONNECTION_TIMEOUT, SILENT_S,
                            MHD_OPTION_END);
}

bool http_open(struct serve *serve, const char *address)
{
    const union MHD_DaemonInfo *info;
    int fd = serve_listen(serve, address, "HTTP");

    if (fd < 0)
        return false;
    if (serve->tokens == NULL && !is_loopback(fd)) {
        (void)close(fd);
        say(serve->command->name,
            "--http %s is not on the loopback: whoever reaches it could write and read everything; give --tokens FILE",
            address);
        return false;
    }
    serve->http = tool_resize(NULL, 1, sizeof *serve->http);
    *serve->http = (struct http_server){.watched = {-1, http_ready}};
    if (!http_read_tokens(serve) || !query_open(serve)) {
        (void)close(fd);
        return false;
    }
    serve->http->daemon = start(serve, fd);
    info = serve->http->daemon ? MHD_get_daemon_info(serve->http->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (info == NULL) {
        say(serve->command->name, "the HTTP server does not start");
        return false;
    }
    serve->http->watched.fd = info->epoll_fd;
    return serve_watch(serve, &serve->http->watched, EPOLLIN);
}

void http_close(struct serve *serve)
{
    if (serve->http == NULL)
        return;
    query_close(serve);
    if (serve->http->daemon != NULL)
        MHD_stop_daemon(serve->http->daemon); /* closes the listening socket, too */
    tokens_free(serve->http->tokens);
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

bool http_read_tokens(struct serve *serve)
{
    (void)serve;
    return true;
}

void http_run(struct serve *serve)
{
    (void)serve;
}

void http_tick(struct serve *serve)
{
    (void)serve;
}

void http_close(struct serve *serve)
{
    (void)serve;
}

#endif
