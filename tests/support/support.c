/*
 * support.c - see support.h.
 */
#include "support/support.h"

#include <inttypes.h>
#include <stdbool.h>
#include <unistd.h>

uint64_t test_seed(const char *test)
{
    const char *text = getenv("GK_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : 20261122;
    print_message("%s: GK_SEED=%" PRIu64 "\n", test, seed);
    return seed;
}

uint64_t test_rounds(uint64_t usual)
{
    const char *text = getenv("GK_ROUNDS");
    return text ? strtoull(text, NULL, 0) : usual;
}

struct random random_from(uint64_t seed)
{
    struct random random = {seed};
    (void)random_u64(&random); /* neighbouring seeds part ways */
    return random;
}

uint64_t random_u64(struct random *random)
{
    uint64_t z = (random->state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

uint64_t random_below(struct random *random, uint64_t n)
{
    return random_u64(random) % n;
}

double random_unit(struct random *random)
{
    return (double)(random_u64(random) >> 11) * 0x1p-53;
}

void assert_same_bits(double a, double b, const char *file, int line)
{
    uint64_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    if (x != y) {
        print_error("%.17g (%016" PRIx64 ") != %.17g (%016" PRIx64 ")\n", a, x, b, y);
        _fail(file, line);
    }
}

#define HEAD 16 /* keeps the alignment of malloc */

static void *resize(void *context, void *p, size_t size)
{
    struct failing_mem *f = context;
    size_t old = 0;

    if (p)
        memcpy(&old, (char *)p - HEAD, sizeof old);
    if (size == 0) {
        if (p) {
            memset(p, 0xDD, old);
            free((char *)p - HEAD);
            f->n_live--;
        }
        return NULL;
    }
    f->n_calls++;
    if (f->fail_at && (f->n_calls == f->fail_at || (f->fail_for_ever && f->n_calls > f->fail_at)))
        return NULL;
    char *q = malloc(size + HEAD);
    if (!q)
        return NULL;
    memcpy(q, &size, sizeof size);
    memset(q + HEAD, 0xCD, size);
    f->n_live++;
    if (p) {
        memcpy(q + HEAD, p, old < size ? old : size);
        memset(p, 0xDD, old);
        free((char *)p - HEAD);
        f->n_live--;
    }
    return q + HEAD;
}

void failing_mem_init(struct failing_mem *failing)
{
    memset(failing, 0, sizeof *failing);
    failing->mem.resize = resize;
    failing->mem.context = failing;
}

const char *test_folder(void)
{
    static char path[4096];
    const char *base = getenv("TMPDIR");
    (void)snprintf(path, sizeof path, "%s/gkdb-test-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
    return path;
}

void test_folder_remove(const char *path)
{
    char command[4200];
    assert_non_null(strstr(path, "gkdb-test-")); /* never anything else */
    (void)snprintf(command, sizeof command, "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}
