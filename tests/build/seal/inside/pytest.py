"""The little of pytest that our host tests use, for running them inside a sealed program.

No assertion rewriting, no collection from files: there is no parser there and no file.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from contextlib import contextmanager
from typing import NamedTuple


class MonkeyPatch:
    def __init__(self):
        self._undo = []

    def setattr(self, target, name, *value):
        if isinstance(target, str):
            path, _, attribute = target.rpartition(".")
            target, name, value = sys.modules[path], attribute, (name,)
        old = getattr(target, name)
        self._undo.append(lambda: setattr(target, name, old))
        setattr(target, name, value[0])

    def setitem(self, target, key, value):
        old = target[key]
        self._undo.append(lambda: target.update({key: old}))
        target[key] = value

    def setenv(self, name, value):
        old = os.environ.get(name)
        self._undo.append(
            lambda: os.environ.pop(name, None) if old is None else os.environ.update({name: old})
        )
        os.environ[name] = str(value)

    def delenv(self, name, raising=True):
        old = os.environ.pop(name, None)
        if old is not None:
            self._undo.append(lambda: os.environ.update({name: old}))

    def undo(self):
        while self._undo:
            self._undo.pop()()


class Captured(NamedTuple):
    out: str
    err: str


class CaptureFixture:
    """Standard output and error by descriptor; `readouterr` gives what came since the last."""

    def __init__(self):
        sys.stdout.flush()
        sys.stderr.flush()
        self._kept = [os.dup(1), os.dup(2)]
        self._files = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
        for number, file in enumerate(self._files, 1):
            os.dup2(file.fileno(), number)

    def readouterr(self):
        sys.stdout.flush()
        sys.stderr.flush()
        texts = []
        for file in self._files:
            file.seek(0)
            texts.append(file.read().decode())
            file.seek(0)
            file.truncate()
        return Captured(*texts)

    def undo(self):
        sys.stdout.flush()
        sys.stderr.flush()
        for number, kept in enumerate(self._kept, 1):
            os.dup2(kept, number)
            os.close(kept)


class Skipped(Exception):
    pass


def skip(reason=""):
    raise Skipped(reason)


class Raised:
    value = None


@contextmanager
def raises(expected, match=None):
    found = Raised()
    try:
        yield found
    except expected as error:
        found.value = error
        if match is not None and re.search(match, str(error)) is None:
            raise AssertionError(f"{match!r} is not in {str(error)!r}") from error
    else:
        raise AssertionError(f"no {expected} was raised")


def fixture(function=None, *, params=(None,), autouse=False, scope="function"):
    def mark(made):
        made.sealed_fixture = (tuple(params), autouse)
        return made

    return mark(function) if function else mark


class _Mark:
    @staticmethod
    def parametrize(names, values, ids=None):
        if isinstance(names, str):
            names = [name.strip() for name in names.split(",")]

        def mark(function):
            rows = [dict(zip(names, row if len(names) > 1 else (row,))) for row in values]
            old = getattr(function, "rows", [{}])
            function.rows = [{**one, **two} for one in old for two in rows]
            return function

        return mark

    @staticmethod
    def usefixtures(*names):
        def mark(function):
            function.uses = names
            return function

        return mark

    @staticmethod
    def skipif(condition, reason):
        def mark(function):
            function.skipped = reason if condition else ""
            return function

        return mark


mark = _Mark()
