/*
 * serve_tokens.h - who may write and ask over HTTP: a table of secrets, known by their SHA-256 alone, of what each may
 * do, about which parks and enterprises, and from when to when.
 *
 *     name,sha256,may,scope,from,to
 *     gateway-1,9f86d081...,write,park:P1,,
 *     board,2c26b46b...,query,*,,2027-01-01
 *     ring,fcde2b2e...,write;query,enterprise:E1;enterprise:E2,,
 */
#ifndef SERVE_TOKENS_H
#define SERVE_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gk.h"

enum token_may { TOKEN_QUERY = 1, TOKEN_WRITE = 2, TOKEN_METRICS = 4 };

#define TOKEN_NAME_MAX  63 /* bytes */
#define TOKEN_SITES_MAX 32

struct token {
    char name[TOKEN_NAME_MAX + 1];
    uint8_t hash[32];
    unsigned may; /* TOKEN_QUERY ... */
    struct gk_site_name sites[TOKEN_SITES_MAX];
    size_t n_sites;
    gk_time from, to;
    char *text; /* in which the names of the sites are */
    /* Requests that it may still make, and when that was reckoned. */
    double allowance;
    gk_time reckoned;
};

struct tokens {
    struct token *at;
    size_t n, capacity;
};

/* Reads a file that nobody but its owner can read. False with the words: what is wrong, with line and column. */
bool tokens_read(const char *path, int32_t zone_s, struct tokens **out, struct gk_error *error);
void tokens_free(struct tokens *tokens); /* NULL is welcome */
/*
 * The one with this secret that is in force; NULL: there is none. Takes as long whichever it is. `expired` tells
 * whether there is one that is over, or has not begun.
 */
struct token *tokens_find(struct tokens *tokens, const char *secret, size_t size, gk_time now, bool *expired);
/* Whether one more request is within the rate, n a second and as many at once; 0: any. */
bool token_allow(struct token *token, uint64_t rate, gk_time monotonic);

#endif
