/*
 * serve_query.c - GET and POST /query: statements over HTTP, answered as JSON, JSON lines or CSV.
 *
 *     the loop    a request that is whole goes into a queue, and its connection sleeps
 *     a thread    takes it from there, opens a snapshot of its own, restricted to the token's sites, asks, and keeps
 *                 the answer in memory; then it wakes the loop
 *     the loop    wakes the connection, which takes the answer
 *
 * So a long question holds up nobody: the writer goes on in the loop, and these threads are nicer than it. A question
 * ends when it takes too long, when its answer is too large, when its client is gone, and when the server stops.
 */
#define _GNU_SOURCE /* gettid */
#include "serve.h"

#ifdef GK_MICROHTTPD
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"
#include "serve_http.h"

#define THREADS     4
#define NICE        5
#define TEXT_MAX    ((size_t)1 << 20)  /* bytes of a request's body */
#define ANSWER_MAX  ((size_t)64 << 20) /* bytes of an answer */
#define PARAMS_MAX  32
#define LOOK_NS     (GK_SECOND / 10) /* so often it is looked whether the client is still there */
#define ROWS_A_LOOK 256

enum stage { GATHERING, WAITING, RUNNING, ANSWERED };

struct question {
    struct question *next; /* in the queue, or among the answered */
    struct questions *pool;
    struct MHD_Connection *connection;
    int fd;
    enum stage stage;
    struct output body; /* as it came */
    struct output kept; /* texts that the members below are parts of */
    const char *text;   /* what is asked */
    size_t size;
    const char *lang;
    enum answer_format format;
    bool is_epoch;
    uint64_t limit;
    gk_time now;
    bool now_is_set;
    size_t n_params;
    const char *params[PARAMS_MAX]; /* name=value */
    bool is_restricted;
    size_t n_sites;
    struct gk_site_name sites[TOKEN_SITES_MAX];
    /* While it runs, and after. */
    gk_time looked;
    bool is_gone, is_large;
    unsigned status;
    uint64_t n_rows;
    bool is_cut;
    struct output answer;
};

struct questions {
    struct watched watched; /* first: an eventfd, by which the threads wake the loop */
    struct serve *serve;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t more;
    struct question *queue, **queue_end, *answered;
    size_t n_asleep; /* questions whose connections sleep */
    atomic_bool is_stopping;
    pthread_t threads[THREADS];
    size_t n_threads;
};

/* ---- what is asked: arguments of the address, a form, or a text ----
 */

/* Keeps a text, with an end, as long as the question; where it begins. */
static size_t keep(struct question *q, const char *bytes, size_t size)
{
    size_t at = q->kept.n;

    output_bytes(&q->kept, bytes, size);
    output_bytes(&q->kept, "", 1);
    return at;
}

/* Where texts are while they are still gathered: their memory may move. */
struct asking {
    struct question *question;
    struct request *request;
    size_t q, size, lang, params[PARAMS_MAX];
    bool has_q, has_lang;
};

static bool take_number(struct asking *asking, const char *value, uint64_t *out)
{
    char *end = NULL;

    errno = 0;
    *out = strtoull(value, &end, 10);
    if (*value >= '0' && *value <= '9' && *end == '\0' && errno == 0)
        return true;
    http_refuse(asking->request, MHD_HTTP_BAD_REQUEST, "limit: expected a whole number, 0 for no limit");
    return false;
}

/* One argument; an unknown one is nobody's: proxies and clients add some. */
static void take_argument(struct asking *asking, const char *name, const char *value, size_t size)
{
    struct question *q = asking->question;

    if (strcmp(name, "q") == 0) {
        asking->q = keep(q, value, size);
        asking->size = size;
        asking->has_q = true;
    } else if (strcmp(name, "format") == 0) {
        if (!answer_format_named(value, &q->format) ||
            (q->format != ANSWER_JSON && q->format != ANSWER_JSONL && q->format != ANSWER_CSV))
            http_refuse(asking->request, MHD_HTTP_BAD_REQUEST, "format: expected json, jsonl or csv");
    } else if (strcmp(name, "limit") == 0) {
        (void)take_number(asking, value, &q->limit); /* the request is refused if it is none */
    } else if (strcmp(name, "epoch") == 0) {
        q->is_epoch = strcmp(value, "ms") == 0;
        if (!q->is_epoch)
            http_refuse(asking->request, MHD_HTTP_BAD_REQUEST, "epoch: expected ms");
    } else if (strcmp(name, "lang") == 0) {
        asking->lang = keep(q, value, size);
        asking->has_lang = true;
    } else if (strcmp(name, "now") == 0) {
        q->now_is_set = gk_time_parse(value, size, q->pool->serve->zone_s, &q->now) == GK_OK;
        if (!q->now_is_set)
            http_refuse(asking->request, MHD_HTTP_BAD_REQUEST, "now: expected a time such as 2026-11-20T08:00");
    } else if (strcmp(name, "param") == 0) {
        if (q->n_params == PARAMS_MAX)
            http_refuse(asking->request, MHD_HTTP_BAD_REQUEST, "param: there are more than 32");
        else
            asking->params[q->n_params++] = keep(q, value, size);
    }
}

