/*
 * cmd_notify.c - gk notify: tells people of alarms, by commands and webhooks, and records what became of it.
 *
 * Each channel of the configuration is a consumer of its own, notify-CHANNEL: one that is down holds up no other, and
 * gets everything afterwards in order. What is told is handed in as an act `told`; then the act is confirmed. So
 * whatever ends this program, each message goes out at least once, with the same key each time.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act_json.h"
#include "notify.h"
#include "option.h"

static const char help[] =
    "gk notify STORE --config FILE [--once]\n"
    "\n"
    "Tells people of alarms as they are raised, escalated and recover: those whom the rule names, as the table of\n"
    "people says (gk load: person,role,scope,channel,address). Runs beside the process that writes the store.\n"
    "That late data took the cause away is told to those whom the alarm was told to.\n"
    "Of several alarms with one cause, as when an enterprise loses its power, the one for the cause is told.\n"
    "\n"
    "  --config FILE  whom and how, see below\n"
    "  --once         end when there is no more to tell, or a channel fails: exit status 3 then\n"
    "\n"
    "  kinds = raised escalated recovered withdrawn    acts that are told; this is the default\n"
    "  to = head                               whom, where a rule names nobody; several with , between\n"
    "  [sms]                                   a channel of the table of people\n"
    "  exec = send-sms \"$GK_ADDRESS\"           a command: 0 is sent, 100 will never work, anything else: again\n"
    "  [wecom]\n"
    "  url = https://...                       posted to: 2xx is sent, 4xx will never work (but 408, 425, 429)\n"
    "  timeout = 30s                           of one try\n"
    "  retry = 1s                              pause after a failure; doubles up to retry_max = 5m\n"
    "  give_up = 7d                            then it is recorded so and passed over\n"
    "\n"
    "A message is a line of JSON, {\"key\": ..., \"to\": {...}, \"act\": {...}}, on the command's standard input or as "
    "the\n"
    "body of the post. GK_KEY, or the header Idempotency-Key, is the same for each try: store, act and recipient. A\n"
    "command also has GK_PERSON, GK_ADDRESS, GK_CHANNEL. What became of it stands in the record as acts `told`.\n"
    "\n"
    "  gk notify zone.gk --config notify.conf\n";

#define NOTIFY_POLL_MS 1000 /* looks again after this long even if nothing rang */

/* Tries to open a consumer, and the pause between them. */
#define NOTIFY_OPENINGS   20
#define NOTIFY_OPENING_MS 50

struct recipient {
    char *person, *address;
};

/* One channel at work. */
struct outlet {
    const struct notify_channel *channel;
    gk_consumer *consumer;
    bool has_act; /* being told: */
    struct gk_act act;
    struct gk_alarm alarm;
    struct recipient *recipients;
    size_t n, at;
    uint64_t skipped; /* an act that is dealt with and not confirmed yet; 0: none */
    gk_time due, since;
    int64_t pause_ns; /* 0: the last try worked */
};

struct notifying {
    const struct command *command;
    const struct notify_config *config;
    gk_db *db;
    struct outlet outlets[NOTIFY_CHANNELS_MAX];
    struct gk_error error;
};

static struct gk_text text_of(const char *text)
{
    struct gk_text t = {text, strlen(text)};
    return t;
}

static char *copy_of(const char *text)
{
    char *copy = tool_resize(NULL, strlen(text) + 1, 1);
    memcpy(copy, text, strlen(text) + 1);
    return copy;
}

/* ---- the record ----------------------------------------------------------------------------------------------------
 */

/* What became of telling somebody. */
static int record(struct notifying *n, const struct outlet *o, const char *whom, const char *result, const char *text)
{
    const struct gk_act_put told = {.size = sizeof told,
                                    .kind = GK_ACT_TOLD,
                                    .alarm = o->act.alarm,
                                    .about = o->act.seq,
                                    .whom = text_of(whom),
                                    .channel = text_of(o->channel->name),
                                    .result = text_of(result),
                                    .text = text_of(text)};
    char name[GK_HANDED_MAX];

    return gk_act_hand_in(n->db, &told, name, &n->error);
}

/* ---- whom ----------------------------------------------------------------------------------------------------------
 */

static void add_recipient(struct outlet *o, const struct gk_person *person)
{
    for (size_t i = 0; i < o->n; i++)
        if (strcmp(o->recipients[i].person, person->person) == 0 &&
            strcmp(o->recipients[i].address, person->address) == 0)
            return; /* in two roles */
    o->recipients = tool_resize(o->recipients, o->n + 1, sizeof *o->recipients);
    o->recipients[o->n++] = (struct recipient){copy_of(person->person), copy_of(person->address)};
}

