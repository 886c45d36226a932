/*
 * test_questions.c - docs/QUESTIONS.md: each question gives one tree in both languages, the same answer, the rows that
 * stand under it, and those are what is counted in the plan of the zone (questions_zone.h), step by step and without
 * the engine.
 *
 * Of the page, "## 2. ..." begins a question; ```gkql en and ```gkql zh are its statements, ```rows COLUMNS what they
 * must give. ```gkql later is a statement that waits for records of alarms: it is refused by name.
 * QUESTIONS_CSV=FOLDER writes the tables of the zone there, to be loaded with gk load.
 */
#include "query/questions_zone.h"

#include "parser.h"
#include "print.h"

/* ---- what must be true, from the plan ---- */

typedef bool condition(enum facility f, int step);

static void put(struct text *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *out, const char *format, ...)
{
    char piece[256];
    va_list list;

    va_start(list, format);
    (void)vsnprintf(piece, sizeof piece, format, list);
    va_end(list);
    text_add(out, piece);
}

static const char *when(int step)
{
    static char text[4][64];
    static int i;

    (void)gk_time_format(time_of(step), 28800, text[i = (i + 1) % 4]);
    return text[i];
}

static bool has_role(enum facility f, const char *role)
{
    return strcmp(facts[f].role, role) == 0;
}

static bool is_production(enum facility f, int step)
{
    (void)step;
    return has_role(f, "production");
}

/* Every abatement of a production facility rests, and it has one. */
static bool all_rest(enum facility f, int step)
{
    bool has_any = false;

    for (int i = 0; i < N_SERVES; i++) {
        if (serves[i].production == f && !rests(serves[i].abatement, step))
            return false;
        has_any |= serves[i].production == f;
    }
    return has_any;
}

static bool untreated(enum facility f, int step)
{
    return runs(f, step) && all_rest(f, step);
}

static bool silent(enum facility f, int step)
{
    return state_of(f, step) == UNKNOWN;
}

/* The runs of a condition that touch a window, unclipped; those still true at the end are open. */
struct span {
    int from, to;
};

static bool next_run(enum facility f, condition *is, int from, int to, int least, struct span *run)
{
    for (int s = run->to; s < to; s = run->to) {
        while (s < N_STEPS && !is(f, s))
            s++;
        run->from = run->to = s;
        while (run->to < N_STEPS && is(f, run->to))
            run->to++;
        if (run->from >= to)
            return false;
        if (run->to > from && run->to - run->from >= least)
            return true;
    }
    return false;
}

/* subject,start,end,duration_s; what is open is counted to the newest row. */
static void put_runs(struct text *out, enum facility f, condition *is, int from, int to, int least)
{
    struct span run = {0, 0};

    while (next_run(f, is, from, to, least, &run)) {
        bool is_open = run.to == N_STEPS;
        put(out, "%s,%s,%s,%d\n", facts[f].name, when(run.from), is_open ? "" : when(run.to),
            ((is_open ? N_STEPS - 1 : run.to) - run.from) * STEP_S);
    }
}

static void put_all_runs(struct text *out, condition *is, int from, int to, int least)
{
    for (int f = 0; f < N_FACILITIES; f++)
        put_runs(out, (enum facility)f, is, from, to, least);
}

/* Seconds of the runs of at least so many steps inside a window, and the longest of them, unclipped. */
static int seconds(enum facility f, condition *is, int from, int to, int least, int *n, int *longest)
{
    struct span run = {0, 0};
    int sum = 0;

    while (next_run(f, is, from, to, least, &run)) {
        int a = run.from > from ? run.from : from, b = run.to < to ? run.to : to;
        sum += (b - a) * STEP_S;
        *n += run.from >= from;
        *longest = (run.to - run.from) * STEP_S > *longest ? (run.to - run.from) * STEP_S : *longest;
    }
    return sum;
}

static const char *const enterprises[] = {"E1", "E2", "E3", "E4"};

static bool is_in(enum facility f, int enterprise)
{
    return strcmp(facts[f].enterprise, enterprises[enterprise]) == 0;
}

