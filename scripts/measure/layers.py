"""What each layer of protection costs: the same image with one layer left out, booted in turns.

A layer is left out in a copy of the checkout, by changing its data; the working tree stays.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from measure import here, node, stock, stock_boot
from measure.here import ROOT, MeasureError, skyrocket
from measure.samples import Samples, interleaved

if TYPE_CHECKING:
    from collections.abc import Callable

    from measure import boots

BASE = "variants/shared/base.toml"
WHOLE, STOCK = "whole", "stock"
SANDBOX = re.compile(
    r"^(?:Protect|Private|Restrict|SystemCall|Memory(?=Deny)|Lock(?=Pers)|NoNewPriv|ProcSubset|"
    r"CapabilityBoundingSet|AmbientCap|Device(?=Allow|Policy)|KeyringMode|RemoveIPC|UMask)"
    r"[A-Za-z]*=.*\n",
    re.MULTILINE,
)
CONTAINER = f"""
for count in $(seq {stock.STARTS}); do
  systemctl stop containers@demo
  systemctl start containers@demo
  until wget -q -O /dev/null http://127.0.0.1:8080/; do :; done
  read -r now rest < /proc/uptime
  echo "started=$(systemctl show containers@demo -P InactiveExitTimestampMonotonic) $now"
done
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


class Boot(NamedTuple):
    """Seconds to ready, of QEMU's processors until then, and of each start of a container."""

    ready: float
    processor: float
    containers: list[float]


def measure(bench: boots.Bench, rounds: int) -> dict[str, object]:
    """Medians of ROUNDS boots of the whole image and of one without each layer, in turns."""
    images = {WHOLE: bench.image}
    for number, (layer, change) in enumerate(LAYERS.items()):
        images[f"without {layer}"] = _image(bench.work / str(number), change)
    names = (*images, STOCK) if bench.yardstick else tuple(images)
    taken: dict[str, list[Boot]] = {name: [] for name in names}
    order = interleaved(names, rounds)
    for number, name in enumerate(order):
        print(f"boot {number + 1} of {len(order)}: {name}", flush=True)
        if name in images:
            taken[name].append(_boot(f"layer-{number}", images[name]))
        elif bench.yardstick is not None:
            taken[name].append(Boot(0, 0, stock_boot.containers(stock_boot.Yardstick(
                bench.yardstick, bench.work / STOCK, bench.tools, bench.accelerator
            ))))  # fmt: skip
    result: dict[str, object] = {name: _row(taken[name], images[name]) for name in images}
    if bench.yardstick is None:
        return {**result, STOCK: {"not_measured": bench.why_not}}
    starts = {name: _starts(taken[name]) for name in names}
    result[STOCK] = {"container_seconds": starts[STOCK].table(2)}
    for name in images:
        result[f"container_ratio {name}"] = round(starts[name].median / starts[STOCK].median, 3)
    return result


def _image(work: Path, change: Callable[[Path], None]) -> Path:
    checkout, image = work / "checkout", work / "image"
    work.mkdir()
    here.copy_checkout(checkout)
    change(checkout)
    built = skyrocket("build", here.VARIANT, "--json", checkout=checkout)
    # The next build of this variant takes the folder over, so each image gets one of its own.
    node.link_image(Path(str(built.answer["image"])).parent, image)
    return image


def _boot(name: str, image: Path) -> Boot:
    with node.running(name, image) as started:
        started.demo_seconds()
        containers = _containers(name)
    node.forget(name)
    return Boot(started.ready, started.processor, containers)


def _containers(name: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-I", str(ROOT / "skyrocket"), "node", "exec", name, "--",
         "sheltie", "-c", CONTAINER],
        capture_output=True, check=False, timeout=node.PATIENCE,
    )  # fmt: skip
    found = re.findall(r"^started=([0-9]+) ([0-9.]+)$", done.stdout.decode(), re.MULTILINE)
    if len(found) != stock.STARTS:
        raise MeasureError(
            f"cannot start the container anew: {done.stderr.decode().strip()[-300:]}"
        )
    return [float(now) - int(start) / 1e6 for start, now in found]


def _starts(boots: list[Boot]) -> Samples:
    return Samples(tuple(seconds for boot in boots for seconds in boot.containers))


def _row(boots: list[Boot], image: Path) -> dict[str, object]:
    return {
        "ready_seconds": Samples(tuple(boot.ready for boot in boots)).table(2),
        "processor_seconds": Samples(tuple(boot.processor for boot in boots)).table(2),
        "container_seconds": _starts(boots).table(2),
        "root_bytes": (image / "root.erofs").stat().st_size,
    }
