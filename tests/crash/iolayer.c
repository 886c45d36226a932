/*
 * iolayer.c - the layer between a program and its files, see iolayer.h. It goes around libc with plain system calls and
 * allocates nothing.
 */
#define _GNU_SOURCE
#include "crash/iolayer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT    __attribute__((visibility("default")))
#define FDS_MAX   1024
#define NAMES_MAX 256
#define PIECES    64 /* LMDB's writev has at most so many */

enum kind { NONE, EIO_, ENOSPC_, LATE, DYING, SHORT, READ, ALLOC };
static const char *const KINDS[] = {"", "eio", "enospc", "late", "dying", "short", "read", "alloc"};

static struct {
    char root[PATH_MAX];
    size_t root_size;
    int trace;
    bool is_lying, counts_allocations;
    enum kind kind;
    uint64_t at, times;
    uint64_t dying; /* so many changes fail */
    struct io_count *count;
} layer = {.trace = -1};

/* What is open and what is called how. A name of file 0 is free. */
static struct {
    uint32_t file;
    bool is_open, is_sync, is_recorded;
} fds[FDS_MAX];
static struct {
    uint32_t file;
    char path[256];
} names[NAMES_MAX];
static uint32_t n_files;

/* ---- settings -----------------------------------------------------------------------------------------------------
 */

static void take_fault(const char *text)
{
    char *rest;

    for (int k = EIO_; k <= ALLOC; k++) {
        size_t size = strlen(KINDS[k]);
        if (strncmp(text, KINDS[k], size) != 0 || text[size] != ':')
            continue;
        layer.at = strtoull(text + size + 1, &rest, 10);
        layer.times = *rest == ':' ? strtoull(rest + 1, NULL, 10) : 1;
        layer.kind = (enum kind)k;
    }
    if (layer.kind == NONE || layer.at == 0)
        abort(); /* a fault that never comes would look like a success */
}

__attribute__((constructor)) static void begin(void)
{
    static struct io_count here;
    const char *text;

    if (!layer.count)
        layer.count = &here;
    if (layer.root_size || !(text = getenv("IO_ROOT")) || !realpath(text, layer.root))
        return;
    layer.root_size = strlen(layer.root);
    layer.is_lying = getenv("IO_LIE") != NULL;
    if ((text = getenv("IO_FAULT")))
        take_fault(text);
    if ((text = getenv("IO_TRACE"))) {
        int fd = (int)syscall(SYS_open, text, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
        layer.trace = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 900); /* out of the way of the program's numbers */
        (void)syscall(SYS_close, fd);
    }
    if ((text = getenv("IO_COUNT"))) {
        int fd = (int)syscall(SYS_open, text, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        (void)syscall(SYS_ftruncate, fd, sizeof here);
        void *map = (void *)syscall(SYS_mmap, NULL, sizeof here, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED)
            layer.count = map;
        (void)syscall(SYS_close, fd);
    }
}

/* ---- the record ---------------------------------------------------------------------------------------------------
 */

/* One writev to a descriptor that appends: records of a program and its children stay whole. */
static void record_pieces(enum io_op op, uint32_t file, uint64_t at, const struct iovec *pieces, int n)
{
    struct iovec all[PIECES + 1];
    struct io_record r = {(uint32_t)op, file, at, 0};

    if (layer.trace < 0)
        return;
    all[0] = (struct iovec){&r, sizeof r};
    for (int i = 0; i < n; i++) {
        all[i + 1] = pieces[i];
        r.size += pieces[i].iov_len;
    }
    if (syscall(SYS_writev, layer.trace, all, n + 1) != (long)(sizeof r + r.size))
        abort(); /* a trace with a hole is worse than none */
}

static void record(enum io_op op, uint32_t file, uint64_t at, const char *path)
{
    struct iovec piece = {(void *)(uintptr_t)path, path ? strlen(path) : 0};
    record_pieces(op, file, at, &piece, path ? 1 : 0);
}

EXPORT void io_mark(uint64_t acknowledged)
{
    layer.counts_allocations = true;
    record(IO_MARK, 0, acknowledged, NULL);
}

/* ---- names --------------------------------------------------------------------------------------------------------
 */

/* The path below the root, or NULL. A root's own path is ".". */
static const char *below(const char *path, char out[2 * PATH_MAX])
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t size = slash ? (size_t)(slash - path) : 1;

    if (!layer.root_size || size >= sizeof folder)
        return NULL;
    memcpy(folder, slash ? path : ".", size);
    folder[size] = 0;
    if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0 || *name == 0) {
        if (!realpath(path, out))
            return NULL;
    } else if (!realpath(size ? folder : "/", out))
        return NULL;
    else {
        size_t at = strlen(out);
        if (at + strlen(name) + 2 > PATH_MAX)
            return NULL;
        out[at] = '/';
        memcpy(out + at + 1, name, strlen(name) + 1);
    }
    if (strncmp(out, layer.root, layer.root_size) != 0)
        return NULL;
    return out[layer.root_size] == '/' ? out + layer.root_size + 1 : out[layer.root_size] ? NULL : ".";
}