static bool has_channel(const struct notify_config *config, const char *name)
{
    for (size_t i = 0; i < config->n_channels; i++)
        if (strcmp(config->channels[i].name, name) == 0)
            return true;
    return false;
}

/* Those who answer to one name or role at a time; whether any channel reaches them. */
static bool gather_one(const struct notifying *n, struct outlet *o, gk_snapshot *snapshot, const char *whom, gk_time at)
{
    bool is_reached = false;
    size_t n_people;
    const struct gk_person *people = gk_people(snapshot, &n_people);

    for (size_t i = 0; i < n_people; i++) {
        if (!gk_person_answers(snapshot, &people[i], text_of(whom), &o->alarm, at))
            continue;
        is_reached = is_reached || has_channel(n->config, people[i].channel);
        if (strcmp(people[i].channel, o->channel->name) == 0)
            add_recipient(o, &people[i]);
    }
    return is_reached;
}

/* Whom an act names, else whom the one that raised the alarm named, else the configuration's. */
static int find_whom(struct notifying *n, const struct gk_act *act, gk_snapshot *snapshot, const char **out)
{
    struct gk_act raised;
    int rc;

    *out = act->whom;
    if (**out != '\0')
        return GK_OK;
    rc = gk_act_get(snapshot, act->alarm, &raised, &n->error);
    if (rc == GK_OK)
        *out = *raised.whom != '\0' || n->config->to == NULL ? raised.whom : n->config->to;
    return rc;
}

/* Those whom an act is told to. What reaches nobody is recorded by the first channel, for all, when it is told. */
static int gather_act(struct notifying *n, struct outlet *o, gk_snapshot *snapshot, const struct gk_act *act)
{
    bool is_recorded = o == n->outlets && act->seq == o->act.seq;
    const char *whom;
    int rc = find_whom(n, act, snapshot, &whom);

    if (rc != GK_OK)
        return rc;
    char *names = copy_of(whom), *rest = names;
    for (char *name = strtok_r(names, ",", &rest); name != NULL && rc == GK_OK; name = strtok_r(NULL, ",", &rest))
        if (!gather_one(n, o, snapshot, name, act->time) && is_recorded)
            rc = record(n, o, name, "nobody is or has this role with a channel of the configuration", "");
    free(names);
    return rc;
}

/*
 * Of alarms with one cause the one for the cause is told: what is under it is not, unless it goes on when that is over,
 * and then as if it were raised.
 */
static bool is_kind_told(const struct notifying *n, const struct gk_act *act)
{
    bool stands_alone = act->kind == GK_ACT_AMENDED && act->about == act->alarm;
    enum gk_act_kind as = stands_alone ? GK_ACT_RAISED : act->kind;
    bool is_under = act->kind == GK_ACT_RAISED && act->about != 0;

    return (n->config->kinds >> as & 1) != 0 && act->alarm != 0 && !is_under;
}

static bool is_withdrawal(const struct gk_act *act)
{
    return act->kind == GK_ACT_AMENDED && act->from == act->to;
}

/*
 * Those to whom the alarm was told before, as the people were then. That they were is not looked up in the record: what
 * was told a moment ago may not be in there yet.
 */
static int gather_told(struct notifying *n, struct outlet *o, gk_snapshot *snapshot)
{
    struct gk_act act;
    gk_acts *acts;
    int rc = gk_acts_open(snapshot, o->act.alarm, 0, &acts, &n->error);

    if (rc != GK_OK)
        return rc;
    while ((rc = gk_acts_next(acts, &act, &n->error)) == GK_OK && act.seq < o->act.seq)
        if (is_kind_told(n, &act) && (rc = gather_act(n, o, snapshot, &act)) != GK_OK)
            break;
    gk_acts_close(acts);
    return rc == GK_DONE ? GK_OK : rc;
}

static int gather(struct notifying *n, struct outlet *o)
{
    gk_snapshot *snapshot;
    int rc = gk_snapshot_open(n->db, &snapshot, &n->error);

    if (rc != GK_OK)
        return rc;
    rc = is_withdrawal(&o->act) ? gather_told(n, o, snapshot) : gather_act(n, o, snapshot, &o->act);
    gk_snapshot_close(snapshot);
    return rc;
}

/* ---- one message ---------------------------------------------------------------------------------------------------
 */

