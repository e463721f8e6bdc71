"""Each unit's sandbox on a booted node: what it forbids is tried in it, and beside it.

A program that tries one thing lies on the verified root of a test image. It is started with the
lines that systemd itself reads for the unit, drop-ins included, and once without them.
"""

from __future__ import annotations

import errno
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from skyrocket.build import lock as locks
from skyrocket.build import tools
from skyrocket.build.image import build
from skyrocket.build.image.entries import Entry
from skyrocket.cli.checkout import LOCK, ROOT
from skyrocket.models.progress import Silent
from skyrocket.sandbox import Mount, Sandbox

if TYPE_CHECKING:
    from boot.machine import Machine, Rack

pytestmark = [pytest.mark.boot, pytest.mark.proof]

MARK = "=== unit "
PROBE = "usr/libexec/skyrocket/forbidden"
SETTINGS = "/var/lib/bottlerocket/store"
INET, NETLINK, PACKET = "2", "16", "17"


class Attempt(NamedTuple):
    """In the sandbox of UNIT, WHAT ends with error NUMBER; without it, it works."""

    unit: str
    what: str
    number: int


ATTEMPTS = (
    Attempt("skyrocket-boot.service", f"socket {INET}", errno.EAFNOSUPPORT),
    Attempt("skyrocket-boot.service", "own /run/probe", errno.EPERM),
    Attempt("skyrocket-api.service", "make /etc/probe", errno.EROFS),
    Attempt("skyrocket-api.service", f"socket {INET}", errno.EAFNOSUPPORT),
    Attempt("skyrocket-apply.service", "mount /mnt", errno.EPERM),
    Attempt("skyrocket-apply.service", "make /local/probe", errno.EROFS),
    Attempt("skyrocket-reboot.service", "make /etc/probe", errno.EROFS),
    Attempt("skyrocket-reboot.service", "clock", errno.EPERM),
    Attempt("skyrocket-console.service", "read /dev/vda", errno.EPERM),
    Attempt("skyrocket-console-online.service", "make /etc/probe", errno.EROFS),
    Attempt("skyrocket-health.service", "make /etc/probe", errno.EROFS),
    Attempt("skyrocket-health.service", f"socket {INET}", errno.EAFNOSUPPORT),
    Attempt("skyrocket-update.service", "make /etc/probe", errno.EROFS),
    Attempt("skyrocket-update.service", f"socket {NETLINK}", errno.EAFNOSUPPORT),
    Attempt("skyrocket-coldplug.service", "own /run/probe", errno.EPERM),
    Attempt("skyrocket-exec@probe.service", "alarm", errno.EPERM),
    Attempt("containers@probe.service", "alarm", errno.EPERM),
    Attempt("host-containers@probe.service", "alarm", errno.EPERM),
    # The folder above is covered by an empty one.
    Attempt("containerd.service", f"read {SETTINGS}", errno.ENOENT),
    Attempt("host-containerd.service", f"read {SETTINGS}", errno.ENOENT),
    Attempt("chronyd.service", f"socket {NETLINK}", errno.EAFNOSUPPORT),
    Attempt("chronyd.service", "make /etc/probe", errno.EROFS),
    Attempt("systemd-networkd.service", "mount /mnt", errno.EPERM),
    Attempt("systemd-networkd-wait-online.service", f"socket {INET}", errno.EAFNOSUPPORT),
    Attempt("systemd-resolved.service", f"socket {PACKET}", errno.EAFNOSUPPORT),
    Attempt("systemd-journald.service", f"socket {INET}", errno.EAFNOSUPPORT),
    Attempt("systemd-udevd.service", "unshare", errno.EPERM),
)
LINES = re.compile(
    r"^(?:\w*Capabilities|CapabilityBoundingSet|Device\w+|IPAddress\w+|InaccessiblePaths"
    r"|LockPersonality|MemoryDenyWriteExecute|NoNewPrivileges|Private\w+|Proc\w+|Protect\w+"
    r"|ReadWritePaths|Restrict(?!art)\w+|SystemCall\w+|UMask|User)=.*$",
    re.MULTILINE,
)


