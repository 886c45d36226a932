/*
 * notify_send.c - one message out: to a command's standard input, or posted to a url.
 *
 *     a command     0: sent; 100: will never work; anything else, or too slow: again
 *     a url         2xx: sent; other 4xx than 408, 425, 429: will never work; anything else: again
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "notify.h"

#ifdef GK_CURL
#include <curl/curl.h>
#endif

#define STATUS_NEVER 100

/* ---- a command -----------------------------------------------------------------------------------------------------
 */

/* In the child. */
static void become(const struct notify_channel *channel, const struct notify_message *message, int input)
{
    (void)setpgid(0, 0); /* so that a slow one can be ended with all that it started */
    if (dup2(input, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        _exit(126);
    (void)signal(SIGPIPE, SIG_DFL);
    if (setenv("GK_KEY", message->key, 1) == 0 && setenv("GK_PERSON", message->person, 1) == 0 &&
        setenv("GK_ADDRESS", message->address, 1) == 0 && setenv("GK_CHANNEL", channel->name, 1) == 0)
        (void)execl("/bin/sh", "sh", "-c", channel->exec, (char *)NULL);
    _exit(126);
}

/* A file of no name with the body: a command need not read it, and nobody waits for one that does not. */
static int body_file(const struct notify_message *message)
{
    FILE *file = tmpfile();
    int fd = -1;

    if (file != NULL && fwrite(message->body, 1, message->size, file) == message->size && fflush(file) == 0 &&
        lseek(fileno(file), 0, SEEK_SET) == 0)
        fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
    if (file != NULL)
        (void)fclose(file); /* the copy stays */
    return fd;
}

/* Looks again after 1 ms, 2, 4, ... up to 20 ms. False: it took too long. */
static bool wait_for(pid_t child, int64_t timeout_ns, int *status)
{
    gk_time end = tool_monotonic() + timeout_ns;

    for (long pause_ns = 1000000; waitpid(child, status, WNOHANG) == 0;
         pause_ns = pause_ns < 10000000 ? 2 * pause_ns : 20000000) {
        if (tool_monotonic() >= end)
            return false;
        (void)nanosleep(&(struct timespec){0, pause_ns}, NULL); /* shorter after a signal: no harm */
    }
    return true;
}

static enum notify_verdict send_exec(const struct notify_channel *channel, const struct notify_message *message,
                                     char result[NOTIFY_RESULT_MAX])
{
    int input = body_file(message), status = 0;
    pid_t child;

    (void)fflush(NULL);
    child = input >= 0 ? fork() : -1;
    if (child == 0)
        become(channel, message, input);
    if (input >= 0)
        (void)close(input); /* nothing was written through it */
    if (child < 0) {
        (void)snprintf(result, NOTIFY_RESULT_MAX, "cannot start a command: %s", strerror(errno));
        return NOTIFY_AGAIN;
    }
    if (!wait_for(child, channel->timeout_ns, &status)) {
        (void)kill(-child, SIGKILL); /* it may have ended just now */
        (void)waitpid(child, &status, 0);
        (void)snprintf(result, NOTIFY_RESULT_MAX, "took longer than %g s", (double)channel->timeout_ns / 1e9);
        return NOTIFY_AGAIN;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        (void)snprintf(result, NOTIFY_RESULT_MAX, "ok");
        return NOTIFY_SENT;
    }
    (void)snprintf(result, NOTIFY_RESULT_MAX, "%s %d", WIFEXITED(status) ? "exit status" : "signal",
                   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NEVER ? NOTIFY_NEVER : NOTIFY_AGAIN;
}

/* ---- a url ---------------------------------------------------------------------------------------------------------
 */

#ifdef GK_CURL

bool notify_has_url(void)
{
    return true;
}

static size_t ignore(char *bytes, size_t size, size_t n, void *context)
{
    (void)bytes;
    (void)context;
    return size * n;
}

/* "Idempotency-Key: ..." in ASCII. */
static struct curl_slist *headers_of(CURL *curl, const struct notify_message *message)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json"), *more = NULL;
    char *key = curl_easy_escape(curl, message->key, 0);
    char line[2048];

    if (headers != NULL && key != NULL && (size_t)snprintf(line, sizeof line, "Idempotency-Key: %s", key) < sizeof line)
        more = curl_slist_append(headers, line);
    curl_free(key);
    if (more == NULL)
        curl_slist_free_all(headers);
    return more;
}

static enum notify_verdict judge(long code, char result[NOTIFY_RESULT_MAX])
{
    bool is_never = code >= 400 && code < 500 && code != 408 && code != 425 && code != 429;

    if (code >= 200 && code < 300)
        (void)snprintf(result, NOTIFY_RESULT_MAX, "ok");
    else
        (void)snprintf(result, NOTIFY_RESULT_MAX, "HTTP status %ld", code);
    return code >= 200 && code < 300 ? NOTIFY_SENT : is_never ? NOTIFY_NEVER : NOTIFY_AGAIN;
}

static enum notify_verdict send_url(const struct notify_channel *channel, const struct notify_message *message,
                                    char result[NOTIFY_RESULT_MAX])
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl != NULL ? headers_of(curl, message) : NULL;
    enum notify_verdict verdict = NOTIFY_AGAIN;
    long status = 0;
    CURLcode code = CURLE_OUT_OF_MEMORY;

    if (headers != NULL) { /* the options fail only where this curl does not know them */
        (void)curl_easy_setopt(curl, CURLOPT_URL, channel->url);
        (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(channel->timeout_ns / 1000000));
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, message->body);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)message->size);
        (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
        code = curl_easy_perform(curl);
    }
    if (code == CURLE_OK) {
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        verdict = judge(status, result);
    } else {
        (void)snprintf(result, NOTIFY_RESULT_MAX, "%s", curl_easy_strerror(code));
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return verdict;
}

#else

bool notify_has_url(void)
{
    return false;
}

static enum notify_verdict send_url(const struct notify_channel *channel, const struct notify_message *message,
                                    char result[NOTIFY_RESULT_MAX])
{
    (void)channel;
    (void)message;
    (void)snprintf(result, NOTIFY_RESULT_MAX, "built without libcurl");
    return NOTIFY_AGAIN;
}

#endif

enum notify_verdict notify_send(const struct notify_channel *channel, const struct notify_message *message,
                                char result[NOTIFY_RESULT_MAX])
{
    return channel->url != NULL ? send_url(channel, message, result) : send_exec(channel, message, result);
}
