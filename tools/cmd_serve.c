/*
 * cmd_serve.c - gk serve: one process that owns the writer. This file has the loop: what is ready, what must become
 * durable, what the time brings, what signals want.
 */
#define _GNU_SOURCE /* accept4's companions */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "address.h"
#include "option.h"
#include "output.h"
#include "rejects.h"
#include "rules.h"
#include "serve.h"
#include "source.h"

static const char help[] =
    "gk serve STORE [--hj212 ADDR] [--http ADDR] [--mqtt FILE] [--spool DIR] [--table FILE]... [--rules FILE]... "
    "[OPTION...]\n"
    "\n"
    "Owns the store's writer and takes what devices send. An address is HOST:PORT, or PORT on the loopback alone; port "
    "0 "
    "takes\n"
    "a free one. What is acknowledged is durable: replies are sent when the batch is committed.\n"
    "\n"
    "  --hj212 ADDR         devices that speak HJ 212 over TCP; their values go by the table of mappings\n"
    "  --http ADDR          POST /write takes the line protocol of InfluxDB (v1, v2; gzip); GET and POST /query answer "
    "questions;\n"
    "                       GET /health, GET /metrics. Elsewhere than on the loopback with --tokens alone\n"
    "  --tokens FILE        a CSV table: who may write and ask, about which parks and enterprises (docs/FEEDS.md)\n"
    "  --mqtt FILE          messages of an MQTT broker; the file says which topics, and how they become rows\n"
    "  --spool DIR          files that are moved into the folder are loaded, and moved on to DIR/done or DIR/failed\n"
    "  --table FILE         a CSV table that is loaded at the start, and again on SIGHUP (may be given several times)\n"
    "  --rules FILE         rules (docs/rules), put at the start and again on SIGHUP; what they raise is put on record "
    "at "
    "once\n"
    "  --commit TIME        rows wait for so long at most until they are durable (100ms)\n"
    "  --connections N      at most so many devices at a time (10000)\n"
    "  --idle TIME          a device that sends no good packet for so long is cut off (10m)\n"
    "  --backfill CN        a device whose values go on behind a gap is asked for the time between: 2051 for minutes,\n"
    "                       2061 for hours (0: none is)\n"
    "  --gap TIME           less is no gap (10m)\n"
    "  --http-connections N at most so many HTTP clients at a time (64)\n"
    "  --rate N             at most so many requests a second of each token (0: any)\n"
    "  --slow TIME          an HTTP client that needs longer than that, and 1 s for each 10 KB, is cut off (30s)\n"
    "  --timeout TIME       a question over HTTP is stopped after that time (30s)\n"
    "\n"
    "SIGTERM and SIGINT end it: what was taken becomes durable and is acknowledged first. Under systemd it tells when "
    "it is\n"
    "ready and keeps the watchdog quiet. Nothing here is encrypted: put a proxy or a VPN before it.\n"
    "\n"
    "  gk serve zone.gk --hj212 0.0.0.0:5212 --http 9212 --table mappings.csv\n";

static const char help_zh[] =
    "gk serve STORE [--hj212 ADDR] [--http ADDR] [--mqtt FILE] [--spool DIR] [--table FILE]... [--rules FILE]... "
    "[OPTION...]\n"
    "\n"
    "独占存储的写入，接收设备发来的数据。地址为 HOST:PORT，或只写 PORT（仅本机）；端口 0 取空闲端口。\n"
    "凡已应答的都已落盘：批次提交之后才发送应答。\n"
    "\n"
    "  --hj212 ADDR         以 TCP 接收 HJ 212 报文；各值按映射表归入设施与通道\n"
    "  --http ADDR          POST /write 接收 InfluxDB 行协议（v1、v2，可 gzip）；GET、POST /query 回答查询；\n"
    "                       GET /health、GET /metrics。非本机地址必须给出 --tokens\n"
    "  --tokens FILE        CSV 表：谁可写入和查询、限于哪些园区和企业（docs/FEEDS.md）\n"
    "  --mqtt FILE          订阅 MQTT 代理的消息；文件说明主题及其如何成为数据行\n"
    "  --spool DIR          移入该文件夹的文件会被装入，然后移到 DIR/done 或 DIR/failed\n"
    "  --table FILE         启动时装入的 CSV 表，收到 SIGHUP 时重新装入（可多次给出）\n"
    "  --rules FILE         规则（docs/rules），启动时写入，收到 SIGHUP 时重新写入；触发的报警立即记录在案\n"
    "  --commit TIME        数据最多等待这么久即落盘（100ms）\n"
    "  --connections N      同时最多这么多设备（10000）\n"
    "  --idle TIME          这么久没有送来正确报文的设备断开（10m）\n"
    "  --backfill CN        数值出现间断的设备，向其补采：2051 为分钟数据，2061 为小时数据（0：不补采）\n"
    "  --gap TIME           短于此不算间断（10m）\n"
    "  --http-connections N 同时最多这么多 HTTP 客户端（64）\n"
    "  --rate N             每个令牌每秒最多这么多请求（0：不限）\n"
    "  --slow TIME          超过此时间、且每 10 KB 超过 1 秒的 HTTP 客户端断开（30s）\n"
    "  --timeout TIME       HTTP 查询的时间上限（30s）\n"
    "\n"
    "SIGTERM 和 SIGINT 结束：先把已接收的落盘并应答。在 systemd 下报告就绪并喂看门狗。不加密：请放在代理或 VPN 之后。\n"
    "\n"
    "  gk serve zone.gk --hj212 0.0.0.0:5212 --http 9212 --table mappings.csv\n";

