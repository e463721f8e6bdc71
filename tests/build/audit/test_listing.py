"""Container images are listed, not judged."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile

import pytest
from build.audit.crafted import LOADER, elf

from skyrocket.build.audit.listing import listing, markdown

SHELL = elf(
    interpreter=LOADER,
    texts=tuple(
        b"alias bg cd command eval exec export fg getopts hash jobs readonly set shift times trap "
        b"type ulimit umask unalias unset wait".split()
    ),
)


def layer(files: dict[str, tuple[bytes, int]], *, packed: bool) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, (data, mode) in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), mode
            tar.addfile(info, io.BytesIO(data))
    return gzip.compress(stream.getvalue()) if packed else stream.getvalue()


def layout(folder, *layers: bytes):
    blobs = folder / "blobs/sha256"
    blobs.mkdir(parents=True)

    def store(data: bytes) -> dict[str, str]:
        name = hashlib.sha256(data).hexdigest()
        (blobs / name).write_bytes(data)
        return {"digest": f"sha256:{name}"}

    manifest = store(json.dumps({"layers": [store(data) for data in layers]}).encode())
    (folder / "index.json").write_text(json.dumps({"manifests": [manifest]}))
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_programs_of_an_image(tmp_path, packed: bool) -> None:
    """Programs with what they are; a later layer's file takes an earlier one's place."""
    first = {"bin/sh": (b"text", 0o644), "./etc/motd": (b"hi", 0o644)}
    second = {"bin/sh": (SHELL, 0o4755), "start": (b"#!/bin/sh\n", 0o755)}
    folder = layout(tmp_path / "admin", layer(first, packed=packed), layer(second, packed=packed))
    found = listing(folder)
    assert [(row.path, row.facts.kind) for row in found.programs] == [
        ("bin/sh", "program"),
        ("start", "script"),
    ]
    assert found.others == 1
    text = markdown([found])
    assert "## admin" in text
    assert f"| `/bin/sh` (setuid) | {len(SHELL):,} | a shell (built-in commands of POSIX) |" in text