def compiled() -> bytes:
    """The program that tries things, for the node."""
    with tempfile.TemporaryDirectory() as work:
        sandbox = Sandbox(tools.tree(locks.read(LOCK), Silent()))
        mounts = (
            Mount(Path(__file__).with_name("forbidden.c"), "/forbidden.c"),
            Mount(Path(work), "/made", writable=True),
        )
        argv = ["cc", "-O2", "-Wall", "-static", "-o", "/made/forbidden", "/forbidden.c"]
        sandbox.run(argv, mounts=mounts)
        return Path(work, "forbidden").read_bytes()


@pytest.fixture(scope="module")
def probed(rack: Rack) -> Machine:
    """A node whose verified root holds the program."""
    probe = Entry(PROBE, "file", 0o755, "test", content=compiled())
    second = build.Second("0.2.0", "probe", (probe,))
    built = build.build_pair(ROOT, "vm-dev", "x86_64", Silent(), second)
    order = rack.order(
        "probed", image=built.folder, root_hash=built.facts.root_hash, firmware=True, demo=False
    )
    return rack.start(order)


def service(lines: list[str], what: str) -> str:
    start = f"ExecStart=/{PROBE} {what}"
    head = ["[Unit]", "DefaultDependencies=no", "[Service]", "Type=oneshot"]
    return "\n".join([*head, start, *lines])


def run(node: Machine, services: dict[str, str]) -> dict[str, int]:
    """Start each of SERVICES (name -> text) once -> the status it ended with."""
    script = [
        f"cat > /run/systemd/system/{name}.service <<'END'\n{text}\nEND"
        for name, text in services.items()
    ]
    units = " ".join(f"{name}.service" for name in services)
    show = "systemctl show --property=Id,ExecMainStatus"
    script += ["systemctl daemon-reload", f"systemctl start {units} 2>/dev/null", f"{show} {units}"]
    script += [f"rm /run/systemd/system/{name}.service" for name in services]
    answer = node.admin("sheltie", "-s", stdin="\n".join(["mkdir -p /run/systemd/system", *script]))
    pairs = re.findall(r"ExecMainStatus=(\d+)\nId=(\S+)\.service", answer.out)
    pairs += [(s, i) for i, s in re.findall(r"Id=(\S+)\.service\nExecMainStatus=(\d+)", answer.out)]
    return {name: int(status) for status, name in pairs}


@pytest.fixture(scope="module")
def ended(probed: Machine) -> dict[str, int]:
    """Every attempt in its sandbox, without one, and the sandbox with nothing tried."""
    services = {}
    names = dict.fromkeys(attempt.unit for attempt in ATTEMPTS)
    script = "".join(f"echo '{MARK}{name}'; systemctl cat {name}; " for name in names)
    shown = dict(part.split("\n", 1) for part in probed.host(script).out.split(MARK)[1:])
    for number, attempt in enumerate(ATTEMPTS):
        lines = LINES.findall(shown[attempt.unit])
        assert lines, shown
        services[f"probe-inside-{number}"] = service(lines, attempt.what)
        services[f"probe-nothing-{number}"] = service(lines, "nothing")
        services[f"probe-outside-{number}"] = service([], attempt.what)
    return run(probed, services)


@pytest.mark.parametrize("number", range(len(ATTEMPTS)), ids=lambda n: " ".join(ATTEMPTS[n][:2]))
def test_what_a_sandbox_forbids_is_refused(ended: dict[str, int], number: int) -> None:
    """Refused in the unit's sandbox with the error its line gives; without the lines it works."""
    wanted = {"inside": ATTEMPTS[number].number, "nothing": 0, "outside": 0}
    assert {place: ended.get(f"probe-{place}-{number}") for place in wanted} == wanted


def test_every_unit_of_ours_is_tried() -> None:
    """No unit that starts a program is left out."""
    services = ROOT.glob("packages/*/units/*.service")
    names = {path.name for path in services if "\nExecStart=" in path.read_text(encoding="utf-8")}
    assert names - {one.unit.replace("@probe", "@") for one in ATTEMPTS} == set()