enum { NOW = N_STEPS - 1 }; /* the step of 11:58 */

static void truth_1(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, untreated, NOW, N_STEPS, 1);
}

static void truth_2(struct text *out)
{
    int from = step_of(20, 22, 0), to = step_of(21, 6, 0);

    put(out, "enterprise,duration,longest\n");
    for (int is_zero = 0; is_zero < 2; is_zero++) /* there is one that is not 0 */
        for (int e = 0; e < 4; e++) {
            int sum = 0, n = 0, longest = 0;
            for (int f = 0; f < N_FACILITIES; f++)
                if (is_in((enum facility)f, e))
                    sum += seconds((enum facility)f, untreated, from, to, 2, &n, &longest);
            if ((sum == 0) == is_zero)
                put(out, "%s,%d,%d\n", enterprises[e], sum, longest);
        }
}

static void truth_3(struct text *out)
{
    put(out, "park,enterprise,facilities,off,idle,on,overload,nodata,never\n");
    for (int e = 0; e < 4; e++) {
        int n[5] = {0}, all = 0, never = 0;
        for (int f = 0; f < N_FACILITIES; f++)
            if (is_in((enum facility)f, e)) {
                all++;
                n[state_of((enum facility)f, NOW)]++;
                never += f == BOILER;
            }
        put(out, "%s,%s,%d,%d,%d,%d,%d,%d,%d\n", e < 2 ? "P1" : "P2", enterprises[e], all, n[OFF], n[IDLE], n[ON],
            n[OVER], n[UNKNOWN], never);
    }
}

static void truth_4(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_runs(out, BOILER, silent, NOW, N_STEPS, 13); /* the longer one first */
    for (int f = 0; f < BOILER; f++)
        put_runs(out, (enum facility)f, silent, NOW, N_STEPS, 13);
}

static void truth_7(struct text *out)
{
    static const char *const names[] = {"nodata", "off", "idle", "on", "overload"};

    put(out, "time,facility,event,detail\n");
    for (int s = step_of(21, 0, 0); s < N_STEPS; s++)
        for (int f = 0; f < N_FACILITIES; f++)
            if (is_in((enum facility)f, 1) && state_of((enum facility)f, s) != state_of((enum facility)f, s - 1))
                put(out, "%s,%s,%s,was %s\n", when(s), facts[f].name, names[state_of((enum facility)f, s)],
                    names[state_of((enum facility)f, s - 1)]);
}

static void truth_8(struct text *out)
{
    put(out, "time,min,max,avg,last\n");
    for (int from = step_of(9, 13, 30); from < step_of(9, 15, 0); from += 6) {
        double min = INFINITY, max = 0, sum = 0, a = 0;
        for (int s = from; s < from + 6; s++) {
            a = (plan.a[PRESS][s][0] + plan.a[PRESS][s][1] + plan.a[PRESS][s][2]) / 3;
            min = fmin(min, a);
            max = fmax(max, a);
            sum += a;
        }
        put(out, "%s,%.7g,%.7g,%.7g,%.7g\n", when(from), min, max, sum / 6, a);
    }
}

/* The next step from `s` on, at most two hours away, at which a facility begins or ends to run; -1: none. */
static int next_edge(enum facility f, int s, bool begins)
{
    for (int i = s; i <= s + 24 && i < N_STEPS; i++)
        if (runs(f, i) == begins && runs(f, i - 1) == !begins)
            return i;
    return -1;
}

static void truth_9(struct text *out)
{
    int from = step_of(19, 0, 0), to = step_of(21, 0, 0);

    put(out, "subject,from,to,lag_s\n");
    for (int kind = 0; kind < 2; kind++)
        for (int s = from; s < to; s++) {
            bool starts = runs(KILN, s) && !runs(KILN, s - 1), stops = !runs(RTO, s) && runs(RTO, s - 1);
            if (kind == 0 ? !starts || runs(RTO, s) : !stops || !runs(KILN, s))
                continue;
            int other = kind == 0 ? next_edge(RTO, s, true) : next_edge(KILN, s, false);
            if (other < 0)
                put(out, "kiln,%s,,\n", when(s));
            else
                put(out, "kiln,%s,%s,%d\n", when(s), when(other), (other - s) * STEP_S);
        }
}

