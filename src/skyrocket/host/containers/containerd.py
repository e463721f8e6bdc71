"""The door to containerd, through its own client: fetch an image, make and remove a snapshot."""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING

import msgspec

from skyrocket import command
from skyrocket.command import CommandError
from skyrocket.host.containers.errors import ImageError, RuntimeFailedError
from skyrocket.host.containers.model import OverlayMount
from skyrocket.host.system import files, journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CTR = "/usr/bin/ctr"
SNAPSHOTTER = "overlayfs"
TRIES = 5
PATIENCE = "5s"  # for a containerd that is away, on its way down perhaps
LONGEST_PAUSE = 30.0
JITTER = 2.0
# ctr's own line once all layers are there: "unpacking linux/amd64 sha256:…...".
_UNPACKING = re.compile(r"^unpacking \S+ (sha256:[0-9a-f]{64})", re.MULTILINE)
_HOST = re.compile(r'^\[host\."([^"]*)"\]$', re.MULTILINE)


class Containerd:
    """One containerd instance, reached at its SOCKET."""

    __slots__ = ("_argv", "_hosts", "_sleep")

    def __init__(
        self, socket: str, hosts: str, sleep: Callable[[float], None] = time.sleep, ctr: str = CTR
    ) -> None:
        self._argv = (ctr, "--connect-timeout", PATIENCE, "--address", socket)
        self._hosts, self._sleep = hosts, sleep

    def fetch(self, reference: str) -> str:
        """The digest of REFERENCE, asked of its registry and unpacked here.

        When the registry cannot be asked and an earlier image is here, that one serves: a node
        must come back after a restart without it. Raises ImageError after the last try.
        """
        reason: CommandError | None = None
        for pause in pauses():
            try:
                found = self._pull(reference)
            except CommandError as error:
                reason = error
            else:
                if found:
                    return found
                raise ImageError(f"cannot fetch {reference}: containerd does not say its digest")
            cached = self.digest(reference)
            if cached:
                journal.warning(
                    f"cannot ask for {reference} ({reason}): using the image fetched before"
                )
                return cached
            if pause is not None:
                journal.warning(f"cannot fetch {reference}: {reason}; next try in {pause:.0f} s")
                self._sleep(pause)
        before = mirrors(self._hosts, reference)
        raise ImageError(
            f"cannot fetch {reference}: {reason}"
            + (f" (and before that nothing from {', '.join(before)})" if before else ""),
            "check the source, the network and settings.container-registry",
        ) from reason

    def digest(self, reference: str) -> str:
        """The digest of REFERENCE if it was fetched before, else nothing."""
        try:
            table = self._run("images", "ls", f'name=="{reference}"')
        except CommandError:
            return ""
        rows = [line.split() for line in table.splitlines()[1:]]
        return next((row[2] for row in rows if len(row) > 2 and row[0] == reference), "")

    def forget(self, reference: str) -> None:
        """Remove an image, and wait until its layers are gone with it."""
        self._run("images", "rm", "--sync", reference)

    def blobs(self) -> list[str]:
        """Digests of all blobs that containerd believes to have."""
        return self._run("content", "ls", "-q").split()

    def drop(self, digest: str) -> None:
        """Have containerd forget a blob."""
        self._run("content", "rm", digest)

    def writable(self) -> list[str]:
        """Keys of all writable layers."""
        argv = ("snapshots", "--snapshotter", SNAPSHOTTER, "ls")
        rows = [line.split() for line in self._run(*argv).splitlines()[1:]]
        return [row[0] for row in rows if row and row[-1] == "Active"]

    def prepare(self, key: str, chain: str) -> OverlayMount:
        """A fresh writable layer KEY over CHAIN; one left behind by a crash makes way."""
        argv = ("snapshots", "--snapshotter", SNAPSHOTTER, "prepare", "--mounts", key, chain)
        try:
            text = self._run(*argv)
        except CommandError as error:
            if "already exists" not in error.stderr:
                raise RuntimeFailedError(f"cannot make the writable layer: {error}") from error
            self.remove(key)
            try:
                text = self._run(*argv)
            except CommandError as again:
                raise RuntimeFailedError(f"cannot make the writable layer: {again}") from again
        try:
            (mount,) = msgspec.json.decode(text, type=list[OverlayMount])
        except (msgspec.MsgspecError, ValueError) as error:
            raise RuntimeFailedError(f"cannot mount the writable layer: {error}") from error
        return mount

    def remove(self, key: str) -> bool:
        """Remove the writable layer KEY; says whether there was one."""
        try:
            self._run("snapshots", "--snapshotter", SNAPSHOTTER, "rm", key)
        except CommandError:
            return False
        return True

    def _pull(self, reference: str) -> str:
        said = self._run(
            "images", "pull", "--hosts-dir", self._hosts, "--snapshotter", SNAPSHOTTER, reference
        )
        found = _UNPACKING.findall(said)
        return found[0] if len(found) == 1 else self.digest(reference)

    def _run(self, *argv: str) -> str:
        return command.run([*self._argv, "--namespace", "default", *argv]).stdout.decode(
            "utf-8", "replace"
        )


def mirrors(hosts: str, reference: str) -> list[str]:
    """The addresses below HOSTS that are asked for REFERENCE before its own registry is.

    The client tells only the last answer, that of the registry, which may not even exist.
    """
    for folder in (reference.partition("/")[0], "_default"):
        if (content := files.read(f"{hosts}/{folder}/hosts.toml")) is not None:
            return _HOST.findall(content.decode("utf-8", "replace"))
    return []


def pauses(chance: Callable[[float, float], float] = random.uniform) -> Iterator[float | None]:
    """Seconds to wait after each try: doubling, with jitter; None after the last."""
    pause = 1.0
    for _ in range(TRIES - 1):
        yield max(0.5, pause + chance(-JITTER, JITTER) * min(1.0, pause / LONGEST_PAUSE))
        pause = min(LONGEST_PAUSE, pause * 2)
    yield None
