/*
 * iolayer.h - what the recording layer between a program and its files says and is told.
 *
 * iolayer.so is loaded in front of libc (LD_PRELOAD) and stands between a program and the files below one folder:
 *
 *     IO_ROOT=folder         whose files; nothing else is touched
 *     IO_TRACE=file          records every change: struct io_record, then its data
 *     IO_FAULT=kind:n[:k]    the n-th call of the kind and the k - 1 after it fail (k 0: for ever; default 1)
 *     IO_COUNT=file          struct io_count, kept up to date while the program runs, so that it outlives kill -9
 *     IO_LIE=1               syncs say yes and do nothing: what a lying disk does, to see that a test would notice
 *
 *     kind      counts                                what the call does
 *     eio       changes: write, sync, create, ...     nothing, EIO
 *     enospc    changes                               nothing, ENOSPC
 *     late      changes                               its work, but says EIO; a sync loses what it should have written,
 *                                                     and the next sync does not know (Linux marks the pages clean)
 *     dying     writes by O_DSYNC                     late; then k - 1 changes of any sort fail with EIO
 *     short     writes                                half of it
 *     read      opening, reading, mapping             nothing, EIO (a map: ENOMEM)
 *     alloc     malloc and its like, from io_mark on  NULL
 *
 * Not seen: stdio inside libc, renames and the like relative to a folder descriptor, stores into shared writable maps
 * (they are recorded as IO_UNKNOWN, so that nobody believes the trace). LMDB's lock file is no part of what a power cut
 * leaves: its calls are counted and fail, but are not recorded.
 */
#ifndef TESTS_IOLAYER_H
#define TESTS_IOLAYER_H

#include <stdint.h>

/* A file keeps its number when it is renamed. Data are a path below the root where the line says so. */
enum io_op {
    IO_CREATE = 1, /* file; path */
    IO_FOLDER,     /* file; path: a folder was made */
    IO_RENAME,     /* file, or a folder with all that is in it; the new path */
    IO_UNLINK,     /* file */
    IO_WRITE,      /* file, at, size; bytes */
    IO_WRITE_SYNC, /* the same by a descriptor with O_SYNC or O_DSYNC: durable when it returns */
    IO_TRUNCATE,   /* file, at: the new size */
    IO_SYNC,       /* file or folder */
    IO_SYNC_LOST,  /* file: what was written since the last sync will never reach the disk, or did so by chance */
    IO_MARK,       /* at: what the program acknowledged, see io_mark */
    IO_FAILED,     /* a call is made to fail here */
    IO_UNKNOWN     /* something this layer does not follow */
};

struct io_record {
    uint32_t op, file;
    uint64_t at, size; /* size: of the data that follow */
};

struct io_count {
    uint64_t changes, writes, forced, reads, allocations; /* forced: writes by O_DSYNC */
    uint64_t n_failed;                                    /* calls that were made to fail */
};

/* The program under test tells what it acknowledged; absent (NULL) when it runs without the layer. */
void io_mark(uint64_t acknowledged) __attribute__((weak));

#endif
