import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyrocket.host.store import document
from skyrocket.host.store.document import Document
from skyrocket.host.store.errors import NoChangesError, UnreadableError
from skyrocket.host.store.filesystem import FileStore
from skyrocket.host.store.memory import MemoryStore
from skyrocket.host.store.transactions import Transactions
from skyrocket.models import keys

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
    "raw", [b"", b"{", b'{"settings":[]}', b'{"settings":{},"schema":2}', b"\xff"]
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
    assert [file.name for file in tmp_path.iterdir()] == ["settings-1.json"]


def test_the_document_is_for_root_alone(tmp_path):
    store = FileStore(str(tmp_path))
    store.save(Document({}))
    assert Path(store.path).stat().st_mode & 0o777 == 0o600


def test_each_commit_has_the_next_generation():
    assert Document({}, generation=7).following({"a": 1}).generation == 8


@given(trees, trees)
def test_a_committed_transaction_is_the_live_tree_with_it_on_top(live, patch):
    transactions = Transactions().patched("t", patch)
    if not keys.flatten(patch):
        with pytest.raises(NoChangesError, match="Tried to commit with no pending changes"):
            transactions.committed("t", live)
        return
    settings, changed = transactions.committed("t", live)
    assert keys.merge(live, patch) == settings
    assert len(keys.flatten(patch)) == len(changed)
    assert all(name.startswith("settings.") for name in changed)


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