static void put_member(struct output *out, const char *key, const char *text)
{
    output_format(out, "\"%s\": ", key);
    output_json(out, text, strlen(text));
}

static int compose(struct notifying *n, const struct outlet *o, const struct recipient *to, struct output *key,
                   struct output *body)
{
    gk_snapshot *snapshot;
    int rc = gk_snapshot_open(n->db, &snapshot, &n->error);

    if (rc != GK_OK)
        return rc;
    const struct gk_store_info *info = gk_snapshot_info(snapshot);
    output_format(key, "%s-%" PRIu64 "-%s-%s", info->uuid, o->act.seq, o->channel->name, to->person);
    output_bytes(key, "", 1);
    output_text(body, "{");
    put_member(body, "key", key->bytes);
    output_text(body, ", \"to\": {");
    put_member(body, "person", to->person);
    output_text(body, ", ");
    put_member(body, "channel", o->channel->name);
    output_text(body, ", ");
    put_member(body, "address", to->address);
    output_text(body, "}, \"act\": ");
    act_json(body, &o->act, &o->alarm, info->zone_s);
    body->n--; /* the end of the line */
    output_text(body, "}\n");
    gk_snapshot_close(snapshot);
    return GK_OK;
}

static int send_one(struct notifying *n, const struct outlet *o, enum notify_verdict *verdict,
                    char result[NOTIFY_RESULT_MAX])
{
    const struct recipient *to = &o->recipients[o->at];
    struct output key, body;
    int rc;

    output_init(&key, -1);
    output_init(&body, -1);
    rc = compose(n, o, to, &key, &body);
    if (rc == GK_OK) {
        const struct notify_message message = {key.bytes, to->person, to->address, body.bytes, body.n};
        *verdict = notify_send(o->channel, &message, result);
    }
    output_clear(&key);
    output_clear(&body);
    return rc;
}

/* ---- one channel ---------------------------------------------------------------------------------------------------
 */

static void forget(struct outlet *o)
{
    for (size_t i = 0; i < o->n; i++) {
        free(o->recipients[i].person);
        free(o->recipients[i].address);
    }
    free(o->recipients);
    o->recipients = NULL;
    o->n = o->at = 0;
    o->has_act = false;
}

static int confirm(struct notifying *n, struct outlet *o, uint64_t seq)
{
    o->skipped = 0;
    return gk_consumer_confirm(o->consumer, seq, &n->error);
}

static bool is_told(const struct notifying *n, const struct outlet *o)
{
    bool is_kind =
        is_kind_told(n, &o->act) || (is_withdrawal(&o->act) && (n->config->kinds >> NOTIFY_WITHDRAWN & 1) != 0);

    return is_kind && !o->alarm.is_suppressed && o->alarm.under == 0;
}

/* Takes the next act. GK_DONE: there is none. */
static int take(struct notifying *n, struct outlet *o)
{
    int rc = gk_consumer_next(o->consumer, &o->act, &o->alarm, &n->error);

    if (rc == GK_DONE && o->skipped != 0) {
        int confirmed = confirm(n, o, o->skipped);
        return confirmed == GK_OK ? GK_DONE : confirmed;
    }
    if (rc != GK_OK)
        return rc;
    if (!is_told(n, o)) {
        o->skipped = o->act.seq;
        return GK_OK;
    }
    o->has_act = true;
    return gather(n, o);
}

/* Tries the next recipient. */
static int tell(struct notifying *n, struct outlet *o)
{
    char result[NOTIFY_RESULT_MAX];
    enum notify_verdict verdict;
    const char *whom = o->recipients[o->at].person;
    gk_time now;
    int rc = send_one(n, o, &verdict, result);

    if (rc != GK_OK)
        return rc;
    now = tool_monotonic();
    if (verdict == NOTIFY_AGAIN && o->pause_ns == 0) {
        o->since = now;
        rc = record(n, o, whom, result, "tried again");
    }
    if (rc != GK_OK)
        return rc;
    if (verdict == NOTIFY_AGAIN && now - o->since < o->channel->give_up_ns) {
        int64_t next = o->pause_ns == 0 ? o->channel->retry_ns : 2 * o->pause_ns;
        o->pause_ns = next < o->channel->retry_max_ns ? next : o->channel->retry_max_ns;
        o->due = now + o->pause_ns;
        return GK_OK;
    }
    o->pause_ns = 0;
    o->at++;
    return record(n, o, whom, result,
                  verdict == NOTIFY_AGAIN   ? "given up"
                  : verdict == NOTIFY_NEVER ? "not possible"
                                            : "");
}

