"""The JSON messages of an exec connection. Apart, because msgspec reads these annotations."""

from typing import Annotated

import msgspec

Byte = Annotated[int, msgspec.Meta(ge=0, le=255)]
Cells = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Size(msgspec.Struct, frozen=True):
    """A terminal's size in characters."""

    rows: Cells
    cols: Cells


class Terminal(msgspec.Struct, frozen=True):
    size: Size | None = None


class Argument(msgspec.Struct, frozen=True, rename={"bytes": "Unix"}):
    """One argument: any bytes, so it travels as numbers."""

    bytes: list[Byte]


class Initialize(msgspec.Struct, frozen=True):
    """What to run, where, and on what terminal if any."""

    command: Annotated[list[Argument], msgspec.Meta(min_length=1)]
    target: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\Z", max_length=255)]
    tty: Terminal | None = None

    def argv(self) -> list[bytes]:
        """The command's arguments."""
        return [bytes(argument.bytes) for argument in self.command]


class Tagged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A client's message with content: exactly one of the fields is there."""

    initialize: Initialize | None = msgspec.field(name="Initialize", default=None)
    winch: Size | None = msgspec.field(name="Winch", default=None)


class CapacityContent(msgspec.Struct, frozen=True):
    max_messages_outstanding: int
    messages_written: int


class Capacity(msgspec.Struct, frozen=True):
    """What we tell the client: how far it may run ahead."""

    capacity: CapacityContent = msgspec.field(name="Capacity")
