/*
 * layer.c - see layer.h. The calls that LMDB makes have these names in this program; what they do for other files is
 * what they always do.
 */
#define _GNU_SOURCE
#include "simulation/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT     __attribute__((visibility("default")))
#define FDS_MAX    1024
#define RANGES_MAX 65536
#define SECTOR     512

struct range {
    off_t at;
    size_t size;
};

static struct {
    bool is_on;
    char path[PATH_MAX];
    enum layer_fault fault;
    uint64_t from, times; /* calls that meet it */
    uint64_t n_calls, n_met;
    bool is_cut; /* the power is gone */
    bool is_ours[FDS_MAX], is_synced[FDS_MAX];
    uint8_t *disk;
    size_t disk_size, disk_capacity;
    int fd;                         /* to read it: LMDB's own may be for writing only. 0: not yet open */
    struct range dirty[RANGES_MAX]; /* written and not synced, in order */
    size_t n_dirty;
} layer;

static bool is_ours(int fd)
{
    return layer.is_on && fd >= 0 && fd < FDS_MAX && layer.is_ours[fd];
}

/* ---- the disk -------------------------------------------------------------------------------------------------------
 */

static void reach(size_t size)
{
    if (size > layer.disk_capacity) {
        layer.disk_capacity = 2 * size;
        layer.disk = realloc(layer.disk, layer.disk_capacity);
        if (!layer.disk)
            abort();
    }
    if (size > layer.disk_size) {
        memset(layer.disk + layer.disk_size, 0, size - layer.disk_size);
        layer.disk_size = size;
    }
}

/* What the file has there goes to the disk. */
static void settle(off_t at, size_t size)
{
    if (layer.fd == 0)
        layer.fd = (int)syscall(SYS_openat, AT_FDCWD, layer.path, O_RDONLY | O_CLOEXEC);
    reach((size_t)at + size);
    if (syscall(SYS_pread64, layer.fd, layer.disk + at, size, at) != (long)size)
        abort();
}

static void settle_all(void)
{
    for (size_t i = 0; i < layer.n_dirty; i++)
        settle(layer.dirty[i].at, layer.dirty[i].size);
    layer.n_dirty = 0;
}

static void soil(off_t at, size_t size)
{
    if (layer.n_dirty == RANGES_MAX)
        abort();
    layer.dirty[layer.n_dirty++] = (struct range){at, size};
}

/* ---- faults ---------------------------------------------------------------------------------------------------------
 */

static enum layer_fault meet(void)
{
    uint64_t n = layer.n_calls++;

    if (layer.is_cut)
        return LAYER_POWER_CUT;
    if (layer.fault == LAYER_NO_FAULT || n < layer.from || n - layer.from >= layer.times)
        return LAYER_NO_FAULT;
    layer.n_met++;
    layer.is_cut = layer.fault == LAYER_POWER_CUT;
    return layer.fault == LAYER_LATE && n > layer.from ? LAYER_EIO : layer.fault;
}

static ssize_t write_pieces(int fd, const struct iovec *pieces, int n, off_t at)
{
    bool was_cut = layer.is_cut;
    enum layer_fault fault = meet();
    size_t size = 0;

    for (int i = 0; i < n; i++)
        size += pieces[i].iov_len;
    if (fault == LAYER_EIO || fault == LAYER_ENOSPC || was_cut) {
        errno = fault == LAYER_ENOSPC ? ENOSPC : EIO;
        return -1;
    }
    off_t to = at;
    for (int i = 0; i < n; to += (off_t)pieces[i].iov_len, i++)
        if (syscall(SYS_pwrite64, fd, pieces[i].iov_base, pieces[i].iov_len, to) != (long)pieces[i].iov_len)
            abort();
    if (fault == LAYER_NO_FAULT && layer.is_synced[fd])
        settle(at, size);
    else if (fault != LAYER_LATE)
        soil(at, size);
    if (fault != LAYER_NO_FAULT) {
        errno = EIO;
        return -1;
    }
    return (ssize_t)size;
}

