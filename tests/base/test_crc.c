/*
 * test_crc.c - CRC32C against its check values, and in pieces.
 */
#include "support/support.h"

#include "base/crc.h"

/* The definition, a bit at a time. */
static uint32_t by_definition(const uint8_t *p, size_t size)
{
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < size * 8; i++) {
        uint32_t bit = (crc ^ (uint32_t)p[i / 8] >> (i % 8)) & 1;
        crc = crc >> 1 ^ (bit ? 0x82F63B78 : 0);
    }
    return ~crc;
}

static void the_check_value_is_right(void **state)
{
    (void)state;
    assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
    assert_int_equal(crc32c(0, "", 0), 0);
}

static void the_examples_of_rfc_3720_are_right(void **state)
{
    uint8_t p[32];
    (void)state;
    memset(p, 0, sizeof p);
    assert_int_equal(crc32c(0, p, sizeof p), 0x8A9136AA);
    memset(p, 0xFF, sizeof p);
    assert_int_equal(crc32c(0, p, sizeof p), 0x62A8AB43);
    for (uint8_t i = 0; i < sizeof p; i++)
        p[i] = i;
    assert_int_equal(crc32c(0, p, sizeof p), 0x46DD794E);
}

static void pieces_of_any_size_give_the_value_of_the_whole(void **state)
{
    struct random random = random_from(test_seed("crc"));
    uint8_t p[3000];
    (void)state;

    for (uint64_t i = test_rounds(2000); i > 0; i--) {
        size_t size = random_below(&random, random_below(&random, 8) ? 300 : sizeof p), at = 0;
        uint32_t crc = 0;
        for (size_t k = 0; k < size; k++)
            p[k] = (uint8_t)random_u64(&random);
        while (at < size) {
            size_t n = 1 + random_below(&random, size - at);
            crc = crc32c(crc, p + at, n);
            at += n;
        }
        assert_int_equal(crc, by_definition(p, size));
        assert_int_equal(crc32c(0, p, size), crc);
        assert_int_equal(crc32c_plain(0, p, size), crc);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_check_value_is_right),
    cmocka_unit_test(the_examples_of_rfc_3720_are_right),
    cmocka_unit_test(pieces_of_any_size_give_the_value_of_the_whole),
};

RUN_TESTS(tests)
