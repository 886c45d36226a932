/*
 * test_history.c - the stored form of states: there and back, and nothing but what the writer writes is read.
 */
#include "support/support.h"

#include "state/hex.h"
#include "state/history.h"

#define ERA_TICKS (INT64_C(1) << HISTORY_ERA_BITS)

/* Steps of one era, a few ticks or hours apart. */
static void random_steps(struct random *random, int64_t era, struct steps *out)
{
    uint64_t spread = UINT64_C(1) << random_below(random, HISTORY_ERA_BITS);
    int64_t offset = 0;
    uint32_t state = (uint32_t)random_below(random, 5);

    out->n = 0;
    while (offset < ERA_TICKS && out->n < 300) {
        assert_int_equal(steps_put(out, history_era_start(era) + offset, state), GK_OK);
        offset += 1 + (int64_t)random_below(random, spread);
        state = (state + 1 + (uint32_t)random_below(random, 4)) % 5;
    }
}

static int64_t random_era(struct random *random)
{
    static const int64_t eras[] = {0, -1, 1, 1690, INT64_MIN >> HISTORY_ERA_BITS, INT64_MAX >> HISTORY_ERA_BITS};
    return eras[random_below(random, sizeof eras / sizeof *eras)];
}

static void assert_steps(const struct gk_step *got, const struct gk_step *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(got[i].tick, want[i].tick);
        assert_int_equal(got[i].value, want[i].value);
    }
}

struct fixture {
    struct steps steps, read;
    struct buffer bytes, again;
};

static struct fixture fixture_new(void)
{
    struct fixture f;
    steps_init(&f.steps, &MEM_SYSTEM);
    steps_init(&f.read, &MEM_SYSTEM);
    buffer_init(&f.bytes, &MEM_SYSTEM);
    buffer_init(&f.again, &MEM_SYSTEM);
    return f;
}

static void fixture_clear(struct fixture *f)
{
    steps_clear(&f->steps);
    steps_clear(&f->read);
    buffer_clear(&f->bytes);
    buffer_clear(&f->again);
}

static void encode(struct fixture *f, int64_t era)
{
    buffer_reset(&f->bytes);
    assert_int_equal(history_encode(era, f->steps.at, f->steps.n, &f->bytes), GK_OK);
}

static void steps_come_back_as_they_were_written(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct fixture f = fixture_new();
    (void)state;

    for (uint64_t round = test_rounds(3000); round > 0; round--) {
        int64_t era = random_era(&random);
        random_steps(&random, era, &f.steps);
        encode(&f, era);
        f.read.n = 0;
        assert_int_equal(history_decode(era, f.bytes.bytes, f.bytes.size, &f.read), GK_OK);
        assert_int_equal(f.read.n, f.steps.n);
        assert_steps(f.read.at, f.steps.at, f.steps.n);
        assert_int_equal(history_check(era, f.bytes.bytes, f.bytes.size, NULL), GK_OK);
    }
    fixture_clear(&f);
}

static void eras_read_one_after_the_other_join_without_a_seam(void **state)
{
    const struct gk_step first[] = {{0, GK_ON}, {5, GK_OFF}};
    const struct gk_step second[] = {{ERA_TICKS, GK_OFF}, {ERA_TICKS + 1, GK_ON}};
    struct fixture f = fixture_new();
    (void)state;

    assert_int_equal(history_encode(0, first, 2, &f.bytes), GK_OK);
    assert_int_equal(history_encode(1, second, 2, &f.again), GK_OK);
    assert_int_equal(history_decode(0, f.bytes.bytes, f.bytes.size, &f.read), GK_OK);
    assert_int_equal(history_decode(1, f.again.bytes, f.again.size, &f.read), GK_OK);
    assert_int_equal(f.read.n, 3);
    assert_int_equal(f.read.at[2].tick, ERA_TICKS + 1);
    assert_int_equal(history_decode(0, f.bytes.bytes, f.bytes.size, &f.read), GK_EINVAL); /* not backwards */
    assert_int_equal(f.read.n, 3);
    fixture_clear(&f);
}

