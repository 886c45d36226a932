/*
 * act.c - one act of the record.
 *
 *   version u8 = 1 | hash u8 = 1 (SHA-256) | kind u8 | level u8 | outcome u8 | subject kind u8 |
 *   alarm, before, about, rule version varint | time, from, to, due i64 |
 *   rule, subject, enterprise, park, actor, whom, channel, result, text: size varint, bytes, NUL |
 *   hash 32 bytes
 *
 * Texts end with NUL so that they can be lent from the file's map.
 */
#include "db/act.h"

#include <inttypes.h>

#include "base/text.h"

#define ACT_VERSION 1
#define HASH_SHA256 1

static const char *const KINDS[] = {"none",       "raised",    "unknown", "known",  "recovered",    "amended",
                                    "suppressed", "escalated", "told",    "seen",   "acknowledged", "assigned",
                                    "fed back",   "checked",   "audited", "closed", "noted"};
static const char *const LEVELS[] = {"info", "warn", "alarm", "severe"};
static const char *const OUTCOMES[] = {"", "enterprise", "device", "false"};

static_assert(sizeof KINDS / sizeof *KINDS == GK_ACT_KINDS, "a name for each kind");

const char *gk_act_kind_name(unsigned kind)
{
    return kind < GK_ACT_KINDS ? KINDS[kind] : NULL;
}

const char *gk_level_name(unsigned level)
{
    return level <= GK_LEVEL_SEVERE ? LEVELS[level] : NULL;
}

const char *gk_outcome_name(unsigned outcome)
{
    return outcome <= GK_OUTCOME_FALSE ? OUTCOMES[outcome] : NULL;
}

/* ---- what may be put
 * --------------------------------------------------------------------------------------------------- */

static int check_name(struct gk_text text, const char *what, struct gk_error *error)
{
    char shown[TEXT_SHOWN_MAX];

    if (text.size == 0 || text_is_name(text.bytes, text.size))
        return GK_OK;
    return error_set(error, GK_EINVAL, "an act: %s '%s': expected 1 to %d bytes of UTF-8 without control characters",
                     what, text_show(text.bytes, text.size, shown), GK_NAME_MAX);
}

static int check_text(struct gk_text text, const char *what, struct gk_error *error)
{
    if (text.size == 0 ||
        (text.size <= GK_ACT_TEXT_MAX && text_is_utf8(text.bytes, text.size) && !memchr(text.bytes, 0, text.size)))
        return GK_OK;
    return error_set(error, GK_EINVAL, "an act: %s: expected at most %d bytes of UTF-8 without NUL, got %zu bytes",
                     what, GK_ACT_TEXT_MAX, text.size);
}

static int check_texts(const struct gk_act_put *put, struct gk_error *error)
{
    int rc;

    TRY(check_name(put->rule, "rule", error));
    TRY(check_name(put->subject, "subject", error));
    TRY(check_name(put->enterprise, "enterprise", error));
    TRY(check_name(put->park, "park", error));
    TRY(check_name(put->actor, "actor", error));
    TRY(check_name(put->whom, "whom", error));
    TRY(check_name(put->channel, "channel", error));
    TRY(check_text(put->result, "result", error));
    TRY(check_text(put->text, "text", error));
done:
    return rc;
}

static bool is_of_a_person(enum gk_act_kind kind)
{
    return kind >= GK_ACT_SEEN && kind <= GK_ACT_CLOSED;
}

/* What an act of a kind cannot do without; NULL: nothing is missing. */
static const char *missing(const struct gk_act_put *put)
{
    bool is_raised = put->kind == GK_ACT_RAISED;

    if (is_raised && put->rule.size == 0)
        return "rule";
    if (is_raised && put->subject.size == 0 && put->subject_kind != GK_ZONE)
        return "subject";
    if ((is_raised || put->kind == GK_ACT_AMENDED) && put->from == 0)
        return "from";
    if (put->kind == GK_ACT_RECOVERED && put->to == 0)
        return "to";
    if ((put->kind == GK_ACT_TOLD || put->kind == GK_ACT_ASSIGNED || put->kind == GK_ACT_ESCALATED) &&
        put->whom.size == 0)
        return "whom";
    if (is_of_a_person(put->kind) && put->actor.size == 0)
        return "actor";
    if (put->kind == GK_ACT_CLOSED && put->outcome == GK_OUTCOME_NONE)
        return "outcome";
    if (!is_raised && put->kind != GK_ACT_NOTED && put->alarm == 0)
        return "alarm";
    return NULL;
}

