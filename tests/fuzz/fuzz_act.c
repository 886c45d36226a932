/*
 * fuzz_act.c - arbitrary bytes as an act and as an alarm: what is taken can be shown, folded and stored again.
 */
#include <stdlib.h>

#include "db/alarm.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define REQUIRE(x)                                                                                                     \
    do {                                                                                                               \
        if (!(x))                                                                                                      \
            abort();                                                                                                   \
    } while (0)

/* An act that is read can be shown and happens to an alarm, which then is a proper one. */
static void try_act(uint64_t seq, struct view bytes, struct buffer *text)
{
    struct gk_error error = {0};
    struct gk_alarm alarm, again;
    struct gk_act act;

    int rc = act_decode(seq, bytes, &act, &error);
    REQUIRE(rc == GK_OK || (error.status == rc && error.text[0]));
    if (rc != GK_OK)
        return;
    REQUIRE(act_dump(&act, text) == GK_OK && !memchr(text->bytes, '\n', text->size));
    struct gk_act raised = act;
    raised.seq = raised.kind == GK_ACT_RAISED ? act.seq : act.alarm;
    raised.kind = GK_ACT_RAISED;
    alarm_apply(&alarm, &raised);
    if (act.kind != GK_ACT_RAISED && alarm_accepts(&alarm, &act, NULL) == GK_OK)
        alarm_apply(&alarm, &act);
    buffer_reset(text);
    REQUIRE(alarm_encode(&alarm, text) == GK_OK);
    REQUIRE(alarm_decode(alarm.id, (struct view){text->bytes, text->size}, &again, NULL) == GK_OK);
    REQUIRE(again.last == alarm.last && again.status == alarm.status && again.life == alarm.life);
}

/* An alarm that is read is stored as the same bytes, if its numbers were as short as they can be. */
static void try_alarm(uint64_t id, struct view bytes, struct buffer *text)
{
    struct gk_error error = {0};
    struct gk_alarm alarm;

    int rc = alarm_decode(id, bytes, &alarm, &error);
    REQUIRE(rc == GK_OK || (error.status == rc && error.text[0]));
    if (rc != GK_OK)
        return;
    REQUIRE(alarm_dump(&alarm, text) == GK_OK && !memchr(text->bytes, '\n', text->size));
    buffer_reset(text);
    REQUIRE(alarm_encode(&alarm, text) == GK_OK && text->size <= bytes.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct buffer text;

    if (size < 2)
        return 0;
    buffer_init(&text, &MEM_SYSTEM);
    if (bytes[0] & 1)
        try_act(bytes[1], (struct view){bytes + 2, size - 2}, &text);
    else
        try_alarm(bytes[1], (struct view){bytes + 2, size - 2}, &text);
    buffer_clear(&text);
    return 0;
}
