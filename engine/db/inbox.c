/*
 * inbox.c - handing in acts to the process that writes the store.
 *
 *     inbox/NAME.act        one act, written whole; names ascend with the time of handing in
 *     inbox/NAME.refused    why it was refused, as text
 *
 * Exactly once: the transaction that makes the act durable has an entry with the name of its file in the table `alarm`
 * (ALARM_TAKEN); then the file goes, and with the next commit the entry. A writer that finds a file with such an entry
 * removes it and nothing else.
 */
#include "db/inbox.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/file.h"
#include "db/commit.h"

#define PATH_SIZE      4096
#define INBOX_FILE_MAX (2 * GK_ACT_TEXT_MAX + 8 * GK_NAME_MAX)
#define INBOX_SEQ      UINT64_MAX /* the number under which an act is encoded that has none yet */
/* Taken in with one commit: there is room left for those that the writer puts itself. */
#define INBOX_TAKE_MAX (ACTS_PENDING_MAX / 2)

static const uint8_t ZEROS[SHA256_SIZE];

void inbox_init(struct inbox *inbox, const struct mem *mem)
{
    memset(inbox, 0, sizeof *inbox);
    inbox->mem = mem;
}

void inbox_clear(struct inbox *inbox)
{
    mem_free(inbox->mem, inbox->taken.at);
    mem_free(inbox->mem, inbox->durable.at);
    mem_free(inbox->mem, inbox->gone.at);
}

static int folder_of(const gk_db *db, char out[PATH_SIZE], struct gk_error *error)
{
    int n = snprintf(out, PATH_SIZE, "%s/inbox", store_path(db->store));
    return n > 0 && n < PATH_SIZE ? GK_OK
                                  : error_set(error, GK_EINVAL, "%s: the path is too long", store_path(db->store));
}

/* ---- names of files
 * --------------------------------------------------------------------------------------------------- */

static int add_name(const struct mem *mem, struct inbox_names *names, const char *name)
{
    if (mem_reserve(mem, &names->at, &names->capacity, names->n + 1, sizeof *names->at) != GK_OK)
        return GK_ENOMEM;
    (void)snprintf(names->at[names->n++], GK_HANDED_MAX, "%s", name); /* the length was tested */
    return GK_OK;
}

static bool has_name(const struct inbox_names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->at[i], name) == 0)
            return true;
    return false;
}

static bool is_act(const char *file)
{
    size_t size = strlen(file);
    return file[0] != '.' && size < GK_HANDED_MAX && size > 4 && strcmp(file + size - 4, ".act") == 0;
}

/* "NAME.act" to "NAME.refused". */
static void refusal_of(const char *file, char out[GK_HANDED_MAX + 8])
{
    (void)snprintf(out, GK_HANDED_MAX + 8, "%.*s.refused", (int)(strlen(file) - 4), file);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The files that lie there, in the order of their names. */
static int list_files(const struct mem *mem, const char *folder, struct inbox_names *out)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int rc = GK_OK;

    if (!dir)
        return GK_OK; /* nobody handed in anything */
    while (rc == GK_OK && (entry = readdir(dir)) != NULL)
        if (is_act(entry->d_name))
            rc = add_name(mem, out, entry->d_name);
    (void)closedir(dir); /* it was only read */
    if (rc == GK_OK && out->n > 1)
        qsort(out->at, out->n, sizeof *out->at, by_name);
    return rc;
}

/* ---- handing in
 * ------------------------------------------------------------------------------------------------------- */

static int make_name(char name[GK_HANDED_MAX], struct gk_error *error)
{
    struct timespec t;
    uint64_t random;

    (void)clock_gettime(CLOCK_REALTIME, &t); /* cannot fail for this clock */
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return error_set(error, GK_EIO, "no random numbers for the name of an act");
    (void)snprintf(name, GK_HANDED_MAX, "%019" PRId64 "-%016" PRIx64 ".act", (int64_t)t.tv_sec * GK_SECOND + t.tv_nsec,
                   random);
    return GK_OK;
}

int gk_act_hand_in(gk_db *db, const struct gk_act_put *given, char name[GK_HANDED_MAX], struct gk_error *error)
{
    struct act_place place = {INBOX_SEQ, 0, 0, gk_clock(db), ZEROS};
    char folder[PATH_SIZE];
    struct gk_act_put put;
    struct buffer bytes;
    int rc;

    buffer_init(&bytes, &db->mem);
    TRY(acts_take_put(given, &put, error));
    if (put.kind < GK_ACT_TOLD)
        TRY(error_set(error, GK_EINVAL,
                      "an act '%s' comes from the process that writes the store: it cannot be handed in",
                      gk_act_kind_name(put.kind)));
    place.alarm = place.before = put.alarm; /* what comes before it will be known when it is taken in */
    TRY(act_encode(&put, &place, &bytes));
    TRY(folder_of(db, folder, error));
    TRY(file_make_folder(folder, error));
    TRY(make_name(name, error));
    TRY(file_write(folder, name, bytes.bytes, bytes.size, error));
done:
    buffer_clear(&bytes);
    if (rc == GK_ENOMEM)
        (void)error_set(error, rc, "out of memory for an act"); /* rc says it too */
    return rc;
}

