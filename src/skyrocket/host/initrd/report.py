"""What the boot says about itself: a kernel message a stage, and /run/skyrocket/initrd.json.

The JSON is written by hand: the `json` module loads `re`, and a boot would pay for both.
"""

from __future__ import annotations

import os
import time

JSON_FILE = "/run/skyrocket/initrd.json"
_KMSG = "/dev/kmsg"
_NOTICE = "<5>"
_ERROR = "<3>"


class Report:
    """Stages with their seconds, facts, and the reasons why this node is degraded."""

    def __init__(self) -> None:
        self.facts: dict[str, object] = {}
        self.degraded: list[str] = []
        self.stage_name = "start"
        self._stages: dict[str, float] = {}
        self._since = time.monotonic()
        self._kmsg = -1

    def open(self) -> None:
        """Speak from now on: /dev is there."""
        self._kmsg = os.open(_KMSG, os.O_WRONLY | os.O_CLOEXEC)
        self.facts["started_at"] = time.clock_gettime(time.CLOCK_BOOTTIME)

    def stage(self, name: str) -> None:
        """The last stage is done, NAME begins."""
        now = time.monotonic()
        self._stages[self.stage_name] = now - self._since
        self.stage_name, self._since = name, now
        self.say(name)

    def degrade(self, reason: str) -> None:
        """Go on without something, and never hide it."""
        self.degraded.append(reason)
        self.say(reason, _ERROR)

    def say(self, text: str, level: str = _NOTICE) -> None:
        """One line in the kernel's log."""
        if self._kmsg >= 0:
            line = " ".join(text.split())[:900]
            os.write(self._kmsg, f"{level}skyrocket: {line}\n".encode())

    def complain(self, text: str) -> None:
        """One line in the kernel's log, as an error."""
        self.say(text, _ERROR)

    def write(self) -> None:
        """Leave everything for the node: JSON_FILE."""
        self.facts["degraded"] = self.degraded
        self.facts["stages"] = self._stages
        seconds = ", ".join(f"{name} {took:.2f}" for name, took in self._stages.items())
        self.say(f"seconds: {seconds}")
        folder = JSON_FILE.rpartition("/")[0]
        if not os.path.isdir(folder):
            os.mkdir(folder, 0o755)
        fd = os.open(JSON_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        os.write(fd, (to_json(self.facts) + "\n").encode())
        os.close(fd)


def to_json(value: object) -> str:
    """A value of dict, list, str, bool, int, float, None as JSON; floats with milliseconds."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return str(value) if isinstance(value, int) else f"{value:.3f}"
    if isinstance(value, dict):
        members = (f"{to_json(str(key))}: {to_json(item)}" for key, item in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(to_json(item) for item in value) + "]"
    return '"' + "".join(_escaped(letter) for letter in str(value)) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    return letter if " " <= letter <= "~" else "".join(f"\\u{unit:04x}" for unit in _units(letter))


def _units(letter: str) -> tuple[int, ...]:
    code = ord(letter)
    if code < 0x10000:
        return (code,)
    code -= 0x10000
    return (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF))
