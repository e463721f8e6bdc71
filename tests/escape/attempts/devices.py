"""Devices: nodes made in a container, raw partitions, the kernel's memory, the device mapper."""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

from escape import kit
from escape.attempt import CDK, DEEPCE, SECRET, SERIAL, Case, Refused, attempt

SUPER = "superpowered: it has the node's devices, as root on the node"


@attempt(
    "raw-read-private",
    f"{CDK}: mount-disk by debugfs; deepce: privileged disk access",
    "reads the partition of the settings block by block",
    "a secret setting is found in it",
    seen=f"{SECRET}setting",
    allowed={"admin": SUPER},
    short=True,
)
def raw_read_private(case: Case) -> str:
    with open(kit.disk("private"), "rb", buffering=0) as disk:
        found: set[str] = set()
        while data := disk.read(kit.MIB):
            found.update(kit.secrets(data))
    return kit.told(found)


def _rewrite(label: str, offset: int, token: str) -> str:
    """Write TOKEN at OFFSET of partition LABEL, read it back, put the old bytes back."""
    descriptor = os.open(kit.disk(label), os.O_RDWR | os.O_SYNC)
    try:
        before = os.pread(descriptor, 512, offset)
        os.pwrite(descriptor, token.encode().ljust(512, b"\0"), offset)
        said = os.pread(descriptor, 512, offset).rstrip(b"\0").decode()
        os.pwrite(descriptor, before, offset)
    finally:
        os.close(descriptor)
    return said


@attempt(
    "raw-write-private",
    f"{CDK}: mount-disk by debugfs",
    "writes the unused first block of the partition of the settings",
    "the bytes are read back",
    allowed={"admin": SUPER},
)
def raw_write_private(case: Case) -> str:
    return _rewrite("private", 0, case.token)


@attempt(
    "raw-write-boot",
    f"{CDK}: mount-disk by debugfs; the way of a bootkit",
    "writes a reserved sector of the boot partition",
    "the bytes are read back",
    allowed={"admin": f"{SUPER}; what boots is Secure Boot's to decide"},
    short=True,
)
def raw_write_boot(case: Case) -> str:
    return _rewrite("boot", 20 * 512, case.token)


@attempt(
    "raw-write-idle-root",
    f"{CDK}: mount-disk by debugfs",
    "writes the first block of the idle root slot",
    "the bytes are read back",
    allowed={"admin": f"{SUPER}; a slot boots only with its root hash"},
)
def raw_write_idle_root(case: Case) -> str:
    return _rewrite("root-b", 0, case.token)


@attempt(
    "raw-write-root",
    f"{CDK}: mount-disk by debugfs",
    "writes a block of the running root below dm-verity, with the bytes it holds already",
    "the kernel takes the write",
    allowed={"admin": f"{SUPER}; another byte would be found by dm-verity at its next read"},
)
def raw_write_root(case: Case) -> str:
    descriptor = os.open(kit.disk("root-a"), os.O_RDWR | os.O_SYNC)
    try:
        data = os.pread(descriptor, 512, 0)
        return f"{os.pwrite(descriptor, data, 0)} bytes"
    finally:
        os.close(descriptor)


@attempt(
    "dev-mem",
    f"{DEEPCE}: privileged devices",
    "reads the machine's memory by /dev/mem",
    "the firmware's text is in it",
)
def dev_mem(case: Case) -> str:
    with open(kit.character(1, 1), "rb", buffering=0) as memory:
        memory.seek(0xF0000)
        data = memory.read(0x10000)
    if b"BIOS" not in data and b"QEMU" not in data:
        raise Refused("no firmware there")
    return f"{len(data)} bytes of the firmware"


@attempt(
    "kmsg-forge",
    f"{DEEPCE}: privileged devices",
    "writes a line of its own into the kernel's log",
    "the line is in the node's kernel log",
    seen="journalctl -k -n 3000 --no-pager -o cat | grep {token}",
    allowed={"admin": SUPER},
)
def kmsg_forge(case: Case) -> str:
    kit.write(kit.character(1, 11), f"<4>{case.token}\n")
    return "written"


@attempt(
    "console-write",
    f"{DEEPCE}: privileged devices",
    "writes on the node's serial console",
    "the text is on the console",
    seen=SERIAL,
    allowed={"admin": SUPER},
)
def console_write(case: Case) -> str:
    kit.write(kit.character(4, 64), f"{case.token}\r\n")
    return "written"


@attempt(
    "device-mapper",
    f"{CDK}: rewrite of devices; the way past a mounted file system",
    "makes a device-mapper device of its own by /dev/mapper/control",
    "the kernel lists the device",
    allowed={"admin": SUPER},
)
def device_mapper(case: Case) -> str:
    minor = next(
        int(line.split()[0])
        for line in Path("/proc/misc").read_text().splitlines()
        if line.endswith("device-mapper")
    )
    listed = False
    with open(kit.character(10, minor), "rb+", buffering=0) as control:
        for number in (3, 2, 4):  # DM_DEV_CREATE, DM_LIST_DEVICES, DM_DEV_REMOVE
            head = struct.pack("=III II IiIIIQ", 4, 0, 0, 16384, 312, 0, 0, 0, 0, 0, 0)
            block = (head + case.token.encode().ljust(128, b"\0")).ljust(16384, b"\0")
            answer = bytearray(block)
            fcntl.ioctl(control, 0xC138FD00 | number, answer)
            listed = listed or (number == 2 and case.token.encode() in answer[312:])
    return kit.told([case.token] if listed else [])


@attempt(
    "tun-device",
    f"{CDK}: capabilities (NET_ADMIN)",
    "makes a network interface on the node",
    "the node has the interface",
    allowed={"admin": "superpowered: the node's network is its own"},
)
def tun_device(case: Case) -> str:
    with open(kit.character(10, 200), "rb+", buffering=0) as tun:
        fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"escape%d", 0x1001))
        names = [n for n in Path("/proc/net/dev").read_text().split() if n.startswith("escape")]
    return kit.told(names)