#define EVENTS_MAX     256
#define TICK_NS        GK_SECOND
#define LINES_A_SECOND 20
#define FILES_SPARE    64   /* descriptors that are not for devices */
#define UNDURABLE_MAX  4096 /* packets; then it is committed before its time */

/* ---- what the parts share ---- */

const char *serve_counter_name(enum serve_counter counter)
{
    static const char *const names[] = {"connections",
                                        "connections_refused",
                                        "connections_idle",
                                        "connections_lost",
                                        "bytes",
                                        "replies",
                                        "commits",
                                        "commits_failed",
                                        "requests",
                                        "requests_bad",
                                        "alarms_raised",
                                        "http_connections",
                                        "http_connections_refused",
                                        "http_connections_slow",
                                        "requests_unauthorized",
                                        "requests_forbidden",
                                        "requests_limited",
                                        "requests_too_large",
                                        "questions",
                                        "questions_bad",
                                        "questions_stopped",
                                        "spool_files",
                                        "spool_files_failed",
                                        "asked",
                                        "answered",
                                        "unanswered",
                                        "mqtt_messages",
                                        "mqtt_messages_bad"};
    return names[counter];
}

bool serve_watch(struct serve *serve, struct watched *watched, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watched};

    if (epoll_ctl(serve->epoll, EPOLL_CTL_ADD, watched->fd, &event) == 0)
        return true;
    say(serve->command->name, "a descriptor cannot be watched: %s", strerror(errno));
    return false;
}

void serve_rewatch(struct serve *serve, struct watched *watched, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watched};

    (void)epoll_ctl(serve->epoll, EPOLL_CTL_MOD, watched->fd, &event); /* it is in there */
}

void serve_note(struct serve *serve, const char *format, ...)
{
    char line[512];
    va_list list;

    if (serve->n_lines_left == 0) {
        serve->n_lines_kept_back++;
        return;
    }
    serve->n_lines_left--;
    va_start(list, format);
    (void)vsnprintf(line, sizeof line, format, list);
    va_end(list);
    say(serve->command->name, "%s", line);
}

void serve_taken(struct serve *serve)
{
    if (serve->n_undurable++ == 0)
        serve->undurable_since = serve->now;
}

bool serve_failed(struct serve *serve, const struct gk_error *error)
{
    bool is_passing = error->status == GK_EFULL || error->status == GK_ENOMEM;
    bool was_full = serve->is_full;

    serve->counters[SERVE_COMMITS_FAILED]++;
    serve->is_broken |= !is_passing;
    serve->is_full |= error->status == GK_EFULL;
    if (error->status != GK_EFULL)
        serve_note(serve, "the store failed: %s", error->text[0] ? error->text : gk_status_text(error->status));
    else if (!was_full)
        say(serve->command->name, "no room for rows, they are refused until there is; alarms go on: %s",
            error->text[0] ? error->text : gk_status_text(error->status));
    serve->is_stopping = serve->is_stopping || !is_passing;
    return is_passing;
}

/* ---- addresses ---- */

static int listen_on(const struct addrinfo *info)
{
    int on = 1, fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int failure = errno;
    (void)close(fd);
    errno = failure;
    return -1;
}

static void say_where(const struct serve *serve, int fd, const char *what)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    char host[64], port[8];

    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
        getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        say(serve->command->name, "%s on %s port %s", what, host, port);
}