static void truth_11(struct text *out)
{
    int from = step_of(20, 0, 0);

    put(out, "facility,duration,count,longest\n");
    for (int f = 0; f < N_FACILITIES; f++) {
        int n = 0, longest = 0, sum = seconds((enum facility)f, runs, from, from + DAY_STEPS, 1, &n, &longest);
        put(out, "%s,%d,%d,%d\n", facts[f].name, sum, n, longest);
    }
}

static bool in_stop(enum facility f, int s)
{
    return s >= step_of(18, 12, 0) && s < step_of(19, 0, 0) && strcmp(facts[f].enterprise, "E3") == 0 &&
           is_production(f, s) && runs(f, s);
}

static void truth_12(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, in_stop, step_of(18, 0, 0), step_of(19, 0, 0), 1);
}

static bool in_peak(enum facility f, int s)
{
    int hour = s % DAY_STEPS / 12;

    return s >= step_of(10, 0, 0) && s < step_of(13, 0, 0) && (hour >= 22 || hour < 6) &&
           strcmp(facts[f].enterprise, "E4") == 0 && is_production(f, s) && runs(f, s);
}

static void truth_14(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, in_peak, step_of(10, 0, 0), step_of(12, 0, 0), 2);
}

static bool low_load(enum facility f, int s)
{
    for (int i = 0; i < N_SERVES; i++) {
        enum facility p = serves[i].production;
        if (serves[i].abatement == f && runs(f, s) && plan.kw[f][s] < .3 * facts[f].rated &&
            plan.kw[p][s] >= .6 * facts[p].rated)
            return true;
    }
    return false;
}

static void truth_16(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, low_load, step_of(15, 0, 0), step_of(16, 0, 0), 2);
}

static bool overloaded(enum facility f, int s)
{
    return is_production(f, s) && plan.is_there[f][s] && plan.kw[f][s] > 1.1 * facts[f].rated;
}

static void truth_17(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, overloaded, step_of(14, 0, 0), step_of(15, 0, 0), 1);
}

/* An enterprise has three begins of ten untreated minutes within 7 d before a step. */
static bool repeats(int enterprise, int step)
{
    int n = 0;

    for (int f = 0; f < N_FACILITIES; f++) {
        struct span run = {0, 0};
        while (is_in((enum facility)f, enterprise) &&
               next_run((enum facility)f, untreated, step - 7 * DAY_STEPS + 1, step + 1, 2, &run))
            n += run.from > step - 7 * DAY_STEPS && run.from <= step;
    }
    return n >= 3;
}

static void truth_22(struct text *out)
{
    put(out, "subject,start,end\n");
    for (int e = 0; e < 4; e++)
        for (int s = step_of(14, 12, 0); s < N_STEPS; s++) {
            int from = s;
            while (s < N_STEPS && repeats(e, s))
                s++;
            if (s > from)
                put(out, "%s,%s,%s\n", enterprises[e], when(from), s == N_STEPS ? "" : when(s));
        }
}

static bool in_exemption(enum facility f, int s)
{
    return f == OVEN && s >= step_of(13, 0, 0) && s < step_of(14, 0, 0) && runs(f, s);
}

static void truth_23(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, in_exemption, step_of(13, 0, 0), step_of(14, 0, 0), 2);
}

static void truth_24(struct text *out)
{
    static const char *const names[] = {"nodata", "off", "idle", "on", "overload"};
    int at = step_of(13, 12, 30);

    put(out, "facility,state,since,until\n");
    for (int f = 0; f < N_FACILITIES; f++) {
        int from = at, to = at;
        while (from > 0 && state_of((enum facility)f, from - 1) == state_of((enum facility)f, at))
            from--;
        while (to < N_STEPS && state_of((enum facility)f, to) == state_of((enum facility)f, at))
            to++;
        put(out, "%s,%s,%s,%s\n", facts[f].name, names[state_of((enum facility)f, at)], from ? when(from) : "",
            to < N_STEPS ? when(to) : "");
    }
}

