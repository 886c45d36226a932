/*
 * make.h - a new LMDB file.
 */
#ifndef STORE_MAKE_H
#define STORE_MAKE_H

/* Makes the file of a folder that has none, and syncs its bytes; its name is durable with the next sync of the folder.
 * 0 or a code of LMDB. */
int make_file(const char *folder);

#endif
