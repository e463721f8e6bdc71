"""Two versions on one disk, chosen by the loader from file names alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skyrocket.build import lock as locks
from skyrocket.build.image import build, modules
from skyrocket.build.image.entries import Entry
from skyrocket.cli.checkout import LOCK, ROOT
from skyrocket.models.progress import Silent

if TYPE_CHECKING:
    from pathlib import Path

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


def altered_modules(folder: Path) -> tuple[Entry, ...]:
    """A module of this kernel with one changed byte, and one without its signature."""
    mistakes: list[str] = []
    kernel = modules.find(build.open_pool(locks.read(LOCK), "x86_64", Silent()), mistakes)
    assert kernel is not None, mistakes
    paths = modules.by_name(kernel, "test", ["dummy"], mistakes)
    whole = (folder / modules.unpack(kernel, paths, folder)["dummy"]).read_bytes()
    half = len(whole) // 2
    changed = bytes([*whole[:half], whole[half] ^ 1, *whole[half + 1 :]])
    return tuple(
        Entry(f"usr/share/skyrocket/{name}.ko", "file", 0o644, "test", content=content)
        for name, content in (("changed", changed), ("unsigned", whole[:half]))
    )


@pytest.fixture(scope="module")
def upgraded(rack: Rack, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A node whose newer version is on trial, with two bad modules on its verified root."""
    return start(
        rack, "upgraded", pair("good", altered_modules(tmp_path_factory.mktemp("modules")))
    )


def test_a_new_version_on_trial_boots_and_is_kept_when_healthy(upgraded: Machine) -> None:
    """The loader prefers the newer version; health blesses it, so the next boot takes it again."""
    node = upgraded
    assert node.get("os.version_id")["os"]["version_id"] == "0.2.0"
    node.wait(
        "blessing", lambda: '"blessed"' in node.host("cat /run/skyrocket/health.json").out, 120
    )
    mark = node.mark()
    assert node.admin("apiclient", "reboot").status == 0
    node.hang_up()
    assert "version=0.2.0" in node.wait_ready(mark)


def test_a_module_without_a_good_signature_is_refused(upgraded: Machine) -> None:
    """From the verified root, where the policy asks no further; the shipped one loads."""
    insmod = "(exec -a insmod kmod /usr/share/skyrocket/{name}.ko)"
    for name in ("changed", "unsigned"):
        refused = upgraded.host(insmod.format(name=name))
        assert refused.status != 0, name
        assert "Key was rejected by service" in refused.err, refused
    loaded = upgraded.host("(exec -a modprobe kmod dummy)")
    assert loaded.status == 0, loaded


def test_a_kernel_panic_reboots_and_is_remembered(upgraded: Machine) -> None:
    """`panic=` restarts the machine, and its last words, kept by the firmware, name the panic."""
    ended = upgraded.ended_by("echo c > /proc/sysrq-trigger")["ended"].lower()
    assert "panic" in ended or "sysrq" in ended, ended
    assert upgraded.get("os.version_id")["os"]["version_id"] == "0.2.0"


def test_a_broken_new_version_gives_way_to_the_old_one(rack: Rack) -> None:
    """One try: the version whose settings fail is not booted again, the old one answers."""
    node = start(rack, "fallen", pair("broken", BROKEN))
    assert node.get("os.version_id")["os"]["version_id"] == "0.1.0"
    assert node.serial().count("BdsDxe: starting") == 2
