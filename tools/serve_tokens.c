/*
 * serve_tokens.c - see serve_tokens.h. Fields have no quotes, as names of sites have no ',' where they are used here;
 * several words of a field stand with ';' or blanks between them.
 */
#include "serve_tokens.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

#define LINE_MAX_SIZE 4096

enum column { NAME, SHA256, MAY, SCOPE, FROM, TO, N_COLUMNS };
static const char *const COLUMNS[N_COLUMNS] = {"name", "sha256", "may", "scope", "from", "to"};

/* A line while it is read. */
struct reading {
    struct gk_error *error;
    int32_t zone_s;
    enum column order[N_COLUMNS]; /* of the header */
    size_t n_columns;
};

static bool wrong(const struct reading *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(const struct reading *r, const char *format, ...)
{
    char words[300];
    va_list list;

    va_start(list, format);
    (void)vsnprintf(words, sizeof words, format, list);
    va_end(list);
    (void)snprintf(r->error->text, sizeof r->error->text, "line %llu: %s", (unsigned long long)r->error->line, words);
    return false;
}

/* The next field of a line with commas; NULL behind the last. Blanks around it are not part of it. */
static char *next_field(char **at)
{
    char *field = *at, *end;

    if (field == NULL)
        return NULL;
    end = strchr(field, ',');
    *at = end != NULL ? end + 1 : NULL;
    end = end != NULL ? end : field + strlen(field);
    while (end > field && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    *end = '\0';
    return field + strspn(field, " \t");
}

static bool read_header(struct reading *r, char *line)
{
    unsigned seen = 0;

    for (char *field; (field = next_field(&line)) != NULL;) {
        size_t c = 0;
        while (c < N_COLUMNS && strcmp(COLUMNS[c], field) != 0)
            c++;
        if (c == N_COLUMNS)
            return wrong(r, "'%s' is none of the columns name,sha256,may,scope,from,to", field);
        if (seen & 1u << c)
            return wrong(r, "there are two columns '%s'", field);
        seen |= 1u << c;
        r->order[r->n_columns++] = (enum column)c;
    }
    for (size_t c = NAME; c <= SCOPE; c++)
        if (!(seen & 1u << c))
            return wrong(r, "the column '%s' is missing: expected name,sha256,may,scope and, if wanted, from,to",
                         COLUMNS[c]);
    return true;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);

    return at != NULL && c != '\0' ? (int)(at - digits) : -1;
}

static bool read_hash(const struct reading *r, const char *text, uint8_t hash[32])
{
    bool is_good = strlen(text) == 64;

    for (size_t i = 0; is_good && i < 64; i += 2) {
        int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
        is_good = high >= 0 && low >= 0;
        hash[i / 2] = (uint8_t)(high << 4 | low);
    }
    return is_good || wrong(r, "sha256: expected the 64 hex digits of printf %%s TOKEN | sha256sum");
}

static bool read_may(const struct reading *r, char *text, unsigned *may)
{
    static const char *const words[] = {"query", "write", "metrics"};
    char *rest = NULL;

    for (char *word = strtok_r(text, "; ", &rest); word != NULL; word = strtok_r(NULL, "; ", &rest)) {
        size_t i = 0;
        while (i < 3 && strcmp(words[i], word) != 0)
            i++;
        if (i == 3)
            return wrong(r, "may: '%s' is none of query, write, metrics", word);
        *may |= 1u << i;
    }
    return *may != 0 || wrong(r, "may: expected query, write or metrics");
}

/* "park:P1;enterprise:E 1" or "*". Names may have blanks in them: ';' alone stands between scopes. */
static bool read_scope(const struct reading *r, char *text, struct token *token)
{
    char *rest = NULL;

    for (char *word = strtok_r(text, ";", &rest); word != NULL; word = strtok_r(NULL, ";", &rest)) {
        struct gk_site_name *site = &token->sites[token->n_sites];
        word += strspn(word, " ");
        if (token->n_sites == TOKEN_SITES_MAX)
            return wrong(r, "scope: more than %d sites", TOKEN_SITES_MAX);
        if (strcmp(word, "*") == 0)
            *site = (struct gk_site_name){GK_ZONE, {"", 0}};
        else if (strncmp(word, "park:", 5) == 0 && word[5] != '\0')
            *site = (struct gk_site_name){GK_PARK, {word + 5, strlen(word + 5)}};
        else if (strncmp(word, "enterprise:", 11) == 0 && word[11] != '\0')
            *site = (struct gk_site_name){GK_ENTERPRISE, {word + 11, strlen(word + 11)}};
        else
            return wrong(r, "scope: expected *, park:NAME or enterprise:NAME with ';' between them, got '%s'", word);
        token->n_sites++;
    }
    return token->n_sites > 0 || wrong(r, "scope: expected *, park:NAME or enterprise:NAME");
}

static bool read_time(const struct reading *r, enum column column, const char *text, gk_time *out)
{
    return *text == '\0' || gk_time_parse(text, strlen(text), r->zone_s, out) == GK_OK ||
           wrong(r, "%s: expected a time such as 2026-11-20 or 2026-11-20T08:00, got '%s'", COLUMNS[column], text);
}

static bool read_field(const struct reading *r, enum column column, char *text, struct token *token)
{
    switch (column) {
    case NAME:
        if (*text == '\0' || strlen(text) > TOKEN_NAME_MAX)
            return wrong(r, "name: expected 1 to %d bytes", TOKEN_NAME_MAX);
        memcpy(token->name, text, strlen(text) + 1);
        return true;
    case SHA256:
        return read_hash(r, text, token->hash);
    case MAY:
        return read_may(r, text, &token->may);
    case SCOPE:
        return read_scope(r, text, token);
    case FROM:
        return read_time(r, column, text, &token->from);
    default:
        return read_time(r, column, text, &token->to);
    }
}

static bool read_line(struct reading *r, const char *line, struct tokens *tokens)
{
    struct token token = {.from = GK_TIME_MIN, .to = GK_TIME_MAX};
    size_t n = 0, size = strlen(line) + 1;
    bool is_good = true;
    char *at, *field;

    token.text = at = tool_resize(NULL, size, 1);
    memcpy(at, line, size);
    for (; is_good && (field = next_field(&at)) != NULL; n++)
        is_good = n < r->n_columns ? read_field(r, r->order[n], field, &token)
                                   : wrong(r, "more fields than the header has columns");
    if (is_good && n < r->n_columns)
        is_good = wrong(r, "%zu fields, and the header has %zu columns", n, r->n_columns);
    for (size_t i = 0; is_good && i < tokens->n; i++)
        if (strcmp(tokens->at[i].name, token.name) == 0)
            is_good = wrong(r, "the name '%s' stands twice", token.name);
    if (!is_good) {
        free(token.text);
        return false;
    }
    if (tokens->n == tokens->capacity) {
        tokens->capacity = tokens->capacity > 0 ? 2 * tokens->capacity : 16;
        tokens->at = tool_resize(tokens->at, tokens->capacity, sizeof *tokens->at);
    }
    tokens->at[tokens->n++] = token;
    return true;
}

/* Whoever reads the hashes cannot ask with them; whoever writes them can. Neither is anybody's business. */
static bool is_private(FILE *file, struct gk_error *error)
{
    struct stat info;

    if (fstat(fileno(file), &info) == 0 && (info.st_mode & 077) == 0)
        return true;
    (void)snprintf(error->text, sizeof error->text, "others can read or write it: chmod 600");
    return false;
}

static bool read_all(FILE *file, struct reading *r, struct tokens *tokens)
{
    char line[LINE_MAX_SIZE];

    while (fgets(line, sizeof line, file) != NULL) {
        r->error->line++;
        if (strchr(line, '\n') == NULL && !feof(file))
            return wrong(r, "a line has at most %d bytes", LINE_MAX_SIZE - 2);
        if (line[0] == '#' || line[strspn(line, " \t\r\n")] == '\0')
            continue;
        if (!(r->n_columns == 0 ? read_header(r, line) : read_line(r, line, tokens)))
            return false;
    }
    if (ferror(file) || r->n_columns > 0)
        return !ferror(file) || wrong(r, "%s", strerror(errno));
    return wrong(r, "expected a header: name,sha256,may,scope,from,to");
}

bool tokens_read(const char *path, int32_t zone_s, struct tokens **out, struct gk_error *error)
{
    struct reading r = {.error = error, .zone_s = zone_s};
    struct tokens *tokens = NULL;
    FILE *file = fopen(path, "re");
    bool is_good = false;

    *error = (struct gk_error){.status = GK_ESYNTAX};
    *out = NULL;
    if (file == NULL) {
        (void)snprintf(error->text, sizeof error->text, "%s", strerror(errno));
        return false;
    }
    tokens = tool_resize(NULL, 1, sizeof *tokens);
    *tokens = (struct tokens){.n = 0};
    is_good = is_private(file, error) && read_all(file, &r, tokens);
    (void)fclose(file); /* it was only read */
    if (is_good)
        *out = tokens;
    else
        tokens_free(tokens);
    return is_good;
}

void tokens_free(struct tokens *tokens)
{
    if (tokens == NULL)
        return;
    for (size_t i = 0; i < tokens->n; i++)
        free(tokens->at[i].text);
    free(tokens->at);
    free(tokens);
}

struct token *tokens_find(struct tokens *tokens, const char *secret, size_t size, gk_time now, bool *expired)
{
    struct token *found = NULL;
    uint8_t hash[32];

    *expired = false;
    gk_sha256(secret, size, hash);
    for (size_t i = 0; i < tokens->n; i++) {
        unsigned differs = 0;
        for (size_t k = 0; k < sizeof hash; k++)
            differs |= (unsigned)(hash[k] ^ tokens->at[i].hash[k]);
        if (differs == 0)
            found = &tokens->at[i];
    }
    if (found != NULL && (now < found->from || now >= found->to)) {
        *expired = true;
        found = NULL;
    }
    return found;
}

bool token_allow(struct token *token, uint64_t rate, gk_time monotonic)
{
    if (rate == 0)
        return true;
    if (token->reckoned == 0)
        token->allowance = (double)rate;
    else
        token->allowance += (double)(monotonic - token->reckoned) / 1e9 * (double)rate;
    token->allowance = token->allowance > (double)rate ? (double)rate : token->allowance;
    token->reckoned = monotonic;
    if (token->allowance < 1)
        return false;
    token->allowance -= 1;
    return true;
}
