"""Updates to a version that fails: what breaks it, what the console shows, how long it may take.

One image serves all of them: the new version is a good one, and is broken from outside, in its slot
before it starts or in its first boot before it is blessed. A check of the node's user holds the
verdict back until then. Each case goes the whole way: take the update, restart, break, be back.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, NamedTuple

from boot.updating import NEW, OLD, asked, blessed

if TYPE_CHECKING:
    from collections.abc import Callable

    from boot.machine import Machine, Rack

    from skyrocket.lab import launch

SAYS = "broken-update:"
HOLD = "/tmp/go-on"
DEADLINE, LONGER, WATCHDOG = 45, 150, 60
"""Seconds. Under emulation it takes up to a minute until somebody can break a node from inside."""
SLACK = 15.0
"""Seconds beyond two boots and the deadline or watchdog."""


class Bench(NamedTuple):
    """The node, how it is started again, and the seconds of one boot of it."""

    rack: Rack
    order: launch.Order
    node: Machine
    restart_seconds: float


class Row(NamedTuple):
    """What a case came to: SHOWN on the console, REASON in the history, seconds since broken.

    BOUND is what it may take: the boots that are left, the deadline or watchdog, and 15 seconds.
    """

    what: str
    shown: str
    reason: str
    seconds: float
    bound: float


class Case(NamedTuple):
    """BEFORE breaks the idle slot, INSIDE the running new version; LIMIT: who brings it back, s.

    SHOWN must stand on the console, REASON in the history. DEADLINE is that of the settings.
    """

    name: str
    what: str
    shown: str
    reason: str
    limit: float
    before: Callable[[Bench], None] | None = None
    inside: Callable[[Bench], None] | None = None
    deadline: int = 600
    check: str = "hold"


def kmsg(text: str) -> str:
    """A line of shell that puts TEXT on the console."""
    return f"echo '<1>{SAYS} {text}' > /dev/kmsg"


def later(script: str) -> Callable[[Bench], None]:
    """SCRIPT on the host, in the background: the connection does not survive what comes."""

    def provoke(bench: Bench) -> None:
        bench.node.admin("sheltie", "-c", f"(sleep 1; {script}) >/dev/null 2>&1 </dev/null &")

    return provoke


def corrupt(bench: Bench) -> None:
    """Other bytes in the first blocks of the idle slot, past all that an update has checked."""
    script = (
        "d=/dev/vda3; grep -q 'slot.*root-a' /run/skyrocket/initrd.json && d=/dev/vda5; "
        "head -c 16384 /dev/zero | tr '\\0' x | dd of=$d conv=fsync,notrunc && "
        + kmsg("4 blocks of the idle slot are overwritten")
    )
    done = bench.node.host(script)
    assert done.status == 0, done


def crash_the_api(bench: Bench) -> None:
    """Again and again, and no check is left that could be the reason instead."""
    loop = "while systemctl kill -s SEGV skyrocket-api; do sleep 2; done"
    later(f"{kmsg('the API is killed every two seconds')}; {loop}")(bench)
    release(bench)


def release(bench: Bench) -> None:
    """The check that held the verdict back passes from now on."""
    bench.node.admin("touch", HOLD)


def cut(bench: Bench) -> None:
    bench.node.cut_power()
    machine = bench.rack.start(bench.order, ready=False)
    bench.rack.machines.remove(machine)  # it is the same one
    bench.node.node = machine.node


FREEZE = "echo 1 > /sys/fs/cgroup/init.scope/cgroup.freeze"
CASES = (
    Case(
        "panic", "kernel panic", r"Kernel panic - not syncing", r"Kernel panic", 10,
        inside=later("echo c > /proc/sysrq-trigger"),
    ),
    Case(
        "hang", "hang in PID 1", rf"{SAYS} PID 1 is frozen", r"without a shutdown", WATCHDOG,
        inside=later(f"{kmsg('PID 1 is frozen')}; {FREEZE}"),
    ),
    Case(
        "root", "corrupted root", r"verity: .*corrupted", r"without a shutdown|root", 10,
        before=corrupt,
    ),
    Case(
        "agent", "agent that crashes", rf"{SAYS} the API is killed",
        r"skyrocket-api|API does not answer", LONGER, inside=crash_the_api, deadline=LONGER,
    ),
    Case(
        "check", "user check that fails", r"ended: the new version was not healthy: check nobody",
        r"check nobody: .*refused", DEADLINE, deadline=DEADLINE, check="nobody",
    ),
    Case("power", "power cut in its boot", r"skyrocket: ready version=1.1.0", r"without a shutdown",
         0, inside=cut),
)  # fmt: skip


def settings(case: Case) -> str:
    """The new version is wanted although it failed before; CASE's check and deadline."""
    checks = {
        "hold": f'kind = "command"\ncontainer = "admin"\ncommand = ["test", "-e", "{HOLD}"]\n'
        "retries = 1000\ndeadline = 3600\n",
        "nobody": 'kind = "tcp"\naddress = "127.0.0.1:9"\nretries = 1\n',
    }
    others = "".join(f"[settings.updates.checks.{case.check}]\n{checks[case.check]}")
    return (
        f'[settings]\nmotd = "kept: {case.name}"\n[settings.updates]\nversion-lock = "{NEW}"\n'
        f"trial-deadline = {case.deadline}\n{others}"
    )


