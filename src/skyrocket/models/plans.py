"""What a change of settings would do, as a client is told: values, files, units, a restart."""

from typing import Any

from msgspec import Struct


class Value(Struct, frozen=True, omit_defaults=True):
    """One key that changes; no BEFORE or AFTER: it has no value."""

    key: str
    before: Any = None
    after: Any = None


class FilePlan(Struct, frozen=True):
    """One file that would be written or removed, with its difference and the keys behind it.

    No key: the file is not what the settings say already now.
    """

    path: str
    action: str
    diff: str
    because: list[str]


class UnitPlan(Struct, frozen=True):
    """One unit that would be started, stopped or restarted, and the files it reads that change."""

    name: str
    action: str
    because: list[str]


class Reboot(Struct, frozen=True):
    """Whether the change needs a restart of the node to take effect, and why."""

    needed: bool
    because: list[str]


class Preview(Struct, frozen=True):
    """The whole of a plan; GENERATION is the one it was made for."""

    generation: int
    values: list[Value]
    files: list[FilePlan]
    units: list[UnitPlan]
    effects: list[str]
    reboot: Reboot
