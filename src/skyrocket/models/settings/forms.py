"""Values that may be given in more than one form and are kept in one.

A table of mirrors becomes a list, `unlimited` a number. Which forms there are is data, so that
mistakes, the reference and the JSON Schema know them too.
"""

from typing import Annotated, Any, ClassVar, Self

import msgspec

from skyrocket.models.settings.scalars import Patterned, ScalarError, decode, kind_of


class Forms:
    """Base: FORMS has for each type of plain value what it must be; `value` is what is kept."""

    __slots__ = ("value",)
    forms: ClassVar[dict[type, Any]] = {}

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def parse(cls, value: object) -> Self:
        """VALUE in the form that is kept; raise ScalarError or msgspec's ValidationError."""
        return cls(cls.settle(msgspec.convert(value, cls.form(value), dec_hook=decode)))

    @classmethod
    def form(cls, value: object) -> Any:
        """The type that VALUE must have, by what it is in JSON; raise ScalarError for none."""
        if type(value) not in cls.forms:
            wanted = " | ".join(kind_of(kind()) for kind in cls.forms)
            raise ScalarError(f"Expected `{wanted}`, got `{kind_of(value)}`")
        return cls.forms[type(value)]

    @classmethod
    def every(cls) -> list[Any]:
        """All types that a value may have, for documents."""
        return list(cls.forms.values())

    @classmethod
    def settle(cls, value: Any) -> Any:
        """What is kept of VALUE, which has one of the forms; may raise ScalarError."""
        return value


class ByteText(Patterned):
    """An amount of bytes: `1024`, `1kb` (1000), `3mib` (1024²), `2gb`; case does not matter."""

    __slots__ = ()
    pattern = r"[0-9]{1,18} ?(?:[bB]|[kKmMgGtT][iI]?[bB])?"
    rule = "is no amount of bytes such as 64mb or 3mib"

    def amount(self) -> int:
        digits = self.rstrip("bBiIkKmMgGtT ")
        unit = self[len(digits) :].strip().lower()
        base = 1024 if "i" in unit else 1000
        power: int = base ** ("bkmgt".index(unit[0]) if unit else 0)
        return int(digits) * power


class ChunkSize(Forms):
    """An amount of bytes as a number or as text (`64mb`, `3mib`); kept as a number."""

    __slots__ = ()
    forms: ClassVar[dict[type, Any]] = {
        int: Annotated[int, msgspec.Meta(ge=0)],
        str: ByteText,
    }

    @classmethod
    def settle(cls, value: Any) -> Any:
        amount = value.amount() if isinstance(value, ByteText) else value
        if amount >= 2**63:
            raise ScalarError(f"Unable to deserialize into ChunkSize: {value} is above 2^63 - 1")
        return amount
