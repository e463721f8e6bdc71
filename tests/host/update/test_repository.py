"""What a node believes of a repository, and what a hostile one cannot make it believe."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes import tuf_clock, web
from fakes.tuf_node import client
from fakes.web import FakeClient, body
from publish.conftest import NOW
from tuf.api.metadata import Metadata, TargetFile

from skyrocket.host.update import patience
from skyrocket.host.update import repository as room
from skyrocket.host.update.errors import SourceError
from skyrocket.host.update.repository import Repository
from skyrocket.models.update import SIGNED_AT
from skyrocket.publish import repository as publisher
from skyrocket.publish import signers
from skyrocket.publish.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.host.system.web import Response

MANIFEST = "manifest.json"


@pytest.fixture(autouse=True)
def _time(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 0)


def at(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """The client's clock, DAYS after the publisher's."""
    tuf_clock.replace(monkeypatch, lambda: NOW + timedelta(days=days))


def look(store: Store, home: Path, trick: web.Trick = web.honest) -> bytes:
    node = client(store, home, trick)
    node.refresh()
    return node.read(node.target(MANIFEST))


def later(store: Store, days: float) -> Store:
    return Store(store.folder, store.keys, NOW + timedelta(days=days))


def instead(name: str, data: bytes, status: int = 200) -> web.Trick:
    """DATA for every path that ends with NAME."""

    def trick(path: str, _headers: web.Headers, answer: Response) -> Response:
        return body(data, status) if path.endswith(name) else answer

    return trick


def test_a_good_repository_is_believed(store: Store, home: Path) -> None:
    assert json.loads(look(store, home))["updates"][0]["version"] == "1.1.0"


def test_a_look_with_nothing_new_takes_less_than_four_kilobytes(store: Store, home: Path) -> None:
    look(store, home)
    node = client(store, home)
    node.refresh()
    assert node._client.received < 4096


def test_rotated_keys_are_followed(store: Store, home: Path) -> None:
    look(store, home)
    publisher.rotate(store, "publication", "ecdsa")
    publisher.rotate(store, "root", "rsa")
    look(store, home)
    fresh = home.with_name("fresh")
    look(store, fresh)  # also from the first root on


def test_a_repository_signed_by_others_is_not_believed(
    store: Store, home: Path, tmp_path: Path
) -> None:
    stranger = Store(tmp_path / "other", tmp_path / "other.keys", NOW)
    publisher.init(stranger)
    first = store.metadata / "1.root.json"
    fake = FakeClient(stranger.folder)
    node = Repository(
        str(home), f"{web.URL}metadata", f"{web.URL}targets", first.read_bytes(), fake  # type: ignore[arg-type]
    )  # fmt: skip
    with pytest.raises(SourceError, match="cannot believe the repository"):
        node.refresh()


def test_a_root_that_is_not_one_is_refused(store: Store, home: Path) -> None:
    with pytest.raises(SourceError, match="cannot use the trusted root"):
        Repository(str(home), "http://x", "http://x", b"{}", FakeClient(store.folder))  # type: ignore[arg-type]


def test_rollback_older_metadata_is_refused_after_newer(
    store: Store, home: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    shutil.copytree(store.folder, old)
    publisher.refresh(store)
    look(store, home)
    with pytest.raises(SourceError, match="cannot believe"):
        look(Store(old, store.keys, NOW), home)


def test_rollback_a_snapshot_may_not_forget_or_lower_targets(store: Store, home: Path) -> None:
    """Signed by the right key, as a key service that was misused could be made to."""
    publisher.refresh(store)
    look(store, home)
    with store.edit_snapshot() as snapshot:
        snapshot.meta["targets.json"].version = 1
    with store.edit_timestamp() as timestamp:
        timestamp.snapshot_meta = store.snapshot_info
    with pytest.raises(SourceError, match="cannot believe"):
        look(store, home)


def test_freeze_expired_metadata_is_refused_and_both_clocks_are_named(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(store, home)
    at(monkeypatch, 8)
    with pytest.raises(SourceError) as caught:
        look(store, home)
    assert "timestamp.json is expired" in str(caught.value)
    assert "this node's clock: 2026-12-03T12:00:00Z" in str(caught.value)
    assert "timestamp ends 2026-12-02T12:00:00Z" in str(caught.value)


def test_a_clock_that_was_set_back_makes_nothing_young_again(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The floor counts as the time; the control has none and believes what has expired."""
    at(monkeypatch, -400)
    floor = NOW + timedelta(days=8)
    with pytest.raises(SourceError) as caught:
        client(store, home, floor=floor).refresh()
    assert "timestamp.json is expired" in str(caught.value)
    assert "this node's clock: 2025-10-21T12:00:00Z, behind 2026-12-03T12:00:00Z" in str(
        caught.value
    )
    node = client(store, home.with_name("fresh"), floor=NOW - timedelta(days=1))
    node.refresh()
    assert node.time == NOW - timedelta(days=1)


