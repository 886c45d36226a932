/*
 * test_pages.c - a file as LMDB wrote it passes the check of its pages, whatever was done to it; a page that is not as
 * it should be is found before LMDB believes it, and named with its table.
 */
#include "support/support.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "store/pages.h"

#define MAP (1 << 28)

static char path[4096], file[4200];
static struct gk_error error;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s", test_folder());
    (void)snprintf(file, sizeof file, "%s/data.mdb", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(path);
    return 0;
}

static MDB_env *open_env(unsigned flags)
{
    MDB_env *env;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 8), 0);
    assert_int_equal(mdb_env_set_mapsize(env, MAP), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_NOTLS | MDB_NOSYNC | flags, 0640), 0);
    return env;
}

static void put(MDB_txn *txn, MDB_dbi dbi, uint32_t number, size_t size)
{
    static uint8_t bytes[60000];
    uint8_t name[4];
    MDB_val key = {sizeof name, name}, value = {size, bytes};

    key_u32(name, number);
    memset(bytes, (int)number, size);
    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
}

/* Two tables of a few hundred records, some on pages of their own, written in many transactions with deletions. */
static void fill(struct random *random, int n_txns)
{
    MDB_env *env = open_env(0);
    for (int t = 0; t < n_txns; t++) {
        MDB_txn *txn;
        MDB_dbi a, b;
        assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
        assert_int_equal(mdb_dbi_open(txn, "chunk", MDB_CREATE, &a), 0);
        assert_int_equal(mdb_dbi_open(txn, "state", MDB_CREATE, &b), 0);
        for (int i = 0; i < 40; i++) {
            uint32_t k = (uint32_t)random_below(random, 400);
            put(txn, a, k, random_below(random, 4) ? random_below(random, 300) : random_below(random, 20000));
            put(txn, b, k, random_below(random, 100));
            uint8_t gone[4];
            MDB_val key = {4, gone};
            key_u32(gone, (uint32_t)random_below(random, 400));
            int rc = mdb_del(txn, a, &key, NULL);
            assert_true(rc == 0 || rc == MDB_NOTFOUND);
        }
        assert_int_equal(mdb_txn_commit(txn), 0);
    }
    mdb_env_close(env);
}

static unsigned n_shares, share; /* of the next checks */

struct found {
    size_t n;
    char text[8192];
};

static int take(void *context, const char *text)
{
    struct found *f = context;
    size_t at = strlen(f->text);
    (void)snprintf(f->text + at, sizeof f->text - at, "%s\n", text);
    f->n++;
    return GK_OK;
}

/* What a check of the file says: GK_OK and findings, or the status. */
static int check(bool is_whole, struct found *f)
{
    struct pages pages;
    int fd = open(file, O_RDONLY);

    *f = (struct found){.n = 0};
    assert_true(fd >= 0);
    int rc = pages_begin(fd, file, &pages, &error);
    if (rc == GK_OK) {
        struct pages_checking checking = {.txn_id = pages.txn_id,
                                          .is_whole = is_whole,
                                          .n_shares = n_shares,
                                          .share = share,
                                          .found = take,
                                          .context = f};
        rc = pages_check(&pages, &checking, &error);
    }
    (void)close(fd);
    return rc;
}

static void is_good(void)
{
    struct found f;
    for (int whole = 0; whole < 2; whole++) {
        int rc = check(whole, &f);
        if (rc != GK_OK || f.n)
            fail_msg("%d: %s\n%s", rc, rc ? error.text : "", f.text);
    }
}

static void is_found(bool is_whole, const char *words)
{
    struct found f;
    int rc = check(is_whole, &f);
    if (rc == GK_OK && f.n > 0 && strstr(f.text, words))
        return;
    if (rc != GK_OK && strstr(error.text, words))
        return;
    fail_msg("expected '%s', got %d: %s\n%s", words, rc, rc ? error.text : "", f.text);
}

/* ---- bytes of the file ------------------------------------------------------------------------------------------- */

#define PAGE 4096

