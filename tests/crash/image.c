/*
 * image.c - see image.h. A page that is written loses its hash, and has one again when somebody asks.
 */
#include "crash/image.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096 /* LMDB's: what changes together */

static size_t pages_of(size_t size)
{
    return (size + PAGE - 1) / PAGE;
}

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 32;
}

uint64_t hash_bytes(uint64_t h, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    uint64_t word;

    for (; size >= 8; size -= 8, p += 8) {
        memcpy(&word, p, 8);
        h = mix(h, word);
    }
    word = size;
    if (size > 0)
        memcpy(&word, p, size);
    h = (h ^ word ^ (uint64_t)size << 56) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 29;
}

/* ---- changes ------------------------------------------------------------------------------------------------------
 */

static void *resized(void *old, size_t size)
{
    void *p = realloc(old, size);
    if (!p)
        abort();
    return p;
}

void image_resize(struct image *image, size_t size)
{
    if (size > image->capacity) {
        size_t capacity = pages_of(size + size / 2 + PAGE) * PAGE;
        image->at = resized(image->at, capacity);
        memset(image->at + image->capacity, 0, capacity - image->capacity);
        image->pages = resized(image->pages, capacity / PAGE * sizeof *image->pages);
        memset(image->pages + image->capacity / PAGE, 0, (capacity - image->capacity) / PAGE * sizeof *image->pages);
        image->capacity = capacity;
    }
    if (size < image->size) {
        size_t page = size / PAGE;
        memset(image->at + size, 0, image->size - size);
        memset(image->pages + page, 0, (pages_of(image->size) - page) * sizeof *image->pages);
    }
    image->size = size;
}

void image_write(struct image *image, uint64_t at, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    if (at + size > image->size)
        image_resize(image, at + size);
    memcpy(image->at + at, bytes, size);
    for (size_t page = at / PAGE; page < pages_of(at + size); page++)
        image->pages[page] = 0;
}

/* Four lanes, as each waits for its multiplication. Of a page the hash is of its place as well; never 0. */
static uint64_t hash_page(uint64_t number, const uint8_t *page)
{
    uint64_t h[4] = {number, 1, 2, 3}, word;

    for (size_t at = 0; at < PAGE; at += sizeof h)
        for (size_t i = 0; i < 4; i++) {
            memcpy(&word, page + at + 8 * i, 8);
            h[i] = mix(h[i], word);
        }
    return hash_bytes(PAGE, h, sizeof h) | 1;
}

static void hash_pages(struct image *image)
{
    for (size_t page = 0; page < pages_of(image->size); page++)
        if (image->pages[page] == 0)
            image->pages[page] = hash_page(page, image->at + page * PAGE);
}

void image_follow(struct image *image, struct image *other)
{
    hash_pages(other);
    image_resize(image, other->size);
    for (size_t page = 0; page < pages_of(other->size); page++)
        if (image->pages[page] != other->pages[page]) {
            memcpy(image->at + page * PAGE, other->at + page * PAGE, PAGE);
            image->pages[page] = other->pages[page];
        }
}

uint64_t image_hash(struct image *image)
{
    hash_pages(image);
    return hash_bytes(image->size, image->pages, pages_of(image->size) * sizeof *image->pages);
}

void image_clear(struct image *image)
{
    free(image->at);
    free(image->pages);
    *image = (struct image){0};
}

/* ---- a file -------------------------------------------------------------------------------------------------------
 */

static bool put_bytes(int fd, const struct image *image, size_t from, size_t to)
{
    return from == to || pwrite(fd, image->at + from, to - from, (off_t)from) == (ssize_t)(to - from);
}

/* Writes the runs of pages that are others in the file, of which `size` bytes are there. */
static bool put_pages(int fd, const struct image *image, const uint8_t *there, size_t size)
{
    size_t from = 0, at = 0;

    for (; at < size; at += PAGE) {
        size_t n = size - at < PAGE ? size - at : PAGE;
        if (memcmp(there + at, image->at + at, n) != 0)
            continue;
        if (!put_bytes(fd, image, from, at))
            return false;
        from = at + n;
    }
    return put_bytes(fd, image, from, image->size);
}

static bool put_open(int fd, const struct image *image)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return false;
    if ((size_t)st.st_size > image->size && ftruncate(fd, (off_t)image->size) != 0)
        return false;
    size_t size = (size_t)st.st_size < image->size ? (size_t)st.st_size : image->size;
    if (size == 0)
        return put_bytes(fd, image, 0, image->size);
    void *there = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    bool is_done = there != MAP_FAILED && put_pages(fd, image, there, size);
    if (there != MAP_FAILED)
        (void)munmap(there, size);
    return is_done;
}

bool image_put(const struct image *image, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT, 0640);
    bool is_done = fd >= 0 && put_open(fd, image);

    return (fd < 0 || close(fd) == 0) && is_done;
}
