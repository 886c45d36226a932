/*
 * codecs.c - the table, and the choice by exact size. Cheap and narrow codecs stand first, and each later one has to
 * beat the best so far. Those that pack tell their size by a plan, and only the best one is packed. A look at some of
 * the integers tells beforehand which are worth a plan.
 */
#include "codec/codecs.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/target.h"

const struct codec CODEC_TABLE[CODECS_N] = {
    [CODEC_CONSTANT] = {"constant", constant_encode, NULL, constant_decode, NULL, constant_bounds},
    [CODEC_RUNS] = {"runs", runs_encode, NULL, runs_decode, NULL, runs_bounds},
    [CODEC_FRAME] = {"frame", frame_encode, frame_plan, frame_decode, frame_decode_near, frame_bounds},
    [CODEC_DELTA] = {"delta", delta_encode, delta_plan, delta_decode, delta_decode_near, delta_bounds},
    [CODEC_SLOPE] = {"slope", slope_encode, slope_plan, slope_decode, slope_decode_near, slope_bounds},
    [CODEC_LZ4] = {"lz4", lz4_encode, NULL, lz4_decode, NULL, NULL},
    [CODEC_RAW] = {"raw", raw_encode, NULL, raw_decode, NULL, NULL},
    [CODEC_CENTER] = {"center", center_encode, center_plan, center_decode, center_decode_near, center_bounds},
};

size_t codec_plan_size(const struct codec_plan *plan)
{
    return plan->head_size + plan->patch.size;
}

size_t codec_plan_put(const struct codec_plan *plan, size_t n, uint8_t *out)
{
    memcpy(out, plan->head, sizeof plan->head); /* there is room */
    patch_put(&plan->patch, plan->rest, n, out + plan->head_size);
    return codec_plan_size(plan);
}

size_t codec_plan_encode(void (*plan)(const uint64_t *, size_t, size_t, struct codec_plan *), const uint64_t *z,
                         size_t n, size_t limit, uint8_t *out)
{
    struct codec_plan made;

    plan(z, n, limit, &made);
    return codec_plan_size(&made) < limit ? codec_plan_put(&made, n, out) : 0;
}

/* ---- a look ---------------------------------------------------------------------------------------------------- */

#define STRETCH      8 /* neighbours that are looked at */
#define STRETCHES    (CODECS_LOOK / STRETCH)
#define CHANGES_FEW  (CODECS_LOOK / 2) /* a level, and exceptions: some of them tell little */
#define CHANGES_MANY 40                /* too many for runs */
#define WIDTH_MAX    52                /* larger integers are compared by their high parts */
#define DOUBT_BITS   32                /* half a bit an integer: codecs that look closer are all tried */

/*
 * A frame of integers of more than 32 bits is unpacked and divided; differences of 64 bits must be added up before. So
 * they must save one bit in so many: a waveform of 15 digits takes 3 % more without them and decodes a third faster.
 */
#define WIDE_BITS 32
#define WIDE_GAIN 16

/* Integers, and each less the one before. */
struct stretches {
    uint64_t z[CODECS_LOOK], step[CODECS_LOOK];
};

/* Bits that v < 2^52 needs: see patch.c. */
BODY uint64_t width_of(uint64_t v)
{
    uint64_t exponent = bits_of(double_of(bits_of(0x1p52) | v) - 0x1p52) >> 52;
    return exponent > 1022 ? exponent - 1022 : 0;
}

/* Of the rests of a codec: the bits they need one by one, and their sum. */
struct spread {
    uint64_t bits, sum;
};

/* Of each codec that has a plan. */
struct spreads {
    struct spread frame, center, delta, slope;
    uint64_t n_changes;
};

BODY void add_rest(uint64_t rest, struct spread *spread)
{
    spread->bits += width_of(rest);
    spread->sum += rest;
}