static enum MHD_Result take_of_address(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    if (value != NULL)
        take_argument(context, name, value, strlen(value));
    return MHD_YES;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Turns %41 and + of a form into what they stand for, in place; returns the size. */
static size_t decode(char *text, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '%' && i + 2 < size && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
            text[n++] = (char)(hex(text[i + 1]) << 4 | hex(text[i + 2]));
            i += 2;
        } else {
            text[n++] = text[i] == '+' ? ' ' : text[i];
        }
    }
    text[n] = '\0';
    return n;
}

/* name=value&name=value; the body has a byte behind its end. */
static void take_form(struct asking *asking, char *form)
{
    for (char *field = form, *next; field != NULL; field = next) {
        next = strchr(field, '&');
        if (next != NULL)
            *next++ = '\0';
        char *value = strchr(field, '=');
        if (value == NULL)
            continue;
        *value++ = '\0';
        size_t size = decode(value, strlen(value));
        take_argument(asking, field, value, size);
    }
}

/* curl -d and --data-binary say that a body is a form when it is a file of statements, too: a form begins like one. */
static bool is_form(const struct request *request, const struct output *body)
{
    static const char *const names[] = {"q=", "param=", "format=", "limit=", "now=", "lang=", "epoch="};
    const char *type = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Content-Type");

    if (type == NULL || strncmp(type, "application/x-www-form-urlencoded", 33) != 0)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (body->n > strlen(names[i]) && memcmp(body->bytes, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* The first that the client takes of what there is. */
static enum answer_format format_of(const struct request *request)
{
    const char *accept = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Accept");

    if (accept != NULL && strstr(accept, "json") == NULL && strstr(accept, "text/csv") != NULL)
        return ANSWER_CSV;
    return accept != NULL && strstr(accept, "ndjson") != NULL ? ANSWER_JSONL : ANSWER_JSON;
}

void query_begin(struct request *request)
{
    struct question *q = tool_resize(NULL, 1, sizeof *q);
    const struct token *token = request->token;

    *q = (struct question){.pool = request->serve->questions,
                           .connection = request->connection,
                           .fd = request->peer->fd,
                           .format = format_of(request),
                           .limit = 10000};
    output_init(&q->body, -1);
    output_init(&q->kept, -1);
    output_init(&q->answer, -1);
    request->question = q;
    if (token == NULL)
        return;
    q->is_restricted = true;
    q->n_sites = token->n_sites;
    for (size_t i = 0; i < token->n_sites; i++) /* the sizes for now, and where their names are kept */
        q->sites[i] = (struct gk_site_name){token->sites[i].kind,
                                            {NULL, keep(q, token->sites[i].name.bytes, token->sites[i].name.size)}};
}

void query_take(struct request *request, const char *body, size_t size)
{
    if (request->question->body.n + size > TEXT_MAX) {
        request->serve->counters[SERVE_TOO_LARGE]++;
        http_refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "a question has at most 1 MB");
        return;
    }
    output_bytes(&request->question->body, body, size);
}

/* All texts are there, and move no more. */
static void settle(struct asking *asking)
{
    struct question *q = asking->question;
    const char *texts = q->kept.bytes;

    for (size_t i = 0; i < q->n_sites; i++) {
        const char *name = texts + q->sites[i].name.size;
        q->sites[i].name = (struct gk_text){name, strlen(name)};
    }
    for (size_t i = 0; i < q->n_params; i++)
        q->params[i] = texts + asking->params[i];
    q->text = texts + asking->q;
    q->size = asking->size;
    q->lang = asking->has_lang ? texts + asking->lang : NULL;
}

/* False: it is refused. */
static bool gather(struct request *request)
{
    struct question *q = request->question;
    struct asking asking = {.question = q, .request = request};
    const char *lang = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Accept-Language");

    if (lang != NULL)
        take_argument(&asking, "lang", lang, strlen(lang));
    (void)MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, take_of_address, &asking);
    output_bytes(&q->body, "", 1);
    if (q->body.n > 1 && is_form(request, &q->body))
        take_form(&asking, q->body.bytes);
    else if (q->body.n > 1)
        take_argument(&asking, "q", q->body.bytes, q->body.n - 1);
    if (request->status == 0 && !asking.has_q)
        http_refuse(request, MHD_HTTP_BAD_REQUEST,
                    "q is missing: GET /query?q=..., or POST the text of the question to /query");
    if (request->status != 0)
        return false;
    settle(&asking);
    return true;
}

/* ---- asking, in a thread ----
 */

/* The client has closed its side: nobody is there for the answer. */
static bool is_gone(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static bool must_end(struct question *q)
{
    gk_time now = tool_monotonic();

    q->is_large = q->answer.n > ANSWER_MAX;
    if (now - q->looked >= LOOK_NS) {
        q->looked = now;
        q->is_gone = is_gone(q->fd);
    }
    return q->is_large || q->is_gone || atomic_load(&q->pool->is_stopping);
}

static int on_progress(void *context, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    return must_end(context);
}

static unsigned status_of(int rc, const struct gk_query_error *error)
{
    switch (rc) {
    case GK_ESYNTAX:
    case GK_EINVAL:
    case GK_ENOTFOUND:
    case GK_ERANGE:
        return MHD_HTTP_BAD_REQUEST;
    case GK_ELIMIT:
        return error->to > error->from ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_UNPROCESSABLE_CONTENT;
    default:
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    }
}

/* What a program needs to mark the place: bytes from and to, counted from the begin of what was asked. */
static void put_failure(struct question *q, int rc, size_t at, const struct gk_query_error *error)
{
    const char *words = error->error.text[0] != '\0' ? error->error.text : gk_status_text(rc);
    struct output more;

    if (rc == GK_EINTERRUPTED && q->is_large) {
        rc = GK_ELIMIT;
        words = "the answer is larger than 64 MB: ask for less, or for fewer rows by limit";
    } else if (rc == GK_EINTERRUPTED) {
        words = "stopped";
    }
    q->status = status_of(rc, error);
    output_clear(&q->answer);
    output_init(&q->answer, -1);
    output_init(&more, -1);
    if (error->report[0] != '\0') {
        output_format(&more, "\"line\": %" PRIu64 ", \"column\": %" PRIu32 ", \"from\": %zu, \"to\": %zu, \"hint\": ",
                      error->error.line, error->error.column, at + error->from, at + error->to);
        output_json(&more, error->hint, strlen(error->hint));
        output_text(&more, ", \"report\": ");
        output_json(&more, error->report, strlen(error->report));
        output_bytes(&more, "", 1);
    }
    http_put_error(&q->answer, words, more.bytes);
    output_clear(&more);
}

static int run_statement(struct question *q, struct answer *answer, gk_snapshot *snapshot, gk_query *query,
                         struct gk_query_error *error)
{
    gk_time now = gk_clock(q->pool->serve->db) / 1000000 * 1000000; /* nanoseconds are noise in a window */
    int rc = gk_query_start(query, snapshot, q->now_is_set ? q->now : now, error);

    if (rc != GK_OK)
        return rc;
    answer_begin(answer, query);
    while ((rc = gk_query_next(query, error)) == GK_OK) {
        answer_row(answer);
        if (answer->n_rows % ROWS_A_LOOK == 0 && (q->answer.n + answer->held.n > ANSWER_MAX || must_end(q))) {
            q->is_large = q->is_large || q->answer.n + answer->held.n > ANSWER_MAX;
            rc = GK_EINTERRUPTED;
            break;
        }
    }
    const struct gk_query_meta *meta = rc == GK_DONE ? gk_query_meta(query) : NULL;
    q->n_rows += answer->n_rows;
    q->is_cut = q->is_cut || (meta != NULL && meta->is_cut);
    /* Warnings of CSV and JSON lines have no place here: headers say what is cut. */
    (void)answer_end(answer, q->format == ANSWER_JSON ? meta : NULL);
    return rc == GK_DONE ? GK_OK : rc;
}

static int set_params(struct question *q, gk_session *session, struct gk_query_error *error)
{
    for (size_t i = 0; i < q->n_params; i++) {
        const char *text = q->params[i], *value = strchr(text, '=');
        char name[GK_NAME_MAX + 1];
        int n = value != NULL && value - text <= GK_NAME_MAX ? (int)(value - text) : 0;
        (void)snprintf(name, sizeof name, "%.*s", n, text);
        int rc = value == NULL ? GK_EINVAL : gk_session_set(session, name, value + 1, strlen(value + 1));
        if (rc == GK_OK)
            continue;
        (void)snprintf(error->error.text, sizeof error->error.text,
                       "param: expected name=value, with letters, digits and _ in the name and 1 to %d bytes of value",
                       GK_NAME_MAX);
        return rc;
    }
    return GK_OK;
}

static int run_all(struct question *q, gk_session *session, gk_snapshot *snapshot)
{
    struct answer answer = {.format = q->format,
                            .out = &q->answer,
                            .session = session,
                            .zone_s = q->pool->serve->zone_s,
                            .is_epoch = q->is_epoch,
                            .limit_option = "limit"};
    struct gk_query_error error = {0};
    size_t at = 0, used = 0, n = 0;
    int rc = set_params(q, session, &error);

    for (; rc == GK_OK && at < q->size; at += used) {
        gk_query *query = NULL;
        rc = gk_query_prepare(session, snapshot, q->text + at, q->size - at, &used, &query, &error);
        if (rc != GK_OK || (query == NULL && at + used >= q->size))
            break;
        if (query == NULL)
            continue; /* nothing between two ; */
        n++;
        rc = run_statement(q, &answer, snapshot, query, &error);
        gk_query_free(query);
        if (rc != GK_OK)
            break; /* the place is counted from the statement's begin */
    }
    if (rc == GK_OK && n == 0) {
        rc = GK_EINVAL;
        (void)snprintf(error.error.text, sizeof error.error.text, "there is no statement in the text");
    }
    if (rc != GK_OK)
        put_failure(q, rc, at, &error);
    return rc;
}

static void run(struct question *q)
{
    const struct gk_session_options options = {.size = sizeof options,
                                               .max_rows = q->limit,
                                               .max_run_ns = q->pool->serve->limits.question_ns,
                                               .lang = q->lang,
                                               .progress = on_progress,
                                               .progress_context = q};
    struct gk_query_error error = {0};
    gk_snapshot *snapshot = NULL;
    gk_session *session = NULL;
    int rc = gk_session_new(&options, &session);

    q->status = MHD_HTTP_OK;
    q->looked = tool_monotonic();
    if (rc == GK_OK)
        rc = gk_snapshot_open(q->pool->serve->db, &snapshot, &error.error);
    if (rc == GK_OK && q->is_restricted)
        rc = gk_snapshot_restrict(snapshot, q->sites, q->n_sites, &error.error);
    if (rc == GK_OK)
        (void)run_all(q, session, snapshot); /* what is wrong is in the answer */
    else
        put_failure(q, rc, 0, &error);
    gk_session_free(session);
    gk_snapshot_close(snapshot);
}

/* ---- the threads ----
 */

static struct question *next_question(struct questions *pool)
{
    struct question *q;

    while (pool->queue == NULL && !atomic_load(&pool->is_stopping))
        (void)pthread_cond_wait(&pool->more, &pool->lock); /* it is ours */
    q = pool->queue;
    if (q != NULL) {
        pool->queue = q->next;
        if (pool->queue == NULL)
            pool->queue_end = &pool->queue;
        q->stage = RUNNING;
    }
    return q;
}

static void *serve_questions(void *context)
{
    struct questions *pool = context;
    const uint64_t one = 1;
    struct question *q;

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), getpriority(PRIO_PROCESS, 0) + NICE); /* or it is as it was */
    (void)pthread_mutex_lock(&pool->lock);
    while ((q = next_question(pool)) != NULL) {
        (void)pthread_mutex_unlock(&pool->lock);
        run(q);
        (void)pthread_mutex_lock(&pool->lock);
        q->stage = ANSWERED;
        q->next = pool->answered;
        pool->answered = q;
        (void)!write(pool->watched.fd, &one, sizeof one); /* the counter is far from full */
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* ---- the loop ----
 */

/* Wakes the connections of all that was answered. */
static void wake(struct questions *pool)
{
    struct question *q, *next;

    (void)pthread_mutex_lock(&pool->lock);
    q = pool->answered;
    pool->answered = NULL;
    (void)pthread_mutex_unlock(&pool->lock);
    for (; q != NULL; q = next) {
        struct serve *serve = pool->serve;
        next = q->next;
        pool->n_asleep--;
        serve->counters[SERVE_QUESTIONS]++;
        serve->counters[SERVE_QUESTIONS_BAD] += q->status == MHD_HTTP_BAD_REQUEST;
        serve->counters[SERVE_QUESTIONS_STOPPED] += q->status > MHD_HTTP_BAD_REQUEST;
        MHD_resume_connection(q->connection);
    }
}

static void questions_ready(struct serve *serve, struct watched *watched, uint32_t events)
{
    uint64_t n;

    (void)events;
    (void)!read(watched->fd, &n, sizeof n); /* how many is not asked */
    wake((struct questions *)watched);
    http_run(serve);
}

bool query_open(struct serve *serve)
{
    struct questions *pool = tool_resize(NULL, 1, sizeof *pool);
    sigset_t all, before;

    *pool = (struct questions){.watched = {eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), questions_ready}, .serve = serve};
    pool->queue_end = &pool->queue;
    (void)pthread_mutex_init(&pool->lock, NULL); /* plain ones cannot fail */
    (void)pthread_cond_init(&pool->more, NULL);
    serve->questions = pool;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the loop's */
    while (pool->n_threads < THREADS &&
           pthread_create(&pool->threads[pool->n_threads], NULL, serve_questions, pool) == 0)
        pool->n_threads++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pool->watched.fd >= 0 && pool->n_threads > 0)
        return serve_watch(serve, &pool->watched, EPOLLIN);
    say(serve->command->name, "there can be no threads for questions: %s", strerror(errno));
    return false;
}

