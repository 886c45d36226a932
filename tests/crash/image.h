/*
 * image.h - the bytes of a file whose hash follows its changes: of thousands of states of a file that differ in a few
 * pages, each is made, told from the others and written by these pages alone.
 */
#ifndef TESTS_IMAGE_H
#define TESTS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image { /* {0} is an empty file */
    uint8_t *at;
    size_t size, capacity; /* between the two all is zero */
    uint64_t *pages;       /* the hash of each page; 0: not known */
};

/* What is new is zero. */
void image_resize(struct image *image, size_t size);
/* Past the end it grows. */
void image_write(struct image *image, uint64_t at, const void *bytes, size_t size);
/* Makes it equal to another one, by the pages in which they differ. */
void image_follow(struct image *image, struct image *other);
uint64_t image_hash(struct image *image);
void image_clear(struct image *image);

/* Makes the file of this path equal to it, whatever was there; false with errno. */
bool image_put(const struct image *image, const char *path);

/* For hashes of what goes with it. */
uint64_t hash_bytes(uint64_t h, const void *bytes, size_t size);

#endif
