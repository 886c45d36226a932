/*
 * act_json.c - an act of the record as one line of JSON.
 */
#include "act_json.h"

#include <inttypes.h>
#include <string.h>

static void put_text(struct output *out, const char *key, const char *text)
{
    output_format(out, ", \"%s\": ", key);
    if (text != NULL && *text != '\0')
        output_json(out, text, strlen(text));
    else
        output_text(out, "null");
}

static void put_number(struct output *out, const char *key, uint64_t number)
{
    if (number != 0)
        output_format(out, ", \"%s\": %" PRIu64, key, number);
    else
        output_format(out, ", \"%s\": null", key);
}

static void put_time(struct output *out, const char *key, gk_time time, int32_t zone_s)
{
    if (time == GK_TIME_MIN || time == GK_TIME_MAX) {
        output_format(out, ", \"%s\": null", key);
        return;
    }
    output_format(out, ", \"%s\": \"", key);
    output_time(out, time, zone_s, false);
    output_text(out, "\"");
}

static void put_alarm(struct output *out, const struct gk_alarm *alarm, int32_t zone_s)
{
    static const char *const kinds[] = {"zone", "park", "enterprise", "line", "", "facility"};
    bool is_there = alarm->id != 0;

    put_text(out, "rule", alarm->rule);
    put_number(out, "rule_version", alarm->rule_version);
    put_text(out, "level", is_there ? gk_level_name(alarm->level) : NULL);
    put_text(out, "subject_kind", is_there ? kinds[alarm->subject_kind] : NULL);
    put_text(out, "subject", alarm->subject);
    put_text(out, "enterprise", alarm->enterprise);
    put_text(out, "park", alarm->park);
    put_time(out, "from", is_there ? alarm->from : GK_TIME_MIN, zone_s);
    put_time(out, "to", is_there ? alarm->to : GK_TIME_MIN, zone_s);
    put_text(out, "status", is_there ? gk_alarm_status_name(alarm->status) : NULL);
    put_text(out, "life", is_there ? gk_alarm_life_name(alarm->life) : NULL);
    output_format(out, ", \"suppressed\": %s", alarm->is_suppressed ? "true" : "false");
    put_text(out, "holder", alarm->holder);
}

void output_hash(struct output *out, const uint8_t *hash)
{
    for (int i = 0; i < 32; i++)
        output_format(out, "%02x", hash[i]);
}

void act_json(struct output *out, const struct gk_act *act, const struct gk_alarm *alarm, int32_t zone_s)
{
    output_format(out, "{\"seq\": %" PRIu64 ", \"kind\": \"%s\"", act->seq, gk_act_kind_name(act->kind));
    put_time(out, "time", act->time, zone_s);
    put_number(out, "alarm", act->alarm);
    put_number(out, "about", act->about);
    put_alarm(out, alarm, zone_s);
    put_text(out, "actor", act->actor);
    put_text(out, "whom", act->whom);
    put_text(out, "channel", act->channel);
    put_text(out, "result", act->result);
    put_time(out, "due", act->due, zone_s);
    put_text(out, "outcome", gk_outcome_name(act->outcome));
    put_text(out, "text", act->text);
    output_text(out, ", \"hash\": \"");
    output_hash(out, act->hash);
    output_text(out, "\"}\n");
}
