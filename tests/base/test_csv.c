/*
 * test_csv.c - what the records are depends on the bytes alone: random files in random pieces against a parser that has
 * the whole file in its hands; limits; bad records and where the next one begins.
 */
#include "support/support.h"

#include "base/csv.h"

/* ---- what came out, as text: line|field|field... or line!status
 * ------------------------------------------------------- */

static void note_record(struct buffer *out, const struct csv_record *record)
{
    buffer_printf(out, "%llu", (unsigned long long)record->line);
    for (size_t i = 0; i < record->n_fields; i++) {
        buffer_put_u8(out, '|');
        buffer_put(out, record->fields[i].bytes, record->fields[i].size);
    }
    buffer_put_u8(out, '\n');
}

static void drain(struct csv *csv, struct buffer *out)
{
    struct csv_record record;
    struct gk_error error;
    int rc;

    while ((rc = csv_next(csv, &record, &error)) != GK_DONE) {
        if (rc == GK_OK) {
            note_record(out, &record);
            continue;
        }
        assert_int_equal(rc, error.status);
        buffer_printf(out, "%llu!%d", (unsigned long long)record.line, rc);
        buffer_put(out, record.text, record.size);
        buffer_put_u8(out, '\n');
    }
}

/* Feeds copies of exactly the piece, so that asan sees a read behind it; random NULL: one piece. */
static void split(const char *text, size_t size, struct random *random, struct buffer *out)
{
    struct csv csv;
    size_t at = 0;

    csv_init(&csv, &MEM_SYSTEM);
    while (at < size) {
        size_t n = random ? random_below(random, random_below(random, 4) ? 4 : 40) : size;
        n = n > size - at ? size - at : n;
        char *piece = malloc(n ? n : 1);
        memcpy(piece, text + at, n);
        csv_feed(&csv, piece, n);
        drain(&csv, out);
        free(piece);
        at += n;
    }
    csv_end(&csv);
    drain(&csv, out);
    csv_clear(&csv);
}

static void assert_split(const char *text, const char *expected)
{
    struct random random = random_from(strlen(text));
    struct buffer out;

    buffer_init(&out, &MEM_SYSTEM);
    for (int i = 0; i < 20; i++) {
        buffer_reset(&out);
        split(text, strlen(text), i ? &random : NULL, &out);
        buffer_put_u8(&out, 0);
        assert_string_equal((char *)out.bytes, expected);
    }
    buffer_clear(&out);
}

/* ---- the same by recursive descent over the whole text
 * ---------------------------------------------------------------- */

/* One field from *at on; 0 when it is bad. `field` takes what is meant. */
static bool naive_field(const char *text, size_t size, size_t *at, struct buffer *field)
{
    size_t i = *at;
    if (i < size && text[i] == '"') {
        for (i++;; i++) {
            if (i >= size)
                return false;
            if (text[i] == '"' && !(i + 1 < size && text[i + 1] == '"'))
                break;
            i += text[i] == '"';
            buffer_put_u8(field, (uint8_t)text[i]);
        }
        *at = i + 1;
        return true;
    }
    for (; i < size && text[i] != ',' && text[i] != '\n'; i++) {
        bool is_line_end = text[i] == '\r' && (i + 1 == size || text[i + 1] == '\n');
        if (text[i] == '"')
            return false;
        if (is_line_end)
            break;
        buffer_put_u8(field, (uint8_t)text[i]);
    }
    *at = i;
    return true;
}

/* One record from *at on; false when it is bad. */
static bool naive_record(const char *text, size_t size, size_t *at, struct buffer *out)
{
    for (;;) {
        buffer_put_u8(out, '|');
        if (!naive_field(text, size, at, out))
            return false;
        if (*at < size && text[*at] == ',') {
            ++*at;
            continue;
        }
        if (*at < size && text[*at] == '\r')
            ++*at;
        if (*at < size && text[*at] != '\n')
            return false;
        *at += *at < size;
        return true;
    }
}