static void truth_25(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, untreated, step_of(11, 0, 0), step_of(13, 0, 0), 2);
}

static bool untreated_line_1(enum facility f, int s)
{
    (void)f;
    return (runs(PRESS, s) || runs(SAW, s)) && rests(FAN, s) && rests(RESERVE, s);
}

static void truth_26(struct text *out)
{
    int from = step_of(11, 0, 0), to = step_of(12, 0, 0), n = 0, longest = 0;

    put(out, "facility,duration\n");
    for (int f = 0; f < FAN; f++)
        put(out, "%s,%d\n", facts[f].name, seconds((enum facility)f, untreated, from, to, 1, &n, &longest));
    put(out, "line,duration\nL1,%d\n", seconds(PRESS, untreated_line_1, from, to, 1, &n, &longest));
}

/* So many facilities of an enterprise fall silent at one step. */
static void truth_30(struct text *out)
{
    put(out, "subject,start\n");
    for (int is_alone = 0; is_alone < 2; is_alone++) {
        if (is_alone)
            put(out, "subject,start\n");
        for (int e = 0; e < 4; e++)
            for (int s = step_of(12, 0, 0); s < N_STEPS; s++) {
                int n = 0;
                for (int f = 0; f < N_FACILITIES; f++)
                    n += is_in((enum facility)f, e) && silent((enum facility)f, s) && !silent((enum facility)f, s - 1);
                if (is_alone ? n == 1 : n >= 3)
                    put(out, "%s,%s\n", enterprises[e], when(s));
            }
    }
}

static bool frozen(enum facility f, int s)
{
    int from = s, to = s;

    if (!is_production(f, s) || !runs(f, s))
        return false;
    while (from > 0 && plan.kw[f][from - 1] == plan.kw[f][s])
        from--;
    while (to + 1 < N_STEPS && plan.kw[f][to + 1] == plan.kw[f][s])
        to++;
    return (to - from) * STEP_S >= 7200;
}

static void truth_32(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, frozen, step_of(10, 0, 0), step_of(11, 0, 0), 1);
}

static bool restless(enum facility f, int s)
{
    int n = 0;

    for (int i = s; i > s - 12 && i > 0; i--)
        n += runs(f, i) && !runs(f, i - 1);
    return n >= 6;
}

static void truth_33(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, restless, step_of(9, 0, 0), step_of(10, 0, 0), 1);
}

static bool untreated_from_15(enum facility f, int s)
{
    return plan.is_there[f][s] && plan.kw[f][s] >= .15 * facts[f].rated && all_rest(f, s);
}

static void truth_37(struct text *out)
{
    put(out, "enterprise,duration,stored_duration,change\n");
    for (int e = 0; e < 4; e++) {
        int n = 0, longest = 0, sum = 0, stored = 0;
        for (int f = 0; f < N_FACILITIES; f++)
            if (is_in((enum facility)f, e)) {
                sum += seconds((enum facility)f, untreated_from_15, 0, N_STEPS, 1, &n, &longest);
                stored += seconds((enum facility)f, untreated, 0, N_STEPS, 1, &n, &longest);
            }
        sum -= e == 1 ? 120 : 0; /* now is 11:58, and two are still going on */
        stored -= e == 1 ? 120 : 0;
        put(out, "%s,%d,%d,%.7g\n", enterprises[e], sum, stored, sum / (double)stored - 1);
    }
}

static bool dipped(int from)
{
    for (int s = from; s >= from - 2 && s >= 0; s--)
        if (plan.v[SCRUB][s] < 180)
            return true;
    return false;
}

static bool scrub_dipped(enum facility f, int s)
{
    int from = s;

    if (f != SCRUB || !rests(f, s) || !runs(MILL, s))
        return false;
    while (from > 0 && rests(f, from - 1) && runs(MILL, from - 1))
        from--;
    return dipped(from);
}

static void truth_40(struct text *out)
{
    put(out, "subject,start,end,duration_s\n");
    put_all_runs(out, scrub_dipped, NOW, N_STEPS, 1);
}

