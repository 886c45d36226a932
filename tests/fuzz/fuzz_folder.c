/*
 * fuzz_folder.c - any bytes as what lies in the folders of a store: a file of its inbox, which is taken in or refused
 * with a reason by the next commit, or the place of a consumer, which goes on from there or says why not. The first
 * byte says which, and whether an act gets the hash that fits it.
 */
#include "fuzz/plant.h"

#include <sys/stat.h>

#include "db/act.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define ACTS_MAX 500 /* of one store */

static gk_db *db;
static char handed[GK_HANDED_MAX]; /* a name that an inbox knows */

static void must_write(const char *folder, const char *name, const uint8_t *bytes, size_t size)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s/%s", plant_folder, folder, name);
    FILE *file = fopen(path, "wb");
    plant_must(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static void remove_file(const char *folder, const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s%s%s", plant_folder, folder, name ? "/" : "", name ? name : "");
    (void)remove(path); /* it may not be there */
}

static void end(void)
{
    plant_must(gk_close(db) == GK_OK);
    remove_file("consumers", "one");
    remove_file("consumers", "one.lock");
    remove_file("consumers", NULL);
    remove_file("inbox", NULL);
    plant_remove();
    db = NULL;
}

static void begin(void)
{
    struct gk_act_put put = {.size = sizeof put, .kind = GK_ACT_NOTED, .actor = {"x", 1}, .text = {"y", 1}};
    gk_consumer *consumer;

    db = plant_new();
    plant_must(gk_act_put(db, &put, NULL, NULL) == GK_OK); /* an act to have a place at */
    plant_must(gk_act_hand_in(db, &put, handed, NULL) == GK_OK && gk_commit(db, NULL) == GK_OK);
    plant_must(gk_consumer_open(db, "one", 0, &consumer, NULL) == GK_OK);
    gk_consumer_close(consumer);
}

static void take_in(const uint8_t *bytes, size_t size, bool is_hashed)
{
    static const uint8_t ZEROS[32];
    static uint8_t copy[1 << 16];
    struct gk_error error = {0};

    if (size > sizeof copy - 32)
        return;
    memcpy(copy, bytes, size);
    if (is_hashed) { /* nobody guesses it */
        memset(copy + size, 0, 32);
        act_hash(ZEROS, UINT64_MAX, (struct view){copy, size + 32}, copy + size);
        size += 32;
    }
    must_write("inbox", handed, copy, size);
    plant_must(gk_commit(db, &error) == GK_OK);
    int rc = gk_act_handed(db, handed, &error);
    plant_must(rc == GK_OK || (rc == GK_EINVAL && error.text[0]));
    plant_must(gk_commit(db, NULL) == GK_OK && gk_commit(db, NULL) == GK_OK); /* the name is forgotten */
}

static void follow(const uint8_t *bytes, size_t size)
{
    struct gk_error error = {0};
    struct gk_alarm alarm;
    struct gk_act act;
    gk_consumer *consumer = NULL;

    must_write("consumers", "one", bytes, size);
    int rc = gk_consumer_open(db, "one", 0, &consumer, &error);
    plant_must(rc == GK_OK || ((rc == GK_ERANGE || rc == GK_ELIMIT || rc == GK_ECORRUPT) && error.text[0]));
    if (rc == GK_OK)
        rc = gk_consumer_next(consumer, &act, &alarm, &error);
    plant_must(rc != GK_EBUG && rc != GK_EIO);
    gk_consumer_close(consumer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static unsigned n;
    static bool is_begun;

    if (size < 1)
        return 0;
    if (!db) {
        begin();
        if (!is_begun)
            (void)atexit(end);
        is_begun = true;
    }
    if (bytes[0] & 1)
        follow(bytes + 1, size - 1);
    else
        take_in(bytes + 1, size - 1, bytes[0] & 2);
    if (++n % ACTS_MAX == 0) {
        end();
        begin();
    }
    return 0;
}
