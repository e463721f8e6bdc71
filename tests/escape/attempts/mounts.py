"""File systems: devices mounted anew, the node's mounts changed, kernel file systems opened."""

from __future__ import annotations

import os
from pathlib import Path

from escape import kit
from escape.attempt import CDK, DEEPCE, SECRET, Case, Refused, attempt

FAT = "iocharset=ascii,codepage=437,utf8=0"
"""The character sets that the node has."""


@attempt(
    "mount-private",
    f"{CDK}: mount-disk",
    "mounts the partition of the settings by its device",
    "a secret setting is read",
    seen=f"{SECRET}setting",
    short=True,
)
def mount_private(case: Case) -> str:
    # As the node has it: a second, read-only mount of one file system is refused.
    with kit.mounted(kit.disk("private"), "ext4") as where:
        return kit.harvest(where)


@attempt(
    "mount-private-new-calls",
    f"{CDK}: mount-disk, by fsopen and fsmount, which filters of mount(2) do not see",
    "the same, with the calls of 2019",
    "a secret setting is read",
    seen=f"{SECRET}setting",
)
def mount_private_new_calls(case: Case) -> str:
    device = kit.disk("private")
    context = kit.call("fsopen", b"ext4", 0)
    kit.call("fsconfig", context, 1, b"source", device.encode(), 0)
    kit.call("fsconfig", context, 6, None, None, 0)
    tree = kit.call("fsmount", context, 0, 1)
    where = "/run/new-calls"
    os.makedirs(where, exist_ok=True)
    kit.call("move_mount", tree, b"", -100, where.encode(), 4)
    try:
        return kit.harvest(where)
    finally:
        kit.unmount(where)


@attempt(
    "mount-data-write",
    f"{CDK}: mount-disk",
    "mounts the data partition by its device, and writes there",
    "a file in /local of the node",
    seen="cat /local/{token}",
    undo="rm -f /local/{token}",
)
def mount_data_write(case: Case) -> str:
    with kit.mounted(kit.disk("data"), "ext4") as where:
        (where / case.token).write_text(case.token)
    return "written"


@attempt(
    "mount-boot-write",
    f"{CDK}: mount-disk",
    "mounts the boot partition, and adds a file beside the kernel image",
    "the file is there after a second mount, beside the kernel image",
)
def mount_boot_write(case: Case) -> str:
    device = kit.disk("boot")
    with kit.mounted(device, "vfat", 0, FAT) as where:
        (where / "escape.txt").write_text(case.token)
    with kit.mounted(device, "vfat", 0, FAT) as where:
        text = (where / "escape.txt").read_text()
        images = os.listdir(where / "EFI/Linux")
        (where / "escape.txt").unlink()
    if text != case.token:
        raise Refused("the file is not there")
    return f"{text} beside {images}"


@attempt(
    "remount-root",
    f"{DEEPCE}: writable host paths",
    "mounts the node's root writable and adds a program",
    "a new file in /usr of the node",
    seen="cat /usr/{token}",
    control="erofs on dm-verity cannot be written by anybody",
    short=True,
)
def remount_root(case: Case) -> str:
    root = kit.root()
    kit.mount("", root, "", kit.REMOUNT)
    Path(root, "usr", case.token).write_text(case.token)
    return "written"


@attempt(
    "mount-over-programs",
    "sealed runtime: a writable mount over the bundle",
    "enters the node's mount namespace and hides our programs below a tmpfs of its own",
    "the node's host program is the attacker's file",
    allowed={
        "admin": "sheltie is root in the node's own mount namespace; the mount is gone with the "
        "next boot"
    },
)
def mount_over_programs(case: Case) -> str:
    kit.root_of_init()
    descriptor = os.open("/proc/1/ns/mnt", os.O_RDONLY)
    kit.call("setns", descriptor, kit.NEW_MOUNT)
    folder = "/usr/libexec/skyrocket"
    kit.mount("tmpfs", folder, "tmpfs", 0, "mode=755")
    try:
        Path(folder, "skyrocket").write_text(case.token)
        said = Path(f"/proc/1/root{folder}/skyrocket").read_text()
    finally:
        kit.unmount(folder)
    return said


@attempt(
    "fresh-proc",
    "masked paths passed by a second procfs (CVE-2025-31133 and others aim at the same mask)",
    "mounts a procfs without the container's masks and changes a kernel's setting in it",
    "vm.user_reserve_kbytes of the node has another value",
    seen="cat /proc/sys/vm/user_reserve_kbytes",
    undo="echo 131072 > /proc/sys/vm/user_reserve_kbytes",
    allowed={"admin": "superpowered: sysctls are its to set, as root on the node; none is kept"},
    short=True,
)
def fresh_proc(case: Case) -> str:
    with kit.mounted("proc", "proc") as where:
        return kit.put(f"{where}/sys/vm/user_reserve_kbytes", str(case.number))


@attempt(
    "user-namespace",
    f"{CDK}: abuse-unpriv-userns (CVE-2022-0492's first step)",
    "makes a user namespace, to hold every capability in it",
    "the process's effective capabilities are all of them",
)
def user_namespace(case: Case) -> str:
    if os.getuid() == 0:
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
    kit.call("unshare", kit.NEW_USER | kit.NEW_MOUNT)
    status = Path("/proc/self/status").read_text()
    held = int(next(x.split()[1] for x in status.splitlines() if x.startswith("CapEff")), 16)
    if not held >> 21 & 1:
        raise Refused(f"capabilities {held:x}")
    return f"capabilities {held:x}"


@attempt(
    "debugfs",
    f"{CDK}: evaluation of mounts; deepce: interesting mounts",
    "mounts debugfs and writes a switch of the kernel's memory management",
    "the switch takes the value",
)
def debugfs(case: Case) -> str:
    with kit.mounted("debugfs", "debugfs") as where:
        switch = f"{where}/fault_around_bytes"
        before = Path(switch).read_text().strip()
        kit.put(switch, before)
        return f"fault_around_bytes {before}"


@attempt(
    "tracefs",
    f"{CDK}: evaluation of mounts",
    "mounts tracefs and switches the tracing of every executed program on",
    "sched_process_exec is traced, with events of others",
)
def tracefs(case: Case) -> str:
    with kit.mounted("tracefs", "tracefs") as where:
        switch = f"{where}/events/sched/sched_process_exec/enable"
        kit.put(switch, "1")
        try:
            if os.fork() == 0:
                os.execv("/usr/bin/busybox", ["busybox", "true"])
            os.wait()
            text = Path(where, "trace").read_text()
        finally:
            kit.put(switch, "0")
    if "sched_process_exec:" not in text:
        raise Refused("no event was traced")
    return text.splitlines()[-1].strip()
