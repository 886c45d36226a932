/*
 * test_inbox.c - what other processes hand in is taken by the writer exactly once, in order, and refused with a reason;
 * whatever lies in the inbox, rows are committed.
 */
#include "db/cases.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "db/act.h"
#include "db/db.h"

static struct gk_error error;
static char path[4096], inbox[4200];

static gk_db *begin(void)
{
    gk_db *db = world_new(path, NULL);
    (void)snprintf(inbox, sizeof inbox, "%s/inbox", path);
    (void)raise_alarm(db, "R1", "fan");
    ok(gk_commit(db, &error), &error);
    return db;
}

static uint64_t last_act(gk_db *db)
{
    uint64_t last;
    gk_snapshot *s = look(db);
    ok(gk_act_last(s, &last, &error), &error);
    gk_snapshot_close(s);
    return last;
}

static struct gk_act act_at(gk_db *db, uint64_t seq)
{
    struct gk_act act;
    gk_snapshot *s = look(db);
    ok(gk_act_get(s, seq, &act, &error), &error);
    gk_snapshot_close(s);
    act.rule = act.actor = act.whom = act.text = NULL; /* they were the snapshot's */
    return act;
}

static int n_files(void)
{
    int n = 0;
    DIR *dir = opendir(inbox);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)) != NULL)
        n += entry->d_name[0] != '.';
    if (dir)
        assert_int_equal(closedir(dir), 0);
    return n;
}

/* Keys of the table that say what was taken. */
static int n_entries(gk_db *db)
{
    struct findings text = {"", 0};
    int n = 0;
    ok(gk_dump(db, "alarm", take_finding, &text, &error), &error);
    for (const char *p = text.text; (p = strstr(p, "taken '")) != NULL; p++)
        n++;
    return n;
}

