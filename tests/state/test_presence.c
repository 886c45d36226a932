/*
 * test_presence.c - sets of ids and the records of the presence index. Allocations fail in our own code only: CRoaring
 * has no hook and does not survive it.
 */
#include "support/support.h"

#include "state/hex.h"
#include "state/presence.h"

#define IDS 200000 /* over four containers */

static struct idset *new_set(void)
{
    struct idset *set;
    assert_int_equal(idset_new(&MEM_SYSTEM, &set), GK_OK);
    return set;
}

/* Single ids, stretches or dense noise: arrays, runs and bitsets. */
static void add_random(struct random *random, struct idset *set, uint8_t *is_in)
{
    uint32_t from = (uint32_t)random_below(random, IDS), n = (uint32_t)random_below(random, 70000);
    uint64_t kind = random_below(random, 3);
    uint32_t step = kind == 0 ? 5000 : 1;
    for (uint32_t id = from; id < IDS && id - from < n; id += step) {
        if (kind == 2 && random_below(random, 2))
            continue;
        assert_int_equal(idset_set(set, id, true), GK_OK);
        is_in[id] = 1;
    }
}

static int count_id(void *context, uint32_t id)
{
    uint64_t *next = context;
    assert_true(id >= next[0]); /* ascending */
    next[0] = (uint64_t)id + 1;
    next[1]++;
    return GK_OK;
}

static void assert_set(const struct idset *set, const uint8_t *is_in)
{
    uint64_t seen[2] = {0, 0}, n = 0;
    for (uint32_t i = 0; i < IDS; i++) {
        assert_int_equal(idset_has(set, i), is_in[i]);
        n += is_in[i];
    }
    assert_int_equal(idset_count(set), n);
    assert_int_equal(idset_each(set, count_id, seen), GK_OK);
    assert_int_equal(seen[1], n);
}

static void a_set_has_what_was_put_into_it(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint8_t *is_in = calloc(IDS, 1);
    (void)state;

    for (uint64_t round = test_rounds(6); round > 0; round--) {
        struct idset *set = new_set();
        memset(is_in, 0, IDS);
        for (int i = 0; i < 4; i++)
            add_random(&random, set, is_in);
        for (int i = 0; i < 30000; i++) {
            uint32_t id = (uint32_t)random_below(&random, IDS);
            bool want = random_below(&random, 3) == 0;
            assert_int_equal(idset_has(set, id), is_in[id]);
            assert_int_equal(idset_set(set, id, want), GK_OK);
            is_in[id] = want;
        }
        assert_set(set, is_in);
        idset_free(set);
    }
    free(is_in);
    idset_free(NULL);
}

static int stop_at(void *context, uint32_t id)
{
    return id == *(uint32_t *)context ? GK_EINTERRUPTED : GK_OK;
}

static void a_visit_stops_when_it_is_told_to(void **state)
{
    struct idset *set = new_set();
    uint32_t last = 70000;
    (void)state;

    idset_set(set, 1, true);
    idset_set(set, last, true);
    idset_set(set, PRESENCE_IDS_MAX - 1, true);
    assert_int_equal(idset_set(set, PRESENCE_IDS_MAX, true), GK_ERANGE);
    assert_int_equal(idset_each(set, stop_at, &last), GK_EINTERRUPTED);
    idset_free(set);
}

static void fill(struct random *random, struct idset *set, uint8_t *is_in)
{
    memset(is_in, 0, IDS);
    for (uint64_t i = random_below(random, 4); i > 0; i--)
        add_random(random, set, is_in);
}

/* Marks of the first n ids are those of the set, added to what was there, and nothing else is touched. */
static void assert_marks(const struct buffer *bytes, const uint8_t *is_in, size_t n_words)
{
    static uint64_t words[IDS / 64 + 2];

    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        words[w] = UINT64_C(1) << 63;
    assert_int_equal(presence_mark(bytes->bytes, bytes->size, words, n_words), GK_OK);
    for (uint32_t id = 0; id < IDS; id++) {
        bool want = (id / 64 < n_words && is_in[id]) || id % 64 == 63;
        if ((words[id / 64] >> id % 64 & 1) != want)
            fail_msg("id %u of %zu words", id, n_words);
    }
}

