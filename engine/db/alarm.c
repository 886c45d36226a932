/*
 * alarm.c - the fold over the acts of an alarm, and its record.
 *
 *     status   firing <-> unknown (data stopped), either -> recovered; late data: -> withdrawn, or back to firing
 *     life     open -> acknowledged -> assigned (again and again) -> closed; steps may be left out, none goes back
 *
 *   version u8 = 1 | status, life, is_suppressed, level, outcome, subject kind u8 |
 *   rule version, under, n_acts, n_reached, last varint | from, to, due i64 |
 *   kinds varint (bit k: an act of kind k was recorded), then a time i64 for each |
 *   rule, subject, enterprise, park, holder, text: size varint, bytes, NUL
 */
#include "db/alarm.h"

#include <inttypes.h>

#define ALARM_VERSION 1

static const char *const STATUSES[] = {"firing", "unknown", "recovered", "withdrawn"};
static const char *const LIVES[] = {"open", "acknowledged", "assigned", "closed"};

const char *gk_alarm_status_name(unsigned status)
{
    return status <= GK_ALARM_WITHDRAWN ? STATUSES[status] : NULL;
}

const char *gk_alarm_life_name(unsigned life)
{
    return life <= GK_CASE_CLOSED ? LIVES[life] : NULL;
}

/* ---- keys
 * ------------------------------------------------------------------------------------------------------------- */

void alarm_id_key(uint8_t key[ALARM_ID_KEY], enum alarm_key kind, uint64_t id)
{
    key[0] = (uint8_t)kind;
    key_u64(key + 1, id);
}

/* Two names are longer than a key can be, so their hash stands for them. */
void alarm_firing_key(uint8_t key[ALARM_FIRING_KEY], struct gk_text rule, enum gk_kind subject_kind,
                      struct gk_text subject)
{
    const uint8_t head[2] = {(uint8_t)rule.size, (uint8_t)subject_kind}; /* a name has at most 255 bytes */
    uint8_t hash[SHA256_SIZE];
    struct sha256 sha;

    sha256_init(&sha);
    sha256_update(&sha, head, sizeof head);
    sha256_update(&sha, rule.bytes, rule.size);
    sha256_update(&sha, subject.bytes, subject.size);
    sha256_final(&sha, hash);
    key[0] = ALARM_FIRING;
    memcpy(key + 1, hash, ALARM_FIRING_KEY - 1);
}

/* ---- the fold
 * --------------------------------------------------------------------------------------------------------- */

bool alarm_is_firing(const struct gk_alarm *alarm)
{
    return alarm->status == GK_ALARM_FIRING || alarm->status == GK_ALARM_UNKNOWN;
}

bool alarm_is_open(const struct gk_alarm *alarm)
{
    return alarm->life != GK_CASE_CLOSED || alarm_is_firing(alarm);
}

static int refuse(const struct gk_alarm *alarm, const struct gk_act *act, const char *why, struct gk_error *error)
{
    return error_set(error, GK_EEXIST, "alarm %" PRIu64 " cannot be %s: %s", alarm->id, gk_act_kind_name(act->kind),
                     why);
}

int alarm_accepts(const struct gk_alarm *alarm, const struct gk_act *act, struct gk_error *error)
{
    switch (act->kind) {
    case GK_ACT_RAISED:
        return refuse(alarm, act, "it is raised already", error);
    case GK_ACT_UNKNOWN:
        return alarm->status == GK_ALARM_FIRING ? GK_OK : refuse(alarm, act, "it is not firing", error);
    case GK_ACT_KNOWN:
        return alarm->status == GK_ALARM_UNKNOWN ? GK_OK : refuse(alarm, act, "it is not unknown", error);
    case GK_ACT_RECOVERED:
        return alarm_is_firing(alarm) ? GK_OK : refuse(alarm, act, "its breach is over already", error);
    case GK_ACT_ACKNOWLEDGED:
        if (alarm->at[GK_ACT_ACKNOWLEDGED] != GK_TIME_MIN)
            return refuse(alarm, act, "it is acknowledged already", error);
        /* fall through */
    case GK_ACT_ASSIGNED:
    case GK_ACT_FED_BACK:
    case GK_ACT_CHECKED:
    case GK_ACT_CLOSED:
        return alarm->life != GK_CASE_CLOSED ? GK_OK : refuse(alarm, act, "it is closed", error);
    default:
        return GK_OK;
    }
}

static void begin(struct gk_alarm *alarm, const struct gk_act *act)
{
    memset(alarm, 0, sizeof *alarm);
    alarm->id = act->seq;
    alarm->under = act->about;
    alarm->rule = act->rule;
    alarm->rule_version = act->rule_version;
    alarm->level = act->level;
    alarm->subject_kind = act->subject_kind;
    alarm->subject = act->subject;
    alarm->enterprise = act->enterprise;
    alarm->park = act->park;
    alarm->from = act->from;
    alarm->to = act->to;
    alarm->status = act->to == GK_TIME_MAX ? GK_ALARM_FIRING : GK_ALARM_RECOVERED; /* late data: it was over then */
    alarm->holder = "";
    alarm->due = GK_TIME_MAX;
    alarm->text = act->text;
    for (int k = 0; k < GK_ACT_KINDS; k++)
        alarm->at[k] = GK_TIME_MIN;
}

