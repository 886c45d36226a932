/*
 * disk.h - a small disk of its own for a test that fills it: a tmpfs that only this process sees and that goes with it.
 * Needs root or user namespaces; where there are neither, the test says that it was skipped.
 */
#ifndef SUPPORT_DISK_H
#define SUPPORT_DISK_H

#include <stdbool.h>
#include <stdint.h>

/* Mounts `size` bytes on a folder; false where that is not allowed. */
bool disk_mount(const char *folder, uint64_t size);
void disk_unmount(const char *folder);
/* Takes all room but `left` bytes, into a file `filler` of the folder; less than was taken before gives some back. */
void disk_fill(const char *folder, uint64_t left);
uint64_t disk_room(const char *folder);

#endif
