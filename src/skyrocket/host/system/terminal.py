"""A terminal on which something was typed: for programs that ask a person for a secret.

What is typed stands in no argument and no environment, where others could read it. Whom it is
for is not known here.
"""

from __future__ import annotations

import os

LONGEST = 4000  # bytes; the kernel keeps 4,096 of a line that nobody has read yet


class Terminal:
    """A context that gives the descriptor of a terminal with LINE waiting; raise ValueError."""

    __slots__ = ("_line", "_ours", "_theirs")

    def __init__(self, line: str) -> None:
        raw = line.encode()
        if len(raw) > LONGEST:
            raise ValueError(f"has over {LONGEST} bytes")
        if any(byte < 0x20 or byte == 0x7F for byte in raw):
            raise ValueError("holds a control character")
        self._line = raw + b"\n"

    def __enter__(self) -> int:
        self._ours, self._theirs = os.openpty()
        os.write(self._ours, self._line)
        return self._theirs

    def __exit__(self, *_: object) -> None:
        os.close(self._theirs)
        os.close(self._ours)
