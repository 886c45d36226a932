/*
 * test_iolayer.c - what the layer between a program and its files records, and which call it lets fail. The program is
 * this one, called again with the layer in front of it: test_iolayer play FOLDER.
 */
#include "support/support.h"

#include "crash/iolayer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the program
 * --------------------------------------------------------------------------------------------------------- */

/* Every kind of change once. Says on its output how each call ended: "." or the name of the error. */
static void say(long rc)
{
    char c = rc >= 0 ? '.' : errno == EIO ? 'E' : errno == ENOSPC ? 'F' : errno == ENOMEM ? 'M' : '?';
    (void)!write(1, &c, 1);
}

static int play(const char *folder)
{
    struct iovec pieces[2] = {{(void *)(uintptr_t) "three", 5}, {(void *)(uintptr_t) "four", 4}};
    char bytes[8];

    if (chdir(folder) != 0)
        return 1;
    say(mkdir("store", 0755));                         /* change 1 */
    int fd = open("store/a", O_RDWR | O_CREAT, 0644);  /* 2 */
    int sync_fd = open("store/a", O_WRONLY | O_DSYNC); /* read 1 */
    int at = open("store", O_RDONLY | O_DIRECTORY);    /* read 2 */
    int other = open("/dev/null", O_WRONLY);
    say(fd);
    if (io_mark)
        io_mark(7);
    say(pwrite(fd, "one", 3, 4096));                                /* change 3, write 1 */
    say(pwrite(sync_fd, "two", 3, 8));                              /* 4, 2 */
    say(lseek(fd, 100, SEEK_SET) < 0 ? -1 : writev(fd, pieces, 2)); /* 5, 3 */
    say(write(other, "elsewhere", 9));
    say(fdatasync(fd));                /* 6 */
    say(fsync(at));                    /* 7 */
    say(ftruncate(fd, 4096));          /* 8 */
    say(pread(fd, bytes, 4, 0));       /* read 3 */
    say(rename("store/a", "store/b")); /* 9 */
    say(unlink("store/b"));            /* 10 */
    void *p = malloc(10);
    say(p ? 0 : -1);
    free(p);
    return 0;
}

/* ---- calling it
 * ------------------------------------------------------------------------------------------------------------ */

struct outcome {
    char calls[64]; /* what it said */
    struct io_count count;
    uint8_t *trace;
    size_t trace_size;
};

static void read_file(const char *path, uint8_t **bytes, size_t *size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    *bytes = calloc(1, 65536);
    *size = fread(*bytes, 1, 65536, file);
    (void)fclose(file);
}

static void run(const char *fault, struct outcome *out)
{
    static const char *const NAMES[] = {"layer", "trace", "count"};
    char self[4096] = "", folder[4096], path[3][8192];
    uint8_t *bytes;
    size_t size;
    int ends[2], status;

    memset(out, 0, sizeof *out);
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    (void)snprintf(path[0], sizeof path[0], "%.*s/iolayer.so", (int)(strrchr(self, '/') - self), self);
    (void)snprintf(folder, sizeof folder, "%s", test_folder());
    for (int i = 1; i < 3; i++)
        (void)snprintf(path[i], sizeof path[i], "%s.%s", folder, NAMES[i]);
    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], 1);
        (void)setenv("LD_PRELOAD", path[0], 1);
        (void)setenv("IO_ROOT", folder, 1);
        (void)setenv("IO_TRACE", path[1], 1);
        (void)setenv("IO_COUNT", path[2], 1);
        if (fault)
            (void)setenv(strcmp(fault, "lie") == 0 ? "IO_LIE" : "IO_FAULT", fault, 1);
        (void)execl(self, self, "play", folder, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    for (size_t n = 0; n < sizeof out->calls - 1 && read(ends[0], out->calls + n, 1) == 1;)
        n++;
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    read_file(path[1], &out->trace, &out->trace_size);
    read_file(path[2], &bytes, &size);
    assert_int_equal(size, sizeof out->count);
    memcpy(&out->count, bytes, sizeof out->count);
    free(bytes);
    assert_int_equal(unlink(path[1]) + unlink(path[2]), 0);
    test_folder_remove(folder);
}