int serve_listen(const struct serve *serve, const char *address, const char *what)
{
    struct addrinfo *info = address_find(serve->command, address);
    int fd;

    if (info == NULL)
        return -1;
    fd = listen_on(info);
    freeaddrinfo(info);
    if (fd < 0)
        say(serve->command->name, "cannot listen on '%s': %s", address, strerror(errno));
    else
        say_where(serve, fd, what);
    return fd;
}

/* ---- systemd: sd_notify(3), a datagram to a socket that the environment names ---- */

static void tell_systemd(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = path != NULL ? strlen(path) : 0;

    if (n == 0 || n >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, n);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)); /* nobody may be listening */
    (void)close(fd);
}

/* ---- tables ---- */

static bool load_table(struct serve *serve, const char *path)
{
    struct rejects rejects;
    struct source *source = NULL;
    struct gk_load_result result = {.n_lines = 0};
    struct gk_error error = {0};
    gk_load *load = NULL;
    const char *bytes;
    size_t size;

    rejects_init(&rejects, path);
    const struct gk_load_options options = {.size = sizeof options, .reject = rejects_add, .context = &rejects};
    int rc = source_open(path, &source, &error);
    if (rc == GK_OK)
        rc = gk_load_open(serve->db, &options, &load, &error);
    while (rc == GK_OK && (rc = source_next(source, &bytes, &size, &error)) == GK_OK)
        rc = gk_load_feed(load, bytes, size, &error);
    if (rc == GK_DONE)
        rc = gk_load_finish(load, &result, &error);
    if (rc != GK_OK)
        say(serve->command->name, "%s: %s", path, error.text[0] ? error.text : gk_status_text(rc));
    else
        say(serve->command->name, "%s: %" PRIu64 " taken, %" PRIu64 " bad%s%s", path,
            result.n_taken + result.rows.accepted + result.rows.late, rejects.n, rejects.n ? "; the first: " : "",
            rejects.n ? rejects.first : "");
    gk_load_close(load);
    if (source != NULL)
        source_close(source);
    rejects_finish(&rejects, serve->command);
    return rc == GK_OK;
}

static bool load_tables(struct serve *serve, const struct option_list *tables)
{
    bool is_good = true;

    for (size_t i = 0; i < tables->n; i++)
        is_good = load_table(serve, tables->items[i]) && is_good;
    return is_good;
}

static bool load_rules(struct serve *serve, const struct option_list *rules)
{
    char *paths[OPTION_LIST_MAX];

    for (size_t i = 0; i < rules->n; i++)
        paths[i] = (char *)(uintptr_t)rules->items[i]; /* they are only read */
    return rules->n == 0 || rules_put(serve->command, serve->db, paths, (int)rules->n, 0) == EXIT_ROWS;
}

/* ---- the loop ---- */

struct signals {
    struct watched watched; /* first */
    const struct option_list *tables, *rules;
};

static void signals_ready(struct serve *serve, struct watched *watched, uint32_t events)
{
    const struct signals *signals = (const struct signals *)watched;
    struct signalfd_siginfo info;

    (void)events;
    while (read(watched->fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            say(serve->command->name, "SIGHUP: tables and rules are read again");
            (void)load_tables(serve, signals->tables); /* what was wrong was said; the old ones stay */
            (void)load_rules(serve, signals->rules);
            (void)http_read_tokens(serve);
        } else
            serve->is_stopping = true;
    }
}

static bool signals_open(struct serve *serve, struct signals *signals)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL); /* these cannot fail with good arguments */
    signals->watched = (struct watched){signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), signals_ready};
    return signals->watched.fd >= 0 && serve_watch(serve, &signals->watched, EPOLLIN);
}

/* What was taken becomes durable, which is told, rules are judged, and devices are answered. */
static bool commit(struct serve *serve)
{
    struct gk_query_error error = {0};
    struct gk_judged judged = {0};
    int rc;

    mqtt_flush(serve);
    rc = gk_advance(serve->judge, gk_clock(serve->db), &judged, &error);

    serve->counters[SERVE_COMMITS] += serve->n_undurable > 0; /* a look at the clock alone is none */
    serve->n_undurable = 0;
    serve->counters[SERVE_RAISED] += judged.n_raised;
    if (rc != GK_OK) {
        error.error.status = rc;
        (void)serve_failed(serve, &error.error); /* the loop looks at is_stopping */
    }
    if (rc == GK_OK && serve->is_full) {
        say(serve->command->name, "there is room for rows again");
        serve->is_full = false;
    }
    if (judged.n_raised > 0)
        serve_note(serve, "%" PRIu64 " alarms raised", judged.n_raised);
    hj212_committed(serve, rc == GK_OK);
    mqtt_committed(serve, rc == GK_OK);
    return rc == GK_OK;
}

