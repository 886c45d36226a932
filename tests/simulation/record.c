/*
 * record.c - see record.h.
 */
#include "simulation/record.h"

#define WRONG(...)                                                                                                     \
    do {                                                                                                               \
        (void)snprintf(why, 256, __VA_ARGS__);                                                                         \
        return false;                                                                                                  \
    } while (0)

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        rc = (call);                                                                                                   \
        if (rc != GK_OK)                                                                                               \
            goto done;                                                                                                 \
    } while (0)

void record_init(struct record *r)
{
    memset(r, 0, sizeof *r);
    assert_int_equal(gk_session_new(NULL, &r->session), GK_OK);
}

void record_let_go(struct record *r)
{
    gk_judge_close(r->judge);
    gk_consumer_close(r->consumer);
    r->judge = NULL;
    r->consumer = NULL;
}

void record_clear(struct record *r)
{
    record_let_go(r);
    gk_session_free(r->session);
}

/* ---- rules --------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name, *text; /* no text: it is dropped */
    bool is_for_ever;        /* in force at all times, so that what it says can be asked */
} RULES[] = {
    {"Q1", "rule Q1 alarm when abatement offline while production running for >= 2m clear after 1m", true},
    {"Q2", "rule Q2 warn when facility nodata for >= 3m", true},
    {"Q5", "rule Q5 info when production running for >= 1m", false},
    {"Q3",
     "rule Q3 severe when any production running and no abatement running for >= 90s per enterprise clear after 30s",
     true},
    {"Q5", "rule Q5 warn when production running for >= 3m", false},
    {"Q5", NULL, false},
    {"Q4", "rule Q4 info when production running during order 'red' per enterprise", true},
    {"Q5", "rule Q5 alarm when abatement off for >= 2m", false},
};
#define N_RULES (sizeof RULES / sizeof RULES[0])

static int prepare(struct record *r, gk_snapshot *snapshot, uint32_t n, gk_query **out, struct gk_error *error)
{
    const char *text = RULES[n].text;
    struct gk_query_error whole = {0};
    int rc = gk_query_prepare(r->session, snapshot, text, strlen(text), NULL, out, &whole);

    *error = whole.error;
    return rc;
}

int record_put_rule(struct record *r, gk_db *db, uint32_t n, struct gk_error *error)
{
    struct gk_rule_put put = {.size = sizeof put, .from = RULES[n % N_RULES].is_for_ever ? GK_TIME_MIN : 0};
    gk_snapshot *snapshot = NULL;
    gk_query *query = NULL;
    int rc;

    n %= N_RULES;
    put.name = text_of(RULES[n].name);
    if (RULES[n].text) {
        TRY(gk_snapshot_open(db, &snapshot, error));
        TRY(prepare(r, snapshot, n, &query, error));
        put.text = gk_query_rule(query)->text;
    }
    TRY(gk_rule_put(db, &put, NULL, error));
done:
    gk_query_free(query);
    gk_snapshot_close(snapshot);
    return rc;
}

int record_advance(struct record *r, gk_db *db, gk_time now, struct gk_error *error)
{
    struct gk_query_error whole = {0};
    struct gk_judged judged = {0};
    gk_snapshot *snapshot = NULL;
    struct gk_act act;
    uint64_t last;
    int rc = GK_OK;

    if (!r->judge)
        rc = gk_judge_open(db, NULL, &r->judge, &whole);
    if (rc == GK_OK)
        rc = gk_advance(r->judge, now, &judged, &whole);
    *error = whole.error;
    if (rc != GK_OK)
        return rc;
    r->n_alarms += judged.n_raised;
    r->n_acts += judged.n_acts;
    TRY(gk_snapshot_open(db, &snapshot, error));
    TRY(gk_act_last(snapshot, &last, error));
    if (last > 0) {
        TRY(gk_act_get(snapshot, last, &act, error));
        r->durable.seq = last;
        memcpy(r->durable.hash, act.hash, sizeof r->durable.hash);
    }
done:
    gk_snapshot_close(snapshot);
    return rc;
}

