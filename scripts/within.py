"""Run a module of the tests with the locked dependencies: `python3 scripts/within.py fuzz.prove …`.

Standard library alone until the dependencies are there.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]


def become(words: list[str], **variables: str) -> NoReturn:
    """Replace this process by Python with these WORDS; it finds the sources and the tests."""
    sys.dont_write_bytecode = True  # nothing is written into the checkout
    sys.path.insert(0, str(ROOT / "src"))
    from skyrocket.cli import children, environment

    env = children.environment(environment.ready("dev")) | variables
    env["PYTHONPATH"] = os.pathsep.join([env["PYTHONPATH"], str(ROOT / "tests")])
    argv = children.python(*words)
    os.chdir(ROOT)
    os.execve(argv[0], argv, env)  # noqa: S606


if __name__ == "__main__":
    become(["-m", *sys.argv[1:]])
