"""What each layer of protection costs: the same image with one layer left out, booted in turns.

A layer is left out in a copy of the checkout, by changing its data; the working tree stays.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from measure import here, node
from measure.here import ROOT, MeasureError, skyrocket
from measure.samples import Samples, interleaved

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = "variants/shared/base.toml"
WHOLE = "whole"
SANDBOX = re.compile(
    r"^(?:Protect|Private|Restrict|SystemCall|Memory(?=Deny)|Lock(?=Pers)|NoNewPriv|ProcSubset|"
    r"CapabilityBoundingSet|AmbientCap|Device(?=Allow|Policy)|KeyringMode|RemoveIPC|UMask)"
    r"[A-Za-z]*=.*\n",
    re.MULTILINE,
)
CONTAINER = """
systemctl restart containers@demo
until wget -q -O /dev/null http://127.0.0.1:8080/; do :; done
read -r now rest < /proc/uptime
systemctl show containers@demo -p InactiveExitTimestampMonotonic
echo "now=$now"
"""
"""From the unit's start to the page's first answer; the image is there already."""


def without_package(name: str) -> Callable[[Path], None]:
    """A change of a checkout: the base of all variants lacks package NAME."""

    def change(checkout: Path) -> None:
        file = checkout / BASE
        before = file.read_text(encoding="utf-8")
        after = before.replace(f'"{name}", ', "")
        if after == before:
            raise MeasureError(f"cannot leave out {name}: {BASE} does not list it")
        file.write_text(after, encoding="utf-8")

    return change


def without_sandboxes(checkout: Path) -> None:
    """The units keep what they do, and lose what they may not do."""
    count = 0
    for folder in (checkout / "packages").glob("*/units"):
        for file in folder.rglob("*"):
            if file.is_file():
                text, found = SANDBOX.subn("", file.read_text(encoding="utf-8"))
                file.write_text(text, encoding="utf-8")
                count += found
    if not count:
        raise MeasureError("cannot leave out the sandboxes: no unit has one")


LAYERS: dict[str, Callable[[Path], None]] = {
    "SELinux": without_package("selinux"),
    "kernel table": without_package("hardening"),
    "unit sandboxes": without_sandboxes,
}


def measure(rounds: int) -> dict[str, object]:
    """Medians of ROUNDS boots of the whole image and of one without each layer, in turns."""
    with tempfile.TemporaryDirectory(prefix="bench-layers-", dir="/var/tmp") as name:
        images = {WHOLE: _image(Path(name) / "whole", lambda _: None)}
        for number, (layer, change) in enumerate(LAYERS.items()):
            images[f"without {layer}"] = _image(Path(name) / str(number), change)
        taken: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in images}
        order = interleaved(tuple(images), rounds)
        for number, kind in enumerate(order):
            print(f"boot {number + 1} of {len(order)}: {kind}", flush=True)
            taken[kind].append(_boot(f"layer-{number}", images[kind]))
        return {kind: _row(taken[kind], images[kind]) for kind in images}


def _image(work: Path, change: Callable[[Path], None]) -> Path:
    checkout, image = work / "checkout", work / "image"
    work.mkdir()
    here.copy_checkout(checkout)
    change(checkout)
    built = skyrocket("build", here.VARIANT, "--json", checkout=checkout)
    # The next build of this variant takes the folder over, so each image gets one of its own.
    node.link_image(Path(str(built.answer["image"])).parent, image)
    return image


def _boot(name: str, image: Path) -> tuple[float, float, float]:
    """Seconds to ready, of QEMU's processors until then, and of a container's start."""
    with node.running(name, image) as started:
        started.demo_seconds()
        container = _container(name)
    node.forget(name)
    return started.ready, started.processor, container


def _container(name: str) -> float:
    done = subprocess.run(
        [sys.executable, "-I", str(ROOT / "skyrocket"), "node", "exec", name, "--",
         "sheltie", "-c", CONTAINER],
        capture_output=True, check=False, timeout=node.PATIENCE,
    )  # fmt: skip
    said = dict(line.split("=", 1) for line in done.stdout.decode().splitlines() if "=" in line)
    if "now" not in said:
        raise MeasureError(
            f"cannot start the container anew: {done.stderr.decode().strip()[-300:]}"
        )
    return float(said["now"]) - int(said["InactiveExitTimestampMonotonic"]) / 1e6


def _row(boots: list[tuple[float, float, float]], image: Path) -> dict[str, object]:
    ready, worked, container = (Samples(tuple(column)) for column in zip(*boots, strict=True))
    return {
        "ready_seconds": ready.table(2),
        "processor_seconds": worked.table(2),
        "container_seconds": container.table(2),
        "root_bytes": (image / "root.erofs").stat().st_size,
    }