int act_check_put(const struct gk_act_put *put, struct gk_error *error)
{
    if (put->kind <= GK_ACT_NONE || put->kind >= GK_ACT_KINDS)
        return error_set(error, GK_EINVAL, "an act: there is no kind %d", (int)put->kind);
    if ((unsigned)put->level > GK_LEVEL_SEVERE || (unsigned)put->outcome > GK_OUTCOME_FALSE)
        return error_set(error, GK_EINVAL, "an act: there is no level %d or outcome %d", (int)put->level,
                         (int)put->outcome);
    if (put->subject_kind != GK_FACILITY && (unsigned)put->subject_kind > GK_LINE)
        return error_set(error, GK_EINVAL, "an act: its subject is a facility or a site, not of kind %d",
                         (int)put->subject_kind);
    if (put->kind == GK_ACT_RAISED && put->alarm != 0)
        return error_set(error, GK_EINVAL, "an act that raises begins an alarm: it cannot be of alarm %" PRIu64,
                         put->alarm);
    const char *lacks = missing(put);
    if (lacks)
        return error_set(error, GK_EINVAL, "an act '%s' needs: %s", KINDS[put->kind], lacks);
    if (put->from != 0 && put->to != 0 && put->to < put->from)
        return error_set(error, GK_EINVAL, "an act '%s': its cause ends before it begins", KINDS[put->kind]);
    return check_texts(put, error);
}

/* ---- bytes
 * ------------------------------------------------------------------------------------------------------------ */

void act_put_text(struct buffer *out, const char *text, size_t size)
{
    buffer_put_text(out, text, size);
    buffer_put_u8(out, 0);
}

const char *act_take_text(struct reader *r, size_t max)
{
    uint64_t size = reader_varint(r);
    const char *text = size <= max ? (const char *)reader_take(r, (size_t)size) : NULL;

    if (reader_u8(r) != 0 || !text || memchr(text, 0, (size_t)size) || !text_is_utf8(text, (size_t)size)) {
        r->failed = true;
        return NULL;
    }
    return text;
}

/* The cause as the record keeps it: what was not given has no end. */
static void put_cause(const struct gk_act_put *put, struct buffer *out)
{
    buffer_put_u64(out, (uint64_t)(put->from == 0 ? GK_TIME_MIN : put->from));
    buffer_put_u64(out, (uint64_t)(put->to == 0 ? GK_TIME_MAX : put->to));
    buffer_put_u64(out, (uint64_t)(put->due == 0 ? GK_TIME_MAX : put->due));
}

static void put_hash(const struct act_place *place, size_t begin, struct buffer *out)
{
    uint8_t hash[SHA256_SIZE];
    struct view record = {out->bytes + begin, out->size - begin + SHA256_SIZE};

    if (out->failed)
        return;
    act_hash(place->hash_before, place->seq, record, hash);
    buffer_put(out, hash, sizeof hash);
}

int act_encode(const struct gk_act_put *put, const struct act_place *place, struct buffer *out)
{
    const struct gk_text texts[] = {put->rule, put->subject, put->enterprise, put->park, put->actor,
                                    put->whom, put->channel, put->result,     put->text};
    size_t begin = out->size;

    buffer_put_u8(out, ACT_VERSION);
    buffer_put_u8(out, HASH_SHA256);
    buffer_put_u8(out, (uint8_t)put->kind);
    buffer_put_u8(out, (uint8_t)put->level);
    buffer_put_u8(out, (uint8_t)put->outcome);
    buffer_put_u8(out, (uint8_t)put->subject_kind);
    buffer_put_varint(out, place->alarm);
    buffer_put_varint(out, place->before);
    buffer_put_varint(out, put->about);
    buffer_put_varint(out, put->rule_version);
    buffer_put_u64(out, (uint64_t)place->time);
    put_cause(put, out);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        act_put_text(out, texts[i].bytes, texts[i].size);
    put_hash(place, begin, out);
    return buffer_status(out);
}

static void take_fields(struct reader *r, struct gk_act *act)
{
    const char **texts[] = {&act->rule, &act->subject, &act->enterprise, &act->park, &act->actor,
                            &act->whom, &act->channel, &act->result,     &act->text};

    act->kind = (enum gk_act_kind)reader_u8(r);
    act->level = (enum gk_level)reader_u8(r);
    act->outcome = (enum gk_outcome)reader_u8(r);
    act->subject_kind = (enum gk_kind)reader_u8(r);
    act->alarm = reader_varint(r);
    act->before = reader_varint(r);
    act->about = reader_varint(r);
    uint64_t version = reader_varint(r);
    act->rule_version = (uint32_t)version;
    r->failed |= version > UINT32_MAX;
    act->time = (gk_time)reader_u64(r);
    act->from = (gk_time)reader_u64(r);
    act->to = (gk_time)reader_u64(r);
    act->due = (gk_time)reader_u64(r);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] =
            act_take_text(r, texts[i] == &act->result || texts[i] == &act->text ? GK_ACT_TEXT_MAX : GK_NAME_MAX);
}

