/*
 * test_image.c - images of files against plain arrays.
 */
#include "support/support.h"

#include "crash/image.h"

#define SIZE_MAX_TESTED (5 * 4096)

struct plain {
    uint8_t at[SIZE_MAX_TESTED];
    size_t size;
};

/* Small steps over few values, so that contents come back. */
static void change(struct random *random, struct image *image, struct plain *plain)
{
    uint8_t bytes[5000];
    uint64_t at = random_below(random, 6) * 2500;
    size_t size = random_below(random, sizeof bytes);

    if (random_below(random, 4) == 0) {
        image_resize(image, at);
        if (at < plain->size)
            memset(plain->at + at, 0, plain->size - at);
        plain->size = at;
        return;
    }
    memset(bytes, (int)random_below(random, 2), sizeof bytes);
    image_write(image, at, bytes, size);
    memcpy(plain->at + at, bytes, size);
    if (size && at + size > plain->size)
        plain->size = at + size;
}

static void assert_image_is(const struct image *image, const struct plain *plain)
{
    assert_int_equal(image->size, plain->size);
    if (plain->size)
        assert_memory_equal(image->at, plain->at, plain->size);
}

static bool are_equal(const struct plain *a, const struct plain *b)
{
    return a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

static void assert_file_is(const char *path, const struct plain *plain)
{
    static uint8_t bytes[SIZE_MAX_TESTED + 1];
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof bytes, file), plain->size);
    assert_int_equal(fclose(file), 0);
    assert_memory_equal(bytes, plain->at, plain->size);
}

static void an_image_its_hash_and_its_file_follow_every_change(void **state)
{
    struct random random = random_from(test_seed("image"));
    uint64_t n = test_rounds(3000), n_equal = 0;
    struct image image[3] = {{0}, {0}, {0}};
    static struct plain plain[3];
    const char *folder = test_folder();
    char path[4096 + 8];
    (void)state;

    (void)snprintf(path, sizeof path, "%s/f", folder);
    for (uint64_t i = 0; i < n; i++) {
        size_t a = random_below(&random, 3), b = random_below(&random, 3);
        if (random_below(&random, 3) > 0)
            change(&random, &image[a], &plain[a]);
        else if (a != b) {
            image_follow(&image[a], &image[b]);
            plain[a] = plain[b];
        }
        assert_image_is(&image[a], &plain[a]);
        assert_int_equal(image_hash(&image[a]) == image_hash(&image[b]), are_equal(&plain[a], &plain[b]));
        n_equal += a != b && are_equal(&plain[a], &plain[b]);
        assert_true(image_put(&image[a], path)); /* over what another one left */
        assert_file_is(path, &plain[a]);
    }
    assert_true(n < 1000 || n_equal > n / 100);
    for (int i = 0; i < 3; i++)
        image_clear(&image[i]);
    test_folder_remove(folder);
}

static void a_file_that_cannot_be_written_is_told(void **state)
{
    struct image image = {0};
    (void)state;

    image_resize(&image, 10);
    assert_false(image_put(&image, "/proc/nothing"));
    image_clear(&image);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_image_its_hash_and_its_file_follow_every_change),
    cmocka_unit_test(a_file_that_cannot_be_written_is_told),
};

RUN_TESTS(tests)