int gk_act_handed(gk_db *db, const char *name, struct gk_error *error)
{
    char folder[PATH_SIZE], refusal[GK_HANDED_MAX + 8];
    struct buffer text;
    int rc;

    buffer_init(&text, &db->mem);
    if (!is_act(name) || strchr(name, '/'))
        TRY(error_set(error, GK_EINVAL, "'%.64s' is no name of what was handed in", name));
    TRY(folder_of(db, folder, error));
    rc = file_read(folder, name, INBOX_FILE_MAX, &text, error);
    if (rc != GK_ENOTFOUND) {
        rc = rc == GK_OK ? GK_DONE : rc;
        goto done;
    }
    refusal_of(name, refusal);
    buffer_reset(&text);
    rc = file_read(folder, refusal, GK_ERROR_TEXT_MAX, &text, error);
    if (rc == GK_ENOTFOUND) {
        rc = GK_OK;
        goto done;
    }
    TRY(rc);
    TRY(file_remove(folder, refusal, error));
    rc = error_set(error, GK_EINVAL, "%.*s", (int)text.size, (const char *)text.bytes);
done:
    buffer_clear(&text);
    return rc;
}

/* ---- taking in
 * -------------------------------------------------------------------------------------------------------- */

static struct gk_text text_of(const char *text)
{
    struct gk_text t = {text, strlen(text)};
    return t;
}

/* The put that it was handed in as. */
static struct gk_act_put put_of(const struct gk_act *act)
{
    struct gk_act_put put = {.size = sizeof put,
                             .kind = act->kind,
                             .alarm = act->alarm,
                             .about = act->about,
                             .from = act->from == GK_TIME_MIN ? 0 : act->from,
                             .to = act->to == GK_TIME_MAX ? 0 : act->to,
                             .rule = text_of(act->rule),
                             .rule_version = act->rule_version,
                             .level = act->level,
                             .subject_kind = act->subject_kind,
                             .subject = text_of(act->subject),
                             .enterprise = text_of(act->enterprise),
                             .park = text_of(act->park),
                             .actor = text_of(act->actor),
                             .whom = text_of(act->whom),
                             .channel = text_of(act->channel),
                             .result = text_of(act->result),
                             .text = text_of(act->text),
                             .due = act->due == GK_TIME_MAX ? 0 : act->due,
                             .outcome = act->outcome};
    return put;
}

/* Its bytes as an act that was handed in: whole, and of a kind that can be. */
static int decode(struct view bytes, struct gk_act *act, struct gk_error *error)
{
    uint8_t hash[SHA256_SIZE];
    int rc = act_decode(INBOX_SEQ, bytes, act, error);

    if (rc == GK_OK) {
        act_hash(ZEROS, INBOX_SEQ, bytes, hash);
        if (memcmp(hash, act->hash, sizeof hash) != 0 || act->kind < GK_ACT_TOLD)
            rc = GK_ECORRUPT;
    }
    return rc == GK_OK ? rc : error_set(error, rc, "the file is no act that was handed in");
}

/* GK_OK: its act waits for the commit. Other statuses that mean "never" are refusals; GK_ENOMEM and GK_EIO "not now".
 */
static int take_file(gk_db *db, const char *folder, const char *name, struct gk_error *error)
{
    struct buffer bytes;
    struct gk_act act;
    int rc;

    buffer_init(&bytes, &db->mem);
    TRY(file_read(folder, name, INBOX_FILE_MAX, &bytes, error));
    TRY(decode(view_of(bytes.bytes, bytes.size), &act, error));
    struct gk_act_put put = put_of(&act);
    TRY(add_name(&db->mem, &db->inbox.taken, name));
    rc = acts_add(db, &put, error);
    if (rc != GK_OK)
        db->inbox.taken.n--;
done:
    buffer_clear(&bytes);
    return rc;
}

static void refuse(const char *folder, const char *name, const struct gk_error *error)
{
    char refusal[GK_HANDED_MAX + 8];

    refusal_of(name, refusal);
    if (file_write(folder, refusal, error->text, strlen(error->text), NULL) == GK_OK)
        (void)file_remove(folder, name, NULL); /* else it is refused again next time */
}

