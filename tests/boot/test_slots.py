"""Two versions on one disk, chosen by the loader from file names alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skyrocket.build.image import build
from skyrocket.build.image.entries import Entry
from skyrocket.cli.checkout import ROOT
from skyrocket.models.progress import Silent

if TYPE_CHECKING:
    from boot.machine import Machine, Rack

pytestmark = pytest.mark.boot

UNIT = "usr/lib/systemd/system/skyrocket-boot.service.d"
BROKEN = (
    Entry(UNIT, "folder", 0o755, "test"),
    Entry(
        f"{UNIT}/broken.conf",
        "file",
        0o644,
        "test",
        content=b"[Service]\nExecStartPre=/nonexistent\n",
    ),
)


def pair(label: str, changed: tuple[Entry, ...] = ()) -> build.Built:
    second = build.Second("0.2.0", label, changed)
    return build.build_pair(ROOT, "vm-dev", "x86_64", Silent(), second)


def start(rack: Rack, name: str, built: build.Built) -> Machine:
    order = rack.order(
        name, image=built.folder, root_hash=built.facts.root_hash, firmware=True, demo=False
    )
    return rack.start(order)


def test_a_new_version_on_trial_boots_and_is_kept_when_healthy(rack: Rack) -> None:
    """The loader prefers the newer version; health blesses it, so the next boot takes it again."""
    node = start(rack, "upgraded", pair("good"))
    assert node.get("os.version_id")["os"]["version_id"] == "0.2.0"
    node.wait(
        "blessing", lambda: '"blessed"' in node.host("cat /run/skyrocket/health.json").out, 120
    )
    mark = node.mark()
    assert node.admin("apiclient", "reboot").status == 0
    node.hang_up()
    assert "version=0.2.0" in node.wait_ready(mark)


def test_a_broken_new_version_gives_way_to_the_old_one(rack: Rack) -> None:
    """One try: the version whose settings fail is not booted again, the old one answers."""
    node = start(rack, "fallen", pair("broken", BROKEN))
    assert node.get("os.version_id")["os"]["version_id"] == "0.1.0"
    assert node.serial().count("BdsDxe: starting") == 2
