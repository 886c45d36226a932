/*
 * cuts.c - power cuts on real file systems. An ext4 or xfs lies in a file on a loop device; while a child lives, the
 * file system is shut down without its log being written (FS_IOC_SHUTDOWN), which is what a power cut is to it. It is
 * unmounted, mounted again (and replays its log), and the store is inspected. Needs root, loop devices, mkfs.
 */
#define _GNU_SOURCE /* unshare */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crash/crash.h"

#define FS_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#define NO_LOG_FLUSH    2
#define STEPS           120 /* of a life; then a new one begins */

struct disk {
    const char *type, *make, *mount_at;
    char device[64];
    bool is_mounted;
};

/* ---- the disk
 * ------------------------------------------------------------------------------------------------------------ */

static bool shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool shell(const char *format, ...)
{
    char command[3 * CRASH_PATH];
    va_list list;

    va_start(list, format);
    (void)vsnprintf(command, sizeof command, format, list);
    va_end(list);
    return system(command) == 0;
}

static bool mount_disk(struct disk *disk)
{
    disk->is_mounted = mount(disk->device, disk->mount_at, disk->type, MS_RELATIME, "") == 0;
    return disk->is_mounted;
}

/* Just after its processes died the kernel may still be busy with them. */
static bool unmount_disk(struct disk *disk)
{
    for (int i = 0; i < 200; i++) {
        struct timespec t = {0, 5000000};
        if (umount(disk->mount_at) == 0) {
            disk->is_mounted = false;
            return true;
        }
        (void)nanosleep(&t, NULL);
    }
    return false;
}

/* The reason why not, or NULL. */
static const char *make_disk(struct crash *crash, struct disk *disk)
{
    const char *image = crash_path(crash, disk->type);

    if (geteuid() != 0)
        return "not root";
    if (!shell("command -v mkfs.%s >/dev/null && command -v losetup >/dev/null", disk->type))
        return "no mkfs or losetup";
    if (!shell("truncate -s 320M %s && %s %s >/dev/null 2>&1", image, disk->make, image))
        return "mkfs failed";
    if (!shell("losetup -f --show %s >%s.device 2>/dev/null", image, image))
        return "no loop device";
    FILE *file = fopen(crash_path(crash, strcmp(disk->type, "xfs") == 0 ? "xfs.device" : "ext4.device"), "r");
    bool is_read = file && fscanf(file, "%63s", disk->device) == 1;
    if (file)
        (void)fclose(file);
    if (!is_read || (mkdir(disk->mount_at, 0750) != 0 && errno != EEXIST) || !mount_disk(disk))
        return "cannot be mounted";
    return NULL;
}

static void drop_disk(struct crash *crash, struct disk *disk)
{
    if (disk->is_mounted)
        (void)unmount_disk(disk);
    if (disk->device[0])
        (void)shell("losetup -d %s", disk->device);
    (void)unlink(crash_path(crash, disk->type));
}

static bool cut_power(struct disk *disk)
{
    uint32_t how = NO_LOG_FLUSH;
    int fd = open(disk->mount_at, O_RDONLY | O_DIRECTORY);
    bool is_cut = fd >= 0 && ioctl(fd, FS_IOC_SHUTDOWN, &how) == 0;
    if (fd >= 0)
        (void)close(fd);
    return is_cut;
}

/* ---- cutting
 * ------------------------------------------------------------------------------------------------------------- */

struct cutting {
    struct crash *crash;
    struct disk *disk;
    struct life *life;
    struct random random;
    const char *folder, *store; /* the store is in it */
    uint64_t acknowledged, n_lives, n_acknowledged;
};

static bool complain(struct cutting *c, const char *what)
{
    return crash_complain(c->crash, c->life, "%s: %llu acknowledged: %s", c->disk->type,
                          (unsigned long long)c->acknowledged, what);
}

