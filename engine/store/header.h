/*
 * header.h - LMDB's two headers, of which the newer one says what the file holds.
 */
#ifndef STORE_HEADER_H
#define STORE_HEADER_H

#include <lmdb.h>

/* Puts on the disk what the headers say to whoever reads them now; for the writer, before it begins. 0 or an errno. */
int header_force(MDB_env *env);

#endif
