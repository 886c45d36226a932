/*
 * load_names.c - a hash of names. Rows of a plant come round robin, so each entry remembers which one followed it the
 * last time, and one comparison answers most questions before anything is hashed.
 */
#include "db/load.h"

void load_names_init(struct load_names *names, const struct mem *mem)
{
    memset(names, 0, sizeof *names);
    names->mem = mem;
    names->last = LOAD_NONE;
    buffer_init(&names->texts, mem);
}

void load_names_clear(struct load_names *names)
{
    if (!names->mem)
        return;
    mem_free(names->mem, names->entries);
    mem_free(names->mem, names->slots);
    buffer_clear(&names->texts);
    memset(names, 0, sizeof *names);
}

/* FNV-1a with a last mix, so that the low bits, which choose the slot, see all bytes. */
static uint64_t hash(const char *text, size_t size)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < size; i++)
        h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001B3);
    return h ^ h >> 32;
}

static bool is_entry(const struct load_names *names, uint32_t i, const char *text, size_t size)
{
    const struct load_name_entry *entry = &names->entries[i];
    return entry->size == size && memcmp(names->texts.bytes + entry->at, text, size) == 0;
}

static uint32_t look_up(const struct load_names *names, const char *text, size_t size)
{
    if (names->n_slots == 0)
        return LOAD_NONE;
    for (size_t slot = hash(text, size);; slot++) {
        uint32_t entry = names->slots[slot & (names->n_slots - 1)];
        if (entry == 0)
            return LOAD_NONE;
        if (is_entry(names, entry - 1, text, size))
            return entry - 1;
    }
}

const struct load_name_entry *load_names_next(const struct load_names *names, const char *text, size_t size)
{
    uint32_t next = names->last == LOAD_NONE ? LOAD_NONE : names->entries[names->last].next;
    if (next == LOAD_NONE)
        return NULL;
    const struct load_name_entry *entry = &names->entries[next];
    if (entry->size >= size || memcmp(names->texts.bytes + entry->at, text, entry->size) != 0)
        return NULL;
    return entry;
}

void load_names_took(struct load_names *names, const struct load_name_entry *entry)
{
    names->last = (uint32_t)(entry - names->entries);
}

const struct load_name_entry *load_names_find(struct load_names *names, const char *text, size_t size)
{
    uint32_t last = names->last;
    uint32_t found = last == LOAD_NONE ? LOAD_NONE : names->entries[last].next;

    if (found == LOAD_NONE || !is_entry(names, found, text, size)) {
        found = look_up(names, text, size);
        if (found == LOAD_NONE)
            return NULL;
        if (last != LOAD_NONE)
            names->entries[last].next = found;
    }
    names->last = found;
    return &names->entries[found];
}

static void place(struct load_names *names, uint32_t i)
{
    const struct load_name_entry *entry = &names->entries[i];
    size_t slot = hash((const char *)names->texts.bytes + entry->at, entry->size);

    while (names->slots[slot & (names->n_slots - 1)] != 0)
        slot++;
    names->slots[slot & (names->n_slots - 1)] = i + 1;
}

static int grow(struct load_names *names)
{
    size_t n_slots = names->n_slots ? names->n_slots * 2 : 64;
    uint32_t *slots = mem_array(names->mem, n_slots, sizeof *slots);

    if (!slots)
        return GK_ENOMEM;
    memset(slots, 0, n_slots * sizeof *slots);
    mem_free(names->mem, names->slots);
    names->slots = slots;
    names->n_slots = n_slots;
    for (uint32_t i = 0; i < names->n; i++)
        place(names, i);
    return GK_OK;
}

int load_names_add(struct load_names *names, const char *text, size_t size, uint64_t value)
{
    int rc;

    TRY(mem_reserve(names->mem, &names->entries, &names->capacity, names->n + 1, sizeof *names->entries));
    if ((names->n + 1) * 2 > names->n_slots)
        TRY(grow(names));
    size_t at = names->texts.size;
    buffer_put(&names->texts, text, size);
    TRY(buffer_status(&names->texts));
    names->entries[names->n] = (struct load_name_entry){at, (uint32_t)size, LOAD_NONE, value};
    place(names, (uint32_t)names->n);
    names->n++;
done:
    return rc;
}
