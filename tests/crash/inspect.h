/*
 * inspect.h - what must be true of a store that something happened to.
 */
#ifndef TESTS_INSPECT_H
#define TESTS_INSPECT_H

#include "crash/life.h"

/*
 * Opens a store, as a reader first or not, and compares it with what was acknowledged: 0 nothing, not even its making;
 * 1 that it was made; n + 1 that n steps were done. It must be whole (gk_check deep), it must be in the state that was
 * acknowledged or in the one after it (by digest, and row by row), and life must go on from there as if nothing had
 * happened: the next steps are done and end in the digests of an undisturbed life. False, and words, if not. *reached
 * (may be NULL) is the state in the end.
 */
bool inspect(struct life *life, const char *path, uint64_t acknowledged, bool reads_first, uint32_t *reached,
             char words[LIFE_WORDS]);

#endif
