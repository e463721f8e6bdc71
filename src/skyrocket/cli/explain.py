"""Turns an exception into lines for the terminal and, when it is a bug, into a log file.

An error is *spoken* when a room of ours raised it on purpose: its class is defined in a
`skyrocket` module; it may carry a `hint`. Everything else is a bug and ends in the log.
Standard library only: the root script's last resort.
"""

from __future__ import annotations

import errno
import os
import sys
import time
import traceback
from typing import TYPE_CHECKING

from skyrocket.cli import settings
from skyrocket.fetch.errors import DiskError, FetchError

if TYPE_CHECKING:
    from pathlib import Path

INTERRUPTED = 130


def lines(error: BaseException) -> list[str]:
    """What to tell the user; empty when ERROR is not one that we foresaw."""
    if type(error).__module__.partition(".")[0] == "skyrocket":
        hint = str(getattr(error, "hint", "") or "")
        if not hint and os.strerror(errno.ENOSPC) in str(error):  # a program inside the sandbox
            hint = _WAYS_OUT[errno.ENOSPC]
        said = [f"skyrocket: {error}", *(f"  way out: {line}" for line in hint.splitlines())]
        return said + (settings.lines() if _of_the_network(error) else [])
    if isinstance(error, OSError) and error.errno in _WAYS_OUT:
        where = f" {error.filename}" if error.filename else ""
        reason = f"skyrocket: cannot use{where}: {error.strerror}"
        return [reason, f"  way out: {_WAYS_OUT[error.errno]}"]
    return []


def _of_the_network(error: BaseException) -> bool:
    return isinstance(error, FetchError) and not isinstance(error, DiskError)


_WAYS_OUT = {
    errno.ENOSPC: "free some disk space; what is finished stays and the next run continues",
    errno.EDQUOT: "free some of your quota; what is finished stays and the next run continues",
    errno.EACCES: "make it yours, or set XDG_CACHE_HOME to a folder that you may write",
    errno.EROFS: "set XDG_CACHE_HOME to a folder that you may write",
    errno.EMFILE: "raise the limit of open files: ulimit -n 4096",
    errno.ENOMEM: "give it more memory: stop other programs, or use --memory",
}


def report(error: BaseException, cache: Path) -> int:
    """Print one clear error, keep the details in a log; the exit status."""
    if isinstance(error, KeyboardInterrupt):
        say(["", "skyrocket: stopped; what is finished stays and the next run continues from here"])
        return INTERRUPTED
    said = lines(error)
    if not said:
        text = " ".join(str(error).split()) or "no message"
        said = [f"skyrocket: internal error: {type(error).__name__}: {text}"]
        said.append("  this is a bug in Skyrocket, not in what you did; please report it")
        log = write_log(error, cache)
        said.append(f"  details: {log or 'could not be written'}")
    say(said)
    return 1


def say(text: list[str]) -> None:
    try:
        sys.stderr.write("\n".join(text) + "\n")
    except OSError:
        return


def write_log(error: BaseException, cache: Path) -> Path | None:
    """The whole traceback, for whoever mends it; None when not even that can be written."""
    log = cache / "logs" / f"{time.strftime('%Y%m%d-%H%M%S')}.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        return None
    return log
