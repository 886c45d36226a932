/*
 * serving.h - what the tests of gk serve share: a server in a child process, devices and clients with real sockets.
 * Nothing here waits for a time to pass, but for words and bytes.
 */
#ifndef SERVING_H
#define SERVING_H

#include "support/support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gk.h"
#include "serve.h"
#include "tool.h"

#define TALK_MAX 65536

static char folder[4096];
static rlim_t most_files; /* that a server may open; 0: as many as we */
static rlim_t most_bytes; /* that a file of its may have; 0: as many as there is room for */

struct server {
    pid_t pid;
    int talk; /* what it says */
    char said[TALK_MAX];
    size_t n;
    int hj212, http; /* ports */
};

static inline const char *in_folder(const char *name)
{
    static char paths[8][4200];
    static int at;

    at = (at + 1) % 8;
    (void)snprintf(paths[at], sizeof paths[at], "%s/%s", folder, name);
    return paths[at];
}

static inline void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void make_store(void)
{
    struct gk_options options = {.size = sizeof options};
    gk_db *db;

    assert_int_equal(gk_open(in_folder("store"), GK_READWRITE | GK_CREATE, &options, &db, NULL), GK_OK);
    assert_int_equal(gk_close(db), GK_OK);
    write_file("facilities.csv", "facility,enterprise,park,line,role,rated_kw\n"
                                 "press,E1,P1,L1,production,100\nfan,E1,P1,L1,abatement,10\n");
    write_file("mappings.csv", "mn,code,suffix,facility,channel\nM*,kw,Rtd,press,kw\nF*,kw,Rtd,fan,kw\n"
                               "N*,kw,Rtd,{mn},kw\n");
}

static inline int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s", test_folder());
    make_store();
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

/* ---- the server ---- */

/* Reads until it said the words; "" waits for its end. */
static inline void wait_for(struct server *server, const char *words)
{
    for (;;) {
        server->said[server->n] = '\0';
        if (*words && strstr(server->said, words))
            return;
        assert_true(server->n < TALK_MAX - 1);
        ssize_t n = read(server->talk, server->said + server->n, TALK_MAX - 1 - server->n);
        if (n <= 0 && !*words)
            return;
        if (n <= 0)
            fail_msg("it ended without '%s': %s", words, server->said);
        server->n += (size_t)n;
    }
}

static inline int port_of(const struct server *server, const char *what)
{
    const char *at = strstr(server->said, what);

    at = at ? strstr(at, " port ") : NULL;
    return at ? atoi(at + 6) : 0;
}

/* The options of all tests, and more (NULL: none); argv wants texts that may be changed, nobody does. */
static inline int put_options(char *argv[32], const char *const *more)
{
    const char *const usual[] = {
        in_folder("store"),       "--hj212", "0", "--table", in_folder("facilities.csv"), "--table",
        in_folder("mappings.csv")};
    int argc = 0;

    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        argv[argc++] = (char *)(uintptr_t)usual[i];
    while (more && *more)
        argv[argc++] = (char *)(uintptr_t)*more++;
    argv[argc] = NULL;
    return argc;
}

/* Runs it; `words`: what it says when it is as wanted. */
static inline void start(struct server *server, const char *const *more, const char *words)
{
    char *argv[32];
    int pipes[2], argc = put_options(argv, more);

    assert_int_equal(pipe(pipes), 0);
    memset(server, 0, sizeof *server);
    server->talk = pipes[0];
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that died leaves no server behind */
        (void)dup2(pipes[1], STDERR_FILENO);
        (void)close(pipes[0]);
        (void)close(pipes[1]);
        struct rlimit limit = {most_files, most_files};
        if (most_files > 0)
            (void)setrlimit(RLIMIT_NOFILE, &limit);
        struct rlimit size = {most_bytes, most_bytes};
        if (most_bytes > 0 && signal(SIGXFSZ, SIG_IGN) != SIG_ERR)
            (void)setrlimit(RLIMIT_FSIZE, &size);
        _exit(command_serve.run(&command_serve, argc, argv));
    }
    (void)close(pipes[1]);
    wait_for(server, words);
    server->hj212 = port_of(server, "HJ 212 on");
    server->http = port_of(server, "HTTP on");
}