static bool is_lock(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcmp(slash ? slash + 1 : path, "lock.mdb") == 0;
}

static int find_name(const char *path)
{
    for (int i = 0; i < NAMES_MAX; i++)
        if (names[i].file && strcmp(names[i].path, path) == 0)
            return i;
    return -1;
}

/* A new file of that name; 0 for the lock file, which is not recorded. */
static uint32_t add_name(const char *path, enum io_op op)
{
    if (is_lock(path) || strlen(path) >= sizeof names[0].path)
        return 0;
    for (int i = 0; i < NAMES_MAX; i++) {
        if (names[i].file)
            continue;
        names[i].file = ++n_files;
        memcpy(names[i].path, path, strlen(path) + 1);
        record(op, names[i].file, 0, path);
        return names[i].file;
    }
    abort();
}

static uint32_t file_of(const char *path, bool is_folder)
{
    int i = find_name(path);
    if (i >= 0)
        return names[i].file;
    /* It was there before the layer: a folder has no bytes that matter, a file has. */
    if (!is_folder && !is_lock(path))
        record(IO_UNKNOWN, 0, 0, path);
    return is_folder ? add_name(path, IO_FOLDER) : 0;
}

/* ---- what becomes of a call ----------------------------------------------------------------------------------------
 */

enum fate { GO, FAIL, GO_AND_FAIL, HALF };

