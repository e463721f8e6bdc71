"""The order of writes: at every step the power may fail, and nothing that boots is broken."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from fakes import web
from fakes.node_disk import BootFolder, FakeDisk, Power, PowerCutError, Version
from fakes.web import FakeClient

from skyrocket.host.system import files
from skyrocket.host.update import fill, idle, kernel_image, prepare, staging
from skyrocket.host.update.errors import SlotError, SourceError
from skyrocket.models import block_index, slots
from skyrocket.models import disk as layout
from skyrocket.models.update import Proof


def noise(count: int, seed: int) -> list[bytes]:
    made = random.Random(seed)
    return [made.randbytes(4096) for _ in range(count)]


COMMON = noise(150, 1)
PAST = Version("0.9.0", [*noise(40, 2), *COMMON])
RUNS = Version("1.0.0", [*COMMON, *noise(30, 3)])
NEXT = Version("1.1.0", [*noise(25, 4), *COMMON, *noise(5, 5)])
BACK = Version("0.8.0", [*COMMON[:100], *noise(9, 6)])
EVERY = [PAST, RUNS, NEXT, BACK]


class Target:
    """What is signed about a file, as far as an update reads it."""

    def __init__(self, path: str, data: bytes, sha256: str = "") -> None:
        self.path, self.length, self.hashes = path, len(data), {"sha256": sha256}


class Served:
    """A repository with one version."""

    def __init__(self, folder: Path, version: Version) -> None:
        self.folder, self.version = folder, version
        self.fetched = 0
        folder.mkdir()
        (folder / "root").write_bytes(version.root)
        (folder / "boot").write_bytes(version.image)

    def order(self) -> Any:
        return prepare.Order(
            Proof(self.version.root_hash),
            Target("root", self.version.root),  # type: ignore[arg-type]
            Target("tree", self.version.raw),  # type: ignore[arg-type]
            Target("boot", self.version.image, self.version.sha256),  # type: ignore[arg-type]
            Target("index", self.version.index),  # type: ignore[arg-type]
        )

    def read_kept(self, target: Target, path: str) -> bytes:
        data = self.version.index if target.path == "index" else self.version.raw
        if files.read(path) != data:
            self.fetched += len(data)
            files.replace(path, data)
        return data

    def url(self, target: Target) -> str:
        return f"{web.URL}{target.path}"


class Node:
    """A node that runs RUNS; its idle slot holds PAST, which is blessed too."""

    def __init__(self, folder: Path, version: Version = NEXT) -> None:
        (folder / "disk").mkdir()
        self.disk = FakeDisk(folder / "disk", RUNS, PAST)
        self.places = prepare.Places(RUNS.root_hash, str(folder / "private"))
        self.served = Served(folder / "served", version)
        self.client = FakeClient(folder / "served", self._trick)
        self.kill = ("", 0)

    def _trick(self, path: str, _headers: Any, answer: Any) -> Any:
        return answer._replace(chunks=self._counted(path, answer.chunks))

    def _counted(self, path: str, parts: Any) -> Any:
        for count, part in enumerate(parts):
            self.disk.power.step()
            if (path, count) == self.kill:
                raise KeyboardInterrupt
            yield part

    @property
    def bytes(self) -> int:
        """All that came over the line."""
        return self.client.received + self.served.fetched

    def prepare(self) -> Any:
        source = prepare.Source(self.served, self.client)  # type: ignore[arg-type]
        return prepare.prepare(self.served.order(), source, self.places, self.disk)  # type: ignore[arg-type]

    def activate(self) -> None:
        version = self.served.version
        older = version in {PAST, BACK}
        with self.disk.boot() as boot:
            image = kernel_image.path_of(boot, version.root_hash)
            kernel_image.check(image, version.sha256)
            kernel_image.activate(boot, version.root_hash, RUNS.root_hash, older=older)

    def cut(self, step: int) -> bool:
        """Prepare and activate with the power failing at STEP -> whether it did."""
        self.disk.power = Power(step)
        try:
            self.prepare()
            self.activate()
        except PowerCutError:
            return True
        finally:
            self.disk.power = Power()
        return False


def folder(within: Path, name: str) -> Path:
    (within / name).mkdir()
    return within / name


@pytest.mark.parametrize("version", [NEXT, BACK])
def test_an_update_is_whole_and_boots(tmp_path: Path, version: Version) -> None:
    node = Node(tmp_path, version)
    told = node.prepare()
    assert told.copied >= 100
    assert node.disk.boots(EVERY) == RUNS.number
    node.activate()
    assert node.disk.boots(EVERY) == version.number
    assert node.disk.harm(EVERY) == []


@pytest.mark.parametrize("version", [NEXT, BACK])
def test_at_whatever_step_the_power_fails_nothing_that_boots_is_broken(
    tmp_path: Path, version: Version
) -> None:
    """And the next try ends the work. Each step is cut once."""
    step, cuts = 0, 0
    while True:
        folder = tmp_path / str(step)
        folder.mkdir()
        node = Node(folder, version)
        if not node.cut(step):
            break
        cuts += 1
        assert node.disk.harm(EVERY) == [], step
        assert node.disk.boots(EVERY) in {RUNS.number, version.number}, step
        if node.disk.boots(EVERY) == RUNS.number and not aside(node):
            node.prepare()
            node.activate()
            assert node.disk.boots(EVERY) == version.number
            assert node.disk.harm(EVERY) == []
        step += 1
    assert cuts >= 15


def aside(node: Node) -> bool:
    """Whether the new version is where the loader looks already."""
    with node.disk.boot() as boot:
        return any(name.key == node.served.version.key for name in boot.names())


def harms(tmp_path: Path) -> set[str]:
    """Everything that is found over all steps."""
    step, found = 0, set[str]()
    while True:
        folder = tmp_path / f"bug-{step}"
        folder.mkdir()
        node = Node(folder)
        cut = node.cut(step)
        found |= set(node.disk.harm(EVERY))
        if not cut:
            return found
        step += 1


def test_an_old_kernel_image_that_stays_would_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_image, "make_room", lambda *_: None)
    assert "kernel image of 0.9.0 finds no root" in harms(tmp_path)


def test_identifiers_that_come_before_the_blocks_would_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "_random_ids", lambda: layout.root_ids(NEXT.root_hash))
    assert "slot of 1.1.0 is broken" in harms(tmp_path)


def test_old_identifiers_that_stay_would_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "_random_ids", lambda: layout.root_ids(PAST.root_hash))
    assert "slot of 0.9.0 is broken" in harms(tmp_path)


def test_a_kernel_image_that_is_written_in_place_would_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_place(boot: Any, wanted: Any, _index: Any, _running: Any, client: Any) -> fill.Told:
        name = slots.name_for(wanted.root_hash, tries=1)
        path = f"{boot.path(slots.FOLDER)}/{name}"
        files.write(path, b"", 0o600, durable=False)
        for part in staging.body(client, wanted):
            with Path(path).open("ab") as file:
                file.write(part)
        return fill.Told(0, 0, 0)

    monkeypatch.setattr(staging, "stage", in_place)
    monkeypatch.setattr(kernel_image, "activate", lambda *_, **__: None)
    assert "kernel image of 1.1.0 is broken" in harms(tmp_path)


def test_the_running_version_in_the_slot_that_is_written_would_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = idle.find

    def swapped(table: Any, root_hash: str) -> idle.Slots:
        found = honest(table, root_hash)
        return idle.Slots(found.idle, found.running)

    monkeypatch.setattr(idle, "find", swapped)
    assert "kernel image of 1.0.0 finds no root" in harms(tmp_path)


def test_the_version_that_runs_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(SlotError, match="this version runs already"):
        Node(tmp_path, RUNS).prepare()


def test_what_does_not_fit_is_said_before_anything_is_removed(tmp_path: Path) -> None:
    node = Node(tmp_path, Version("1.2.0", noise(2049, 9)))
    with pytest.raises(SlotError, match="the root has 8392704 bytes, the slot has 8388608"):
        node.prepare()
    assert node.client.asked == []
    assert node.disk.boots(EVERY) == RUNS.number
    assert len(list((tmp_path / "disk/boot" / slots.FOLDER).iterdir())) == 2


def test_a_kernel_image_that_does_not_fit_is_said_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Node(tmp_path)
    monkeypatch.setattr(BootFolder, "free", lambda _: 0)
    with pytest.raises(SlotError, match="the kernel image needs"):
        node.prepare()
    assert node.client.asked == []
    assert len(list((tmp_path / "disk/boot" / slots.FOLDER).iterdir())) == 2


def test_a_tree_that_is_not_the_signed_roots_changes_nothing(tmp_path: Path) -> None:
    node = Node(tmp_path)
    node.served.version = Version("1.1.0", noise(9, 10))
    order = node.served.order()
    order = order._replace(proof=Proof(NEXT.root_hash))
    with pytest.raises(SourceError, match="not that of the root hash"):
        prepare.prepare(order, prepare.Source(node.served, node.client), node.places, node.disk)  # type: ignore[arg-type]
    assert node.disk.harm(EVERY) == []
    assert len(list((tmp_path / "disk/boot" / slots.FOLDER).iterdir())) == 2


def test_ten_kills_cost_next_to_nothing(tmp_path: Path) -> None:
    """All bytes of all tries, tree and kernel image too, are at most 1.02 of one's that is left."""
    version = Version("1.2.0", noise(1900, 11))
    alone, node = (Node(folder(tmp_path, name), version) for name in ("alone", "killed"))
    alone.prepare()
    made = random.Random(5)
    kills = [("root", made.randrange(20, 75)) for _ in range(9)]
    for kill in [*kills, ("boot", 3)]:
        node.kill = kill
        with pytest.raises(KeyboardInterrupt):
            node.prepare()
    node.kill = ("", 0)
    node.prepare()
    node.activate()
    assert node.disk.boots([*EVERY, version]) == version.number
    assert node.disk.harm([*EVERY, version]) == []
    assert alone.bytes < node.bytes <= alone.bytes * 1.02


