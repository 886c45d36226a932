/*
 * hj212_learner.c - devices in the order in which they were met, found by a hash of their MN: with thousands of
 * connections each packet asks.
 */
#include "feed/hj212_learner.h"

#include <string.h>

#define DEVICES_MAX 4096 /* that send other check values than the standard's; more are refused */
#define PLACES      (2 * DEVICES_MAX)
#define MN_KEPT_MAX 64
#define FNV_OFFSET  UINT64_C(0xCBF29CE484222325) /* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv */
#define FNV_PRIME   UINT64_C(0x100000001B3)

struct device {
    char mn[MN_KEPT_MAX];
    uint32_t mn_size;
    enum gk_hj212_crc crc;   /* in force */
    enum gk_hj212_crc other; /* by which the last `streak` packets passed instead */
    uint32_t streak;
    uint64_t n_refused;
};

struct gk_hj212_learner {
    struct mem mem;
    struct device *devices;
    size_t n, capacity;
    uint16_t *places; /* PLACES of them, the number of a device + 1; 0: free. NULL: there are no devices */
};

static uint16_t *place_of(const gk_hj212_learner *learner, struct gk_text mn)
{
    uint64_t h = FNV_OFFSET;

    for (size_t i = 0; i < mn.size; i++)
        h = (h ^ (uint8_t)mn.bytes[i]) * FNV_PRIME;
    for (size_t at = h % PLACES;; at = (at + 1) % PLACES) {
        uint16_t number = learner->places[at];
        if (number == 0)
            return &learner->places[at];
        const struct device *device = &learner->devices[number - 1];
        if (device->mn_size == mn.size && memcmp(device->mn, mn.bytes, mn.size) == 0)
            return &learner->places[at];
    }
}

static struct device *find(const gk_hj212_learner *learner, struct gk_text mn)
{
    uint16_t number = learner->places ? *place_of(learner, mn) : 0;

    return number > 0 ? &learner->devices[number - 1] : NULL;
}

/* NULL when there is no room: then the device goes on being judged by the standard. */
static struct device *add(gk_hj212_learner *learner, struct gk_text mn)
{
    if (!learner->places && (learner->places = mem_array(&learner->mem, PLACES, sizeof *learner->places)) != NULL)
        memset(learner->places, 0, PLACES * sizeof *learner->places);
    if (!learner->places || mn.size > MN_KEPT_MAX || learner->n == DEVICES_MAX ||
        mem_reserve(&learner->mem, &learner->devices, &learner->capacity, learner->n + 1, sizeof *learner->devices) !=
            GK_OK)
        return NULL;
    struct device *device = &learner->devices[learner->n];
    *device = (struct device){.mn_size = (uint32_t)mn.size, .crc = GK_HJ212_CRC_STANDARD};
    memcpy(device->mn, mn.bytes, mn.size);
    *place_of(learner, mn) = (uint16_t)++learner->n;
    return device;
}

enum gk_hj212_crc learner_crc(const gk_hj212_learner *learner, struct gk_text mn)
{
    const struct device *device = find(learner, mn);

    return device ? device->crc : GK_HJ212_CRC_STANDARD;
}

void learner_passed(gk_hj212_learner *learner, struct gk_text mn)
{
    struct device *device = find(learner, mn);

    if (device)
        device->streak = 0;
}

bool learner_learn(gk_hj212_learner *learner, struct gk_text mn, enum gk_hj212_crc other)
{
    struct device *device = find(learner, mn);

    if (!device)
        device = add(learner, mn);
    if (!device)
        return false;
    device->streak = device->other == other ? device->streak + 1 : 1;
    device->other = other;
    if (device->streak < LEARN_PACKETS) {
        device->n_refused++;
        return false;
    }
    device->crc = other;
    device->streak = 0;
    return true;
}

bool learner_get(const gk_hj212_learner *learner, size_t i, struct gk_hj212_device *out)
{
    for (size_t d = 0; d < learner->n; d++) {
        const struct device *device = &learner->devices[d];
        if (device->crc == GK_HJ212_CRC_STANDARD || i-- > 0)
            continue;
        *out = (struct gk_hj212_device){{device->mn, device->mn_size}, device->crc, device->n_refused};
        return true;
    }
    return false;
}

int gk_hj212_learner_open(gk_resize_fn resize, void *resize_context, gk_hj212_learner **out, struct gk_error *error)
{
    struct mem mem = resize ? (struct mem){resize, resize_context} : MEM_SYSTEM;

    *out = mem_zeroed(&mem, sizeof **out);
    if (!*out)
        return error_set(error, GK_ENOMEM, "no memory for what is learned of devices");
    (*out)->mem = mem;
    return GK_OK;
}

void gk_hj212_learner_close(gk_hj212_learner *learner)
{
    if (!learner)
        return;
    struct mem mem = learner->mem;
    mem_free(&mem, learner->devices);
    mem_free(&mem, learner->places);
    mem_free(&mem, learner);
}