static void records_come_back_as_they_were_written(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint8_t *is_in = malloc(IDS);
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    for (uint64_t round = test_rounds(25); round > 0; round--) {
        struct idset *written = new_set(), *read;
        fill(&random, written, is_in);
        buffer_reset(&bytes);
        assert_int_equal(presence_encode(written, &bytes), GK_OK);
        assert_int_equal(presence_check(bytes.bytes, bytes.size, NULL), GK_OK);
        assert_int_equal(presence_decode(&MEM_SYSTEM, bytes.bytes, bytes.size, &read), GK_OK);
        assert_set(read, is_in);
        assert_true(idset_equals(read, written));
        assert_marks(&bytes, is_in, IDS / 64 + 1);
        assert_marks(&bytes, is_in, random_below(&random, IDS / 64));
        assert_marks(&bytes, is_in, 0);
        idset_free(written);
        idset_free(read);
    }
    buffer_clear(&bytes);
    free(is_in);
}

static void equal_sets_are_equal_bytes_however_they_came_about(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct buffer bytes, again;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    buffer_init(&again, &MEM_SYSTEM);
    for (uint64_t round = test_rounds(3000); round > 0; round--) {
        struct idset *straight = new_set(), *detour = new_set();
        uint32_t n = 1 + (uint32_t)random_below(&random, 12);
        for (uint32_t id = 0; id < 4 * n; id++)
            idset_set(detour, id, true);
        again.size = 0;
        assert_int_equal(presence_encode(detour, &again), GK_OK); /* it is made of runs now */
        for (uint32_t id = 0; id < 4 * n; id++) {
            bool is_in = random_below(&random, 2);
            idset_set(straight, id, is_in);
            idset_set(detour, id, is_in);
        }
        bytes.size = again.size = 0;
        assert_int_equal(presence_encode(straight, &bytes), GK_OK);
        assert_int_equal(presence_encode(detour, &again), GK_OK);
        assert_bytes(&again, &bytes);
        idset_free(straight);
        idset_free(detour);
    }
    buffer_clear(&bytes);
    buffer_clear(&again);
}

/* What is read is consistent and can be used; the check and the marks agree. */
static bool try_bytes(const uint8_t *bytes, size_t size)
{
    struct idset *read, *again;
    struct gk_error error = {0};
    struct buffer out;
    uint64_t seen[2] = {0, 0}, words[2] = {0};

    int rc = presence_decode(&MEM_SYSTEM, bytes, size, &read);
    assert_int_equal(presence_check(bytes, size, &error), rc);
    assert_int_equal(presence_mark(bytes, size, words, 2), rc);
    if (rc != GK_OK) {
        assert_true(rc == GK_ECORRUPT || rc == GK_EVERSION);
        assert_int_not_equal(error.text[0], '\0');
        assert_null(read);
        return false;
    }
    assert_int_equal(idset_each(read, count_id, seen), GK_OK);
    assert_int_equal(seen[1], idset_count(read));
    for (uint32_t id = 0; id < 128; id++)
        assert_int_equal(words[id / 64] >> id % 64 & 1, idset_has(read, id));
    buffer_init(&out, &MEM_SYSTEM);
    assert_int_equal(presence_encode(read, &out), GK_OK);
    assert_int_equal(presence_decode(&MEM_SYSTEM, out.bytes, out.size, &again), GK_OK);
    assert_true(idset_equals(again, read));
    buffer_clear(&out);
    idset_free(read);
    idset_free(again);
    return true;
}

enum { ROARING, BITS, GAPS, FORMS };

/* A small record of a form: an array and runs, which the writer would not choose; bits; gaps of one to three bytes. */
static void encode_small(struct buffer *out, int form)
{
    struct idset *set = new_set();
    if (form == ROARING)
        read_golden("tests/golden/presence_small.hex", out);
    for (uint32_t i = 0; form == BITS && i < 150; i += 2)
        idset_set(set, i, true);
    for (uint32_t i = 0; form == GAPS && i < 40; i++)
        idset_set(set, i * i * i * 5, true);
    if (form != ROARING)
        assert_int_equal(presence_encode(set, out), GK_OK);
    assert_int_equal(out->bytes[1], form);
    idset_free(set);
}

