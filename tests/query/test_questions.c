/*
 * test_questions.c - docs/QUESTIONS.md: each question gives one tree in both languages, the same answer, the rows that
 * stand under it, and those are what is counted without the engine (questions_truth.h).
 *
 * Of the page, "## 2. ..." begins a question; ```gkql en and ```gkql zh are its statements, ```rows COLUMNS what they
 * must give.
 * QUESTIONS_CSV=FOLDER writes the tables of the zone there, to be loaded with gk load.
 */
#include "query/questions_truth.h"

#include "parser.h"
#include "print.h"

enum block { NONE, ENGLISH, CHINESE, ROWS, OTHER };

struct page {
    struct zone zone;
    int line, question, n_wrong, n_checked;
    char columns[256];
    struct text english, answer; /* of the question */
};

static void blame(struct page *page, const char *what, const char *expected, const char *got)
{
    print_error("docs/QUESTIONS.md:%d: question %d: %s\n--- expected\n%s\n--- got\n%s\n", page->line, page->question,
                what, expected, got);
    page->n_wrong++;
}

/* All statements of a text as they are printed. */
static void print_all(const char *text, size_t size, struct text *out)
{
    out->size = 0;
    text_add(out, "");
    for (size_t at = 0, used; at < size; at += used) {
        struct gk_query_error error = {0};
        struct report report = {.text = text + at, .size = size - at, .error = &error};
        struct arena arena;
        struct stmt *stmt = NULL;
        struct failing_mem mem;

        failing_mem_init(&mem);
        arena_init(&arena, mem.mem.resize, mem.mem.context, (size_t)16 << 20);
        int rc = parse_statement(&arena, &report, &stmt, &used);
        text_add(out, rc != GK_OK ? error.report : stmt ? print_statement(&arena, stmt) : "");
        text_add(out, "\n");
        arena_clear(&arena);
        if (rc != GK_OK)
            break;
    }
}

static void ask(struct page *page, const struct text *statement, struct text *answer)
{
    answer->size = 0;
    zone_ask(&page->zone, statement->bytes, page->columns, answer, NULL);
}

static void ask_chinese(struct page *page, const struct text *chinese)
{
    struct text one = {NULL, 0, 0}, other = {NULL, 0, 0};

    print_all(page->english.bytes, page->english.size, &one);
    print_all(chinese->bytes, chinese->size, &other);
    if (strcmp(one.bytes, other.bytes) != 0)
        blame(page, "the languages differ", one.bytes, other.bytes);
    page->columns[0] = '\0';
    ask(page, &page->english, &one);
    ask(page, chinese, &other);
    /* Moments of lags are told in the words of the statement: compared without. */
    if (strncmp(page->english.bytes, "list lag", 8) != 0 && strcmp(one.bytes, other.bytes) != 0)
        blame(page, "the answers differ", one.bytes, other.bytes);
    text_clear(&one);
    text_clear(&other);
}

static void check_rows(struct page *page, const struct text *rows)
{
    struct text truth = {NULL, 0, 0};

    ask(page, &page->english, &page->answer);
    if (getenv("GKT_PRINT")) /* not by print_message, which cuts long texts */
        (void)printf("[%d]\n%s", page->question, page->answer.bytes);
    if (strcmp(rows->bytes, page->answer.bytes) != 0)
        blame(page, "the answer differs", rows->bytes, page->answer.bytes);
    for (int i = 0; i < N_TRUTHS; i++)
        if (truths[i].question == page->question) {
            truths[i].rows(&truth);
            page->n_checked++;
            if (strcmp(truth.bytes, page->answer.bytes) != 0)
                blame(page, "the answer is not what was planned", truth.bytes, page->answer.bytes);
        }
    text_clear(&truth);
}

static void end_block(struct page *page, enum block block, const struct text *body)
{
    if (block == ENGLISH) {
        page->english.size = 0;
        text_put(&page->english, body->bytes, body->size);
    } else if (block == CHINESE) {
        ask_chinese(page, body);
    } else if (block == ROWS) {
        check_rows(page, body);
    }
}

static enum block block_of(struct page *page, const char *fence)
{
    if (sscanf(fence, "```rows %255s", page->columns) == 1)
        return ROWS;
    return strncmp(fence, "```gkql en", 10) == 0 ? ENGLISH : strncmp(fence, "```gkql zh", 10) == 0 ? CHINESE : OTHER;
}

static void run_page(struct page *page, FILE *file)
{
    struct text body = {NULL, 0, 0};
    enum block block = NONE;
    char line[4096];

    while (fgets(line, sizeof line, file)) {
        page->line++;
        if (block == NONE && strncmp(line, "## ", 3) == 0)
            page->question = atoi(line + 3);
        if (block == NONE && strncmp(line, "```", 3) == 0) {
            block = block_of(page, line);
            body.size = 0;
            text_add(&body, "");
        } else if (block != NONE && strncmp(line, "```", 3) == 0) {
            end_block(page, block, &body);
            block = NONE;
        } else if (block != NONE) {
            text_add(&body, line);
        }
    }
    text_clear(&body);
}

/* ---- the zone in the store ---- */

static void keep(const char *name, const struct text *csv)
{
    char path[4096];

    if (!getenv("QUESTIONS_CSV"))
        return;
    (void)snprintf(path, sizeof path, "%s/%s", getenv("QUESTIONS_CSV"), name);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(csv->bytes, 1, csv->size, file) != csv->size || fclose(file) != 0)
        fail_msg("cannot write %s", path);
}

static void load_table(struct zone *zone, const char *name, struct text *csv)
{
    keep(name, csv);
    zone_load(zone, csv->bytes, csv->size);
    csv->size = 0;
}

static void load_zone(struct zone *zone)
{
    static const char *const names[] = {"bands.csv", "orders.csv", "exemptions.csv"};
    struct text csv = {NULL, 0, 0};
    const char *at = tables;

    plan_make();
    zone->now = time_of(0); /* no row is older: they come in time */
    put_facilities(&csv);
    load_table(zone, "facilities.csv", &csv);
    put_links(&csv);
    load_table(zone, "links.csv", &csv);
    for (int i = 0; i < 3; i++) {
        const char *end = strstr(at, "\n\n");
        text_put(&csv, at, (size_t)(end - at) + 1);
        load_table(zone, names[i], &csv);
        at = end + 2;
    }
    put_rows(&csv, false);
    load_table(zone, "rows.csv", &csv);
    put_rows(&csv, true);
    zone->now = time_of(NOW) + 180 * GK_SECOND; /* 2026-11-21T11:58 */
    load_table(zone, "late.csv", &csv);
    put_acts(&csv);
    zone_put_acts(zone, csv.bytes);
    text_clear(&csv);
}

static void the_questions_have_the_answers_that_were_planned(void **state)
{
    struct page page = {.line = 0};
    FILE *file = fopen("docs/QUESTIONS.md", "r");

    (void)state;
    assert_non_null(file);
    zone_open(&page.zone);
    load_zone(&page.zone);
    run_page(&page, file);
    (void)fclose(file); /* it was read only */
    zone_close(&page.zone);
    text_clear(&page.english);
    text_clear(&page.answer);
    print_message("docs/QUESTIONS.md: %d answers checked, %d wrong\n", page.n_checked, page.n_wrong);
    assert_int_equal(page.n_wrong, 0);
    assert_int_equal(page.n_checked, N_TRUTHS);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_questions_have_the_answers_that_were_planned),
};

RUN_TESTS(tests)
