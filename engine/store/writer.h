/*
 * writer.h - the file lock.writer: who writes a store, and whether its file is as the last writer left it.
 *
 *     a writer at work    PID HOST; the file is locked
 *     closed in order     closed INODE SIZE SECONDS NANOSECONDS    of data.mdb, when the writer was done with it
 *
 * Whatever else it says, or that does not fit the file: a crash, a copy, a change by somebody else. Then the pages are
 * looked at before they are believed.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include <stdbool.h>

#include "base/error.h"

/* Makes this process the writer until *fd is closed. GK_EBUSY names the other one. */
int writer_lock(const char *path, int *fd, struct gk_error *error);
/* Wakes whoever watches the file for changes. */
void writer_ring(int fd);
/* Before *fd is closed, when the file was never seen in trouble and nothing writes it any more. */
void writer_vouch(const char *path, int fd);
/* Whether the file need not be looked at: a writer, who looked, is at work, or the last one has left it like this. */
bool writer_vouches(const char *path);

#endif
