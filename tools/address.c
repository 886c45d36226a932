/*
 * address.c - see address.h.
 */
#include "address.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define HOST_MAX 256
#define LOOPBACK "127.0.0.1"

static bool cut_address(const char *address, char host[HOST_MAX], const char **port)
{
    const char *colon = strrchr(address, ':');
    size_t n = colon != NULL ? (size_t)(colon - address) : 0;

    *port = colon != NULL ? colon + 1 : address;
    if (n >= 2 && address[0] == '[' && address[n - 1] == ']') {
        address++;
        n -= 2;
    }
    if (n >= HOST_MAX || **port == '\0' || strspn(*port, "0123456789") != strlen(*port))
        return false;
    (void)snprintf(host, HOST_MAX, "%.*s", n > 0 ? (int)n : (int)strlen(LOOPBACK), n > 0 ? address : LOOPBACK);
    return true;
}

struct addrinfo *address_find(const struct command *command, const char *text)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *info = NULL;
    char host[HOST_MAX];
    const char *port;

    if (!cut_address(text, host, &port)) {
        say(command->name, "'%s' is no address: expected HOST:PORT or PORT", text);
        return NULL;
    }
    int rc = getaddrinfo(host, port, &hints, &info);
    if (rc != 0) {
        say(command->name, "'%s' is no address: %s", text, gai_strerror(rc));
        return NULL;
    }
    return info;
}
