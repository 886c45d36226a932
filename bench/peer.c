/*
 * peer.c - see peer.h.
 */
#include "peer.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

bool peer_open(const char *const *files, const struct peer_function *functions, size_t n, void *table,
               char word[PEER_WORD_MAX])
{
    void *library = NULL;

    snprintf(word, PEER_WORD_MAX, "no library was named");
    for (; *files != NULL && library == NULL; files++) {
        library = dlopen(*files, RTLD_NOW | RTLD_LOCAL);
        if (library == NULL)
            snprintf(word, PEER_WORD_MAX, "%.150s", dlerror());
    }
    if (library == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        void *function = dlsym(library, functions[i].name);
        if (function == NULL) {
            snprintf(word, PEER_WORD_MAX, "its library has no %.100s", functions[i].name);
            return false;
        }
        /* C has no cast from an object's pointer to a function's; POSIX says that their bytes are the same. */
        memcpy((char *)table + functions[i].at, &function, sizeof function);
    }
    word[0] = '\0';
    return true;
}
