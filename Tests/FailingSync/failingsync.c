// A disk that fails, when preloaded, for files whose names end in $FAILING_FILES:
//
//   FAILING_SYNC   while this file exists, fsync and fdatasync fail with EIO. What was written stays readable, as it
//                  does on Linux: only the disk has not got it.
//   FAILING_WRITE  while this file exists, writes fail with EROFS, as they do once a file system with errors has been
//                  remounted read-only.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(const char *variable, int file) {
    const char *control = getenv(variable);
    const char *ending = getenv("FAILING_FILES");
    if (!control || !ending || access(control, F_OK) != 0) return 0;
    char link[64], name[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < (ssize_t)strlen(ending)) return 0;
    name[length] = 0;
    return strcmp(name + length - strlen(ending), ending) == 0;
}

static int fail(int error) {
    errno = error;
    return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int file) { return fails("FAILING_SYNC", file) ? fail(EIO) : REAL(fsync)(file); }

int fdatasync(int file) { return fails("FAILING_SYNC", file) ? fail(EIO) : REAL(fdatasync)(file); }

ssize_t write(int file, const void *bytes, size_t count) {
    return fails("FAILING_WRITE", file) ? fail(EROFS) : REAL(write)(file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    return fails("FAILING_WRITE", file) ? fail(EROFS) : REAL(pwrite)(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    return fails("FAILING_WRITE", file) ? fail(EROFS) : REAL(pwrite64)(file, bytes, count, offset);
}
