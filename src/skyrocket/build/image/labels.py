"""SELinux labels of files: which expression of the file contexts fits a path. Pure.

The one matcher of the project: the build labels the root with it, and tests compare nodes with it.
It knows the form that the policy's compiler writes, not what labels mean.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyrocket.build.image.entries import Entry

_KINDS = {
    "--": "file", "-d": "folder", "-l": "symlink", "-s": "socket", "-p": "pipe",
    "-c": "character device", "-b": "block device",
}  # fmt: skip


class Rule(NamedTuple):
    """Paths that EXPRESSION matches as a whole, of KIND ("": any), have LABEL."""

    expression: str
    kind: str
    label: str


class LabelError(ValueError):
    """The file contexts cannot be read, or say nothing of a path."""


def parse(text: str) -> tuple[Rule, ...]:
    """The rules of a `file_contexts` file, in its order.

    >>> parse("/x -d user:role:type:s0")
    (Rule(expression='/x', kind='folder', label='user:role:type:s0'),)
    """
    rules = []
    for number, line in enumerate(text.splitlines(), start=1):
        match line.split():
            case []:
                continue
            case [expression, label]:
                rules.append(Rule(expression, "", label))
            case [expression, flag, label] if flag in _KINDS:
                rules.append(Rule(expression, _KINDS[flag], label))
            case _:
                raise LabelError(f"cannot read file contexts: line {number}: {line!r}")
    return tuple(rules)


def label_of(rules: Iterable[Rule], path: str, kind: str) -> str:
    """The label of PATH (absolute) by the last rule that fits."""
    for rule in reversed(tuple(rules)):
        if rule.kind in {"", kind} and re.fullmatch(rule.expression, path):
            return rule.label
    raise LabelError(f"cannot label {path}: no expression of the file contexts fits")


def labelled(entries: Iterable[Entry], rules: tuple[Rule, ...]) -> list[Entry]:
    """The entries with their labels."""
    return [
        entry._replace(label=label_of(rules, f"/{entry.path}", entry.kind)) for entry in entries
    ]