static bool live_and_cut(struct cutting *c)
{
    struct timespec t = {0, (long)random_below(&c->random, 15000) * 1000};
    uint32_t from = c->acknowledged ? (uint32_t)c->acknowledged - 1 : 0;
    int ends[2], status;

    if (pipe(ends) != 0)
        return complain(c, "no pipe");
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        int nowhere = open("/dev/null", O_WRONLY);
        (void)dup2(nowhere, 2);        /* of course it sees errors */
        (void)signal(SIGBUS, SIG_DFL); /* it reads through the map of a disk that is gone, and has no guard */
        _exit(live(c->life, c->store, from, c->life->n_steps - 2, false, ends[1]));
    }
    (void)close(ends[1]);
    if (random_below(&c->random, 8))
        c->acknowledged = live_acknowledged(ends[0], 1 + random_below(&c->random, 12), c->acknowledged);
    (void)nanosleep(&t, NULL);
    bool is_cut = cut_power(c->disk);
    (void)kill(child, SIGKILL);
    c->acknowledged = live_acknowledged(ends[0], UINT64_MAX, c->acknowledged);
    (void)close(ends[0]);
    (void)waitpid(child, &status, 0);
    if (!is_cut)
        return complain(c, "the file system cannot be shut down");
    if (WIFEXITED(status) && WEXITSTATUS(status) == LIVE_WRONG)
        return complain(c, "the child saw something wrong");
    return (unmount_disk(c->disk) && mount_disk(c->disk)) || complain(c, "cannot be mounted again");
}

static bool begin_life(struct cutting *c)
{
    if (c->life && c->acknowledged + 4 <= c->life->n_steps)
        return true;
    life_free(c->life);
    crash_remove(c->folder);
    if (mkdir(c->folder, 0750) != 0)
        return complain(c, "no folder");
    sync();
    c->n_acknowledged += c->acknowledged;
    c->acknowledged = 0;
    c->life = crash_life(c->crash, c->crash->seed + c->n_lives++, STEPS);
    return c->life != NULL;
}

static bool cut_disk(struct crash *crash, struct disk *disk, uint64_t n)
{
    struct cutting c = {.crash = crash, .disk = disk, .random = random_from(crash->seed)};
    char words[LIFE_WORDS];
    double begin = crash_seconds(crash);
    bool is_right = true;

    bool is_xfs = strcmp(disk->type, "xfs") == 0;
    c.folder = crash_path(crash, is_xfs ? "on-xfs/life" : "on-ext4/life");
    c.store = crash_path(crash, is_xfs ? "on-xfs/life/store" : "on-ext4/life/store");
    uint64_t i = 0;

    for (; i < n && is_right && !crash_is_stopped(); i++) {
        uint32_t reached = 0;
        crash_is_doing("a power cut");
        is_right = begin_life(&c) && live_and_cut(&c);
        if (is_right && !inspect(c.life, c.store, c.acknowledged, random_below(&c.random, 2), &reached, words))
            is_right = complain(&c, words);
        c.acknowledged = reached + 1;
        crash_progress(crash, disk->type, i + 1, n);
    }
    (void)printf("cuts: %llu on %s in %llu lives, %llu acknowledged steps; %.0f s\n", (unsigned long long)i, disk->type,
                 (unsigned long long)c.n_lives, (unsigned long long)(c.n_acknowledged + c.acknowledged),
                 crash_seconds(crash) - begin);
    life_free(c.life);
    return is_right;
}

bool crash_cuts(struct crash *crash, uint64_t n)
{
    struct disk disks[] = {{.type = "ext4", .make = "mkfs.ext4 -q -F", .mount_at = crash_path(crash, "on-ext4")},
                           {.type = "xfs", .make = "mkfs.xfs -q -f", .mount_at = crash_path(crash, "on-xfs")}};
    bool is_right = true;

    /* Mounts of this process alone: they go when it does. */
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        (void)printf("cuts: skipped: no mounts of our own: %s\n", strerror(errno));
        return true;
    }
    for (size_t i = 0; i < sizeof disks / sizeof disks[0] && is_right; i++) {
        const char *reason = make_disk(crash, &disks[i]);
        if (reason)
            (void)printf("cuts: %s skipped: %s\n", disks[i].type, reason);
        else
            is_right = cut_disk(crash, &disks[i], n);
        drop_disk(crash, &disks[i]);
    }
    return is_right;
}