/* The trace as text: "create 1 a; write 1 at 8 two; ...". */
static void trace_text(const struct outcome *outcome, char *text, size_t size)
{
    static const char *const OPS[] = {"",      "create", "folder",    "rename", "unlink", "write",  "write-sync",
                                      "trunc", "sync",   "sync-lost", "mark",   "failed", "unknown"};
    size_t at = 0, n = 0;

    text[0] = 0;
    while (at + sizeof(struct io_record) <= outcome->trace_size) {
        struct io_record r;
        memcpy(&r, outcome->trace + at, sizeof r);
        at += sizeof r;
        n += (size_t)snprintf(text + n, size - n, "%s%s %u @%u%s%.*s", n ? "; " : "", OPS[r.op], r.file, (unsigned)r.at,
                              r.size ? " " : "", (int)r.size, (const char *)outcome->trace + at);
        at += r.size;
    }
    assert_int_equal(at, outcome->trace_size);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SKIP() skip() /* the layer stands where the sanitizer's runtime wants to stand */
#else
#define SKIP() (void)0
#endif

/* ---- tests
 * ----------------------------------------------------------------------------------------------------------------- */

static void every_change_is_recorded_with_its_data(void **state)
{
    struct outcome o;
    char text[4096];
    (void)state;

    SKIP();
    run(NULL, &o);
    assert_string_equal(o.calls, ".............");
    trace_text(&o, text, sizeof text);
    assert_string_equal(text,
                        "folder 1 @0 store; create 2 @0 store/a; mark 0 @7; write 2 @4096 one; write-sync 2 @8 two; "
                        "write 2 @100 threefour; sync 2 @0; sync 1 @0; trunc 2 @4096; rename 2 @0 store/b; "
                        "unlink 2 @0");
    assert_int_equal(o.count.changes, 10);
    assert_int_equal(o.count.writes, 3);
    assert_int_equal(o.count.forced, 1);
    assert_int_equal(o.count.reads, 3);
    assert_true(o.count.allocations >= 1);
    assert_int_equal(o.count.n_failed, 0);
    free(o.trace);
}

static void the_nth_call_fails_and_no_other(void **state)
{
    static const struct {
        const char *fault, *calls;
        uint64_t n_failed;
    } CASES[] = {
        {"eio:3", "..E..........", 1},     {"eio:3:2", "..EE.........", 2}, {"eio:6:0", "......EEE.EE.", 5},
        {"enospc:4", "...F.........", 1},  {"late:3", "..E..........", 1},  {"late:7", ".......E.....", 1},
        {"read:3", ".........E...", 1},    {"short:1", ".............", 1}, {"alloc:1:0", "............M", 1},
        {"dying:1:3", "...EE.E......", 3}, {"eio:9", "..........E?.", 1},   {"enospc:100", ".............", 0},
    };
    (void)state;

    SKIP();
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct outcome o;
        run(CASES[i].fault, &o);
        if (strcmp(o.calls, CASES[i].calls) != 0 || o.count.n_failed < CASES[i].n_failed)
            fail_msg("%s: %s, not %s; %u failed", CASES[i].fault, o.calls, CASES[i].calls, (unsigned)o.count.n_failed);
        free(o.trace);
    }
}

/* What is recorded is what reached the file, not what was asked for. */
static void a_failed_call_is_recorded_as_far_as_it_went(void **state)
{
    static const struct {
        const char *fault, *has, *has_not;
    } CASES[] = {
        {"eio:3", "mark 0 @7; failed 0 @3; write-sync", "one"},
        {"late:3", "write 2 @4096 one", "write-sync 2 @4096"},
        {"late:4", "write 2 @8 two; sync-lost 2 @0", "write-sync"},
        {"short:3", "write 2 @100 thre;", "threefour"},
        {"late:6", "sync-lost 2 @0; sync 1", "; sync 2"},
        {"eio:6", "threefour; failed 0 @6; sync 1", "; sync 2"},
        {"dying:1:2", "failed 0 @1; write 2 @8 two; sync-lost 2 @0; failed 0 @5; sync 2", "three"},
        {"lie", "write 2 @8 two; write 2 @100 threefour; trunc", "sync"},
    };
    (void)state;

    SKIP();
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct outcome o;
        char text[4096];
        run(CASES[i].fault, &o);
        trace_text(&o, text, sizeof text);
        if (!strstr(text, CASES[i].has) || strstr(text, CASES[i].has_not))
            fail_msg("%s: %s", CASES[i].fault, text);
        free(o.trace);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_change_is_recorded_with_its_data),
    cmocka_unit_test(the_nth_call_fails_and_no_other),
    cmocka_unit_test(a_failed_call_is_recorded_as_far_as_it_went),
};

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "play") == 0)
        return play(argv[2]);
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
