/*
 * notify.h - what gk notify is told by its configuration, and how one message goes out.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include "output.h"
#include "tool.h"

/* ---- the configuration ---------------------------------------------------------------------------------------------
 *
 *     kinds = raised escalated recovered withdrawn     # acts that are told
 *     to = head                              # whom, where a rule names nobody
 *
 *     [sms]                                  # a channel of the table of people: how to reach those who have it
 *     exec = /usr/local/bin/send-sms "$GK_ADDRESS"
 *     [wecom]
 *     url = https://example.org/hook
 *     timeout = 30s
 *     retry = 1s                             # pause after a failure; doubles up to retry_max
 *     retry_max = 5m
 *     give_up = 7d                           # what could not be told for so long is recorded and passed over
 */

#define NOTIFY_CHANNELS_MAX 32
/* Of `amended` those by which there was no cause; not a kind of act of its own. */
#define NOTIFY_WITHDRAWN GK_ACT_KINDS

struct notify_channel {
    char *name, *exec, *url; /* exec or url */
    int64_t timeout_ns, retry_ns, retry_max_ns, give_up_ns;
};

struct notify_config {
    uint32_t kinds; /* bit k: acts of kind k are told; and NOTIFY_WITHDRAWN */
    char *to;
    struct notify_channel channels[NOTIFY_CHANNELS_MAX];
    size_t n_channels;
};

/* Says what is wrong, with the line. Returns an exit status. */
int notify_config_read(const struct command *command, const char *path, struct notify_config *config);
void notify_config_clear(struct notify_config *config);

/* ---- sending -------------------------------------------------------------------------------------------------------
 */

struct notify_message {
    const char *key; /* the same for each try */
    const char *person, *address;
    const char *body; /* a line of JSON */
    size_t size;
};

enum notify_verdict {
    NOTIFY_SENT,
    NOTIFY_AGAIN, /* may work later */
    NOTIFY_NEVER  /* will never */
};

#define NOTIFY_RESULT_MAX 200

/* Whether this gk was built with what a url needs. */
bool notify_has_url(void);
/* Sends a message by a channel; `result` is "ok" or what went wrong. */
enum notify_verdict notify_send(const struct notify_channel *channel, const struct notify_message *message,
                                char result[NOTIFY_RESULT_MAX]);

#endif