static uint64_t next(uint64_t *counter)
{
    return __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static void record_failure(uint64_t n)
{
    (void)next(&layer.count->n_failed);
    record(IO_FAILED, 0, n, NULL);
}

static bool is_hit(enum kind kind, uint64_t n)
{
    if (layer.kind != kind || n < layer.at || (layer.times && n >= layer.at + layer.times))
        return false;
    record_failure(n);
    return true;
}

static enum fate fate_of_change(void)
{
    uint64_t n = next(&layer.count->changes);
    enum fate fate = GO;

    if (layer.dying) {
        layer.dying--;
        record_failure(n);
        fate = FAIL, errno = EIO;
    } else if (is_hit(EIO_, n))
        fate = FAIL, errno = EIO;
    else if (is_hit(ENOSPC_, n))
        fate = FAIL, errno = ENOSPC;
    else if (is_hit(LATE, n))
        fate = GO_AND_FAIL;
    return fate;
}

static enum fate fate_of_write(bool is_forced)
{
    enum fate fate = fate_of_change();
    uint64_t n = next(&layer.count->writes), n_forced = is_forced ? next(&layer.count->forced) : 0;

    if (fate == GO && is_hit(SHORT, n))
        return HALF;
    if (fate == GO && is_forced && layer.kind == DYING && n_forced == layer.at) {
        record_failure(n_forced);
        layer.dying = layer.times - 1; /* 0 - 1: for ever */
        return GO_AND_FAIL;
    }
    return fate;
}

static bool read_fails(void)
{
    errno = EIO;
    return is_hit(READ, next(&layer.count->reads));
}

/* The end of a call that may have done its work and still says that it failed. */
static long finish(enum fate fate, long result)
{
    if (fate != GO_AND_FAIL || result < 0)
        return result;
    errno = EIO;
    return -1;
}

/* ---- opening, closing ---------------------------------------------------------------------------------------------
 */

static bool is_ours(int fd)
{
    return fd >= 0 && fd < FDS_MAX && fds[fd].is_open;
}

static void remember(int fd, const char *path, int flags, bool is_new)
{
    struct stat st;

    if (fd < 0 || fd >= FDS_MAX)
        return;
    bool is_folder = syscall(SYS_fstat, fd, &st) == 0 && S_ISDIR(st.st_mode);
    bool may_write = (flags & O_ACCMODE) != O_RDONLY;
    fds[fd].is_open = true;
    fds[fd].is_sync = (flags & O_DSYNC) != 0; /* O_SYNC has this bit as well */
    fds[fd].file = is_new                   ? add_name(path, IO_CREATE)
                   : may_write || is_folder ? file_of(path, is_folder)
                   : find_name(path) >= 0   ? names[find_name(path)].file
                                            : 0;
    fds[fd].is_recorded = fds[fd].file != 0;
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
    char out[2 * PATH_MAX];
    struct stat st;

    begin();
    const char *name = folder == AT_FDCWD || path[0] == '/' ? below(path, out) : NULL;
    if (!name)
        return (int)syscall(SYS_openat, folder, path, flags, mode);
    bool is_new = (flags & O_CREAT) && syscall(SYS_stat, path, &st) != 0;
    enum fate fate = is_new || (flags & O_TRUNC) ? fate_of_change() : read_fails() ? FAIL : GO;
    if (fate == FAIL)
        return -1;
    int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (fd < 0)
        return fd;
    remember(fd, name, flags, is_new);
    if (!is_new && (flags & O_TRUNC) && is_ours(fd) && fds[fd].is_recorded)
        record(IO_TRUNCATE, fds[fd].file, 0, NULL);
    if (fate == GO_AND_FAIL)
        (void)close(fd);
    return (int)finish(fate, fd);
}

#define OPEN(name, folder_argument, folder)                                                                            \
    EXPORT int name(folder_argument const char *path, int flags, ...)                                                  \
    {                                                                                                                  \
        va_list list;                                                                                                  \
        va_start(list, flags);                                                                                         \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;                                        \
        va_end(list);                                                                                                  \
        return open_at(folder, path, flags, mode);                                                                     \
    }
#define NOTHING
#define FOLDER int folder,
OPEN(open, NOTHING, AT_FDCWD)
OPEN(open64, NOTHING, AT_FDCWD)
OPEN(openat, FOLDER, folder)
OPEN(openat64, FOLDER, folder)

EXPORT int close(int fd)
{
    if (is_ours(fd))
        memset(&fds[fd], 0, sizeof fds[fd]);
    return (int)syscall(SYS_close, fd);
}

static int copied(int from, int to)
{
    if (to >= 0 && to < FDS_MAX && from >= 0 && from < FDS_MAX)
        fds[to] = fds[from];
    return to;
}

EXPORT int dup(int fd)
{
    return copied(fd, (int)syscall(SYS_dup, fd));
}

EXPORT int dup2(int fd, int to)
{
    return copied(fd, (int)syscall(SYS_dup2, fd, to));
}

EXPORT int dup3(int fd, int to, int flags)
{
    return copied(fd, (int)syscall(SYS_dup3, fd, to, flags));
}

EXPORT int fcntl(int fd, int command, ...)
{
    va_list list;
    va_start(list, command);
    long argument = va_arg(list, long);
    va_end(list);
    int rc = (int)syscall(SYS_fcntl, fd, command, argument);
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(fd, rc) : rc;
}

/* ---- writing ------------------------------------------------------------------------------------------------------
 */

/* The first `size` bytes of the pieces; how many pieces that is. */
static int cut_pieces(struct iovec *pieces, int n, size_t size)
{
    int i = 0;
    for (; i < n && size > 0; i++) {
        if (pieces[i].iov_len > size)
            pieces[i].iov_len = size;
        size -= pieces[i].iov_len;
    }
    return i;
}

/* at < 0: where the descriptor stands. */
static ssize_t write_pieces(int fd, const struct iovec *given, int n, off_t at)
{
    struct iovec pieces[PIECES];
    size_t size = 0;

    if (!is_ours(fd))
        return at < 0 ? syscall(SYS_writev, fd, given, n) : syscall(SYS_pwritev, fd, given, n, (long)at, 0L);
    if (n > PIECES)
        abort();
    memcpy(pieces, given, (size_t)n * sizeof *pieces);
    for (int i = 0; i < n; i++)
        size += pieces[i].iov_len;
    enum fate fate = fate_of_write(fds[fd].is_sync);
    if (fate == FAIL)
        return -1;
    if (fate == HALF)
        n = cut_pieces(pieces, n, size / 2);
    off_t begin_at = at < 0 ? syscall(SYS_lseek, fd, 0L, SEEK_CUR) : at;
    ssize_t done = at < 0 ? syscall(SYS_writev, fd, pieces, n) : syscall(SYS_pwritev, fd, pieces, n, (long)at, 0L);
    if (done > 0 && fds[fd].is_recorded) {
        n = cut_pieces(pieces, n, (size_t)done);
        bool is_forced = fds[fd].is_sync && fate != GO_AND_FAIL && !layer.is_lying;
        record_pieces(is_forced ? IO_WRITE_SYNC : IO_WRITE, fds[fd].file, (uint64_t)begin_at, pieces, n);
        if (fds[fd].is_sync && fate == GO_AND_FAIL)
            record(IO_SYNC_LOST, fds[fd].file, 0, NULL);
    }
    return finish(fate, done);
}

static ssize_t write_bytes(int fd, const void *bytes, size_t size, off_t at)
{
    struct iovec piece = {(void *)(uintptr_t)bytes, size};
    return write_pieces(fd, &piece, 1, at);
}

EXPORT ssize_t write(int fd, const void *bytes, size_t size)
{
    return write_bytes(fd, bytes, size, -1);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return write_bytes(fd, bytes, size, at);
}

EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
    return write_bytes(fd, bytes, size, at);
}

