/*
 * test_buffer.c - what is put is read back, a failure sticks, a reader never runs past its end.
 */
#include "support/support.h"

#include "base/buffer.h"

static void put_one_of_each(struct buffer *buffer)
{
    buffer_put_u8(buffer, 0xAB);
    buffer_put_u16(buffer, 0xBEEF);
    buffer_put_u32(buffer, 0xDEADBEEF);
    buffer_put_u64(buffer, UINT64_C(0x0123456789ABCDEF));
    buffer_put_f64(buffer, -0.0);
    buffer_put_varint(buffer, UINT64_MAX);
    buffer_put_text(buffer, "生产", 6);
    buffer_put(buffer, "", 0);
}

static void what_is_put_is_read_back(void **state)
{
    struct buffer buffer;
    (void)state;

    buffer_init(&buffer, &MEM_SYSTEM);
    put_one_of_each(&buffer);
    assert_int_equal(buffer_status(&buffer), GK_OK);
    struct reader reader = reader_of(buffer.bytes, buffer.size);
    assert_int_equal(reader_u8(&reader), 0xAB);
    assert_int_equal(reader_u16(&reader), 0xBEEF);
    assert_int_equal(reader_u32(&reader), 0xDEADBEEF);
    assert_true(reader_u64(&reader) == UINT64_C(0x0123456789ABCDEF));
    assert_bits_equal(reader_f64(&reader), -0.0);
    assert_true(reader_varint(&reader) == UINT64_MAX);
    assert_false(reader_is_done(&reader));
    struct gk_text text = reader_text(&reader);
    assert_int_equal(text.size, 6);
    assert_memory_equal(text.bytes, "生产", 6);
    assert_true(reader_is_done(&reader));
    buffer_clear(&buffer);
}

static void every_cut_is_noticed(void **state)
{
    struct buffer buffer;
    (void)state;

    buffer_init(&buffer, &MEM_SYSTEM);
    put_one_of_each(&buffer);
    for (size_t size = 0; size < buffer.size; size++) {
        struct reader reader = reader_of(buffer.bytes, size);
        (void)reader_u8(&reader); /* here and below only the end counts */
        (void)reader_u16(&reader);
        (void)reader_u32(&reader);
        (void)reader_u64(&reader);
        (void)reader_f64(&reader);
        (void)reader_varint(&reader);
        (void)reader_text(&reader);
        assert_true(reader.failed);
        assert_false(reader_is_done(&reader));
        assert_int_equal(reader_u64(&reader), 0);
    }
    buffer_clear(&buffer);
}

static void a_text_longer_than_the_rest_is_refused(void **state)
{
    static const uint8_t BYTES[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 'x'};
    (void)state;
    struct reader reader = reader_of(BYTES, sizeof BYTES);
    assert_null(reader_text(&reader).bytes);
    assert_true(reader.failed);
}

static void printed_text_of_any_length_is_whole(void **state)
{
    struct buffer buffer;
    char text[1000];
    (void)state;

    memset(text, 'x', sizeof text);
    buffer_init(&buffer, &MEM_SYSTEM);
    size_t expected = 0;
    for (int n = 0; n < 600; n += 7) {
        buffer_printf(&buffer, "%d:%.*s;", 7, n, text);
        expected += 3 + (size_t)n;
        assert_int_equal(buffer.size, expected);
        assert_int_equal(buffer.bytes[buffer.size - 1], ';');
    }
    buffer_reset(&buffer);
    assert_int_equal(buffer.size, 0);
    buffer_clear(&buffer);
    buffer_clear(&buffer);
}

static void a_failed_allocation_sticks_until_reset(void **state)
{
    struct failing_mem failing;
    struct buffer buffer;
    bool is_done = false;
    (void)state;

    for (uint64_t nth = 1; !is_done; nth++) {
        failing_mem_init(&failing);
        failing.fail_at = nth;
        buffer_init(&buffer, &failing.mem);
        for (int i = 0; i < 50; i++)
            put_one_of_each(&buffer);
        buffer_printf(&buffer, "%0300d", 1);
        is_done = failing.n_calls < nth;
        assert_int_equal(buffer_status(&buffer), is_done ? GK_OK : GK_ENOMEM);
        if (!is_done)
            assert_null(buffer_extend(&buffer, 1));
        buffer_reset(&buffer);
        assert_int_equal(buffer_status(&buffer), GK_OK);
        buffer_clear(&buffer);
        assert_int_equal(failing.n_live, 0);
    }
}

static void a_size_that_overflows_is_no_memory(void **state)
{
    struct buffer buffer;
    (void)state;
    buffer_init(&buffer, &MEM_SYSTEM);
    buffer_put_u8(&buffer, 1);
    assert_null(buffer_extend(&buffer, SIZE_MAX));
    assert_int_equal(buffer_status(&buffer), GK_ENOMEM);
    buffer_clear(&buffer);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_put_is_read_back),
    cmocka_unit_test(every_cut_is_noticed),
    cmocka_unit_test(a_text_longer_than_the_rest_is_refused),
    cmocka_unit_test(printed_text_of_any_length_is_whole),
    cmocka_unit_test(a_failed_allocation_sticks_until_reset),
    cmocka_unit_test(a_size_that_overflows_is_no_memory),
};

RUN_TESTS(tests)