/* What is read is exactly what would be written; both readers agree; nothing is left of what is refused. */
static bool try_bytes(struct fixture *f, int64_t era, const uint8_t *bytes, size_t size)
{
    struct gk_error error = {0};
    struct gk_step marker = {history_era_start(era) - 1, GK_NODATA};

    f->read.n = 0;
    assert_int_equal(steps_put(&f->read, marker.tick, marker.value), GK_OK);
    int rc = history_decode(era, bytes, size, &f->read);
    int checked = history_check(era, bytes, size, &error);
    assert_int_equal(rc, checked);
    buffer_reset(&f->again);
    assert_int_equal(history_dump(era, bytes, size, &f->again), rc);
    if (rc != GK_OK) {
        assert_true(rc == GK_ECORRUPT || rc == GK_EVERSION);
        assert_int_not_equal(error.text[0], '\0');
        assert_int_equal(f->again.size, 0);
        assert_int_equal(f->read.n, 1);
        return false;
    }
    f->read.n = 0;
    assert_int_equal(history_decode(era, bytes, size, &f->read), GK_OK);
    buffer_reset(&f->again);
    assert_int_equal(history_encode(era, f->read.at, f->read.n, &f->again), GK_OK);
    assert_int_equal(f->again.size, size);
    assert_memory_equal(f->again.bytes, bytes, size);
    return true;
}

static void every_cut_is_refused(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct fixture f = fixture_new();
    (void)state;

    for (uint64_t round = test_rounds(60); round > 0; round--) {
        random_steps(&random, 3, &f.steps);
        encode(&f, 3);
        for (size_t size = 0; size < f.bytes.size; size++) {
            uint8_t *cut = malloc(size ? size : 1); /* so that a read behind it is seen */
            memcpy(cut, f.bytes.bytes, size);
            assert_false(try_bytes(&f, 3, cut, size));
            free(cut);
        }
        buffer_put_u8(&f.bytes, 8);
        assert_false(try_bytes(&f, 3, f.bytes.bytes, f.bytes.size)); /* and one byte more */
    }
    fixture_clear(&f);
}

static void every_flipped_byte_is_refused_or_reads_as_other_steps(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct fixture f = fixture_new();
    (void)state;

    for (uint64_t round = test_rounds(10); round > 0; round--) {
        random_steps(&random, 1690, &f.steps);
        if (f.steps.n > 40)
            f.steps.n = 40;
        encode(&f, 1690);
        for (size_t at = 0; at < f.bytes.size; at++) {
            uint8_t was = f.bytes.bytes[at];
            for (unsigned flip = 1; flip < 256; flip++) {
                f.bytes.bytes[at] = was ^ (uint8_t)flip;
                (void)try_bytes(&f, 1690, f.bytes.bytes, f.bytes.size); /* either is fine, if it is consistent */
            }
            f.bytes.bytes[at] = was;
        }
    }
    fixture_clear(&f);
}

static void what_the_writer_would_not_write_is_refused(void **state)
{
    static const struct {
        int rc;
        size_t size;
        uint8_t bytes[16];
    } cases[] = {
        {GK_OK, 3, {1, 1, 4}},
        {GK_OK, 5, {1, 2, 4, 0, 8}},
        {GK_OK, 7, {1, 2, 4, 2, 0xF8, 0xFF, 0x7F}}, /* the last tick of the era */
        {GK_EVERSION, 3, {0, 1, 4}},                /* no version */
        {GK_EVERSION, 3, {2, 1, 4}},                /* a later one */
        {GK_EVERSION, 1, {2}},
        {GK_ECORRUPT, 0, {0}},       /* nothing */
        {GK_ECORRUPT, 3, {1, 0, 4}}, /* no step */
        {GK_ECORRUPT, 2, {1, 1}},    /* no state */
        {GK_ECORRUPT, 3, {1, 1, 5}}, /* no such state */
        {GK_ECORRUPT, 5, {1, 2, 4, 0, 13}},
        {GK_ECORRUPT, 5, {1, 2, 4, 0, 0}},                   /* two steps at one tick */
        {GK_ECORRUPT, 5, {1, 2, 4, 0, 12}},                  /* a step that changes nothing */
        {GK_ECORRUPT, 6, {1, 2, 4, 1, 0x88, 0}},             /* a value that is longer than it must be */
        {GK_ECORRUPT, 7, {1, 2, 4, 2, 0x88, 1, 0}},          /* the same, of three bytes */
        {GK_ECORRUPT, 8, {1, 2, 4, 3, 0x88, 1, 1, 1}},       /* four bytes */
        {GK_ECORRUPT, 5, {1, 2, 4, 4, 8}},                   /* the length of a step that is not there */
        {GK_ECORRUPT, 5, {1, 0x82, 0, 0, 8}},                /* a count that is longer than it must be */
        {GK_ECORRUPT, 8, {1, 3, 4, 2, 0xF8, 0xFF, 0x7F, 9}}, /* a step behind the era */
        {GK_ECORRUPT, 12, {1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 4}}, /* more steps than bytes */
    };
    struct fixture f = fixture_new();
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(history_check(7, cases[i].bytes, cases[i].size, NULL), cases[i].rc);
        assert_int_equal(try_bytes(&f, 7, cases[i].bytes, cases[i].size), cases[i].rc == GK_OK);
    }
    fixture_clear(&f);
}

