// A disk that loses power: preloaded into a process, it keeps a second copy of every file of one directory that
// holds only what was synced, and can end the process at a chosen write or sync.
//
//   POWERLOSS_DIR     the directory that is watched (absolute)
//   POWERLOSS_SHADOW  where the copies are kept (absolute, made by the caller)
//   POWERLOSS_CUT     end the process before this many writes and syncs; 0 or none: never
//   POWERLOSS_SEED    which of the writes since a file's last sync reach the disk all the same, by 512-byte sectors:
//                     0 = none of them
//   POWERLOSS_FORGET  a file's name ending: its syncs do nothing, as if they had not been called for
//
// After the cut the copies are the disk: the caller puts them in the directory's place. A file is there once it has
// been synced; what is removed is gone at once, what is renamed keeps what was synced, files and directories alike.
// Shared memory (-shm) is not kept.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 4096
#define SECTOR 512

typedef struct {
    off_t start, end;
} Range;

typedef struct {
    int watched;
    char shadow[PATH_MAX];
    Range *unsynced;
    size_t count, room;
} File;

static File files[FILES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *dir, *shadow_dir, *forgotten;
static size_t dir_length;
static long cut_at;
static uint64_t seed;
static atomic_long operations;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    dir = getenv("POWERLOSS_DIR");
    shadow_dir = getenv("POWERLOSS_SHADOW");
    forgotten = getenv("POWERLOSS_FORGET");
    const char *cut = getenv("POWERLOSS_CUT"), *s = getenv("POWERLOSS_SEED");
    cut_at = cut ? atol(cut) : 0;
    seed = s ? strtoull(s, NULL, 10) : 0;
    dir_length = dir ? strlen(dir) : 0;
}

static int ends_with(const char *name, const char *ending) {
    size_t n = strlen(name), e = strlen(ending);
    return n >= e && strcmp(name + n - e, ending) == 0;
}

static uint64_t random_bits(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

// Copies a range of the live file to its copy.
static void copy(int from, int to, off_t start, off_t end) {
    char buffer[65536];
    while (start < end) {
        size_t want = (size_t)(end - start) < sizeof buffer ? (size_t)(end - start) : sizeof buffer;
        ssize_t got = pread(from, buffer, want, start);
        if (got <= 0) return;
        if (REAL(pwrite)(to, buffer, (size_t)got, start) != got) abort();
        start += got;
    }
}

// The power goes: some sectors that were written but not synced are on the disk, the others are not.
static void cut(void) {
    for (int fd = 0; seed != 0 && fd < FILES; fd++) {
        File *file = &files[fd];
        if (!file->watched || file->count == 0) continue;
        int to = REAL(open)(file->shadow, O_WRONLY | O_CLOEXEC);
        if (to < 0) continue;
        for (size_t i = 0; i < file->count; i++) {
            for (off_t at = file->unsynced[i].start; at < file->unsynced[i].end;) {
                off_t next = (at / SECTOR + 1) * SECTOR;
                if (next > file->unsynced[i].end) next = file->unsynced[i].end;
                if (random_bits() & 1) copy(fd, to, at, next);
                at = next;
            }
        }
        close(to);
    }
    kill(getpid(), SIGKILL);
}

static void count_operation(void) {
    if (cut_at > 0 && atomic_fetch_add(&operations, 1) + 1 == cut_at) cut();
}

static void watch(int fd, const char *path) {
    if (!dir || fd < 0 || fd >= FILES) return;
    char absolute[PATH_MAX], link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, absolute, sizeof absolute - 1);
    if (length < 0) return;
    absolute[length] = 0;
    (void)path;
    if (strncmp(absolute, dir, dir_length) != 0 || absolute[dir_length] != '/') return;
    const char *name = absolute + dir_length + 1;
    struct stat kind;
    if (fstat(fd, &kind) != 0 || !S_ISREG(kind.st_mode)) return;
    if (ends_with(name, "-shm") || ends_with(name, ".sock") || strcmp(name, "lock") == 0) return;
    pthread_mutex_lock(&lock);
    File *file = &files[fd];
    file->watched = 1;
    file->count = 0;
    snprintf(file->shadow, sizeof file->shadow, "%s/%s", shadow_dir, name);
    pthread_mutex_unlock(&lock);
}