def test_of_the_kernel_image_too_only_what_is_new_is_fetched(tmp_path: Path) -> None:
    """And without its index, which older repositories lack, all of it."""
    fetched = []
    for name, index in (("with", True), ("without", False)):
        (tmp_path / name).mkdir()
        node = Node(tmp_path / name)
        order = node.served.order()
        order = order if index else order._replace(boot_index=None)
        source = prepare.Source(node.served, node.client)  # type: ignore[arg-type]
        prepare.prepare(order, source, node.places, node.disk)  # type: ignore[arg-type]
        fetched.append(node.client.received - 30 * 4096)
        node.activate()
        assert node.disk.boots(EVERY) == NEXT.number
    # The head of both is the same block, and six are their common kernel.
    assert fetched == [len(NEXT.image) - 7 * 4096, len(NEXT.image)]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "it is cut"),
        (b"x" * 100, "does not begin like one"),
        (NEXT.index[:-1], "bytes of hashes"),
        (block_index.of([b"x" * 5000]).dump(), "not as long as the kernel image"),
    ],
)
def test_a_block_index_that_is_none_changes_nothing(tmp_path: Path, raw: bytes, said: str) -> None:
    node = Node(tmp_path)
    node.served.version.index = raw
    try:
        with pytest.raises(SourceError, match=said):
            node.prepare()
    finally:
        node.served.version.index = block_index.of([NEXT.image]).dump()
    assert len(list((tmp_path / "disk/boot" / slots.FOLDER).iterdir())) == 2
