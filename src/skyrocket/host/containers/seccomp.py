"""Which system calls a container's processes may make, unless it is superpowered.

The rule behind the list: calls that work on the caller's own files, memory, processes, sockets
and clocks are allowed; calls that load code into the kernel, change mounts, namespaces, time or
the machine, or read other processes, are not, unless a capability that allows it anyway is there.
"""

from __future__ import annotations

ARCHITECTURES = {
    "x86_64": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    "aarch64": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
}

EPERM, ENOSYS = 1, 38

_FILES = """
access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat
faccessat2 fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32
fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstat64
fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents getdents64
getxattr getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl lchown
lchown32 lgetxattr link linkat listxattr listxattrat llistxattr _llseek lremovexattr lseek
lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at newfstatat open openat
openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink
readlinkat readv removexattr removexattrat rename renameat renameat2 rmdir sendfile sendfile64
setxattr setxattrat splice stat stat64 statfs statfs64 statx statmount listmount symlink
symlinkat sync sync_file_range sync_file_range2 arm_sync_file_range syncfs tee truncate truncate64
umask unlink unlinkat utime utimensat utimensat_time64 utimes vmsplice write writev
"""
_MEMORY = """
brk cachestat fadvise64 get_mempolicy madvise map_shadow_stack membarrier memfd_create
memfd_secret mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap mseal msync munlock
munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease remap_file_pages
"""
_PROCESSES = """
alarm arch_prctl arm_fadvise64_64 breakpoint cacheflush capget capset execve execveat exit
exit_group fork futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake getegid
getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getpgid getpgrp getpid getppid
getpriority getresgid getresgid32 getresuid getresuid32 getrlimit get_robust_list getrusage getsid
get_thread_area gettid getuid getuid32 ioprio_get ioprio_set kill landlock_add_rule
landlock_create_ruleset landlock_restrict_self modify_ldt nanosleep pause pidfd_open
pidfd_send_signal prctl prlimit64 process_vm_readv process_vm_writev ptrace restart_syscall rseq
rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_getaffinity sched_getattr
sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler
sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
sched_setscheduler sched_yield seccomp setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32
setgroups setgroups32 setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid
setresuid32 setreuid setreuid32 setrlimit set_robust_list setsid set_thread_area set_tid_address
set_tls setuid setuid32 sigaction sigaltstack signal sigpending sigprocmask sigreturn sigsuspend
tgkill tkill ugetrlimit uname vfork wait4 waitid waitpid sysinfo times getcpu getrandom
"""
_CLOCKS = """
clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
clock_nanosleep clock_nanosleep_time64 adjtimex getitimer gettimeofday setitimer time timer_create
timer_delete timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64
timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64
"""
_TALKING = """
accept accept4 bind connect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait
epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 getpeername getsockname getsockopt
io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ipc listen
mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd _newselect poll ppoll ppoll_time64
pselect6 pselect6_time64 recv recvfrom recvmmsg recvmmsg_time64 recvmsg select semctl semget semop
semtimedop semtimedop_time64 send sendmmsg sendmsg sendto setsockopt shmat shmctl shmdt shmget
shutdown signalfd signalfd4 socketcall socketpair
"""

BY_CAPABILITY = {
    "CAP_DAC_READ_SEARCH": "open_by_handle_at",
    "CAP_SYS_ADMIN": (
        "bpf clone clone3 fanotify_init fanotify_mark fsconfig fsmount fsopen fspick "
        "lookup_dcookie lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount mount_setattr "
        "move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname "
        "setns syslog umount umount2 unshare"
    ),
    "CAP_SYS_BOOT": "reboot",
    "CAP_SYS_CHROOT": "chroot",
    "CAP_SYS_MODULE": "delete_module finit_module init_module",
    "CAP_SYS_PACCT": "acct",
    "CAP_SYS_PTRACE": "kcmp pidfd_getfd process_madvise",
    "CAP_SYS_RAWIO": "iopl ioperm",
    "CAP_SYS_TIME": "clock_settime clock_settime64 settimeofday stime",
    "CAP_SYS_TTY_CONFIG": "vhangup",
    "CAP_SYS_NICE": "mbind move_pages set_mempolicy set_mempolicy_home_node",
    "CAP_SYSLOG": "syslog",
}

_NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW… flag of clone(2)
_AF_VSOCK = 40  # talks to the hypervisor, past any network rule
_PERSONALITIES = (0x0, 0x0008, 0x20000, 0x20008, 0xFFFFFFFF)  # Linux, 32 bit, their uname26, query


def profile(machine: str, capabilities: tuple[str, ...]) -> dict[str, object]:
    """The `linux.seccomp` part for MACHINE, with what CAPABILITIES open."""
    rules: list[dict[str, object]] = [_allow(_calls(capabilities))]
    rules += [_allow(["personality"], 0, value) for value in _PERSONALITIES]
    rules.append(_allow(["socket"], 0, _AF_VSOCK, "SCMP_CMP_NE"))
    if "CAP_SYS_ADMIN" not in capabilities:
        rules.append(_allow(["clone"], 0, _NEW_NAMESPACES, "SCMP_CMP_MASKED_EQ", 0))
        # clone3 keeps its flags in memory where no filter sees them; with this answer the C
        # library falls back to clone.
        rules.append({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS})
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": EPERM,
        "architectures": ARCHITECTURES.get(machine, []),
        "syscalls": rules,
    }


def _calls(capabilities: tuple[str, ...]) -> list[str]:
    words = f"{_FILES} {_MEMORY} {_PROCESSES} {_CLOCKS} {_TALKING}".split()
    for capability in capabilities:
        words += BY_CAPABILITY.get(capability, "").split()
    return sorted(set(words))


def _allow(
    names: list[str],
    index: int | None = None,
    value: int = 0,
    operator: str = "SCMP_CMP_EQ",
    second: int | None = None,
) -> dict[str, object]:
    rule: dict[str, object] = {"names": names, "action": "SCMP_ACT_ALLOW"}
    if index is not None:
        test: dict[str, object] = {"index": index, "value": value, "op": operator}
        if second is not None:
            test["valueTwo"] = second
        rule["args"] = [test]
    return rule
