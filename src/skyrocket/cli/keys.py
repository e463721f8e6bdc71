"""`keys init|show|make-addon|sign-addon`: the keys that a signed image is made with."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

from skyrocket.build.signing import authenticode, files
from skyrocket.build.signing.errors import KeysError
from skyrocket.models import addon, boot_parameters
from skyrocket.models.settings import table
from skyrocket.models.settings.mistakes import SettingsError

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
        case "make-addon":
            return _make_addon(wish.dir, wish.settings, wish.machine, wish.output)
        case _:
            return _sign_addon(wish.dir, wish.addon, wish.output)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("skyrocket keys", description=__doc__)
    verbs = made.add_subparsers(dest="verb", required=True)
    verbs.add_parser("init", help="make keys; overwrites nothing").add_argument(
        "--owner", default="Skyrocket", help="stands in the certificates (default: %(default)s)"
    )
    verbs.add_parser("show", help="certificates, and which private keys are here")
    make = verbs.add_parser("make-addon", help="an addon with the words that settings ask for")
    make.add_argument("settings", type=Path, help="TOML with [settings.boot], as user data has it")
    make.add_argument("output", type=Path, help="where the signed addon goes")
    make.add_argument("--machine", choices=("x86_64", "aarch64"), default="x86_64")
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


def _make_addon(folder: Path, settings: Path, machine: str, output: Path) -> int:
    """An addon for a machine with Secure Boot, whose node can sign none by itself."""
    try:
        found = tomllib.loads(_read(settings).decode()).get("settings", {})
        wanted = {name: found[name] for name in ("boot", "kernel") if name in found}
        words = boot_parameters.of_settings(table.load(wanted).check(wanted))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, SettingsError) as error:
        raise KeysError(f"cannot use settings {settings}: {error}") from error
    if not words:
        raise KeysError(f"cannot make an addon: {settings} asks for no words for the kernel")
    return _write_signed(folder, addon.compose(words, machine), output)


def _sign_addon(folder: Path, file: Path, output: Path) -> int:
    return _write_signed(folder, _read(file), output)


def _write_signed(folder: Path, data: bytes, output: Path) -> int:
    """Sign DATA and say what was signed: the words are what a machine will believe."""
    try:
        words = " ".join(addon.words_of(data))
    except addon.AddonError as error:
        raise KeysError(f"cannot sign the addon: {error}") from error
    signed = authenticode.sign(data, files.authority(folder).signer)
    output.write_bytes(signed)
    print(f"{output}: {len(signed)} bytes, signed; it adds: {words}")
    return 0


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise KeysError(f"cannot read {file}: {error.strerror}") from error