static void what_is_handed_in_is_taken_with_the_next_commit(void **state)
{
    char names[3][GK_HANDED_MAX];
    struct gk_act_put put = act_of(GK_ACT_ACKNOWLEDGED, 1);
    (void)state;

    gk_db *db = begin();
    ok(gk_act_hand_in(db, &put, names[0], &error), &error);
    put = act_of(GK_ACT_ASSIGNED, 1);
    put.due = T0 + DAY;
    ok(gk_act_hand_in(db, &put, names[1], &error), &error);
    put = act_of(GK_ACT_FED_BACK, 1);
    put.text = text_of("the belt\nis broken");
    ok(gk_act_hand_in(db, &put, names[2], &error), &error);
    assert_true(strcmp(names[0], names[1]) < 0 && strcmp(names[1], names[2]) < 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(gk_act_handed(db, names[i], &error), GK_DONE);
    ok(gk_commit(db, &error), &error);
    for (int i = 0; i < 3; i++)
        assert_int_equal(gk_act_handed(db, names[i], &error), GK_OK);
    assert_int_equal(last_act(db), 4);
    assert_int_equal(n_files(), 0);
    assert_int_equal(act_at(db, 2).kind, GK_ACT_ACKNOWLEDGED);
    assert_int_equal(act_at(db, 3).kind, GK_ACT_ASSIGNED);
    assert_int_equal(act_at(db, 3).due, T0 + DAY);
    assert_int_equal(act_at(db, 4).kind, GK_ACT_FED_BACK);
    gk_snapshot *s = look(db);
    struct gk_act act;
    ok(gk_act_get(s, 4, &act, &error), &error);
    assert_string_equal(act.text, "the belt\nis broken");
    assert_string_equal(act.actor, "wang");
    gk_snapshot_close(s);
    assert_int_equal(n_entries(db), 3);
    check_is_clean(db);
    (void)act_on(db, GK_ACT_NOTED, 0);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(n_entries(db), 0); /* nothing piles up */
    world_end(db, path);
}

static void what_cannot_be_is_refused_with_the_reason(void **state)
{
    char name[GK_HANDED_MAX];
    struct gk_act_put put = act_of(GK_ACT_CLOSED, 1);
    (void)state;

    gk_db *db = begin();
    ok(gk_act_hand_in(db, &put, name, &error), &error);
    ok(gk_act_hand_in(db, &put, name, &error), &error); /* twice */
    ok(gk_commit(db, &error), &error);
    assert_int_equal(gk_act_handed(db, name, &error), GK_EINVAL);
    assert_string_equal(error.text, "alarm 1 cannot be closed: it is closed");
    assert_int_equal(last_act(db), 2);
    put = act_of(GK_ACT_SEEN, 9);
    ok(gk_act_hand_in(db, &put, name, &error), &error);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(gk_act_handed(db, name, &error), GK_EINVAL);
    assert_string_equal(error.text, "there is no alarm 9");
    assert_int_equal(n_files(), 0); /* told once */
    put = act_of(GK_ACT_CLOSED, 1);
    put.outcome = GK_OUTCOME_NONE; /* at once: it needs no writer to see */
    assert_int_equal(gk_act_hand_in(db, &put, name, &error), GK_EINVAL);
    put = act_of(GK_ACT_RECOVERED, 1);
    assert_int_equal(gk_act_hand_in(db, &put, name, &error), GK_EINVAL);
    assert_non_null(strstr(error.text, "it cannot be handed in"));
    put = raised_of("R1", "press");
    assert_int_equal(gk_act_hand_in(db, &put, name, &error), GK_EINVAL);
    assert_int_equal(gk_act_handed(db, "../data.mdb", &error), GK_EINVAL);
    check_is_clean(db);
    world_end(db, path);
}

/* An act of the judge, with a hash that fits: its kind is the third byte. */
static void what_only_a_judge_can_say_is_not_taken(void **state)
{
    static const uint8_t ZEROS[32];
    struct gk_act_put put = act_of(GK_ACT_SEEN, 1);
    char name[GK_HANDED_MAX];
    struct buffer bytes;
    (void)state;

    gk_db *db = begin();
    uint64_t last = last_act(db);
    buffer_init(&bytes, &MEM_SYSTEM);
    ok(gk_act_hand_in(db, &put, name, &error), &error);
    ok(file_read(inbox, name, 10000, &bytes, &error), &error);
    assert_int_equal(bytes.bytes[2], GK_ACT_SEEN);
    bytes.bytes[2] = GK_ACT_SUPPRESSED;
    act_hash(ZEROS, UINT64_MAX, view_of(bytes.bytes, bytes.size), bytes.bytes + bytes.size - 32);
    ok(file_write(inbox, name, bytes.bytes, bytes.size, &error), &error);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(gk_act_handed(db, name, &error), GK_EINVAL);
    assert_int_equal(last_act(db), last);
    buffer_clear(&bytes);
    world_end(db, path);
}

static void rows_do_not_wait_for_what_lies_in_the_inbox(void **state)
{
    char name[GK_HANDED_MAX], beside[4400];
    struct gk_act_put put = act_of(GK_ACT_SEEN, 1);
    struct buffer bytes;
    (void)state;

    gk_db *db = begin();
    uint32_t kw = put_channel(db, "kw"), fan = put_facility(db, "fan", GK_ABATEMENT);
    buffer_init(&bytes, &MEM_SYSTEM);
    ok(gk_act_hand_in(db, &put, name, &error), &error);
    ok(file_read(inbox, name, 10000, &bytes, &error), &error);
    for (size_t cut = 0; cut < bytes.size; cut += 7) { /* half files under proper names */
        char part[GK_HANDED_MAX];
        (void)snprintf(part, sizeof part, "%04d.act", (int)cut);
        ok(file_write(inbox, part, bytes.bytes, cut, &error), &error);
    }
    bytes.bytes[20] ^= 1;
    ok(file_write(inbox, "flipped.act", bytes.bytes, bytes.size, &error), &error);
    ok(file_write(inbox, "README", "hello", 5, &error), &error);
    (void)snprintf(beside, sizeof beside, "%s/folder.act", inbox);
    assert_int_equal(mkdir(beside, 0700), 0);
    (void)snprintf(beside, sizeof beside, "%s/pipe.act", inbox);
    assert_int_equal(mkfifo(beside, 0600), 0);
    ok(put_row(db, fan, T0, kw, 1), &error);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(last_act(db), 2);
    assert_int_equal(gk_act_handed(db, name, &error), GK_OK);
    assert_int_equal(gk_act_handed(db, "flipped.act", &error), GK_EINVAL);
    assert_string_equal(error.text, "the file is no act that was handed in");
    gk_snapshot *s = look(db);
    assert_int_equal(gk_snapshot_info(s)->watermark, T0);
    gk_snapshot_close(s);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(last_act(db), 2);
    buffer_clear(&bytes);
    world_end(db, path);
}

/* The end of the process between the commit and the removing of the file: the file is there, and so is the entry. */
static void a_crash_after_the_commit_does_not_double_an_act(void **state)
{
    char name[GK_HANDED_MAX];
    struct gk_act_put put = act_of(GK_ACT_ASSIGNED, 1); /* could happen twice */
    struct buffer bytes;
    (void)state;

    gk_db *db = begin();
    buffer_init(&bytes, &MEM_SYSTEM);
    ok(gk_act_hand_in(db, &put, name, &error), &error);
    ok(file_read(inbox, name, 10000, &bytes, &error), &error);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(gk_close(db), GK_OK);
    for (int round = 0; round < 2; round++) {
        ok(file_write(inbox, name, bytes.bytes, bytes.size, &error), &error);
        db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, NULL);
        if (round == 1)
            (void)put_channel(db, "kw"); /* the entry goes with this commit */
        ok(gk_commit(db, &error), &error);
        assert_int_equal(last_act(db), 2);
        assert_int_equal(n_files(), 0);
        assert_int_equal(n_entries(db), round == 0 ? 1 : 0);
        check_is_clean(db);
        assert_int_equal(gk_close(db), GK_OK);
    }
    buffer_clear(&bytes);
    test_folder_remove(path);
}

