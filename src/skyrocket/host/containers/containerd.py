"""The door to containerd, through its own client: fetch an image, make and remove a snapshot."""

from __future__ import annotations

import os
import random
import re
import time
from typing import TYPE_CHECKING

import msgspec

from skyrocket import command
from skyrocket.command import CommandError
from skyrocket.host.containers import registries
from skyrocket.host.containers.errors import ImageError, RuntimeFailedError
from skyrocket.host.containers.model import OverlayMount, Pull
from skyrocket.host.system import files, journal
from skyrocket.host.system.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from skyrocket.host.containers.model import Attempt
    from skyrocket.host.containers.places import Places

CTR = "/usr/bin/ctr"
SNAPSHOTTER = "overlayfs"
TRIES = 5
PATIENCE = "5s"  # for a containerd that is away, on its way down perhaps
LONGEST_PAUSE = 30.0
JITTER = 2.0
# ctr's own line once all layers are there: "unpacking linux/amd64 sha256:…...".
_UNPACKING = re.compile(r"^unpacking \S+ (sha256:[0-9a-f]{64})", re.MULTILINE)


class Containerd:
    """The containerd instance that keeps the images of the kind of PLACES."""

    __slots__ = ("_argv", "_places", "_sleep")

    def __init__(
        self, places: Places, sleep: Callable[[float], None] = time.sleep, ctr: str = CTR
    ) -> None:
        self._argv = (ctr, "--connect-timeout", PATIENCE, "--address", places.containerd)
        self._places, self._sleep = places, sleep

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
        before = [] if self._attempts(reference) else registries.mirrors(self._hosts(reference))
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
        """The digest of REFERENCE, pulled from the first host that gives it.

        The client knows one user for all hosts that it asks, so where any of them knows us, each
        is asked on its own.
        """
        attempts = self._attempts(reference)
        if not attempts:
            return self._pull_from(self._places.hosts, reference)
        refused: list[CommandError] = []
        for attempt in attempts:
            try:
                return self._pull_as(attempt, reference)
            except CommandError as error:
                refused.append(error)
        said = [f"{a.address}: {e.last}" for a, e in zip(attempts, refused, strict=True)]
        raise CommandError(refused[-1].argv, refused[-1].status, "; ".join(said))

    def _pull_as(self, attempt: Attempt, reference: str) -> str:
        """Like `_pull_from`, of one host; its password is typed, so that it is in no argument."""
        folder = self._places.attempt
        path = f"{folder}/{reference.partition('/')[0]}/hosts.toml"
        files.replace(path, registries.hosts_toml(attempt).encode())
        credential = attempt.credential
        try:
            if credential is None:
                return self._pull_from(folder, reference)
            if credential.token:
                return self._pull_from(folder, "--refresh", credential.token, reference)
            with Terminal(credential.password) as terminal:
                user = ("--user", credential.username)
                return self._pull_from(folder, *user, reference, stdin=terminal)
        except ValueError as error:
            raise ImageError(
                f"cannot show credentials to {attempt.address}: the password {error}",
                "change settings.container-registry.credentials",
            ) from error
        finally:
            files.remove(path)

    def _pull_from(self, hosts: str, *argv: str, stdin: int | None = None) -> str:
        pull = ["images", "pull", "--hosts-dir", hosts, "--snapshotter", SNAPSHOTTER]
        if most := self._most():
            pull += ["--max-concurrent-downloads", str(most)]
        said = self._run(*pull, *argv, stdin=stdin, proxy=proxy(self._places))
        found = _UNPACKING.findall(said)
        return found[0] if len(found) == 1 else self.digest(argv[-1])

    def _most(self) -> int:
        """How many layers are fetched at once; 0: the client's own number."""
        path = self._places.pull
        try:
            raw = files.read(path) if self._places.kind == "workload" else None
            return msgspec.json.decode(raw, type=Pull).max_concurrent_downloads if raw else 0
        except (OSError, msgspec.MsgspecError) as error:
            journal.error(f"cannot use {path}: {error}")
            return 0

    def _hosts(self, reference: str) -> str:
        """The hosts.toml that says whom to ask for REFERENCE, or nothing."""
        for folder in (reference.partition("/")[0], "_default"):
            content = files.read(f"{self._places.hosts}/{folder}/hosts.toml")
            if content is not None:
                return content.decode("utf-8", "replace")
        return ""

    def _attempts(self, reference: str) -> list[Attempt]:
        path = self._places.credentials
        try:
            known = registries.read(files.read(path))
        except (OSError, msgspec.MsgspecError) as error:
            journal.error(f"cannot use {path}: {error}")
            return []
        return registries.attempts(reference, self._hosts(reference), known) if known else []

    def _run(
        self, *argv: str, stdin: int | None = None, proxy: Mapping[str, str] | None = None
    ) -> str:
        words = [*self._argv, "--namespace", "default", *argv]
        environment = {**os.environ, **proxy} if proxy else None
        return command.run(words, stdin=stdin, env=environment).stdout.decode("utf-8", "replace")


def proxy(places: Places) -> dict[str, str]:
    """The variables that say through whom the node reaches others; none: through nobody."""
    text = (files.read(places.proxy) or b"").decode("utf-8", "replace")
    return variables(text)


def variables(text: str) -> dict[str, str]:
    """Variables of an environment file.

    >>> variables("HTTPS_PROXY=http://p:1")
    {'HTTPS_PROXY': 'http://p:1'}
    """
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name: value.strip("\"'") for name, value in pairs}


def pauses(chance: Callable[[float, float], float] = random.uniform) -> Iterator[float | None]:
    """Seconds to wait after each try: doubling, with jitter; None after the last."""
    pause = 1.0
    for _ in range(TRIES - 1):
        yield max(0.5, pause + chance(-JITTER, JITTER) * min(1.0, pause / LONGEST_PAUSE))
        pause = min(LONGEST_PAUSE, pause * 2)
    yield None