static int sync_file(void)
{
    enum layer_fault fault = meet();

    if (fault == LAYER_NO_FAULT || fault == LAYER_ENOSPC) {
        settle_all();
        return 0;
    }
    if (fault == LAYER_EIO || fault == LAYER_LATE)
        layer.n_dirty = 0; /* the kernel believes them to be clean */
    errno = EIO;
    return -1;
}

/* ---- the calls ------------------------------------------------------------------------------------------------------
 */

EXPORT int open(const char *path, int flags, ...)
{
    mode_t mode = 0;

    if (flags & O_CREAT) {
        va_list list;
        va_start(list, flags);
        mode = va_arg(list, mode_t);
        va_end(list);
    }
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags & ~(layer.is_on ? O_DSYNC : 0), mode);
    if (fd >= 0 && fd < FDS_MAX) {
        layer.is_ours[fd] = layer.is_on && strcmp(path, layer.path) == 0;
        layer.is_synced[fd] = (flags & O_DSYNC) != 0;
    }
    return fd;
}

EXPORT int close(int fd)
{
    if (fd >= 0 && fd < FDS_MAX)
        layer.is_ours[fd] = false;
    return (int)syscall(SYS_close, fd);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    struct iovec piece = {(void *)(uintptr_t)bytes, size};

    if (!is_ours(fd))
        return syscall(SYS_pwrite64, fd, bytes, size, at);
    return write_pieces(fd, &piece, 1, at);
}

EXPORT ssize_t writev(int fd, const struct iovec *pieces, int n)
{
    if (!is_ours(fd))
        return syscall(SYS_writev, fd, pieces, n);
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t size = write_pieces(fd, pieces, n, at);
    if (size > 0)
        (void)lseek(fd, at + size, SEEK_SET); /* an ordinary file */
    return size;
}

EXPORT int fdatasync(int fd)
{
    if (!layer.is_on)
        return (int)syscall(SYS_fdatasync, fd);
    return is_ours(fd) ? sync_file() : 0; /* other files of a simulation need not survive */
}

EXPORT int fsync(int fd)
{
    if (!layer.is_on)
        return (int)syscall(SYS_fsync, fd);
    return is_ours(fd) ? sync_file() : 0;
}

/* ---- for the test ---------------------------------------------------------------------------------------------------
 */

void layer_begin(const char *path)
{
    struct stat st;

    layer_end();
    (void)snprintf(layer.path, sizeof layer.path, "%s", path);
    layer.is_on = true;
    if (stat(path, &st) != 0 || st.st_size == 0)
        return;
    settle(0, (size_t)st.st_size);
}

void layer_end(void)
{
    free(layer.disk);
    if (layer.fd > 0)
        (void)close(layer.fd);
    memset(&layer, 0, sizeof layer);
}

void layer_arm(enum layer_fault fault, uint64_t n, uint64_t times)
{
    layer.fault = fault;
    layer.from = layer.n_calls + n;
    layer.times = times;
    layer.n_met = 0;
}

enum layer_fault layer_armed(void)
{
    return layer.fault;
}

uint64_t layer_n_met(void)
{
    return layer.n_met;
}

uint64_t layer_n_calls(void)
{
    return layer.n_calls;
}

/* All of it, none, or sector by sector. */
static void survive(const struct range *range, struct random *random)
{
    uint64_t how = random_below(random, 3);

    if (how == 0)
        return;
    for (size_t at = 0; at < range->size; at += SECTOR) {
        size_t size = range->size - at < SECTOR ? range->size - at : SECTOR;
        if (how == 1 || random_below(random, 2))
            settle(range->at + (off_t)at, size);
    }
}

void layer_restart(struct random *random)
{
    int fd = open(layer.path, O_RDWR);

    if (fd < 0)
        abort();
    for (size_t i = 0; i < layer.n_dirty; i++)
        survive(&layer.dirty[i], random);
    layer.n_dirty = 0;
    if (syscall(SYS_ftruncate, fd, layer.disk_size) != 0 ||
        syscall(SYS_pwrite64, fd, layer.disk, layer.disk_size, 0) != (long)layer.disk_size)
        abort();
    (void)close(fd);
    layer.is_cut = false;
    layer.fault = LAYER_NO_FAULT;
}