/* The end of the process between writing the reason and removing the file. */
static void a_crash_within_a_refusal_keeps_it_refused(void **state)
{
    char name[GK_HANDED_MAX];
    struct gk_act_put put = act_of(GK_ACT_SEEN, 1);
    char refusal[GK_HANDED_MAX + 8];
    (void)state;

    gk_db *db = begin();
    ok(gk_act_hand_in(db, &put, name, &error), &error);
    (void)snprintf(refusal, sizeof refusal, "%.*s.refused", (int)(strlen(name) - 4), name);
    ok(file_write(inbox, refusal, "no", 2, &error), &error);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(last_act(db), 1);
    assert_int_equal(gk_act_handed(db, name, &error), GK_EINVAL);
    assert_string_equal(error.text, "no");
    world_end(db, path);
}

/* A commit that fails has taken the file already; the next one makes it durable, once. */
static void a_commit_that_fails_takes_nothing_twice(void **state)
{
    static char text[GK_ACT_TEXT_MAX];
    struct gk_options o = world_options();
    char name[GK_HANDED_MAX];
    int rc = GK_OK, n = 0;
    (void)state;

    o.quota = 1 << 20;
    gk_db *db = world_new(path, &o);
    (void)snprintf(inbox, sizeof inbox, "%s/inbox", path);
    (void)raise_alarm(db, "R1", "fan");
    memset(text, 'x', sizeof text);
    struct gk_act_put put = act_of(GK_ACT_FED_BACK, 1);
    put.text = (struct gk_text){text, sizeof text};
    for (; rc == GK_OK; n++) {
        ok(gk_act_hand_in(db, &put, name, &error), &error);
        rc = gk_commit(db, &error);
        assert_true(n < 1000);
    }
    assert_int_equal(rc, GK_EFULL);
    assert_int_equal(gk_commit(db, &error), GK_EFULL);
    assert_int_equal(gk_act_handed(db, name, &error), GK_DONE); /* it waits still */
    assert_int_equal(gk_close(db), GK_EFULL);
    o.quota = 4 << 20;
    db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, &o);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(last_act(db), n + 1);
    assert_int_equal(gk_act_handed(db, name, &error), GK_OK);
    assert_int_equal(n_files(), 0);
    check_is_clean(db);
    world_end(db, path);
}