/* Cut bits or gaps are those of fewer facilities, or end in the middle. */
static void every_cut_is_refused_or_has_fewer_ids(void **state)
{
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    for (int form = 0; form < FORMS; form++) {
        buffer_reset(&bytes);
        encode_small(&bytes, form);
        assert_true(try_bytes(bytes.bytes, bytes.size));
        for (size_t size = 0; size < bytes.size; size++) {
            uint8_t *cut = malloc(size ? size : 1);
            memcpy(cut, bytes.bytes, size);
            bool is_whole = form == BITS ? size > 2 : form == GAPS && size > 2 && cut[size - 1] < 0x80;
            assert_int_equal(try_bytes(cut, size), is_whole);
            free(cut);
        }
        buffer_put_u8(&bytes, form == GAPS ? 0x80 : 0);
        assert_false(try_bytes(bytes.bytes, bytes.size));
    }
    buffer_clear(&bytes);
}

static void every_flipped_byte_is_refused_or_reads_as_another_set(void **state)
{
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    for (int form = 0; form < FORMS; form++) {
        buffer_reset(&bytes);
        encode_small(&bytes, form);
        for (size_t at = 0; at < bytes.size; at++) {
            uint8_t was = bytes.bytes[at];
            for (unsigned flip = 1; flip < 256; flip++) {
                bytes.bytes[at] = was ^ (uint8_t)flip;
                (void)try_bytes(bytes.bytes, bytes.size); /* either is fine, if it is consistent */
            }
            bytes.bytes[at] = was;
        }
    }
    buffer_clear(&bytes);
}

static void gaps_as_no_writer_writes_them_are_refused(void **state)
{
    static const uint8_t none[] = {1, 2}, longer[] = {1, 2, 0x81, 0}, far[] = {1, 2, 0x80, 0x80, 0x80, 8},
                         last[] = {1, 2, 0xff, 0xff, 0xff, 7}, behind[] = {1, 2, 0xff, 0xff, 0xff, 7, 0},
                         endless[] = {1, 2, 0xff, 0xff, 0xff, 0xff, 1};
    (void)state;

    assert_false(try_bytes(none, sizeof none));
    assert_false(try_bytes(longer, sizeof longer));
    assert_false(try_bytes(far, sizeof far)); /* 2^24 */
    assert_true(try_bytes(last, sizeof last));
    assert_false(try_bytes(behind, sizeof behind));
    for (size_t size = 3; size < sizeof endless; size++) /* cut in the middle, or of five bytes */
        assert_false(try_bytes(endless, size));
}

static void an_id_that_no_facility_can_have_is_refused(void **state)
{
    static const uint8_t far[] = {1, 0, 0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 16, 0, 0, 0, 5, 0}; /* 2^24 + 5 */
    struct gk_error error = {0};
    (void)state;

    assert_int_equal(presence_check(far, sizeof far, &error), GK_ECORRUPT);
    assert_non_null(strstr(error.text, "there cannot be"));
    assert_false(try_bytes(far, sizeof far));
}

static void another_version_is_refused(void **state)
{
    struct gk_error error = {0};
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    encode_small(&bytes, ROARING);
    bytes.bytes[0] = 2;
    assert_int_equal(presence_check(bytes.bytes, bytes.size, &error), GK_EVERSION);
    assert_false(try_bytes(bytes.bytes, bytes.size));
    buffer_clear(&bytes);
}

static void a_failed_allocation_of_our_own_loses_nothing(void **state)
{
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    encode_small(&bytes, ROARING);
    for (int what = 0; what < 4; what++) {
        for (uint64_t fail_at = 1;; fail_at++) {
            struct failing_mem failing;
            struct idset *set = NULL;
            struct buffer out;
            int rc;
            failing_mem_init(&failing);
            failing.fail_at = fail_at;
            buffer_init(&out, &failing.mem);
            if (what == 0)
                rc = idset_new(&failing.mem, &set);
            else if (what == 1)
                rc = presence_decode(&failing.mem, bytes.bytes, bytes.size, &set);
            else if (what == 2)
                rc = presence_dump(&failing.mem, bytes.bytes, bytes.size, &out);
            else if ((rc = presence_decode(&MEM_SYSTEM, bytes.bytes, bytes.size, &set)) == GK_OK)
                rc = presence_encode(set, &out);
            idset_free(set);
            buffer_clear(&out);
            assert_int_equal(failing.n_live, 0);
            if (rc == GK_OK)
                break;
            assert_int_equal(rc, GK_ENOMEM);
        }
    }
    buffer_clear(&bytes);
}

