/*
 * copy.h - a store made like another one, record by record, while that one is written.
 *
 * A pass walks all tables of the source in order of keys and puts, puts anew or deletes what differs. Each step of it
 * may look at another moment of the source; a whole pass that looks at one moment leaves the copy as of that moment. So
 * a first pass in short transactions brings nearly everything over, and the last one, in one transaction, has little
 * to do and is soon over: a reader that stays would keep the source's writer from using pages again.
 *
 * The copy is made at DEST.gk-unfinished, without syncing, and gets its name when it is whole and synced. What an
 * earlier copy that was killed left there is thrown away.
 */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/store.h"

struct copy;

/*
 * map_size: address space for it, as of store_options. GK_EEXIST when there is something at dest; GK_EBUSY when another
 * process makes this copy.
 */
int copy_open(const struct mem *mem, const char *dest, uint64_t map_size, struct copy **out, struct gk_error *error);
/* The next step of a pass: about `size` bytes. GK_DONE at its end, and then the next one begins another pass. */
int copy_step(struct copy *copy, struct txn *source, uint64_t size, struct gk_error *error);
/* What came over so far. */
uint64_t copy_bytes(const struct copy *copy);
/* After the last pass: everything is on the disk, still under the name copy_path. */
int copy_sync(struct copy *copy, struct gk_error *error);
const char *copy_path(const struct copy *copy);
/* Gives it its name. */
int copy_publish(struct copy *copy, struct gk_error *error);
/* Takes away what was not published. NULL is welcome. */
void copy_close(struct copy *copy);

#endif
