"""`repo tuf-client` on the cases of TUF's conformance suite, written anew for it.

The suite itself is not published as a package; its cases are: what is asked for, what is believed,
what is kept, under which exit status. The client runs in this process, and its clock is replaced.
Who must sign is in `test_tuf_delegations.py`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from fakes.tuf_repository import TOP, TufRepository
from fakes.tuf_world import World, at, begun

if TYPE_CHECKING:
    from pathlib import Path

PAST = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)


# What is asked for and kept


def test_a_first_look_asks_for_what_it_must_and_keeps_it(world: World) -> None:
    repository, client = world
    assert client.refresh() == 0
    assert repository.asked == [("root", 2), ("timestamp", None), ("snapshot", 1), ("targets", 1)]
    assert client.kept() == dict.fromkeys(TOP, 1)


def test_a_download_looks_first(world: World) -> None:
    repository, client = world
    assert client.download("nothing") == 1
    assert repository.asked == [("root", 2), ("timestamp", None), ("snapshot", 1), ("targets", 1)]
    assert client.kept() == dict.fromkeys(TOP, 1)


@pytest.mark.parametrize("fault", ["no version", "another signature", "no json", "expired root"])
def test_a_root_that_is_none_is_not_begun_with(world: World, fault: str) -> None:
    """Nothing is asked for; an expired one is begun with, for a newer one may be had."""
    repository, client = world
    content = json.loads(client.root.read_bytes())
    if fault == "no version":
        del content["signed"]["version"]
    elif fault == "another signature":
        content["signatures"][0]["sig"] = "ab" * 64
    elif fault == "expired root":
        repository.roles["root"].expires = PAST
        repository.store("root")
        content = json.loads(repository.files["1.root.json"])
        repository.roles["root"].expires = PAST + timedelta(days=9)
        repository.bump("root")
    client.root.write_text("{" if fault == "no json" else json.dumps(content))
    client.init()
    assert client.refresh() == (0 if fault == "expired root" else 1)
    assert bool(repository.asked) is (fault == "expired root")


def test_words_that_nobody_knows_are_signed_with_the_others(world: World) -> None:
    repository, client = world
    root = repository.roles["root"]
    root.unrecognized_fields["ours"] = {"a": [1]}
    root.roles["root"].unrecognized_fields["ours"] = "too"
    root.keys[root.roles["root"].keyids[0]].unrecognized_fields["keyid_hash_algorithms"] = ["md5"]
    repository.bump("root")
    assert client.refresh() == 0
    assert client.version("root") == 2


# Rollback, freeze, mix and match


def test_an_older_timestamp_is_refused(world: World) -> None:
    repository, client = world
    repository.bump("timestamp")
    assert client.refresh() == 0
    repository.roles["timestamp"].version = 1
    repository.store("timestamp")
    assert client.refresh() == 1
    assert client.version("timestamp") == 2
    assert repository.asked[-1] == ("timestamp", None)


def test_another_timestamp_of_the_same_version_is_not_taken(world: World) -> None:
    repository, client = world
    assert client.refresh() == 0
    before = (client.metadata / "timestamp.json").read_bytes()
    repository.roles["timestamp"].snapshot_meta.version = 100
    repository.store("timestamp", link=False)
    client.refresh()
    assert (client.metadata / "timestamp.json").read_bytes() == before


def test_an_older_snapshot_that_a_new_timestamp_names_is_refused(either: World) -> None:
    repository, client = either
    repository.bump("snapshot", "timestamp")
    assert client.refresh() == 0
    repository.roles["snapshot"].version = 1
    repository.store("snapshot")
    repository.bump("timestamp")
    assert client.refresh() == 1
    assert client.kept() == {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 1}
    assert repository.asked[-1] == ("timestamp", None)


def test_a_snapshot_that_nobody_names_is_not_even_asked_for(world: World) -> None:
    repository, client = world
    repository.bump("snapshot", "timestamp")
    assert client.refresh() == 0
    repository.roles["snapshot"].version = 1
    repository.store("snapshot")
    assert client.refresh() == 0
    assert client.version("snapshot") == 2
    assert repository.asked[-1] == ("timestamp", None)


def test_older_targets_are_refused(either: World) -> None:
    repository, client = either
    repository.bump("targets", "targets", "snapshot", "timestamp")
    assert client.refresh() == 0
    repository.roles["targets"].version = 1
    repository.store("targets")
    repository.bump("snapshot", "timestamp")
    assert client.refresh() == 1
    assert client.version("targets") == 3


def test_a_snapshot_may_not_forget_targets(world: World) -> None:
    repository, client = world
    assert client.refresh() == 0
    repository.roles["snapshot"].meta = {}
    repository.roles["snapshot"].version = 2
    repository.store("snapshot", link=False)
    repository.bump("timestamp")
    assert client.refresh() == 1
    assert client.version("snapshot") == 1


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_metadata_of_another_version_than_its_name_is_refused(world: World, role: str) -> None:
    repository, client = world
    assert client.refresh() == 0
    repository.bump("targets", "snapshot", "timestamp")
    repository.roles[role].version += 1
    repository.store(role)
    repository.files[f"2.{role}.json"] = repository.files[f"3.{role}.json"]
    assert client.refresh() == 1
    assert client.version(role) == 1


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_metadata_with_another_hash_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    """Signed by the right key, but not the bytes that are named."""
    repository, client = begun(tmp_path, monkeypatch, TufRepository(with_hashes=True))
    repository.bump("targets", "snapshot", "timestamp")
    repository.roles[role].unrecognized_fields["other"] = "bytes"
    repository.store(role)
    assert client.refresh() == 1
    assert role not in client.kept()


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_with_a_new_key_a_version_may_be_small_again(world: World, role: str) -> None:
    """The way back after somebody had a key and gave a role the highest of numbers."""
    repository, client = world
    repository.roles[role].version = 99_999
    repository.store(role)
    repository.bump(*{"timestamp": (), "snapshot": ("timestamp",)}.get(role, TOP[2:]))
    assert client.refresh() == 0
    assert client.version(role) == 99_999
    # What names the number must be new as well, or it would not be let go.
    for each in {"timestamp": ("timestamp",), "snapshot": TOP[2:]}.get(role, ("snapshot",)):
        repository.rotate(each)
    repository.bump("root")
    repository.roles[role].version = 1
    for each in TOP[1:]:
        if each != role:
            repository.roles[each].version += 1
        repository.store(each)
    assert client.refresh() == 0
    assert client.version(role) == 1


# Ends


@pytest.mark.parametrize("role", TOP)
def test_what_has_expired_is_not_used(world: World, role: str) -> None:
    """A root that has expired is kept, since a newer one may come; nothing below it is."""
    repository, client = world
    assert client.refresh() == 0
    repository.roles[role].expires = PAST
    repository.bump(*TOP)
    assert client.refresh() == 1
    assert client.version("root") == 2
    assert client.version(role) == (2 if role == "root" else 1)


def test_what_expired_here_is_still_good_for_learning_of_newer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And with the clock that says so: both are judged by the system's."""
    repository, client = world
    soon, late = PAST + timedelta(days=8), PAST + timedelta(days=22)
    repository.roles["timestamp"].expires = soon
    repository.bump("timestamp")
    assert client.refresh() == 0
    at(monkeypatch, 18)
    assert client.refresh() == 1
    repository.roles["timestamp"].expires = late
    repository.bump("targets", "snapshot", "timestamp")
    assert client.refresh() == 0
    assert client.kept() == {"root": 1, "timestamp": 3, "snapshot": 2, "targets": 2}


def test_a_delegated_role_expires_as_well(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh, kept, and kept while the repository has a newer one."""
    repository, client = world
    role = repository.delegate("targets", "team", ["team/*"])
    for name in ("first", "second"):
        repository.add("team", f"team/{name}", name.encode())
    role.expires = PAST
    repository.publish()
    assert client.refresh() == 0
    assert client.download("team/first") == 1
    assert not (client.metadata / "team.json").exists()
    role.expires = PAST + timedelta(days=8)
    repository.bump("team", "snapshot", "timestamp")
    assert client.download("team/first") == 0
    at(monkeypatch, 18)
    assert client.download("team/second") == 1
    role.expires = PAST + timedelta(days=30)
    repository.bump("team", "snapshot", "timestamp")
    assert client.download("team/second") == 0
    assert client.got() == [b"first", b"second"]
