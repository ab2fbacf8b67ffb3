/* Makes every sync of a file take longer by SLOW_FSYNC_US microseconds, 1000 if unset: a slower disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

typedef int (*sync_call)(int);

static int slowly(const char *name, int file)
{
    sync_call call = (sync_call) dlsym(RTLD_NEXT, name);
    const char *delay = getenv("SLOW_FSYNC_US");
    int result = call(file);

    usleep(delay ? (useconds_t) atoi(delay) : 1000);
    return result;
}

int fsync(int file)
{
    return slowly("fsync", file);
}

int fdatasync(int file)
{
    return slowly("fdatasync", file);
}
