/*
 * writer.c - see writer.h. The lock is one of an open file description: it ends with the process, whatever else opens
 * and closes the file, and others can ask for it without taking it for a moment. The text is written over in place and
 * never cut to nothing first, as a full disk would not give the block back. A pid alone means nothing in another
 * container: the host stands behind it.
 */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "store/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lock.h"
#include "store/store.h"

#define NAME_SIZE 4200 /* of a path that store_open takes, and a little */
#define MARK_SIZE 128
#define HOST_SIZE 65

static void name_of(char name[NAME_SIZE], const char *path)
{
    (void)snprintf(name, NAME_SIZE, "%s/lock.writer", path);
}

static int lock_status(int code)
{
    return code == EACCES || code == EROFS || code == EPERM ? GK_EREADONLY
           : code == ENOSPC || code == EDQUOT               ? GK_EFULL
           : code == ENOENT                                 ? GK_ENOTFOUND
                                                            : GK_EIO;
}

static int replace(int fd, const char *text)
{
    size_t n = strlen(text);
    return pwrite(fd, text, n, 0) == (ssize_t)n && ftruncate(fd, (off_t)n) == 0 ? 0 : errno;
}

static void host_name(char host[HOST_SIZE])
{
    host[HOST_SIZE - 1] = 0;
    if (gethostname(host, HOST_SIZE - 1) != 0 || host[0] == 0)
        (void)snprintf(host, HOST_SIZE, "localhost");
    for (char *p = host; *p; p++)
        if (*p <= ' ' || *p > '~')
            *p = '_';
}

/* Of a writer at work. */
static void own_mark(char text[MARK_SIZE])
{
    char host[HOST_SIZE];

    host_name(host);
    (void)snprintf(text, MARK_SIZE, "%ld %s\n", (long)getpid(), host);
}

static int busy(const char *path, int fd, struct gk_error *error)
{
    char text[MARK_SIZE] = "", host[HOST_SIZE] = "", own[HOST_SIZE];
    long pid = 0;

    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    if (sscanf(text, "%ld %64s", &pid, host) < 1 || pid <= 0)
        return error_set(error, GK_EBUSY, "%s: another process writes this store already", path);
    host_name(own);
    if (host[0] && strcmp(host, own) != 0)
        return error_set(error, GK_EBUSY, "%s: process %ld of host or container %s writes this store already", path,
                         pid, host);
    bool is_gone = kill((pid_t)pid, 0) != 0 && errno == ESRCH;
    return error_set(error, GK_EBUSY, "%s: process %ld writes this store already%s", path, pid,
                     is_gone ? " (it has ended, but a child of it is left and holds the lock)" : "");
}

/* Whether the name still leads to the file that was locked, and not to one that took its place meanwhile. */
static bool is_still(const char *name, int fd)
{
    struct stat at, of;
    return stat(name, &at) == 0 && fstat(fd, &of) == 0 && at.st_dev == of.st_dev && at.st_ino == of.st_ino;
}

int writer_lock(const char *path, int *fd, struct gk_error *error)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char name[NAME_SIZE], text[MARK_SIZE];

    name_of(name, path);
    for (;;) {
        *fd = lock_safe_fd(open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
        if (*fd < 0)
            return error_set(error, lock_status(errno), "%s: cannot be opened for writing: %s", name, strerror(errno));
        if (fcntl(*fd, F_OFD_SETLK, &lock) != 0)
            return busy(path, *fd, error);
        if (is_still(name, *fd))
            break;
        (void)close(*fd);
    }
    own_mark(text);
    int code = replace(*fd, text);
    if (code)
        return error_set(error, lock_status(code), "%s: cannot be written: %s", name, strerror(code));
    return GK_OK;
}

/* Same bytes again: what counts is that they are written. */
void writer_ring(int fd)
{
    char text[MARK_SIZE];

    own_mark(text);
    if (pwrite(fd, text, strlen(text), 0) < 0)
        return; /* who is not woken asks again after a while */
}

/* What the mark of a file that was left in order says; false: there is no file. */
static bool mark_of(const char *path, char mark[MARK_SIZE])
{
    char name[NAME_SIZE];
    struct stat st;

    (void)snprintf(name, sizeof name, "%s/" STORE_DATA_FILE, path);
    if (stat(name, &st) != 0)
        return false;
    (void)snprintf(mark, MARK_SIZE, "closed %llu %llu %lld %ld\n", (unsigned long long)st.st_ino,
                   (unsigned long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    return true;
}

void writer_vouch(const char *path, int fd)
{
    char mark[MARK_SIZE];

    if (mark_of(path, mark))
        (void)replace(fd, mark); /* without it the next one looks at the file: no harm */
}

bool writer_vouches(const char *path)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    char name[NAME_SIZE], mark[MARK_SIZE], text[MARK_SIZE] = "";
    bool is_good = false;

    name_of(name, path);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
        is_good = true;
    else if (pread(fd, text, sizeof text - 1, 0) > 0 && mark_of(path, mark))
        is_good = strcmp(text, mark) == 0;
    (void)close(fd);
    return is_good;
}