static void say_kept_back(struct serve *serve)
{
    if (serve->n_lines_kept_back > 0)
        say(serve->command->name, "... and %" PRIu64 " more lines like these in a second", serve->n_lines_kept_back);
    serve->n_lines_left = LINES_A_SECOND;
    serve->n_lines_kept_back = 0;
}

static void tick(struct serve *serve)
{
    say_kept_back(serve);
    if (serve->n_undurable == 0)
        (void)commit(serve); /* durations come true and pass with no rows, too */
    hj212_tick(serve);
    backfill_tick(serve);
    http_tick(serve);
    spool_tick(serve);
    mqtt_tick(serve);
    tell_systemd("WATCHDOG=1");
}

/* Until something happens, or it is time for a commit or a tick; in ms, rounded up. */
static int wait_ms(const struct serve *serve, gk_time next_tick)
{
    gk_time until = next_tick;

    if (serve->n_undurable > 0 && serve->undurable_since + serve->limits.commit_ns < until)
        until = serve->undurable_since + serve->limits.commit_ns;
    gk_time left = serve->http_is_busy || spool_is_busy(serve) ? 0 : until - tool_monotonic();
    return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
}

static void loop(struct serve *serve)
{
    struct epoll_event events[EVENTS_MAX];
    gk_time next_tick = tool_monotonic();

    while (!serve->is_stopping) {
        int n = epoll_wait(serve->epoll, events, EVENTS_MAX, wait_ms(serve, next_tick));
        serve->now = tool_monotonic();
        for (int i = 0; i < n; i++) {
            struct watched *watched = events[i].data.ptr;
            watched->ready(serve, watched, events[i].events);
        }
        if (serve->http_is_busy)
            http_run(serve);
        spool_run(serve);
        if (serve->n_undurable >= UNDURABLE_MAX || mqtt_is_awaited(serve) ||
            (serve->n_undurable > 0 && serve->now - serve->undurable_since >= serve->limits.commit_ns))
            (void)commit(serve); /* who sent it hears of it */
        if (serve->now >= next_tick) {
            tick(serve);
            next_tick = serve->now + TICK_NS;
        }
    }
}

/* Descriptors for all devices, as far as the system lets us. */
static void raise_files(struct serve *serve)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    if (limit.rlim_cur < serve->limits.n_connections + FILES_SPARE) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* what it comes to is looked at below */
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < serve->limits.n_connections + FILES_SPARE) {
        serve->limits.n_connections =
            limit.rlim_cur > 2 * FILES_SPARE ? limit.rlim_cur - FILES_SPARE : limit.rlim_cur / 2;
        say(serve->command->name, "the limit of open files lets %" PRIu64 " devices connect at a time",
            serve->limits.n_connections);
    }
}

/* The zone of the store, in which devices' clocks are. */
static bool read_zone(struct serve *serve)
{
    gk_snapshot *snapshot = NULL;
    struct gk_error error = {0};

    if (gk_snapshot_open(serve->db, &snapshot, &error) != GK_OK) {
        (void)tool_failed(serve->command, &error);
        return false;
    }
    serve->zone_s = gk_snapshot_info(snapshot)->zone_s;
    gk_snapshot_close(snapshot);
    return true;
}

/* What is served; NULL: it is not asked for. */
struct doors {
    const char *hj212, *http, *mqtt, *spool;
};

static bool open_doors(struct serve *serve, const struct doors *doors)
{
    return (doors->spool == NULL || spool_open(serve, doors->spool)) &&
           (doors->mqtt == NULL || mqtt_open(serve, doors->mqtt)) &&
           (doors->hj212 == NULL || hj212_open(serve, doors->hj212)) &&
           (doors->http == NULL || http_open(serve, doors->http));
}

