"""`build VARIANT`: make an image, and say what it is."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import msgspec

from skyrocket.build import lock as locks
from skyrocket.build.image.build import Edition
from skyrocket.cli import made, turns
from skyrocket.cli.terminal import amount, shown


def wished(argv: list[str]) -> argparse.Namespace:
    """What ARGV asks for; a wrong word ends the program with status 2."""
    parser = argparse.ArgumentParser("skyrocket build", description=__doc__)
    parser.add_argument("variant", nargs="?", default=made.VARIANT)
    parser.add_argument("--architecture", default=made.ARCHITECTURE, choices=("x86_64", "aarch64"))
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--keys", type=Path, metavar="D", help="sign with the keys in folder D")
    parser.add_argument("--bundle", metavar="FILE", help="take everything from FILE, no network")
    parser.add_argument("--version", type=version, metavar="X.Y.Z", help="(default: the project's)")
    parser.add_argument(
        "--update-root", type=Path, metavar="FILE", help="root.json of the repository it believes"
    )
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    wish = wished(argv)
    edition = Edition(wish.version or "", trusted(wish.update_root))
    with shown() as report, turns.mine(report):
        made.fetch(locks.read(), report)
        built = made.image(wish.variant, wish.architecture, report, wish.keys, edition)
    facts = built.facts
    if wish.json:
        print(msgspec.json.encode(facts).decode())
        return 0
    print(f"image       {facts.image}")
    print(f"root        {amount(facts.root_bytes)}, its proof {amount(facts.hash_bytes)}")
    print(f"kernel      {amount(facts.uki_bytes)} with initrd and command line")
    print(f"executables {facts.executables}, from {len(facts.packages)} packages")
    print(f"root hash   {facts.root_hash}")
    print(f"signed      {facts.secure_boot or 'no'}")
    return 0


def version(text: str) -> str:
    """What loader, settings and update repositories all read as a version."""
    if not re.fullmatch(r"\d+\.\d+\.\d+(~[0-9A-Za-z.]+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no version like 1.2.3 or 1.2.3~rc1")
    return text


def trusted(file: Path | None) -> bytes:
    """The root of trust in FILE; only its form is looked at here."""
    if file is None:
        return b""
    try:
        data = file.read_bytes()
        kind = json.loads(data)["signed"]["_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UpdateRootError(f"cannot use {file} as update root: {error}") from error
    if kind != "root":
        raise UpdateRootError(f"cannot use {file} as update root: it is {kind} metadata")
    return data


class UpdateRootError(Exception):
    """A file that is no root of trust."""

    hint = "./skyrocket repo init leaves one as DIR/root.json"
