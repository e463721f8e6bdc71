"""`build VARIANT`: make an image, and say what it is."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from skyrocket.build import lock as locks
from skyrocket.cli import made, turns
from skyrocket.cli.terminal import amount, shown


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser("skyrocket build", description=__doc__)
    parser.add_argument("variant", nargs="?", default=made.VARIANT)
    parser.add_argument("--architecture", default=made.ARCHITECTURE, choices=("x86_64", "aarch64"))
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--keys", type=Path, metavar="D", help="sign with the keys in folder D")
    parser.add_argument("--bundle", metavar="FILE", help="take everything from FILE, no network")
    wish = parser.parse_args(argv)
    with shown() as report, turns.mine(report):
        made.fetch(locks.read(), report)
        built = made.image(wish.variant, wish.architecture, report, wish.keys)
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