static void the_example_of_the_format_page_reads_as_it_says(void **state)
{
    struct buffer bytes, out;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    buffer_init(&out, &MEM_SYSTEM);
    char *dump = read_example("docs/format/presence.md", &bytes);
    assert_int_equal(presence_dump(&MEM_SYSTEM, bytes.bytes, bytes.size, &out), GK_OK);
    assert_text(&out, dump);
    struct idset *set;
    buffer_reset(&out);
    assert_int_equal(presence_decode(&MEM_SYSTEM, bytes.bytes, bytes.size, &set), GK_OK);
    assert_int_equal(presence_encode(set, &out), GK_OK);
    assert_bytes(&out, &bytes);
    idset_free(set);
    free(dump);
    buffer_clear(&bytes);
    buffer_clear(&out);
}

/* Arrays, runs, a bitset of every seventh id, the highest id. */
static void the_golden_presence_reads_the_same_for_ever(void **state)
{
    struct idset *want = new_set(), *read;
    struct buffer bytes;
    (void)state;

    for (uint32_t i = 0; i < 3; i++)
        idset_set(want, i * 7, true);
    for (uint32_t id = 65536; id < 65536 + 2000; id++)
        idset_set(want, id, true);
    for (uint32_t i = 0; i < 65536; i += 7)
        idset_set(want, 3 * 65536 + i, true);
    idset_set(want, PRESENCE_IDS_MAX - 2, true);
    buffer_init(&bytes, &MEM_SYSTEM);
    read_golden("tests/golden/presence.hex", &bytes);
    assert_int_equal(presence_decode(&MEM_SYSTEM, bytes.bytes, bytes.size, &read), GK_OK);
    assert_true(idset_equals(read, want));
    idset_free(read);
    idset_free(want);
    buffer_clear(&bytes);
}

static void the_golden_bits_read_the_same_for_ever(void **state)
{
    struct idset *want = new_set(), *read;
    struct buffer bytes, again;
    (void)state;

    for (uint32_t i = 0; i < 320; i++)
        if (i % 3 == 0 || i % 7 == 0)
            idset_set(want, i, true);
    buffer_init(&bytes, &MEM_SYSTEM);
    buffer_init(&again, &MEM_SYSTEM);
    read_golden("tests/golden/presence_bits.hex", &bytes);
    assert_int_equal(presence_decode(&MEM_SYSTEM, bytes.bytes, bytes.size, &read), GK_OK);
    assert_true(idset_equals(read, want));
    assert_int_equal(presence_encode(want, &again), GK_OK);
    assert_bytes(&again, &bytes);
    idset_free(read);
    idset_free(want);
    buffer_clear(&bytes);
    buffer_clear(&again);
}

/* The form is chosen by a bound on the other: it must hold, and what is dense must not cost more than its bits. */
static void no_set_costs_more_than_its_bits(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint8_t *is_in = malloc(IDS);
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    for (uint64_t round = test_rounds(200); round > 0; round--) {
        struct idset *set = new_set();
        uint32_t last = 0;
        fill(&random, set, is_in);
        for (uint32_t id = 0; id < IDS; id++)
            last = is_in[id] ? id : last;
        buffer_reset(&bytes);
        assert_int_equal(presence_encode(set, &bytes), GK_OK);
        assert_true(bytes.size <= 2 + last / 8 + 1 || idset_count(set) == 0);
        idset_free(set);
    }
    buffer_clear(&bytes);
    free(is_in);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_set_has_what_was_put_into_it),
    cmocka_unit_test(a_visit_stops_when_it_is_told_to),
    cmocka_unit_test(records_come_back_as_they_were_written),
    cmocka_unit_test(equal_sets_are_equal_bytes_however_they_came_about),
    cmocka_unit_test(every_cut_is_refused_or_has_fewer_ids),
    cmocka_unit_test(every_flipped_byte_is_refused_or_reads_as_another_set),
    cmocka_unit_test(an_id_that_no_facility_can_have_is_refused),
    cmocka_unit_test(gaps_as_no_writer_writes_them_are_refused),
    cmocka_unit_test(another_version_is_refused),
    cmocka_unit_test(a_failed_allocation_of_our_own_loses_nothing),
    cmocka_unit_test(the_example_of_the_format_page_reads_as_it_says),
    cmocka_unit_test(the_golden_presence_reads_the_same_for_ever),
    cmocka_unit_test(the_golden_bits_read_the_same_for_ever),
    cmocka_unit_test(no_set_costs_more_than_its_bits),
};

RUN_TESTS(tests)
