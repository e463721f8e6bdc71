"""Words for a node's settings over time: generations, and where each came from."""

from typing import Literal

from msgspec import Struct

By = Literal["boot", "user-data", "api", "rollback", "migration"]


class Origin(Struct, frozen=True, omit_defaults=True):
    """Who made a generation: BY which way, WHO it was as far as known, and a NOTE for people."""

    by: By = "boot"
    who: str = ""
    note: str = ""


class Entry(Struct, frozen=True):
    """One line of the history."""

    generation: int
    time: str = ""
    by: str = "boot"
    who: str = ""
    note: str = ""
    schema: int = 1
    current: bool = False
