/*
 * guard.h - the way out when a page of a mapped file cannot be read, or LMDB meets what it holds for impossible: see
 * gk_guard_run in gk.h.
 */
#ifndef STORE_GUARD_H
#define STORE_GUARD_H

struct MDB_env;

/*
 * What looks at the file's bytes as LMDB takes them. A wild pointer (SIGSEGV) is the file's fault here, and the host's
 * anywhere else.
 */
#define GUARDED(call) (guard_depth++, guard_leave(call))
extern __thread int guard_depth;
static inline int guard_leave(int result)
{
    guard_depth--;
    return result;
}

/* For mdb_env_set_assert: leaves the guarded function if this thread is in one; else it returns, and LMDB aborts. */
void guard_assert(struct MDB_env *env, const char *text);

#endif
