"""Images that trust a repository of ours, that repository on loopback, and a node that asks it.

The keys stay in the cache, so that images which trust them are made once.
"""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from skyrocket.build.image import build
from skyrocket.cli.checkout import ROOT
from skyrocket.fetch import places
from skyrocket.models.progress import Silent
from skyrocket.publish import repository, serve
from skyrocket.publish.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boot.machine import Machine

OLD, NEW = "1.0.0", "1.1.0"
VARIANT, ARCHITECTURE = "vm-dev", "x86_64"
TLS = ROOT / "tests/data/tls"


def trusted_root() -> bytes:
    folder = places.folder("tests") / "update-root"
    if not (folder / "root.json").is_file():
        repository.init(Store(folder, folder.with_name("update-keys"), datetime.now(UTC)))
    return (folder / "root.json").read_bytes()


def made(version: str, root: bytes) -> build.Built:
    edition = build.Edition(version, root)
    return build.build(ROOT, VARIANT, ARCHITECTURE, Silent(), edition=edition)


class Ports(NamedTuple):
    """Of one repository: metadata in clear, targets over TLS."""

    clear: int
    tls: int


@contextlib.contextmanager
def served(folder: Path, root: bytes) -> Iterator[Ports]:
    """A repository in FOLDER that has the new version, served on loopback in both ways."""
    store = Store(folder, places.folder("tests") / "update-keys", datetime.now(UTC))
    (folder / "metadata").mkdir(parents=True)
    for path in (folder / "root.json", folder / "metadata/1.root.json"):
        path.write_bytes(root)
    repository.refresh(store)
    repository.add(store, made(NEW, root).folder / "manifest.json")
    with serve.server(folder, 0) as clear, serve.server(folder, 0) as tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "lab.pem")
        tls.socket = context.wrap_socket(tls.socket, server_side=True)
        servers = (clear, tls)
        threads = [threading.Thread(target=each.serve_forever, args=(0.02,)) for each in servers]
        for thread in threads:
            thread.start()
        try:
            yield Ports(clear.server_address[1], tls.server_address[1])
        finally:
            for server in servers:
                server.shutdown()
            for thread in threads:
                thread.join()


def user_data(port: Ports) -> str:
    """The authority of the server with the targets is the user's own."""
    authority = b64encode((TLS / "lab-authority.pem").read_bytes()).decode()
    return f"""
[settings]
motd = "kept over an update"
[settings.pki.lab]
trusted = true
data = "{authority}"
[settings.updates]
metadata-base-url = "http://10.0.2.2:{port.clear}/metadata"
targets-base-url = "https://10.0.2.2:{port.tls}/targets"
"""


def status(node: Machine) -> Any:
    return asked(node, "/updates/status")


def asked(node: Machine, uri: str) -> Any:
    answer = node.admin("apiclient", "-u", uri)
    assert answer.status == 0, answer
    return json.loads(answer.out)


def blessed(node: Machine) -> None:
    node.wait(
        "verdict", lambda: '"healthy": true' in node.host("cat /run/skyrocket/health.json").out, 240
    )
