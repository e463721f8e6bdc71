"""Parts that nobody of ours signed, as data: what is done to the disk, whose words refuse it.

The boot lane runs QUICK; `scripts/prove secure-boot` runs all of them and writes the evidence.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from boot.tampering import Altered, flipped, make_addon
from fakes import signing_keys

from skyrocket.build.signing import authenticode, files
from skyrocket.cli import made
from skyrocket.lab import process, serial
from skyrocket.models.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boot.machine import Machine, Rack

    from skyrocket.build.image.build import Built

SECONDS = 150.0
ADDED = "ignore_loglevel"
FIRMWARE = r"BdsDxe: failed to load Boot.{0,300}?: (Access Denied|Security Violation)"
LOADER = r"Error loading .{0,200}?: (Access denied|Security violation)"
STUB = r"Failed to read .{0,200}?addon.{0,200}?: (Access denied|Security violation)"
INITRD = r"skyrocket: this boot failed\.[^\n]{0,200}?words that nobody signed: init=/bin/sh"


class Bench(NamedTuple):
    """What the cases are made of; FOLDER is for one case alone."""

    rack: Rack
    signed: Built
    folder: Path

    def copy(self, image: Path | None = None) -> Altered:
        source = image or self.signed.folder
        return Altered(self.rack.lab.sandbox, source, self.folder / "altered")

    def kernel(self) -> bytes:
        return (self.signed.folder / "uki.efi").read_bytes()

    def strangers(self, program: bytes) -> bytes:
        """PROGRAM under a good signature of keys that no machine of ours knows."""
        keys = self.folder / "keys"
        files.make(keys, "Somebody else")
        return authenticode.sign(program, files.authority(keys).signer)


class Case(NamedTuple):
    name: str  # also the node's
    what: str
    who: str  # refuses
    words: str  # a regular expression over the console's lines
    make: Callable[[Bench], Path]
    smbios: tuple[str, ...] = ()


def _unsigned_image(bench: Bench) -> Path:
    disk = bench.copy(bench.rack.parts.image)
    disk.trust(bench.signed.folder)
    return disk.folder


def _unsigned_loader(bench: Bench) -> Path:
    disk = bench.copy()
    loader = bench.rack.lab.sandbox.root / "usr/lib/systemd/boot/efi/systemd-bootx64.efi"
    disk.replace_loader(loader.read_bytes())
    return disk.folder


def _unsigned_kernel(bench: Bench) -> Path:
    disk = bench.copy()
    disk.replace_kernel(authenticode.unsigned(bench.kernel()))
    return disk.folder


def _foreign_kernel(bench: Bench) -> Path:
    disk = bench.copy()
    disk.replace_kernel(bench.strangers(bench.kernel()))
    return disk.folder


def _flipped(section: str) -> Callable[[Bench], Path]:
    def make(bench: Bench) -> Path:
        disk = bench.copy()
        disk.replace_kernel(flipped(bench.signed, section))
        return disk.folder

    return make


def _whole(bench: Bench) -> Path:
    return bench.signed.folder


def _unsigned_addon(bench: Bench) -> Path:
    disk = bench.copy()
    disk.add_addon(make_addon(bench.rack.lab.sandbox, bench.folder, ADDED))
    return disk.folder


def _foreign_addon(bench: Bench) -> Path:
    disk = bench.copy()
    addon = make_addon(bench.rack.lab.sandbox, bench.folder, ADDED)
    disk.add_addon(bench.strangers(addon))
    return disk.folder


def signed_addon(bench: Bench) -> Path:
    """The control of both: the same addon under our signature."""
    disk = bench.copy()
    addon = make_addon(bench.rack.lab.sandbox, bench.folder, ADDED)
    signer = files.authority(signing_keys.kept()).signer
    disk.add_addon(authenticode.sign(addon, signer))
    return disk.folder


QUICK = (
    Case("unsigned", "the image as it is without keys", "firmware", FIRMWARE, _unsigned_image),
    Case("flipped", "one bit of the kernel changed", "loader", LOADER, _flipped(".linux")),
    Case("foreign", "kernel image signed by others", "loader", LOADER, _foreign_kernel),
    Case(
        "owner", "words in the machine's SMBIOS strings", "initrd", INITRD, _whole,
        ("io.systemd.stub.kernel-cmdline-extra=init=/bin/sh",),
    ),
)  # fmt: skip
FURTHER = (
    Case("loader", "the loader without its signature", "firmware", FIRMWARE, _unsigned_loader),
    Case("bare-kernel", "kernel image unsigned", "loader", LOADER, _unsigned_kernel),
    Case("words", "one bit of `.cmdline` changed", "loader", LOADER, _flipped(".cmdline")),
    Case("initrd", "one bit of `.initrd` changed", "loader", LOADER, _flipped(".initrd")),
    Case("addon", "an addon without a signature", "stub", STUB, _unsigned_addon),
    Case("foreign-addon", "an addon signed by others", "stub", STUB, _foreign_addon),
)


def signed_image() -> Built:
    return made.image("vm-dev", made.ARCHITECTURE, Silent(), signing_keys.kept())


def refusal(case: Case, bench: Bench) -> str:
    """The line of the console that refuses; '' when none comes within SECONDS."""
    order = bench.rack.order(
        case.name, image=case.make(bench), demo=False, memory=1024, smbios_strings=case.smbios
    )
    machine = bench.rack.start(order, ready=False)
    assert machine.node.secure_boot
    return ended(machine, case.words)


def ended(machine: Machine, words: str) -> str:
    """What WORDS match on the console, as one line; the machine is off afterwards."""
    pattern = re.compile(words, re.DOTALL)
    process.wait_for(lambda: pattern.search(said(machine)) is not None, SECONDS)
    machine.cut_power()
    found = pattern.search(said(machine))
    return " ".join(found[0].split()) if found else ""


def checked(machine: Machine) -> bool | None:
    """What the node says of its firmware in `GET /status`."""
    told = machine.admin("apiclient", "raw", "-u", "/status")
    answer: bool | None = json.loads(told.out)["secure_boot"]
    return answer


def said(machine: Machine) -> str:
    return "\n".join(serial.clean(machine.serial()))
