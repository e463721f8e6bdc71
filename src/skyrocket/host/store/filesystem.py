"""The store on the private partition: one document a schema version, replaced whole.

    settings-S.json       the settings in our schema S
    settings-S-1.json     the same for the version before, which may be started again
    history/G.json        generations that were committed, G with eight digits

A commit makes the new bytes durable under temporary names, gives the generation it replaces a
second name in the history, and renames: the version before first, so that no power cut leaves
it older settings than ours. Every step is made durable before the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from skyrocket.host.store import schemas
from skyrocket.host.store.document import decode, encode
from skyrocket.host.store.errors import NoGenerationError, UnreadableError
from skyrocket.host.system import clock, files
from skyrocket.migrations import table

if TYPE_CHECKING:
    from skyrocket.host.store.document import Document
    from skyrocket.migrations.chain import Chain
    from skyrocket.models.generations import Entry

FOLDER = "/var/lib/bottlerocket/store"
GENERATIONS = 100
HISTORY_BYTES = 4 * 1024 * 1024
_PREFIX, _SUFFIX = "settings-", ".json"


class Store(Protocol):
    """Where settings documents are kept."""

    chain: Chain

    def load(self) -> Document | None:
        """The newest document; None when there is none yet; UnreadableError when it is damaged."""

    def save(self, document: Document) -> None:
        """Keep DOCUMENT: when this returns, a power cut does not undo it."""

    def set_aside(self) -> str | None:
        """Put an unusable document out of the way and say where it is now."""

    def history(self) -> list[Entry]:
        """The generations that can be looked at, oldest first; the current one is the last."""

    def generation(self, number: int) -> Document:
        """The document of generation NUMBER, in its own schema; raise NoGenerationError."""


class Files(Protocol):
    """The door to the disk this room needs; `host.system.files` is one."""

    def read(self, path: str) -> bytes | None: ...
    def names(self, folder: str) -> list[str]: ...
    def make_folder(self, path: str) -> bool: ...
    def write(self, path: str, content: bytes, mode: int, /, *, durable: bool) -> None: ...
    def rename(self, source: str, target: str) -> None: ...
    def link(self, source: str, target: str) -> None: ...
    def remove(self, path: str) -> None: ...
    def sync_folder(self, folder: str) -> None: ...
    def size(self, path: str) -> int: ...


class FileStore:
    """A Store in a folder."""

    __slots__ = ("_files", "_folder", "_past", "chain")

    def __init__(
        self, folder: str = FOLDER, chain: Chain | None = None, door: Files = files
    ) -> None:
        self.chain = chain or table.load()
        self._folder, self._files = folder, door
        self._past = f"{folder}/history"

    @property
    def path(self) -> str:
        """Our own schema's document."""
        return self._path(self.chain.schema)

    def load(self) -> Document | None:
        found = [self._read(self._path(each)) for each in self._schemas()]
        return schemas.newest(found, self.chain)

    def save(self, document: Document) -> None:
        before = schemas.backward(document, self.chain)
        written = [each for each in (before, document) if each is not None]
        self._make_folders()
        try:
            for each in written:
                path = self._path(each.schema)
                self._files.write(f"{path}.new", encode(each), 0o600, durable=True)
            self._remember(document.generation)
            for each in written:
                path = self._path(each.schema)
                self._files.rename(f"{path}.new", path)
                self._files.sync_folder(self._folder)
        except OSError:
            for each in written:
                self._files.remove(f"{self._path(each.schema)}.new")
            raise
        self._forget(document)

    def set_aside(self) -> str | None:
        """Every document that cannot be read; what the history holds stays."""
        aside = None
        for schema in self._schemas():
            path = self._path(schema)
            if schema == self.chain.schema or not self._is_readable(path):
                aside = f"{path}.unreadable-{clock.stamp()}"
                try:
                    self._files.rename(path, aside)
                except OSError:
                    return None
        return aside

    def history(self) -> list[Entry]:
        now = self.load()
        entries = []
        for number in self._generations():
            path = self._archived(number)
            if (now is None or number < now.generation) and self._is_readable(path):
                entries.append(self._read(path).entry(current=False))
        return [*entries, now.entry(current=True)] if now else entries

    def generation(self, number: int) -> Document:
        now = self.load()
        if now is not None and now.generation == number:
            return now
        late = now is not None and number > now.generation
        if late or number not in self._generations():
            raise NoGenerationError(number)
        return self._read(self._archived(number))

    def _remember(self, generation: int) -> None:
        """Give the document that generation GENERATION replaces its name in the history."""
        ours = [each for each in self._schemas() if each <= self.chain.schema]
        readable = [each for each in ours if self._is_readable(self._path(each))]
        found = [(self._read(self._path(each)).generation, each) for each in readable]
        if not found:
            return
        replaced, schema = max(found)  # the schema is another one when this is an upgrade
        if replaced < generation and replaced not in self._generations():
            self._files.link(self._path(schema), self._archived(replaced))
            self._files.sync_folder(self._past)

    def _forget(self, document: Document) -> None:
        """Keep the history and old schemas in bounds; a file too many is no failed commit."""
        for schema in self._schemas():
            if schema < document.schema - 1:
                self._files.remove(self._path(schema))
        kept = 0
        for count, number in enumerate(reversed(self._generations())):
            path = self._archived(number)
            kept += self._files.size(path)
            if count >= GENERATIONS or kept > HISTORY_BYTES:
                self._files.remove(path)

    def _make_folders(self) -> None:
        for folder in (self._folder, self._past):
            if self._files.make_folder(folder):
                self._files.sync_folder(folder.rpartition("/")[0])

    def _read(self, path: str) -> Document:
        try:
            raw = self._files.read(path)
        except OSError as error:
            raise UnreadableError(f"cannot read settings {path}: {error.strerror}") from error
        return decode(raw or b"", path)

    def _is_readable(self, path: str) -> bool:
        try:
            self._read(path)
        except UnreadableError:
            return False
        return True

    def _schemas(self) -> list[int]:
        """The schemas of which there is a document."""
        names = [n for n in self._files.names(self._folder) if n.startswith(_PREFIX)]
        middles = [n[len(_PREFIX) : -len(_SUFFIX)] for n in names if n.endswith(_SUFFIX)]
        return sorted(int(middle) for middle in middles if middle.isdecimal())

    def _generations(self) -> list[int]:
        middles = [name.removesuffix(_SUFFIX) for name in self._files.names(self._past)]
        return sorted(int(middle) for middle in middles if middle.isdecimal())

    def _path(self, schema: int) -> str:
        return f"{self._folder}/{_PREFIX}{schema}{_SUFFIX}"

    def _archived(self, number: int) -> str:
        return f"{self._past}/{number:08d}{_SUFFIX}"
