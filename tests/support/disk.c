/*
 * disk.c - tmpfs in a mount namespace of the process.
 */
#define _GNU_SOURCE /* unshare */
#include "support/disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "support/support.h"

/* As root at once; else as root of a user namespace. */
static bool leave(void)
{
    static bool has_left;
    uid_t uid = getuid();

    if (has_left)
        return true;
    if (unshare(CLONE_NEWNS) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
            return false;
        FILE *map = fopen("/proc/self/uid_map", "w");
        if (!map || fprintf(map, "0 %u 1\n", uid) < 0 || fclose(map) != 0)
            return false;
    }
    has_left = mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    return has_left;
}

bool disk_mount(const char *folder, uint64_t size)
{
    char options[64];

    (void)snprintf(options, sizeof options, "size=%llu", (unsigned long long)size);
    return leave() && mount("gk-test", folder, "tmpfs", 0, options) == 0;
}

void disk_unmount(const char *folder)
{
    assert_int_equal(umount2(folder, MNT_DETACH), 0);
}

uint64_t disk_room(const char *folder)
{
    struct statvfs fs;
    assert_int_equal(statvfs(folder, &fs), 0);
    return (uint64_t)fs.f_bavail * fs.f_frsize;
}

void disk_fill(const char *folder, uint64_t left)
{
    char name[4200];
    struct stat st;

    (void)snprintf(name, sizeof name, "%s/filler", folder);
    int fd = open(name, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    uint64_t room = disk_room(folder) + (uint64_t)st.st_size;
    uint64_t size = room > left ? (room - left) & ~UINT64_C(4095) : 0;
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(size ? posix_fallocate(fd, 0, (off_t)size) : 0, 0);
    assert_int_equal(close(fd), 0);
}
