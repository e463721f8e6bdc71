"""Facts are read once for each content."""

from __future__ import annotations

from skyrocket.build.audit.cache import Remembering
from skyrocket.build.audit.content import classify
from skyrocket.build.image.entries import Entry


def counting(folder, calls: list[bytes]) -> Remembering:
    def read(data: bytes):
        calls.append(data)
        return classify(data)

    return Remembering(folder, read)


def test_second_audit_reads_nothing(tmp_path) -> None:
    """What one audit read, the next one knows; another content is read."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"#!/bin/sh\n")
    other.write_bytes(b"text\n")
    calls: list[bytes] = []
    first = counting(tmp_path / "facts", calls)
    kind = first(Entry("a", "file", 0o644, "x", content=one)).kind
    first.save()
    second = counting(tmp_path / "facts", calls)
    assert second(Entry("b", "file", 0o755, "y", content=one)).kind == kind == "script"
    assert calls == [b"#!/bin/sh\n"]
    assert second(Entry("a", "file", 0o644, "x", content=other)).kind == "text"
    assert len(calls) == 2


def test_changed_content_is_read_again(tmp_path) -> None:
    """The path of a content is not its identity."""
    path = tmp_path / "one"
    path.write_bytes(b"text\n")
    first = counting(tmp_path / "facts", [])
    assert first(Entry("a", "file", 0o644, "x", content=path)).kind == "text"
    first.save()
    path.write_bytes(b"#!/bin/sh\n")
    second = counting(tmp_path / "facts", [])
    assert second(Entry("a", "file", 0o644, "x", content=path)).kind == "script"


def test_torn_file_of_facts(tmp_path) -> None:
    """A file of facts that cannot be read costs time and nothing else."""
    path = tmp_path / "one"
    path.write_bytes(b"text\n")
    first = counting(tmp_path / "facts", [])
    first(Entry("a", "file", 0o644, "x", content=path))
    first.save()
    (facts,) = (tmp_path / "facts").iterdir()
    facts.write_bytes(b'{"cut')
    assert counting(tmp_path / "facts", [])(Entry("a", "file", 0o644, "x", content=path)).kind
