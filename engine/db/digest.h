/*
 * digest.h - the digest of what a snapshot sees.
 */
#ifndef DB_DIGEST_H
#define DB_DIGEST_H

#include "db/snapshot.h"

/* SHA-256 of the logical content, in hex. */
int digest_snapshot(gk_snapshot *snapshot, char out[65], struct gk_error *error);

#endif
