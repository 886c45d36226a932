/*
 * make.c - a new LMDB file, whole or not at all. LMDB writes the two headers of a new file without syncing them: a
 * power cut leaves one of them, or half of one, and then the file is refused for ever. So it is made under another
 * name.
 */
#include "store/make.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <unistd.h>

#include "store/store.h"

#define PATH_SIZE 4096

int make_file(const char *folder)
{
    char making[PATH_SIZE + 16], made[PATH_SIZE + 16];
    MDB_env *env = NULL;

    (void)snprintf(making, sizeof making, "%s/" STORE_DATA_FILE ".new", folder);
    (void)snprintf(made, sizeof made, "%s/" STORE_DATA_FILE, folder);
    (void)unlink(making); /* of a making that was interrupted */
    int code = mdb_env_create(&env);
    if (code == MDB_SUCCESS)
        code = mdb_env_open(env, making, MDB_NOSUBDIR | MDB_NOLOCK, 0640);
    if (code == MDB_SUCCESS)
        code = mdb_env_sync(env, 1);
    if (env)
        mdb_env_close(env);
    if (code == MDB_SUCCESS && rename(making, made) != 0)
        code = errno;
    return code;
}
