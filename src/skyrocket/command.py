"""The one door to other programs: run a command and get its output, or a clear error."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class CommandError(Exception):
    """A program failed: its argv, exit status, what it said on standard error, the LAST line."""

    def __init__(self, argv: Sequence[str], status: int, stderr: str) -> None:
        self.argv = tuple(argv)
        self.status = status
        self.stderr = stderr
        self.last = (stderr.strip().splitlines() or ["it said nothing"])[-1]
        super().__init__(f"cannot run {argv[0]}: exit status {status}: {self.last}")


def printable(argv: Sequence[str]) -> str:
    """The command as it can be pasted into a terminal."""
    return shlex.join(argv)


def run(
    argv: Sequence[str],
    *,
    stdin: bytes | int | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    timeout: float | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[bytes]:
    """Run ARGV to its end; raise CommandError on a non-zero status unless CHECK is off.

    STDIN is what it reads, or the descriptor that it reads from.
    """
    try:
        done = subprocess.run(
            list(argv),
            input=stdin if isinstance(stdin, bytes) else None,
            stdin=stdin if isinstance(stdin, int) else None,
            env=env,
            cwd=cwd,
            timeout=timeout,
            check=False,
            capture_output=True,
        )
    except FileNotFoundError as error:
        raise CommandError(argv, 127, f"{argv[0]}: no such program") from error
    except subprocess.TimeoutExpired as error:
        raise CommandError(argv, 124, f"no end within {timeout} s") from error
    if check and done.returncode != 0:
        raise CommandError(argv, done.returncode, done.stderr.decode(errors="replace"))
    return done
