"""`image inspect|qcow2|write`: look into an image, convert it, or write it to a disk.

Finds the image that a word means, asks before anything is lost, and shows; what an image is and
how it gets onto a disk is `build.image`'s.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import msgspec

from skyrocket.build.image import convert, inspect, target, write
from skyrocket.build.image.errors import ImageError
from skyrocket.cli import lab_folders
from skyrocket.cli.terminal import amount, shown
from skyrocket.fetch import places

DISK = "disk.raw"
WHICH = "a variant's name, a folder or a disk image, raw or qcow2 (default: %(default)s)"


class ImageVerbError(ImageError):
    """The image that was named is not there, or nobody agreed to lose a disk."""


def main(argv: list[str]) -> int:
    wish = parser().parse_args(argv)
    image = find(wish.image)
    match wish.verb:
        case "inspect":
            return _inspect(image, as_json=wish.json)
        case "qcow2":
            return _qcow2(image)
        case _:
            return _write(image, wish.device, sure=wish.yes)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("skyrocket image", description=__doc__.partition("\n")[0])
    verbs = made.add_subparsers(dest="verb", required=True)
    look = verbs.add_parser("inspect", help="what an image is and holds; proves every block")
    look.add_argument("--json", action="store_true", help="one JSON object on standard output")
    qcow2 = verbs.add_parser("qcow2", help="the same image for libvirt and Proxmox")
    onto = verbs.add_parser("write", help="write an image to a whole disk, and read it back")
    onto.add_argument("--yes", action="store_true", help="do not ask")
    for verb in (look, qcow2, onto):
        verb.add_argument("image", nargs="?", default="vm-dev", help=WHICH)
    onto.add_argument("device", type=Path, help="/dev/sdX, a whole disk: everything on it is lost")
    return made


def find(name: str) -> Path:
    """The disk image that NAME means."""
    path = Path(name)
    if path.is_dir():
        path = path / DISK
    if path.is_file():
        return path.resolve()
    known = sorted(found.parent for found in places.folder("images").glob("*/manifest.json"))
    for folder in known:
        if folder.name in {name, f"{name}-x86_64"}:
            return folder / DISK
    names = ", ".join(folder.name for folder in known) or "none"
    raise ImageVerbError(
        f"cannot find image {name}: the images here are: {names}", "./skyrocket build makes one"
    )


def _inspect(image: Path, *, as_json: bool) -> int:
    with shown() as report:
        report.step(f"prove every block of {image.name}")
        found = inspect.inspect(image)
    if as_json:
        print(msgspec.json.encode(found).decode())
    else:
        print("\n".join(inspect.lines(found)))
    return 1 if found.wrong else 0


def _qcow2(image: Path) -> int:
    if image.name != DISK:
        raise ImageVerbError(f"cannot convert {image}: it is no {DISK} of ours", "name a variant")
    with shown() as report:
        report.step(f"convert {image.name} to qcow2")
        made = convert.qcow2(lab_folders.sandbox(lab_folders.tools()), image.parent)
    print(made)
    return 0


def _write(image: Path, device: Path, *, sure: bool) -> int:
    facts = _may_write(image, device)
    if not sure:
        if not sys.stdin.isatty():
            raise ImageVerbError(f"cannot write {device}: nobody is here to be asked", "add --yes")
        print(f"This destroys everything on {device} ({amount(facts.size)}).")
        if input("Type the device's name to go on: ").strip() != str(device):
            print("nothing was written")
            return 1
    with shown() as report:
        write.write(image, device, report)
    print(f"{image} is on {device}, read back and equal")
    return 0


def _may_write(image: Path, device: Path) -> target.Target:
    """What DEVICE is; raises before anybody is asked when it must not be written."""
    try:
        facts = target.look(device)
    except PermissionError as error:
        # Named by its path: root has a cache of its own.
        way = (
            write.HINT if os.geteuid() == 0 else f"sudo ./skyrocket image write '{image}' {device}"
        )
        raise ImageVerbError(f"cannot write {device}: it is not yours", way) from error
    except OSError as error:
        raise ImageVerbError(f"cannot write {device}: {error.strerror}", write.HINT) from error
    refusals = write.plan(image, facts).refusals
    if refusals:
        raise ImageVerbError(f"cannot write {device}: {'; '.join(refusals)}", write.HINT)
    return facts
