"""A repository: what its verbs leave, and what they refuse."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from publish.conftest import NOW, image
from tuf.api.metadata import Metadata

from skyrocket.models.releases import Kind, ReleaseError, Step, WavePlan
from skyrocket.publish import checks, repository, signers
from skyrocket.publish.errors import LayoutError, PublishError, SignerError
from skyrocket.publish.store import Store

if TYPE_CHECKING:
    from pathlib import Path

KIND = Kind("vm-dev", "x86_64", "1.1.0")


def later(store: Store, days: float) -> Store:
    return Store(store.folder, store.keys, NOW + timedelta(days=days))


def targets(store: Store) -> set[str]:
    return set(store.targets().targets)


def test_a_new_repository_is_whole_and_its_keys_are_beside_it(store: Store) -> None:
    assert checks.faults(store) == []
    assert (store.folder / "root.json").read_bytes() == (
        store.folder / "metadata/1.root.json"
    ).read_bytes()
    assert not list(store.folder.rglob("*.pem"))
    assert {p.stat().st_mode & 0o077 for p in store.keys.glob("*.pem")} == {0}
    with pytest.raises(LayoutError, match="it is one already"):
        repository.init(store)


def test_an_image_becomes_targets_named_by_their_hashes(store: Store, tmp_path: Path) -> None:
    added = repository.add(store, image(tmp_path / "a", "1.1.0"))
    stem = "skyrocket-vm-dev-x86_64-1.1.0-abcd1234"
    ends = ("boot.efi", "boot.index", "root.erofs", "root.verity")
    names = {f"{stem}-{end}" for end in ends}
    assert targets(store) == {"manifest.json", *names}
    assert added.proof is not None
    said = {added.images.boot, added.images.root, added.images.hash, added.proof.boot_index}
    assert said == names
    assert repository.manifest(store).updates == [added]
    for target in store.targets().targets.values():
        assert store.path_of(target).name.startswith(target.hashes["sha256"])
    assert checks.faults(store) == []


def test_an_image_without_its_files_changes_nothing(store: Store, tmp_path: Path) -> None:
    broken = image(tmp_path / "a", "1.1.0")
    (tmp_path / "a/uki.efi").unlink()
    before = store.latest("targets")
    with pytest.raises(PublishError, match=r"cannot publish .*uki\.efi"):
        repository.add(store, broken)
    assert store.latest("targets") == before


def test_a_withdrawn_version_has_no_targets_any_more(store: Store, tmp_path: Path) -> None:
    repository.add(store, image(tmp_path / "a", "1.0.0"))
    repository.add(store, image(tmp_path / "b", "1.1.0"))
    repository.withdraw(store, KIND)
    content = repository.manifest(store)
    assert [(each.version, each.max_version) for each in content.updates] == [("1.0.0", "1.0.0")]
    assert [each.version for each in content.withdrawn] == ["1.1.0"]
    assert not [name for name in targets(store) if "1.1.0" in name]


def test_waves_are_signed_with_the_version(store: Store, tmp_path: Path) -> None:
    repository.add(store, image(tmp_path / "a", "1.1.0"))
    repository.wave(store, KIND, WavePlan([Step("1 hour", 100)]), NOW)
    assert repository.manifest(store).updates[0].waves == {0: NOW + timedelta(hours=1)}
    with pytest.raises(ReleaseError, match=r"cannot find 9\.9"):
        repository.wave(store, KIND._replace(version="9.9"), WavePlan([]), NOW)


def test_a_repository_says_when_its_signatures_end(store: Store) -> None:
    assert [fault.partition(":")[0] for fault in checks.faults(later(store, 6))] == ["timestamp"]
    old = later(store, 15)
    assert "timestamp: expired at 2026-12-02 12:00 UTC: repo refresh" in checks.faults(old)
    repository.refresh(old)
    assert checks.faults(old) == []


@pytest.mark.parametrize("damage", ["cut", "turned", "gone"])
def test_a_damaged_target_is_found(store: Store, tmp_path: Path, damage: str) -> None:
    repository.add(store, image(tmp_path / "a", "1.1.0"))
    (path,) = store.targets_folder.glob("*root.erofs")
    data = path.read_bytes()
    match damage:
        case "cut":
            path.write_bytes(data[:-1])
        case "turned":
            path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
        case _:
            path.unlink()
    (fault,) = checks.faults(store)
    assert fault.startswith("target skyrocket-vm-dev-x86_64-1.1.0-abcd1234-root.erofs: ")


def test_metadata_that_was_changed_after_signing_is_found(store: Store) -> None:
    path = store.latest("targets")
    assert path is not None
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version":  1'))
    assert checks.faults(store) == ["snapshot: does not name the newest targets"]
    path.write_bytes(path.read_bytes().replace(b"2026-12-09", b"2027-12-09"))
    assert any(fault.startswith("targets: ") for fault in checks.faults(store))


def test_without_the_key_nothing_is_published(store: Store, tmp_path: Path) -> None:
    stranger = Store(store.folder, tmp_path / "no-keys", NOW)
    before = store.latest("targets")
    with pytest.raises(SignerError, match="cannot sign targets: 0 of 1 keys are here"):
        repository.refresh(stranger)
    assert store.latest("targets") == before


def test_a_foreign_key_in_the_folder_does_not_sign(store: Store, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(store.keys, other)
    (other / "publication.pem").unlink()
    signers.make(other, "publication")
    signers.note(other, next(iter(store.root().roles["targets"].keyids)), "file2:publication.pem")
    with pytest.raises(SignerError, match="cannot sign with file2 key"):
        repository.refresh(Store(store.folder, other, NOW))


@pytest.mark.parametrize("role", ["root", "publication"])
def test_a_rotated_key_is_vouched_for_by_the_old_root(store: Store, role: str) -> None:
    old = store.root()
    repository.rotate(store, role)
    new = Metadata.from_file(str(store.metadata / "2.root.json"))
    old.verify_delegate("root", new.signed_bytes, new.signatures)
    new.signed.verify_delegate("root", new.signed_bytes, new.signatures)
    kept = "targets" if role == "root" else "root"
    changed = "root" if role == "root" else "targets"
    assert new.signed.roles[kept].keyids == old.roles[kept].keyids
    assert not set(new.signed.roles[changed].keyids) & set(old.roles[changed].keyids)
    assert checks.faults(store) == []


def apart(store: Store, tmp_path: Path) -> tuple[Store, Store]:
    """The same repository from two machines: one has the root key, one the key of the rest."""
    found = []
    for name in ("root", "publication"):
        keys = tmp_path / f"only-{name}"
        shutil.copytree(store.keys, keys)
        (keys / f"{name}.pem").rename(keys / "kept.pem")
        (keyid,) = store.root().roles["root" if name == "root" else "targets"].keyids
        (keys / "signers.json").unlink()
        signers.note(keys, keyid, "file2:kept.pem")
        found.append(Store(store.folder, keys, NOW))
    return found[0], found[1]


@pytest.mark.parametrize("role", ["root", "publication"])
def test_a_root_that_lacks_signatures_is_shown_to_nobody(
    store: Store, tmp_path: Path, role: str
) -> None:
    """It waits; whoever has the old root key finishes it, and everything is whole again."""
    offline, online = apart(store, tmp_path)
    before = (store.folder / "root.json").read_bytes()
    repository.rotate(online, role)
    assert (store.folder / "root.json").read_bytes() == before
    assert store.latest("root") == store.metadata / "1.root.json"
    assert "waits for signatures" in checks.faults(store)[0]
    with pytest.raises(LayoutError, match="waits for signatures"):
        repository.rotate(online, role)
    assert "was signed by" in repository.sign(online)  # the key it has is not the one that lacks
    if role == "publication":
        assert "are elsewhere" in repository.sign(offline)
        assert store.root().version == 1
    assert repository.sign(offline if role == "root" else online) == ""
    assert store.root().version == 2
    assert checks.faults(store) == []


def test_a_root_without_the_signature_of_the_one_before_is_a_fault(store: Store) -> None:
    """The control of the wait: written all the same, `check` says what a client would."""
    repository.rotate(store, "root")
    path = store.metadata / "2.root.json"
    bare = Metadata.from_file(str(path))
    (new,) = bare.signed.roles["root"].keyids
    bare.signatures = {new: bare.signatures[new]}
    store.write("root", bare)
    assert [fault.partition(":")[0] for fault in checks.faults(store)] == ["root"]


def test_a_root_is_renewed_with_the_same_keys(store: Store) -> None:
    later = Store(store.folder, store.keys, NOW + timedelta(days=364))
    assert any("repo refresh --root" in fault for fault in checks.faults(later))
    before = store.root().roles
    repository.renew(later)
    assert (later.root().version, later.root().roles) == (2, before)
    repository.refresh(later)
    assert checks.faults(later) == []


def test_what_is_served_is_not_written_again(store: Store) -> None:
    """A reader of the manifest keeps the file it opened: the same bytes are the same file."""
    (path,) = store.targets_folder.glob("*.manifest.json")
    before = path.stat().st_ino, path.stat().st_mtime_ns
    repository.refresh(store)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == before


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_other_kinds_of_keys_sign_as_well(tmp_path: Path, kind: str) -> None:
    made = Store(tmp_path / "repo", tmp_path / "keys", NOW)
    repository.init(made, kind)
    assert checks.faults(made) == []


def test_a_folder_that_is_no_repository_is_named(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="it is no repository"):
        repository.manifest(Store(tmp_path, tmp_path, NOW))
