/*
 * fuzz_catalog.c - arbitrary bytes as catalog entries, one after the other: first byte a kind, then a size and the
 * record. What is taken can be shown, copied and frozen, and is written as it was read.
 */
#include <stdlib.h>

#include "db/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define REQUIRE(x)                                                                                                     \
    do {                                                                                                               \
        if (!(x))                                                                                                      \
            abort();                                                                                                   \
    } while (0)

/* The id that an entry of this kind would get: sites by the first byte of their record's place. */
static uint32_t next_id(const struct catalog *c, unsigned kind, unsigned site)
{
    switch (kind) {
    case ENTRY_CHANNEL:
        return (uint32_t)c->n_channels;
    case ENTRY_SITE:
        return site << 24 | (site >= GK_PARK && site <= GK_LINE ? (uint32_t)c->n_sites[site] : 0);
    case ENTRY_FACILITY:
        return (uint32_t)c->n_facilities;
    case ENTRY_LINK:
        return (uint32_t)c->n_links;
    case ENTRY_BAND:
        return (uint32_t)c->n_bands;
    case ENTRY_ORDER:
        return (uint32_t)c->n_orders;
    case ENTRY_EXEMPTION:
        return (uint32_t)c->n_exemptions;
    case ENTRY_RULE:
        return (uint32_t)c->n_rules;
    case ENTRY_PERSON:
        return (uint32_t)c->n_people;
    case ENTRY_SET_BAND:
        return (uint32_t)c->n_set_bands;
    case ENTRY_CALENDAR:
        return (uint32_t)c->n_calendars;
    default:
        return (uint32_t)c->n_mappings;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct catalog *catalog, *copy;
    struct buffer text, record;

    REQUIRE(catalog_new(&MEM_SYSTEM, &catalog) == GK_OK);
    buffer_init(&text, &MEM_SYSTEM);
    buffer_init(&record, &MEM_SYSTEM);
    for (size_t at = 0; at + 2 < size;) {
        unsigned kind = bytes[at] % 16, site = bytes[at] / 16 % 5;
        size_t n = bytes[at + 1];
        at += 2;
        n = n < size - at ? n : size - at;
        struct gk_error error = {0};
        struct view view = {bytes + at, n};
        uint32_t id = next_id(catalog, kind, site);
        int rc = catalog_decode(catalog, (enum entry_kind)kind, id, view, &error);
        REQUIRE(rc == GK_OK || (error.status == rc && error.text[0]));
        if (rc == GK_OK) {
            REQUIRE(catalog_dump(catalog, (enum entry_kind)kind, id, &text) == GK_OK);
            buffer_reset(&record);
            REQUIRE(catalog_encode(catalog, (enum entry_kind)kind, id, 0, &record) == GK_OK);
        }
        at += n;
    }
    REQUIRE(catalog_freeze(catalog) == GK_OK);
    REQUIRE(catalog_clone(catalog, &copy) == GK_OK);
    REQUIRE(copy->n_facilities == catalog->n_facilities && copy->n_bands == catalog->n_bands);
    catalog_free(copy);
    catalog_free(catalog);
    buffer_clear(&text);
    buffer_clear(&record);
    return 0;
}
