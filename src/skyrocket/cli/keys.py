"""`keys init|show|sign-addon`: the keys that a signed image is made with."""

from __future__ import annotations

import argparse
from pathlib import Path

from skyrocket.build.signing import authenticode, files
from skyrocket.build.signing.errors import KeysError

USES = {
    files.PLATFORM: "PK: who may change KEK",
    files.EXCHANGE: "KEK: who may change db",
    files.DATABASE: "db: what firmware believes; vouches for the image key",
    files.IMAGE: "signs loader, kernel images and addons",
}


def main(argv: list[str]) -> int:
    wish = parser().parse_args(argv)
    match wish.verb:
        case "init":
            files.make(wish.dir, wish.owner)
            print(f"keys are in {wish.dir}; they are yours alone: keep a copy, show them nobody")
            return _show(wish.dir)
        case "show":
            return _show(wish.dir)
        case _:
            return _sign_addon(wish.dir, wish.addon, wish.output)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("skyrocket keys", description=__doc__)
    verbs = made.add_subparsers(dest="verb", required=True)
    verbs.add_parser("init", help="make keys; overwrites nothing").add_argument(
        "--owner", default="Skyrocket", help="stands in the certificates (default: %(default)s)"
    )
    verbs.add_parser("show", help="certificates, and which private keys are here")
    sign = verbs.add_parser("sign-addon", help="sign an addon for a kernel image")
    sign.add_argument("addon", type=Path, help="NAME.addon.efi, as systemd's ukify makes it")
    sign.add_argument("output", type=Path, help="where the signed one goes")
    for verb in verbs.choices.values():
        verb.add_argument("--dir", type=Path, default=Path("keys"), metavar="D")
    return made


def _show(folder: Path) -> int:
    for name in files.NAMES:
        one = files.certificate(folder, name)
        there = (folder / f"{name}.key").is_file()
        print(f"{name:6}{files.fingerprint(one)}  {'' if there else 'no private key here; '}"
              f"{USES[name]}")  # fmt: skip
    return 0


def _sign_addon(folder: Path, addon: Path, output: Path) -> int:
    try:
        data = addon.read_bytes()
    except OSError as error:
        raise KeysError(f"cannot read addon {addon}: {error.strerror}") from error
    signed = authenticode.sign(data, files.authority(folder).signer)
    output.write_bytes(signed)
    print(f"{output}: {len(signed)} bytes, signed")
    return 0