static bool makes_sense(uint64_t seq, const struct gk_act *act)
{
    bool is_raised = act->kind == GK_ACT_RAISED;

    return act->kind > GK_ACT_NONE && act->kind < GK_ACT_KINDS && act->level <= GK_LEVEL_SEVERE &&
           act->outcome <= GK_OUTCOME_FALSE && (act->subject_kind == GK_FACILITY || act->subject_kind <= GK_LINE) &&
           (is_raised ? act->alarm == seq && act->before == 0 : act->alarm < seq && act->before < seq) &&
           act->about < seq && (act->alarm != 0 || act->kind == GK_ACT_NOTED) &&
           (act->before >= act->alarm || is_raised);
}

int act_decode(uint64_t seq, struct view bytes, struct gk_act *act, struct gk_error *error)
{
    struct reader r = reader_of(bytes.bytes, bytes.size);

    memset(act, 0, sizeof *act);
    uint8_t version = reader_u8(&r), hash = reader_u8(&r);
    if (!r.failed && (version != ACT_VERSION || hash != HASH_SHA256))
        return error_set(error, GK_EVERSION, "act %" PRIu64 ": an unknown version or hash", seq);
    act->seq = seq;
    take_fields(&r, act);
    act->hash = reader_take(&r, SHA256_SIZE);
    if (!reader_is_done(&r) || !makes_sense(seq, act))
        return error_set(error, GK_ECORRUPT, "act %" PRIu64 ": its bytes make no sense", seq);
    return GK_OK;
}

void act_hash(const uint8_t before[SHA256_SIZE], uint64_t seq, struct view record, uint8_t out[SHA256_SIZE])
{
    struct sha256 sha;
    uint8_t number[8];

    store_u64(number, seq);
    sha256_init(&sha);
    sha256_update(&sha, before, SHA256_SIZE);
    sha256_update(&sha, number, sizeof number);
    sha256_update(&sha, record.bytes, record.size - SHA256_SIZE);
    sha256_final(&sha, out);
}

/* ---- text for people
 * ------------------------------------------------------------------------------------------------ */

void act_dump_time(struct buffer *out, const char *key, gk_time t)
{
    char text[GK_TIME_TEXT_MAX];

    if (t == GK_TIME_MIN || t == GK_TIME_MAX)
        return;
    (void)gk_time_format(t, 0, text); /* the length is not needed */
    buffer_printf(out, " %s=%s", key, text);
}

void act_dump_text(struct buffer *out, const char *key, const char *text)
{
    if (!*text)
        return;
    buffer_printf(out, " %s='", key);
    for (const char *p = text; *p; p++) {
        if (*p == '\'' || *p == '\\')
            buffer_put_u8(out, '\\');
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            buffer_printf(out, "\\x%02x", (unsigned char)*p);
        else
            buffer_put_u8(out, (uint8_t)*p);
    }
    buffer_put_u8(out, '\'');
}

void act_dump_number(struct buffer *out, const char *key, uint64_t n)
{
    if (n != 0)
        buffer_printf(out, " %s=%" PRIu64, key, n);
}

void act_dump_subject(struct buffer *out, enum gk_kind kind, const char *subject, const char *enterprise,
                      const char *park)
{
    static const char *const KEYS[] = {"zone", "park", "enterprise", "line", "", "facility"};

    act_dump_text(out, KEYS[kind], kind == GK_ZONE ? "*" : subject);
    act_dump_text(out, "enterprise", kind == GK_ENTERPRISE ? "" : enterprise);
    act_dump_text(out, "park", kind == GK_PARK ? "" : park);
}

int act_dump(const struct gk_act *act, struct buffer *out)
{
    buffer_printf(out, "act %" PRIu64 " %s", act->seq, KINDS[act->kind]);
    act_dump_number(out, "alarm", act->alarm);
    act_dump_number(out, "before", act->before);
    act_dump_number(out, "about", act->about);
    act_dump_time(out, "time", act->time);
    act_dump_time(out, "from", act->from);
    act_dump_time(out, "to", act->to);
    act_dump_text(out, "rule", act->rule);
    act_dump_number(out, "version", act->rule_version);
    if (act->kind == GK_ACT_RAISED) {
        act_dump_text(out, "level", LEVELS[act->level]);
        act_dump_subject(out, act->subject_kind, act->subject, act->enterprise, act->park);
    }
    act_dump_text(out, "actor", act->actor);
    act_dump_text(out, "whom", act->whom);
    act_dump_text(out, "channel", act->channel);
    act_dump_text(out, "result", act->result);
    act_dump_time(out, "due", act->due);
    act_dump_text(out, "outcome", OUTCOMES[act->outcome]);
    act_dump_text(out, "text", act->text);
    buffer_printf(out, " hash=");
    for (int i = 0; i < SHA256_SIZE; i++)
        buffer_printf(out, "%02x", act->hash[i]);
    return buffer_status(out);
}
