/*
 * ballast.c - a file of allocated blocks: so many as its size says. Nothing is synced, as one that a power cut took is
 * laid again.
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

static uint64_t room_of(const char *folder)
{
    struct statvfs fs;
    return statvfs(folder, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : 0;
}

/* From a size that it has, to one that it is to have: all of it or nothing. */
static bool grow(const char *folder, uint64_t from, uint64_t to)
{
    char name[NAME_SIZE];

    name_of(folder, name);
    int fd = lock_safe_fd(open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (fd < 0)
        return false;
    bool is_laid = posix_fallocate(fd, 0, (off_t)to) == 0;
    bool is_as_before = is_laid || (from > 0 && ftruncate(fd, (off_t)from) == 0);
    (void)close(fd);
    if (!is_as_before)
        (void)unlink(name); /* half of one would be counted on */
    return is_laid;
}

bool ballast_lay(const char *folder, uint64_t size)
{
    uint64_t has = ballast_size(folder);

    return has >= size || (room_of(folder) >= 2 * size && grow(folder, has, size));
}

bool ballast_lay_rest(const char *folder, uint64_t size)
{
    uint64_t has = ballast_size(folder), room = room_of(folder) & ~UINT64_C(4095);

    for (; has < size && room > 0; room = room / 2 & ~UINT64_C(4095))
        if (grow(folder, has, has + room < size ? has + room : size))
            break;
    return ballast_size(folder) >= size;
}

bool ballast_give_up(const char *folder, uint64_t size)
{
    uint64_t has = ballast_size(folder);
    char name[NAME_SIZE];

    name_of(folder, name);
    if (size == 0 || size >= has)
        return has > 0 && unlink(name) == 0;
    return truncate(name, (off_t)(has - size)) == 0;
}
