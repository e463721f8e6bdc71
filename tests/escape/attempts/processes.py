"""Processes of the node and of other containers: read, entered, traced, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import time
from pathlib import Path

from escape import kit
from escape.attempt import CDK, SECRET, Case, Refused, attempt

ROOT = "superpowered: root on the node; gone with the next boot, or data and no program"
READS = "superpowered: it sees the node's files, through /.bottlerocket/rootfs"


@attempt(
    "other-container-environment",
    f"{CDK}: sensitive environment; deepce: environment",
    "reads the environment of another container's process",
    "the other container's secret is read",
    seen=f"{SECRET}environment",
    allowed={"admin": READS},
)
def other_container_environment(case: Case) -> str:
    return kit.told(kit.secrets(Path(f"/proc/{kit.victim()}/environ").read_bytes()))


@attempt(
    "setns",
    f"nsenter; {CDK}: shared pid namespace",
    "enters the mount namespace of the node's first process",
    "a secret setting is read there",
    seen=f"{SECRET}setting",
    allowed={"admin": "what sheltie does"},
)
def setns(case: Case) -> str:
    kit.root_of_init()
    kit.call("setns", os.open("/proc/1/ns/mnt", os.O_RDONLY), kit.NEW_MOUNT)
    return kit.harvest("/var/lib/bottlerocket")


@attempt(
    "ptrace",
    f"{CDK}: check-ptrace",
    "attaches to a process of another container",
    "the process is traced by it",
    allowed={"admin": "superpowered: it sees the node's processes, as root on the node"},
)
def ptrace(case: Case) -> str:
    pid = kit.victim()
    kit.call("ptrace", 0x4206, pid, 0, 0)  # PTRACE_SEIZE
    status = Path(f"/proc/{pid}/status").read_text()
    return kit.told(line for line in status.splitlines() if f"TracerPid:\t{os.getpid()}" in line)


@attempt(
    "sealed-program-memory",
    "sealed runtime: /proc/*/mem from outside",
    "writes a byte of the memory of the node's API process, with the value it has",
    "the kernel takes the write",
    allowed={"admin": "root can attach to our processes, and says so in the threat model"},
)
def sealed_program_memory(case: Case) -> str:
    pid = kit.named("api")
    rows = Path(f"/proc/{pid}/maps").read_text().splitlines()
    start = next(int(row.split("-")[0], 16) for row in rows if " rw-p " in row)
    descriptor = os.open(f"/proc/{pid}/mem", os.O_RDWR)
    try:
        data = os.pread(descriptor, 1, start)
        return f"{os.pwrite(descriptor, data, start)} byte of process {pid}"
    finally:
        os.close(descriptor)


@attempt(
    "signal",
    f"{CDK}: shared pid namespace",
    "stops a process of another container",
    "its state is `stopped`",
    allowed={"admin": "superpowered: it sees the node's processes, as root on the node"},
)
def stop(case: Case) -> str:
    pid = kit.victim()
    os.kill(pid, signal.SIGSTOP)
    time.sleep(0.2)
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    os.kill(pid, signal.SIGCONT)
    return kit.told(["stopped"] if state == "T" else [])


@attempt(
    "stolen-descriptor",
    "pidfd_getfd, against the API process",
    "takes a socket out of the API process",
    "it holds the socket",
    allowed={"admin": "root can attach to our processes, and says so in the threat model"},
)
def stolen_descriptor(case: Case) -> str:
    handle = kit.call("pidfd_open", kit.named("api"), 0)
    for number in range(3, 12):
        with contextlib.suppress(OSError):
            mine = kit.call("pidfd_getfd", handle, number, 0)
            if stat.S_ISSOCK(os.fstat(mine).st_mode):
                return f"descriptor {number}"
    kit.call("pidfd_getfd", handle, 3, 0)
    raise Refused("no socket among its descriptors")


@attempt(
    "freeze",
    f"{CDK}: rewrite of control groups",
    "freezes another container by its control group",
    "the group says that it is frozen",
    allowed={"admin": ROOT},
)
def freeze(case: Case) -> str:
    with kit.mounted("cgroup2", "cgroup2") as where:
        name = "hostcontainers.slice/host-containers@victim.service/container"
        group = next((p for p in where.rglob("container") if str(p).endswith(name)), None)
        if group is None:
            raise Refused("the other container's group is not seen")
        kit.put(f"{group}/cgroup.freeze", "1")
        time.sleep(0.3)
        said = (group / "cgroup.events").read_text()
        kit.put(f"{group}/cgroup.freeze", "0")
    return kit.told(line for line in said.splitlines() if line == "frozen 1")
