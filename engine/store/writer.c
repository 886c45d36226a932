/*
 * writer.c - see writer.h. The lock is one of an open file description: it ends with the process, whatever else opens
 * and closes the file, and others can ask for it without taking it for a moment.
 */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "store/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"

#define NAME_SIZE 4200 /* of a path that store_open takes, and a little */
#define MARK_SIZE 128

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
    return ftruncate(fd, 0) == 0 && pwrite(fd, text, n, 0) == (ssize_t)n ? 0 : errno;
}

int writer_lock(const char *path, int *fd, struct gk_error *error)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char name[NAME_SIZE], text[MARK_SIZE] = "";

    name_of(name, path);
    *fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (*fd < 0)
        return error_set(error, lock_status(errno), "%s: cannot be opened for writing: %s", name, strerror(errno));
    if (fcntl(*fd, F_OFD_SETLK, &lock) != 0) {
        ssize_t n = pread(*fd, text, sizeof text - 1, 0);
        text[n > 0 ? n : 0] = 0;
        return error_set(error, GK_EBUSY, "%s: process %d writes this store already", path, atoi(text));
    }
    (void)snprintf(text, sizeof text, "%ld\n", (long)getpid());
    int code = replace(*fd, text);
    if (code)
        return error_set(error, lock_status(code), "%s: cannot be written: %s", name, strerror(code));
    return GK_OK;
}

/* Same bytes again: what counts is that they are written. */
void writer_ring(int fd)
{
    char text[MARK_SIZE];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());

    if (pwrite(fd, text, (size_t)n, 0) != n)
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
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
        is_good = true;
    else if (pread(fd, text, sizeof text - 1, 0) > 0 && mark_of(path, mark))
        is_good = strcmp(text, mark) == 0;
    (void)close(fd);
    return is_good;
}
