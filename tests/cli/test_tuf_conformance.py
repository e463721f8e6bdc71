"""`repo tuf-client` on the cases of TUF's conformance suite, written anew for it.

The suite itself is not published as a package; its cases are: what is asked for, what is believed,
what is kept, under which exit status. The client runs in this process, and its clock is replaced.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from fakes.tuf_repository import TOP, URL, Door, TufRepository
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata

from skyrocket.cli import tuf_client

if TYPE_CHECKING:
    from pathlib import Path

PAST = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)


class Client:
    """One client's folders; each call is one run, and gives its exit status."""

    def __init__(self, folder: Path, repository: TufRepository) -> None:
        self.repository = repository
        self.metadata, self.targets, self.root = (
            folder / "metadata", folder / "targets", folder / "initial.json",
        )  # fmt: skip
        self.root.write_bytes(repository.files["1.root.json"])

    def init(self) -> int:
        return self._run("init", str(self.root))

    def refresh(self) -> int:
        return self._run("--metadata-url", f"{URL}/metadata", "refresh")

    def download(self, path: str) -> int:
        return self._run(
            "--metadata-url", f"{URL}/metadata", "--target-name", path,
            "--target-base-url", f"{URL}/targets", "--target-dir", str(self.targets), "download",
        )  # fmt: skip

    def _run(self, *words: str) -> int:
        return tuf_client.main(["--metadata-dir", str(self.metadata), *words])

    def version(self, role: str) -> int:
        signed = Metadata[Any].from_file(str(self.metadata / f"{role}.json")).signed
        return int(signed.version)

    def kept(self) -> dict[str, int]:
        return {
            role: self.version(role) for role in TOP if (self.metadata / f"{role}.json").exists()
        }

    def got(self) -> list[bytes]:
        return sorted(path.read_bytes() for path in self.targets.rglob("*") if path.is_file())


class World(NamedTuple):
    repository: TufRepository
    client: Client


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return _world(tmp_path, monkeypatch, TufRepository())


