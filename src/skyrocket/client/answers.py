"""Answers for people or programs: JSON in, lines of text or the same JSON out."""

import sys

from skyrocket.client import jsontext
from skyrocket.client.errors import ClientError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def read(text: str, uri: str) -> "Any":
    """The value TEXT stands for, which is the answer to URI; raise ClientError."""
    try:
        return jsontext.parse(text)
    except jsontext.NotJsonError as error:
        raise ClientError(f"cannot read the answer to '{uri}' as JSON: {error}") from None


def write(value: "Any", given: "dict[str, str]", lines: "Callable[[Any], list[str]]") -> None:
    """Print VALUE as the options GIVEN ask for: JSON, or what LINES make of it."""
    if given.get("-f") == "json":
        sys.stdout.write(jsontext.pretty(value) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines(value)))


def difference(values: "list[dict[str, Any]]") -> "list[str]":
    """A line for each key that changes."""
    return [f"{each['key']}: {_side(each, 'before')} -> {_side(each, 'after')}" for each in values]


def _side(value: "dict[str, Any]", name: str) -> str:
    return jsontext.compact(value[name]) if name in value else "(not set)"
