"""`check`: style, types and import contracts; what `scripts/check` runs."""

from __future__ import annotations

import argparse
import os
import time

from skyrocket.cli import children, environment
from skyrocket.cli.checkout import ROOT
from skyrocket.cli.children import Tool, python
from skyrocket.fetch import places

GROUP = "dev"
STUMBLED = 2  # mypy's exit status for a fault of its own; what it finds in the code is 1
_LINT_IMPORTS = "from importlinter.cli import lint_imports_command as main; main()"
MYPY = Tool("mypy", python("-m", "mypy", "--no-error-summary"))


def tools() -> tuple[Tool, ...]:
    cache = str(places.folder("tests") / "imports")
    return (
        Tool("ruff check", ("ruff", "check", "--quiet", ".")),
        Tool("ruff format", ("ruff", "format", "--check", "--quiet", ".")),
        MYPY,
        Tool("import contracts", python("-c", _LINT_IMPORTS, "--no-logo", "--cache-dir", cache)),
    )


def main(argv: list[str]) -> int:
    argparse.ArgumentParser("skyrocket check", description=__doc__).parse_args(argv)
    dependencies = environment.ready(GROUP)
    failed = []
    for tool in tools():
        print(f"{tool.name} …", flush=True)
        began = time.monotonic()
        status = children.run(tool.argv, dependencies)
        if tool == MYPY and status == STUMBLED:
            # What an interrupted run left in mypy's cache can make every later one stumble.
            print(f"{tool.name}: once more without its cache", flush=True)
            status = children.run((*tool.argv, "--cache-dir", os.devnull), dependencies)
        word = "ok" if status == 0 else "FAILED"
        print(f"{tool.name} {word} ({time.monotonic() - began:.1f} s)", flush=True)
        if status != 0:
            failed.append(tool.name)
    print(f"check: {', '.join(failed)} failed in {ROOT}" if failed else "check: all passed")
    return 1 if failed else 0