static void naive_split(const char *text, size_t size, struct buffer *out)
{
    uint64_t line = 1;
    size_t from = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0, at = from;

    if (from > 0 && from == size)
        buffer_printf(out, "1|\n"); /* nothing but a mark is an empty line */
    while (from < size) {
        size_t kept = out->size;
        buffer_printf(out, "%llu", (unsigned long long)line);
        if (!naive_record(text, size, &at, out)) {
            out->size = kept;
            for (at = from; at < size && text[at] != '\n'; at++)
                continue;
            size_t end = at - (at > from && text[at - 1] == '\r');
            buffer_printf(out, "%llu!%d", (unsigned long long)line, GK_ESYNTAX);
            buffer_put(out, text + from, end - from);
            at += at < size;
        }
        buffer_put_u8(out, '\n');
        for (; from < at; from++)
            line += text[from] == '\n';
    }
}

static void random_files_in_random_pieces_are_split_right(void **state)
{
    static const char *const ALPHABETS[] = {"ab,\n", "ab,\n\"", "a,\"\n\r", "\"\n", "a\",\r", "abcdefgh,,,12345678.\n"};
    struct random random = random_from(test_seed("csv"));
    struct buffer fast, naive;
    char text[400];
    (void)state;

    buffer_init(&fast, &MEM_SYSTEM);
    buffer_init(&naive, &MEM_SYSTEM);
    for (uint64_t i = test_rounds(60000); i > 0; i--) {
        const char *alphabet = ALPHABETS[random_below(&random, 6)];
        size_t size = random_below(&random, random_below(&random, 4) ? 40 : sizeof text - 3), n = 0;
        if (random_below(&random, 8) == 0) {
            memcpy(text, "\xEF\xBB\xBF", 3);
            n = 3;
        }
        for (; n < size; n++)
            text[n] = alphabet[random_below(&random, strlen(alphabet))];
        buffer_reset(&fast);
        buffer_reset(&naive);
        split(text, n, random_below(&random, 8) ? &random : NULL, &fast);
        naive_split(text, n, &naive);
        if (fast.size != naive.size || (fast.size && memcmp(fast.bytes, naive.bytes, fast.size) != 0))
            fail_msg("'%.*s' gave\n%.*sand not\n%.*s", (int)n, text, (int)fast.size, (char *)fast.bytes,
                     (int)naive.size, (char *)naive.bytes);
    }
    buffer_clear(&fast);
    buffer_clear(&naive);
}

/* ---- cases ---------------------------------------------------------------------------------------------------------
 */

static void records_are_split_at_newlines_and_commas(void **state)
{
    (void)state;
    assert_split("a,b\nc,d\n", "1|a|b\n2|c|d\n");
    assert_split("a,b\r\nc,d", "1|a|b\n2|c|d\n");
    assert_split("a,,\n,\n\nx", "1|a||\n2||\n3|\n4|x\n");
    assert_split("\xEF\xBB\xBF"
                 "a,b\n",
                 "1|a|b\n");
    assert_split("\xEF\xBB\xBF\"a\",b\n", "1|a|b\n");
    assert_split("a\rb,c\r", "1|a\rb|c\n");
    assert_split("123456789,123456789,123456789,,,,,,,,,x\n", "1|123456789|123456789|123456789|||||||||x\n");
}

static void an_empty_file_has_no_records(void **state)
{
    (void)state;
    assert_split("", "");
}

static void quotes_protect_commas_newlines_and_quotes(void **state)
{
    (void)state;
    assert_split("\"a,b\",\"c\"\"d\",\"\"\n", "1|a,b|c\"d|\n");
    assert_split("\"a\nb\r\nc\",d\r\ne\n", "1|a\nb\r\nc|d\n4|e\n");
    assert_split("\"a\"", "1|a\n");
    assert_split("\"\"\"\"\"\"\n", "1|\"\"\n");
    assert_split("x,\"a\"\"b\",\"c\"\"\"\"\",y", "1|x|a\"b|c\"\"|y\n");
}

