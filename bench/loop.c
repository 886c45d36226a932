/*
 * loop.c - see loop.h. The work is done by losetup, mkfs.ext4 and mount, as a person would.
 */
#define _GNU_SOURCE /* syncfs: all of one file system, not of all */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

#define SECTOR       512 /* of /sys/block/.../stat, whatever the device has */
#define COMMAND_SIZE 2048

static struct loop *open_loop;

static bool run(const char *command)
{
    return system(command) == 0; /* NOLINT: paths are ours */
}

static bool attach(struct loop *loop)
{
    char command[COMMAND_SIZE];
    FILE *from;
    bool is_said;

    snprintf(command, sizeof command, "losetup -f --show '%s' 2>/dev/null", loop->image);
    from = popen(command, "r");
    if (from == NULL)
        return false;
    is_said = fgets(loop->device, sizeof loop->device, from) != NULL;
    if (pclose(from) != 0 || !is_said)
        return false;
    loop->device[strcspn(loop->device, "\n")] = '\0';
    return true;
}

static bool mount_it(const struct loop *loop)
{
    char command[COMMAND_SIZE];

    snprintf(command, sizeof command, "mkfs.ext4 -q '%s' >/dev/null 2>&1 && mount '%s' '%s' 2>/dev/null", loop->device,
             loop->device, loop->folder);
    return run(command);
}

static bool make_image(struct loop *loop, const char *folder, uint64_t size)
{
    bool is_in_memory = access("/dev/shm", W_OK) == 0;
    int file;

    snprintf(loop->image, sizeof loop->image, "%s/gk-bench.XXXXXX", is_in_memory ? "/dev/shm" : folder);
    file = mkstemp(loop->image);
    if (file < 0)
        return false;
    bool is_long = ftruncate(file, (off_t)size) == 0;
    close(file);
    snprintf(loop->folder, sizeof loop->folder, "%.500s/loop", folder);
    return is_long && mkdir(loop->folder, 0700) == 0;
}

static void take_down(void)
{
    if (open_loop != NULL)
        loop_close(open_loop);
}

bool loop_open(struct loop *loop, const char *folder, uint64_t size, char word[LOOP_WORD_SIZE])
{
    static bool is_registered;

    *loop = (struct loop){.image = ""};
    if (geteuid() != 0) {
        snprintf(word, LOOP_WORD_SIZE, "only root can make a loop device");
        return false;
    }
    open_loop = loop;
    if (!is_registered)
        (void)atexit(take_down); /* a failure only leaves a mount behind */
    is_registered = true;
    if (make_image(loop, folder, size) && attach(loop) && mount_it(loop))
        return true;
    loop_close(loop);
    snprintf(word, LOOP_WORD_SIZE, "no loop device could be made, formatted and mounted here");
    return false;
}

void loop_close(struct loop *loop)
{
    char command[COMMAND_SIZE];

    open_loop = NULL;
    if (loop->device[0] != '\0') {
        snprintf(command, sizeof command, "umount '%s' 2>/dev/null; losetup -d '%s' 2>/dev/null", loop->folder,
                 loop->device);
        (void)run(command); /* whoever looks sees what is left behind */
    }
    if (loop->folder[0] != '\0')
        (void)rmdir(loop->folder);
    if (loop->image[0] != '\0')
        (void)unlink(loop->image);
    *loop = (struct loop){.image = ""};
}

static void flush(const struct loop *loop)
{
    int folder = open(loop->folder, O_RDONLY | O_DIRECTORY);

    if (folder < 0 || syncfs(folder) != 0)
        harness_fail("%s: %s", loop->folder, strerror(errno));
    close(folder);
}

uint64_t loop_written(const struct loop *loop)
{
    char path[LOOP_PATH_SIZE];
    unsigned long long sectors = 0;
    FILE *file;

    flush(loop);
    snprintf(path, sizeof path, "/sys/block/%s/stat", strrchr(loop->device, '/') + 1);
    file = fopen(path, "r");
    /* Reads: requests, merged, sectors, ms; then the same of writes. */
    if (file == NULL || fscanf(file, "%*u %*u %*u %*u %*u %*u %llu", &sectors) != 1)
        harness_fail("%s: cannot be read", path);
    fclose(file);
    return (uint64_t)sectors * SECTOR;
}