static void amend(struct gk_alarm *alarm, const struct gk_act *act)
{
    alarm->from = act->from;
    alarm->to = act->to;
    if (act->about != 0)
        alarm->under = act->about == alarm->id ? 0 : act->about;
    if (act->to == act->from)
        alarm->status = GK_ALARM_WITHDRAWN;
    else if (act->to != GK_TIME_MAX)
        alarm->status = GK_ALARM_RECOVERED;
    else if (alarm->status != GK_ALARM_UNKNOWN)
        alarm->status = GK_ALARM_FIRING;
}

static void recover(struct gk_alarm *alarm, const struct gk_act *act)
{
    alarm->status = GK_ALARM_RECOVERED;
    alarm->to = act->to;
    if (act->from != GK_TIME_MIN)
        alarm->from = act->from;
}

static void assign(struct gk_alarm *alarm, const struct gk_act *act)
{
    alarm->life = GK_CASE_ASSIGNED;
    alarm->holder = act->whom;
    alarm->due = act->due;
}

static void acknowledge(struct gk_alarm *alarm, const struct gk_act *act)
{
    if (alarm->life != GK_CASE_OPEN)
        return; /* it is with somebody already */
    alarm->life = GK_CASE_ACKNOWLEDGED;
    alarm->holder = act->actor;
}

void alarm_apply(struct gk_alarm *alarm, const struct gk_act *act)
{
    if (act->kind == GK_ACT_RAISED)
        begin(alarm, act);
    else if (act->kind == GK_ACT_UNKNOWN)
        alarm->status = GK_ALARM_UNKNOWN;
    else if (act->kind == GK_ACT_KNOWN)
        alarm->status = GK_ALARM_FIRING;
    else if (act->kind == GK_ACT_RECOVERED)
        recover(alarm, act);
    else if (act->kind == GK_ACT_AMENDED)
        amend(alarm, act);
    else if (act->kind == GK_ACT_SUPPRESSED)
        alarm->is_suppressed = true;
    else if (act->kind == GK_ACT_TOLD)
        alarm->n_reached += strcmp(act->result, "ok") == 0;
    else if (act->kind == GK_ACT_ACKNOWLEDGED)
        acknowledge(alarm, act);
    else if (act->kind == GK_ACT_ASSIGNED)
        assign(alarm, act);
    else if (act->kind == GK_ACT_CLOSED) {
        alarm->life = GK_CASE_CLOSED;
        alarm->outcome = act->outcome;
    }
    alarm->n_acts++;
    alarm->last = act->seq;
    if (alarm->at[act->kind] == GK_TIME_MIN)
        alarm->at[act->kind] = act->time;
}

/* ---- bytes
 * ------------------------------------------------------------------------------------------------------------ */

static void put_times(const struct gk_alarm *alarm, struct buffer *out)
{
    uint64_t kinds = 0;

    for (unsigned k = 0; k < GK_ACT_KINDS; k++)
        if (alarm->at[k] != GK_TIME_MIN)
            kinds |= UINT64_C(1) << k;
    buffer_put_varint(out, kinds);
    for (unsigned k = 0; k < GK_ACT_KINDS; k++)
        if (alarm->at[k] != GK_TIME_MIN)
            buffer_put_u64(out, (uint64_t)alarm->at[k]);
}

static void take_times(struct reader *r, struct gk_alarm *alarm)
{
    uint64_t kinds = reader_varint(r);

    r->failed |= kinds >> GK_ACT_KINDS != 0 || kinds & 1;
    for (unsigned k = 0; k < GK_ACT_KINDS; k++)
        alarm->at[k] = kinds >> k & 1 ? (gk_time)reader_u64(r) : GK_TIME_MIN;
}

int alarm_encode(const struct gk_alarm *a, struct buffer *out)
{
    const char *texts[] = {a->rule, a->subject, a->enterprise, a->park, a->holder, a->text};

    buffer_put_u8(out, ALARM_VERSION);
    buffer_put_u8(out, (uint8_t)a->status);
    buffer_put_u8(out, (uint8_t)a->life);
    buffer_put_u8(out, a->is_suppressed);
    buffer_put_u8(out, (uint8_t)a->level);
    buffer_put_u8(out, (uint8_t)a->outcome);
    buffer_put_u8(out, (uint8_t)a->subject_kind);
    buffer_put_varint(out, a->rule_version);
    buffer_put_varint(out, a->under);
    buffer_put_varint(out, a->n_acts);
    buffer_put_varint(out, a->n_reached);
    buffer_put_varint(out, a->last);
    buffer_put_u64(out, (uint64_t)a->from);
    buffer_put_u64(out, (uint64_t)a->to);
    buffer_put_u64(out, (uint64_t)a->due);
    put_times(a, out);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        act_put_text(out, texts[i], strlen(texts[i]));
    return buffer_status(out);
}

