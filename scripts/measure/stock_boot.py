"""Boots the yardstick: the lab's own virtual machine, another image in it.

The command line of QEMU comes from the lab's plan, so both have the same machine to the last
option; an empty disc stands where our node has its user data.
"""

from __future__ import annotations

import re
import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from measure import here, stock
from measure.here import MeasureError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skyrocket.models.node import Accelerator, Process

ARGUMENTS = "console=tty0 console=ttyS0,115200n8 quiet root=/dev/vda rw net.ifnames=0"
PATIENCE = 300.0
_LINE = re.compile(rf"{stock.READY} uptime=([0-9.]+)")
_CONTAINER = re.compile(rf"{stock.CONTAINER}: start=([0-9]+) now=([0-9.]+)")


class Boot(NamedTuple):
    """Seconds from the start of QEMU: to the line on the console, and to sshd's greeting."""

    ready: float
    processor: float  # seconds that QEMU worked until the line
    greeting: float
    uptime: float  # the guest's own clock when it printed the line


class Machine(NamedTuple):
    """The stock image in a running machine; BEGAN on the monotonic clock."""

    child: Process
    log: Path
    port: int
    began: float

    def said(self) -> str:
        if not self.log.is_file():
            return ""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def alive(self) -> None:
        """Raise MeasureError when the machine ended or all patience is used up."""
        from skyrocket.lab import process

        if time.monotonic() - self.began > PATIENCE or not process.alive(self.child):
            last = " / ".join(self.said().strip().splitlines()[-3:])
            raise MeasureError(f"cannot boot the stock image: {last or 'no line on the console'}")
        time.sleep(0.1)


class Yardstick(NamedTuple):
    """What a boot of the stock image needs; nothing but WORK is written to."""

    image: stock.Stock
    work: Path
    tools: Path
    accelerator: Accelerator


def boot(yardstick: Yardstick) -> Boot:
    """One boot on a disk that no boot has seen; the machine is ended after it."""
    with _running(yardstick, ARGUMENTS) as machine:
        ready = worked = greeting = uptime = 0.0
        while not (ready and greeting):
            now = time.monotonic() - machine.began
            if not ready and (found := _LINE.search(machine.said())):
                ready, worked, uptime = now, here.worked(machine.child.pid), float(found[1])
            if ready and not greeting and _greets(machine.port):
                greeting = time.monotonic() - machine.began
            machine.alive()
        return Boot(round(ready, 2), worked, round(greeting, 2), uptime)


def containers(yardstick: Yardstick) -> list[float]:
    """Seconds of each start of the demonstration's container there; the image is there already."""
    with _running(yardstick, f"{ARGUMENTS} {stock.CONTAINERS_TOO}") as machine:
        while len(found := _CONTAINER.findall(machine.said())) < stock.STARTS:
            machine.alive()
        return [float(now) - int(start) / 1e6 for start, now in found]


@contextmanager
def _running(yardstick: Yardstick, arguments: str) -> Iterator[Machine]:
    from skyrocket.lab import launch, process, qemu, qmp
    from skyrocket.models.node import CPUS, MEMORY
    from skyrocket.sandbox import Mount, Sandbox

    image, work, tools, accelerator = yardstick
    work.mkdir(parents=True, exist_ok=True)
    for name in ("disk.qcow2", "serial.log", "qmp.sock"):
        (work / name).unlink(missing_ok=True)
    (work / "seed.img").write_bytes(b"\0" * 1440 * 1024)
    sandbox = Sandbox(tools)
    mounts = [Mount(work, qemu.NODE, writable=True), Mount(image.folder, qemu.IMAGE)]
    sandbox.run([
        "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", f"{qemu.IMAGE}/disk.raw",
        f"{qemu.NODE}/disk.qcow2",
    ], mounts=mounts)  # fmt: skip
    port, other = _free_port(), _free_port()
    slow = f" {launch.SLOW_ARGUMENTS}" if accelerator == "tcg" else ""
    # What the lab gives a node when the user says nothing.
    machine = qemu.Machine(
        "stock", accelerator, MEMORY, CPUS, port, other, firmware=False,
        command_line=arguments + slow,
    )  # fmt: skip
    plan = qemu.plan_qemu(machine)
    began = time.monotonic()
    child = process.start(sandbox.argv(plan, mounts=mounts), work / "qemu.log")
    try:
        yield Machine(child, work / "serial.log", port, began)
    finally:
        with suppress(Exception):
            qmp.ask(work / "qmp.sock", qmp.QUIT)
        process.end(child)


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
            return line.recv(4) == b"SSH-"
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
