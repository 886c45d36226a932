/*
 * peer.h - the shared libraries of peers, opened while running: nobody needs them to build or to run the rest, and one
 * that is absent is a word in the report. What a peer's functions look like is declared beside their use.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>

#define PEER_WORD_MAX 160

struct peer_function {
    const char *name;
    size_t at; /* of the pointer in the caller's table */
};
#define PEER_FUNCTION(table, field, name)                                                                              \
    {                                                                                                                  \
        name, offsetof(struct table, field),                                                                           \
    }

/*
 * Opens the first of the files (NULL ends them; NULL entries before that are not allowed) and fills the table with its
 * functions. False: not there, and word says why. The library stays open until the program ends.
 */
bool peer_open(const char *const *files, const struct peer_function *functions, size_t n, void *table,
               char word[PEER_WORD_MAX]);

#endif
