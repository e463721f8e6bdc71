"""The words of packages.lock: one text form, every mistake with its path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from skyrocket.models import lock as words

COMMITTED = Path(__file__).parents[2] / "packages.lock"


def package(name: str, **more: object) -> dict[str, Any]:
    return {
        "name": name,
        "version": "1.0-1",
        "architecture": "amd64",
        "path": f"pool/main/{name[0]}/{name}/{name}_1.0-1_amd64.deb",
        "sha256": "ab" * 32,
        "size": 10,
        "source": name,
        "source_version": "1.0-1",
        **more,
    }


def raw(*packages: dict[str, Any], **more: object) -> dict[str, Any]:
    return {
        "schema": 1,
        "suites": ["trixie"],
        "snapshot": "20260131T120000Z",
        "sets": {"tools": {"amd64": [one["name"] for one in packages if "name" in one]}},
        "packages": {"amd64": list(packages)},
        **more,
    }


def mistakes(data: object) -> tuple[str, ...]:
    with pytest.raises(words.LockTextError) as caught:
        words.decode(json.dumps(data).encode())
    return caught.value.mistakes


def test_the_text_form_is_stable_and_has_one_package_a_line() -> None:
    """Reading and writing gives the same text, sorted, so that a diff shows one line a package."""
    lock = words.decode(json.dumps(raw(package("b"), package("a"))).encode())
    text = words.encode(lock)
    assert words.encode(words.decode(text)) == text
    lines = [line for line in text.decode().splitlines() if '"sha256"' in line]
    assert [json.loads(line.rstrip(","))["name"] for line in lines] == ["a", "b"]


def test_packages_of_a_set() -> None:
    """A set selects by name, in order; an unknown one is empty."""
    lock = words.decode(json.dumps(raw(package("b"), package("a"))).encode())
    assert [one.name for one in words.decode(words.encode(lock)).select("tools", "amd64")] == [
        "a", "b",
    ]  # fmt: skip
    assert lock.select("image", "amd64") == ()


def test_security_updates_come_from_their_own_archive() -> None:
    """The pool path tells the archive."""
    rows = package("a"), package("b", path="pool/updates/main/b/b/b_1.deb")
    lock = words.decode(json.dumps(raw(*rows)).encode())
    assert [one.archive for one in lock.packages["amd64"]] == ["debian", "debian-security"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([], "$: expected an object"),
        (raw(schema=2), "$.schema: expected 1, got 2"),
        (raw(suites="trixie"), "$.suites: expected a list of names"),
        (raw(snapshot="today"), "$.snapshot: expected a moment like 20260131T120000Z"),
        (raw(extra=1), "$.extra: unknown field"),
        (raw(sets=[]), "$.sets: expected an object"),
        (raw(packages={"amd64": {}}), "$.packages.amd64: expected a list"),
        (raw(sets={"odd": {}}), "$.sets.odd: unknown set, expected one of"),
        (raw(sets={"tools": {"amd64": ["x"]}}), "$.sets.tools.amd64[0]: x is not in"),
        (raw(sets={"tools": {"amd64": "x"}}), "$.sets.tools.amd64: expected a list of names"),
        (raw(package("a", size="big")), "$.packages.amd64[0].size: Expected `int`, got `str`"),
        (raw(package("a", size=0)), "$.packages.amd64[0].size: a: expected a number above 0"),
        (raw(package("a", sha256="AB" * 32)), "$.packages.amd64[0].sha256: a: expected 64"),
        (raw(package("a", path="pool/../x.deb")), "$.packages.amd64[0].path: a: expected pool/"),
        (raw(package("a", path="/etc/x.deb")), "$.packages.amd64[0].path: a: expected pool/"),
        (raw(package("a", architecture="i386")), "$.packages.amd64[0].architecture: a: i386"),
        (raw(package("a", more=1)), "$.packages.amd64[0]: Object contains unknown field `more`"),
        (raw({"name": "a"}), "$.packages.amd64[0]: Object missing required field `version`"),
        (raw(package("a"), package("a")), "$.packages.amd64[1].name: a is listed twice"),
        (raw(packages={"mips": []}, sets={}), "$.packages.mips: unknown architecture"),
    ],
)
def test_each_mistake_has_its_path(data: object, expected: str) -> None:
    """What is wrong is said with the place it stands at."""
    assert any(line.startswith(expected) for line in mistakes(data)), mistakes(data)


def test_all_mistakes_at_once() -> None:
    """Three mistakes are three lines."""
    found = mistakes(raw(package("a", size=0), package("b", sha256="x"), schema=3))
    assert len(found) == 3


def test_text_that_is_no_json() -> None:
    """A torn file says where it ends."""
    with pytest.raises(words.LockTextError, match=r"cannot read packages\.lock"):
        words.decode(b'{"schema": 1, ')


def test_the_committed_lock_is_in_its_one_text_form() -> None:
    """packages.lock was written by us, not by hand."""
    data = COMMITTED.read_bytes()
    assert words.encode(words.decode(data)) == data


def test_the_committed_lock_holds_an_arm64_image() -> None:
    """The other architecture is planned to the last package: kernel, systemd, containerd."""
    lock = words.decode(COMMITTED.read_bytes())
    packages = {one.name: one for one in lock.select("image", "arm64")}
    assert {"linux-image-cloud-arm64", "systemd", "containerd", "runc", "libc6"} <= set(packages)
    assert {one.architecture for one in packages.values()} == {"arm64", "all"}
    assert lock.select("containers", "arm64")


def test_the_committed_lock_is_small_enough() -> None:
    """A first run downloads at most 245 MB of packages."""
    lock = words.decode(COMMITTED.read_bytes())
    files = {one.sha256: one.size for name in words.SETS for one in lock.select(name, "amd64")}
    assert sum(files.values()) <= 245_000_000
