"""Drivers of this boot: what always loads, the watchdog, and what the hardware asks for."""

from __future__ import annotations

import fcntl
import os
import struct

from skyrocket.host.system.modules import Loader

# What no device asks for. Accelerated SHA-256 comes first: dm-verity takes the best it finds.
_ALWAYS = ("sha256_ssse3", "dm_mod", "dm_verity", "erofs")
_FAT = ("nls_ascii", "nls_cp437", "vfat")
# A watchdog of the machine is better than the kernel's timer, which dies with the kernel.
_WATCHDOGS = ("i6300esb", "wdat_wdt", "sp805_wdt", "sbsa_gwdt")
_TIMER = "softdog"
_WATCHDOG = "/dev/watchdog0"
_WDIOC_SETTIMEOUT = 0xC0045706


def open_loader(command_line: str) -> Loader:
    """The modules that this initrd carries for the kernel that runs."""
    return Loader(f"/usr/lib/modules/{os.uname().release}", command_line)


def arm_watchdog(loader: Loader, seconds: int) -> str:
    """Start the first watchdog that exists -> the module that drives it, "" for none.

    It is left running without the letter that disarms it: systemd takes it over, and a boot that
    hangs before then starts again by itself.
    """
    for name in (*loader.asked_for(("pci", "platform", "amba"), _WATCHDOGS), _TIMER):
        if loader.load(name) and os.path.exists(_WATCHDOG):
            fd = os.open(_WATCHDOG, os.O_WRONLY | os.O_CLOEXEC)
            fcntl.ioctl(fd, _WDIOC_SETTIMEOUT, struct.pack("i", seconds))
            os.close(fd)
            return name
    return ""


def disarm_watchdog() -> None:
    """Stop the watchdog: for a boot that must stand still, with its reason on the console."""
    if os.path.exists(_WATCHDOG):
        fd = os.open(_WATCHDOG, os.O_WRONLY | os.O_CLOEXEC)
        os.write(fd, b"V")
        os.close(fd)


def feed_watchdog() -> None:
    """Start its time anew: what takes long is still at work."""
    if os.path.exists(_WATCHDOG):
        fd = os.open(_WATCHDOG, os.O_WRONLY | os.O_CLOEXEC)
        os.write(fd, b"\0")
        os.close(fd)


def load_fat(loader: Loader) -> None:
    """Load what the boot partition is read with: who mounts it later may load no modules."""
    for name in _FAT:
        loader.load(name)


def load_always(loader: Loader, *, fat: bool) -> None:
    """Load what no device asks for; with FAT, a boot partition is of use too."""
    for name in _ALWAYS:
        loader.load(name)
    if fat:
        load_fat(loader)
