/*
 * lock.c - lock.mdb begins with what LMDB 0.9 keeps there (mdb.c, struct MDB_txninfo): 64 bytes of facts, then the
 * writer's mutex, of which glibc's first word is the thread that holds it.
 */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"

#define NAME_SIZE     (4096 + 16)
#define READERS_BYTES (68 * 1024) /* READERS_MAX slots of 64 bytes, and what is before them */
#define MUTEX_AT      64
#define MUTEX_OWNER   0x3fffffff /* FUTEX_TID_MASK: with its highest bits the kernel says that it waits, or died */
#define POLL_MS       10

int lock_safe_fd(int fd)
{
    if (fd < 0 || fd > 2)
        return fd;
    int above = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    (void)close(fd);
    return above;
}

void low_fds_hold(struct low_fds *low)
{
    low->n = 0;
    for (;;) {
        int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* cannot be written to */
        if (fd > 2)
            (void)close(fd);
        if (fd < 0 || fd > 2)
            return;
        low->fd[low->n++] = fd;
    }
}

void low_fds_release(struct low_fds *low)
{
    while (low->n > 0)
        (void)close(low->fd[--low->n]);
}

/* ---- lock.mdb
 * ------------------------------------------------------------------------------------------------------- */

int lock_readers(const char *folder, int *fd, struct gk_error *error)
{
    char name[NAME_SIZE];
    struct stat st;

    (void)snprintf(name, sizeof name, "%s/lock.mdb", folder);
    *fd = lock_safe_fd(open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (*fd < 0)
        return GK_OK; /* LMDB says what that means */
    if (fstat(*fd, &st) == 0 && st.st_size >= READERS_BYTES && st.st_blocks * 512 >= READERS_BYTES)
        return GK_OK;
    int code = posix_fallocate(*fd, 0, READERS_BYTES);
    if (code == ENOSPC || code == EDQUOT)
        return error_set(error, GK_EFULL, "%s: the disk has no room for the table of readers (%d bytes)", name,
                         READERS_BYTES);
    return GK_OK; /* another failure: a file system that cannot allocate ahead */
}

int lock_turn_begin(const char *folder, int readers_fd, int wait_ms, struct gk_error *error)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};

    for (int waited_ms = 0; readers_fd >= 0; waited_ms += POLL_MS) {
        if (flock(readers_fd, LOCK_EX | LOCK_NB) == 0)
            return GK_OK;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return GK_OK; /* a file system without such locks */
        if (waited_ms >= wait_ms)
            return error_set(error, GK_EBUSY, "%s: another process is in the middle of opening it and does not end it",
                             folder);
        (void)nanosleep(&pause, NULL); /* shorter is as good */
    }
    return GK_OK;
}

void lock_turn_end(int readers_fd)
{
    if (readers_fd >= 0)
        (void)flock(readers_fd, LOCK_UN); /* it is ours, or nobody's */
}

/* ---- one handle a process ---- */

/*
 * A lock of an open file description, as others of this process may open and close the file meanwhile; on the byte of
 * the process's number, as a child that is forked has the description, too.
 */
static struct flock byte_of_process(short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = getpid(), .l_len = 1};
}

int lock_process(const char *folder, int *fd, struct gk_error *error)
{
    struct flock mine = byte_of_process(F_RDLCK), others = byte_of_process(F_WRLCK);
    char name[NAME_SIZE];

    (void)snprintf(name, sizeof name, "%s/data.mdb", folder);
    *fd = lock_safe_fd(open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC)); /* a pipe would wait for a writer */
    if (*fd < 0)
        return GK_OK;                                     /* who reads it says what that means */
    bool is_locked = fcntl(*fd, F_OFD_SETLK, &mine) == 0; /* a file system without such locks: nobody can tell */
    if (is_locked && fcntl(*fd, F_OFD_GETLK, &others) == 0 && others.l_type != F_UNLCK) {
        lock_process_end(*fd);
        *fd = -1;
        return error_set(error, GK_EBUSY,
                         "%s: this process (%ld) has it open already: a process opens a store once and shares the "
                         "handle; so do containers, where processes have the same number",
                         folder, (long)getpid());
    }
    return GK_OK;
}

void lock_process_end(int fd)
{
    struct flock none = byte_of_process(F_UNLCK);

    if (fd < 0)
        return;
    (void)fcntl(fd, F_OFD_SETLK, &none); /* else a child that has the descriptor would keep it */
    (void)close(fd);
}

/* The process of a thread, as this pid namespace sees it. */
static long process_of(long thread)
{
    char name[64], line[128];
    long pid = thread;

    (void)snprintf(name, sizeof name, "/proc/%ld/status", thread);
    FILE *file = fopen(name, "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Tgid: %ld", &pid) == 1)
            break;
    if (file)
        (void)fclose(file); /* was only read */
    return pid;
}

int lock_wait(const char *folder, int readers_fd, int wait_ms, struct gk_error *error)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    uint8_t word[4];

    for (int waited_ms = 0;; waited_ms += POLL_MS) {
        if (readers_fd < 0 || pread(readers_fd, word, sizeof word, MUTEX_AT) != sizeof word)
            return GK_OK;
        uint32_t thread = load_u32(word) & MUTEX_OWNER;
        if (thread == 0)
            return GK_OK;
        if (waited_ms >= wait_ms)
            return error_set(error, GK_EBUSY, "%s: process %ld is in the middle of writing and does not end it", folder,
                             process_of((long)thread));
        (void)nanosleep(&pause, NULL); /* shorter is as good */
    }
}
