/* A disk that fails on demand: preloaded into a process (LD_PRELOAD), steered while it runs.
 *
 * Acts on files whose path starts with $FAULT_PREFIX, by the rules in the mapped file
 * $FAULT_CONTROL; shim.py has the same layout and the words. Calls go to the kernel directly, so
 * that nothing here depends on what is loaded or initialised already. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum operation { READ, WRITE, SYNC, TRUNCATE, OPEN, REMOVE, OPERATIONS };
enum { RULES = 4, STEP_NS = 1000000 };

struct rule {
    _Atomic int32_t operations; /* bits 1 << enum operation; 0 while the rule is off */
    _Atomic int32_t turn;       /* another number for each use of this rule */
    int32_t error;              /* errno; 0: the calls are slow only */
    _Atomic int32_t half;       /* 1: before it fails, a write takes half of its bytes */
    _Atomic int64_t passing;    /* calls to leave alone first */
    _Atomic int64_t failing;    /* calls to fail after them; negative: all */
    int64_t delay_us;
    _Atomic int64_t seen, injected, held; /* calls that matched, that were hit, that wait now */
    char only[64];              /* fnmatch pattern of what follows the prefix */
};

static struct control {
    _Atomic int64_t seen[OPERATIONS];
    struct rule rules[RULES];
} *control;
static const char *prefix;

__attribute__((constructor)) static void attach(void) {
    prefix = getenv("FAULT_PREFIX");
    const char *path = getenv("FAULT_CONTROL");
    int fd = prefix && path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    control = map == MAP_FAILED ? NULL : map;
    syscall(SYS_close, fd);
}

/* Take one of the failures that are left. */
static bool take(struct rule *rule) {
    int64_t left = rule->failing;
    while (left > 0 && !atomic_compare_exchange_weak(&rule->failing, &left, left - 1))
        ;
    return left != 0;
}

/* Wait for the rule's delay; false if the rule was lifted meanwhile. */
static bool wait_out(struct rule *rule, int32_t turn) {
    rule->held++;
    for (int64_t ns = rule->delay_us * 1000; ns > 0 && rule->turn == turn; ns -= STEP_NS)
        nanosleep(&(struct timespec){0, ns < STEP_NS ? ns : STEP_NS}, NULL);
    rule->held--;
    return rule->turn == turn;
}

/* What a rule does to a call: 0 nothing, an errno, or -1: take half of the bytes. */
static int apply(struct rule *rule, enum operation operation, const char *name) {
    int32_t turn = rule->turn;
    if (!(rule->operations & 1 << operation) || fnmatch(rule->only, name, FNM_EXTMATCH))
        return 0;
    rule->seen++;
    if (rule->passing-- > 0)
        return 0;
    if (rule->failing && atomic_exchange(&rule->half, 0))
        return -1;
    if (!take(rule))
        return 0;
    rule->injected++;
    return wait_out(rule, turn) ? rule->error : 0;
}

static int fault(enum operation operation, const char *path) {
    if (!control || strncmp(path, prefix, strlen(prefix)))
        return 0;
    control->seen[operation]++;
    int error = 0;
    for (int i = 0; i < RULES && !error; i++)
        error = apply(&control->rules[i], operation, path + strlen(prefix));
    if (error > 0)
        errno = error;
    return error;
}

static int fault_of(enum operation operation, int fd) {
    char link[32], path[PATH_MAX];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = control ? syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1) : -1;
    errno = before;
    if (length < 0)
        return 0;
    path[length] = 0;
    return fault(operation, path);
}

ssize_t read(int fd, void *to, size_t size) {
    return fault_of(READ, fd) > 0 ? -1 : syscall(SYS_read, fd, to, size);
}

ssize_t pread64(int fd, void *to, size_t size, off64_t offset) {
    return fault_of(READ, fd) > 0 ? -1 : syscall(SYS_pread64, fd, to, size, offset);
}

ssize_t pread(int fd, void *to, size_t size, off_t offset) {
    return pread64(fd, to, size, offset);
}

ssize_t write(int fd, const void *from, size_t size) {
    int hit = fault_of(WRITE, fd);
    return hit > 0 ? -1 : syscall(SYS_write, fd, from, hit ? size / 2 : size);
}

ssize_t pwrite64(int fd, const void *from, size_t size, off64_t offset) {
    int hit = fault_of(WRITE, fd);
    return hit > 0 ? -1 : syscall(SYS_pwrite64, fd, from, hit ? size / 2 : size, offset);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t offset) {
    return pwrite64(fd, from, size, offset);
}

int fsync(int fd) { return fault_of(SYNC, fd) > 0 ? -1 : syscall(SYS_fsync, fd); }

int fdatasync(int fd) { return fault_of(SYNC, fd) > 0 ? -1 : syscall(SYS_fdatasync, fd); }

int ftruncate64(int fd, off64_t size) {
    return fault_of(TRUNCATE, fd) > 0 ? -1 : syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int openat64(int at, const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return fault(OPEN, path) > 0 ? -1 : syscall(SYS_openat, at, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return openat64(AT_FDCWD, path, flags, mode);
}

int open(const char *, int, ...) __attribute__((alias("open64")));
int openat(int, const char *, int, ...) __attribute__((alias("openat64")));

int unlink(const char *path) {
    return fault(REMOVE, path) > 0 ? -1 : syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rename(const char *from, const char *to) {
    return fault(REMOVE, from) > 0 ? -1 : syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