/* What is taken already, or was refused before a crash. */
static bool is_done(gk_db *db, const char *folder, const char *name)
{
    char refusal[GK_HANDED_MAX + 8];
    struct buffer text;

    if (has_name(&db->inbox.taken, name) || has_name(&db->inbox.durable, name))
        return true;
    refusal_of(name, refusal);
    buffer_init(&text, &db->mem);
    bool is_refused = file_read(folder, refusal, GK_ERROR_TEXT_MAX, &text, NULL) == GK_OK;
    buffer_clear(&text);
    if (is_refused)
        (void)file_remove(folder, name, NULL); /* else again next time */
    return is_refused;
}

/* Removes the files of acts that are durable; those that are surely gone move on to the next list. */
static void tidy(gk_db *db, const char *folder)
{
    struct inbox *inbox = &db->inbox;
    int rc = GK_OK;

    if (inbox->durable.n == 0)
        return;
    for (size_t i = 0; i < inbox->durable.n; i++)
        TRY(file_remove(folder, inbox->durable.at[i], NULL));
    TRY(file_sync(folder, NULL));
    while (inbox->durable.n > 0) {
        TRY(add_name(inbox->mem, &inbox->gone, inbox->durable.at[inbox->durable.n - 1]));
        inbox->durable.n--;
    }
done:
    return; /* what is left is tidied next time */
}

void inbox_take(gk_db *db)
{
    struct inbox_names files = {NULL, 0, 0};
    char folder[PATH_SIZE];

    if (folder_of(db, folder, NULL) != GK_OK)
        return;
    tidy(db, folder);
    if (list_files(&db->mem, folder, &files) != GK_OK)
        files.n = 0; /* no memory now: next time */
    for (size_t i = 0; i < files.n && db->acts.n < INBOX_TAKE_MAX && db->acts.bytes.size < ACTS_PENDING_BYTES_MAX;
         i++) {
        struct gk_error error = {0};
        if (is_done(db, folder, files.at[i]))
            continue;
        int rc = take_file(db, folder, files.at[i], &error);
        if (rc != GK_OK && rc != GK_ENOMEM && rc != GK_EIO)
            refuse(folder, files.at[i], &error);
    }
    mem_free(&db->mem, files.at);
}

/* ---- with the commit
 * -------------------------------------------------------------------------------------------------- */

static struct view key_of(const char *name, uint8_t key[1 + GK_HANDED_MAX])
{
    key[0] = ALARM_TAKEN;
    memcpy(key + 1, name, strlen(name));
    return view_of(key, 1 + strlen(name));
}

int inbox_put(const struct inbox *inbox, struct txn *txn, struct gk_error *error)
{
    uint8_t key[1 + GK_HANDED_MAX];
    int rc = GK_OK;

    for (size_t i = 0; i < inbox->taken.n; i++)
        TRY(txn_put(txn, STORE_ALARM, key_of(inbox->taken.at[i], key), view_of(NULL, 0), error));
    for (size_t i = 0; i < inbox->gone.n; i++) {
        rc = txn_delete(txn, STORE_ALARM, key_of(inbox->gone.at[i], key), error);
        TRY(rc == GK_ENOTFOUND ? GK_OK : rc);
    }
done:
    return rc;
}

void inbox_committed(gk_db *db)
{
    struct inbox *inbox = &db->inbox;
    char folder[PATH_SIZE];

    inbox->gone.n = 0;
    while (inbox->taken.n > 0) {
        if (add_name(inbox->mem, &inbox->durable, inbox->taken.at[inbox->taken.n - 1]) != GK_OK)
            return; /* it stays taken: its entry is put once more, and its act is not */
        inbox->taken.n--;
    }
    if (folder_of(db, folder, NULL) == GK_OK)
        tidy(db, folder);
}

int inbox_load(gk_db *db, struct txn *txn, struct gk_error *error)
{
    struct cursor *cursor = NULL;
    const uint8_t first = ALARM_TAKEN;
    int rc;

    TRY(cursor_open(txn, STORE_ALARM, &cursor, error));
    for (rc = cursor_seek(cursor, view_of(&first, 1), error); rc == GK_OK; rc = cursor_next(cursor, error)) {
        char name[GK_HANDED_MAX];
        struct view key = cursor_key(cursor);
        if (key.bytes[0] != ALARM_TAKEN)
            break;
        if (key.size > GK_HANDED_MAX)
            TRY(error_set(error, GK_ECORRUPT, "a key of the table alarm has %zu bytes", key.size));
        memcpy(name, key.bytes + 1, key.size - 1);
        name[key.size - 1] = 0;
        TRY(add_name(&db->mem, &db->inbox.durable, name));
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    cursor_close(cursor);
    return rc;
}
