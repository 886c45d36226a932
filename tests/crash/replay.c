/*
 * replay.c - see replay.h.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include "crash/replay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crash/image.h"
#include "crash/iolayer.h"
#include "support/support.h"

#define SECTOR    512
#define FILES_MAX 1024 /* of a trace; one is made anew when it is opened after it was removed */
#define CUTS_MAX  16   /* of a record */
#define PATH_SIZE 256

static const char *const MODES[REPLAY_MODES] = {"all", "strict", "cut", "subset", "random"};

/* A change of bytes that was not forced. */
struct write {
    uint32_t file;
    bool is_size;
    uint64_t at, size;
    const uint8_t *data;
};

/* A change of names. */
struct naming {
    uint32_t op, file, folder; /* folder: that forces it when it is synced, 0: the root */
    char path[PATH_SIZE];
    bool is_forced;
};

struct file {
    struct image forced, seen, state; /* on the disk, by the program, in the state that is being made */
    char path[PATH_SIZE];             /* in that state; "" when it is not there */
    bool is_folder;
};

struct player {
    const struct replay_options *o;
    struct replay_result *result;
    struct random random;
    struct file files[FILES_MAX];
    uint32_t n_files; /* numbers below it are in use */
    struct write *writes;
    size_t n_writes, writes_capacity;
    struct naming *namings;
    size_t n_namings, namings_capacity;
    uint64_t acknowledged, record, failed; /* the record of the last call that was made to fail, 0: none */
    bool is_over;
    uint64_t *known; /* hashes of states, open addressing, 0 is free */
    size_t n_known, known_capacity;
};

static void *need(void *p)
{
    if (!p)
        abort();
    return p;
}

/* ---- bytes --------------------------------------------------------------------------------------------------------
 */

/* The part [from, to) of a write. */
static void apply(struct image *image, const struct write *w, uint64_t from, uint64_t to)
{
    if (w->is_size)
        image_resize(image, w->at);
    else
        image_write(image, w->at + from, w->data + from, to - from);
}

/* Each sector of it, or not. */
static void apply_some(struct player *p, struct image *image, const struct write *w)
{
    if (w->is_size) {
        if (random_below(&p->random, 2))
            apply(image, w, 0, 0);
        return;
    }
    for (uint64_t from = 0; from < w->size;) {
        uint64_t to = (w->at + from) / SECTOR * SECTOR + SECTOR - w->at;
        to = to < w->size ? to : w->size;
        if (random_below(&p->random, 2))
            apply(image, w, from, to);
        from = to;
    }
}

static void apply_torn(struct player *p, struct image *image, const struct write *w)
{
    uint64_t n = w->size / SECTOR;
    if (!w->is_size && n > 0)
        apply(image, w, 0, random_below(&p->random, n + 1) * SECTOR);
}

/* ---- making a state -----------------------------------------------------------------------------------------------
 */

static void make_bytes(struct player *p, enum replay_mode mode, uint64_t choice)
{
    for (uint32_t f = 1; f < p->n_files; f++)
        image_follow(&p->files[f].state, mode == REPLAY_ALL ? &p->files[f].seen : &p->files[f].forced);
    if (mode == REPLAY_ALL || mode == REPLAY_STRICT)
        return;
    for (size_t i = 0; i < p->n_writes; i++) {
        const struct write *w = &p->writes[i];
        struct image *image = &p->files[w->file].state;
        if (mode == REPLAY_RANDOM)
            apply_some(p, image, w);
        else if (mode == REPLAY_CUT ? i < choice : choice >> i & 1)
            apply(image, w, 0, w->size);
        else if (mode == REPLAY_CUT && i == choice)
            apply_torn(p, image, w);
    }
}

static void remove_path(struct player *p, const char *path)
{
    for (uint32_t f = 1; f < p->n_files; f++)
        if (strcmp(p->files[f].path, path) == 0)
            p->files[f].path[0] = 0;
}

/* A file, or a folder with all that is in it. */
static void move_path(struct player *p, uint32_t moved, const char *path)
{
    char old[PATH_SIZE], rest[PATH_SIZE];
    size_t size = strlen(p->files[moved].path);

    memcpy(old, p->files[moved].path, PATH_SIZE);
    for (uint32_t f = 1; f < p->n_files; f++) {
        char *at = p->files[f].path;
        if (strncmp(at, old, size) != 0 || (at[size] && at[size] != '/'))
            continue;
        memcpy(rest, at + size, PATH_SIZE - size);
        if (snprintf(at, PATH_SIZE, "%s%s", path, rest) >= PATH_SIZE)
            abort();
    }
}