BODY void spread_body(const struct stretches *s, struct spreads *out)
{
    int64_t low = (int64_t)s->z[0], flattest = (int64_t)s->step[0];
    uint64_t sum = 0, any = 0, n_changes = 0;
    struct spreads of = {{0, 0}, {0, 0}, {0, 0}, {0, 0}, 0};

    for (size_t i = 0; i < CODECS_LOOK; i++) {
        int64_t z = (int64_t)s->z[i], step = (int64_t)s->step[i];
        low = z < low ? z : low;
        flattest = step < flattest ? step : flattest;
        sum += s->z[i] - s->z[0];
        n_changes += step != 0;
    }
    uint64_t mean = s->z[0] + (uint64_t)((int64_t)sum / CODECS_LOOK);
    for (size_t i = 0; i < CODECS_LOOK; i++)
        any |= (s->z[i] - (uint64_t)low) | zigzag((int64_t)s->step[i]) | (s->step[i] - (uint64_t)flattest);
    unsigned cut = any >> (WIDTH_MAX - 2) ? 64 - WIDTH_MAX : 0; /* from the mean they are twice as far at most */
    for (size_t i = 0; i < CODECS_LOOK; i++) {
        add_rest((s->z[i] - (uint64_t)low) >> cut, &of.frame);
        add_rest(zigzag((int64_t)(s->z[i] - mean)) >> cut, &of.center);
        add_rest(zigzag((int64_t)s->step[i]) >> cut, &of.delta);
        add_rest((s->step[i] - (uint64_t)flattest) >> cut, &of.slope);
    }
    of.n_changes = n_changes;
    *out = of;
}

AVX512 static void spread_avx512(const struct stretches *s, struct spreads *out)
{
    spread_body(s, out);
}

AVX2 static void spread_avx2(const struct stretches *s, struct spreads *out)
{
    spread_body(s, out);
}

static void take_lesser(struct spread *best, const struct spread *other)
{
    best->bits = other->bits < best->bits ? other->bits : best->bits;
    best->sum = other->sum < best->sum ? other->sum : best->sum;
}

/*
 * The bits one by one mislead where some stretches are still and others are noise, the sum where a few integers are far
 * off. A codec is not worth a try if both say so.
 */
static unsigned unless_worse(enum codecs_id id, const struct spread *spread, const struct spread *best)
{
    bool is_worse = spread->bits > best->bits + DOUBT_BITS && spread->sum > best->sum + best->sum / 2;
    return is_worse ? 0 : CODECS_BIT(id);
}

/* A plan of all integers costs ten times a look. */
struct codecs_look codecs_look(const uint64_t *z, size_t n)
{
    struct stretches s;
    struct spreads of;
    enum target target = target_best();

    if (n <= CODECS_LOOK)
        return (struct codecs_look){CODECS_USUAL, 0};
    for (size_t k = 0; k < STRETCHES; k++) {
        const uint64_t *from = z + 1 + k * (n - 1 - STRETCH) / (STRETCHES - 1);
        for (size_t i = 0; i < STRETCH; i++) {
            s.z[k * STRETCH + i] = from[i];
            s.step[k * STRETCH + i] = from[i] - (from + i)[-1];
        }
    }
    if (target == TARGET_AVX512)
        spread_avx512(&s, &of);
    else if (target == TARGET_AVX2)
        spread_avx2(&s, &of);
    else
        spread_body(&s, &of);
    struct spread best = of.frame;
    take_lesser(&best, &of.center);
    take_lesser(&best, &of.delta);
    take_lesser(&best, &of.slope);
    unsigned candidates = CODECS_BIT(CODEC_CONSTANT) | CODECS_BIT(CODEC_RAW);
    candidates |= unless_worse(CODEC_FRAME, &of.frame, &best) | unless_worse(CODEC_CENTER, &of.center, &best) |
                  unless_worse(CODEC_DELTA, &of.delta, &best) | unless_worse(CODEC_SLOPE, &of.slope, &best);
    if (best.bits > WIDE_BITS * CODECS_LOOK && of.frame.bits <= best.bits + best.bits / WIDE_GAIN)
        candidates = CODECS_BIT(CODEC_CONSTANT) | CODECS_BIT(CODEC_FRAME) | CODECS_BIT(CODEC_RAW);
    if (of.n_changes < CHANGES_MANY)
        candidates |= CODECS_BIT(CODEC_RUNS);
    if (of.n_changes < CHANGES_FEW)
        candidates = CODECS_USUAL;
    return (struct codecs_look){candidates, (uint32_t)best.bits};
}

/* ---- all --------------------------------------------------------------------------------------------------------- */