EXPORT ssize_t writev(int fd, const struct iovec *pieces, int n)
{
    return write_pieces(fd, pieces, n, -1);
}

EXPORT ssize_t pwritev(int fd, const struct iovec *pieces, int n, off_t at)
{
    return write_pieces(fd, pieces, n, at);
}

EXPORT ssize_t pwritev64(int fd, const struct iovec *pieces, int n, off_t at)
{
    return write_pieces(fd, pieces, n, at);
}

EXPORT int ftruncate(int fd, off_t size)
{
    enum fate fate = is_ours(fd) ? fate_of_change() : GO;
    if (fate == FAIL)
        return -1;
    int rc = (int)syscall(SYS_ftruncate, fd, size);
    if (rc == 0 && is_ours(fd) && fds[fd].is_recorded)
        record(IO_TRUNCATE, fds[fd].file, (uint64_t)size, NULL);
    return (int)finish(fate, rc);
}

EXPORT int ftruncate64(int fd, off_t size)
{
    return ftruncate(fd, size);
}

static int allocate(int fd, int mode, off_t at, off_t size)
{
    struct stat st;
    enum fate fate = is_ours(fd) ? fate_of_change() : GO;
    if (fate == FAIL)
        return -1;
    (void)syscall(SYS_fstat, fd, &st);
    int rc = (int)syscall(SYS_fallocate, fd, mode, at, size);
    if (rc == 0 && is_ours(fd) && fds[fd].is_recorded && mode != 0)
        record(IO_UNKNOWN, fds[fd].file, 0, NULL);
    else if (rc == 0 && is_ours(fd) && fds[fd].is_recorded && at + size > st.st_size)
        record(IO_TRUNCATE, fds[fd].file, (uint64_t)(at + size), NULL);
    return (int)finish(fate, rc);
}

EXPORT int fallocate(int fd, int mode, off_t at, off_t size)
{
    return allocate(fd, mode, at, size);
}

EXPORT int posix_fallocate(int fd, off_t at, off_t size)
{
    return allocate(fd, 0, at, size) == 0 ? 0 : errno;
}

EXPORT int posix_fallocate64(int fd, off_t at, off_t size)
{
    return posix_fallocate(fd, at, size);
}

/* ---- syncing ------------------------------------------------------------------------------------------------------
 */

static int sync_by(int fd, long call)
{
    if (!is_ours(fd))
        return (int)syscall(call, fd);
    enum fate fate = fate_of_change();
    if (fate == FAIL)
        return -1;
    if (layer.is_lying)
        return 0;
    int rc = fate == GO ? (int)syscall(call, fd) : 0;
    if (rc == 0 && fds[fd].is_recorded)
        record(fate == GO ? IO_SYNC : IO_SYNC_LOST, fds[fd].file, 0, NULL);
    return (int)finish(fate, rc);
}

EXPORT int fsync(int fd)
{
    return sync_by(fd, SYS_fsync);
}

EXPORT int fdatasync(int fd)
{
    return sync_by(fd, SYS_fdatasync);
}

/* ---- names again --------------------------------------------------------------------------------------------------
 */

EXPORT int mkdir(const char *path, mode_t mode)
{
    char out[2 * PATH_MAX];
    const char *name = below(path, out);
    enum fate fate = name ? fate_of_change() : GO;

    if (fate == FAIL)
        return -1;
    int rc = (int)syscall(SYS_mkdir, path, mode);
    if (rc == 0 && name)
        (void)add_name(name, IO_FOLDER);
    return (int)finish(fate, rc);
}