def test_a_clock_that_is_right_is_not_moved_by_the_floor(store: Store, home: Path) -> None:
    node = client(store, home, floor=NOW - timedelta(days=30))
    node.refresh()
    assert (node.time, node.signed_at) == (NOW, NOW)


def test_metadata_from_the_future_is_refused_and_both_clocks_are_named(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day is let pass: clocks differ."""
    at(monkeypatch, -0.9)
    look(store, home)
    at(monkeypatch, -1.1)
    with pytest.raises(SourceError) as caught:
        look(store, home)
    said = str(caught.value)
    assert "it was signed in the future (this node's clock: 2026-11-24T09:36:00Z" in said
    assert "timestamp was signed at 2026-11-25T12:00:00Z" in said


def test_metadata_that_was_rolled_back_names_both_clocks(
    store: Store, home: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    shutil.copytree(store.folder, old)
    publisher.refresh(later(store, 1))
    look(store, home)
    with pytest.raises(SourceError) as caught:
        look(Store(old, store.keys, NOW), home)
    assert "this node's clock: 2026-11-25T12:00:00Z" in str(caught.value)
    assert "timestamp was signed at 2026-11-26T12:00:00Z" in str(caught.value)


@pytest.mark.parametrize("said", [None, 5, "soon", ""])
def test_a_repository_of_others_says_not_when_it_was_signed(
    store: Store, home: Path, said: object
) -> None:
    with store.edit_timestamp() as timestamp:
        timestamp.snapshot_meta = store.snapshot_info
    path = store.metadata / "timestamp.json"
    signed = Metadata.from_file(str(path))
    signed.signed.unrecognized_fields = {} if said is None else {SIGNED_AT: said}
    signed.signatures.clear()
    keys = [store.root().keys[keyid] for keyid in store.root().roles["timestamp"].keyids]
    for signer in signers.present(store.keys, keys):
        signed.sign(signer)
    signed.to_file(str(path))
    node = client(store, home)
    node.refresh()
    assert node.signed_at is None


@pytest.mark.parametrize("role", ["root", "targets", "snapshot"])
def test_every_other_role_expires_as_well(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    at(monkeypatch, 366 if role == "root" else 15)
    young = later(store, 366 if role == "root" else 14)
    if role == "targets":
        with young.edit_snapshot() as snapshot:
            snapshot.meta = young.targets_infos
    with young.edit_timestamp() as timestamp:
        timestamp.snapshot_meta = young.snapshot_info
    with pytest.raises(SourceError, match=f"{role}.* is expired"):
        look(young, home)


def test_mix_and_match_metadata_of_two_states_is_refused(
    store: Store, home: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    shutil.copytree(store.folder, old)
    publisher.refresh(store)
    other = (old / "metadata/2.targets.json").read_bytes()
    with pytest.raises(SourceError, match="cannot believe"):
        look(store, home, instead("3.targets.json", other))


@pytest.mark.parametrize(
    "name", ["timestamp.json", "2.snapshot.json", "2.targets.json", "2.root.json"]
)
def test_endless_metadata_is_cut_at_a_limit(store: Store, home: Path, name: str) -> None:
    def trick(path: str, _headers: web.Headers, answer: Response) -> Response:
        return answer._replace(status=200, chunks=web.endless()) if path.endswith(name) else answer

    node = client(store, home, trick)
    with pytest.raises(SourceError, match="it is longer than"):
        node.refresh()
    assert node._client.received < 600_000


@pytest.mark.parametrize("name", ["timestamp.json", "2.snapshot.json", "2.targets.json"])
def test_metadata_that_is_no_metadata_is_refused(store: Store, home: Path, name: str) -> None:
    deep = b'{"signed":' + b"[" * 50_000
    for data in (b"", b"{}", b"\xff\xfe", b"[" * 9000, deep[:16_000], b'{"signed": 5}'):
        with pytest.raises(SourceError):
            look(store, home, instead(name, data))


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_server_that_refuses_is_said(store: Store, home: Path, status: int) -> None:
    with pytest.raises(SourceError, match=f"status {status}"):
        look(store, home, instead("timestamp.json", b"", status))


def test_a_line_that_dies_is_said_and_nothing_half_is_kept(store: Store, home: Path) -> None:
    def trick(path: str, _headers: web.Headers, answer: Response) -> Response:
        dead = answer._replace(chunks=web.broken(b'{"sig'))
        return dead if path.endswith("2.targets.json") else answer

    with pytest.raises(SourceError, match="closed the connection"):
        look(store, home, trick)
    assert not (home / "targets.json").exists()
    look(store, home)


def test_a_signature_below_the_threshold_is_not_enough(store: Store, home: Path) -> None:
    with store.edit_root() as root:
        root.add_key(signers.make(store.keys, "second"), "targets")
        root.roles["targets"].threshold = 2
    publisher.refresh(store)
    look(store, home)
    path = store.latest("targets")
    assert path is not None
    signed = Metadata.from_file(str(path))
    signed.signatures.popitem()
    signed.to_file(str(path))
    with store.edit_snapshot() as snapshot:
        snapshot.meta = store.targets_infos
    with store.edit_timestamp() as timestamp:
        timestamp.snapshot_meta = store.snapshot_info
    with pytest.raises(SourceError, match="targets was signed by 1/2 keys"):
        look(store, home.with_name("fresh"))


@pytest.mark.parametrize("change", ["longer", "shorter", "other"])
def test_a_target_with_other_bytes_is_refused(store: Store, home: Path, change: str) -> None:
    (path,) = [store.path_of(t) for n, t in store.targets().targets.items() if n == MANIFEST]
    data = path.read_bytes()
    wrong = {"longer": data + b" ", "shorter": data[:-1], "other": data[:-1] + b" "}[change]
    with pytest.raises(SourceError, match=r"cannot believe manifest\.json"):
        look(store, home, instead(MANIFEST, wrong))


def test_a_target_that_was_kept_is_not_fetched_again(store: Store, home: Path) -> None:
    """Unless it is not what is signed now, or not what it was."""
    path = home.parent / "kept.json"
    node = client(store, home)
    node.refresh()
    target = node.target(MANIFEST)
    first = node.read_kept(target, str(path))
    for spoil, asked in ((b"", 0), (first[:-1], 1), (first[:-1] + b" ", 1), (first, 0)):
        if spoil:
            path.write_bytes(spoil)
        before = len(node._client.asked)  # type: ignore[attr-defined]
        assert node.read_kept(target, str(path)) == first == path.read_bytes()
        assert len(node._client.asked) - before == asked  # type: ignore[attr-defined]


def test_a_line_that_dies_in_a_target_is_tried_again(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few times, with pauses; a refusal is final."""
    waits: list[float] = []
    monkeypatch.setattr(patience.time, "sleep", waits.append)
    tries = iter([b"", b"{", None])

    def trick(path: str, _headers: web.Headers, answer: Response) -> Response:
        cut = next(tries) if path.endswith(MANIFEST) else None
        return answer if cut is None else answer._replace(chunks=web.broken(cut))

    look(store, home, trick)
    assert waits == [1, 2]
    dead = client(
        store, home, lambda _p, _h, answer: answer._replace(status=200, chunks=web.broken(b""))
    )
    with pytest.raises(SourceError, match="closed the connection"):
        dead.read(TargetFile(9, {"sha256": "ab" * 32}, "t"))
    assert waits == [1, 2, 1, 2, 4, 8]
    refused = client(store, home, instead("t", b"", 404))
    with pytest.raises(SourceError, match="status 404"):
        refused.read(TargetFile(9, {"sha256": "ab" * 32}, "t"))
    assert len(waits) == 6


def test_a_target_too_large_for_memory_is_not_read(store: Store, home: Path) -> None:
    node = client(store, home)
    node.refresh()
    huge = TargetFile(room.LARGEST_READ + 1, {"sha256": "ab" * 32}, "huge")
    with pytest.raises(SourceError, match="are too many"):
        node.read(huge)
