/*
 * test_mutate.c - the statements of docs/QUERY.md and pairs.txt, in both languages, with bytes, characters and words
 * changed, swapped, cut, repeated and spliced. Each is prepared against the zone of docs/QUERY.md: it is understood, or
 * gives one error with its place inside of the text, what was expected, and a caret. What is understood is printed, and
 * that parses to the same; the answer is that of what is printed. `make mutate` does ten million;
 * GK_ROUNDS says how many.
 */
#include "query/printed.h"
#include "query/zone.h"
#include "utf8.h"

#define STATEMENTS_MAX 2048
#define TEXT_MAX       1024

struct corpus {
    char *list[STATEMENTS_MAX];
    size_t n;
};

static void corpus_add(struct corpus *corpus, const char *text, size_t n)
{
    while (n > 0 && strchr(" ;\n", text[n - 1]))
        n--;
    if (n == 0 || n >= TEXT_MAX)
        return;
    assert_true(corpus->n < STATEMENTS_MAX);
    char *copy = malloc(n + 1);
    assert_non_null(copy);
    memcpy(copy, text, n);
    copy[n] = '\0';
    corpus->list[corpus->n++] = copy;
}

static void corpus_clear(struct corpus *corpus)
{
    for (size_t i = 0; i < corpus->n; i++)
        free(corpus->list[i]);
}

/* Loads the tables of the page into the zone and takes its statements; of a plain file each line is one. */
static void read_statements(const char *path, struct zone *zone, struct corpus *corpus)
{
    FILE *file = fopen(path, "r");
    struct text block = {NULL, 0, 0};
    char line[4096], kind[8] = "";

    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "<!-- now ", 9) == 0 && zone) {
            assert_int_equal(gk_time_parse(line + 9, strcspn(line + 9, " "), 28800, &zone->now), GK_OK);
        } else if (strncmp(line, "```", 3) == 0 && zone) {
            if (strcmp(kind, "csv") == 0)
                zone_load(zone, block.bytes, block.size);
            (void)snprintf(kind, sizeof kind, "%.*s", kind[0] ? 0 : (int)strcspn(line + 3, " \n"), line + 3);
            block.size = 0;
        } else if (strcmp(kind, "csv") == 0) {
            text_add(&block, line);
        } else if ((strcmp(kind, "gkql") == 0 || !zone) && line[0] != '#') {
            for (char *piece = strtok(line, ";\n"); piece; piece = strtok(NULL, ";\n"))
                corpus_add(corpus, piece, strlen(piece));
        }
    }
    (void)fclose(file); /* it was read only */
    text_clear(&block);
}

/* ---- mutations ---- */

struct mutant {
    char text[2 * TEXT_MAX];
    size_t size;
};

static void insert(struct mutant *m, size_t at, const char *bytes, size_t n)
{
    char copy[TEXT_MAX]; /* the piece may be one of the text itself */

    if (n > sizeof copy || m->size + n > sizeof m->text)
        return;
    memcpy(copy, bytes, n);
    memmove(m->text + at + n, m->text + at, m->size - at);
    memcpy(m->text + at, copy, n);
    m->size += n;
}

static void erase(struct mutant *m, size_t at, size_t n)
{
    n = n < m->size - at ? n : m->size - at;
    memmove(m->text + at, m->text + at + n, m->size - at - n);
    m->size -= n;
}

/* A place where a character begins. */
static size_t some_place(struct random *random, const struct mutant *m)
{
    size_t at = (size_t)random_below(random, m->size + 1);

    while (at > 0 && at < m->size && ((unsigned char)m->text[at] & 0xC0) == 0x80)
        at--;
    return at;
}

/* From a place to behind the next blank, or a few characters of text without blanks. */
static size_t some_word(struct random *random, const struct mutant *m, size_t *at)
{
    size_t n = 0, most = 3 * (1 + (size_t)random_below(random, 6));

    *at = some_place(random, m);
    while (*at + n < m->size && m->text[*at + n] != ' ' && ((unsigned char)m->text[*at] < 0x80 || n < most))
        n++;
    while (*at + n < m->size && ((unsigned char)m->text[*at + n] & 0xC0) == 0x80)
        n++;
    return n + (*at + n < m->size && m->text[*at + n] == ' ');
}

