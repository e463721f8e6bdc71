"""Runs the test modules that are frozen beside it: `main` of a sealed program made for tests.

One line for each failure and a last one with the counts; the status says whether all passed.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import traceback
from pathlib import Path

from skyrocket.sealed_tests import pytest
from skyrocket.sealed_tests.names import MODULES


class Case:
    """One call of one test function, with the fixtures that it asks for."""

    def __init__(self, module, function):
        self.module, self.function = module, function
        self.made, self.undo = {}, []

    def fixture(self, name, param):
        if name not in self.made:
            self.made[name] = self._make(name, param)
        return self.made[name]

    def _make(self, name, param):
        match name:
            case "tmp_path":
                folder = Path(tempfile.mkdtemp())
                self.undo.append(lambda: shutil.rmtree(folder, ignore_errors=True))
                return folder
            case "monkeypatch" | "capfd" | "capsys":
                made = pytest.MonkeyPatch() if name == "monkeypatch" else pytest.CaptureFixture()
                self.undo.append(made.undo)
                return made
            case "request":
                return type("Request", (), {"param": param})
        function = getattr(self.module, name)
        made = function(**{other: self.fixture(other, param) for other in wants(function)})
        if hasattr(made, "__next__"):
            generator, made = made, next(made)
            self.undo.append(lambda: next(generator, None))
        return made

    def run(self, row, param):
        try:
            for name in [*automatic(self.module), *getattr(self.function, "uses", ())]:
                self.fixture(name, param)
            names = [name for name in wants(self.function) if name not in row]
            self.function(**row, **{name: self.fixture(name, param) for name in names})
        finally:
            for undo in reversed(self.undo):
                undo()


def wants(function):
    code = function.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def automatic(module):
    return [
        name for name, one in vars(module).items() if getattr(one, "sealed_fixture", ((), False))[1]
    ]


def params(module, function):
    """The values of the first fixture with several that FUNCTION asks for."""
    for name in wants(function):
        found = getattr(getattr(module, name, None), "sealed_fixture", None)
        if found and len(found[0]) > 1:
            return found[0]
    return (None,)


def main(argv):
    passed, failed, skipped = 0, 0, 0
    for name in MODULES:
        __import__(name)
        module = sys.modules[name]
        for title, function in list(vars(module).items()):
            if not title.startswith("test_") or (len(argv) > 1 and argv[1] not in title):
                continue
            if getattr(function, "skipped", ""):
                skipped += 1
                continue
            for row in getattr(function, "rows", [{}]):
                for param in params(module, function):
                    try:
                        Case(module, function).run(row, param)
                        passed += 1
                    except pytest.Skipped:
                        skipped += 1
                    except BaseException:
                        failed += 1
                        sys.stdout.write(f"FAILED {name} {title} {str(row)[:80]}\n")
                        traceback.print_exc(limit=-3, file=sys.stdout)
    sys.stdout.write(f"{passed} passed, {failed} failed, {skipped} skipped\n")
    return 1 if failed else 0