static int remove_name(const char *path, long call)
{
    char out[2 * PATH_MAX];
    const char *name = below(path, out);
    enum fate fate = name ? fate_of_change() : GO;

    if (fate == FAIL)
        return -1;
    int rc = (int)syscall(call, path), i = rc == 0 && name ? find_name(name) : -1;
    if (i >= 0) {
        record(IO_UNLINK, names[i].file, 0, NULL);
        names[i].file = 0;
    }
    return (int)finish(fate, rc);
}

EXPORT int unlink(const char *path)
{
    return remove_name(path, SYS_unlink);
}

EXPORT int rmdir(const char *path)
{
    return remove_name(path, SYS_rmdir);
}

/* A name, or what is below it. */
static void rename_names(const char *old, const char *new)
{
    size_t size = strlen(old), new_size = strlen(new);

    for (int i = 0; i < NAMES_MAX; i++) {
        char *path = names[i].path;
        if (!names[i].file || strncmp(path, old, size) != 0 || (path[size] && path[size] != '/'))
            continue;
        if (new_size + strlen(path + size) >= sizeof names[0].path)
            abort();
        memmove(path + new_size, path + size, strlen(path + size) + 1);
        memcpy(path, new, new_size);
    }
}

EXPORT int rename(const char *from, const char *to)
{
    char a[2 * PATH_MAX], b[2 * PATH_MAX];
    const char *old = below(from, a), *new = below(to, b);
    enum fate fate = old || new ? fate_of_change() : GO;

    if (fate == FAIL)
        return -1;
    int rc = (int)syscall(SYS_rename, from, to);
    int i = rc == 0 && old ? find_name(old) : -1, k = rc == 0 && new ? find_name(new) : -1;
    if (rc == 0 && (old || new) && (i < 0 || !new || strlen(new) >= sizeof names[0].path))
        record(IO_UNKNOWN, 0, 0, from); /* in or out of what is followed */
    else if (i >= 0) {
        if (k >= 0)
            names[k].file = 0; /* replaced in the same step */
        rename_names(old, new);
        record(IO_RENAME, names[i].file, 0, new);
    }
    return (int)finish(fate, rc);
}

EXPORT int link(const char *from, const char *to)
{
    char out[2 * PATH_MAX];
    if (below(to, out))
        record(IO_UNKNOWN, 0, 0, to);
    return (int)syscall(SYS_link, from, to);
}

/* ---- reading ------------------------------------------------------------------------------------------------------
 */

EXPORT ssize_t read(int fd, void *bytes, size_t size)
{
    if (is_ours(fd) && read_fails())
        return -1;
    return syscall(SYS_read, fd, bytes, size);
}

EXPORT ssize_t pread(int fd, void *bytes, size_t size, off_t at)
{
    if (is_ours(fd) && read_fails())
        return -1;
    return syscall(SYS_pread64, fd, bytes, size, at);
}

EXPORT ssize_t pread64(int fd, void *bytes, size_t size, off_t at)
{
    return pread(fd, bytes, size, at);
}

EXPORT void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t at)
{
    if (is_ours(fd) && read_fails()) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    if (is_ours(fd) && fds[fd].is_recorded && (flags & MAP_SHARED) && (protection & PROT_WRITE))
        record(IO_UNKNOWN, fds[fd].file, 0, NULL);
    return (void *)syscall(SYS_mmap, address, size, protection, flags, fd, at);
}

EXPORT void *mmap64(void *address, size_t size, int protection, int flags, int fd, off_t at)
{
    return mmap(address, size, protection, flags, fd, at);
}

/* ---- allocating ---------------------------------------------------------------------------------------------------
 */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static bool allocation_fails(void)
{
    if (!layer.counts_allocations || !is_hit(ALLOC, next(&layer.count->allocations)))
        return false;
    errno = ENOMEM;
    return true;
}

EXPORT void *malloc(size_t size)
{
    return allocation_fails() ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t n, size_t size)
{
    return allocation_fails() ? NULL : __libc_calloc(n, size);
}

EXPORT void *realloc(void *p, size_t size)
{
    return size && allocation_fails() ? NULL : __libc_realloc(p, size);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
    if (allocation_fails())
        return ENOMEM;
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return allocation_fails() ? NULL : __libc_memalign(alignment, size);
}
