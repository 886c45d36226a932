/*
 * salvage.c - see salvage.h. The walk is that of the check of pages: what is below a page that makes no sense is passed
 * over, and all else is read. Pages that nothing leads to are not looked at: they may be of long ago.
 */
#include "store/salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/lock.h"
#include "store/pages.h"
#include "store/value.h"
#include "store/writer.h"

#define NAME_SIZE (4096 + 16)

static int take_record(void *context, unsigned table, struct view key, struct view stored, bool fits)
{
    const struct salvage *salvage = context;
    struct view value = {stored.bytes, fits ? stored.size - VALUE_CRC : 0};

    return salvage->record(salvage->context, (enum store_table)table, key, value, fits);
}

static int take_flaw(void *context, const char *text)
{
    const struct salvage *salvage = context;
    return salvage->lost(salvage->context, text);
}

int salvage_read(const char *folder, const struct salvage *salvage, struct gk_error *error)
{
    struct pages_checking checking = {
        .reads_values = true, .found = take_flaw, .record = take_record, .context = (void *)(uintptr_t)salvage};
    char name[NAME_SIZE];
    struct pages pages;
    int rc, fd = -1, lock_fd = -1;

    int n = snprintf(name, sizeof name, "%s/" STORE_DATA_FILE, folder);
    if (n < 0 || (size_t)n >= sizeof name)
        TRY(error_set(error, GK_EINVAL, "%.100s...: the path is too long", folder));
    fd = lock_safe_fd(open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd < 0)
        TRY(error_set(error, errno == ENOENT ? GK_ENOTFOUND : GK_EIO, "%s: %s", name, strerror(errno)));
    rc = writer_lock(folder, &lock_fd, error);
    TRY(rc == GK_EBUSY ? rc : GK_OK); /* where nothing can be written nobody writes */
    TRY(pages_begin(fd, name, &pages, error));
    checking.txn_id = pages.txn_id;
    TRY(pages_check(&pages, &checking, error));
done:
    if (fd >= 0)
        (void)close(fd); /* it was only read */
    if (lock_fd >= 0)
        (void)close(lock_fd);
    return rc;
}
