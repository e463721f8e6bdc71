"""Lines for the journal: standard error, with the priority in front as sd-daemon(3) has it."""

from __future__ import annotations

import sys


def error(text: str) -> None:
    _say(3, text)


def warning(text: str) -> None:
    _say(4, text)


def notice(text: str) -> None:
    _say(5, text)


def info(text: str) -> None:
    _say(6, text)


def _say(priority: int, text: str) -> None:
    sys.stderr.write("".join(f"<{priority}>{line}\n" for line in text.splitlines()))
    sys.stderr.flush()
