/*
 * header.c - see header.h. When the sync of a header fails, the disk may have it or not, LMDB writes the old one over
 * it in memory, if it can, and the kernel takes pages for clean that it could not write. Whoever opens the file next
 * sees one of the two headers and builds on it, and a power cut brings up the other: the pages it speaks of are
 * overwritten by then, or rows are gone that were found there. So a writer writes both again, as they are, and syncs.
 */
#include "store/header.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#define HEADERS 2
#define SECTOR  512 /* a header is in the first one of its page, so that no cut tears it */

int header_force(MDB_env *env)
{
    uint8_t bytes[SECTOR];
    MDB_stat stat;
    int fd;

    (void)mdb_env_stat(env, &stat); /* fail only for NULL */
    (void)mdb_env_get_fd(env, &fd);
    for (int i = 0; i < HEADERS; i++) {
        off_t at = (off_t)i * stat.ms_psize;
        errno = EIO; /* for what is shorter than asked for */
        if (pread(fd, bytes, SECTOR, at) != SECTOR || pwrite(fd, bytes, SECTOR, at) != SECTOR)
            return errno;
    }
    return fdatasync(fd) == 0 ? 0 : errno;
}
