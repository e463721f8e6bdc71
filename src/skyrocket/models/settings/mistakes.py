"""Say everything that is wrong with a tree of settings, each with its path and what was meant.

The decoder stops at the first mistake. Only when it has refused a tree does `find` walk it along
the types and convert each leaf on its own, so that a user mends a file once. Texts follow those of
serde, which scripts know; what was meant stands behind them.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self, get_args, get_origin

import msgspec

from skyrocket.models.keys import Key, name
from skyrocket.models.settings.forms import Forms
from skyrocket.models.settings.leaves import bare, is_struct, limits
from skyrocket.models.settings.scalars import ScalarError, decode, kind_of
from skyrocket.models.settings.spelling import nearest


class Mistake(str):
    """One line for people that also knows its parts.

    PATH is the full name of the place, REASON what is wrong there, MEANT the full name of the key
    that was probably meant, or "".
    """

    __slots__ = ("meant", "path", "reason")
    meant: str
    path: str
    reason: str

    @classmethod
    def at(cls, path: str, reason: str, meant: str = "", note: str = "") -> Self:
        note = f": {note}" if note else f" (did you mean `{meant}`?)" if meant else ""
        mistake = cls(f"{reason} at {path}{note}")
        mistake.path, mistake.reason, mistake.meant = path, reason, meant
        return mistake


class SettingsError(ValueError):
    """Settings that do not fit the data model; `mistakes` has one line for each reason."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(self.mistakes))


def find(kind: Any, value: object, at: Key = ("settings",)) -> list[Mistake]:
    """Every reason why VALUE is not a KIND."""
    kind = _bare(kind)
    if value is None:
        return []
    if is_struct(kind):
        return _in_struct(kind, value, at)
    if get_origin(kind) is dict:
        return _in_map(get_args(kind), value, at)
    if get_origin(kind) is list and isinstance(value, list):
        each = get_args(kind)[0]
        found = [find(each, item, (*at, f"[{i}]")) for i, item in enumerate(value)]
        return [mistake for mistakes in found for mistake in mistakes] or _in_leaf(kind, value, at)
    if isinstance(kind, type) and issubclass(kind, Forms):
        return _in_forms(kind, value, at)
    return _in_leaf(kind, value, at)


def _bare(kind: Any) -> Any:
    """KIND without annotations and without `| None`: absent is always fine in settings."""
    plain, metas = bare(kind)
    narrowing = [meta for meta in metas if limits(meta)]
    for meta in reversed(narrowing):
        plain = Annotated[plain, meta]
    return plain


def _in_struct(kind: type[msgspec.Struct], value: object, at: Key) -> list[Mistake]:
    if not isinstance(value, dict):
        return [_mistake(at, f"invalid type: {_words(value)}, expected struct {kind.__name__}")]
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    mistakes = []
    for key, below in value.items():
        if key in fields:
            mistakes += find(fields[key].type, below, (*at, key))
        else:
            near = nearest(str(key), fields)
            meant = where((*at, near)) if near else ""
            mistakes.append(
                _mistake(at, f"unknown field `{key}`, expected {one_of(fields)}", meant)
            )
    for key, field in fields.items():
        if field.required and value.get(key) is None:
            mistakes.append(_mistake(at, f"missing field `{key}`"))
    return mistakes


def _in_map(kinds: tuple[Any, ...], value: object, at: Key) -> list[Mistake]:
    if not isinstance(value, dict):
        return [_mistake(at, f"invalid type: {_words(value)}, expected a map")]
    mistakes = []
    for key, below in value.items():
        mistakes += _in_leaf(kinds[0], key, (*at, key))
        if below is None:
            mistakes.append(_mistake((*at, key), "invalid type: null"))
        mistakes += find(kinds[1], below, (*at, key))
    return mistakes


def _in_forms(kind: type[Forms], value: object, at: Key) -> list[Mistake]:
    try:
        mistakes = find(kind.form(value), value, at)
    except ScalarError as error:
        return [_mistake(at, str(error))]
    return mistakes or _in_leaf(kind, value, at)


def _in_leaf(kind: Any, value: object, at: Key) -> list[Mistake]:
    try:
        msgspec.convert(value, kind, dec_hook=decode)
    except msgspec.ValidationError as error:
        reason, _, inside = str(error).partition(" - at `$")
        return [Mistake.at(f"{where(at)}{inside.rstrip('`')}", reason + _choices(kind))]
    return []


def _choices(kind: Any) -> str:
    """The texts a closed set has, for whoever gave another one."""
    texts = get_args(kind) if get_origin(kind) is Literal else ()
    return f", expected {one_of(texts)}" if texts else ""


def _mistake(at: Key, reason: str, meant: str = "") -> Mistake:
    return Mistake.at(where(at), reason, meant)


def where(at: Key) -> str:
    """The name of AT, in which segments such as `[0]` are places in lists."""
    text = ""
    for segment in at:
        joint = "" if segment.startswith("[") or not text else "."
        text += joint + (segment if segment.startswith("[") else name((segment,)))
    return text


def one_of(names: Iterable[str]) -> str:
    """NAMES as a reason lists them."""
    quoted = [f"`{each}`" for each in names]
    if len(quoted) > 2:
        return f"one of {', '.join(quoted)}"
    return " or ".join(quoted) or "nothing"


def _words(value: object) -> str:
    match value:
        case bool():
            return f"boolean `{str(value).lower()}`"
        case int():
            return f"integer `{value}`"
        case float():
            return f"floating point `{value}`"
        case str():
            return f'string "{value}"'
        case _:
            return {"array": "sequence", "object": "map"}.get(kind_of(value), kind_of(value))
