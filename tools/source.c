/*
 * source.c - zlib reads plain and gzip'd files alike. Pieces go round in a small ring:
 *
 *     reader (thread or not)            consumer
 *       fill  pieces[n_filled % N]  ->   pieces[n_taken % N]      n_taken <= n_filled <= n_taken + N
 *
 * The piece that was taken last belongs to the consumer until it asks for the next one.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "tool.h"

#define SOURCE_PIECES     4
#define SOURCE_PIECE_SIZE (512 * 1024)
#define SOURCE_ZLIB_SIZE  (256 * 1024)

struct piece {
    char *bytes;
    size_t size;
    int status; /* GK_OK; GK_DONE or an error: no more pieces */
};

struct source {
    gzFile file;
    bool is_regular, has_thread;
    uint64_t total;
    atomic_uint_least64_t done;
    struct piece pieces[SOURCE_PIECES];
    uint64_t n_filled, n_taken; /* with a thread: under the lock */
    bool is_peeked;             /* the piece n_taken - 1 was shown, not taken */
    bool is_closing;
    struct gk_error failure; /* of the piece with an error in its status */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static int fail(struct gk_error *error, int status, const char *path, const char *why)
{
    error->status = status;
    snprintf(error->text, sizeof error->text, "cannot read '%s': %s", path, why);
    return status;
}

int source_open(const char *path, struct source **out, struct gk_error *error)
{
    bool is_input = strcmp(path, "-") == 0;
    int fd = is_input ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct source *source;
    struct stat facts;

    *out = NULL;
    if (fd < 0)
        return fail(error, errno == ENOENT ? GK_ENOTFOUND : GK_EIO, path, strerror(errno));
    if (fstat(fd, &facts) != 0 || S_ISDIR(facts.st_mode)) {
        (void)close(fd); /* nothing was written */
        return fail(error, GK_EIO, path, "it is a folder");
    }
    source = tool_resize(NULL, 1, sizeof *source);
    *source = (struct source){.is_regular = S_ISREG(facts.st_mode) && !is_input};
    source->total = S_ISREG(facts.st_mode) ? (uint64_t)facts.st_size : 0;
    atomic_init(&source->done, 0);
    source->file = gzdopen(fd, "rb");
    if (source->file == NULL) {
        (void)close(fd);
        free(source);
        return fail(error, GK_EIO, path, "out of memory");
    }
    gzbuffer(source->file, SOURCE_ZLIB_SIZE);
    *out = source;
    return GK_OK;
}

/* Reads one piece. Touches only the piece, the file and, before its end, `failure`. */
static void fill(struct source *source, struct piece *piece)
{
    int n, code = Z_OK;

    if (piece->bytes == NULL)
        piece->bytes = tool_resize(NULL, SOURCE_PIECE_SIZE, 1);
    n = gzread(source->file, piece->bytes, SOURCE_PIECE_SIZE);
    piece->size = n > 0 ? (size_t)n : 0;
    piece->status = n > 0 ? GK_OK : GK_DONE;
    atomic_store(&source->done, (uint64_t)gzoffset(source->file));
    if (n > 0)
        return;

    const char *why = gzerror(source->file, &code);

    if (code == Z_OK || code == Z_STREAM_END)
        return;
    piece->status = GK_EIO;
    source->failure.status = GK_EIO;
    snprintf(source->failure.text, sizeof source->failure.text, "reading failed: %s",
             code == Z_ERRNO       ? strerror(errno)
             : code == Z_BUF_ERROR ? "the gzip'd file is cut short"
                                   : why);
}

/* The next piece to fill when there is room for it, NULL when the reader shall end. */
static struct piece *wait_for_room(struct source *source)
{
    struct piece *piece;

    pthread_mutex_lock(&source->lock);
    while (!source->is_closing && source->n_filled >= source->n_taken + SOURCE_PIECES - 1)
        pthread_cond_wait(&source->changed, &source->lock);
    piece = source->is_closing ? NULL : &source->pieces[source->n_filled % SOURCE_PIECES];
    pthread_mutex_unlock(&source->lock);
    return piece;
}

static void *read_all(void *context)
{
    struct source *source = context;
    struct piece *piece;
    int status = GK_OK;

    while (status == GK_OK && (piece = wait_for_room(source)) != NULL) {
        fill(source, piece);
        status = piece->status;
        pthread_mutex_lock(&source->lock);
        source->n_filled++;
        pthread_cond_signal(&source->changed);
        pthread_mutex_unlock(&source->lock);
    }
    return NULL;
}

void source_read_ahead(struct source *source)
{
    pthread_mutex_init(&source->lock, NULL);
    pthread_cond_init(&source->changed, NULL);
    source->has_thread = pthread_create(&source->thread, NULL, read_all, source) == 0;
}

static struct piece *take(struct source *source)
{
    struct piece *piece = &source->pieces[source->n_taken % SOURCE_PIECES];

    if (!source->has_thread) {
        if (source->n_filled == source->n_taken) {
            fill(source, piece);
            source->n_filled++;
        }
        source->n_taken++;
        return piece;
    }
    pthread_mutex_lock(&source->lock);
    while (source->n_filled == source->n_taken)
        pthread_cond_wait(&source->changed, &source->lock);
    source->n_taken++;
    pthread_cond_signal(&source->changed);
    pthread_mutex_unlock(&source->lock);
    return piece;
}

int source_next(struct source *source, const char **bytes, size_t *size, struct gk_error *error)
{
    struct piece *piece;

    if (source->is_peeked)
        piece = &source->pieces[(source->n_taken - 1) % SOURCE_PIECES];
    else
        piece = take(source);
    source->is_peeked = false;
    *bytes = piece->bytes;
    *size = piece->size;
    if (piece->status < 0)
        *error = source->failure;
    return piece->status;
}

int source_peek(struct source *source, const char **bytes, size_t *size, struct gk_error *error)
{
    int rc = source_next(source, bytes, size, error);

    source->is_peeked = true;
    return rc;
}

bool source_is_regular(const struct source *source)
{
    return source->is_regular;
}

uint64_t source_done(struct source *source)
{
    return atomic_load(&source->done);
}

uint64_t source_total(const struct source *source)
{
    return source->total;
}

void source_close(struct source *source)
{
    if (source == NULL)
        return;
    if (source->has_thread) {
        pthread_mutex_lock(&source->lock);
        source->is_closing = true;
        pthread_cond_signal(&source->changed);
        pthread_mutex_unlock(&source->lock);
        pthread_join(source->thread, NULL);
        pthread_mutex_destroy(&source->lock);
        pthread_cond_destroy(&source->changed);
    }
    (void)gzclose_r(source->file); /* it was only read */
    for (size_t i = 0; i < SOURCE_PIECES; i++)
        free(source->pieces[i].bytes);
    free(source);
}