static void a_bad_record_costs_only_its_first_line(void **state)
{
    (void)state;
    assert_split("\"a\"b,c\nd\n", "1!-10\"a\"b,c\n2|d\n");
    assert_split("a\"b\nd\n", "1!-10a\"b\n2|d\n");
    assert_split("a,\"never\nb,c\nd,e\n", "1!-10a,\"never\n2|b|c\n3|d|e\n");
    assert_split("a,\"torn\n\"b\",c\nd\n", "1!-10a,\"torn\n2|b|c\n3|d\n");
    assert_split("\"a\nb\"x\r\nc\n", "1!-10\"a\n2!-10b\"x\n3|c\n");
    assert_split("\"a\"\rb\nc", "1!-10\"a\"\rb\n2|c\n");
    assert_split("\"", "1!-10\"\n");
}

/* Feeds a text of `size` bytes in pieces; gives how many records were good and bad. */
static void count(const char *text, size_t size, size_t piece, size_t *good, size_t *bad, size_t *n_fields)
{
    struct csv csv;
    struct csv_record record;
    size_t at = 0;
    int rc;

    *good = *bad = *n_fields = 0;
    csv_init(&csv, &MEM_SYSTEM);
    for (bool is_ended = false; !is_ended;) {
        is_ended = at == size;
        if (is_ended)
            csv_end(&csv);
        else
            csv_feed(&csv, text + at, piece < size - at ? piece : size - at);
        at += piece < size - at ? piece : size - at;
        while ((rc = csv_next(&csv, &record, NULL)) != GK_DONE) {
            *good += rc == GK_OK;
            *bad += rc != GK_OK;
            *n_fields = record.n_fields;
            if (rc != GK_OK)
                assert_true(record.size <= CSV_RECORD_MAX);
        }
    }
    csv_clear(&csv);
}

static void a_record_of_the_largest_size_is_good_and_a_byte_more_is_bad(void **state)
{
    static const size_t PIECES[] = {4096, 65537, CSV_RECORD_MAX, CSV_RECORD_MAX + 1, 4 * CSV_RECORD_MAX};
    static char text[2 * CSV_RECORD_MAX + 10];
    size_t good, bad, n_fields;
    (void)state;

    for (size_t i = 0; i < sizeof PIECES / sizeof *PIECES; i++) {
        for (size_t size = CSV_RECORD_MAX - 1; size <= CSV_RECORD_MAX + 2; size++) {
            for (int is_quoted = 0; is_quoted < 2; is_quoted++) {
                memset(text, 'x', size);
                if (is_quoted) {
                    text[0] = text[size - 1] = '"';
                    text[10] = '\n';
                }
                memcpy(text + size, "\na,b\n", 5);
                count(text, size + 5, PIECES[i], &good, &bad, &n_fields);
                bool is_good = size <= CSV_RECORD_MAX;
                assert_int_equal(good, is_good ? 2 : 1); /* of a bad quoted one the second line is bad, too */
                assert_int_equal(bad, is_good ? 0 : 1 + is_quoted);
                count(text, size, PIECES[i], &good, &bad, &n_fields);
                assert_int_equal(good, is_good ? 1 : 0);
            }
        }
        memset(text, 'x', sizeof text);
        memcpy(text + sizeof text - 5, "\na,b\n", 5);
        count(text, sizeof text, PIECES[i], &good, &bad, &n_fields);
        assert_int_equal(good, 1);
        assert_int_equal(bad, 1);
        assert_int_equal(n_fields, 2);
    }
}

static void a_quote_that_is_never_closed_does_not_swallow_a_big_file(void **state)
{
    size_t size = 3 * CSV_RECORD_MAX, good, bad, n_fields;
    char *text = malloc(size);
    (void)state;

    for (size_t i = 0; i + 8 <= size; i += 8)
        memcpy(text + i, "ab,cd,e\n", 8);
    text[8 * 1000] = '"';
    count(text, size, 65536, &good, &bad, &n_fields);
    assert_int_equal(bad, 1);
    assert_int_equal(good, size / 8 - 1);
    free(text);
}

