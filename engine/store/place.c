/*
 * place.c - see place.h. A network file system has neither the locks nor the coherent map that LMDB stands on: two
 * machines would write one file. Whoever may write the directory may put another file in the place of the store's.
 */
#include "store/place.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* From statfs(2). Those of FUSE tell nothing of what is behind them. */
static const struct {
    uint32_t magic;
    const char *name;
} NETWORKS[] = {
    {0x6969, "NFS"},        {0x517B, "SMB"},       {0xFF534D42, "CIFS"},  {0xFE534D42, "SMB2"},  {0x5346414F, "AFS"},
    {0x6B414653, "AFS"},    {0x73757245, "Coda"},  {0x564C, "NCP"},       {0x01021997, "9P"},    {0x00C36400, "Ceph"},
    {0x0BD00BD0, "Lustre"}, {0x013111A8, "IBRIX"}, {0x19830326, "FhGFS"}, {0x7461636F, "OCFS2"}, {0x01161970, "GFS2"},
};

static const char *network_of(uint32_t magic)
{
    for (size_t i = 0; i < sizeof NETWORKS / sizeof NETWORKS[0]; i++)
        if (NETWORKS[i].magic == magic)
            return NETWORKS[i].name;
    return NULL;
}

int place_check(const char *path, struct gk_error *error)
{
    struct stat st;
    struct statfs fs;

    if (stat(path, &st) != 0 || statfs(path, &fs) != 0)
        return error_set(error, errno == ENOENT ? GK_ENOTFOUND : GK_EIO, "%s: %s", path, strerror(errno));
    if (st.st_mode & S_IWOTH)
        return error_set(error, GK_EINVAL,
                         "%s: everybody may write this directory (mode %03o): chmod o-w, or set GK_TRUST_PLACE=1", path,
                         (unsigned)st.st_mode & 0777);
    const char *name = network_of((uint32_t)fs.f_type);
    if (name)
        return error_set(error, GK_EINVAL,
                         "%s: is on %s, a network file system, which has neither the locks nor the coherent memory map "
                         "that a store needs: keep it on a local disk, or set GK_TRUST_PLACE=1",
                         path, name);
    return GK_OK;
}