/* GK_OK: something was done; GK_DONE: there is nothing to do now. */
static int step(struct notifying *n, struct outlet *o)
{
    if (!o->has_act)
        return take(n, o);
    if (o->at == o->n) {
        forget(o);
        return confirm(n, o, o->act.seq);
    }
    return o->due <= tool_monotonic() ? tell(n, o) : GK_DONE;
}

/* ---- all channels --------------------------------------------------------------------------------------------------
 */

/* Until a pause is over or acts may have come. */
static void wait_for_acts(const struct notifying *n)
{
    struct pollfd fds[NOTIFY_CHANNELS_MAX];
    gk_time now = tool_monotonic();
    int64_t ms = NOTIFY_POLL_MS;

    for (size_t i = 0; i < n->config->n_channels; i++) {
        const struct outlet *o = &n->outlets[i];
        fds[i] = (struct pollfd){o->has_act ? -1 : gk_consumer_fd(o->consumer), POLLIN, 0};
        if (o->has_act && (o->due - now) / 1000000 + 1 < ms)
            ms = o->due > now ? (o->due - now) / 1000000 + 1 : 0;
    }
    (void)poll(fds, n->config->n_channels, (int)ms); /* a signal makes it shorter: no harm */
}

static int run_outlets(struct notifying *n, bool is_once)
{
    for (;;) {
        bool is_idle = true, is_waiting = false;
        for (size_t i = 0; i < n->config->n_channels; i++) {
            int rc = step(n, &n->outlets[i]);
            if (rc != GK_OK && rc != GK_DONE) {
                n->error.status = rc;
                return tool_failed(n->command, &n->error);
            }
            is_idle = is_idle && rc == GK_DONE;
            is_waiting = is_waiting || n->outlets[i].has_act;
        }
        if (!is_idle)
            continue;
        if (is_once)
            return is_waiting ? EXIT_STORE : EXIT_ROWS;
        wait_for_acts(n);
    }
}

/* A command of a notifier that was killed may hold the name for the moment before it becomes a command. */
static int open_consumer(struct notifying *n, const char *name, gk_consumer **out)
{
    int rc = GK_EBUSY;

    for (int i = 0; i < NOTIFY_OPENINGS && rc == GK_EBUSY; i++) {
        if (i > 0)
            (void)poll(NULL, 0, NOTIFY_OPENING_MS); /* a signal makes it shorter: no harm */
        rc = gk_consumer_open(n->db, name, 0, out, &n->error);
    }
    return rc;
}

static int open_outlets(struct notifying *n)
{
    char name[512];

    for (size_t i = 0; i < n->config->n_channels; i++) {
        struct outlet *o = &n->outlets[i];
        o->channel = &n->config->channels[i];
        (void)snprintf(name, sizeof name, "notify-%s", o->channel->name);
        n->error.status = open_consumer(n, name, &o->consumer);
        if (n->error.status != GK_OK)
            return tool_failed(n->command, &n->error);
    }
    return EXIT_ROWS;
}

static int notify(const struct command *self, const char *path, const struct notify_config *config, bool is_once)
{
    struct notifying n = {.command = self, .config = config};
    int status;

    if (tool_open(self, path, GK_READONLY, NULL, &n.db) != GK_OK)
        return EXIT_STORE;
    status = open_outlets(&n);
    if (status == EXIT_ROWS)
        status = run_outlets(&n, is_once);
    for (size_t i = 0; i < config->n_channels; i++) {
        forget(&n.outlets[i]);
        gk_consumer_close(n.outlets[i].consumer);
    }
    (void)gk_close(n.db); /* nothing was written */
    return status;
}

static int run(const struct command *self, int argc, char **argv)
{
    const char *path = NULL;
    bool is_once = false;
    const struct option options[] = {{"config", 0, OPTION_TEXT, &path}, {"once", 0, OPTION_FLAG, &is_once}};
    struct notify_config config;
    int n, status;

    if (!options_read(self, options, sizeof options / sizeof *options, argc, argv, &n, &status))
        return status;
    if (path == NULL) {
        say(self->name, "--config is missing: the file that says whom and how");
        return EXIT_USAGE;
    }
    status = notify_config_read(self, path, &config);
    if (status == EXIT_ROWS)
        status = notify(self, argv[0], &config, is_once);
    notify_config_clear(&config);
    return status;
}

const struct command command_notify = {"notify", "tell people of alarms, by commands and webhooks", help, 1, 1, run,
                                       NULL};
