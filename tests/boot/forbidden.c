/* Tries one thing and says with its exit status how that ended: 0, or the error's number.
 *
 * A static program without a library of the node: it starts in every sandbox that starts anything.
 * What it changes it puts back, because the control succeeds on a real node.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
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

static int clock_set(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_REALTIME, &now) < 0 ? -1 : clock_settime(CLOCK_REALTIME, &now);
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
    if (!strcmp(what, "clock"))
        return clock_set();
    if (!strcmp(what, "alarm"))
        return timerfd_create(CLOCK_BOOTTIME_ALARM, TFD_CLOEXEC) < 0 ? -1 : 0;
    if (!strcmp(what, "unshare"))
        return unshare(CLONE_NEWUTS);
    _exit(200);
}

int main(int count, char **words)
{
    const char *what = count > 1 ? words[1] : "";
    return tried(what, count > 2 ? words[2] : "") < 0 ? errno : 0;
}
