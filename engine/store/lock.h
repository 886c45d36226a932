/*
 * lock.h - what LMDB's own lock.mdb, its table of readers with the writer's mutex, wants from those who use it. And the
 * file descriptors 0 to 2, which no store may get: whoever prints would print into it.
 */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include "base/error.h"

/* The same file under a descriptor above 2; takes -1 and gives it back. */
int lock_safe_fd(int fd);

/* Keeps 0 to 2 taken while somebody else opens files. */
struct low_fds {
    int n, fd[3];
};
void low_fds_hold(struct low_fds *low);
void low_fds_release(struct low_fds *low);

/*
 * Gives lock.mdb its blocks before LMDB maps it: a page that the disk has no room for would end the process by SIGBUS.
 * *fd (-1 where the folder cannot be written) stays open as long as LMDB's own: closing any descriptor of the file
 * gives up what LMDB locks in it.
 */
int lock_readers(const char *folder, int *fd, struct gk_error *error);

/*
 * One process at a time opens: who opens alone makes the table anew, others wait in LMDB for its lock, and if it is
 * killed then, they take a table for good that knows of no transaction - a writer would begin with the first one again.
 * GK_EBUSY after wait_ms: somebody was stopped in the middle of opening. The kernel ends a turn with its process.
 */
int lock_turn_begin(const char *folder, int readers_fd, int wait_ms, struct gk_error *error);
void lock_turn_end(int readers_fd);

/*
 * A process opens a store once: LMDB tells readers by their process, so closing one handle would let the pages of
 * another one's snapshots be used again. Takes the lock of this process on data.mdb, whatever its path; *fd is -1 where
 * the file cannot have locks. GK_EBUSY: this process has it open. What is forked has locks of its own.
 */
int lock_process(const char *folder, int *fd, struct gk_error *error);
/* Of the process that took it: others may have its descriptor. Takes -1. */
void lock_process_end(int fd);

/*
 * Waits until nobody holds LMDB's writer's mutex, for which LMDB itself would wait for ever; at most so long. GK_EBUSY
 * names who holds it: a process that was stopped in the middle of a transaction, and does not know lock.writer.
 */
int lock_wait(const char *folder, int readers_fd, int wait_ms, struct gk_error *error);

#endif
