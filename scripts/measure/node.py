"""A node of ours for measurements: started as a user does, asked through its admin container."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from measure import facts, here
from measure.here import ROOT, MeasureError, number, skyrocket

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 300.0


class Started(NamedTuple):
    """A running node; READY and BEGAN in seconds, BEGAN on the monotonic clock."""

    name: str
    ready: float
    processor: float  # seconds that QEMU worked until then: less disturbed by other work
    began: float
    serial_log: Path
    demo_url: str
    checkout: Path

    def serial(self) -> str:
        return self.serial_log.read_text(encoding="utf-8", errors="replace")

    def demo_seconds(self) -> float:
        """From the start of QEMU until the demonstration container answers."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while time.monotonic() < self.began + PATIENCE:
            with suppress(OSError, urllib.error.URLError):
                direct.open(self.demo_url, timeout=5).close()
                return time.monotonic() - self.began
            time.sleep(0.1)
        raise MeasureError(f"cannot reach {self.demo_url}: no answer in {PATIENCE:.0f} s")

    def ask(self) -> dict[str, str]:
        """The answers to `facts.QUESTIONS`, by name."""
        command = ["node", "exec", self.name, "--", "sheltie", "-c", facts.QUESTIONS]
        done = subprocess.run(
            [sys.executable, "-I", str(ROOT / "skyrocket"), *command],
            capture_output=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        answers = facts.parts(done.stdout.decode(errors="replace"))
        if "end" not in answers:
            said = done.stderr.decode(errors="replace").strip()[-300:]
            raise MeasureError(f"cannot ask node {self.name}: {said or 'the answer is cut'}")
        return answers


@contextmanager
def running(name: str, image: Path, checkout: Path = ROOT) -> Iterator[Started]:
    """A node on a disk that no boot has seen; stopped after, its folder stays."""
    forget(name)
    run = skyrocket(
        "run", "--detach", "--json", "--name", name, "--image", str(image), checkout=checkout
    )
    now, ready = time.monotonic(), number(run.answer, "boot_seconds")
    worked = _worked(name)
    try:
        log = Path(str(run.answer["serial_log"]))
        url = str(run.answer["demo_url"])
        yield Started(name, ready, worked, now - ready, log, url, checkout)
    finally:
        skyrocket("node", "stop", name, checkout=checkout)


def _worked(name: str) -> float:
    from skyrocket.fetch import places

    record = json.loads((places.cache() / "nodes" / name / "node.json").read_text())
    return here.worked(record["qemu"]["pid"])


def forget(name: str) -> None:
    """Remove the folder of a node that is stopped."""
    from skyrocket.fetch import places

    shutil.rmtree(places.cache() / "nodes" / name, ignore_errors=True)


def link_image(image: Path, target: Path) -> None:
    """The same image under another name; a copy where the folders lie on different disks."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(image, target, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def image_folder() -> Path:
    """The default variant as it is in the cache, built first if it is not."""
    built = skyrocket("build", here.VARIANT, "--json")
    return Path(str(built.answer["image"])).parent
