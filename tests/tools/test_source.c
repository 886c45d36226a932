/* Reading files: plain and gzip'd, with and without a thread ahead, whole and cut short, give the same bytes or an
 * error. */
#include "support/support.h"

#include <zlib.h>

#include "source.h"

#define TEXT_SIZE (5 * 1024 * 1024 + 321) /* more than goes into the ring */

static char *make_text(void)
{
    struct random random = random_from(42);
    char *text = malloc(TEXT_SIZE);

    assert_non_null(text);
    for (size_t i = 0; i < TEXT_SIZE; i++)
        text[i] = (char)('a' + random_below(&random, 16));
    return text;
}

static void write_packed(const char *path, const char *text, size_t size)
{
    gzFile file = gzopen(path, "wb1");

    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, (unsigned)size), (int)size);
    assert_int_equal(gzclose(file), Z_OK);
}

static void write_plain(const char *path, const char *text, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Reads all of it; returns the last status, and how many bytes agreed with the text. */
static int read_back(const char *path, bool is_ahead, bool is_peeked, const char *text, size_t *n)
{
    struct gk_error error = {0};
    struct source *source;
    const char *bytes;
    size_t size;
    int rc = source_open(path, &source, &error);

    *n = 0;
    assert_int_equal(rc, GK_OK);
    if (is_peeked)
        (void)source_peek(source, &bytes, &size, &error);
    if (is_ahead)
        source_read_ahead(source);
    while ((rc = source_next(source, &bytes, &size, &error)) == GK_OK) {
        assert_true(*n + size <= TEXT_SIZE);
        assert_memory_equal(bytes, text + *n, size);
        *n += size;
    }
    if (rc < 0)
        assert_true(error.text[0] != '\0');
    source_close(source);
    return rc;
}

static void plain_and_packed_give_the_same_bytes(void **state)
{
    const char *folder = test_folder();
    char *text = make_text(), path[512];
    size_t n;

    (void)state;
    for (int way = 0; way < 8; way++) {
        snprintf(path, sizeof path, "%s/file", folder);
        if (way & 1)
            write_packed(path, text, TEXT_SIZE);
        else
            write_plain(path, text, TEXT_SIZE);
        assert_int_equal(read_back(path, way & 2, way & 4, text, &n), GK_DONE);
        assert_int_equal(n, TEXT_SIZE);
    }
    free(text);
    test_folder_remove(folder);
}

static void a_packed_file_that_is_cut_short_is_said(void **state)
{
    const char *folder = test_folder();
    char *text = make_text(), *packed = malloc(TEXT_SIZE), path[512];
    size_t size, n;
    FILE *file;

    (void)state;
    snprintf(path, sizeof path, "%s/file.gz", folder);
    write_packed(path, text, TEXT_SIZE);
    file = fopen(path, "rb");
    assert_non_null(file);
    size = fread(packed, 1, TEXT_SIZE, file);
    fclose(file);
    write_plain(path, packed, size / 2);
    assert_int_equal(read_back(path, true, false, text, &n), GK_EIO);
    assert_true(n > 0);
    free(packed);
    free(text);
    test_folder_remove(folder);
}

static void closing_early_does_not_hang(void **state)
{
    const char *folder = test_folder();
    struct gk_error error = {0};
    char *text = make_text(), path[512];
    struct source *source;
    const char *bytes;
    size_t size;

    (void)state;
    snprintf(path, sizeof path, "%s/file", folder);
    write_plain(path, text, TEXT_SIZE);
    assert_int_equal(source_open(path, &source, &error), GK_OK);
    assert_int_equal(source_total(source), TEXT_SIZE);
    source_read_ahead(source);
    assert_int_equal(source_next(source, &bytes, &size, &error), GK_OK);
    source_close(source);
    free(text);
    test_folder_remove(folder);
}

static void what_is_no_file_is_said(void **state)
{
    const char *folder = test_folder();
    struct gk_error error = {0};
    struct source *source;

    (void)state;
    assert_int_equal(source_open("no/such/file", &source, &error), GK_ENOTFOUND);
    assert_non_null(strstr(error.text, "no/such/file"));
    assert_int_equal(source_open(folder, &source, &error), GK_EIO);
    assert_null(source);
    source_close(NULL);
    test_folder_remove(folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(plain_and_packed_give_the_same_bytes),
    cmocka_unit_test(a_packed_file_that_is_cut_short_is_said),
    cmocka_unit_test(closing_early_does_not_hang),
    cmocka_unit_test(what_is_no_file_is_said),
};

RUN_TESTS(tests)