/* A process that writes: it commits, and commits, until it is killed. */
static pid_t start_writer(void)
{
    pid_t child = fork();

    if (child == 0) {
        struct gk_options o = world_options();
        gk_db *db;
        if (gk_open(path, GK_READWRITE | GK_KEEP_HEADS, &o, &db, NULL) != GK_OK)
            _exit(1);
        while (gk_commit(db, NULL) == GK_OK)
            continue;
        _exit(1);
    }
    assert_true(child > 0);
    return child;
}

/* How often an act says each number. */
static void count_texts(gk_db *db, int *times, int n)
{
    gk_snapshot *s = look(db);
    struct gk_act act;
    gk_acts *acts;

    ok(gk_acts_open(s, 0, 2, &acts, &error), &error);
    while (gk_acts_next(acts, &act, &error) == GK_OK) {
        int i = atoi(act.text);
        assert_in_range(i, 0, n - 1);
        times[i]++;
    }
    gk_acts_close(acts);
    gk_snapshot_close(s);
}

static void a_child_of_the_writer_takes_and_refuses_nothing(void **state)
{
    char name[GK_HANDED_MAX];
    struct gk_act_put put = act_of(GK_ACT_ACKNOWLEDGED, 1);
    int status;
    (void)state;

    gk_db *db = begin();
    ok(gk_act_hand_in(db, &put, name, &error), &error);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(gk_commit(db, &error) == GK_EINVAL && strstr(error.text, "does not outlive a fork") &&
                      gk_close(db) == GK_OK
                  ? 0
                  : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(gk_act_handed(db, name, &error), GK_DONE);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(gk_act_handed(db, name, &error), GK_OK);
    assert_int_equal(last_act(db), 2);
    world_end(db, path);
}

/* Wherever the writer is killed, each act that was handed in is there once, and in order. */
static void a_writer_that_is_killed_takes_each_act_once(void **state)
{
    uint64_t seed = test_seed("a_writer_that_is_killed_takes_each_act_once"), kills = test_rounds(20);
    struct random random = random_from(seed);
    struct gk_act_put put = act_of(GK_ACT_ASSIGNED, 1);
    char name[GK_HANDED_MAX], text[16];
    int n = 0, n_max = (int)kills * 10, *times = calloc((size_t)n_max, sizeof *times);
    (void)state;

    assert_non_null(times);
    gk_db *db = begin();
    assert_int_equal(gk_close(db), GK_OK);
    gk_db *other = world_open(path, GK_READONLY, NULL);
    for (uint64_t k = 0; k < kills; k++) {
        pid_t writer = start_writer();
        for (uint64_t i = 1 + random_below(&random, 9); i > 0; i--) {
            (void)snprintf(text, sizeof text, "%d", n++);
            put.text = text_of(text);
            ok(gk_act_hand_in(other, &put, name, &error), &error);
        }
        (void)nanosleep(&(struct timespec){0, (long)random_below(&random, 10000000)}, NULL);
        assert_int_equal(kill(writer, SIGKILL), 0);
        assert_int_equal(waitpid(writer, NULL, 0), writer);
    }
    assert_int_equal(gk_close(other), GK_OK);
    db = world_open(path, GK_READWRITE | GK_KEEP_HEADS, NULL);
    ok(gk_commit(db, &error), &error);
    assert_int_equal(n_files(), 0);
    count_texts(db, times, n);
    for (int i = 0; i < n; i++)
        assert_int_equal(times[i], 1);
    check_is_clean(db);
    world_end(db, path);
    free(times);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_handed_in_is_taken_with_the_next_commit),
    cmocka_unit_test(what_cannot_be_is_refused_with_the_reason),
    cmocka_unit_test(what_only_a_judge_can_say_is_not_taken),
    cmocka_unit_test(rows_do_not_wait_for_what_lies_in_the_inbox),
    cmocka_unit_test(a_crash_after_the_commit_does_not_double_an_act),
    cmocka_unit_test(a_crash_within_a_refusal_keeps_it_refused),
    cmocka_unit_test(a_commit_that_fails_takes_nothing_twice),
    cmocka_unit_test(a_child_of_the_writer_takes_and_refuses_nothing),
    cmocka_unit_test(a_writer_that_is_killed_takes_each_act_once),
};

RUN_TESTS(tests)
