"""`scripts/bench`: which sections are measured, in which order, and where the results go."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from measure import here, report, targets
from measure.here import ROOT, MeasureError

if TYPE_CHECKING:
    from collections.abc import Callable

    from measure.boots import Bench
    from measure.stock import Stock

EVIDENCE = ROOT / "docs/evidence"
SECTIONS = ("cold", "build", "image", "boot", "client", "settings", "update", "layers")
SLOW = ("cold", "update", "layers")
ROUNDS, CLIENT_ROUNDS = 3, 60
DEMO = "demo-amd64"

Section = dict[str, object]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser("scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument(
        "--quick", action="store_true", help="one round; no cold run and no layers unless named"
    )
    parser.add_argument("--rounds", type=int, default=0, metavar="N")
    parser.add_argument("--output", type=Path, default=EVIDENCE, metavar="FOLDER")
    wish = parser.parse_args(argv)
    if unknown := [name for name in wish.names if name not in SECTIONS]:
        parser.error(f"there is no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    names = wish.names or [name for name in SECTIONS if not (wish.quick and name in SLOW)]
    rounds = wish.rounds or (1 if wish.quick else ROUNDS)
    here.open_rooms()
    failed = [name for name in SECTIONS if name in names and not _one(name, rounds, wish.output)]
    _show(wish.output)
    return 1 if failed else 0


def _one(name: str, rounds: int, folder: Path) -> bool:
    """Measure section NAME and keep it at once: a later failure costs nothing that is there."""
    under = here.circumstances()
    print(f"measure {name} (load {under['load_before']})", flush=True)
    try:
        fresh = _measures()[name](rounds, folder)
        worked = True
    except MeasureError as error:
        fresh, worked = {name: {"not_measured": str(error)}}, False
        print(f"  {error}", file=sys.stderr)
    under["load_after"] = here.load()
    for section in fresh.values():
        section["measured_under"] = under
    _keep(folder, dict(fresh))
    return worked


def _measures() -> dict[str, Callable[[int, Path], dict[str, Section]]]:
    return {
        "cold": lambda _rounds, _folder: {"cold": _builds("cold", 1)},
        "build": lambda rounds, _folder: {"build": _builds("build", rounds)},
        "image": _image,
        "boot": _boot,
        "client": _client,
        "settings": _settings,
        "update": _update,
        "layers": _layers,
    }


def _builds(which: str, rounds: int) -> Section:
    from measure import builds

    return builds.cold() if which == "cold" else builds.warm(rounds)


def _image(_rounds: int, _folder: Path) -> dict[str, Section]:
    from measure import image, node

    return {"image": image.measure(node.image_folder())}


def _client(rounds: int, _folder: Path) -> dict[str, Section]:
    from measure import client
    from skyrocket.cli import lab_folders

    runs = CLIENT_ROUNDS * rounds // ROUNDS
    return {"client": client.measure(ROOT, lab_folders.tools(), runs)}


def _settings(rounds: int, _folder: Path) -> dict[str, Section]:
    from measure import settings
    from skyrocket.cli import lab_folders

    return {"settings": settings.measure(ROOT, lab_folders.tools(), rounds)}


def _update(rounds: int, _folder: Path) -> dict[str, Section]:
    from measure import update

    return {"update": update.measure(rounds)}


def _layers(rounds: int, _folder: Path) -> dict[str, Section]:
    from measure import layers, node

    built = node.image_folder()
    with tempfile.TemporaryDirectory(prefix="bench-layers-", dir="/var/tmp") as name:
        bench = _bench(built, Path(name))
        return {"layers": layers.measure(bench, rounds)}


def _boot(rounds: int, folder: Path) -> dict[str, Section]:
    from measure import boots, node, stock

    built = node.image_folder()
    with tempfile.TemporaryDirectory(prefix="bench-boot-", dir="/var/tmp") as name:
        bench = _bench(built, Path(name))
        boot, used, picture = boots.compare(bench, rounds)
        if bench.yardstick is not None:
            ours = json.loads((built / "manifest.json").read_text(encoding="utf-8"))["packages"]
            boot["different_versions"] = stock.different(bench.yardstick.versions, ours)
            boot["stock_packages"] = len(bench.yardstick.versions)
    (folder / "boot.svg").write_text(picture, encoding="utf-8")
    return {"boot": boot, "memory": used}


def _bench(built: Path, work: Path) -> Bench:
    """What boots need, in WORK: a copy of the image BUILT, since others may build while we boot."""
    from measure import node
    from measure.boots import Bench
    from skyrocket.cli import lab_folders
    from skyrocket.fetch import places
    from skyrocket.lab import accelerator
    from skyrocket.models.progress import Silent

    tools, image = lab_folders.tools(), work / "image"
    node.link_image(built, image)
    memory = places.folder("logs").parent / "accelerator.json"
    verdict = accelerator.find(lab_folders.sandbox(tools), image, memory, Silent())
    yardstick, why_not = _yardstick(tools)
    return Bench(image, tools, work, verdict.accelerator, yardstick, why_not)


def _yardstick(tools: Path) -> tuple[Stock | None, str]:
    """The stock image, or why there is none; it is kept in the cache, one for a lock."""
    from measure import stock
    from skyrocket.build.lock import solver
    from skyrocket.fetch import places, sources

    lock, demo = (ROOT / "packages.lock").read_bytes(), places.folder("oci") / DEMO
    order = sources.ordered("")
    lines = [
        f"deb {one.uri} {suite} main"
        for one in solver.repositories(sources.defaults(), order)
        for suite in one.suites
    ]
    print("make the stock image", flush=True)
    try:
        kept = places.folder("stock") / stock.identity(lock, demo)
        return stock.make(kept, tools, lines, demo), ""
    except MeasureError as error:
        print(f"  {error}", file=sys.stderr)
        return None, str(error)


def _keep(folder: Path, fresh: report.Results) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "bench.json"
    before = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    results = report.merge(before, fresh)
    file.write_text(report.dump(results), encoding="utf-8")
    (folder / "bench.md").write_text(report.page(results), encoding="utf-8")


def _show(folder: Path) -> None:
    results = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    print("\n".join(report.table(targets.judge(results))))
    print(f"all of it: {folder / 'bench.json'}")
