"""On a node the API knows the container that asks: it writes its name down, and refuses by it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boot.machine import Machine

pytestmark = pytest.mark.boot

NAME = "guest"
EXEC = ("apiclient", "exec", "-T", NAME)
EFFECT_SECONDS = 40.0


def audit(node: Machine) -> list[str]:
    """The API's lines on who asked for what in this boot."""
    said = node.host("journalctl --boot --unit=skyrocket-api --output=cat").out.splitlines()
    return [line for line in said if line.startswith("audit: ")]


@pytest.fixture(scope="module")
def guest(node: Machine) -> Iterator[Machine]:
    """The node with a container of its user's that has no special rights, and is gone later."""
    source = node.get("settings.host-containers.control.source")["settings"]
    wanted = {
        "enabled": True,
        "superpowered": False,
        "source": source["host-containers"]["control"]["source"],
    }
    order = ("apiclient", "set", "-j", json.dumps({"host-containers": {NAME: wanted}}))
    assert node.admin(*order).status == 0
    node.wait("container", lambda: node.admin(*EXEC, "true").status == 0, EFFECT_SECONDS)
    yield node
    assert node.admin("apiclient", "set", f"host-containers.{NAME}.enabled=false").status == 0


def test_a_change_is_in_the_journal_with_who_asked(node: Machine) -> None:
    """The container's name comes from the kernel; keys are named and values are not."""
    before = node.get("settings.motd")["settings"]["motd"]
    seen = len(audit(node))
    assert node.admin("apiclient", "set", "motd=not-for-the-journal").status == 0
    lines = audit(node)[seen:]
    assert node.admin("apiclient", "set", "-j", json.dumps({"motd": before})).status == 0
    words = [line.split() for line in lines]
    assert [word[1:3] for word in words] == [["host-container", "admin"]] * 2
    assert [word[6:9] for word in words] == [
        ["PATCH", "/settings/keypair", "204"],
        ["POST", "/tx/commit_and_apply", "200"],
    ]
    assert all(word[4:6] == ["uid=0", "gid=0"] for word in words)
    assert all(word[-1] == "keys=settings.motd" for word in words)
    whole = node.host("journalctl --boot --unit=skyrocket-api --output=cat").out
    assert "not-for-the-journal" not in whole


def test_exec_is_refused_to_a_container_that_the_policy_does_not_allow(guest: Machine) -> None:
    """The same call works from the admin container, and reading works from the refused one."""
    call = (*EXEC, "true")
    assert guest.admin(*call).status == 0
    refused = guest.admin(*EXEC, *call)
    assert refused.status == 1
    assert "Status 403" in refused.out + refused.err
    assert "it lacks the right 'exec'" in refused.out + refused.err
    assert guest.admin(*EXEC, "apiclient", "get", "os.arch").status == 0
    lines = audit(guest)
    assert any("host-container admin" in line and "GET /exec 101" in line for line in lines)
    assert any(f"host-container {NAME} " in line and "GET /exec 403" in line for line in lines)
