"""Which accelerator works here: tried once with a short real boot, then remembered.

A /dev/kvm that opens proves nothing: on some machines firmware runs and kernels hang, on others
QEMU gives up over a register that the machine above does not have.
"""

from __future__ import annotations

import os
import platform
import selectors
import subprocess
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import msgspec

from skyrocket.lab import qemu
from skyrocket.models.node import Accelerator  # noqa: TC001  msgspec reads it
from skyrocket.sandbox import Mount, Sandbox

if TYPE_CHECKING:
    from skyrocket.models.progress import Reporter

DEVICE = Path("/dev/kvm")
PATIENCE = 10.0  # seconds to the kernel's first line
FIRST_LINE = b"Linux version "


class Verdict(msgspec.Struct, frozen=True):
    """The accelerator to use, why not a faster one, and what would change that."""

    accelerator: Accelerator
    reason: str = ""
    remedy: str = ""
    machine: str = ""  # the state of this machine that the verdict was reached in


class Trial(NamedTuple):
    """What came of the short boot."""

    worked: bool
    said: str  # the last line, for the reason


def state() -> str:
    """Changes when a new verdict may differ: another kernel or processor, other rights."""
    access = os.access(DEVICE, os.R_OK | os.W_OK)
    return f"{platform.release()} {os.uname().nodename} uid={os.geteuid()} kvm={access}"


def without_trial() -> Verdict | None:
    """The verdict when nothing need be tried: no /dev/kvm, or no right to it."""
    if not DEVICE.exists():
        return Verdict(
            "tcg",
            "this machine has no /dev/kvm",
            "a machine with hardware virtualisation (in a virtual machine: nested) is about 3 "
            "times faster",
            state(),
        )
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        remedy = 'sudo usermod -aG kvm "$USER", then log in again: about 3 times faster'
        return Verdict("tcg", "you have no right to use /dev/kvm", remedy, state())
    return None


def judge(trial: Trial, machine: str) -> Verdict:
    """From the trial to the verdict; pure."""
    if trial.worked:
        return Verdict("kvm", machine=machine)
    return Verdict(
        "tcg",
        f"/dev/kvm is there and a kernel does not start with it ({trial.said})",
        "a machine whose virtualisation works is about 3 times faster",
        machine,
    )


def find(sandbox: Sandbox, image: Path, memory: Path, report: Reporter) -> Verdict:
    """The verdict for this machine; MEMORY is the file that keeps it, IMAGE has a kernel."""
    verdict = without_trial()
    if verdict is None:
        verdict = _recall(memory)
        if verdict is None or verdict.machine != state():
            report.step("try hardware virtualisation with a short boot")
            verdict = judge(_try(sandbox, image), state())
            memory.write_bytes(msgspec.json.encode(verdict))
    return verdict


def _recall(memory: Path) -> Verdict | None:
    try:
        return msgspec.json.decode(memory.read_bytes(), type=Verdict)
    except (OSError, msgspec.DecodeError):
        return None


def _try(sandbox: Sandbox, image: Path) -> Trial:
    argv = sandbox.argv(qemu.plan_probe("kvm"), mounts=[Mount(image, qemu.IMAGE)])
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        assert child.stdout is not None  # noqa: S101  asked for above
        try:
            return _watch(child.stdout, time.monotonic() + PATIENCE)
        finally:
            child.kill()


def _watch(output: IO[bytes], deadline: float) -> Trial:
    heard = b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if not selector.select(left):
                break
            data = os.read(output.fileno(), 65536)
            heard += data
            if FIRST_LINE in heard:
                return Trial(worked=True, said="")
            if not data:
                lines = heard.decode(errors="replace").split("\n")
                said = [line for line in lines if line.strip()]
                return Trial(worked=False, said=said[0].strip() if said else "QEMU ended")
    return Trial(worked=False, said=f"no line from the kernel within {PATIENCE:.0f} s")
