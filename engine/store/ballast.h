/*
 * ballast.h - room kept for the day the disk is full: a file `ballast` beside data.mdb, whose blocks hold nothing. When
 * there is no other room it is given up for what must be written then: dropping old rows, and what alarms record. When
 * there is room again, it is laid again. So a full disk never keeps a store from making itself smaller.
 */
#ifndef STORE_BALLAST_H
#define STORE_BALLAST_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes that it has in a folder; 0 when there is none. */
uint64_t ballast_size(const char *folder);
/* Makes it as large as that, if the disk has twice as much room; whether it is there now. */
bool ballast_lay(const char *folder, uint64_t size);
/* As much of it, up to that size, as there is room for: after some was given up. Whether it is all there. */
bool ballast_lay_rest(const char *folder, uint64_t size);
/* Gives up so many bytes, 0: all; whether there were some to give up. */
bool ballast_give_up(const char *folder, uint64_t size);

#endif
