"""What container images hold, listed apart: they are not the host, and they may hold a shell.

`python -m skyrocket.build.audit.listing LAYOUT…` prints a table; a layout is an OCI image folder.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.audit.content import classify

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyrocket.build.audit.model import Facts

GZIP = b"\x1f\x8b"


class Row(NamedTuple):
    """One program of an image: a file that can be started."""

    path: str
    size: int
    mode: int
    facts: Facts

    @property
    def what(self) -> str:
        return "; ".join(mark.what for mark in self.facts.marks) or self.facts.kind


class Listing(NamedTuple):
    """All programs of one image, and how many other files it has."""

    name: str
    programs: list[Row]
    others: int


def listing(layout: Path) -> Listing:
    """Read the layers of the OCI layout folder LAYOUT, the later over the earlier."""
    files: dict[str, Row] = {}
    for layer in _layers(layout):
        data = gzip.decompress(layer) if layer.startswith(GZIP) else layer
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for entry in tar:
                path = entry.name.removeprefix("./").lstrip("/")
                content = tar.extractfile(entry) if entry.isreg() else None
                files.pop(path, None)
                if content is not None:
                    files[path] = Row(path, entry.size, entry.mode, classify(content.read()))
    programs = [row for row in files.values() if _starts(row)]
    programs.sort()
    name = layout.parent.name if layout.name == "layout" else layout.name
    return Listing(name, programs, len(files) - len(programs))


def markdown(listings: Iterable[Listing]) -> str:
    """The listings as a page."""
    lines = ["# What the container images hold", ""]
    lines += ["Made by `python -m skyrocket.build.audit.listing` from the built images.", ""]
    for one in listings:
        lines += [f"## {one.name}", "", "| program | bytes | what it is |", "|---|---|---|"]
        for row in one.programs:
            bits = " (setuid)" if row.mode & 0o4000 else ""
            lines.append(f"| `/{row.path}`{bits} | {row.size:,} | {row.what} |")
        lines += ["", f"{len(one.programs)} programs, {one.others} other files.", ""]
    return "\n".join(lines)


def _starts(row: Row) -> bool:
    if row.facts.kind == "library":
        return bool(row.facts.marks)
    return row.facts.kind in ("program", "script") or bool(row.mode & 0o111)


def _layers(layout: Path) -> list[bytes]:
    index = json.loads((layout / "index.json").read_bytes())
    manifest = json.loads(_blob(layout, index["manifests"][0]["digest"]))
    return [_blob(layout, one["digest"]) for one in manifest["layers"]]


def _blob(layout: Path, digest: str) -> bytes:
    kind, _, name = digest.partition(":")
    return (layout / "blobs" / kind / name).read_bytes()


if __name__ == "__main__":
    sys.stdout.write(markdown(listing(Path(name)) for name in sys.argv[1:]))
