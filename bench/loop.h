/*
 * loop.h - a disk of our own, so that the bytes written to it can be counted: an ext4 in a file, on a loop device. Only
 * root can make one.
 */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#define LOOP_PATH_SIZE 600
#define LOOP_WORD_SIZE 160

struct loop {
    char image[LOOP_PATH_SIZE], folder[LOOP_PATH_SIZE], device[32]; /* folder: where it is mounted */
};

/*
 * Makes and mounts it below a folder; the image is in memory where there is a /dev/shm, because bytes are counted and
 * not time. False: word says why not. It is taken down when the program ends, if loop_close was not called.
 */
bool loop_open(struct loop *loop, const char *folder, uint64_t size, char word[LOOP_WORD_SIZE]);
void loop_close(struct loop *loop);
/* Bytes written to the device since it was made, after all that waits was written. */
uint64_t loop_written(const struct loop *loop);

#endif
