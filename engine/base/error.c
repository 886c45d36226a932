/*
 * error.c - fills a gk_error. Texts that are too long are cut at a character's border.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int status;
    const char *text;
} STATUS_TEXTS[] = {
    {GK_OK, "no error"},
    {GK_DONE, "no more"},
    {GK_EINVAL, "the arguments make no sense together"},
    {GK_ENOMEM, "out of memory"},
    {GK_EIO, "the file system failed"},
    {GK_ECORRUPT, "stored bytes are damaged"},
    {GK_EVERSION, "written by a later version"},
    {GK_EFULL, "no space left in the store or on the disk"},
    {GK_EBUSY, "another process writes this store"},
    {GK_ENOTFOUND, "not found"},
    {GK_EEXIST, "exists already"},
    {GK_ESYNTAX, "cannot be understood"},
    {GK_ERANGE, "outside of what is allowed"},
    {GK_ELIMIT, "a limit was hit"},
    {GK_EINTERRUPTED, "interrupted"},
    {GK_EREADONLY, "opened read-only"},
    {GK_EBUG, "an internal invariant does not hold; please report this"},
};

const char *gk_status_text(int status)
{
    for (size_t i = 0; i < sizeof STATUS_TEXTS / sizeof *STATUS_TEXTS; i++)
        if (STATUS_TEXTS[i].status == status)
            return STATUS_TEXTS[i].text;
    return "unknown status";
}

const char *gk_version(void)
{
    return "0.1.0";
}

/* Takes back a UTF-8 character that a full buffer cut in two. */
static void mend_end(char *text)
{
    size_t n = strlen(text);
    size_t i = n;

    while (i > 0 && n - i < 4 && ((unsigned char)text[i - 1] & 0xC0) == 0x80)
        i--;
    if (i == 0)
        return;
    unsigned char lead = (unsigned char)text[i - 1];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (n - (i - 1) < need)
        text[i - 1] = 0;
}

__attribute__((format(printf, 5, 0))) static void fill(struct gk_error *error, int status, uint64_t line,
                                                       uint32_t column, const char *format, va_list list)
{
    error->status = status;
    error->line = line;
    error->column = column;
    (void)vsnprintf(error->text, sizeof error->text, format, list); /* a cut text is fine */
    mend_end(error->text);
}

int error_set(struct gk_error *error, int status, const char *format, ...)
{
    if (error) {
        va_list list;
        va_start(list, format);
        fill(error, status, 0, 0, format, list);
        va_end(list);
    }
    return status;
}

int error_set_at(struct gk_error *error, int status, uint64_t line, uint32_t column, const char *format, ...)
{
    if (error) {
        va_list list;
        va_start(list, format);
        fill(error, status, line, column, format, list);
        va_end(list);
    }
    return status;
}

void error_prefix(struct gk_error *error, const char *format, ...)
{
    char old[GK_ERROR_TEXT_MAX];
    va_list list;

    if (!error)
        return;
    memcpy(old, error->text, sizeof old);
    va_start(list, format);
    fill(error, error->status, error->line, error->column, format, list);
    va_end(list);
    size_t n = strlen(error->text);
    (void)snprintf(error->text + n, sizeof error->text - n, ": %s", old); /* a cut text is fine */
    mend_end(error->text);
}
