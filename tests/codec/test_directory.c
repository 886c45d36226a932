#include "codec/directory.h"

#include "base/error.h"
#include "support/support.h"

static void sizes_come_back_as_places(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint32_t sizes[DIRECTORY_MAX];
    struct directory directory;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    for (uint32_t n = 1; n <= DIRECTORY_MAX; n++) {
        uint32_t total = 0;
        for (uint32_t i = 0; i < n; i++)
            total += sizes[i] = (uint32_t)random_below(&random, i == 3 ? 3000 : 90);
        buffer_reset(&out);
        directory_put(sizes, n, &out);
        size_t head = out.size;
        for (uint32_t i = 0; i < total; i++)
            buffer_put_u8(&out, 0);
        struct reader reader = reader_of(out.bytes, out.size);
        assert_int_equal(directory_get(&reader, n, &directory), GK_OK);
        assert_int_equal(reader.at, head);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(directory.at[i + 1] - directory.at[i], sizes[i]);
    }
    buffer_clear(&out);
}

static void blocks_that_do_not_fill_the_bytes_are_corrupt(void **state)
{
    static const uint32_t sizes[] = {3, 4, 5};
    struct directory directory;
    struct buffer out;

    (void)state;
    buffer_init(&out, &MEM_SYSTEM);
    directory_put(sizes, 3, &out);
    buffer_put(&out, "0123456789ABC", 13);
    for (size_t size = 0; size <= out.size; size++) {
        struct reader reader = reader_of(out.bytes, size);
        int rc = directory_get(&reader, 3, &directory);
        assert_int_equal(rc, size == out.size - 1 ? GK_OK : GK_ECORRUPT);
    }
    buffer_clear(&out);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sizes_come_back_as_places),
    cmocka_unit_test(blocks_that_do_not_fill_the_bytes_are_corrupt),
};

RUN_TESTS(tests)
