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

static struct presence new_presence(void)
{
    struct presence presence;
    assert_int_equal(presence_new(&MEM_SYSTEM, &presence), GK_OK);
    return presence;
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
    uint8_t *marks = calloc(IDS, 1);
    uint64_t seen[2] = {0, 0}, n = 0;
    idset_mark(set, marks, IDS);
    assert_memory_equal(marks, is_in, IDS);
    for (size_t i = 0; i < IDS; i++)
        n += is_in[i];
    assert_int_equal(idset_count(set), n);
    assert_int_equal(idset_each(set, count_id, seen), GK_OK);
    assert_int_equal(seen[1], n);
    free(marks);
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

static void a_visit_stops_when_it_is_told_to_and_marks_stay_inside(void **state)
{
    struct idset *set = new_set();
    uint32_t last = 70000;
    uint8_t marks[4] = {0, 2, 0, 9};
    (void)state;

    idset_set(set, 1, true);
    idset_set(set, 3, true);
    idset_set(set, last, true);
    idset_set(set, UINT32_MAX, true);
    assert_int_equal(idset_each(set, stop_at, &last), GK_EINTERRUPTED);
    idset_mark(set, marks, 3);
    assert_memory_equal(marks, ((uint8_t[]){0, 3, 0, 9}), 4);
    idset_mark(set, marks, 0);
    idset_free(set);
}

/* Both sets, whole inside some. */
static void fill(struct random *random, struct presence *presence, uint8_t *some, uint8_t *whole)
{
    memset(some, 0, IDS);
    memset(whole, 0, IDS);
    for (uint64_t i = random_below(random, 4); i > 0; i--)
        add_random(random, presence->some, some);
    for (uint32_t id = 0; id < IDS; id++) {
        whole[id] = some[id] && (id / 5000 % 3 == 0 || random_below(random, 3) == 0);
        if (whole[id])
            idset_set(presence->whole, id, true);
    }
}

static void records_come_back_as_they_were_written(void **state)
{
    struct random random = random_from(test_seed(__func__));
    uint8_t *some = malloc(IDS), *whole = malloc(IDS);
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    for (uint64_t round = test_rounds(15); round > 0; round--) {
        struct presence written = new_presence(), read;
        fill(&random, &written, some, whole);
        buffer_reset(&bytes);
        assert_int_equal(presence_encode(&written, &bytes), GK_OK);
        assert_int_equal(presence_check(bytes.bytes, bytes.size, NULL), GK_OK);
        assert_int_equal(presence_decode(&MEM_SYSTEM, bytes.bytes, bytes.size, &read), GK_OK);
        assert_set(read.some, some);
        assert_set(read.whole, whole);
        assert_true(idset_equals(read.some, written.some) && idset_equals(read.whole, written.whole));
        presence_clear(&written);
        presence_clear(&read);
    }
    buffer_clear(&bytes);
    free(some);
    free(whole);
}

static void equal_sets_are_equal_bytes_however_they_came_about(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct buffer bytes, again;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    buffer_init(&again, &MEM_SYSTEM);
    for (uint64_t round = test_rounds(3000); round > 0; round--) {
        struct presence straight = new_presence(), detour = new_presence();
        uint32_t n = 1 + (uint32_t)random_below(&random, 12);
        for (uint32_t id = 0; id < 4 * n; id++)
            idset_set(detour.some, id, true);
        again.size = 0;
        assert_int_equal(presence_encode(&detour, &again), GK_OK); /* it is made of runs now */
        for (uint32_t id = 0; id < 4 * n; id++) {
            bool is_in = random_below(&random, 2);
            idset_set(straight.some, id, is_in);
            idset_set(detour.some, id, is_in);
        }
        bytes.size = again.size = 0;
        assert_int_equal(presence_encode(&straight, &bytes), GK_OK);
        assert_int_equal(presence_encode(&detour, &again), GK_OK);
        assert_bytes(&again, &bytes);
        presence_clear(&straight);
        presence_clear(&detour);
    }
    buffer_clear(&bytes);
    buffer_clear(&again);
}

/* What is read is consistent and can be used; the check agrees. */
static bool try_bytes(const uint8_t *bytes, size_t size)
{
    struct presence read, again;
    struct gk_error error = {0};
    struct buffer out;
    uint64_t seen[2] = {0, 0};

    int rc = presence_decode(&MEM_SYSTEM, bytes, size, &read);
    assert_int_equal(presence_check(bytes, size, &error), rc);
    if (rc != GK_OK) {
        assert_true(rc == GK_ECORRUPT || rc == GK_EVERSION);
        assert_int_not_equal(error.text[0], '\0');
        assert_true(!read.some && !read.whole);
        return false;
    }
    assert_int_equal(idset_each(read.some, count_id, seen), GK_OK);
    assert_int_equal(seen[1], idset_count(read.some));
    seen[0] = seen[1] = 0;
    assert_int_equal(idset_each(read.whole, count_id, seen), GK_OK);
    assert_true(seen[1] <= idset_count(read.some));
    buffer_init(&out, &MEM_SYSTEM);
    assert_int_equal(presence_encode(&read, &out), GK_OK);
    assert_int_equal(presence_decode(&MEM_SYSTEM, out.bytes, out.size, &again), GK_OK);
    assert_true(idset_equals(again.some, read.some) && idset_equals(again.whole, read.whole));
    buffer_clear(&out);
    presence_clear(&read);
    presence_clear(&again);
    return true;
}

/* A small record with an array and runs. */
static void encode_small(struct buffer *out)
{
    struct presence presence = new_presence();
    for (uint32_t i = 0; i < 40; i++) {
        idset_set(presence.some, i < 20 ? 3 * i : 65536 + i, true);
        if (i % 2)
            idset_set(presence.whole, i < 20 ? 3 * i : 65536 + i, true);
    }
    for (uint32_t key = 2; key < 7; key++)
        idset_set(presence.some, key << 16, true);
    assert_int_equal(presence_encode(&presence, out), GK_OK);
    presence_clear(&presence);
}

static void every_cut_is_refused(void **state)
{
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    encode_small(&bytes);
    assert_true(try_bytes(bytes.bytes, bytes.size));
    for (size_t size = 0; size < bytes.size; size++) {
        uint8_t *cut = malloc(size ? size : 1);
        memcpy(cut, bytes.bytes, size);
        assert_false(try_bytes(cut, size));
        free(cut);
    }
    buffer_put_u8(&bytes, 0);
    assert_false(try_bytes(bytes.bytes, bytes.size));
    buffer_clear(&bytes);
}

static void every_flipped_byte_is_refused_or_reads_as_other_sets(void **state)
{
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    encode_small(&bytes);
    for (size_t at = 0; at < bytes.size; at++) {
        uint8_t was = bytes.bytes[at];
        for (unsigned flip = 1; flip < 256; flip++) {
            bytes.bytes[at] = was ^ (uint8_t)flip;
            (void)try_bytes(bytes.bytes, bytes.size); /* either is fine, if it is consistent */
        }
        bytes.bytes[at] = was;
    }
    buffer_clear(&bytes);
}

static void nobody_is_there_for_the_whole_hour_but_not_for_some_of_it(void **state)
{
    struct presence presence = new_presence();
    struct gk_error error = {0};
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    idset_set(presence.whole, 5, true);
    assert_int_equal(presence_encode(&presence, &bytes), GK_OK);
    assert_int_equal(presence_check(bytes.bytes, bytes.size, &error), GK_ECORRUPT);
    assert_non_null(strstr(error.text, "whole hour"));
    assert_false(try_bytes(bytes.bytes, bytes.size));
    bytes.bytes[0] = 2;
    assert_int_equal(presence_check(bytes.bytes, bytes.size, &error), GK_EVERSION);
    buffer_clear(&bytes);
    presence_clear(&presence);
}

static void a_failed_allocation_of_our_own_loses_nothing(void **state)
{
    struct buffer bytes;
    (void)state;

    buffer_init(&bytes, &MEM_SYSTEM);
    encode_small(&bytes);
    for (int what = 0; what < 4; what++) {
        for (uint64_t fail_at = 1;; fail_at++) {
            struct failing_mem failing;
            struct presence presence = {NULL, NULL};
            struct buffer out;
            int rc;
            failing_mem_init(&failing);
            failing.fail_at = fail_at;
            buffer_init(&out, &failing.mem);
            if (what == 0)
                rc = presence_new(&failing.mem, &presence);
            else if (what == 1)
                rc = presence_decode(&failing.mem, bytes.bytes, bytes.size, &presence);
            else if (what == 2)
                rc = presence_dump(&failing.mem, bytes.bytes, bytes.size, &out);
            else if ((rc = presence_decode(&MEM_SYSTEM, bytes.bytes, bytes.size, &presence)) == GK_OK)
                rc = presence_encode(&presence, &out);
            presence_clear(&presence);
            buffer_clear(&out);
            assert_int_equal(failing.n_live, 0);
            if (rc == GK_OK)
                break;
            assert_int_equal(rc, GK_ENOMEM);
        }
    }
    buffer_clear(&bytes);
}

static void an_hour_is_some_or_whole_as_a_walk_over_its_ticks_says(void **state)
{
    struct random random = random_from(test_seed(__func__));
    struct gk_step steps[12];
    (void)state;

    for (uint64_t round = test_rounds(20000); round > 0; round--) {
        size_t n = random_below(&random, 12);
        int64_t tick = -20;
        for (size_t i = 0; i < n; i++) {
            tick += 1 + (int64_t)random_below(&random, 8);
            steps[i].tick = tick;
            do
                steps[i].value = (uint32_t)random_below(&random, 5);
            while (i > 0 && steps[i].value == steps[i - 1].value);
        }
        int64_t from = -25 + (int64_t)random_below(&random, 60), to = from + (int64_t)random_below(&random, 20);
        uint32_t some, whole, want = 0;
        for (int64_t t = from; t < to; t++) {
            uint32_t value = GK_NODATA;
            for (size_t i = 0; i < n && steps[i].tick <= t; i++)
                value = steps[i].value;
            want |= GK_STATE_BIT(value);
        }
        presence_of_steps(steps, n, from, to, &some, &whole);
        assert_int_equal(some, want);
        assert_int_equal(whole, __builtin_popcount(want) == 1 ? want : 0);
    }
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
    struct presence presence;
    buffer_reset(&out);
    assert_int_equal(presence_decode(&MEM_SYSTEM, bytes.bytes, bytes.size, &presence), GK_OK);
    assert_int_equal(presence_encode(&presence, &out), GK_OK);
    assert_bytes(&out, &bytes);
    presence_clear(&presence);
    free(dump);
    buffer_clear(&bytes);
    buffer_clear(&out);
}

/* Arrays, runs, a bitset of every seventh id, the highest id. */
static void the_golden_presence_reads_the_same_for_ever(void **state)
{
    struct presence want = new_presence(), read;
    struct buffer bytes;
    (void)state;

    for (uint32_t i = 0; i < 3; i++)
        idset_set(want.some, i * 7, true);
    for (uint32_t id = 65536; id < 65536 + 2000; id++) {
        idset_set(want.some, id, true);
        idset_set(want.whole, id, id != 66000);
    }
    for (uint32_t i = 0; i < 65536; i += 7) {
        idset_set(want.some, 3 * 65536 + i, true);
        idset_set(want.whole, 3 * 65536 + i, i % 61 == 0);
    }
    idset_set(want.some, UINT32_MAX - 1, true);
    buffer_init(&bytes, &MEM_SYSTEM);
    read_golden("tests/golden/presence.hex", &bytes);
    assert_int_equal(presence_decode(&MEM_SYSTEM, bytes.bytes, bytes.size, &read), GK_OK);
    assert_true(idset_equals(read.some, want.some));
    assert_true(idset_equals(read.whole, want.whole));
    presence_clear(&read);
    presence_clear(&want);
    buffer_clear(&bytes);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_set_has_what_was_put_into_it),
    cmocka_unit_test(a_visit_stops_when_it_is_told_to_and_marks_stay_inside),
    cmocka_unit_test(records_come_back_as_they_were_written),
    cmocka_unit_test(equal_sets_are_equal_bytes_however_they_came_about),
    cmocka_unit_test(every_cut_is_refused),
    cmocka_unit_test(every_flipped_byte_is_refused_or_reads_as_other_sets),
    cmocka_unit_test(nobody_is_there_for_the_whole_hour_but_not_for_some_of_it),
    cmocka_unit_test(a_failed_allocation_of_our_own_loses_nothing),
    cmocka_unit_test(an_hour_is_some_or_whole_as_a_walk_over_its_ticks_says),
    cmocka_unit_test(the_example_of_the_format_page_reads_as_it_says),
    cmocka_unit_test(the_golden_presence_reads_the_same_for_ever),
};

RUN_TESTS(tests)
