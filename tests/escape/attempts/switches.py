"""The kernel's files in /proc and /sys: what they show, and what they switch."""

from __future__ import annotations

import contextlib
import ctypes
import os

from escape import kit
from escape.attempt import CDK, DEEPCE, Case, Refused, attempt

SUPER = "superpowered: root on the node; the next boot knows nothing of it"


@attempt(
    "sysrq",
    f"{CDK}: mount-procfs",
    "asks the kernel by /proc/sysrq-trigger (for its help; a reboot is one letter away)",
    "the kernel's answer is in the node's log",
    seen="journalctl -k -n 3000 --no-pager -o cat | grep -A1 {token} | grep -q sysrq && "
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
