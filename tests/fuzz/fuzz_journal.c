/*
 * fuzz_journal.c - any bytes as a journal record: it is refused, or its rows go into heads as recovery puts them there,
 * and the progress in it can be written again to the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "db/db.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define FACILITIES 16
#define REQUIRE(x)                                                                                                     \
    do {                                                                                                               \
        if (!(x))                                                                                                      \
            abort();                                                                                                   \
    } while (0)

static void replay(struct view bytes)
{
    struct edge edges[FACILITIES];
    struct gk_error error = {0};
    struct heads *heads;

    for (int i = 0; i < FACILITIES; i++)
        edges[i] = (struct edge){.newest = GK_TIME_MIN, .sealed_last = GK_TIME_MIN};
    REQUIRE(heads_new(&MEM_SYSTEM, &heads) == GK_OK);
    int rc = journal_replay(&MEM_SYSTEM, heads, bytes, 0, edges, FACILITIES, &error);
    REQUIRE(rc == GK_OK || (rc != GK_EBUG && error.text[0]));
    for (uint32_t i = 0; i < FACILITIES && rc == GK_OK; i++) {
        gk_time first, last;
        struct heads_view view = {heads_n(heads), 0, 0};
        if (i < heads_facilities(heads) && heads_has(heads, view, i, &first, &last))
            REQUIRE(first <= last && edges[i].newest == last);
    }
    heads_unref(heads);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct journal_record record;
    int rc = journal_open(view_of(bytes, size), &record);

    REQUIRE(rc == GK_OK || rc == GK_ECORRUPT || rc == GK_EVERSION);
    if (rc != GK_OK)
        return 0;
    if (record.has_progress) {
        uint8_t again[PROGRESS_SIZE];
        struct progress progress;
        progress_encode(&record.progress, again);
        REQUIRE(progress_decode(view_of(again, sizeof again), &progress) == GK_OK);
    }
    replay(view_of(bytes, size));
    return 0;
}
