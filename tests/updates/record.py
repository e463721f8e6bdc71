"""Record every write of a node that commits settings, takes an update, proves it and goes on.

A recording is a folder: `writes.log` (see `log`), `facts.json` (what had to hold from which place
in the log on), `disk.raw` (what the disk was before), kernel images, `serial.log`. It is apart from
checking, because it takes minutes and is the same for every checker. A mark is set before something
is asked for, which lets both outcomes be, and after the answer, from which on only the new one is
right.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from updates import sparse, versions
from updates.versions import NEW, OLD

from skyrocket.cli.checkout import ROOT
from skyrocket.lab import qemu
from skyrocket.models.node import DISK_BYTES

if TYPE_CHECKING:
    from boot.machine import Machine, Rack

FACTS, DISK = "facts.json", "disk.raw"


class Mark(Struct, frozen=True):
    """From byte AT of the log on: one of the versions BOOTS, and settings not before GENERATION."""

    at: int
    what: str
    boots: tuple[str, ...]
    generation: int = 0


class Facts(Struct, frozen=True):
    """KERNELS are files in the folder: all that may boot; ORDER is what the node was told."""

    disk_bytes: int
    kernels: dict[str, str]  # by version
    marks: tuple[Mark, ...]
    seconds: float
    machine: str
    order: dict[str, str]
    commit: str = ""


class Recorder:
    """A node whose writes are logged, and the marks so far."""

    def __init__(self, node: Machine) -> None:
        self.node, self.marks = node, list[Mark]()
        self._log = node.home.folder / qemu.WRITES

    def mark(self, what: str, *boots: str, generation: int = 0) -> None:
        floor = max(generation, self.marks[-1].generation if self.marks else 0)
        self.marks.append(Mark(self._log.stat().st_size, what, boots, floor))
        sys.stdout.write(f"  at {self.marks[-1].at:,}: {what}\n")
        sys.stdout.flush()

    def ask(self, *words: str) -> str:
        answer = self.node.admin("apiclient", *words)
        assert answer.status == 0, answer
        return answer.out

    def generation(self) -> int:
        return int(json.loads(self.ask("history", "-f", "json"))[-1]["generation"])

    def healthy(self) -> None:
        said = "cat /run/skyrocket/health.json"
        self.node.wait("verdict", lambda: '"healthy": true' in self.node.host(said).out, 240)

    def commit(self, message: str, boots: str) -> None:
        """Settings are changed; the answer says that they are kept."""
        self.ask("set", f"motd={message}")
        self.mark(f"settings: {message}", boots, generation=self.generation())

    def state(self) -> str:
        """The state of the updater; '' while a command is under way (423)."""
        answer = self.node.admin("apiclient", "raw", "-u", "/updates/status")
        return str(json.loads(answer.out)["update_state"]) if answer.status == 0 else ""


def record(rack: Rack, folder: Path) -> Facts:
    """The whole story -> what is in FOLDER then."""
    made, began = versions.make(), time.monotonic()
    kernels = _keep(made, folder)
    with versions.served(made, folder / "repository") as port:
        order = rack.order(
            "recorded", image=made.image.folder, root_hash=made.image.facts.root_hash,
            firmware=True, demo=False, user_data=user_data(port), recorded=True,
        )  # fmt: skip
        recorder = Recorder(rack.start(order, ready=False))
        try:
            recorder.mark("first boot", OLD)
            recorder.node.wait_ready()
            _tell(recorder)
        finally:  # what there is can be looked at, whatever went wrong
            recorder.node.cut_power()
            for name in (qemu.WRITES, "serial.log"):
                shutil.move(recorder.node.home.folder / name, folder / name)
            told = {"root_hash": order.root_hash, "user_data": order.user_data}
            seconds = round(time.monotonic() - began, 1)
            marks, accelerator = tuple(recorder.marks), rack.lab.accelerator
            facts = Facts(DISK_BYTES, kernels, marks, seconds, accelerator, told, head())
            (folder / FACTS).write_bytes(msgspec.json.format(msgspec.json.encode(facts)))
    shutil.rmtree(folder / "repository")
    return facts


def head() -> str:
    argv = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout.decode().strip()


def _keep(made: versions.Versions, folder: Path) -> dict[str, str]:
    """The disk and the kernel images as they are now -> the images' names by version."""
    folder.mkdir(parents=True)
    sparse.keep(made.image.folder / DISK, folder / DISK)
    names = {number: f"{number}.efi" for number in made.kernels}
    for number, name in names.items():
        sparse.keep(made.kernels[number], folder / name)
    return names


def read(folder: Path) -> Facts:
    return msgspec.json.decode((folder / FACTS).read_bytes(), type=Facts)


def _tell(recorder: Recorder) -> None:
    """What is done to the node, in its order."""
    node = recorder.node
    cached = node.host("cat /sys/block/vda/queue/write_cache").out.strip()
    assert cached == "write back", cached  # or no flush would be seen
    recorder.healthy()
    recorder.mark("first boot is good", OLD, generation=recorder.generation())
    for number in range(3):
        recorder.commit(f"before {number}", OLD)
    recorder.ask("update", "check")
    recorder.mark("update is asked for", OLD, NEW)
    recorder.ask("update", "apply", "--check")
    recorder.mark("update is ready", NEW)
    recorder.mark("it is taken back", OLD, NEW)
    recorder.ask("update", "cancel")
    assert recorder.state() == "Staged"
    recorder.mark("it is not ready", OLD)
    recorder.mark("it is ready again, soon", OLD, NEW)
    recorder.ask("raw", "-m", "POST", "-u", "/actions/activate-update")
    node.wait("activation", lambda: recorder.state() == "Ready")
    recorder.mark("update is ready again", NEW)
    recorder.commit("ready", NEW)
    start = node.mark()
    recorder.mark("boot into it", OLD, NEW)
    recorder.ask("reboot")
    node.hang_up()
    assert f"version={NEW}" in node.wait_ready(start)
    recorder.healthy()
    recorder.mark("it is good", NEW, generation=recorder.generation())
    for number in range(3):
        recorder.commit(f"after {number}", NEW)


def user_data(port: int) -> str:
    return f"""
[settings]
motd = "kept over an update"
[settings.updates]
metadata-base-url = "http://10.0.2.2:{port}/metadata"
targets-base-url = "http://10.0.2.2:{port}/targets"
"""


def made(folder: Path) -> Facts:
    """Record on a rack of its own."""
    from boot.machine import Rack

    with tempfile.TemporaryDirectory(prefix="recorded-", dir="/var/tmp") as nodes:
        rack = Rack(Path(nodes))
        try:
            return record(rack, folder)
        finally:
            rack.close()


def main() -> int:
    """Make a recording in the folder that is named, to work on it at leisure."""
    parser = argparse.ArgumentParser("updates.record", description=record.__doc__)
    parser.add_argument("folder", type=Path)
    made(parser.parse_args().folder)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
