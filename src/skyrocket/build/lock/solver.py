"""Which apt resolves: the one of the tools tree, in the sandbox.

For the very first lock it is this machine's. Either reads package lists only when their
signatures are Debian's.

Knows how to start apt and what it must see of this machine (names and certificates, nothing
else). What to ask it is in `update`, how to read its answers in `resolve`.
"""

from __future__ import annotations

import os
import shutil
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket import command
from skyrocket.build.lock.errors import ResolveError
from skyrocket.build.lock.resolve import Apt, Repository
from skyrocket.fetch import places, sources
from skyrocket.sandbox import Mount, Sandbox, SandboxError

if TYPE_CHECKING:
    from collections.abc import Sequence

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
INSIDE = "/apt"
_NAMES = ("resolv.conf", "hosts")


def repositories(data: sources.Defaults, order: Sequence[sources.Source]) -> list[Repository]:
    """The archives apt is to read, from the first source that has each."""
    found = []
    for archive, suites in data.archives.items():
        base = next((one.bases[archive] for one in order if archive in one.bases), None)
        if base is None:
            raise ResolveError(
                f"cannot resolve: no source is configured for archive {archive}",
                f"name a mirror with {sources.VARIABLE}",
            )
        found.append(Repository(base, suites))
    return found


def _prepare(apt: Apt, order: Sequence[sources.Source], kind: str = "deb") -> Apt:
    data = sources.defaults()
    known = repositories(data, order)
    main = next(one.bases[sources.MAIN] for one in order if sources.MAIN in one.bases)
    apt.prepare([*known, Repository(main, tuple(data.newer))], KEYRING, order[0].proxy, kind)
    apt.prefer(data.newer)
    return apt


def in_tools(tree: Path, arch: str, order: Sequence[sources.Source], kind: str = "deb") -> Apt:
    """Apt of the tools TREE, prepared for ARCH. KIND `deb-src` reads source lists instead."""
    directory = places.folder("apt") / f"{arch}-{kind}"
    etc = directory / "etc"
    etc.mkdir(parents=True, exist_ok=True)
    _lay_out(etc)
    mounts = [Mount(directory, INSIDE, writable=True), Mount(etc, "/etc")]
    sandbox = Sandbox(tree)

    def run(argv: Sequence[str]) -> bytes:
        try:
            return sandbox.run(argv, mounts=mounts, env=_proxies()).stdout
        except SandboxError as error:
            raise ResolveError(f"cannot ask apt: {error}") from error

    return _prepare(Apt(directory, arch, run, INSIDE), order, kind)


def on_machine(arch: str, order: Sequence[sources.Source]) -> Apt:
    """This machine's own apt and Debian keyring, for a checkout that has no lock yet."""
    if shutil.which("apt-get") is None or not Path(KEYRING).exists():
        raise ResolveError(
            "cannot make a first lock: this machine has no apt with Debian's keyring",
            "restore packages.lock from version control; it brings its own apt",
        )

    def run(argv: Sequence[str]) -> bytes:
        try:
            return command.run(argv).stdout
        except command.CommandError as error:
            raise ResolveError(f"cannot ask apt: {error}") from error

    return _prepare(Apt(places.folder("apt") / f"{arch}-machine", arch, run), order)


def _lay_out(etc: Path) -> None:
    """An /etc with what a network client needs: names, and the certificates trusted here."""
    for name in _NAMES:
        source = Path("/etc") / name
        if source.exists():
            shutil.copyfile(source, etc / name)
    (etc / "apt/apt.conf.d").mkdir(parents=True, exist_ok=True)
    (etc / "nsswitch.conf").write_text("hosts: files dns\npasswd: files\n")
    (etc / "passwd").write_text("root:x:0:0::/:/usr/sbin/nologin\n")
    trusted = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    candidates = [Path(trusted)] if trusted else []
    for file in [*candidates, Path("/etc/ssl/certs/ca-certificates.crt")]:
        if file.is_file():
            (etc / "ssl/certs").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, etc / "ssl/certs/ca-certificates.crt")
            return


def _proxies() -> dict[str, str]:
    names = ("http_proxy", "https_proxy", "no_proxy")
    return {name: os.environ[name] for name in names if name in os.environ}
