"""Turn plain data (as read from TOML) into Structs, and report every mistake at once.

A decoder that stops at the first mistake makes its user run it once per mistake. `check` walks
the data along the Struct's fields and converts each leaf on its own, so all mistakes are found
in one pass, each with its path. It knows nothing of files: the caller adds the file's name.
"""

from typing import Any, TypeVar, get_args, get_origin

import msgspec

T = TypeVar("T")


class DefinitionError(Exception):
    """Base of this room's errors: one thing (a file, a document) with all its mistakes."""

    def __init__(self, thing: str, mistakes: list[str]) -> None:
        self.thing, self.mistakes = thing, tuple(mistakes)
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        lines = "".join(f"\n  {mistake}" for mistake in mistakes)
        super().__init__(f"cannot use {thing}: {count}{lines}")


def check(kind: type[T], data: object, thing: str) -> T:
    """DATA as a KIND; raises DefinitionError that lists every mistake as `path: reason`."""
    mistakes: list[str] = []
    _walk(kind, data, "", mistakes)
    if mistakes:
        raise DefinitionError(thing, mistakes)
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:  # a rule that spans fields (__post_init__)
        raise DefinitionError(thing, [_reason(error)]) from error


def _walk(kind: Any, data: object, path: str, mistakes: list[str]) -> None:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        _walk_struct(kind, data, path, mistakes)
        return
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (list, tuple) and isinstance(data, list):
        for number, item in enumerate(data):
            _walk(arguments[0], item, f"{path}[{number}]", mistakes)
    elif origin is dict and isinstance(data, dict):
        for key, item in data.items():
            _walk(arguments[1], item, f"{path}.{key}".lstrip("."), mistakes)
    else:
        _convert(kind, data, path, mistakes)


def _walk_struct(kind: type[msgspec.Struct], data: object, path: str, mistakes: list[str]) -> None:
    if not isinstance(data, dict):
        mistakes.append(f"{path or '(top)'}: expected a table, found {type(data).__name__}")
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in data.keys() - fields.keys():
        known = ", ".join(sorted(fields))
        mistakes.append(f"{_join(path, name)}: unknown key (known here: {known})")
    for name, field in fields.items():
        if name in data:
            _walk(field.type, data[name], _join(path, name), mistakes)
        elif field.required:
            mistakes.append(f"{_join(path, name)}: missing")
    mistakes.sort()


def _convert(kind: Any, data: object, path: str, mistakes: list[str]) -> None:
    try:
        msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        mistakes.append(f"{path}: {_reason(error)}")


def _reason(error: msgspec.ValidationError) -> str:
    text = str(error)
    reason, _, where = text.partition(" - at ")
    return f"{where.strip('`')}: {reason}" if where else reason


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