static void a_failed_allocation_leaves_no_steps_and_no_bytes_behind(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct fixture f = fixture_new();
    int rc;
    (void)state;

    do
        random_steps(&random, 3, &f.steps);
    while (f.steps.n < 100);
    encode(&f, 3);
    for (int what = 0; what < 3; what++) {
        for (uint64_t fail_at = 1;; fail_at++) {
            struct failing_mem failing;
            struct steps read;
            struct buffer bytes;
            failing_mem_init(&failing);
            failing.fail_at = fail_at;
            steps_init(&read, &failing.mem);
            buffer_init(&bytes, &failing.mem);
            if (what == 0)
                rc = history_decode(3, f.bytes.bytes, f.bytes.size, &read);
            else if (what == 1)
                rc = history_encode(3, f.steps.at, f.steps.n, &bytes);
            else
                rc = history_dump(3, f.bytes.bytes, f.bytes.size, &bytes);
            if (rc != GK_OK)
                assert_int_equal(read.n, 0);
            steps_clear(&read);
            buffer_clear(&bytes);
            assert_int_equal(failing.n_live, 0);
            if (rc == GK_OK)
                break;
            assert_int_equal(rc, GK_ENOMEM);
        }
    }
    fixture_clear(&f);
}

static void the_example_of_the_format_page_reads_as_it_says(void **state)
{
    struct fixture f = fixture_new();
    char *dump = read_example("docs/format/history.md", &f.bytes);
    (void)state;

    assert_int_equal(history_dump(1690, f.bytes.bytes, f.bytes.size, &f.again), GK_OK);
    assert_text(&f.again, dump);
    assert_true(try_bytes(&f, 1690, f.bytes.bytes, f.bytes.size));
    free(dump);
    fixture_clear(&f);
}

static void the_golden_history_reads_the_same_for_ever(void **state)
{
    struct fixture f = fixture_new();
    char *dump = read_source("tests/golden/history.dump");
    (void)state;

    read_golden("tests/golden/history.hex", &f.bytes);
    assert_int_equal(history_dump(-3, f.bytes.bytes, f.bytes.size, &f.again), GK_OK);
    assert_text(&f.again, dump);
    assert_true(try_bytes(&f, -3, f.bytes.bytes, f.bytes.size));
    free(dump);
    fixture_clear(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(steps_come_back_as_they_were_written),
    cmocka_unit_test(eras_read_one_after_the_other_join_without_a_seam),
    cmocka_unit_test(every_cut_is_refused),
    cmocka_unit_test(every_flipped_byte_is_refused_or_reads_as_other_steps),
    cmocka_unit_test(what_the_writer_would_not_write_is_refused),
    cmocka_unit_test(a_failed_allocation_leaves_no_steps_and_no_bytes_behind),
    cmocka_unit_test(the_example_of_the_format_page_reads_as_it_says),
    cmocka_unit_test(the_golden_history_reads_the_same_for_ever),
};

RUN_TESTS(tests)
