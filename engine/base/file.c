/*
 * file.c - small files that are there whole or not at all: written beside under another name, synced, renamed, and
 * the folder synced.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define PATH_SIZE 4096

static int status_of(int code)
{
    switch (code) {
    case ENOENT:
        return GK_ENOTFOUND;
    case ENOSPC:
    case EDQUOT:
        return GK_EFULL;
    case EACCES:
    case EPERM:
    case EROFS:
        return GK_EREADONLY;
    default:
        return GK_EIO;
    }
}

static int fail(const char *path, const char *doing, struct gk_error *error)
{
    char text[128] = "";
    int code = errno;

    if (strerror_r(code, text, sizeof text) != 0)
        text[0] = 0;
    return error_set(error, status_of(code), "%s: %s: %s", path, doing, text);
}

static int path_of(const char *folder, const char *prefix, const char *name, char out[PATH_SIZE],
                   struct gk_error *error)
{
    int n = snprintf(out, PATH_SIZE, "%s/%s%s", folder, prefix, name);
    return n > 0 && n < PATH_SIZE ? GK_OK : error_set(error, GK_EINVAL, "%s: the path is too long", folder);
}

int file_sync(const char *folder, struct gk_error *error)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 || fsync(fd) != 0 ? fail(folder, "cannot be synced", error) : GK_OK;

    if (fd >= 0)
        (void)close(fd); /* nothing was written through it */
    return rc;
}

/* One that is there may have been made by a process that was killed before its name was durable. */
int file_make_folder(const char *folder, struct gk_error *error)
{
    char parent[PATH_SIZE];
    int rc;

    if (mkdir(folder, 0770) != 0 && errno != EEXIST)
        return fail(folder, "cannot make the folder", error);
    TRY(path_of(folder, "", "..", parent, error));
    TRY(file_sync(parent, error));
done:
    return rc;
}

static int write_all(int fd, const char *path, const char *bytes, size_t size, struct gk_error *error)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(path, "cannot be written", error);
        bytes += n;
        size -= (size_t)n;
    }
    return fsync(fd) == 0 ? GK_OK : fail(path, "cannot be synced", error);
}

int file_write(const char *folder, const char *name, const void *bytes, size_t size, struct gk_error *error)
{
    char path[PATH_SIZE], beside[PATH_SIZE] = "";
    int rc, fd = -1;

    TRY(path_of(folder, "", name, path, error));
    TRY(path_of(folder, ".", name, beside, error));
    fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0660);
    if (fd < 0)
        TRY(fail(beside, "cannot be made", error));
    TRY(write_all(fd, beside, bytes, size, error));
    if (rename(beside, path) != 0)
        TRY(fail(path, "cannot get its name", error));
    TRY(file_sync(folder, error));
done:
    if (fd >= 0)
        (void)close(fd); /* it is synced, or given up */
    if (rc != GK_OK && fd >= 0)
        (void)unlink(beside); /* tidying: the next writing truncates it */
    return rc;
}

int file_read(const char *folder, const char *name, size_t max, struct buffer *out, struct gk_error *error)
{
    char path[PATH_SIZE];
    struct stat st;
    int rc, fd = -1;

    TRY(path_of(folder, "", name, path, error));
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        TRY(fail(path, "cannot be opened", error));
    if (fstat(fd, &st) != 0)
        TRY(fail(path, "cannot be looked at", error));
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > max)
        TRY(error_set(error, GK_ERANGE, "%s: expected a plain file of at most %zu bytes", path, max));
    uint8_t *bytes = buffer_extend(out, (size_t)st.st_size);
    if (!bytes)
        TRY(error_set(error, GK_ENOMEM, "%s: out of memory", path));
    ssize_t n = read(fd, bytes, (size_t)st.st_size); /* a plain file gives all at once */
    if (n < 0)
        TRY(fail(path, "cannot be read", error));
    out->size -= (size_t)(st.st_size - n);
done:
    if (fd >= 0)
        (void)close(fd); /* nothing was written */
    return rc;
}

int file_remove(const char *folder, const char *name, struct gk_error *error)
{
    char path[PATH_SIZE];
    int rc;

    TRY(path_of(folder, "", name, path, error));
    if (unlink(path) != 0 && errno != ENOENT)
        TRY(fail(path, "cannot be removed", error));
done:
    return rc;
}
