"""Which version a node takes, and why it stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from skyrocket.host.update.plan import Node, Plan, Stay, available, plan
from skyrocket.models.update import Images, Manifest, Update, Withdrawn

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NODE = Node(variant="vm-dev", arch="x86_64", version="1.1.0", seed=500)


def one(version: str, top: str = "1.3.0", **more: object) -> Update:
    update = Update(
        variant="vm-dev", arch="x86_64", version=version, max_version=top, waves={},
        images=Images("b", "r", "h"),
    )  # fmt: skip
    return msgspec.structs.replace(update, **more)


def has(*updates: Update) -> Manifest:
    return Manifest(list(updates), {})


THREE = has(one("1.1.0"), one("1.3.0"), one("1.2.0"))


@pytest.mark.parametrize(
    ("node", "content", "expected"),
    [
        ({}, THREE, Plan(one("1.3.0"))),
        ({"version": "1.3.0"}, THREE, Stay("there is nothing newer")),
        ({"version": "1.4.0"}, THREE, Plan(one("1.3.0"))),
        ({"version": "1.4.0"}, has(), Stay("there is nothing newer")),
        ({"version_lock": "1.2.0"}, THREE, Plan(one("1.2.0"))),
        ({"version_lock": "v1.2.0"}, THREE, Plan(one("1.2.0"))),
        (
            {"version_lock": "1.1.0"},
            THREE,
            Stay("the node is at 1.1.0, where it is locked"),
        ),
        ({"version": "1.3.0", "version_lock": "1.1.0"}, THREE, Plan(one("1.1.0"))),
        (
            {"version_lock": "1.9.0"},
            THREE,
            Stay("version 1.9.0, where the node is locked, may not be had"),
        ),
        ({"variant": "vm-bare"}, THREE, Stay("there is nothing newer")),
        ({"arch": "aarch64"}, THREE, Stay("there is nothing newer")),
        ({"failed": ("1.3.0",)}, THREE, Plan(one("1.2.0"))),
        ({"failed": ("1.3.0", "1.2.0")}, THREE, Stay("what is newer failed on this node before")),
        ({"failed": ("1.3.0",), "version_lock": "1.3.0"}, THREE, Plan(one("1.3.0"))),
    ],
)
def test_what_a_node_does(node: dict[str, object], content: Manifest, expected: object) -> None:
    assert plan(content, msgspec.structs.replace(NODE, **node), NOW) == expected


def test_a_wave_that_has_not_come_hides_a_version_unless_waves_are_ignored() -> None:
    content = has(one("1.2.0"), one("1.3.0", waves={0: NOW + timedelta(hours=1)}))
    assert plan(content, NODE, NOW) == Plan(one("1.2.0"))
    eager = msgspec.structs.replace(NODE, ignore_waves=True)
    assert [each.version for each in available(content, eager, NOW)] == ["1.3.0", "1.2.0"]


def test_a_version_younger_than_the_least_age_waits() -> None:
    content = has(one("1.2.0", released=NOW - timedelta(days=2)))
    patient = msgspec.structs.replace(NODE, least_age=timedelta(days=3))
    assert plan(content, patient, NOW) == Stay("there is nothing newer")
    assert isinstance(plan(content, patient, NOW + timedelta(days=1)), Plan)


def test_a_withdrawn_version_is_not_taken_though_it_is_still_listed() -> None:
    content = Manifest([one("1.3.0")], {}, [Withdrawn("vm-dev", "x86_64", "1.3.0")])
    assert plan(content, NODE, NOW) == Stay("there is nothing newer")
