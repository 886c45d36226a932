/*
 * serve_spool.c - a folder into which others move files: tables, captures, line protocol, packed or not.
 *
 *     DIR/name            moved in: it is whole. Names that begin with '.', or end in .part, .tmp or ~, are not looked
 * at, nor is a file that somebody still writes DIR/loading/name    being read. After a kill it is read again, first of
 * all: rows that are there are duplicates DIR/done/name       all of it is in the store, durable DIR/failed/name
 * something in it was not taken, or could not be read: name.rejects says what. The rest is in the store
 *
 * A turn of the loop reads a piece of one file, so that a large one holds up nobody.
 */
#define _GNU_SOURCE /* F_SETLEASE */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rejects.h"
#include "serve.h"
#include "source.h"

#define NAME_SIZE  256
#define PATH_SIZE  4600
#define RETRY_NS   (10 * GK_SECOND) /* after a store that is full; and so often it is looked without being told */
#define COPIES_MAX 1000             /* of one name in done or failed */

struct spool {
    struct watched watched; /* first: inotify */
    const char *folder;
    bool is_told;       /* there may be files */
    gk_time not_before; /* monotonic */
    /* The file that is read; name "" is none. */
    char name[NAME_SIZE];
    struct source *source;
    gk_load *load;
    struct rejects rejects;
};

static void path_of(const struct spool *spool, const char *part, const char *name, const char *end,
                    char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/%s%s%s", spool->folder, part, name, end); /* one that is cut is not there */
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), size = strlen(end);

    return n >= size && strcmp(name + n - size, end) == 0;
}

static bool is_meant(const char *name)
{
    return name[0] != '.' && strlen(name) < NAME_SIZE && !ends_with(name, ".part") && !ends_with(name, ".tmp") &&
           !ends_with(name, "~") && !ends_with(name, ".rejects");
}

/* Whether it is a file, and nobody writes it: a lease is not given then. */
static bool is_whole(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    bool is_good = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);

    if (is_good && fcntl(fd, F_SETLEASE, F_RDLCK) == 0)
        (void)fcntl(fd, F_SETLEASE, F_UNLCK); /* it was only asked for */
    else if (is_good)
        is_good = errno != EAGAIN; /* where there are no leases the name alone counts */
    if (fd >= 0)
        (void)close(fd);
    return is_good;
}

/* The first file of a part of the folder by name, so that order can be had. */
static bool find_first(const struct spool *spool, const char *part, char name[NAME_SIZE])
{
    char path[PATH_SIZE];
    struct dirent *entry;
    DIR *folder;

    path_of(spool, part, "", "", path);
    folder = opendir(path);
    name[0] = '\0';
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (!is_meant(entry->d_name) || (name[0] != '\0' && strcmp(entry->d_name, name) >= 0))
            continue;
        path_of(spool, part, entry->d_name, "", path);
        if (is_whole(path))
            (void)snprintf(name, NAME_SIZE, "%s", entry->d_name);
    }
    if (folder != NULL)
        (void)closedir(folder);
    return name[0] != '\0';
}

/* Moves what was read, and what was not taken of it, under a name that is free there. */
static void put_away(struct serve *serve, const char *part)
{
    struct spool *spool = serve->spool;
    char from[PATH_SIZE], to[PATH_SIZE], end[16] = "";

    for (int i = 1; i < COPIES_MAX; i++) {
        path_of(spool, part, spool->name, end, to);
        if (access(to, F_OK) != 0)
            break;
        (void)snprintf(end, sizeof end, ".%d", i);
    }
    path_of(spool, "loading/", spool->name, "", from);
    if (rename(from, to) != 0)
        serve_note(serve, "cannot move '%s' to '%s': %s", from, to, strerror(errno));
    path_of(spool, "loading/", spool->name, ".rejects", from);
    strncat(to, ".rejects", sizeof to - strlen(to) - 1);
    (void)rename(from, to); /* there may be none */
}

static void close_file(struct serve *serve)
{
    struct spool *spool = serve->spool;

    gk_load_close(spool->load);
    source_close(spool->source);
    rejects_finish(&spool->rejects, serve->command);
    spool->load = NULL;
    spool->source = NULL;
    spool->name[0] = '\0';
}

/* It ended: well, or with what is wrong with it as a whole. */
static void end_file(struct serve *serve, const struct gk_load_result *result, const struct gk_error *error)
{
    struct spool *spool = serve->spool;
    const struct gk_counts *rows = &result->rows;
    bool is_good;

    if (error != NULL)
        rejects_add(&spool->rejects, error->line, "", 0, error);
    is_good = spool->rejects.n == 0;
    serve->counters[SERVE_SPOOLED]++;
    serve->counters[SERVE_SPOOL_FAILED] += !is_good;
    serve_note(serve, "%s: %" PRIu64 " rows or lines taken, %" PRIu64 " duplicate, %" PRIu64 " bad%s%s", spool->name,
               result->n_taken + rows->accepted + rows->late + rows->conflicting + rows->quarantined, rows->duplicate,
               spool->rejects.n, is_good ? "" : "; the first: ", is_good ? "" : spool->rejects.first);
    char name[NAME_SIZE];
    (void)snprintf(name, sizeof name, "%s", spool->name);
    close_file(serve); /* the rejects are written by that */
    (void)snprintf(spool->name, sizeof spool->name, "%s", name);
    put_away(serve, is_good ? "done/" : "failed/");
    spool->name[0] = '\0';
}

/* The store said no: it is read again from its begin, later. */
static void try_later(struct serve *serve, const struct gk_error *error)
{
    close_file(serve);
    (void)serve_failed(serve, error); /* the loop looks at is_stopping */
    serve->spool->not_before = tool_monotonic() + RETRY_NS;
}

