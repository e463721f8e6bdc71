/* Tries one thing and says with its exit status how that ended: 0, or the error's number.
 *
 * A static program without a library of the node: it starts in every sandbox that starts anything.
 * What it changes it puts back, because the control succeeds on a real node.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int opened(const char *path, int flags)
{
    int descriptor = open(path, flags | O_CLOEXEC, 0600);
    return descriptor < 0 ? -1 : close(descriptor);
}

static int made(const char *path)
{
    return opened(path, O_WRONLY | O_CREAT) < 0 ? -1 : unlink(path);
}

static int mounted(const char *path)
{
    return mount("none", path, "tmpfs", 0, "") < 0 ? -1 : umount2(path, MNT_DETACH);
}

static int owned(const char *path)
{
    if (opened(path, O_WRONLY | O_CREAT) < 0)
        return -1;
    int result = chown(path, 65534, 65534), number = errno;
    unlink(path);
    errno = number;
    return result;
}

/* A copy of this program at PATH, started. */
static int started(const char *path)
{
    int status, from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    struct stat whole;
    if (from < 0 || to < 0 || fstat(from, &whole) < 0)
        return -1;
    if (sendfile(to, from, NULL, (size_t)whole.st_size) != whole.st_size)
        _exit(203);
    close(to);
    pid_t child = fork();
    if (!child) {
        execl(path, path, "nothing", (char *)NULL);
        _exit(errno);
    }
    if (waitpid(child, &status, 0) < 0)
        return -1;
    unlink(path);
    errno = WEXITSTATUS(status);
    return errno ? -1 : 0;
}

static int clock_set(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_REALTIME, &now) < 0 ? -1 : clock_settime(CLOCK_REALTIME, &now);
}

/* The first mapping of process PID with these RIGHTS: its first byte, written as it is. */
static int written(const char *pid, const char *rights)
{
    char path[64], line[512], found[5] = "";
    unsigned long start = 0;
    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    FILE *maps = fopen(path, "r");
    if (!maps)
        return -1;
    while (fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%*x %4s", &start, found) == 2 && !strcmp(found, rights))
            break;
    if (strcmp(found, rights))
        _exit(201);
    snprintf(path, sizeof path, "/proc/%s/mem", pid);
    char byte;
    int memory = open(path, O_RDWR | O_CLOEXEC);
    if (memory < 0 || pread(memory, &byte, 1, (off_t)start) != 1)
        return -1;
    return pwrite(memory, &byte, 1, (off_t)start) == 1 ? 0 : -1;
}

static int kernel_loaded(void)
{
    static char page[4096] __attribute__((aligned(4096)));
    struct { const void *data; size_t bytes; const void *address; size_t room; }
        segment = { page, sizeof page, (void *)0x1000000, sizeof page };
    if (syscall(SYS_kexec_load, 0x1000000UL, 1UL, &segment, 62UL << 16) < 0)
        return -1;
    return (int)syscall(SYS_kexec_load, 0UL, 0UL, NULL, 62UL << 16);
}

/* A program of one call, for a probe in the kernel: 14 asks who runs, 36 writes their memory. */
static int program_loaded(int function)
{
    struct bpf_insn code[] = {
        { BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 0 },
        { BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 0 },
        { BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0 },
        { BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -8 },
        { BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 8 },
        { BPF_JMP | BPF_CALL, 0, 0, 0, function },
        { BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0 },
        { BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
    };
    union bpf_attr wish = {
        .prog_type = BPF_PROG_TYPE_KPROBE,
        .insns = (unsigned long)code,
        .insn_cnt = sizeof code / sizeof *code,
        .license = (unsigned long)"GPL",
    };
    return syscall(SYS_bpf, BPF_PROG_LOAD, &wish, sizeof wish) < 0 ? -1 : 0;
}

/* The simplest program there is: the kind that needs no capability where the kernel allows it. */
static int filter_loaded(const char *user)
{
    struct bpf_insn code[] = {
        { BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0 },
        { BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
    };
    union bpf_attr wish = {
        .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
        .insns = (unsigned long)code,
        .insn_cnt = sizeof code / sizeof *code,
        .license = (unsigned long)"GPL",
    };
    if (*user && setuid((uid_t)atoi(user)) < 0)
        _exit(202);
    return syscall(SYS_bpf, BPF_PROG_LOAD, &wish, sizeof wish) < 0 ? -1 : 0;
}

static int tried(const char *what, const char *argument)
{
    if (!strcmp(what, "nothing"))
        return 0;
    if (!strcmp(what, "socket"))
        return socket(atoi(argument), SOCK_DGRAM, 0) < 0 ? -1 : 0;
    if (!strcmp(what, "read"))
        return opened(argument, O_RDONLY);
    if (!strcmp(what, "make"))
        return made(argument);
    if (!strcmp(what, "mount"))
        return mounted(argument);
    if (!strcmp(what, "own"))
        return owned(argument);
    if (!strcmp(what, "start"))
        return started(argument);
    if (!strcmp(what, "clock"))
        return clock_set();
    if (!strcmp(what, "alarm"))
        return timerfd_create(CLOCK_BOOTTIME_ALARM, TFD_CLOEXEC) < 0 ? -1 : 0;
    if (!strcmp(what, "unshare"))
        return unshare(CLONE_NEWUTS);
    if (!strcmp(what, "data"))
        return written(argument, "rw-p");
    if (!strcmp(what, "text"))
        return written(argument, "r-xp");
    if (!strcmp(what, "kexec"))
        return kernel_loaded();
    if (!strcmp(what, "call"))
        return program_loaded(atoi(argument));
    if (!strcmp(what, "filter"))
        return filter_loaded(argument);
    _exit(200);
}

int main(int count, char **words)
{
    const char *what = count > 1 ? words[1] : "";
    return tried(what, count > 2 ? words[2] : "") < 0 ? errno : 0;
}
