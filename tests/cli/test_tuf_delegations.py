"""`repo tuf-client` on the conformance suite's cases of keys, delegations and targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from fakes.tuf_repository import TOP, TufRepository
from securesystemslib.signer import CryptoSigner

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.tuf_world import World


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