static int serve_store(struct serve *serve, const struct doors *doors, const struct option_list *tables,
                       const struct option_list *rules)
{
    struct signals signals = {.watched.fd = -1, .tables = tables, .rules = rules};
    struct gk_query_error judging = {0};
    struct gk_error error = {0};
    int status = EXIT_STORE;

    serve->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (serve->epoll < 0 || !signals_open(serve, &signals)) {
        say(serve->command->name, "cannot wait for anything: %s", strerror(errno));
        goto done;
    }
    raise_files(serve);
    if (gk_mapper_open(serve->db, NULL, &serve->mapper, &error) != GK_OK) {
        (void)tool_failed(serve->command, &error);
        goto done;
    }
    if (gk_judge_open(serve->db, NULL, &serve->judge, &judging) != GK_OK) {
        (void)tool_failed(serve->command, &judging.error);
        goto done;
    }
    if (!read_zone(serve) || !load_tables(serve, tables) || !load_rules(serve, rules) || !backfill_open(serve) ||
        !open_doors(serve, doors))
        goto done;
    say(serve->command->name, "ready");
    tell_systemd("READY=1");
    loop(serve);
    tell_systemd("STOPPING=1");
    hj212_stop_listening(serve);
    serve->now = tool_monotonic();
    bool is_durable = (serve->n_undurable == 0 && !serve->is_full) || commit(serve);
    status = is_durable && !serve->is_broken ? EXIT_ROWS : EXIT_STORE;
    say_kept_back(serve);
    say(serve->command->name, "stopped");
done:
    http_close(serve);
    spool_close(serve);
    mqtt_close(serve);
    hj212_close(serve);
    backfill_close(serve);
    gk_judge_close(serve->judge);
    gk_mapper_close(serve->mapper);
    if (signals.watched.fd >= 0)
        (void)close(signals.watched.fd);
    if (serve->epoll >= 0)
        (void)close(serve->epoll);
    return status;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct serve serve = {.command = self,
                          .epoll = -1,
                          .limits = {.n_connections = 10000,
                                     .idle_ns = 600 * GK_SECOND,
                                     .commit_ns = GK_SECOND / 10,
                                     .gap_ns = 600 * GK_SECOND,
                                     .n_http = 64,
                                     .slow_ns = 30 * GK_SECOND,
                                     .question_ns = 30 * GK_SECOND},
                          .n_lines_left = LINES_A_SECOND};
    struct option_list tables = {.n = 0}, rules = {.n = 0};
    struct doors doors = {.hj212 = NULL};
    const struct option options[] = {{"hj212", 0, OPTION_TEXT, &doors.hj212},
                                     {"http", 0, OPTION_TEXT, &doors.http},
                                     {"mqtt", 0, OPTION_TEXT, &doors.mqtt},
                                     {"spool", 0, OPTION_TEXT, &doors.spool},
                                     {"table", 0, OPTION_LIST, &tables},
                                     {"rules", 0, OPTION_LIST, &rules},
                                     {"commit", 0, OPTION_DURATION, &serve.limits.commit_ns},
                                     {"connections", 0, OPTION_COUNT, &serve.limits.n_connections},
                                     {"idle", 0, OPTION_DURATION, &serve.limits.idle_ns},
                                     {"backfill", 0, OPTION_COUNT, &serve.limits.backfill_cn},
                                     {"gap", 0, OPTION_DURATION, &serve.limits.gap_ns},
                                     {"tokens", 0, OPTION_TEXT, &serve.tokens},
                                     {"http-connections", 0, OPTION_COUNT, &serve.limits.n_http},
                                     {"rate", 0, OPTION_COUNT, &serve.limits.rate},
                                     {"slow", 0, OPTION_DURATION, &serve.limits.slow_ns},
                                     {"timeout", 0, OPTION_DURATION, &serve.limits.question_ns}};
    struct gk_options store = {.size = sizeof store};
    int n, status, rc;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (doors.hj212 == NULL && doors.http == NULL && doors.mqtt == NULL && doors.spool == NULL) {
        say(self->name, "nothing to serve: expected --hj212 ADDR, --http ADDR, --mqtt FILE or --spool DIR");
        return EXIT_USAGE;
    }
    store.commit_ns = serve.limits.commit_ns;
    if (tool_open(self, argv[0], GK_READWRITE, &store, &serve.db) != GK_OK)
        return EXIT_STORE;
    status = serve_store(&serve, &doors, &tables, &rules);
    rc = gk_close(serve.db);
    if (rc == GK_OK)
        return status;
    say(self->name, "closing the store: %s", gk_status_text(rc));
    return EXIT_STORE;
}

const struct command command_serve = {"serve", "take what devices send, until it is stopped", help, 1, 1, run, help_zh};
