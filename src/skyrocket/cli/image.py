"""`image inspect|write`: look into an image, or write it to a disk and read it back."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from skyrocket.cli import device
from skyrocket.cli.terminal import amount, shown
from skyrocket.fetch import places
from skyrocket.models import gpt
from skyrocket.models.manifest import Manifest

SECTOR = 512


class ImageError(Exception):
    """An image that cannot be looked into; HINT says what helps."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser("skyrocket image", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    inspect = verbs.add_parser("inspect", help="what an image is and holds")
    inspect.add_argument("--json", action="store_true", help="one JSON object")
    write = verbs.add_parser("write", help="write an image to a whole disk, and read it back")
    write.add_argument("device", type=Path)
    write.add_argument("--yes", action="store_true", help="do not ask")
    for verb in (inspect, write):
        which = "a variant's name, an image's folder, or a file in it (default: vm-dev)"
        if verb is inspect:
            verb.add_argument("image", nargs="?", default="vm-dev", help=which)
        else:
            verb.add_argument("--image", default="vm-dev", help=which)
    wish = parser.parse_args(argv)
    facts = read(find(wish.image))
    if wish.verb == "inspect":
        return _inspect(facts, as_json=wish.json)
    return _write(facts, wish.device, sure=wish.yes)


def find(name: str) -> Path:
    """The image's folder."""
    path = Path(name)
    if path.is_file():
        return path.resolve().parent
    if path.is_dir():
        return path.resolve()
    known = sorted(places.folder("images").glob("*/manifest.json"))
    for manifest in known:
        if manifest.parent.name in {name, f"{name}-x86_64"}:
            return manifest.parent
    names = ", ".join(manifest.parent.name for manifest in known) or "none"
    raise ImageError(
        f"cannot find image {name}: the images here are: {names}", f"./skyrocket build {name}"
    )


def read(folder: Path) -> Manifest:
    """The manifest, checked against the disk's own partition table."""
    try:
        raw = (folder / "manifest.json").read_bytes()
        facts = msgspec.json.decode(raw, type=Manifest).located(str(folder))
        found = partitions(Path(facts.image))
    except (OSError, msgspec.DecodeError, gpt.GptError) as error:
        raise ImageError(f"cannot inspect {folder}: {error}", "./skyrocket build") from error
    told = {(one.offset, one.size) for one in facts.partitions}
    if found != told:
        raise ImageError(
            f"cannot trust {folder}: its manifest names other partitions than its disk has",
            "./skyrocket build",
        )
    return facts


def partitions(disk: Path) -> set[tuple[int, int]]:
    """Offset and size in bytes of every partition on DISK; raises GptError."""
    with disk.open("rb") as file:

        def read_at(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length)

        table = gpt.read(read_at, disk.stat().st_size // SECTOR).best
    entries = [entry for entry in table.entries if entry is not None]
    return {(entry.first * SECTOR, entry.sectors * SECTOR) for entry in entries}


def _inspect(facts: Manifest, *, as_json: bool) -> int:
    if as_json:
        print(msgspec.json.encode(facts).decode())
        return 0
    print(f"{facts.variant} {facts.version} {facts.build_id} for {facts.architecture}")
    print(f"image       {facts.image}")
    print(f"root hash   {facts.root_hash}")
    print(f"root        {amount(facts.root_bytes)}, its proof {amount(facts.hash_bytes)}")
    print(f"kernel      {amount(facts.uki_bytes)} with initrd and command line")
    print(f"packages    {len(facts.packages)}")
    print("partitions")
    for part in facts.partitions:
        print(f"  {part.label:24} {amount(part.size):>9} at {part.offset}")
    print(f"executables {facts.executables}")
    for program in facts.programs:
        print(f"  {program.path:44} {program.started_by}: {program.why}")
    return 0


def _write(facts: Manifest, target: Path, *, sure: bool) -> int:
    source = Path(facts.image)
    problem = device.problem(target, source.stat().st_size)
    if problem:
        raise ImageError(f"cannot write to {target}: {problem}", "lsblk shows disks and their use")
    if not sure:
        if not sys.stdin.isatty():
            raise ImageError(f"cannot write to {target}: nobody is here to be asked", "add --yes")
        print(f"This destroys everything on {target} ({amount(device.size(target))}).")
        if input("Type the device's name to go on: ") != str(target):
            print("nothing was written")
            return 1
    with shown() as report:
        different = device.write(source, target, report)
    if different is not None:
        raise ImageError(
            f"cannot trust {target}: what was read back differs at byte {different}",
            "the disk or its connection is damaged; try another one",
        )
    print(f"{facts.variant} {facts.version} is on {target}, read back and equal")
    return 0