static void change_byte(struct random *random, struct mutant *m)
{
    if (m->size > 0)
        m->text[random_below(random, m->size)] = (char)random_below(random, 256);
}

static void change_character(struct random *random, struct mutant *m)
{
    static const uint32_t pool[] = {'\'',   '"',    '(',    ')',    ',',    ';',     '<',     '>',     '=',    '-',
                                    '*',    '%',    '0',    '9',    '.',    ':',     '\n',    ' ',     'a',    'Z',
                                    0,      0xE9,   0x300,  0x7684, 0x65F6, 0x4E0A,  0x5341,  0xFF0C,  0xFF19, 0x3000,
                                    0x201C, 0x2019, 0x300C, 0x3002, 0xFF07, 0x1F600, 0x20000, 0x10FFFF};
    char bytes[4];
    size_t at = some_place(random, m), len = 0;

    if (random_below(random, 2) && at < m->size) {
        (void)utf8_at(m->text, m->size, at, &len);
        erase(m, at, len);
    }
    insert(m, at, bytes, utf8_put(bytes, pool[random_below(random, sizeof pool / sizeof pool[0])]));
}

static void change_word(struct random *random, struct mutant *m)
{
    size_t n_spellings = 0, at, n = some_word(random, m, &at);

    while (word_spelling(n_spellings, NULL))
        n_spellings++;
    const char *word = word_spelling((size_t)random_below(random, n_spellings), NULL);
    if (random_below(random, 2))
        erase(m, at, n);
    insert(m, at, " ", 1);
    insert(m, at, word, strlen(word));
    insert(m, at, " ", random_below(random, 2));
}

static void swap_words(struct random *random, struct mutant *m)
{
    char word[TEXT_MAX];
    size_t at, n = some_word(random, m, &at);

    n = n < sizeof word ? n : sizeof word;
    memcpy(word, m->text + at, n);
    erase(m, at, n);
    insert(m, some_place(random, m), word, n);
}

static void repeat(struct random *random, struct mutant *m)
{
    size_t at, n = some_word(random, m, &at);

    if (random_below(random, 4) == 0) {
        at = some_place(random, m);
        n = m->size - at;
    }
    insert(m, some_place(random, m), m->text + at, n);
}

static void cut(struct random *random, struct mutant *m)
{
    size_t at, n = some_word(random, m, &at);

    switch (random_below(random, 4)) {
    case 0:
        m->size = some_place(random, m);
        break;
    case 1:
        erase(m, 0, some_place(random, m));
        break;
    default:
        erase(m, at, n);
    }
}

static void splice(struct random *random, struct mutant *m, const char *other)
{
    struct mutant b = {.size = strlen(other)};

    memcpy(b.text, other, b.size);
    size_t at = some_place(random, &b);
    m->size = some_place(random, m);
    insert(m, m->size, b.text + at, b.size - at);
}

static void mutate(struct random *random, struct mutant *m, const struct corpus *corpus)
{
    static void (*const kinds[])(struct random *, struct mutant *) = {change_byte, change_character, change_word,
                                                                      swap_words,  repeat,           cut};

    for (uint64_t n = 1 + random_below(random, 4) / 2; n > 0; n--) {
        uint64_t kind = random_below(random, 7);
        if (kind == 6)
            splice(random, m, corpus->list[random_below(random, corpus->n)]);
        else
            kinds[kind](random, m);
    }
}

/* ---- what must hold ---- */

static void check_error(const struct mutant *m, int rc, const struct gk_query_error *error, bool in_chinese)
{
    size_t n = utf8_count(m->text, m->size);
    const char *caret = strchr(error->report, '^');
    const char *begin = in_chinese ? "错误，第" : "error at ";

    bool is_fine = (rc == GK_ESYNTAX || rc == GK_ELIMIT) && error->error.status == rc && error->from <= error->to &&
                   error->to <= m->size && error->error.column >= 1 && error->error.column <= n + 1 &&
                   error->error.column == utf8_count(m->text, error->from) + 1 &&
                   strncmp(error->report, begin, strlen(begin)) == 0 && caret && error->error.text[0] &&
                   (error->hint[0] || rc == GK_ELIMIT);
    if (!is_fine)
        fail_msg("'%.*s' (%zu bytes): %d %s", (int)m->size, m->text, m->size, rc, error->report);
}

