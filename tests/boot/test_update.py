"""A node takes an update from a repository on this machine comes up in it, and stays.

Built with a repository that is kept in the cache, so that images are made once.
"""

from __future__ import annotations

import json
import ssl
import threading
from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from skyrocket.build.image import build
from skyrocket.cli.checkout import ROOT
from skyrocket.fetch import places
from skyrocket.models.progress import Silent
from skyrocket.publish import repository, serve
from skyrocket.publish.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boot.machine import Machine, Rack

pytestmark = [pytest.mark.boot, pytest.mark.proof]

OLD, NEW = "1.0.0", "1.1.0"
VARIANT, ARCHITECTURE = "vm-dev", "x86_64"
SECONDS = 600.0
TLS = ROOT / "tests/data/tls"


@pytest.fixture(scope="module")
def trusted() -> bytes:
    """The root of a repository whose keys stay in the cache: images that trust it are made once."""
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


@pytest.fixture(scope="module")
def port(trusted: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    """A repository with the new version, served on loopback in both ways."""
    folder: Path = tmp_path_factory.mktemp("served") / "repository"
    store = Store(folder, places.folder("tests") / "update-keys", datetime.now(UTC))
    (folder / "metadata").mkdir(parents=True)
    for path in (folder / "root.json", folder / "metadata/1.root.json"):
        path.write_bytes(trusted)
    repository.refresh(store)
    repository.add(store, made(NEW, trusted).folder / "manifest.json")
    with serve.server(folder, 0) as clear, serve.server(folder, 0) as tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "lab.pem")
        tls.socket = context.wrap_socket(tls.socket, server_side=True)
        servers = (clear, tls)
        threads = [threading.Thread(target=each.serve_forever, args=(0.02,)) for each in servers]
        for thread in threads:
            thread.start()
        yield Ports(clear.server_address[1], tls.server_address[1])
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
    answer = node.admin("apiclient", "-u", "/updates/status")
    assert answer.status == 0, answer
    return json.loads(answer.out)


def blessed(node: Machine) -> None:
    node.wait(
        "verdict", lambda: '"healthy": true' in node.host("cat /run/skyrocket/health.json").out, 240
    )


def test_a_node_takes_an_update_and_keeps_its_settings(
    rack: Rack, trusted: bytes, port: Ports
) -> None:
    first = made(OLD, trusted)
    order = rack.order(
        "updated", image=first.folder, root_hash=first.facts.root_hash,
        firmware=True, demo=False, user_data=user_data(port),
    )  # fmt: skip
    node = rack.start(order)
    assert node.admin("apiclient", "-u", "/updates/status").err.count("404") >= 1
    blessed(node)

    checked = node.admin("apiclient", "update", "check")
    assert checked.status == 0, checked
    found = json.loads(checked.out)
    assert (found["update_state"], found["available_updates"]) == ("Available", [NEW])
    assert found["active_partition"]["image"]["version"] == OLD

    mark = node.mark()
    applied = node.admin("apiclient", "update", "apply", "--check")
    assert applied.status == 0, applied
    ready = status(node)
    assert ready["update_state"] == "Ready"
    assert ready["staging_partition"] == {"image": found["chosen_update"], "next_to_boot": True}
    again = node.admin("apiclient", "raw", "-m", "POST", "-u", "/actions/prepare-update")
    assert "Status 409" in again.err

    # Both halves of taking it back, and once more.
    assert node.admin("apiclient", "update", "cancel").status == 0
    assert status(node)["update_state"] == "Staged"
    assert node.admin("apiclient", "update", "apply", "--check").status == 0
    told = node.host("journalctl --no-pager -u skyrocket-update | cat").out
    assert "blocks kept" in told, told

    assert node.admin("apiclient", "reboot").status == 0
    node.hang_up()
    assert f"version={NEW}" in node.wait_ready(mark)
    blessed(node)
    assert node.get("os.version_id")["os"] == {"version_id": NEW}
    assert node.get("settings.motd")["settings"] == {"motd": "kept over an update"}
    after = status(node)
    assert (after["update_state"], after["staging_partition"]) == ("Idle", None)
    assert after["active_partition"]["image"]["version"] == NEW

    mark = node.mark()
    assert node.admin("apiclient", "reboot").status == 0
    node.hang_up()
    assert f"version={NEW}" in node.wait_ready(mark)
