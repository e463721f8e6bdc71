"""The same node again: after its power was cut, and after a reboot without a registry."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from skyrocket.cli import node as node_verb
from skyrocket.lab import process

if TYPE_CHECKING:
    from boot.machine import Machine, Rack

pytestmark = pytest.mark.boot


class Shown(NamedTuple):
    """What tells one page of the demonstration from another."""

    boot_id: str
    digest: str


def shown(page: str) -> Shown:
    boot_id = re.search(r">([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})<", page)
    digest = re.search(r">(sha256:[0-9a-f]{64})<", page)
    assert boot_id is not None
    assert digest is not None
    return Shown(boot_id[1], digest[1])


class Life(NamedTuple):
    """A node after its power cut, and what it had shown just before."""

    machine: Machine
    first: Shown


def previous_boot(machine: Machine) -> dict[str, str]:
    facts = json.loads(machine.host("cat /run/skyrocket/initrd.json").out)
    previous: dict[str, str] = facts["previous_boot"]
    return previous


@pytest.fixture(scope="module")
def life(rack: Rack) -> Life:
    """Cut right after the first answer: what was pulled may not be on the disk yet."""
    order = rack.order("again", registry_tokens=True)
    machine = rack.start(order)
    first = shown(machine.page())
    machine.cut_power()
    return Life(rack.start(order), first)


def test_the_image_was_pulled_with_a_token_of_nobody(life: Life) -> None:
    """The registry refuses, names where tokens are, and gives the image for one."""
    log = life.machine.home.registry_log.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    asked = [(line["path"].partition("?")[0], line["status"]) for line in lines]
    manifest = next(path for path, _ in asked if path.startswith("/v2/demo/manifests/"))
    refused, served = asked.index((manifest, 401)), asked.index((manifest, 200))
    assert refused < asked.index(("/token", 200)) < served


def test_a_power_cut_after_the_first_answer_damages_nothing(life: Life) -> None:
    """The next boot serves the same image, and knows that the last one did not end in order."""
    now = shown(life.machine.page())
    assert now.digest == life.first.digest
    assert now.boot_id != life.first.boot_id
    previous = previous_boot(life.machine)
    assert previous["boot_id"] == life.first.boot_id
    assert previous["ended"]


def test_a_reboot_serves_again_without_a_registry(life: Life) -> None:
    """What was fetched is kept: another boot, the same digest, and an orderly end before it."""
    machine = life.machine
    before = shown(machine.page())
    process.end(machine.node.registry)
    mark = machine.mark()
    assert machine.admin("apiclient", "reboot").status == 0
    machine.hang_up()
    said = machine.wait_ready(mark)
    assert "Stopped target" in said, "the console does not show what the end said"
    assert "Failed unmounting" not in said
    now = shown(machine.page())
    assert now.digest == before.digest
    assert now.boot_id != before.boot_id
    previous = previous_boot(machine)
    assert (previous["boot_id"], previous["ended"]) == (before.boot_id, "")


def test_the_lab_shows_the_journal_of_the_boot_before(life: Life) -> None:
    """`node logs --boot -1` is the boot that ended, by its own name."""
    machine = life.machine
    said = machine.admin(*node_verb.JOURNAL, "-b", "-1", "-o", "json", "-n", "1")
    assert said.status == 0, said
    ended = previous_boot(machine)["boot_id"].replace("-", "")
    assert json.loads(said.out)["_BOOT_ID"] == ended
    text = machine.admin(*node_verb.JOURNAL, "-b", "-1", "-u", "containers@demo", "-o", "cat")
    assert "starting demo from" in text.out