static void open_file(struct serve *serve)
{
    struct spool *spool = serve->spool;
    const struct gk_load_options options = {.size = sizeof options, .reject = rejects_add, .context = &spool->rejects};
    const struct gk_load_result nothing = {.n_lines = 0};
    struct gk_error error = {0};
    char path[PATH_SIZE], old[PATH_SIZE];
    int rc;

    path_of(spool, "loading/", spool->name, "", path);
    path_of(spool, "loading/", spool->name, ".rejects", old);
    (void)unlink(old); /* of a reading that was killed */
    rejects_init(&spool->rejects, path);
    rc = source_open(path, &spool->source, &error);
    error.status = rc;
    if (rc != GK_OK) {
        spool->source = NULL;
        end_file(serve, &nothing, &error);
    } else if ((error.status = gk_load_open(serve->db, &options, &spool->load, &error)) != GK_OK) {
        try_later(serve, &error);
    }
}

/* One piece of the file, or its end. */
static void read_piece(struct serve *serve)
{
    struct spool *spool = serve->spool;
    struct gk_load_result result = {.n_lines = 0};
    struct gk_error error = {0}, cut = {0};
    const char *bytes;
    size_t size;
    int rc = source_next(spool->source, &bytes, &size, &cut);

    cut.status = rc;
    if (rc == GK_OK) {
        error.status = gk_load_feed(spool->load, bytes, size, &error);
        if (error.status == GK_OK)
            return;
    } else {
        error.status = gk_load_finish(spool->load, &result, &error); /* durable from here on */
    }
    if (error.status != GK_OK && error.status != GK_ESYNTAX)
        try_later(serve, &error);
    else
        end_file(serve, &result, error.status != GK_OK ? &error : rc != GK_DONE ? &cut : NULL);
}

/* The next file: one that was being read when the server was killed goes first. */
static bool take_next(struct serve *serve)
{
    struct spool *spool = serve->spool;
    char from[PATH_SIZE], to[PATH_SIZE];

    if (find_first(spool, "loading/", spool->name))
        return true;
    if (!find_first(spool, "", spool->name))
        return false;
    path_of(spool, "", spool->name, "", from);
    path_of(spool, "loading/", spool->name, "", to);
    if (rename(from, to) == 0)
        return true;
    serve_note(serve, "cannot move '%s' to '%s': %s", from, to, strerror(errno));
    spool->name[0] = '\0';
    return false;
}

bool spool_is_busy(const struct serve *serve)
{
    const struct spool *spool = serve->spool;

    return spool != NULL && (spool->name[0] != '\0' || spool->is_told) && tool_monotonic() >= spool->not_before;
}

void spool_run(struct serve *serve)
{
    struct spool *spool = serve->spool;

    if (!spool_is_busy(serve))
        return;
    if (spool->name[0] != '\0') {
        read_piece(serve);
        return;
    }
    spool->is_told = take_next(serve);
    if (spool->is_told)
        open_file(serve);
}

static void spool_ready(struct serve *serve, struct watched *watched, uint32_t events)
{
    char notes[4096];

    (void)events;
    while (read(watched->fd, notes, sizeof notes) > 0) { /* what moved is found by looking */
    }
    serve->spool->is_told = true;
}

void spool_tick(struct serve *serve)
{
    struct spool *spool = serve->spool;

    if (spool == NULL || spool->name[0] != '\0' || spool->is_told || serve->now < spool->not_before)
        return;
    spool->is_told = true; /* a file may have been closed by who wrote it without a word to us */
    spool->not_before = serve->now;
}

static bool make_parts(struct serve *serve)
{
    static const char *const parts[] = {"", "loading", "done", "failed"};
    char path[PATH_SIZE];
    struct stat info;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        path_of(serve->spool, parts[i], "", "", path);
        if (i > 0 && mkdir(path, 0777) != 0 && errno != EEXIST) {
            say(serve->command->name, "--spool: cannot make '%s': %s", path, strerror(errno));
            return false;
        }
        if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
            say(serve->command->name, "--spool: '%s' is no folder", path);
            return false;
        }
    }
    return true;
}

bool spool_open(struct serve *serve, const char *folder)
{
    struct spool *spool = tool_resize(NULL, 1, sizeof *spool);

    *spool = (struct spool){.watched = {-1, spool_ready}, .folder = folder, .is_told = true};
    serve->spool = spool;
    if (!make_parts(serve))
        return false;
    spool->watched.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (spool->watched.fd < 0 || inotify_add_watch(spool->watched.fd, folder, IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
        say(serve->command->name, "--spool: '%s' cannot be watched (%s): it is looked at once a second", folder,
            strerror(errno));
    } else if (!serve_watch(serve, &spool->watched, EPOLLIN)) {
        return false;
    }
    while (find_first(spool, "loading/", spool->name)) { /* before anybody else can write */
        open_file(serve);
        while (spool->name[0] != '\0' && !serve->is_stopping && tool_monotonic() >= spool->not_before)
            read_piece(serve);
        if (serve->is_stopping || tool_monotonic() < spool->not_before)
            break;
    }
    spool->name[0] = '\0';
    say(serve->command->name, "spool in %s", folder);
    return !serve->is_stopping;
}

void spool_close(struct serve *serve)
{
    struct spool *spool = serve->spool;

    if (spool == NULL)
        return;
    if (spool->source != NULL)
        close_file(serve); /* it is read again by the next server */
    if (spool->watched.fd >= 0)
        (void)close(spool->watched.fd);
    free(spool);
    serve->spool = NULL;
}