/* Sends a signal and returns the exit status, or 128 + the signal that ended it. */
static inline int stop(struct server *server, int signal)
{
    int status;

    if (signal)
        assert_int_equal(kill(server->pid, signal), 0);
    wait_for(server, "");
    assert_int_equal(waitpid(server->pid, &status, 0), server->pid);
    (void)close(server->talk);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- devices ---- */

static inline int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline size_t make_packet(const char *mn, unsigned i, double kw, char out[GK_HJ212_PACKET_MAX])
{
    char segment[256];

    (void)snprintf(segment, sizeof segment,
                   "QN=20260105%09u;ST=80;CN=2011;PW=1;MN=%s;Flag=5;CP=&&DataTime=20260105%02u%02u%02u;kw-Rtd=%g&&", i,
                   mn, i / 3600, i / 60 % 60, i % 60, kw);
    return gk_hj212_write(segment, strlen(segment), GK_HJ212_CRC_STANDARD, out);
}

static inline bool send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

static inline void send_packet(int fd, const char *mn, unsigned i, double kw)
{
    char packet[GK_HJ212_PACKET_MAX];
    size_t n = make_packet(mn, i, kw, packet);

    assert_true(send_all(fd, packet, n));
}

/* Reads replies until there are `n` of them, or the other side ends; marks the QN of each in `is_acked`. */
static inline unsigned read_replies(int fd, unsigned n, bool *is_acked, unsigned most)
{
    const struct gk_hj212_packet *reply;
    char bytes[4096];
    unsigned n_got = 0;
    gk_hj212 *decoder;
    ssize_t size = 1;

    assert_int_equal(gk_hj212_open(NULL, &decoder, NULL), GK_OK);
    while (n_got < n && (size = recv(fd, bytes, sizeof bytes, 0)) > 0) {
        assert_int_equal(gk_hj212_feed(decoder, bytes, (size_t)size, NULL), GK_OK);
        while (gk_hj212_next(decoder, &reply, NULL) == GK_OK) {
            assert_int_equal(reply->cn, 9014);
            assert_int_equal(reply->qn.size, 17);
            unsigned i = (unsigned)atoi(reply->qn.bytes + 8);
            assert_true(i < most);
            is_acked[i] = true;
            n_got++;
        }
    }
    gk_hj212_close(decoder);
    return n_got;
}

/* Marks the seconds of 2026-01-05 (+08:00) at which a facility has a row; their number. */
static inline unsigned read_rows(const char *facility, bool *is_there, unsigned most)
{
    gk_db *db;
    gk_snapshot *snapshot;
    gk_scan *scan;
    struct gk_columns columns;
    gk_time midnight;
    unsigned n = 0;

    assert_int_equal(gk_time_parse("2026-01-05T00:00:00+08:00", 25, 0, &midnight), GK_OK);
    assert_int_equal(gk_open(in_folder("store"), GK_READONLY, NULL, &db, NULL), GK_OK);
    assert_int_equal(gk_snapshot_open(db, &snapshot, NULL), GK_OK);
    uint32_t id = gk_facility_find(snapshot, facility, strlen(facility)), kw = gk_channel_find(snapshot, "kw", 2);
    if (id != GK_ID_NONE && kw != GK_ID_NONE) {
        assert_int_equal(gk_scan_open(snapshot, id, &kw, 1, GK_TIME_MIN, GK_TIME_MAX, &scan, NULL), GK_OK);
        while (gk_scan_next(scan, &columns, NULL) == GK_OK)
            for (size_t i = 0; i < columns.n_rows; i++, n++) {
                int64_t s = (columns.time[i] - midnight) / GK_SECOND;
                assert_true(s >= 0 && s < most);
                is_there[s] = true;
            }
        gk_scan_close(scan);
    }
    gk_snapshot_close(snapshot);
    assert_int_equal(gk_close(db), GK_OK);
    return n;
}

static inline void ask(int port, const char *request, size_t size, char out[TALK_MAX])
{
    size_t n = 0;
    ssize_t got;
    int fd = connect_to(port);

    assert_true(send_all(fd, request, size));
    while ((got = recv(fd, out + n, TALK_MAX - 1 - n, 0)) > 0)
        n += (size_t)got;
    out[n] = '\0';
    (void)close(fd);
}

static inline void read_answer(int port, const char *path, char out[TALK_MAX])
{
    char request[256];

    (void)snprintf(request, sizeof request, "GET %s HTTP/1.0\r\n\r\n", path);
    ask(port, request, strlen(request), out);
}

static inline void post(int port, const char *path, const char *header, const char *body, size_t size,
                        char out[TALK_MAX])
{
    static char request[TALK_MAX];
    int n = snprintf(request, sizeof request, "POST %s HTTP/1.0\r\nContent-Length: %zu\r\n%s\r\n", path, size, header);

    memcpy(request + n, body, size);
    ask(port, request, (size_t)n + size, out);
}

#endif
