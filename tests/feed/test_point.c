/*
 * test_point.c - lines of the line protocol: what they say, and what is said of wrong ones.
 */
#include "support/support.h"

#include "feed/point.h"

static struct buffer scratch;
static struct point point;
static struct gk_error error;

static int set_up(void **state)
{
    (void)state;
    buffer_init(&scratch, &MEM_SYSTEM);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_clear(&scratch);
    return 0;
}

/* A copy of exactly the line, so that a read behind it is seen; it lives until the next call. */
static int parse(const char *line)
{
    static char *copy;
    size_t size = strlen(line);

    free(copy);
    copy = malloc(size + 1);
    memcpy(copy, line, size);
    copy = realloc(copy, size ? size : 1);
    int rc = point_parse(copy, size, &scratch, &point, &error);
    if (size == 0) {
        free(copy);
        copy = NULL;
    }
    return rc;
}

/* What a line says: measurement|facility|name=value...|time */
static void assert_says(const char *line, const char *expected)
{
    char got[1000];
    size_t n = 0;

    if (parse(line) != GK_OK)
        fail_msg("%s: %s", line, error.text);
    n += (size_t)snprintf(got + n, sizeof got - n, "%.*s|%.*s|", (int)point.measurement.size, point.measurement.bytes,
                          (int)point.facility.size, point.facility.size ? point.facility.bytes : "");
    for (size_t i = 0; i < point.n_fields; i++)
        n += (size_t)snprintf(got + n, sizeof got - n, point.fields[i].is_number ? "%.*s=%.10g " : "%.*s ",
                              (int)point.fields[i].name.size, point.fields[i].name.bytes, point.fields[i].value);
    if (point.has_time)
        n += (size_t)snprintf(got + n, sizeof got - n, "|%lld", (long long)point.time);
    assert_string_equal(got, expected);
}

static void lines_say_what_the_manual_of_the_protocol_says(void **state)
{
    (void)state;
    assert_says("meter,facility=fan-1,site=E1 kw=7.5,ia=12i 1767571200000000000",
                "meter|fan-1|kw=7.5 ia=12 |1767571200000000000");
    assert_says("fan-1 kw=7.5", "fan-1||kw=7.5 ");
    assert_says("m a=1u,b=t,c=False,d=-1e-3,e=.5", "m||a=1 b=1 c=0 d=-0.001 e=0.5 ");
    assert_says("m kw=1 -5", "m||kw=1 |-5");
    assert_says("m   kw=1   5  \r", "m||kw=1 |5");
    assert_says("my\\ meter\\,x,facility=fan\\=1\\,a\\ b k\\ w=1", "my meter,x|fan=1,a b|k w=1 ");
    assert_says("m note=\"a, b=1 c\\\" d\",kw=2 7", "m||note kw=2 |7");
    assert_says("m,a=b=c kw=1", "m||kw=1 ");
    assert_says("\xe9\xa3\x8e\xe6\x9c\xba \xe5\x8a\x9f\xe7\x8e\x87=1",
                "\xe9\xa3\x8e\xe6\x9c\xba||\xe5\x8a\x9f\xe7\x8e\x87=1 ");
    assert_says("a\\b kw=1", "a\\b||kw=1 "); /* a backslash before anything else is one */
}

static void what_is_no_point_is_named_with_its_column(void **state)
{
    static const struct {
        const char *line;
        int status;
        const char *words;
    } CASES[] = {
        {"", GK_ESYNTAX, "column 1: expected a measurement, got ''"},
        {",a=b kw=1", GK_ESYNTAX, "column 1: expected a measurement, got ',a=b kw=1'"},
        {"m", GK_ESYNTAX, "column 2: expected a blank and fields, got ''"},
        {"m,a=b", GK_ESYNTAX, "column 6: expected a blank and fields, got ''"},
        {"m,a kw=1", GK_ESYNTAX, "column 4: expected = behind a tag's name, got ' kw=1'"},
        {"m,=b kw=1", GK_ESYNTAX, "column 3: expected a tag, got '=b kw=1'"},
        {"m,a= kw=1", GK_ESYNTAX, "column 5: expected a tag's value, got ' kw=1'"},
        {"m kw", GK_ESYNTAX, "column 5: expected = behind a field's name, got ''"},
        {"m kw=", GK_ESYNTAX, "column 6: expected a number, true, false or a text in double quotes, got ''"},
        {"m kw=1,", GK_ESYNTAX, "column 8: expected a field, got ''"},
        {"m kw=nan", GK_ESYNTAX, "column 6: expected a number, true, false or a text in double quotes, got 'nan'"},
        {"m kw=0x1F", GK_ESYNTAX, "column 6: expected a number, true, false or a text in double quotes, got '0x1F'"},
        {"m kw=1e999", GK_ERANGE, "column 6: expected a number, true, false or a text in double quotes, got '1e999'"},
        {"m a=\"x", GK_ESYNTAX, "column 5: expected a text that ends with \", got '\"x'"},
        {"m kw=1 5s", GK_ESYNTAX, "column 8: expected a time as a whole number, got '5s'"},
        {"m kw=1 -", GK_ESYNTAX, "column 8: expected a time as a whole number, got '-'"},
        {"m kw=1 9223372036854775808", GK_ERANGE,
         "column 8: expected a time that 64 bits hold, got '9223372036854775808'"},
        {"\xe9\xa3\x8e kw=a", GK_ESYNTAX,
         "column 6: expected a number, true, false or a text in double quotes, got 'a'"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_int_equal(parse(CASES[i].line), CASES[i].status);
        assert_string_equal(error.text, CASES[i].words);
    }
}

static void a_line_has_at_most_256_fields(void **state)
{
    char line[4000] = "m ";
    size_t n = 2;
    (void)state;

    for (int i = 0; i < 257; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, "f%d=1,", i);
    line[n - 1] = '\0';
    assert_int_equal(parse(line), GK_ELIMIT);
    *strstr(line, ",f256") = '\0';
    assert_int_equal(parse(line), GK_OK);
    assert_int_equal(point.n_fields, 256);
}

static void bytes_from_anywhere_are_read_within_their_bounds(void **state)
{
    struct random random = random_from(test_seed("bytes_from_anywhere_are_read_within_their_bounds"));
    static const char ALPHABET[] = "m,= \\\"1.ei-t\n\xe9";
    char line[40];
    (void)state;

    for (uint64_t round = test_rounds(20000); round > 0; round--) {
        size_t size = random_below(&random, sizeof line);
        for (size_t i = 0; i < size; i++)
            line[i] = ALPHABET[random_below(&random, sizeof ALPHABET - 1)];
        line[size < sizeof line ? size : sizeof line - 1] = '\0';
        int rc = parse(line);
        assert_true(rc == GK_OK || rc == GK_ESYNTAX || rc == GK_ERANGE);
        assert_true(rc != GK_OK || (point.n_fields > 0 && point.measurement.size > 0));
    }
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    WITH_SCRATCH(lines_say_what_the_manual_of_the_protocol_says),
    WITH_SCRATCH(what_is_no_point_is_named_with_its_column),
    WITH_SCRATCH(a_line_has_at_most_256_fields),
    WITH_SCRATCH(bytes_from_anywhere_are_read_within_their_bounds),
};

RUN_TESTS(tests)