void query_close(struct serve *serve)
{
    struct questions *pool = serve->questions;

    if (pool == NULL)
        return;
    atomic_store(&pool->is_stopping, true);
    (void)pthread_mutex_lock(&pool->lock);
    (void)pthread_cond_broadcast(&pool->more);
    (void)pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->n_threads; i++)
        (void)pthread_join(pool->threads[i], NULL);
    wake(pool);
    http_run(serve);
    if (pool->watched.fd >= 0)
        (void)close(pool->watched.fd);
    (void)pthread_cond_destroy(&pool->more);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
    serve->questions = NULL;
}

void query_end(struct request *request)
{
    struct question *q = request->question;
    struct questions *pool = q->pool;

    if (request->status != 0 || !gather(request))
        return;
    q->stage = WAITING;
    pool->n_asleep++;
    MHD_suspend_connection(request->connection);
    (void)pthread_mutex_lock(&pool->lock);
    *pool->queue_end = q;
    pool->queue_end = &q->next;
    (void)pthread_cond_signal(&pool->more);
    (void)pthread_mutex_unlock(&pool->lock);
}

bool query_is_answered(const struct request *request)
{
    return request->question != NULL && request->question->stage == ANSWERED;
}

enum MHD_Result query_answer(struct request *request)
{
    static const char *const types[] = {
        [ANSWER_CSV] = HTTP_CSV, [ANSWER_JSON] = HTTP_JSON, [ANSWER_JSONL] = HTTP_LINES};
    struct question *q = request->question;
    char rows[24];
    const char *const headers[][2] = {{"Gk-Rows", rows}, {q->is_cut ? "Gk-Cut" : NULL, "true"}, {NULL, NULL}};
    const char *const none[][2] = {{NULL, NULL}};

    (void)snprintf(rows, sizeof rows, "%" PRIu64, q->n_rows);
    return http_answer(request, q->status, q->status == MHD_HTTP_OK ? types[q->format] : HTTP_JSON, &q->answer,
                       q->status == MHD_HTTP_OK ? headers : none);
}

void query_free(struct question *q)
{
    if (q == NULL)
        return;
    output_clear(&q->body);
    output_clear(&q->kept);
    output_clear(&q->answer);
    free(q);
}

#endif