/* ---- people -------------------------------------------------------------------------------------------------------
 */

/* Of all alarms, or those that are open, one by chance; 0: there is none. */
static int some_alarm(gk_db *db, struct random *random, uint64_t *id, struct gk_error *error)
{
    gk_snapshot *snapshot = NULL;
    gk_alarms *alarms = NULL;
    struct gk_alarm alarm;
    uint64_t n = 0;
    int rc;

    *id = 0;
    TRY(gk_snapshot_open(db, &snapshot, error));
    TRY(gk_alarms_open(snapshot, random_below(random, 2), 0, &alarms, error));
    while ((rc = gk_alarms_next(alarms, &alarm, error)) == GK_OK)
        if (random_below(random, ++n) == 0)
            *id = alarm.id;
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    gk_alarms_close(alarms);
    gk_snapshot_close(snapshot);
    return rc;
}

int record_act(struct record *r, gk_db *db, struct random *random, struct gk_error *error)
{
    static const enum gk_act_kind KINDS[] = {GK_ACT_TOLD,     GK_ACT_SEEN,    GK_ACT_ACKNOWLEDGED, GK_ACT_ASSIGNED,
                                             GK_ACT_FED_BACK, GK_ACT_CHECKED, GK_ACT_AUDITED,      GK_ACT_CLOSED};
    struct gk_act_put put = {.size = sizeof put, .kind = GK_ACT_NOTED, .actor = text_of("officer")};
    struct entry *e = &r->entries[r->n_entries];
    char text[16];
    int rc;

    if (r->n_entries == ENTRIES_MAX)
        return GK_OK;
    TRY(some_alarm(db, random, &put.alarm, error));
    if (put.alarm && random_below(random, 5))
        put.kind = KINDS[random_below(random, sizeof KINDS / sizeof KINDS[0])];
    (void)snprintf(text, sizeof text, "#%zu", r->n_entries);
    put.text = text_of(text);
    put.whom = text_of(put.kind == GK_ACT_TOLD || put.kind == GK_ACT_ASSIGNED ? "head" : NULL);
    put.result = text_of(put.kind == GK_ACT_TOLD ? "ok" : NULL);
    put.channel = text_of(put.kind == GK_ACT_TOLD ? "sms" : NULL);
    put.outcome = put.kind == GK_ACT_CLOSED ? GK_OUTCOME_DEVICE : GK_OUTCOME_NONE;
    *e = (struct entry){.state = ENTRY_WAITS};
    if (random_below(random, 2)) {
        TRY(gk_act_hand_in(db, &put, e->name, error));
        e->state = ENTRY_HANDED;
    } else {
        rc = gk_act_put(db, &put, &e->seq, error);
        if (rc == GK_EEXIST) { /* a step that was done, or cannot follow */
            e->state = ENTRY_GONE;
            r->n_refused++;
        } else
            TRY(rc);
    }
    r->n_entries++;
    rc = GK_OK;
done:
    return rc;
}

void record_settle(struct record *r)
{
    for (size_t i = 0; i < r->n_entries; i++)
        if (r->entries[i].state == ENTRY_WAITS)
            r->entries[i].state = ENTRY_DURABLE;
}

/* ---- what must be there -------------------------------------------------------------------------------------------
 */

/* What became of an act that was handed in. */
static bool ask_after(struct record *r, gk_db *db, struct entry *e, char why[256])
{
    struct gk_error error;
    int rc = gk_act_handed(db, e->name, &error);

    if (rc == GK_DONE || rc == GK_EIO)
        return true;
    if (rc != GK_OK && rc != GK_EINVAL) /* it was refused */
        WRONG("an act that was handed in: %.200s", error.text);
    e->state = rc == GK_OK ? ENTRY_DURABLE : ENTRY_GONE;
    r->n_taken += rc == GK_OK;
    r->n_refused += rc != GK_OK;
    return true;
}