@pytest.fixture(params=[False, True], ids=["versions", "hashes"])
def either(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> World:
    """Metadata that names versions alone, and metadata that names hashes too."""
    return _world(tmp_path, monkeypatch, TufRepository(with_hashes=request.param))


def _world(folder: Path, monkeypatch: pytest.MonkeyPatch, repository: TufRepository) -> World:
    monkeypatch.setattr(tuf_client, "Client", lambda: Door(repository))
    client = Client(folder, repository)
    assert client.init() == 0
    return World(repository, client)


def at(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """The system's clock DAYS from now, as faketime would have it."""
    import tuf.ngclient._internal.trusted_metadata_set as library

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(days=days)

    fake = type("datetime", (), {"datetime": Clock, "timezone": library.datetime.timezone})
    monkeypatch.setattr(library, "datetime", fake)


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
    repository, client = _world(tmp_path, monkeypatch, TufRepository(with_hashes=True))
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


# Keys


class Signed(NamedTuple):
    """KEYS of a role, how many of them must sign, and who did."""

    keys: str
    threshold: int
    signers: str


ROOTS = {
    "one key for another": ([Signed("b", 1, "b"), Signed("c", 1, "bc"), Signed("c", 1, "c")], True),
    "with signatures of strangers": ([Signed("b", 1, "xby"), Signed("c", 1, "xcby")], True),
    "any three of five": ([Signed("abcde", 3, s) for s in ("ace", "aeb", "abd", "abd")], True),
    "one of five for another": ([Signed("abcde", 3, "ace"), Signed("abdef", 3, "aeb")], True),
    "the new one signs too": ([Signed("abcde", 3, "ace"), Signed("abdef", 3, "acef")], True),
    "all five for others": (
        [Signed("abcde", 3, "ace"), Signed("fghij", 3, "acefgh"), Signed("fghij", 3, "fgh")], True,
    ),
    "a higher threshold": ([Signed("bcd", 1, "b"), Signed("bcd", 2, "bc")], True),
    "a lower threshold": (
        [Signed("bcd", 2, "bc"), Signed("bcd", 1, "bc"), Signed("bcd", 1, "b")], True,
    ),
    "a key more and both needed": ([Signed("b", 1, "b"), Signed("bc", 2, "bc")], True),
    "not signed by the old": ([Signed("b", 1, "b"), Signed("c", 1, "cxy")], False),
    "not signed by the new": ([Signed("b", 1, "b"), Signed("c", 1, "bxy")], False),
    "too few of the new": ([Signed("abcde", 3, "ace"), Signed("abdef", 3, "ace")], False),
    "too few of the old": ([Signed("abcde", 3, "ace"), Signed("abdef", 3, "aef")], False),
    "below the higher threshold": ([Signed("bcd", 1, "b"), Signed("bcd", 2, "c")], False),
    "below the old threshold": ([Signed("bcd", 2, "bc"), Signed("bcd", 1, "b")], False),
    "one signature twice": ([Signed("bc", 2, "bc"), Signed("bc", 2, "bb")], False),
}  # fmt: skip


@pytest.fixture(scope="module")
def ring() -> dict[str, CryptoSigner]:
    return {name: CryptoSigner.generate_ed25519() for name in "abcdefghijxy"}


def signed_by(
    repository: TufRepository, role: str, wanted: Signed, ring: dict[str, CryptoSigner]
) -> None:
    root = repository.roles["root"]
    root.roles[role].keyids.clear()
    root.roles[role].threshold = wanted.threshold
    for name in wanted.keys:
        root.add_key(ring[name].public_key, role)
    repository.signers[role] = [ring[name] for name in wanted.signers]


@pytest.mark.parametrize("case", ROOTS)
def test_a_root_is_followed_when_the_old_and_the_new_keys_vouch_for_it(
    world: World, ring: dict[str, CryptoSigner], case: str
) -> None:
    repository, client = world
    roots, good = ROOTS[case]
    for version, wanted in enumerate(roots, start=1):
        signed_by(repository, "root", wanted, ring)
        repository.roles["root"].version = version
        repository.store("root")
    client.root.write_bytes(repository.files["1.root.json"])
    assert client.init() == 0
    assert client.refresh() == (0 if good else 1)
    last = len(roots) if good else len(roots) - 1
    assert (client.metadata / "root.json").read_bytes() == repository.files[f"{last}.root.json"]


OTHERS = {
    "another key": (Signed("c", 1, "c"), True),
    "with signatures of strangers": (Signed("b", 1, "xby"), True),
    "three of five": (Signed("abcde", 3, "bde"), True),
    "not signed by the new": (Signed("c", 1, "bxy"), False),
    "a third that is not among them": (Signed("abdef", 3, "ace"), False),
    "two of three": (Signed("abdef", 3, "ae"), False),
    "more than there are keys": (Signed("abc", 4, "abc"), False),
    "one signature thrice": (Signed("abc", 3, "aaa"), False),
}


@pytest.mark.parametrize("case", OTHERS)
@pytest.mark.parametrize("role", TOP[1:])
def test_every_other_role_needs_its_keys_too(
    world: World, ring: dict[str, CryptoSigner], role: str, case: str
) -> None:
    repository, client = world
    assert client.refresh() == 0
    wanted, good = OTHERS[case]
    signed_by(repository, role, wanted, ring)
    repository.bump(*TOP)
    assert client.refresh() == (0 if good else 1)
    assert client.version("root") == 2
    assert client.version(role) == (2 if good else 1)


def test_keys_that_only_the_root_knows_do_not_sign(
    world: World, ring: dict[str, CryptoSigner]
) -> None:
    """A threshold counts signatures, not keys."""
    repository, client = world
    signed_by(repository, "snapshot", Signed("abcde", 5, "abcd"), ring)
    repository.bump(*TOP)
    assert client.refresh() == 1
    signed_by(repository, "snapshot", Signed("abcde", 5, "abcde"), ring)
    repository.bump(*TOP)
    assert client.refresh() == 0


# Delegations


GRAPHS = {
    "one": (["targets>A"], "A"),
    "two beside": (["targets>A", "targets>B"], "AB"),
    "two below": (["targets>A", "targets>B", "B>C"], "ABC"),
    "the depth first": (["targets>A", "targets>B", "A>C", "A>D"], "ACDB"),
    "deeper still": (["targets>A", "targets>B", "A>C", "C>D"], "ACDB"),
    "an end": (["targets>A", "targets>B", "A>C!", "A>D"], "AC"),
    "an end after its own": (["targets>A", "targets>B", "A>C!", "C>D"], "ACD"),
    "another path": (["targets>A *.py", "targets>B", "A>C"], "B"),
    "another path below": (["targets>A", "targets>B", "A>C *.py", "C>D"], "AB"),
    "a circle": (["targets>A", "targets>B", "B>C", "C>D", "D>B"], "ABCD"),
    "one of two": (["targets>A", "targets>B", "B>C", "A>C"], "ACB"),
    "one of two by its path": (["targets>A", "targets>B", "B>C", "A>C *.py"], "ABC"),
}


@pytest.mark.parametrize("case", GRAPHS)
def test_delegations_are_searched_in_their_order(world: World, case: str) -> None:
    repository, client = world
    lines, order = GRAPHS[case]
    for line in lines:
        edge, _, path = line.partition(" ")
        above, _, below = edge.rstrip("!").partition(">")
        repository.delegate(above, below, [path or "*"], terminating=edge.endswith("!"))
    repository.publish()
    assert client.download("missing") == 1
    assert repository.asked[4:] == [(name, 1) for name in order]


TREE = {
    "plain": (True, []),
    "README.md": (True, ["A"]),
    "releases/x/x_v1": (True, ["B", "C"]),
    "releases/y/y_v1.zip": (True, ["B", "D"]),
    "releases/z/z_v1.zip": (False, ["B"]),
}


@pytest.mark.parametrize("path", TREE)
def test_a_role_vouches_only_for_what_all_above_it_gave(world: World, path: str) -> None:
    repository, client = world
    repository.delegate("targets", "A", ["*.doc", "*.md"])
    repository.delegate("targets", "B", ["releases/*/*"])
    repository.delegate("B", "C", ["releases/x/*"])
    repository.delegate("B", "D", ["releases/y/*.zip"])
    for role, name in zip(["targets", "A", "C", "D", "D"], TREE, strict=True):
        repository.add(role, name, name.encode())
    repository.publish()
    found, asked = TREE[path]
    assert client.download(path) == (0 if found else 1)
    assert repository.asked[4:] == [(name, 1) for name in asked]
    assert client.got() == ([path.encode()] if found else [])


def test_a_kept_role_is_verified_anew_by_who_delegates_to_it_now(world: World) -> None:
    """The case that `ngclient` alone fails: the role is kept and did not change, its key did."""
    repository, client = world
    repository.delegate("targets", "team", ["*"])
    repository.add("team", "thing", b"thing")
    repository.publish()
    assert client.download("thing") == 0
    (client.targets / "thing").unlink()
    above = repository.roles["targets"]
    above.delegations.roles["team"].keyids.clear()
    signer = CryptoSigner.generate_ed25519()
    above.add_key(signer.public_key, "team")
    repository.bump("targets", "snapshot", "timestamp")
    assert client.download("thing") == 1
    repository.signers["team"] = [signer]
    repository.bump("team", "snapshot", "timestamp")
    assert client.download("thing") == 0


@pytest.mark.parametrize("name", ["?", "#", "/role", "../role", "a/../../b", "%2e"])
def test_names_of_roles_are_asked_for_and_kept_without_meaning(
    world: World, tmp_path: Path, name: str
) -> None:
    repository, client = world
    repository.delegate("targets", name, ["*"])
    repository.publish()
    before = {path.name for path in tmp_path.iterdir()}
    assert client.download("missing") == 1
    assert (name, 1) in repository.asked
    assert {path.name for path in tmp_path.iterdir()} == before
    assert len([path for path in client.metadata.iterdir() if path.is_file()]) >= 5


# Downloads


@pytest.mark.parametrize("path", ["file.txt", "path/to/a/file.txt", "../out", "a b?c#d%"])
def test_what_is_signed_is_what_comes(world: World, tmp_path: Path, path: str) -> None:
    repository, client = world
    repository.add("targets", path, b"content")
    repository.publish()
    assert client.refresh() == 0
    assert not client.targets.exists()
    assert client.download(path) == 0
    assert client.got() == [b"content"]
    assert {each.name for each in tmp_path.iterdir()} == {"metadata", "targets", "initial.json"}


def test_other_bytes_than_were_signed_are_never_kept(world: World) -> None:
    repository, client = world
    for name in ("one", "two"):
        repository.add("targets", name, name.encode())
    repository.publish()
    assert client.download("one") == 0
    repository.artifacts = dict.fromkeys(repository.artifacts, b"bad")
    assert client.download("two") == 1
    client.download("one")
    assert client.got() == [b"one"]


def test_of_many_changes_the_last_one_comes(world: World) -> None:
    repository, client = world
    for count in range(11):
        repository.add("targets", "file", b"%d" % count)
        repository.publish()
        if count % 5 == 0:
            assert client.download("file") == 0
            assert client.got() == [b"%d" % count]
            repository.artifacts["file"] = b"bad"
            client.download("file")
            assert client.got() == [b"%d" % count]
