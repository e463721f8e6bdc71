"""Each unit's sandbox on a booted node: what it forbids is tried in it, and beside it.

A program that tries one thing lies on the verified root of a test image. It is started with the
lines that systemd itself reads for the unit, drop-ins included, and once without them.
"""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest
from boot import forbidden

from skyrocket.build.image import build
from skyrocket.build.image.entries import Entry
from skyrocket.cli.checkout import ROOT
from skyrocket.models.progress import Silent

if TYPE_CHECKING:
    from boot.machine import Machine, Rack

# Passed whole before its last rework; out of the lane until it has again, and its time is known.
pytestmark = [pytest.mark.boot, pytest.mark.proof]

FILE = re.compile(r"^# /\S*?/([^/\s]+\.service)(?:\.d/\S+)?$", re.MULTILINE)
PROBE = "usr/libexec/skyrocket/forbidden"
SETTINGS = "/var/lib/bottlerocket/store"
INET, NETLINK, PACKET = "2", "16", "17"


class Attempt(NamedTuple):
    """In the sandbox of UNIT, WHAT ends with error NUMBER; without it with OUTSIDE: it works."""

    unit: str
    what: str
    number: int
    outside: int = 0


ATTEMPTS = (
    Attempt("skyrocket-boot.service", f"socket {INET}", errno.EAFNOSUPPORT),
    Attempt("skyrocket-boot.service", "own /run/probe", errno.EPERM),
    Attempt("skyrocket-api.service", "make /etc/probe", errno.EROFS),
    Attempt("skyrocket-api.service", f"socket {INET}", errno.EAFNOSUPPORT),
    # Who runs in the API's process reaches no other, and covers none of our programs.
    Attempt("skyrocket-api.service", "data 1", errno.EACCES),
    Attempt("skyrocket-api.service", "mount /usr/libexec/skyrocket", errno.EPERM),
    Attempt("skyrocket-api.service", "filter", errno.EPERM),
    # Without the sandbox the policy refuses it: nobody starts what lies there.
    Attempt("skyrocket-api.service", "start /run/probe", errno.EACCES, errno.EACCES),
    Attempt("skyrocket-apply.service", "mount /mnt", errno.EPERM),
    Attempt("skyrocket-apply.service", "make /local/probe", errno.EROFS),
    Attempt("skyrocket-reboot.service", "make /etc/probe", errno.EROFS),
    Attempt("skyrocket-reboot.service", "clock", errno.EPERM),
    Attempt("skyrocket-console.service", "read /dev/vda", errno.EPERM),
    Attempt("skyrocket-console-online.service", "make /etc/probe", errno.EROFS),
    Attempt("skyrocket-health.service", "make /etc/probe", errno.EROFS),
    Attempt("skyrocket-health.service", f"socket {INET}", errno.EAFNOSUPPORT),
    Attempt("skyrocket-checks.service", "make /etc/probe", errno.EROFS),
    Attempt("skyrocket-checks.service", f"socket {NETLINK}", errno.EAFNOSUPPORT),
    Attempt("skyrocket-update.service", "make /etc/probe", errno.EROFS),
    Attempt("skyrocket-update.service", f"socket {NETLINK}", errno.EAFNOSUPPORT),
    Attempt("skyrocket-coldplug.service", "own /run/probe", errno.EPERM),
    Attempt("skyrocket-network.service", "mount /mnt", errno.EPERM),
    Attempt("skyrocket-network.service", "make /local/probe", errno.EROFS),
    Attempt("skyrocket-parameters@probe.service", f"socket {INET}", errno.EAFNOSUPPORT),
    Attempt("skyrocket-parameters@probe.service", "make /etc/probe", errno.EROFS),
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
UNITS = tuple(dict.fromkeys(attempt.unit for attempt in ATTEMPTS))
WHATS = tuple(dict.fromkeys(attempt.what for attempt in ATTEMPTS))
LINES = re.compile(
    r"^(?:\w*Capabilities|CapabilityBoundingSet|Device\w+|IPAddress\w+|InaccessiblePaths"
    r"|LockPersonality|MemoryDenyWriteExecute|NoExecPaths|NoNewPrivileges|Private\w+|Proc\w+|Protect\w+"
    r"|ReadWritePaths|Restrict(?!art)\w+|SystemCall\w+|UMask|User)=.*$",
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def probed(rack: Rack) -> Machine:
    """A node whose verified root holds the program."""
    probe = Entry(PROBE, "file", 0o755, "test", content=forbidden.compiled())
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


def sandboxes(shown: str) -> dict[str, list[str]]:
    """Unit -> the lines of its file and its drop-ins that limit it, from `systemctl cat`."""
    lines: dict[str, list[str]] = {name: [] for name in UNITS}
    parts = FILE.split(shown)[1:]
    for file, text in zip(parts[::2], parts[1::2], strict=True):
        lines[file.replace("@.", "@probe.")] += LINES.findall(text)
    return lines


@pytest.fixture(scope="module")
def ended(probed: Machine) -> dict[str, int]:
    """Every attempt in its sandbox, without one, and the sandbox with nothing tried."""
    services = {}
    lines = sandboxes(probed.host(f"systemctl cat {' '.join(UNITS)}").out)
    assert all(lines.values()), lines
    for number, name in enumerate(UNITS):
        services[f"probe-nothing-{number}"] = service(lines[name], "nothing")
    for number, attempt in enumerate(ATTEMPTS):
        services[f"probe-inside-{number}"] = service(lines[attempt.unit], attempt.what)
    # They start side by side: what one of them mounts over our programs must not hide the program.
    for number, what in enumerate(WHATS):
        services[f"probe-outside-{number}"] = service(["PrivateMounts=yes"], what)
    probed.provokes("system_t", "any_t", "file", "execute")
    return run(probed, services)


@pytest.mark.parametrize("number", range(len(ATTEMPTS)), ids=lambda n: " ".join(ATTEMPTS[n][:2]))
def test_what_a_sandbox_forbids_is_refused(ended: dict[str, int], number: int) -> None:
    """Refused in the unit's sandbox with the error its line gives; without the lines it works."""
    attempt = ATTEMPTS[number]
    assert ended.get(f"probe-inside-{number}") == attempt.number
    assert ended.get(f"probe-nothing-{UNITS.index(attempt.unit)}") == 0
    assert ended.get(f"probe-outside-{WHATS.index(attempt.what)}") == attempt.outside


def test_every_unit_of_ours_is_tried() -> None:
    """No unit that starts a program is left out."""
    services = ROOT.glob("packages/*/units/*.service")
    names = {path.name for path in services if "\nExecStart=" in path.read_text(encoding="utf-8")}
    assert names - {one.unit.replace("@probe", "@") for one in ATTEMPTS} == set()
