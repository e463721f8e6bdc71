"""Reads CIL, the language of the policy's sources: parentheses, words and strings. Pure.

Also the two kinds of comments that say what a name means, which the documents use. It knows
nothing of what a statement does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Form: TypeAlias = "str | tuple[Form, ...]"

_TOKEN = re.compile(r'\s*(?:;[^\n]*|([()])|"([^"]*)"|([^\s()";]+))')
_TYPE = re.compile(r"^\(type (\w+)\)\s*; (.+)$", re.MULTILINE)
_SILENCE = re.compile(r"((?:^;[^\n]*\n)*)^\(dontaudit ", re.MULTILINE)
_WORD = re.compile(r"^;   (\w+)  +(\S.*)$")


class CilError(ValueError):
    """A source that is no CIL."""


def parse(text: str) -> list[tuple[Form, ...]]:
    """The statements of TEXT.

    >>> parse('(type a_t) ; a comment' + chr(10) + '(filecon "/x" file a)')
    [('type', 'a_t'), ('filecon', '/x', 'file', 'a')]
    """
    found: list[tuple[Form, ...]] = []
    open_: list[list[Form]] = []
    for token in _tokens(text):
        match token:
            case "(":
                open_.append([])
            case ")" if not open_:
                raise CilError("cannot read CIL: a parenthesis closes nothing")
            case ")" if len(open_) == 1:
                found.append(tuple(open_.pop()))
            case ")":
                inner = tuple(open_.pop())
                open_[-1].append(inner)
            case _ if open_:
                open_[-1].append(token)
            case _:
                raise CilError(f"cannot read CIL: {token!r} stands outside a statement")
    if open_:
        raise CilError("cannot read CIL: a parenthesis is not closed")
    return found


def _tokens(text: str) -> Iterator[str]:
    for parenthesis, string, word in _TOKEN.findall(text):
        if parenthesis or string or word:
            yield parenthesis or string or word


def of_types(text: str) -> dict[str, str]:
    """What the comment beside each type says of it.

    >>> of_types('(type a_t)   ; what it is')
    {'a_t': 'what it is'}
    """
    return {name: said.strip() for name, said in _TYPE.findall(text)}


def of_words(text: str) -> dict[tuple[str, str], str]:
    """What the list before each class map says of its words: (map, word) -> its meaning."""
    found: dict[tuple[str, str], str] = {}
    waiting: dict[str, str] = {}
    for line in text.splitlines():
        if said := _WORD.match(line):
            waiting[said[1]] = said[2]
        elif line.startswith("(classmap "):
            name, words = line[len("(classmap ") :].rstrip(")").split(" (")
            found |= {(name, word): waiting.get(word, "") for word in words.split()}
            waiting = {}
    return found


def of_silences(text: str) -> list[str]:
    """The comment right before each rule about what is not logged.

    >>> of_silences("; Because." + chr(10) + "(dontaudit a_t b_t (dir (write)))")
    ['Because.']
    """
    comments = (found.splitlines() for found in _SILENCE.findall(text))
    return [" ".join(line.lstrip("; ") for line in lines) for lines in comments]
