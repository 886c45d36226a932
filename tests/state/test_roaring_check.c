/*
 * test_roaring_check.c - every rule of the portable Roaring format, broken one at a time.
 */
#include "support/support.h"

#include "base/buffer.h"
#include "state/hex.h"
#include "state/roaring_check.h"

/* Bytes as text; see the page of the format for their meaning. NULL: it is a bitmap, of so many numbers. */
static const struct {
    const char *hex;
    uint64_t count;
    const char *reason;
} cases[] = {
    /* No containers; an array of two; two arrays. */
    {"3a300000 00000000", 0, NULL},
    {"3a300000 01000000 0500 0100 10000000 0300 0900", 2, NULL},
    {"3a300000 02000000 0000 0000 0100 0000 18000000 1a000000 0300 0900", 2, NULL},
    /* Runs: one of three numbers; two; beside an array; the whole container. */
    {"3b300000 01 0000 0200 0100 05000200", 3, NULL},
    {"3b300000 01 0000 0300 0200 05000200 09000000", 4, NULL},
    {"3b300100 01 0000 0200 0100 0000 0100 05000200 0700", 4, NULL},
    {"3b300000 01 0000 ffff 0100 0000ffff", 65536, NULL},
    /* Four containers have offsets even with runs. */
    {"3b300300 01 00000200 01000000 02000000 03000000 25000000 2b000000 2d000000 2f000000 0100 05000200 0100 0100 0100",
     6, NULL},
    /* Heads. */
    {"", 0, "begins"},
    {"3a3000", 0, "begins"},
    {"3c300000 00000000", 0, "begins"},
    {"3a300100 00000000", 0, "begins"},
    {"3a300000", 0, "cut"},
    {"3a300000 01000100", 0, "containers"},
    {"3a300000 ffffffff", 0, "containers"},
    {"3a300000 01000000 0000", 0, "cut"},
    {"3a300000 01000000 0000 0000", 0, "cut"},
    {"3b30ffff 00", 0, "cut"},
    /* Order and offsets. */
    {"3a300000 02000000 0100 0000 0100 0000 18000000 1a000000 0300 0900", 0, "order"},
    {"3a300000 02000000 0100 0000 0000 0000 18000000 1a000000 0300 0900", 0, "order"},
    {"3a300000 01000000 0500 0100 11000000 0300 0900", 0, "elsewhere"},
    {"3a300000 01000000 0500 0100 ffffffff 0300 0900", 0, "elsewhere"},
    /* Arrays. */
    {"3a300000 01000000 0500 0100 10000000 0900 0300", 0, "damaged"},
    {"3a300000 01000000 0500 0100 10000000 0900 0900", 0, "damaged"},
    {"3a300000 01000000 0500 0100 10000000 0300", 0, "damaged"},
    {"3a300000 01000000 0500 0100 10000000 0300 0900 00", 0, "behind"},
    /* Runs: none; too few and too many numbers; touching; overlapping; backwards; beyond the container; cut. */
    {"3b300000 01 0000 0200 0000", 0, "damaged"},
    {"3b300000 01 0000 0300 0100 05000200", 0, "damaged"},
    {"3b300000 01 0000 0100 0100 05000200", 0, "damaged"},
    {"3b300000 01 0000 0300 0200 05000200 08000000", 0, "damaged"},
    {"3b300000 01 0000 0300 0200 05000200 07000000", 0, "damaged"},
    {"3b300000 01 0000 0300 0200 05000200 01000000", 0, "damaged"},
    {"3b300000 01 0000 0200 0100 feff0200", 0, "damaged"},
    {"3b300000 01 0000 0200 0100 050002", 0, "damaged"},
    {"3b300000 01 0000 0200 01", 0, "damaged"},
};

static void every_broken_rule_is_named_and_every_form_is_taken(void **state)
{
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gk_error error = {0};
        uint64_t count;
        buffer_reset(&bytes);
        read_hex(cases[i].hex, '\0', &bytes);
        uint8_t *exact = malloc(bytes.size + 1); /* not aligned, and a read behind it is seen */
        if (bytes.size > 0)
            memcpy(exact + 1, bytes.bytes, bytes.size);
        int rc = roaring_check(exact + 1, bytes.size, &count, &error);
        if (rc != (cases[i].reason ? GK_ECORRUPT : GK_OK))
            fail_msg("%s: %d %s", cases[i].hex, rc, error.text);
        if (cases[i].reason)
            assert_non_null(strstr(error.text, cases[i].reason));
        else
            assert_int_equal(count, cases[i].count);
        assert_int_equal(roaring_check(exact + 1, bytes.size, &count, NULL), rc);
        free(exact);
    }
    buffer_clear(&bytes);
}

/* One container of every fifteenth number or so: 4,370 of them, more than an array holds. */
static void a_bitset_has_as_many_bits_as_it_says_and_more_than_an_array(void **state)
{
    struct gk_error error = {0};
    struct buffer bytes;
    uint64_t count;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    read_hex("3a300000 01000000 0000 ffff 10000000", '\0', &bytes);
    uint8_t *bits = buffer_extend(&bytes, 8192);
    assert_non_null(bits);
    uint32_t n = 0;
    memset(bits, 0, 8192);
    for (uint32_t i = 0; i < 65536; i += 15, n++)
        bits[i / 8] |= (uint8_t)(1 << i % 8);
    store_u16(bytes.bytes + 10, (uint16_t)(n - 1));
    assert_int_equal(roaring_check(bytes.bytes, bytes.size, &count, &error), GK_OK);
    assert_int_equal(count, n);
    store_u16(bytes.bytes + 10, (uint16_t)n);
    assert_int_equal(roaring_check(bytes.bytes, bytes.size, &count, &error), GK_ECORRUPT);
    store_u16(bytes.bytes + 10, (uint16_t)(n - 1));
    assert_int_equal(roaring_check(bytes.bytes, bytes.size - 1, &count, &error), GK_ECORRUPT);
    store_u16(bytes.bytes + 10, 4095); /* so few would be an array, and then bytes are left */
    assert_int_equal(roaring_check(bytes.bytes, bytes.size, &count, &error), GK_ECORRUPT);
    buffer_clear(&bytes);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_broken_rule_is_named_and_every_form_is_taken),
    cmocka_unit_test(a_bitset_has_as_many_bits_as_it_says_and_more_than_an_array),
};

RUN_TESTS(tests)