static bool is_entry_right(const struct entry *e, size_t i, uint64_t n, uint64_t seq, char why[256])
{
    static const char *const STATES[] = {"waits", "was handed in", "is durable", "is gone"};

    if (n > 1 || (n == 0 && e->state == ENTRY_DURABLE) || (n > 0 && e->state == ENTRY_GONE))
        WRONG("the act of text #%zu, which %s, is there %llu times", i, STATES[e->state], (unsigned long long)n);
    if (n > 0 && e->seq && e->seq != seq)
        WRONG("the act of text #%zu has the number %llu and not %llu", i, (unsigned long long)seq,
              (unsigned long long)e->seq);
    return true;
}

static bool is_act_there(gk_snapshot *snapshot, uint64_t seq, const uint8_t hash[32], const char *what, char why[256])
{
    struct gk_error error;
    struct gk_act act;

    if (seq && gk_act_get(snapshot, seq, &act, &error) != GK_OK)
        WRONG("act %llu, which %s: %.150s", (unsigned long long)seq, what, error.text);
    if (seq && memcmp(act.hash, hash, 32) != 0)
        WRONG("act %llu, which %s, is another one", (unsigned long long)seq, what);
    return true;
}

/* Counts how often each entry is there. */
static bool walk_acts(gk_snapshot *snapshot, uint64_t n[ENTRIES_MAX], uint64_t seq[ENTRIES_MAX], char why[256])
{
    struct gk_error error;
    gk_acts *acts = NULL;
    struct gk_act act;
    uint64_t last = 0, newest;
    int rc;

    TRY(gk_act_last(snapshot, &newest, &error));
    TRY(gk_acts_open(snapshot, 0, 0, &acts, &error));
    while ((rc = gk_acts_next(acts, &act, &error)) == GK_OK && act.seq == last + 1) {
        last = act.seq;
        if (act.text[0] != '#')
            continue;
        size_t i = strtoul(act.text + 1, NULL, 10);
        n[i]++;
        seq[i] = act.seq;
    }
done:
    gk_acts_close(acts);
    if (rc == GK_OK)
        WRONG("act %llu comes after %llu", (unsigned long long)act.seq, (unsigned long long)last);
    if (rc != GK_DONE)
        WRONG("acts: %.200s", error.text);
    if (last != newest)
        WRONG("the newest act is %llu, and there are %llu", (unsigned long long)newest, (unsigned long long)last);
    return true;
}

bool record_is_right(struct record *r, gk_db *db, gk_snapshot *snapshot, bool is_new_handle, char why[256])
{
    static uint64_t n[ENTRIES_MAX], seq[ENTRIES_MAX];
    struct gk_error error;
    uint64_t at;

    memset(n, 0, sizeof n);
    if (gk_acts_verify(snapshot, r->durable.seq ? r->durable.hash : NULL, &at, &error) != GK_OK)
        WRONG("the chain of acts: %.200s", error.text);
    if (!is_act_there(snapshot, r->durable.seq, r->durable.hash, "is durable", why) ||
        !is_act_there(snapshot, r->told.seq, r->told.hash, "was told", why) || !walk_acts(snapshot, n, seq, why))
        return false;
    for (size_t i = 0; i < r->n_entries; i++) {
        struct entry *e = &r->entries[i];
        if (e->state == ENTRY_WAITS && is_new_handle)
            e->state = n[i] ? ENTRY_DURABLE : ENTRY_GONE;
        if (!is_entry_right(e, i, n[i], seq[i], why))
            return false;
        if (e->state == ENTRY_HANDED && !ask_after(r, db, e, why)) /* for the next time: the snapshot is older */
            return false;
    }
    return true;
}

bool record_is_settled(const struct record *r, char why[256])
{
    for (size_t i = 0; i < r->n_entries; i++)
        if (r->entries[i].state == ENTRY_WAITS || r->entries[i].state == ENTRY_HANDED)
            WRONG("the act of text #%zu still waits", i);
    return true;
}

