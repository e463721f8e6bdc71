"""Power may go between any two writes of a commit: every outcome is replayed, every bug found."""

import pytest
from fakes.crashing_disk import CrashingDisk

from skyrocket.host.store import schemas
from skyrocket.host.store.document import Document
from skyrocket.host.store.errors import StoreError
from skyrocket.host.store.filesystem import FileStore
from skyrocket.migrations import kinds
from skyrocket.migrations.chain import Chain

FOLDER = "/var/store"
OLDER, NEWER = Chain(), Chain((kinds.added("n"),))
COMMITS = [Document({"a": g, "n": g}, generation=g, schema=2) for g in (1, 2, 3, 4)]


def replayed(disk_class=CrashingDisk):
    """Commit on a disk that records, then cut power everywhere: what is wrong with each outcome."""
    disk = disk_class()
    disk.make_folder("/var")
    disk.sync_folder("/")
    store = FileStore(FOLDER, NEWER, disk)
    ends = []
    for document in COMMITS:
        store.save(document)
        ends.append(len(disk.log))
    for upto in range(len(disk.log) + 1):
        done = sum(end <= upto for end in ends)  # commits that had returned
        yield from (wrong(found, done) for found in disk.after_a_cut(upto))


def wrong(disk, done):
    """What is wrong with DISK when DONE commits had returned; "" when nothing is."""
    newer, older = FileStore(FOLDER, NEWER, disk), FileStore(FOLDER, OLDER, disk)
    try:
        ours, theirs, entries = newer.load(), older.load(), newer.history()
        past = [newer.generation(each.generation).settings["a"] for each in entries]
    except StoreError as error:
        return f"unreadable: {error}"
    now = ours.generation if ours else 0
    checks = {
        f"generation {now} instead of {done} or {done + 1}": now in (done, done + 1),
        "neither the old nor the new settings": not ours
        or schemas.forward(ours, NEWER).settings == COMMITS[now - 1].settings,
        "the version before has older settings": (theirs.generation if theirs else 0) >= now,
        "the version before has other settings": not theirs
        or theirs.settings == {"a": theirs.generation},
        f"history {past}": past == list(range(1, now + 1)),
    }
    return "; ".join(text for text, holds in checks.items() if not holds)


def test_every_power_cut_leaves_the_old_or_the_new_generation_whole():
    outcomes = list(replayed())
    assert [outcome for outcome in outcomes if outcome] == []
    assert len(outcomes) > 100


class NoBytes(CrashingDisk):
    """Bytes are not synced before their rename."""

    def write(self, path, content, mode, /, *, durable):
        super().write(path, content, mode, durable=False)


class NoFolder(CrashingDisk):
    """The folder of the documents is not synced."""

    def sync_folder(self, folder):
        if folder != FOLDER:
            super().sync_folder(folder)


class NoHistory(CrashingDisk):
    """The folder of the history is not synced before the document is replaced."""

    def sync_folder(self, folder):
        if not folder.endswith("history"):
            super().sync_folder(folder)


class NoParent(CrashingDisk):
    """The folder in which the store's own was made is not synced."""

    def sync_folder(self, folder):
        if folder != "/var":
            super().sync_folder(folder)


class InPlace(CrashingDisk):
    """The document is written over, not renamed."""

    def rename(self, source, target):
        content = self.read(source)
        self.remove(target)
        self.write(target, content, 0o600, durable=True)
        self.remove(source)


class RemovedFirst(CrashingDisk):
    """What is to be replaced is removed first."""

    def rename(self, source, target):
        self.remove(target)
        self.sync_folder(FOLDER)
        super().rename(source, target)


class Swapped(CrashingDisk):
    """Our document is renamed before that of the version before."""

    held = None

    def rename(self, source, target):
        if target.endswith("-1.json"):
            self.held = (source, target)
            return
        super().rename(source, target)
        self.sync_folder(FOLDER)
        super().rename(*self.held)


class LinkLate(CrashingDisk):
    """The history gets its generation after the document was replaced."""

    held = None

    def link(self, source, target):
        self.held = (self.read(source), target)

    def rename(self, source, target):
        super().rename(source, target)
        if target.endswith("-2.json") and self.held:
            self.sync_folder(FOLDER)
            content, late = self.held
            self.write(late, content, 0o600, durable=True)
            self.sync_folder(f"{FOLDER}/history")


BUGS = [NoBytes, NoFolder, NoHistory, NoParent, InPlace, RemovedFirst, Swapped, LinkLate]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_bug_in_the_order_of_writes_is_found(bug):
    assert any(replayed(bug))