static void take_fields(struct reader *r, struct gk_alarm *a)
{
    const char **texts[] = {&a->rule, &a->subject, &a->enterprise, &a->park, &a->holder, &a->text};

    a->status = (enum gk_alarm_status)reader_u8(r);
    a->life = (enum gk_alarm_life)reader_u8(r);
    a->is_suppressed = reader_u8(r) != 0;
    a->level = (enum gk_level)reader_u8(r);
    a->outcome = (enum gk_outcome)reader_u8(r);
    a->subject_kind = (enum gk_kind)reader_u8(r);
    uint64_t version = reader_varint(r);
    a->rule_version = (uint32_t)version;
    r->failed |= version > UINT32_MAX;
    a->under = reader_varint(r);
    a->n_acts = reader_varint(r);
    a->n_reached = reader_varint(r);
    a->last = reader_varint(r);
    a->from = (gk_time)reader_u64(r);
    a->to = (gk_time)reader_u64(r);
    a->due = (gk_time)reader_u64(r);
    take_times(r, a);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = act_take_text(r, texts[i] == &a->text ? GK_ACT_TEXT_MAX : GK_NAME_MAX);
}

int alarm_decode(uint64_t id, struct view bytes, struct gk_alarm *a, struct gk_error *error)
{
    struct reader r = reader_of(bytes.bytes, bytes.size);

    memset(a, 0, sizeof *a);
    uint8_t version = reader_u8(&r);
    if (!r.failed && version != ALARM_VERSION)
        return error_set(error, GK_EVERSION, "alarm %" PRIu64 ": an unknown version", id);
    a->id = id;
    take_fields(&r, a);
    if (!reader_is_done(&r) || a->status > GK_ALARM_WITHDRAWN || a->life > GK_CASE_CLOSED ||
        a->level > GK_LEVEL_SEVERE || a->outcome > GK_OUTCOME_FALSE ||
        (a->subject_kind != GK_FACILITY && a->subject_kind > GK_LINE) || a->last < id || a->n_acts == 0)
        return error_set(error, GK_ECORRUPT, "alarm %" PRIu64 ": its bytes make no sense", id);
    return GK_OK;
}

/* ---- text for people
 * ------------------------------------------------------------------------------------------------ */

int alarm_dump(const struct gk_alarm *a, struct buffer *out)
{
    buffer_printf(out, "alarm %" PRIu64 " %s, %s%s", a->id, STATUSES[a->status], LIVES[a->life],
                  a->is_suppressed ? ", suppressed" : "");
    act_dump_number(out, "under", a->under);
    act_dump_text(out, "rule", a->rule);
    act_dump_number(out, "version", a->rule_version);
    act_dump_text(out, "level", gk_level_name(a->level));
    act_dump_subject(out, a->subject_kind, a->subject, a->enterprise, a->park);
    act_dump_time(out, "from", a->from);
    act_dump_time(out, "to", a->to);
    act_dump_text(out, "holder", a->holder);
    act_dump_time(out, "due", a->due);
    act_dump_text(out, "outcome", gk_outcome_name(a->outcome));
    act_dump_text(out, "text", a->text);
    buffer_printf(out, " n_acts=%" PRIu64 " n_reached=%" PRIu64 " last=%" PRIu64, a->n_acts, a->n_reached, a->last);
    for (unsigned k = 1; k < GK_ACT_KINDS; k++)
        act_dump_time(out, gk_act_kind_name(k), a->at[k]);
    return buffer_status(out);
}

int alarm_dump_record(struct view key, struct view value, struct buffer *out)
{
    struct gk_alarm alarm;
    int rc = GK_ECORRUPT;

    if (key.size == ALARM_ID_KEY && key.bytes[0] == ALARM_RECORD) {
        TRY(alarm_decode(unkey_u64(key.bytes + 1), value, &alarm, NULL));
        return alarm_dump(&alarm, out);
    }
    if (key.size == ALARM_ID_KEY && key.bytes[0] == ALARM_OPEN)
        buffer_printf(out, "open %" PRIu64, unkey_u64(key.bytes + 1));
    else if (key.size == ALARM_FIRING_KEY && key.bytes[0] == ALARM_FIRING && value.size == 8) {
        buffer_printf(out, "firing %" PRIu64 " ", load_u64(value.bytes));
        for (size_t i = 1; i < key.size; i++)
            buffer_printf(out, "%02x", key.bytes[i]);
    } else if (key.size > 1 && key.bytes[0] == ALARM_TAKEN)
        buffer_printf(out, "taken '%.*s'", (int)(key.size - 1), (const char *)key.bytes + 1);
    else
        return GK_ECORRUPT;
    rc = buffer_status(out);
done:
    return rc;
}