def run(case: Case, bench: Bench) -> Row:
    """The whole way of CASE; AssertionError where it is not as it must be."""
    node = bench.node
    prepare(case, bench)
    if case.before:
        case.before(bench)
    mark, broken = node.mark(), time.monotonic()
    assert node.admin("apiclient", "reboot").status == 0
    node.hang_up()
    inside, restart, boots = mark, bench.restart_seconds, 2
    if not case.before:
        assert f"version={NEW}" in node.wait_ready(mark)
        restart, boots = time.monotonic() - broken, 1
        inside, broken = node.mark(), time.monotonic()
    if case.inside:
        case.inside(bench)
        node.hang_up()
    log = node.wait_serial(f"skyrocket: ready version={OLD}", inside, 400)
    seconds = time.monotonic() - broken
    shown = re.search(case.shown, node.serial()[mark:])
    assert shown, f"{case.shown} is not on the console:\n{log[-3000:]}"
    assert node.get("os.version_id")["os"] == {"version_id": OLD}
    assert node.get("settings.motd")["settings"] == {"motd": f"kept: {case.name}"}
    blessed(node)
    last = asked(node, "/updates/history")[-1]
    assert (last["outcome"], last["to_version"]) == ("came back", NEW), last
    assert re.search(case.reason, last["reason"]), last
    bound = boots * restart + case.limit + SLACK
    line = next(one for one in node.serial()[mark:].splitlines() if re.search(case.shown, one))
    return Row(case.what, line.strip()[-160:], last["reason"], seconds, bound)


def prepare(case: Case, bench: Bench) -> None:
    """Settings of CASE, and the new version Ready."""
    node = bench.node
    node.admin("rm", "-f", HOLD)
    removed = {"hold": "nobody", "nobody": "hold"}[case.check]
    node.admin("apiclient", "unset", f"updates.checks.{removed}")
    applied = node.admin("apiclient", "apply", "-", stdin=settings(case))
    assert applied.status == 0, applied
    taken = node.admin("apiclient", "update", "apply", "--check")
    assert taken.status == 0, taken
    assert asked(node, "/updates/status")["update_state"] == "Ready"


def start(rack: Rack, order: launch.Order) -> Bench:
    """The node in the old version, blessed, and the seconds of its boot."""
    node = rack.start(order)
    seconds = node.node.boot_seconds
    assert seconds
    blessed(node)
    return Bench(rack, order, node, seconds)