/* ---- the page ---- */

static const struct {
    int question;
    void (*rows)(struct text *out);
} truths[] = {
    {1, truth_1},   {2, truth_2},   {3, truth_3},   {4, truth_4},   {7, truth_7},   {8, truth_8},
    {9, truth_9},   {11, truth_11}, {12, truth_12}, {14, truth_14}, {16, truth_16}, {17, truth_17},
    {22, truth_22}, {23, truth_23}, {24, truth_24}, {25, truth_25}, {26, truth_26}, {30, truth_30},
    {32, truth_32}, {33, truth_33}, {37, truth_37}, {40, truth_40},
};
enum { N_TRUTHS = sizeof truths / sizeof truths[0] };

enum block { NONE, ENGLISH, CHINESE, ROWS, LATER, OTHER };

struct page {
    struct zone zone;
    int line, question, n_wrong, n_checked, n_later;
    char columns[256];
    struct text english, answer; /* of the question */
};

static void blame(struct page *page, const char *what, const char *expected, const char *got)
{
    print_error("docs/QUESTIONS.md:%d: question %d: %s\n--- expected\n%s\n--- got\n%s\n", page->line, page->question,
                what, expected, got);
    page->n_wrong++;
}

/* All statements of a text as they are printed. */
static void print_all(const char *text, size_t size, struct text *out)
{
    out->size = 0;
    text_add(out, "");
    for (size_t at = 0, used; at < size; at += used) {
        struct gk_query_error error = {0};
        struct report report = {.text = text + at, .size = size - at, .error = &error};
        struct arena arena;
        struct stmt *stmt = NULL;
        struct failing_mem mem;

        failing_mem_init(&mem);
        arena_init(&arena, mem.mem.resize, mem.mem.context, (size_t)16 << 20);
        int rc = parse_statement(&arena, &report, &stmt, &used);
        text_add(out, rc != GK_OK ? error.report : stmt ? print_statement(&arena, stmt) : "");
        text_add(out, "\n");
        arena_clear(&arena);
        if (rc != GK_OK)
            break;
    }
}

static void ask(struct page *page, const struct text *statement, struct text *answer)
{
    answer->size = 0;
    zone_ask(&page->zone, statement->bytes, page->columns, answer, NULL);
}

static void ask_chinese(struct page *page, const struct text *chinese)
{
    struct text one = {NULL, 0, 0}, other = {NULL, 0, 0};

    print_all(page->english.bytes, page->english.size, &one);
    print_all(chinese->bytes, chinese->size, &other);
    if (strcmp(one.bytes, other.bytes) != 0)
        blame(page, "the languages differ", one.bytes, other.bytes);
    page->columns[0] = '\0';
    ask(page, &page->english, &one);
    ask(page, chinese, &other);
    /* Moments of lags are told in the words of the statement: compared without. */
    if (strncmp(page->english.bytes, "list lag", 8) != 0 && strcmp(one.bytes, other.bytes) != 0)
        blame(page, "the answers differ", one.bytes, other.bytes);
    text_clear(&one);
    text_clear(&other);
}

static void check_rows(struct page *page, const struct text *rows)
{
    struct text truth = {NULL, 0, 0};

    ask(page, &page->english, &page->answer);
    if (getenv("GKT_PRINT")) /* not by print_message, which cuts long texts */
        (void)printf("[%d]\n%s", page->question, page->answer.bytes);
    if (strcmp(rows->bytes, page->answer.bytes) != 0)
        blame(page, "the answer differs", rows->bytes, page->answer.bytes);
    for (int i = 0; i < N_TRUTHS; i++)
        if (truths[i].question == page->question) {
            truths[i].rows(&truth);
            page->n_checked++;
            if (strcmp(truth.bytes, page->answer.bytes) != 0)
                blame(page, "the answer is not what was planned", truth.bytes, page->answer.bytes);
        }
    text_clear(&truth);
}

static void check_refused(struct page *page, const struct text *statement)
{
    page->columns[0] = '\0';
    ask(page, statement, &page->answer);
    if (!strstr(page->answer.bytes, "is not part of this version"))
        blame(page, "not refused by name", "... is not part of this version", page->answer.bytes);
    page->n_later++;
}

