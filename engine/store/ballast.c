/*
 * ballast.c - a file of allocated blocks. Its name is taken away before its blocks are, so that one that is there has
 * them; nothing is synced, as one that a power cut took is laid again.
 */
#include "store/ballast.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/lock.h"

#define NAME_SIZE (4096 + 16)

static void name_of(const char *folder, char name[NAME_SIZE])
{
    (void)snprintf(name, NAME_SIZE, "%s/ballast", folder); /* the folder's length was tested */
}

uint64_t ballast_size(const char *folder)
{
    char name[NAME_SIZE];
    struct stat st;

    name_of(folder, name);
    return lstat(name, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

static bool has_room(const char *folder, uint64_t size)
{
    struct statvfs fs;
    return statvfs(folder, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize >= size;
}

bool ballast_lay(const char *folder, uint64_t size)
{
    char name[NAME_SIZE];

    if (ballast_size(folder) >= size)
        return true;
    if (!has_room(folder, 2 * size))
        return false;
    name_of(folder, name);
    int fd = lock_safe_fd(open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (fd < 0)
        return false;
    bool is_laid = posix_fallocate(fd, 0, (off_t)size) == 0;
    (void)close(fd);
    if (!is_laid)
        (void)unlink(name); /* half of one would be counted on */
    return is_laid;
}

bool ballast_give_up(const char *folder)
{
    char name[NAME_SIZE];

    name_of(folder, name);
    return ballast_size(folder) > 0 && unlink(name) == 0;
}