static void apply_naming(struct player *p, const struct naming *n)
{
    struct file *file = &p->files[n->file];

    if (n->op == IO_UNLINK)
        file->path[0] = 0;
    else if (n->op != IO_RENAME)
        memcpy(file->path, n->path, sizeof file->path);
    else if (file->path[0]) { /* else its creation did not reach the disk */
        remove_path(p, n->path);
        move_path(p, n->file, n->path);
    }
}

/* Names that were forced, and of the others those up to one. */
static void make_names(struct player *p, enum replay_mode mode)
{
    size_t n_free = 0;

    for (size_t i = 0; i < p->n_namings; i++)
        n_free += !p->namings[i].is_forced;
    if (mode == REPLAY_STRICT)
        n_free = 0;
    else if (mode != REPLAY_ALL && n_free)
        n_free = random_below(&p->random, n_free + 1);
    for (uint32_t f = 1; f < p->n_files; f++)
        p->files[f].path[0] = 0;
    for (size_t i = 0; i < p->n_namings; i++) {
        if (!p->namings[i].is_forced && n_free == 0)
            continue;
        n_free -= !p->namings[i].is_forced;
        apply_naming(p, &p->namings[i]);
    }
}

/* The folder in which a path lies in this state; 0 for the root, or when it is not there. */
static uint32_t folder_of(const struct player *p, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;

    for (uint32_t f = 1; slash && f < p->n_files; f++)
        if (p->files[f].is_folder && strlen(p->files[f].path) == size && strncmp(p->files[f].path, path, size) == 0)
            return f;
    return 0;
}

static uint64_t hash_state(struct player *p)
{
    uint64_t h = p->acknowledged;

    for (uint32_t f = 1; f < p->n_files; f++) {
        struct file *file = &p->files[f];
        if (!file->path[0])
            continue;
        h = hash_bytes(h, file->path, strlen(file->path));
        if (!file->is_folder)
            h = hash_bytes(h, &(uint64_t){image_hash(&file->state)}, sizeof(uint64_t));
    }
    return h ? h : 1;
}

static bool is_new(struct player *p, uint64_t hash)
{
    if (2 * p->n_known >= p->known_capacity) {
        size_t old = p->known_capacity;
        uint64_t *known = p->known;
        p->known_capacity = old ? old * 2 : 4096;
        p->known = need(calloc(p->known_capacity, sizeof *known));
        p->n_known = 0;
        for (size_t i = 0; i < old; i++)
            if (known[i])
                (void)is_new(p, known[i]); /* they are */
        free(known);
    }
    size_t i = hash & (p->known_capacity - 1);
    while (p->known[i] && p->known[i] != hash)
        i = (i + 1) & (p->known_capacity - 1);
    if (p->known[i])
        return false;
    p->known[i] = hash;
    p->n_known++;
    return true;
}

/* ---- checking it --------------------------------------------------------------------------------------------------
 */

static bool say(struct player *p, const char *what, const char *path)
{
    (void)snprintf(p->result->words, sizeof p->result->words, "%s '%.512s': %s", what, path, strerror(errno));
    return false;
}

static bool is_there(const struct player *p, const struct file *file)
{
    return file->path[0] && strcmp(file->path, ".") != 0 && (!strchr(file->path, '/') || folder_of(p, file->path));
}

