"""What the kernel command line asks of the initrd, once it is believed (`trust`). Pure."""

from __future__ import annotations

from skyrocket.host.initrd.errors import BootError
from skyrocket.host.system.verity import ON_CORRUPTION


class Options:
    """Root hash, what to do on corruption, and how long to wait, in seconds."""

    __slots__ = ("disk_wait", "on_corruption", "reboot_after", "root_hash", "watchdog")

    def __init__(self, words: dict[str, str]) -> None:
        self.root_hash = words.get("roothash", "").lower()
        self.on_corruption = words.get("skyrocket.verity", "restart")
        self.disk_wait = _seconds(words, "skyrocket.disk-wait", 20)
        self.watchdog = _seconds(words, "skyrocket.watchdog", 60)
        self.reboot_after = _seconds(words, "skyrocket.reboot-after", 10)


def parse(command_line: str) -> Options:
    """The options of the command line; later words win, words we do not know are not ours."""
    words = {}
    for word in command_line.split():
        key, _, value = word.partition("=")
        words[key] = value
    options = Options(words)
    if len(options.root_hash) != 64:
        raise BootError("cannot find the root: the command line has no roothash= of 64 digits")
    if options.on_corruption not in ON_CORRUPTION:
        raise BootError(
            f"cannot use skyrocket.verity={options.on_corruption}: it is restart or panic"
        )
    return options


def for_pid_1(command_line: str) -> list[str]:
    """What the command line says to PID 1 alone: the words behind `--`.

    >>> for_pid_1("quiet -- --log-level=debug")
    ['--log-level=debug']
    """
    words = command_line.split()
    return words[words.index("--") + 1 :] if "--" in words else []


def _seconds(words: dict[str, str], key: str, default: int) -> int:
    value = words.get(key, "")
    return int(value) if value.isdecimal() else default
