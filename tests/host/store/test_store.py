import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyrocket.host.store import document, schemas
from skyrocket.host.store.document import Document
from skyrocket.host.store.errors import NoGenerationError, UnreadableError
from skyrocket.host.store.filesystem import FileStore
from skyrocket.host.store.memory import MemoryStore
from skyrocket.host.store.transactions import Transactions
from skyrocket.migrations import kinds
from skyrocket.migrations.chain import Chain
from skyrocket.models import changes, keys
from skyrocket.models.changes import Change
from skyrocket.models.generations import Origin

segments = st.text("abc", min_size=1, max_size=2)
leaves = st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.text(), st.lists(st.text()))
trees = st.dictionaries(
    segments, st.one_of(leaves, st.dictionaries(segments, leaves, min_size=1)), max_size=4
)


@pytest.fixture(params=["file", "memory"])
def store(request, tmp_path):
    return FileStore(str(tmp_path / "store")) if request.param == "file" else MemoryStore()


def test_a_new_store_is_empty(store):
    assert store.load() is None


def test_what_is_saved_is_loaded(store):
    saved = Document({"motd": "hi"}, generation=3, filled_by="v", user_data=True)
    store.save(saved)
    assert saved == store.load()


@given(trees)
def test_a_document_survives_its_form_on_disk(tree):
    saved = Document(tree, generation=1)
    assert saved == document.decode(document.encode(saved), "x")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b'{"settings":[]}', b"\xff", b'{"settings":{"\xff":1}}']
)
def test_a_damaged_document_is_refused_and_kept_aside(tmp_path, raw):
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "settings-1.json").write_bytes(raw)
    store = FileStore(str(folder))
    with pytest.raises(UnreadableError, match=r"cannot read settings .*settings-1\.json"):
        store.load()
    aside = store.set_aside()
    assert store.load() is None
    assert Path(aside).read_bytes() == raw


def test_a_failed_save_leaves_the_old_document_and_no_other_file(tmp_path, monkeypatch):
    store = FileStore(str(tmp_path))
    store.save(Document({"a": 1}))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.save(Document({"a": 2}))
    assert Document({"a": 1}) == store.load()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["history", "settings-1.json"]


def test_the_document_is_for_root_alone(tmp_path):
    store = FileStore(str(tmp_path))
    store.save(Document({}))
    assert Path(store.path).stat().st_mode & 0o777 == 0o600


def test_each_commit_has_the_next_generation():
    assert Document({}, generation=7).following({"a": 1}).generation == 8


@given(trees, trees)
def test_a_transaction_names_every_key_that_it_changes(live, patch):
    transactions = Transactions().patched("t", patch)
    assert keys.merge(live, patch) == changes.applied(live, transactions.change("t"), {})
    assert len(keys.flatten(patch)) == len(transactions.changed("t"))
    assert all(name.startswith("settings.") for name in transactions.changed("t"))


@given(trees, trees)
def test_patches_of_one_transaction_add_up(first, second):
    transactions = Transactions().patched("t", first).patched("t", second)
    both = keys.flatten(keys.merge(first, second))
    assert both == keys.flatten(transactions.get("t"))


def test_transactions_do_not_see_each_other():
    both = Transactions().patched("a", {"x": 1}).patched("b", {"x": 2})
    assert both.names() == ["a", "b"]
    assert both.without("b").get("a") == {"x": 1}
    assert both.without("b").get("b") == {}


def test_a_key_with_a_dot_is_named_in_quotes():
    transactions = Transactions().patched("t", {"kernel": {"sysctl": {"a.b": "1"}}})
    assert transactions.changed("t") == ['settings.kernel.sysctl."a.b"']


def test_generations_are_kept_and_can_be_looked_at(store):
    for number in range(1, 4):
        store.save(Document({"a": number}, generation=number))
    entries = [(each.generation, each.current) for each in store.history()]
    assert entries == [(1, False), (2, False), (3, True)]
    assert store.generation(2).settings == {"a": 2}
    for none in (0, 4):
        with pytest.raises(NoGenerationError, match=f"Found no generation {none}"):
            store.generation(none)


def test_the_generation_that_an_upgrade_replaces_is_kept_too(tmp_path):
    """Also when it skips versions: whoever goes back finds the settings from before."""
    chain = Chain((kinds.added("n"), kinds.renamed("a", "b")))
    FileStore(str(tmp_path), Chain()).save(Document({"a": 1}, generation=1))
    newer = FileStore(str(tmp_path), chain)
    upgraded = schemas.forward(newer.load(), chain)
    newer.save(upgraded.following({"b": 1, "n": 2}))
    assert [entry.generation for entry in newer.history()] == [1, 2]
    assert newer.generation(1) == Document({"a": 1}, generation=1)


def test_the_history_is_bounded(tmp_path):
    store = FileStore(str(tmp_path))
    for number in range(1, 120):
        store.save(Document({"a": number}, generation=number))
    assert [each.generation for each in store.history()] == list(range(19, 120))


def test_an_older_slot_finds_the_settings_and_a_newer_one_what_the_older_cannot_hold(tmp_path):
    older = FileStore(str(tmp_path), Chain())
    newer = FileStore(str(tmp_path), Chain((kinds.added("n"),)))
    newer.save(Document({"a": 1, "n": 2}, generation=5, schema=2))
    found = older.load()
    assert (found.settings, found.generation, found.schema) == ({"a": 1}, 5, 1)
    assert newer.load().settings == {"a": 1, "n": 2}
    older.save(found.following({"a": 3}, Origin("boot")))
    assert schemas.forward(newer.load(), newer.chain).settings == {"a": 3, "n": 2}
    older.save(older.load().following({"a": 4}, Origin("api")))
    assert schemas.forward(newer.load(), newer.chain).settings == {"a": 4}


@given(trees, st.sampled_from(["added", "removed", "renamed", "replaced"]))
def test_a_way_back_and_forward_gives_the_same_settings(tree, kind):
    migration = {
        "added": kinds.added("a", "b.c"),
        "removed": kinds.removed("a"),
        "renamed": kinds.renamed("a", "b"),
        "replaced": kinds.replaced("a", old=True, new=1),
    }[kind]
    chain = Chain((migration,))
    document = Document(tree, generation=1, schema=2)
    there_and_back = schemas.forward(schemas.backward(document, chain), chain)
    assert keys.flatten(there_and_back.settings) == keys.flatten(tree)


def test_two_changes_of_one_list_both_count():
    tree = {"l": ["a", "b"]}
    for change in (Change(add={"l": ["c"]}), Change(remove={"l": ["a"]}, add={"l": ["d"]})):
        tree = changes.applied(tree, change, {})
    assert tree == {"l": ["b", "c", "d"]}


def test_an_unset_key_gets_its_default_and_one_without_vanishes():
    change = Change(unset=("a", "b"))
    assert changes.applied({"a": 1, "b": 2, "c": 3}, change, {"a": 9}) == {"a": 9, "c": 3}