/* The statement as text, for free(); NULL when it is not understood. */
static char *check_printed(const struct mutant *m)
{
    char *text = printed(m->text, m->size), *again = text ? printed(text, strlen(text)) : NULL;

    if (text && (!again || strcmp(again, text) != 0))
        fail_msg("'%.*s' is printed as %s, and that as %s", (int)m->size, m->text, text, again ? again : "an error");
    free(again);
    return text;
}

/* The rows of a statement, the first of many, or why it has none. */
static void answer(struct zone *zone, gk_snapshot *snapshot, gk_query *query, struct text *out)
{
    struct gk_query_error error = {0};

    if (gk_query_start(query, snapshot, zone->now, &error) == GK_OK)
        zone_put_rows(query, NULL, out, &error);
    if (error.error.status)
        text_add(out, error.error.text); /* without its place, which may be another */
}

static void check_answer(struct zone *zone, gk_snapshot *snapshot, const struct mutant *m, gk_query *query,
                         const char *text)
{
    struct text typed = {NULL, 0, 0}, again = {NULL, 0, 0};
    struct gk_query_error error;
    gk_query *other = NULL;

    text_add(&typed, "");
    text_add(&again, "");
    if (gk_query_prepare(zone->session, snapshot, text, strlen(text), NULL, &other, &error) != GK_OK)
        fail_msg("'%.*s' is printed as %s: %s", (int)m->size, m->text, text, error.report);
    answer(zone, snapshot, query, &typed);
    answer(zone, snapshot, other, &again);
    if (strcmp(typed.bytes, again.bytes) != 0)
        fail_msg("'%.*s' answers\n%s, but printed as %s\n%s", (int)m->size, m->text, typed.bytes, text, again.bytes);
    gk_query_free(other);
    text_clear(&again);
    text_clear(&typed);
}

static void mutated_statements_are_understood_or_get_a_positioned_error(void **state)
{
    struct random random = random_from(test_seed("test_mutate"));
    uint64_t rounds = test_rounds(100000), n_errors = 0;
    struct corpus corpus = {.n = 0};
    gk_snapshot *snapshot = NULL;
    struct zone zone;

    (void)state;
    zone_open(&zone);
    read_statements("docs/QUERY.md", &zone, &corpus);
    read_statements("tests/query/pairs.txt", NULL, &corpus);
    assert_int_equal(gk_snapshot_open(zone.db, &snapshot, NULL), GK_OK);
    for (uint64_t i = 0; i < rounds; i++) {
        const char *example = corpus.list[random_below(&random, corpus.n)];
        struct mutant m = {.size = strlen(example)};
        struct gk_query_error error;
        gk_query *query = NULL;
        bool in_chinese = i / 4096 % 2;
        if (i % 4096 == 0) /* definitions add up */
            zone_speak(&zone, in_chinese ? "zh" : "en");
        memcpy(m.text, example, m.size);
        mutate(&random, &m, &corpus);
        int rc = gk_query_prepare(zone.session, snapshot, m.text, m.size, NULL, &query, &error);
        if (rc != GK_OK)
            check_error(&m, rc, &error, in_chinese);
        char *text = check_printed(&m);
        const struct gk_column *first = query ? gk_query_column(query, 0) : NULL;
        if (first && text && strcmp(first->name, "step") != 0) /* `profile` tells times */
            check_answer(&zone, snapshot, &m, query, text);
        free(text);
        gk_query_free(query);
        n_errors += rc != GK_OK;
    }
    print_message("%llu of %llu were errors, made of %zu statements\n", (unsigned long long)n_errors,
                  (unsigned long long)rounds, corpus.n);
    assert_true(n_errors > rounds / 4 && n_errors < rounds);
    gk_snapshot_close(snapshot);
    zone_close(&zone);
    corpus_clear(&corpus);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(mutated_statements_are_understood_or_get_a_positioned_error),
};

RUN_TESTS(tests)