size_t codecs_encode(unsigned candidates, const uint64_t *z, size_t n, uint8_t *out, enum codecs_id *id)
{
    uint8_t attempt[CODECS_SIZE_MAX];
    struct codec_plan plan[2];
    unsigned spare = 0; /* the other one is the best so far, if *id has a plan */
    size_t best = CODECS_SIZE_MAX;

    assert(n >= 1 && n <= CODECS_BLOCK_MAX && (candidates & CODECS_BIT(CODEC_RAW)));
    for (unsigned i = 0; i < CODECS_N; i++) {
        const struct codec *codec = &CODEC_TABLE[i];
        if (!(candidates & CODECS_BIT(i)))
            continue;
        if (codec->plan)
            codec->plan(z, n, best, &plan[spare]);
        size_t size = codec->plan ? codec_plan_size(&plan[spare]) : codec->encode(z, n, best, attempt);
        if (size == 0 || size >= best)
            continue;
        if (codec->plan)
            spare = 1 - spare;
        else
            memcpy(out, attempt, size);
        best = size;
        *id = (enum codecs_id)i;
        if (i == CODEC_CONSTANT)
            break; /* a constant cannot be beaten */
    }
    if (CODEC_TABLE[*id].plan)
        codec_plan_put(&plan[1 - spare], n, out);
    return best;
}

bool codecs_decode(unsigned id, const uint8_t *bytes, size_t size, size_t n, uint64_t *z)
{
    assert(n <= CODECS_BLOCK_MAX);
    return id < CODECS_N && CODEC_TABLE[id].decode(bytes, size, n, z);
}

bool codecs_decode_above(unsigned id, const uint8_t *bytes, size_t size, size_t n, uint64_t *base, uint64_t *z)
{
    if (id == CODEC_FRAME)
        return frame_decode_above(bytes, size, n, base, z);
    *base = 0;
    return codecs_decode(id, bytes, size, n, z);
}

bool codecs_decode_near(unsigned id, const uint8_t *bytes, size_t size, uint64_t *base, uint32_t *near)
{
    return id < CODECS_N && CODEC_TABLE[id].decode_near && CODEC_TABLE[id].decode_near(bytes, size, base, near);
}

bool codecs_bounds(unsigned id, const uint8_t *bytes, size_t size, size_t n, int64_t *low, int64_t *high)
{
    return id < CODECS_N && CODEC_TABLE[id].bounds && CODEC_TABLE[id].bounds(bytes, size, n, low, high);
}

#define REACH_LEAST 4
#define REACH_FAR   58 /* an exponent from which on the reach is nearly all there is */

uint8_t codecs_reach(uint64_t farthest)
{
    if (farthest <= REACH_LEAST)
        return 0;
    unsigned width = pack_width(farthest), e = width > 3 ? width - 3 : 0;
    uint64_t lost = (UINT64_C(1) << e) - 1, q = (farthest >> e) + ((farthest & lost) != 0);
    if (q == 2 * REACH_LEAST) {
        q = REACH_LEAST;
        e++;
    }
    return (uint8_t)(e << 2 | (q - REACH_LEAST));
}

bool codecs_reach_bounds(uint64_t from, uint8_t reach, int64_t *low, int64_t *high)
{
    unsigned e = reach >> 2;
    if (e >= REACH_FAR)
        return false;
    int64_t most = (int64_t)(REACH_LEAST + (reach & 3u)) << e;
    return !__builtin_sub_overflow((int64_t)from, most, low) && !__builtin_add_overflow((int64_t)from, most, high);
}

bool codecs_reach_is_near(uint8_t reach)
{
    unsigned e = reach >> 2;
    return e < 31 && (uint64_t)(REACH_LEAST + (reach & 3u)) << e <= INT32_MAX;
}

bool codecs_get_near(const uint8_t *bytes, size_t size, uint64_t *from, uint32_t *rest)
{
    uint64_t v;
    size_t at = varint_get(bytes, size, &v);
    if (at++ == 0 || at >= size || !codecs_reach_is_near(bytes[at - 1]) ||
        patch_get_narrow(bytes + at, size - at, rest) != size - at)
        return false;
    *from = (uint64_t)unzigzag(v);
    return true;
}
