/*
 * params.c - see params.h, and lex.c for what a parameter becomes.
 */
#include "params.h"

#include <string.h>

#include "session.h"

const struct param *param_find(const struct param *list, const char *name, size_t size)
{
    for (; list; list = list->next)
        if (list->name.size == size && memcmp(list->name.bytes, name, size) == 0)
            return list;
    return NULL;
}

bool param_is_name(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && c != '_' && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z'))
            return false;
        if (is_digit && i == 0)
            return false;
    }
    return size > 0 && size <= GK_NAME_MAX;
}

int gk_session_set(gk_session *session, const char *name, const char *value, size_t size)
{
    struct param *param;

    if (!param_is_name(name, strlen(name)))
        return GK_EINVAL;
    if (size == 0 || size > GK_NAME_MAX)
        return GK_ERANGE;
    param = arena_piece(&session->arena, sizeof *param);
    if (!param)
        return arena_status(&session->arena);
    param->name = (struct gk_text){arena_text(&session->arena, name, strlen(name)), strlen(name)};
    param->value = (struct gk_text){arena_text(&session->arena, value, size), size};
    if (!param->name.bytes || !param->value.bytes)
        return arena_status(&session->arena);
    param->next = session->params;
    session->params = param;
    return GK_OK;
}
