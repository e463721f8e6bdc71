"""Roles that others delegate to: who must have signed them is asked anew each time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes import tuf_clock
from fakes.tuf_node import client
from publish.conftest import NOW
from tuf.api.metadata import DelegatedRole, Delegations, Key, Metadata, TargetFile, Targets
from tuf.ngclient.updater import Updater

from skyrocket.host.update.errors import SourceError
from skyrocket.publish import signers

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.publish.store import Store


@pytest.fixture(autouse=True)
def _time(monkeypatch: pytest.MonkeyPatch) -> None:
    tuf_clock.replace(monkeypatch, lambda: NOW)


def delegate(store: Store, key: str, *names: str) -> Key:
    """Have the targets role delegate everything to roles NAMES, signed with a new KEY."""
    public = signers.make(store.keys, key)
    roles = {
        name: DelegatedRole(name, [public.keyid], 1, terminating=False, paths=["*", "*/*"])
        for name in names
    }
    with store.edit_targets() as targets:
        targets.delegations = Delegations({public.keyid: public}, roles)
    with store.edit_snapshot() as snapshot:
        snapshot.meta["targets.json"] = store.targets_infos["targets.json"]
    with store.edit_timestamp() as timestamp:
        timestamp.snapshot_meta = store.snapshot_info
    return public


def fill(store: Store, name: str, public: Key) -> None:
    """Sign role NAME with PUBLIC's private half, and let the snapshot name it."""
    content = Targets(version=1, expires=store.now + timedelta(days=14))
    content.targets["thing"] = TargetFile.from_data("thing", b"thing", ["sha256"])
    signed = Metadata(content)
    signed.sign(signers.present(store.keys, [public])[0])
    signed.to_file(str(store.metadata / f"1.{name}.json"))
    from tuf.api.metadata import MetaFile

    with store.edit_snapshot() as snapshot:
        snapshot.meta = {**store.targets_infos, f"{name}.json": MetaFile(1)}
    with store.edit_timestamp() as timestamp:
        timestamp.snapshot_meta = store.snapshot_info


def with_cached_role(store: Store, home: Path) -> None:
    """A node that has kept the delegated role `team`, whose key is then taken back."""
    old = delegate(store, "old", "team")
    fill(store, "team", old)
    node = client(store, home)
    node.refresh()
    assert node.target("thing").length == 5
    delegate(store, "new", "team")


def test_a_cached_role_is_verified_anew_against_its_delegator(store: Store, home: Path) -> None:
    """The role was kept and did not change; its delegator names another key now."""
    with_cached_role(store, home)
    node = client(store, home)
    node.refresh()
    with pytest.raises(SourceError, match="team was signed by 0/1 keys"):
        node.target("thing")


def test_a_client_that_trusts_what_it_kept_would_be_found(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bug that the test above is there for: the copy counts because it was verified once."""

    def trusting(self: Updater, role: str, parent_role: str) -> Targets:
        if role in self._trusted_set:
            return self._trusted_set[role]  # type: ignore[return-value]
        if role == "team":
            kept: Targets = Metadata[Targets].from_bytes(self._load_local_metadata(role)).signed
            return kept
        return honest(self, role, parent_role)

    honest = Updater._load_targets
    with_cached_role(store, home)
    monkeypatch.setattr(Updater, "_load_targets", trusting)
    node = client(store, home)
    node.refresh()
    assert node.target("thing").length == 5


def test_a_role_of_two_delegators_needs_the_word_of_the_one_that_is_asked(
    store: Store, home: Path
) -> None:
    """Loaded for one delegator, it is not taken for another that names other keys."""
    public = delegate(store, "shared", "team")
    fill(store, "team", public)
    node = client(store, home)
    node.refresh()
    node.target("thing")
    updater = node._updater
    other = Targets()
    stranger = signers.make(store.keys, "stranger")
    role = DelegatedRole("team", [stranger.keyid], 1, terminating=False, paths=["*"])
    other.delegations = Delegations({stranger.keyid: stranger}, {"team": role})
    updater._trusted_set._trusted_set["other"] = other
    from tuf.api.exceptions import UnsignedMetadataError

    with pytest.raises(UnsignedMetadataError):
        updater._load_targets("team", "other")


def test_names_of_roles_and_targets_cannot_leave_their_folder(store: Store, home: Path) -> None:
    """A delegated role named like a path is kept under a quoted name."""
    name = "../../escaped"
    delegate(store, "delegated", name)
    node = client(store, home)
    node.refresh()
    with pytest.raises(SourceError):
        node.target("some/target")
    outside = {path.name for path in home.parent.iterdir()}
    assert outside == {"repo", "keys", "image", "node"}