/* ---- who follows --------------------------------------------------------------------------------------------------
 */

bool record_deliver(struct record *r, gk_db *db, struct random *random, char why[256])
{
    struct gk_error error;
    struct gk_alarm alarm;
    struct gk_act act;
    int rc = GK_OK;

    if (!r->consumer) {
        rc = gk_consumer_open(db, "screen", 0, &r->consumer, &error);
        r->given = r->confirmed; /* what was not confirmed comes again */
    }
    for (uint64_t n = random_below(random, 8); n > 0 && rc == GK_OK; n--) {
        rc = gk_consumer_next(r->consumer, &act, &alarm, &error);
        if (rc != GK_OK)
            break;
        if (act.seq != r->given + 1)
            WRONG("act %llu is told after %llu", (unsigned long long)act.seq, (unsigned long long)r->given);
        if (act.alarm && (alarm.id != act.alarm || alarm.last < act.seq))
            WRONG("act %llu is told with an alarm that does not know it", (unsigned long long)act.seq);
        r->given = act.seq;
        r->n_told++;
        if (act.seq > r->told.seq) {
            r->told.seq = act.seq;
            memcpy(r->told.hash, act.hash, sizeof r->told.hash);
        }
        if (random_below(random, 2) && (rc = gk_consumer_confirm(r->consumer, act.seq, &error)) == GK_OK)
            r->confirmed = r->given;
    }
    if (rc != GK_OK && rc != GK_DONE && rc != GK_EIO)
        WRONG("a consumer: %.200s", error.text);
    return true;
}

/* ---- what the rules say -------------------------------------------------------------------------------------------
 */

#define BREACHES 512

struct breach {
    char subject[32];
    gk_time from, to; /* GK_TIME_MAX: it goes on */
};

static const struct gk_value *value_of(const gk_query *query, const char *column)
{
    for (size_t i = 0; i < gk_query_n_columns(query); i++)
        if (strcmp(gk_query_column(query, i)->name, column) == 0)
            return gk_query_value(query, i);
    fail_msg("no column %s", column);
    return NULL;
}

static bool read_row(const gk_query *query, struct breach *out)
{
    const struct gk_value *subject = value_of(query, "subject"), *from = value_of(query, "start"),
                          *to = value_of(query, "end"), *certainty = value_of(query, "certainty");

    (void)snprintf(out->subject, sizeof out->subject, "%.*s", (int)subject->as.text.size, subject->as.text.bytes);
    out->from = from->as.time;
    out->to = to->type == GK_TYPE_TIME ? to->as.time : GK_TIME_MAX;
    return certainty->as.text.size == 7; /* certain, not possible */
}

/* Rows of one subject that touch are one stretch; it is an alarm from its first certain row on. */
static int ask(gk_query *query, struct breach list[BREACHES], size_t *n, struct gk_query_error *error)
{
    struct breach row, open = {.subject = ""};
    bool is_certain = false;
    int rc;

    for (*n = 0; (rc = gk_query_next(query, error)) == GK_OK; open.to = row.to) {
        bool is_row_certain = read_row(query, &row);
        if (strcmp(row.subject, open.subject) != 0 || row.from != open.to) {
            if (is_certain)
                list[(*n)++] = open;
            open = row;
            is_certain = false;
        }
        if (is_row_certain && !is_certain) {
            is_certain = true;
            open.from = row.from;
        }
        assert_true(*n + 1 < BREACHES);
    }
    if (is_certain)
        list[(*n)++] = open;
    return rc == GK_DONE ? GK_OK : rc;
}

static int read_alarms(gk_snapshot *snapshot, const char *rule, struct breach list[BREACHES], size_t *n,
                       struct gk_error *error)
{
    gk_alarms *alarms = NULL;
    struct gk_alarm alarm;
    int rc;

