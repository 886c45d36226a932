/*
 * serve_write.c - POST /write: lines of the line protocol of InfluxDB, packed or not. They are durable when they are
 * answered. A token writes for its sites: a line about others is a bad one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "serve.h"

#ifdef GK_MICROHTTPD
#include <zlib.h>

#include "serve_http.h"

#define LINES_MAX (UINT64_C(256) << 20) /* bytes of lines in a request */

/* Lines while they come. */
struct writing {
    gk_load *load;          /* NULL: no body is wanted */
    bool is_packed, is_cut; /* cut: the body ends within what gzip made */
    z_stream packed;
    uint64_t n_bytes; /* of lines so far */
    uint64_t n_rejected;
    struct gk_error first; /* of the rejected lines */
    struct gk_site_name sites[TOKEN_SITES_MAX];
    char *names;
};

static void note_reject(void *context, uint64_t line, const char *text, size_t size, const struct gk_error *reason)
{
    struct writing *writing = context;

    (void)line;
    (void)text;
    (void)size;
    if (writing->n_rejected++ == 0)
        writing->first = *reason;
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

/* What a call on the store said about a request. */
static void fail(struct request *request, int rc)
{
    request->error.status = rc;
    request->status = rc == GK_ESYNTAX ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_SERVICE_UNAVAILABLE;
    if (rc != GK_ESYNTAX)
        (void)serve_failed(request->serve, &request->error); /* the loop looks at is_stopping */
}

/* The sites of a token, as its table may be read anew while lines come. */
static void copy_sites(struct writing *writing, const struct token *token)
{
    struct output names;

    output_init(&names, -1);
    output_text(&names, " "); /* so that there is memory */
    for (size_t i = 0; i < token->n_sites; i++)
        output_bytes(&names, token->sites[i].name.bytes, token->sites[i].name.size);
    writing->names = names.bytes;
    for (size_t i = 0, at = 1; i < token->n_sites; at += token->sites[i++].name.size)
        writing->sites[i] = (struct gk_site_name){token->sites[i].kind, {names.bytes + at, token->sites[i].name.size}};
}

void write_begin(struct request *request)
{
    const char *encoding = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Content-Encoding");
    struct writing *writing = tool_resize(NULL, 1, sizeof *writing);
    int rc;

    *writing = (struct writing){.is_packed = encoding != NULL && strcmp(encoding, "gzip") == 0};
    request->writing = writing;
    if (request->token != NULL)
        copy_sites(writing, request->token);
    const struct gk_load_options options = {.size = sizeof options,
                                            .reject = note_reject,
                                            .context = writing,
                                            .form = GK_TABLE_POINTS,
                                            .unit_ns = unit_of(http_argument(request, "precision")),
                                            .sites = writing->sites,
                                            .n_sites = request->token != NULL ? request->token->n_sites : 0};
    if (options.unit_ns == 0)
        http_refuse(request, MHD_HTTP_BAD_REQUEST, "precision: expected ns, us, ms, s, m or h");
    else if (encoding != NULL && !writing->is_packed && strcmp(encoding, "identity") != 0)
        http_refuse(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "Content-Encoding: expected gzip or nothing");
    else if (writing->is_packed && inflateInit2(&writing->packed, 15 + 16) != Z_OK) { /* 16: gzip */
        writing->is_packed = false;
        http_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory for unpacking");
    } else if ((rc = gk_load_open(request->serve->db, &options, &writing->load, &request->error)) != GK_OK)
        fail(request, rc);
}

static void take_lines(struct request *request, const char *bytes, size_t size)
{
    struct writing *writing = request->writing;
    int rc;

    writing->n_bytes += size;
    if (writing->n_bytes > LINES_MAX) {
        request->serve->counters[SERVE_TOO_LARGE]++;
        http_refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "a request has at most 256 MB of lines");
        return;
    }
    rc = gk_load_feed(writing->load, bytes, size, &request->error);
    if (rc != GK_OK)
        fail(request, rc);
}

void write_take(struct request *request, const char *body, size_t size)
{
    struct writing *writing = request->writing;
    char lines[65536];
    int rc;

    if (!writing->is_packed) {
        take_lines(request, body, size);
        return;
    }
    writing->packed.next_in = (Bytef *)(uintptr_t)body; /* it is only read */
    writing->packed.avail_in = (uInt)size;
    do {
        writing->packed.next_out = (Bytef *)lines;
        writing->packed.avail_out = sizeof lines;
        rc = inflate(&writing->packed, Z_NO_FLUSH);
        writing->is_cut = rc != Z_STREAM_END;
        if (rc == Z_STREAM_END)
            (void)inflateReset(&writing->packed); /* another one may follow; this cannot fail */
        if (rc == Z_OK || rc == Z_STREAM_END)
            take_lines(request, lines, sizeof lines - writing->packed.avail_out);
        else if (rc != Z_BUF_ERROR) /* that is: all of it was unpacked */
            http_refuse(request, MHD_HTTP_BAD_REQUEST, "the body is not what gzip makes");
    } while (request->status == 0 && rc != Z_BUF_ERROR &&
             (writing->packed.avail_in > 0 || writing->packed.avail_out == 0));
}

/* 204 when all lines were taken and are durable; 400 with the first bad line, the good ones are durable all the same.
 */
unsigned write_end(struct request *request, struct output *out)
{
    struct writing *writing = request->writing;
    struct gk_load_result result;
    char counts[80];
    int rc;

    if (request->status == 0 && writing->is_cut)
        http_refuse(request, MHD_HTTP_BAD_REQUEST, "the body ends within what gzip made");
    if (request->status == 0 && (rc = gk_load_finish(writing->load, &result, &request->error)) != GK_OK)
        fail(request, rc);
    if (request->status != 0) {
        http_put_error(out, request->error.text, NULL);
        return request->status;
    }
    if (writing->n_rejected == 0)
        return MHD_HTTP_NO_CONTENT;
    (void)snprintf(counts, sizeof counts, "\"rejected\": %" PRIu64 ", \"taken\": %" PRIu64, writing->n_rejected,
                   result.rows.accepted + result.rows.late + result.rows.duplicate + result.rows.conflicting +
                       result.rows.quarantined);
    http_put_error(out, writing->first.text, counts);
    return MHD_HTTP_BAD_REQUEST;
}

void write_free(struct writing *writing)
{
    if (writing == NULL)
        return;
    if (writing->is_packed)
        (void)inflateEnd(&writing->packed); /* there is nothing to do about it */
    gk_load_close(writing->load);
    free(writing->names);
    free(writing);
}

#endif