/* A folder after the one it is in. */
static bool write_folder(struct player *p, uint32_t number)
{
    char path[4096 + PATH_SIZE];
    uint32_t outer = folder_of(p, p->files[number].path);

    if (outer && !write_folder(p, outer))
        return false;
    (void)snprintf(path, sizeof path, "%s/%s", p->o->folder, p->files[number].path);
    return mkdir(path, 0750) == 0 || errno == EEXIST || say(p, "cannot make", path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static const struct file *find(const struct player *p, const char *path)
{
    for (uint32_t f = 1; f < p->n_files; f++)
        if (strcmp(p->files[f].path, path) == 0)
            return &p->files[f];
    return NULL;
}

/* What the check of another state left in a folder ("" or "name/") and is not in this one is removed. */
static bool remove_others(struct player *p, const char *folder)
{
    char full[4096 + 2 * PATH_SIZE], path[2 * PATH_SIZE];
    struct dirent *entry;

    (void)snprintf(full, sizeof full, "%s/%s", p->o->folder, folder);
    DIR *all = opendir(full);
    if (!all)
        return say(p, "cannot look into", full);
    bool is_done = true;
    while (is_done && (entry = readdir(all)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof path, "%.*s%.255s", PATH_SIZE - 2, folder, entry->d_name);
        const struct file *wanted = find(p, path);
        if (wanted && wanted->is_folder && entry->d_type == DT_DIR) {
            (void)strcat(path, "/");
            is_done = remove_others(p, path);
        } else if (!wanted || wanted->is_folder || entry->d_type != DT_REG) {
            (void)snprintf(full, sizeof full, "%s/%s", p->o->folder, path);
            is_done = nftw(full, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0 || say(p, "cannot remove", full);
        }
    }
    (void)closedir(all);
    return is_done;
}

/* Over the state before, of which most is the same; what became of that does not matter. */
static bool write_state(struct player *p)
{
    char path[4096 + PATH_SIZE];

    if (mkdir(p->o->folder, 0750) != 0 && errno != EEXIST)
        return say(p, "cannot make", p->o->folder);
    if (!remove_others(p, ""))
        return false;
    for (uint32_t f = 1; f < p->n_files; f++)
        if (p->files[f].is_folder && is_there(p, &p->files[f]) && !write_folder(p, f))
            return false;
    for (uint32_t f = 1; f < p->n_files; f++) {
        const struct file *file = &p->files[f];
        (void)snprintf(path, sizeof path, "%s/%s", p->o->folder, file->path);
        if (!file->is_folder && is_there(p, file) && !image_put(&file->state, path))
            return say(p, "cannot write", path);
    }
    return true;
}

static bool is_enough(const struct player *p)
{
    return p->is_over || (p->o->states_max && p->result->n_checked >= p->o->states_max);
}

static bool try_state(struct player *p, enum replay_mode mode, uint64_t choice)
{
    struct replay_result *r = p->result;
    char words[REPLAY_WORDS / 2] = "";

    if (is_enough(p))
        return true;
    make_names(p, mode);
    make_bytes(p, mode, choice);
    uint64_t hash = hash_state(p);
    r->n_states++;
    if (!is_new(p, hash))
        return true;
    r->n_distinct++;
    if (p->o->one_in > 1 && hash % p->o->one_in != 0)
        return true;
    if (!write_state(p))
        return false;
    r->n_checked++;
    r->by_mode[mode]++;
    /* Said before, in case the check never comes back. */
    (void)snprintf(r->words, sizeof r->words, "record %llu, %s %llu, %llu acknowledged", (unsigned long long)p->record,
                   MODES[mode], (unsigned long long)choice, (unsigned long long)p->acknowledged);
    bool is_right = p->o->check(p->o->context, p->o->folder, p->acknowledged, hash, words, sizeof words);
    if (!is_right)
        (void)snprintf(r->words + strlen(r->words), sizeof r->words - strlen(r->words), ": %s", words);
    if (p->o->progress && !p->o->progress(p->o->context, r->n_checked))
        p->is_over = true;
    return is_right;
}

static bool has_unforced(const struct player *p)
{
    bool has = p->n_writes > 0;
    for (size_t i = 0; i < p->n_namings; i++)
        has |= !p->namings[i].is_forced;
    return has;
}

static bool try_states(struct player *p)
{
    size_t n = p->n_writes;

    if (p->o->near && (p->failed == 0 || p->record > p->failed + p->o->near))
        return true;
    if (!try_state(p, REPLAY_ALL, 0) || !try_state(p, REPLAY_STRICT, 0))
        return false;
    for (size_t i = 0; i < n && i < CUTS_MAX; i++)
        if (!try_state(p, REPLAY_CUT, i))
            return false;
    for (uint64_t subset = 0; n <= p->o->subset_bits && subset < UINT64_C(1) << n; subset++)
        if (!try_state(p, REPLAY_SUBSET, subset))
            return false;
    for (unsigned i = 0; i < p->o->n_random && has_unforced(p); i++)
        if (!try_state(p, REPLAY_RANDOM, i))
            return false;
    return true;
}

/* ---- following the trace ------------------------------------------------------------------------------------------
 */

static void *grow(void *list, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity)
        return list;
    *capacity = *capacity ? *capacity * 2 : 64;
    return need(realloc(list, *capacity * size));
}

static void add_write(struct player *p, const struct io_record *r, const uint8_t *data)
{
    struct write w = {r->file, r->op == IO_TRUNCATE, r->at, r->size, data};

    p->writes = grow(p->writes, p->n_writes, &p->writes_capacity, sizeof *p->writes);
    p->writes[p->n_writes++] = w;
    apply(&p->files[r->file].seen, &w, 0, w.size);
}

/* Takes a file's unforced writes off the list: to the disk; or, lost, nowhere, or there by chance. */
static void settle(struct player *p, uint32_t file, bool is_lost, size_t from)
{
    size_t kept = from;

    for (size_t i = from; i < p->n_writes; i++) {
        struct write w = p->writes[i];
        if (w.file != file)
            p->writes[kept++] = w;
        else if (is_lost && p->o->seed % 2)
            apply_some(p, &p->files[file].forced, &w);
        else if (!is_lost)
            apply(&p->files[file].forced, &w, 0, w.size);
    }
    p->n_writes = kept;
}

static void add_naming(struct player *p, const struct io_record *r, const uint8_t *data)
{
    struct naming n = {.op = r->op, .file = r->file};

    make_names(p, REPLAY_ALL);
    if (r->op == IO_UNLINK) /* where it was says which folder must be synced */
        memcpy(n.path, p->files[r->file].path, PATH_SIZE);
    else
        memcpy(n.path, data, r->size < PATH_SIZE - 1 ? r->size : PATH_SIZE - 1);
    n.folder = folder_of(p, n.path);
    n.is_forced = strcmp(n.path, ".") == 0;
    p->namings = grow(p->namings, p->n_namings, &p->namings_capacity, sizeof *p->namings);
    p->namings[p->n_namings++] = n;
    p->files[r->file].is_folder |= r->op == IO_FOLDER;
}

static void force_names(struct player *p, uint32_t folder)
{
    make_names(p, REPLAY_ALL);
    if (strcmp(p->files[folder].path, ".") == 0)
        folder = 0;
    for (size_t i = 0; i < p->n_namings; i++)
        p->namings[i].is_forced |= p->namings[i].folder == folder;
}

/* A record as it is to be followed; false when it cannot be. */
static bool follow(struct player *p, const struct io_record *r, const uint8_t *data)
{
    switch (r->op) {
    case IO_CREATE:
    case IO_FOLDER:
    case IO_RENAME:
    case IO_UNLINK:
        add_naming(p, r, data);
        break;
    case IO_WRITE:
    case IO_TRUNCATE:
        add_write(p, r, data);
        break;
    case IO_WRITE_SYNC: /* before it returned it was under way */
        add_write(p, r, data);
        if (!try_states(p))
            return false;
        settle(p, r->file, false, p->n_writes - 1); /* it forces itself and not the writes before it */
        break;
    case IO_SYNC:
        if (p->files[r->file].is_folder)
            force_names(p, r->file);
        else
            settle(p, r->file, false, 0);
        break;
    case IO_SYNC_LOST:
        if (!p->files[r->file].is_folder)
            settle(p, r->file, true, 0);
        break;
    case IO_MARK:
        p->acknowledged = r->at;
        break;
    case IO_FAILED:
        p->failed = p->record;
        break;
    default:
        (void)snprintf(p->result->words, sizeof p->result->words, "record %llu: nothing that can be followed: %.*s",
                       (unsigned long long)p->record, (int)r->size, (const char *)data);
        return false;
    }
    return true;
}

static bool play(struct player *p, const uint8_t *trace, size_t size)
{
    struct io_record r;

    for (size_t at = 0; at + sizeof r <= size && !is_enough(p); at += sizeof r + r.size) {
        memcpy(&r, trace + at, sizeof r);
        p->record = ++p->result->n_records;
        if (r.file >= FILES_MAX || at + sizeof r + r.size > size) {
            (void)snprintf(p->result->words, sizeof p->result->words, "a trace that is cut, or of too many files");
            return false;
        }
        if (r.file >= p->n_files)
            p->n_files = r.file + 1;
        if (!follow(p, &r, trace + at + sizeof r) || !try_states(p))
            return false;
    }
    return true;
}

bool replay(const struct replay_options *options, struct replay_result *result)
{
    struct player *p = need(calloc(1, sizeof *p));
    struct stat st = {.st_size = 0};
    bool is_right = false;

    memset(result, 0, sizeof *result);
    p->o = options;
    p->result = result;
    p->random = random_from(options->seed);
    p->n_files = 1;
    int fd = open(options->trace, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0)
        is_right = say(p, "cannot read", options->trace);
    else if (st.st_size == 0)
        is_right = true;
    else {
        void *trace = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        is_right = trace == MAP_FAILED ? say(p, "cannot map", options->trace) : play(p, trace, (size_t)st.st_size);
        if (trace != MAP_FAILED)
            (void)munmap(trace, (size_t)st.st_size);
    }
    if (fd >= 0)
        (void)close(fd);
    for (uint32_t f = 1; f < p->n_files; f++) {
        image_clear(&p->files[f].forced);
        image_clear(&p->files[f].seen);
        image_clear(&p->files[f].state);
    }
    free(p->writes);
    free(p->namings);
    free(p->known);
    free(p);
    if (is_right)
        result->words[0] = 0;
    return is_right;
}