    *n = 0;
    TRY(gk_alarms_open(snapshot, false, 0, &alarms, error));
    while ((rc = gk_alarms_next(alarms, &alarm, error)) == GK_OK) {
        if (strcmp(alarm.rule, rule) != 0 || alarm.status == GK_ALARM_WITHDRAWN)
            continue;
        struct breach *b = &list[(*n)++];
        (void)snprintf(b->subject, sizeof b->subject, "%s", alarm.subject);
        b->from = alarm.from;
        b->to = alarm.to;
        assert_true(*n < BREACHES);
    }
    rc = rc == GK_DONE ? GK_OK : rc;
done:
    gk_alarms_close(alarms);
    return rc;
}

static int by_place(const void *p, const void *q)
{
    const struct breach *a = p, *b = q;
    int c = strcmp(a->subject, b->subject);
    return c ? c : a->from < b->from ? -1 : a->from > b->from;
}

/* What begins or ends in this very second is in no window yet. */
static size_t without_now(struct breach *list, size_t n, gk_time now)
{
    size_t kept = 0;

    now = now / GK_SECOND * GK_SECOND;
    for (size_t i = 0; i < n; i++) {
        if (list[i].to == now)
            list[i].to = GK_TIME_MAX;
        if (list[i].from < now)
            list[kept++] = list[i];
    }
    qsort(list, kept, sizeof *list, by_place);
    return kept;
}

/* What has no begin in the data begins with the first row of the store, on record with the one that was first then. */
static bool is_same(const struct breach *asked, const struct breach *known, gk_time beginning)
{
    return strcmp(asked->subject, known->subject) == 0 && asked->to == known->to &&
           (asked->from == known->from || (asked->from <= beginning && known->from > asked->from));
}

static bool are_equal(const struct breach *asked, size_t n, const struct breach *known, size_t n_known,
                      gk_time beginning, const char *rule, char why[256])
{
    for (size_t i = 0; i < n || i < n_known; i++) {
        const struct breach none = {.subject = "nobody"}, *a = i < n ? &asked[i] : &none,
                            *b = i < n_known ? &known[i] : &none;
        if (!is_same(a, b, beginning))
            WRONG("%.40s, breach %zu: asked it is of %.40s, %lld to %lld, and on record of %.40s, %lld to %lld", rule,
                  i, a->subject, (long long)((a->from - T0) / GK_SECOND), (long long)((a->to - T0) / GK_SECOND),
                  b->subject, (long long)((b->from - T0) / GK_SECOND), (long long)((b->to - T0) / GK_SECOND));
    }
    return true;
}

static bool is_rule_as_asked(struct record *r, gk_snapshot *snapshot, uint32_t i, gk_time now, char why[256])
{
    static struct breach asked[BREACHES], known[BREACHES];
    struct gk_query_error error = {0};
    gk_query *query = NULL;
    size_t n = 0, n_known = 0;
    int rc;

    TRY(prepare(r, snapshot, i, &query, &error.error));
    TRY(gk_query_try(query, gk_snapshot_info(snapshot)->beginning, now)); /* before, silence is no news */
    TRY(gk_query_start(query, snapshot, now, &error));
    TRY(ask(query, asked, &n, &error));
    TRY(read_alarms(snapshot, RULES[i].name, known, &n_known, &error.error));
done:
    gk_query_free(query);
    if (rc != GK_OK)
        WRONG("asking rule %s: %.200s", RULES[i].name, error.error.text);
    n = without_now(asked, n, now);
    r->n_asked += n;
    return are_equal(asked, n, known, without_now(known, n_known, now), gk_snapshot_info(snapshot)->beginning,
                     RULES[i].name, why);
}

bool record_is_as_asked(struct record *r, gk_snapshot *snapshot, uint32_t n_rules, gk_time now, char why[256])
{
    if (gk_snapshot_info(snapshot)->beginning >= now)
        return true;
    for (uint32_t i = 0; i < n_rules && i < N_RULES; i++)
        if (RULES[i].is_for_ever && !is_rule_as_asked(r, snapshot, i, now, why))
            return false;
    return true;
}
