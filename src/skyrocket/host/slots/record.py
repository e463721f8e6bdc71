"""What the node remembers about its boots, in the folder `boot` of the private partition.

    state     which root booted last, boots since it was healthy, how far the last boot came
    blessed   roots that were healthy once, newest first
    reason    why a boot gave up; read and removed by the next one
    left      the root that booted before the running one, and why it was left

Shared by the initrd, which counts, and by `health`, which resets the count. The files are lines of
`key value`: readable by an engineer with nothing but the disk. Deliberately unknown here: what a
count leads to (`models.boots`).
"""

from __future__ import annotations

import os

from skyrocket.host.system import files
from skyrocket.host.system.text import text_in

FOLDER = "boot"
ASKED = "/run/skyrocket/restart-asked"
"""Left by `reboot`: somebody wanted this boot to end."""
STOPPED = "stopped"
HEALTHY = "healthy"
_KEPT = 8


class State:
    """ROOT booted last, COUNT boots of it without health, and the STAGE that BOOT_ID reached."""

    __slots__ = ("boot_id", "count", "root", "stage")

    def __init__(self, root: str = "", count: int = 0, boot_id: str = "", stage: str = "") -> None:
        self.root = root
        self.count = count
        self.boot_id = boot_id
        self.stage = stage

    def booted(self, root: str, boot_id: str) -> State:
        """The state when a boot of ROOT begins: one more of the same, or the first of another."""
        count = self.count + 1 if root == self.root else 1
        return State(root, count, boot_id, "initrd")

    def reached(self, stage: str) -> State:
        """The same boot, further on."""
        return State(self.root, self.count, self.boot_id, stage)

    def healthy(self) -> State:
        """The same boot, found good: counting starts anew."""
        return State(self.root, 0, self.boot_id, HEALTHY)

    def _key(self) -> tuple[object, ...]:
        return (self.root, self.count, self.boot_id, self.stage)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"State{self._key()!r}"


def parse(text: str) -> State:
    """The state written by `dump`; what cannot be read counts as nothing."""
    words = dict(line.partition(" ")[::2] for line in text.splitlines())
    count = words.get("count", "")
    return State(
        words.get("root", ""),
        int(count) if count.isdecimal() else 0,
        words.get("boot-id", ""),
        words.get("stage", ""),
    )


def dump(state: State) -> str:
    """The state as lines of `key value`."""
    return f"root {state.root}\ncount {state.count}\nboot-id {state.boot_id}\nstage {state.stage}\n"


def with_blessed(text: str, root: str) -> str:
    """The list of blessed roots with ROOT in front."""
    others = [line for line in text.split() if line != root]
    return "".join(f"{line}\n" for line in [root, *others][:_KEPT])


class Records:
    """The folder of records below the PRIVATE partition's folder."""

    def __init__(self, private: str) -> None:
        self.folder = f"{private}/{FOLDER}"
        if not os.path.isdir(self.folder):
            os.mkdir(self.folder, 0o755)
            files.sync_folder(private)

    def read(self) -> State:
        return parse(text_in(f"{self.folder}/state"))

    def write(self, state: State) -> None:
        files.replace(f"{self.folder}/state", dump(state).encode(), durable=True)

    def blessed(self) -> tuple[str, ...]:
        return tuple(text_in(f"{self.folder}/blessed").split())

    def bless(self, root: str) -> None:
        text = text_in(f"{self.folder}/blessed")
        wanted = with_blessed(text, root)
        if wanted.split() != text.split():
            files.replace(f"{self.folder}/blessed", wanted.encode(), durable=True)

    def note_left(self, root: str, reason: str) -> None:
        """Keep why the node went on from ROOT to another one, until it does that again."""
        text = f"root {root}\nreason {' '.join(reason.split())}\n"
        files.replace(f"{self.folder}/left", text.encode(), durable=True)

    def left(self) -> tuple[str, str]:
        """The root before this one and why it was left, "" when it ended in order."""
        text = text_in(f"{self.folder}/left")
        words = dict(line.partition(" ")[::2] for line in text.splitlines())
        return words.get("root", ""), words.get("reason", "")

    def leave_reason(self, reason: str) -> None:
        files.replace(f"{self.folder}/reason", f"{reason}\n".encode(), durable=True)

    def take_reason(self) -> str:
        """Why the boot before gave up, if it said so; said once."""
        path = f"{self.folder}/reason"
        reason = text_in(path)
        if os.path.exists(path):
            os.unlink(path)
        return reason
