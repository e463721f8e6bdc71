"""Say everything that is wrong with a tree of settings, each with its path.

The decoder stops at the first mistake. Only when it has refused a tree does `find` walk it along
the types and convert each leaf on its own, so that a user mends a file once. Texts follow those of
serde, which scripts know.
"""

from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from skyrocket.models.keys import Key, name
from skyrocket.models.settings.scalars import decode, kind_of


class SettingsError(ValueError):
    """Settings that do not fit the data model; `mistakes` has one line for each reason."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(mistakes))


def find(kind: Any, value: object, at: Key = ("settings",)) -> list[str]:
    """Every reason why VALUE is not a KIND."""
    kind = _bare(kind)
    if value is None:
        return []
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _in_struct(kind, value, at)
    if get_origin(kind) is dict:
        return _in_map(get_args(kind), value, at)
    return _in_leaf(kind, value, at)


def _bare(kind: Any) -> Any:
    """KIND without annotations and without `| None`: absent is always fine in settings."""
    while get_origin(kind) is Annotated and not isinstance(kind, type):
        meta = get_args(kind)[1:]
        if any(m.ge is not None or m.le is not None or m.pattern for m in meta):
            return kind
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        rest = [option for option in get_args(kind) if option is not NoneType]
        return _bare(rest[0]) if len(rest) == 1 else kind
    return kind


def _in_struct(kind: type[msgspec.Struct], value: object, at: Key) -> list[str]:
    if not isinstance(value, dict):
        return [f"invalid type: {_words(value)}, expected struct {kind.__name__} at {name(at)}"]
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    mistakes = []
    for key, below in value.items():
        if key in fields:
            mistakes += find(fields[key], below, (*at, key))
        else:
            mistakes.append(f"unknown field `{key}`, expected {_one_of(fields)} at {name(at)}")
    return mistakes


def _in_map(kinds: tuple[Any, ...], value: object, at: Key) -> list[str]:
    if not isinstance(value, dict):
        return [f"invalid type: {_words(value)}, expected a map at {name(at)}"]
    mistakes = []
    for key, below in value.items():
        mistakes += _in_leaf(kinds[0], key, (*at, key))
        if below is None:
            mistakes.append(f"invalid type: null at {name((*at, key))}")
        mistakes += find(kinds[1], below, (*at, key))
    return mistakes


def _in_leaf(kind: Any, value: object, at: Key) -> list[str]:
    try:
        msgspec.convert(value, kind, dec_hook=decode)
    except msgspec.ValidationError as error:
        reason, _, inside = str(error).partition(" - at `$")
        return [f"{reason} at {name(at)}{inside.rstrip('`')}"]
    return []


def _one_of(names: Any) -> str:
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