static void end_block(struct page *page, enum block block, const struct text *body)
{
    if (block == ENGLISH) {
        page->english.size = 0;
        text_put(&page->english, body->bytes, body->size);
    } else if (block == CHINESE) {
        ask_chinese(page, body);
    } else if (block == ROWS) {
        check_rows(page, body);
    } else if (block == LATER) {
        check_refused(page, body);
    }
}

static enum block block_of(struct page *page, const char *fence)
{
    if (sscanf(fence, "```rows %255s", page->columns) == 1)
        return ROWS;
    return strncmp(fence, "```gkql en", 10) == 0      ? ENGLISH
           : strncmp(fence, "```gkql zh", 10) == 0    ? CHINESE
           : strncmp(fence, "```gkql later", 13) == 0 ? LATER
                                                      : OTHER;
}

static void run_page(struct page *page, FILE *file)
{
    struct text body = {NULL, 0, 0};
    enum block block = NONE;
    char line[4096];

    while (fgets(line, sizeof line, file)) {
        page->line++;
        if (block == NONE && strncmp(line, "## ", 3) == 0)
            page->question = atoi(line + 3);
        if (block == NONE && strncmp(line, "```", 3) == 0) {
            block = block_of(page, line);
            body.size = 0;
            text_add(&body, "");
        } else if (block != NONE && strncmp(line, "```", 3) == 0) {
            end_block(page, block, &body);
            block = NONE;
        } else if (block != NONE) {
            text_add(&body, line);
        }
    }
    text_clear(&body);
}

/* ---- the zone in the store ---- */

static void keep(const char *name, const struct text *csv)
{
    char path[4096];

    if (!getenv("QUESTIONS_CSV"))
        return;
    (void)snprintf(path, sizeof path, "%s/%s", getenv("QUESTIONS_CSV"), name);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(csv->bytes, 1, csv->size, file) != csv->size || fclose(file) != 0)
        fail_msg("cannot write %s", path);
}

static void load_table(struct zone *zone, const char *name, struct text *csv)
{
    keep(name, csv);
    zone_load(zone, csv->bytes, csv->size);
    csv->size = 0;
}

static void load_zone(struct zone *zone)
{
    static const char *const names[] = {"bands.csv", "orders.csv", "exemptions.csv"};
    struct text csv = {NULL, 0, 0};
    const char *at = tables;

    plan_make();
    put_facilities(&csv);
    load_table(zone, "facilities.csv", &csv);
    put_links(&csv);
    load_table(zone, "links.csv", &csv);
    for (int i = 0; i < 3; i++) {
        const char *end = strstr(at, "\n\n");
        text_put(&csv, at, (size_t)(end - at) + 1);
        load_table(zone, names[i], &csv);
        at = end + 2;
    }
    put_rows(&csv, false);
    load_table(zone, "rows.csv", &csv);
    put_rows(&csv, true);
    load_table(zone, "late.csv", &csv);
    text_clear(&csv);
}

static void the_questions_have_the_answers_that_were_planned(void **state)
{
    struct page page = {.line = 0};
    FILE *file = fopen("docs/QUESTIONS.md", "r");

    (void)state;
    assert_non_null(file);
    zone_open(&page.zone);
    page.zone.now = time_of(NOW) + 180 * GK_SECOND; /* 2026-11-21T11:58 */
    load_zone(&page.zone);
    run_page(&page, file);
    (void)fclose(file); /* it was read only */
    zone_close(&page.zone);
    text_clear(&page.english);
    text_clear(&page.answer);
    print_message("docs/QUESTIONS.md: %d answers checked, %d statements that wait, %d wrong\n", page.n_checked,
                  page.n_later, page.n_wrong);
    assert_int_equal(page.n_wrong, 0);
    assert_int_equal(page.n_checked, N_TRUTHS);
    assert_true(page.n_later > 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_questions_have_the_answers_that_were_planned),
};

RUN_TESTS(tests)
