"""A node takes an update from a repository on this machine comes up in it, and stays.

Built with a repository that is kept in the cache, so that images are made once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from boot import updating
from boot.updating import NEW, OLD, Ports, asked, blessed, made, status, user_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boot.machine import Machine, Rack

pytestmark = [pytest.mark.boot, pytest.mark.proof]


@pytest.fixture(scope="module")
def trusted() -> bytes:
    return updating.trusted_root()


@pytest.fixture(scope="module")
def port(trusted: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    """A repository with the new version, served on loopback in both ways."""
    folder = tmp_path_factory.mktemp("served") / "repository"
    with updating.served(folder, trusted) as ports:
        yield ports


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

    cancelled, attempt = asked(node, "/updates/history")
    assert cancelled["outcome"] == "cancelled"
    assert (attempt["from_version"], attempt["to_version"]) == (OLD, NEW)
    assert attempt["outcome"] == "running"
    shown = {each["name"]: each["state"] for each in asked(node, "/updates/checks")}
    assert shown.keys() >= {"api", "settings", "unit skyrocket-api.service"}
    assert set(shown.values()) <= {"met", "degraded"}

    # Back to what the other slot still holds, with the settings of now.
    assert node.admin("apiclient", "set", "motd=changed since").status == 0
    went = node.admin("apiclient", "update", "rollback")
    assert went.status == 0, went
    assert status(node)["update_state"] == "Ready"
    restarted(node, OLD)
    assert node.get("settings.motd")["settings"] == {"motd": "changed since"}
    outcomes = [each["outcome"] for each in asked(node, "/updates/history")]
    assert outcomes == ["cancelled", "running", "running"]
    found = node.admin("apiclient", "update", "check")
    assert json.loads(found.out)["update_state"] == "Idle", "what was left is not taken by itself"


def restarted(node: Machine, version: str) -> None:
    mark = node.mark()
    assert node.admin("apiclient", "reboot").status == 0
    node.hang_up()
    assert f"version={version}" in node.wait_ready(mark)
    blessed(node)
