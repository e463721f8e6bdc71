"""The Range header, as far as pulling blobs needs it: one range of bytes."""

from __future__ import annotations

import re
from typing import NamedTuple


class Span(NamedTuple):
    """Bytes FIRST to LAST, both included, as Content-Range counts them."""

    first: int
    last: int


class RangeError(Exception):
    """The range lies outside the file: answer 416."""


def parse(header: str | None, size: int) -> Span | None:
    """Bytes that HEADER asks of a file of SIZE bytes; None when the whole file is to be sent.

    A header that is malformed or names several ranges is ignored, which the HTTP specification
    allows. Raises RangeError for a range outside the file.

    >>> parse("bytes=2-", 10)
    Span(first=2, last=9)
    >>> parse("bytes=-3", 10)
    Span(first=7, last=9)
    """
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", (header or "").strip())
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        length = int(last)
        span = Span(max(0, size - length), size - 1)
        if length == 0 or size == 0:
            raise RangeError
        return span
    span = Span(int(first), min(int(last), size - 1) if last else size - 1)
    if span.first >= size:
        raise RangeError
    return span if span.last >= span.first else None