static uint8_t *contents;
static size_t size;

static void slurp(void)
{
    struct stat st;
    int fd = open(file, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    size = (size_t)st.st_size;
    free(contents);
    contents = malloc(size);
    assert_non_null(contents);
    assert_int_equal(read(fd, contents, size), size);
    (void)close(fd);
}

static void spill(const uint8_t *bytes, size_t n)
{
    int fd = open(file, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    (void)close(fd);
}

static uint8_t *newest(void)
{
    uint64_t a = load_u64(contents + TXN_AT), b = load_u64(contents + PAGE + TXN_AT);
    return contents + (a > b ? 0 : PAGE);
}

/* The root of a table, by its record on the only page of the list of tables. */
static uint64_t root_of(const char *table, uint8_t **record)
{
    uint8_t *page = contents + PAGE * load_u64(newest() + TREES_AT + TREE_SIZE + TREE_ROOT);
    for (size_t i = 0; i < 2; i++) {
        uint8_t *node = page + load_u16(page + PAGE_HEAD + 2 * i);
        if (load_u16(node + 6) == strlen(table) && memcmp(node + NODE_HEAD, table, strlen(table)) == 0) {
            *record = node + NODE_HEAD + strlen(table);
            return load_u64(*record + TREE_ROOT);
        }
    }
    fail_msg("there is no table %s", table);
    return 0;
}

static uint8_t *root_page(const char *table)
{
    uint8_t *record;
    return contents + PAGE * root_of(table, &record);
}

static uint8_t *first_child(const uint8_t *branch)
{
    assert_int_equal(load_u16(branch + 10), PAGE_BRANCH);
    return contents + PAGE * page_child(branch + load_u16(branch + PAGE_HEAD));
}

/* ---- tests ---------------------------------------------------------------------------------------------------------
 */

static void what_lmdb_wrote_is_good(void **state)
{
    uint64_t seed = test_seed("what_lmdb_wrote_is_good");
    (void)state;
    for (uint64_t i = 0; i < test_rounds(12); i++) {
        struct random random = random_from(seed + i);
        fill(&random, (int)(1 + 3 * i));
        is_good();
    }
}

static void a_new_file_is_good(void **state)
{
    (void)state;
    mdb_env_close(open_env(0));
    is_good();
}

/* A file that grew, and whose last pages were given back before they were written. */
static void pages_that_were_never_written_are_no_damage(void **state)
{
    struct random random = random_from(1);
    MDB_txn *txn;
    MDB_dbi dbi;
    uint8_t name[4] = {0, 0, 1, 255};
    MDB_val key = {4, name};
    (void)state;

    fill(&random, 10);
    MDB_env *env = open_env(0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "chunk", 0, &dbi), 0);
    for (int i = 0; i < 20; i++)
        put(txn, dbi, 511, 60000);
    assert_int_equal(mdb_del(txn, dbi, &key, NULL), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    is_good();
}

/* Damages a copy of the file at one place and says what it finds; the file itself stays. */
#define DAMAGED(words, is_whole, ...)                                                                                  \
    do {                                                                                                               \
        slurp();                                                                                                       \
        uint8_t *good = malloc(size);                                                                                  \
        assert_non_null(good);                                                                                         \
        memcpy(good, contents, size);                                                                                  \
        __VA_ARGS__;                                                                                                   \
        spill(contents, size);                                                                                         \
        is_found(is_whole, words);                                                                                     \
        spill(good, size);                                                                                             \
        free(good);                                                                                                    \
    } while (0)

static void damaged_headers_are_refused(void **state)
{
    struct random random = random_from(2);
    (void)state;
    fill(&random, 9);
    DAMAGED("header 0: it is no header", false, contents[10] = 2);
    DAMAGED("header 1: it is no header", false, contents[PAGE + MAGIC_AT] ^= 1);
    DAMAGED("written by another version of LMDB", false, contents[MAGIC_AT + 4] = 2);
    DAMAGED("its first header is damaged", false, contents[TREES_AT] = 7);
    DAMAGED("it has another page size", false, store_u32(contents + PAGE + TREES_AT, 8192));
    DAMAGED("belongs to the other one", false, contents[TXN_AT]++);
    DAMAGED("do not follow each other", false, contents[TXN_AT] += 4);
    DAMAGED("the number of pages is beyond reason", false, store_u64(newest() + LAST_AT, UINT64_C(1) << 40));
    DAMAGED("a tree does not begin in the file", false,
            store_u64(newest() + TREES_AT + TREE_SIZE + TREE_ROOT, UINT64_C(1) << 20));
    DAMAGED("too short for two headers", false, size = 4200);
    DAMAGED("too short for a header", false, size = 100);
}

/* As LMDB leaves it when a header cannot be synced: the former number, the trees of what failed. */
static void trees_of_a_header_that_does_not_count_are_not_looked_at(void **state)
{
    struct random random = random_from(2);
    (void)state;
    fill(&random, 9);
    slurp();
    uint8_t *older = newest() == contents ? contents + PAGE : contents;
    store_u64(older + TREES_AT + TREE_SIZE + TREE_ROOT, UINT64_C(1) << 20);
    spill(contents, size);
    is_good();
}

static void damaged_pages_are_found_and_named(void **state)
{
    struct random random = random_from(3);
    uint8_t *record, *page;
    (void)state;

    fill(&random, 30);
    DAMAGED("table chunk, page ", false, memset(root_page("chunk"), 0, PAGE));
    DAMAGED(": it has the number of another page", false, root_page("chunk")[0]++);
    DAMAGED(": it is of the wrong kind", false, root_page("state")[10] = 2);
    DAMAGED(": its borders make no sense", false, root_page("state")[12]++);
    DAMAGED(": it is empty", false, store_u16(first_child(root_page("state")) + 12, PAGE_HEAD));
    DAMAGED(": a node is not inside of it", false, store_u16(root_page("state") + PAGE_HEAD, PAGE - 2));
    DAMAGED(": a node of no known kind", false, page = first_child(root_page("state"));
            page[load_u16(page + PAGE_HEAD) + 4] = 4);
    DAMAGED(": its keys are not in order", false, page = first_child(root_page("state"));
            page[load_u16(page + PAGE_HEAD) + NODE_HEAD]++);
    DAMAGED(": a key of a wrong size", false, page = first_child(root_page("state"));
            page[load_u16(page + PAGE_HEAD) + 6] = 0);
    DAMAGED(", which is none", false, page = root_page("state"); store_u32(page + load_u16(page + PAGE_HEAD), 1));
    DAMAGED("is used twice", false, page = root_page("state");
            memcpy(page + load_u16(page + PAGE_HEAD), page + load_u16(page + PAGE_HEAD + 2), 6));
    DAMAGED("its nodes overlap", false, page = first_child(root_page("state")); page += load_u16(page + 14);
            store_u16(page, (uint16_t)(load_u16(page) + 200)));
    DAMAGED("its record speaks of", false, (void)root_of("state", &record); record[TREE_ENTRIES]++);
    DAMAGED("its record speaks of 77 levels", false, (void)root_of("state", &record); record[TREE_DEPTH] = 77);
    DAMAGED("it is empty, and its record speaks of entries or pages", false, (void)root_of("state", &record);
            record[TREE_DEPTH] = 0; store_u64(record + TREE_ROOT, NO_ROOT));
    DAMAGED("the record of a table makes no sense", false, (void)root_of("state", &record); record[TREE_FLAGS] = 4);
    DAMAGED("a table where a value should be", false, (void)root_of("state", &record); record[-9] = 0);
}

/* What only a writer goes by. */
static void damage_that_only_a_writer_meets_is_found_by_a_whole_check(void **state)
{
    struct random random = random_from(4);
    uint64_t free_root;
    uint8_t *page;
    struct found f;
    (void)state;

    fill(&random, 30);
    slurp();
    for (size_t at = 2 * PAGE; at < size; at += PAGE) /* all heads of values */
        if (load_u16(contents + at + 10) == PAGE_BIG && load_u64(contents + at) == at / PAGE)
            store_u32(contents + at + 12, 0);
    uint8_t *damaged = malloc(size);
    assert_non_null(damaged);
    memcpy(damaged, contents, size);
    DAMAGED(": it is no head of a value of ", true, memcpy(contents, damaged, size));
    spill(damaged, size);
    assert_int_equal(check(false, &f), GK_OK); /* a reader does not care */
    assert_int_equal(f.n, 0);
    free(damaged);
    tear_down(NULL);
    set_up(NULL);
    fill(&random, 30);
#define FREE                                                                                                           \
    free_root = load_u64(newest() + TREES_AT + TREE_ROOT), page = contents + PAGE * free_root,                         \
    page += load_u16(page + PAGE_HEAD) + NODE_HEAD + 8
    DAMAGED("list of free pages, page ", true, FREE; store_u64(page, 100000));
    DAMAGED("a record of free pages is not in order", true, FREE; store_u64(page + 16, load_u64(page + 8)));
    DAMAGED("is used twice", true, FREE; store_u64(page + 8, load_u64(newest() + LAST_AT));
            store_u64(page + 16, free_root));
    DAMAGED("a record of free pages makes no sense", true, FREE; store_u64(page, UINT64_MAX));
    DAMAGED("a record of free pages makes no sense", true,
            page = contents + PAGE * load_u64(newest() + TREES_AT + TREE_ROOT);
            page += load_u16(page + load_u16(page + 12) - 2) + NODE_HEAD; store_u64(page, UINT64_MAX - 1));
}

static void one_share_in_turn_finds_a_leaf_and_all_find_what_leads_to_it(void **state)
{
    struct random random = random_from(4);
    struct found f;
    size_t n_found = 0;
    uint64_t number;
    (void)state;

    fill(&random, 20);
    n_shares = 5;
    for (share = 0; share < n_shares; share++)
        is_good();
    for (share = 0; share < n_shares; share++)
        DAMAGED("its borders make no sense", true, root_page("chunk")[15] = 0x55);
    slurp();
    uint8_t *leaf = first_child(root_page("chunk"));
    number = load_u64(leaf);
    leaf[15] = 0x55;
    spill(contents, size);
    for (share = 0; share < n_shares; share++) {
        assert_int_equal(check(true, &f), GK_OK);
        assert_int_equal(f.n > 0, share == number % n_shares);
        n_found += f.n > 0;
    }
    n_shares = share = 0;
    assert_int_equal(n_found, 1);
}

static void every_cut_is_noticed(void **state)
{
    struct random random = random_from(5);
    struct found f;
    (void)state;

    fill(&random, 20);
    slurp();
    for (size_t cut = size - 1; cut > 501; cut -= cut > 5000 ? 4001 : 501) {
        assert_int_equal(truncate(file, (off_t)cut), 0);
        int rc = check(true, &f);
        /* Free pages at the end may be missing. */
        if (rc == GK_OK && f.n == 0)
            assert_true(size - cut < size / 4);
    }
}

/* Every bit of the newest pages: never a crash, and a tree that passes is read by LMDB to its end. */
static void what_passes_can_be_read(void **state)
{
    uint64_t seed = test_seed("what_passes_can_be_read");
    struct random random = random_from(seed);
    size_t n_passed = 0, n_found = 0;
    (void)state;

    fill(&random, 6);
    slurp();
    uint8_t *good = malloc(size);
    assert_non_null(good);
    memcpy(good, contents, size);
    for (uint64_t i = 0; i < test_rounds(300); i++) {
        struct found f;
        size_t page = random_below(&random, size / PAGE), n = 1 + random_below(&random, 3);
        memcpy(contents, good, size);
        for (size_t k = 0; k < n; k++)
            contents[PAGE * page +
                     (random_below(&random, 2) ? random_below(&random, 200) : random_below(&random, PAGE))] ^=
                (uint8_t)(1 << random_below(&random, 8));
        spill(contents, size);
        if (check(true, &f) != GK_OK || f.n) {
            n_found++;
            continue;
        }
        MDB_env *env = open_env(MDB_RDONLY);
        MDB_txn *txn;
        n_passed++;
        assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
        for (int t = 0; t < 2; t++) {
            MDB_dbi dbi;
            MDB_cursor *c;
            MDB_val key, value;
            size_t sum = 0;
            assert_int_equal(mdb_dbi_open(txn, t ? "state" : "chunk", 0, &dbi), 0);
            assert_int_equal(mdb_cursor_open(txn, dbi, &c), 0);
            while (mdb_cursor_get(c, &key, &value, MDB_NEXT) == 0)
                for (size_t b = 0; b < value.mv_size; b += 64)
                    sum += ((uint8_t *)value.mv_data)[b];
            mdb_cursor_close(c);
            assert_true(sum < SIZE_MAX);
        }
        mdb_txn_abort(txn);
        mdb_env_close(env);
    }
    assert_true(n_passed > 0 && n_found > 0);
    free(good);
}

/* Findings can end it, and the first one is the error where nobody takes them. */
static int stop(void *context, const char *text)
{
    (void)text;
    ++*(int *)context;
    return GK_EINTERRUPTED;
}

static void the_first_finding_is_the_error(void **state)
{
    struct random random = random_from(6);
    struct pages pages;
    int n = 0;
    (void)state;

    fill(&random, 30);
    slurp();
    memset(root_page("chunk"), 0, PAGE);
    memset(root_page("state"), 0, PAGE);
    spill(contents, size);
    int fd = open(file, O_RDONLY);
    assert_int_equal(pages_begin(fd, file, &pages, &error), GK_OK);
    struct pages_checking checking = {.txn_id = pages.txn_id};
    assert_int_equal(pages_check(&pages, &checking, &error), GK_ECORRUPT);
    assert_non_null(strstr(error.text, "data.mdb: table chunk, page "));
    checking.found = stop;
    checking.context = &n;
    assert_int_equal(pages_check(&pages, &checking, &error), GK_EINTERRUPTED);
    assert_int_equal(n, 1);
    checking.txn_id -= 2; /* overwritten long ago */
    assert_int_equal(pages_check(&pages, &checking, &error), GK_ENOTFOUND);
    (void)close(fd);
    free(contents);
    contents = NULL;
}

static void what_cannot_be_read_is_no_damage(void **state)
{
    struct random random = random_from(5);
    struct pages_checking checking = {.is_whole = true};
    struct pages pages;
    (void)state;

    fill(&random, 5);
    int fd = open(file, O_RDONLY), no_reading = open(file, O_WRONLY);
    assert_int_equal(pages_begin(no_reading, file, &pages, &error), GK_EIO);
    assert_non_null(strstr(error.text, "cannot be read: "));
    assert_int_equal(pages_begin(fd, file, &pages, &error), GK_OK);
    checking.txn_id = pages.txn_id;
    pages.file.fd = no_reading;
    assert_int_equal(pages_check(&pages, &checking, &error), GK_EIO);
    assert_int_equal(close(fd) + close(no_reading), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_FOLDER(what_lmdb_wrote_is_good),
    IN_FOLDER(a_new_file_is_good),
    IN_FOLDER(pages_that_were_never_written_are_no_damage),
    IN_FOLDER(damaged_headers_are_refused),
    IN_FOLDER(trees_of_a_header_that_does_not_count_are_not_looked_at),
    IN_FOLDER(damaged_pages_are_found_and_named),
    IN_FOLDER(damage_that_only_a_writer_meets_is_found_by_a_whole_check),
    IN_FOLDER(one_share_in_turn_finds_a_leaf_and_all_find_what_leads_to_it),
    IN_FOLDER(every_cut_is_noticed),
    IN_FOLDER(what_passes_can_be_read),
    IN_FOLDER(the_first_finding_is_the_error),
    IN_FOLDER(what_cannot_be_read_is_no_damage),
};

RUN_TESTS(tests)