static void as_many_fields_as_allowed_are_good_and_one_more_is_bad(void **state)
{
    char text[3 * CSV_FIELDS_MAX + 20];
    size_t good, bad, n_fields;
    (void)state;

    for (size_t n = CSV_FIELDS_MAX - 1; n <= CSV_FIELDS_MAX + 1; n++) {
        for (int is_quoted = 0; is_quoted < 2; is_quoted++) {
            size_t size = 0;
            for (size_t i = 0; i < n; i++) {
                text[size++] = is_quoted && i == 0 ? '"' : 'x';
                text[size++] = is_quoted && i == 0 ? '"' : 'x';
                text[size++] = i + 1 < n ? ',' : '\n';
            }
            count(text, size, 1000, &good, &bad, &n_fields);
            assert_int_equal(good, n <= CSV_FIELDS_MAX);
            assert_int_equal(bad, n > CSV_FIELDS_MAX);
            assert_int_equal(n_fields, n <= CSV_FIELDS_MAX ? n : 0);
        }
    }
}

static void places_are_lines_and_characters(void **state)
{
    static const char TEXT[] = "\xEF\xBB\xBF设施,\"a\nb\",c\nx,\"y\"z\n";
    struct csv csv;
    struct csv_record record;
    struct gk_error error;
    uint64_t line;
    uint32_t column;
    (void)state;

    csv_init(&csv, &MEM_SYSTEM);
    csv_feed(&csv, TEXT, sizeof TEXT - 1);
    assert_int_equal(csv_next(&csv, &record, &error), GK_OK);
    csv_place(&record, record.fields[1].at, &line, &column);
    assert_int_equal(line, 1);
    assert_int_equal(column, 4);
    csv_place(&record, record.fields[2].at, &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 4);
    assert_int_equal(csv_next(&csv, &record, &error), GK_ESYNTAX);
    assert_int_equal(error.line, 3);
    assert_int_equal(error.column, 6);
    csv_clear(&csv);
}

static void every_failing_allocation_is_said(void **state)
{
    static const char TEXT[] = "a,\"b\"\"c\"\nd,e\n";
    struct csv_record record;
    struct failing_mem failing;
    bool is_done = false;
    (void)state;

    for (uint64_t nth = 1; !is_done; nth++) {
        struct csv csv;
        int rc = GK_OK;
        failing_mem_init(&failing);
        failing.fail_at = nth;
        csv_init(&csv, &failing.mem);
        for (size_t i = 0; i < sizeof TEXT - 1 && rc != GK_ENOMEM; i++) {
            csv_feed(&csv, TEXT + i, 1);
            while ((rc = csv_next(&csv, &record, NULL)) == GK_OK)
                continue;
        }
        is_done = failing.n_calls < nth;
        assert_int_equal(rc, is_done ? GK_DONE : GK_ENOMEM);
        csv_clear(&csv);
        assert_int_equal(failing.n_live, 0);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(records_are_split_at_newlines_and_commas),
    cmocka_unit_test(an_empty_file_has_no_records),
    cmocka_unit_test(quotes_protect_commas_newlines_and_quotes),
    cmocka_unit_test(a_bad_record_costs_only_its_first_line),
    cmocka_unit_test(random_files_in_random_pieces_are_split_right),
    cmocka_unit_test(a_record_of_the_largest_size_is_good_and_a_byte_more_is_bad),
    cmocka_unit_test(a_quote_that_is_never_closed_does_not_swallow_a_big_file),
    cmocka_unit_test(as_many_fields_as_allowed_are_good_and_one_more_is_bad),
    cmocka_unit_test(places_are_lines_and_characters),
    cmocka_unit_test(every_failing_allocation_is_said),
};

RUN_TESTS(tests)