static void wrote(int fd, off_t start, ssize_t size) {
    if (fd < 0 || fd >= FILES || !files[fd].watched || size <= 0) return;
    pthread_mutex_lock(&lock);
    File *file = &files[fd];
    if (file->count == file->room) {
        file->room = file->room ? file->room * 2 : 64;
        file->unsynced = realloc(file->unsynced, file->room * sizeof(Range));
        if (!file->unsynced) abort();
    }
    file->unsynced[file->count++] = (Range){start, start + size};
    pthread_mutex_unlock(&lock);
}

static void make_parents(char *path) {
    for (char *slash = strchr(path + strlen(shadow_dir) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
}

static void synced(int fd) {
    if (fd < 0 || fd >= FILES || !files[fd].watched) return;
    pthread_mutex_lock(&lock);
    File *file = &files[fd];
    if (forgotten && ends_with(file->shadow, forgotten)) {
        pthread_mutex_unlock(&lock);
        return;
    }
    make_parents(file->shadow);
    int to = REAL(open)(file->shadow, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (to < 0) abort();
    for (size_t i = 0; i < file->count; i++) copy(fd, to, file->unsynced[i].start, file->unsynced[i].end);
    file->count = 0;
    struct stat live;
    if (fstat(fd, &live) != 0 || REAL(ftruncate)(to, live.st_size) != 0) abort();
    close(to);
    pthread_mutex_unlock(&lock);
}

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    int fd = REAL(open)(path, flags, mode);
    watch(fd, path);
    return fd;
}

int open64(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    int fd = REAL(open64)(path, flags, mode);
    watch(fd, path);
    return fd;
}

int close(int fd) {
    // What was written and not synced stays in doubt after a close, too; SQLite syncs before it closes.
    if (fd >= 0 && fd < FILES) files[fd].watched = 0;
    return REAL(close)(fd);
}

ssize_t write(int fd, const void *bytes, size_t size) {
    if (fd < 0 || fd >= FILES || !files[fd].watched) return REAL(write)(fd, bytes, size);
    count_operation();
    off_t start = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    ssize_t done = REAL(write)(fd, bytes, size);
    wrote(fd, start, done);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t start) {
    if (fd >= 0 && fd < FILES && files[fd].watched) count_operation();
    ssize_t done = REAL(pwrite)(fd, bytes, size, start);
    wrote(fd, start, done);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t start) {
    if (fd >= 0 && fd < FILES && files[fd].watched) count_operation();
    ssize_t done = REAL(pwrite64)(fd, bytes, size, start);
    wrote(fd, start, done);
    return done;
}

int fsync(int fd) {
    if (fd >= 0 && fd < FILES && files[fd].watched) count_operation();
    int code = REAL(fsync)(fd);
    if (code == 0) synced(fd);
    return code;
}

int fdatasync(int fd) {
    if (fd >= 0 && fd < FILES && files[fd].watched) count_operation();
    int code = REAL(fdatasync)(fd);
    if (code == 0) synced(fd);
    return code;
}

// The copy of a path in the watched directory, which may be given relative to the working directory.
static int copy_of(const char *path, char *copy) {
    char absolute[PATH_MAX];
    if (path[0] != '/') {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here)) return 0;
        if (strncmp(path, "./", 2) == 0) path += 2;
        snprintf(absolute, sizeof absolute, "%s/%s", here, path);
        path = absolute;
    }
    if (!dir || strncmp(path, dir, dir_length) != 0 || path[dir_length] != '/') return 0;
    snprintf(copy, PATH_MAX, "%s/%s", shadow_dir, path + dir_length + 1);
    return 1;
}

int unlink(const char *path) {
    char gone[PATH_MAX];
    int is_watched = copy_of(path, gone);
    if (is_watched) count_operation();
    int code = REAL(unlink)(path);
    if (code == 0 && is_watched) REAL(unlink)(gone);
    return code;
}

int rename(const char *path, const char *target) {
    char from[PATH_MAX], to[PATH_MAX];
    int is_watched = copy_of(path, from) && copy_of(target, to);
    if (is_watched) count_operation();
    int code = REAL(rename)(path, target);
    if (code == 0 && is_watched) {
        make_parents(to);
        REAL(rename)(from, to);
    }
    return code;
}
