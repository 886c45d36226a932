/*
 * address.h - addresses as options give them: "HOST:PORT", "[::1]:PORT", ":PORT" or "PORT"; what is not there is the
 * loopback.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <netdb.h>

#include "tool.h"

/* What getaddrinfo makes of it, to be given back by freeaddrinfo; NULL: said what is wrong. */
struct addrinfo *address_find(const struct command *command, const char *text);

#endif
