"""Changes on trial on a node that loses its link or its power, or gets another name.

A `net.toml` on trial: `test_network.py`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import pytest

from skyrocket.lab import nodes, process, ssh

if TYPE_CHECKING:
    from boot.machine import Machine, Rack

    from skyrocket.lab.launch import Order

pytestmark = [pytest.mark.boot, pytest.mark.proof]  # passed before SELinux was on; not since

WINDOW = 25
"""Seconds; long enough to look at the change before it goes back."""


class Shown(NamedTuple):
    """The message of the day as it is set, and as the node's file has it."""

    setting: str
    file: str


class Tried:
    """A node that is cut off and comes back on the same disk."""

    def __init__(self, rack: Rack, order: Order) -> None:
        self._rack, self._order = rack, order
        self.machine: Machine = rack.start(order)

    def cut_power(self) -> None:
        self.machine.cut_power()
        self.machine = self._rack.start(self._order)

    def restart(self) -> None:
        """In order, as a user does."""
        mark = self.machine.mark()
        self.ask("reboot")
        self.machine.hang_up()
        self.machine.wait_ready(mark)

    def ask(self, *words: str) -> str:
        answer = self.machine.admin("apiclient", *words)
        assert answer.status == 0, answer
        return answer.out

    def try_out(self, pair: str, window: str = f"{WINDOW}s") -> None:
        self.ask("set", pair, "--confirm-within", window)

    def trial(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.ask("raw", "-u", "/trial"))
        return found

    def motd(self) -> Shown:
        live = json.loads(self.ask("raw", "-u", "/settings?keys=settings.motd"))
        return Shown(live["motd"], self.machine.host("cat /etc/motd").out.rstrip("\n"))

    def name(self) -> str:
        return self.machine.host("cat /proc/sys/kernel/hostname").out.strip()

    def last(self) -> tuple[str, str]:
        """Who made the live generation, and why."""
        entry = json.loads(self.ask("history", "-f", "json"))[-1]
        return entry["by"], entry["note"]

    def see(self, message: str) -> None:
        """Until the node shows MESSAGE, set and applied."""
        wanted = Shown(message, message)
        self.machine.wait(f"message {message!r}", lambda: self.motd() == wanted)


@pytest.fixture(scope="module")
def tried(rack: Rack) -> Tried:
    return Tried(rack, rack.order("trials", demo=False))


def said(node: Machine) -> list[tuple[float, str]]:
    """The journal of the API and of the network in this boot: seconds of uptime, message."""
    script = "journalctl --boot --output=json --unit=skyrocket-api --unit=systemd-networkd"
    lines = [json.loads(line) for line in node.host(script).out.splitlines()]
    return [(int(one["__MONOTONIC_TIMESTAMP"]) / 1e6, str(one["MESSAGE"])) for one in lines]


def last_time(lines: list[tuple[float, str]], words: str) -> float:
    return [when for when, message in lines if words in message][-1]


def test_another_name_goes_back_in_time_and_a_confirmed_change_stays(tried: Tried) -> None:
    """The kernel has the new name, then the earlier one; what was confirmed outlives its window."""
    before = tried.name()
    tried.try_out("motd=kept")
    tried.ask("confirm")
    tried.try_out("network.hostname=tried-out")
    tried.machine.wait("new name", lambda: tried.name() == "tried-out")
    tried.machine.wait("earlier name", lambda: tried.name() == before, WINDOW + 60)
    assert tried.last() == ("rollback", "not confirmed in time")
    assert tried.trial() == {}
    tried.see("kept")


def test_a_node_without_a_link_takes_the_change_back_by_itself(tried: Tried) -> None:
    """Nobody can reach it: the change goes back while the cable is out."""
    tried.try_out("motd=cut off")
    tried.see("cut off")
    tried.machine.hang_up()
    tried.machine.link(up=False)
    assert not ssh.wait(tried.machine.node, 0), "the cable is out, and the node answers"
    gone = process.wait_for(lambda: not nodes.runs(tried.machine.node), WINDOW + 10)
    assert not gone, "the node ended without its link"
    tried.machine.link(up=True)
    tried.see("kept")
    lines = said(tried.machine)
    returned = last_time(lines, "the change of motd goes back: not confirmed in time")
    assert last_time(lines, "Lost carrier") < returned < last_time(lines, "Gained carrier")


def test_a_restart_in_order_gives_a_second_window(tried: Tried) -> None:
    """The change is still there and on trial after it, and can be confirmed."""
    tried.try_out("motd=confirmed later", "1h")
    tried.restart()
    trial = tried.trial()
    assert (trial["keys"], trial["phase"]) == (["settings.motd"], "waiting")
    assert int(str(trial["seconds_left"])) > 3400
    tried.see("confirmed later")
    tried.ask("confirm")
    assert tried.trial() == {}


def test_a_power_cut_before_the_confirmation_takes_the_change_back(tried: Tried) -> None:
    """The next boot renders the earlier value; what was confirmed before is still there."""
    tried.try_out("motd=lost with the power", "1h")
    tried.see("lost with the power")
    tried.cut_power()
    tried.see("confirmed later")
    assert tried.last() == ("rollback", "not confirmed before the node restarted")
    assert tried.trial() == {}


def test_a_power_cut_while_it_goes_back_leaves_the_earlier_value(tried: Tried) -> None:
    """Caught in between: the value is back, the node does not follow yet, and the power goes."""
    tried.try_out("motd=half way", "1h")
    tried.see("half way")
    stop = "systemctl stop skyrocket-apply.socket skyrocket-apply.service"
    assert tried.machine.host(stop).status == 0
    tried.ask("cancel")
    assert tried.trial()["phase"] == "returning"
    assert tried.motd() == Shown("confirmed later", "half way")
    tried.cut_power()
    tried.see("confirmed later")
    assert tried.trial() == {}
