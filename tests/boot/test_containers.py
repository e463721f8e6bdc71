"""Containers on a node as their settings order them: limits, restarts, storage, commands in them.

All on the node that most tests share; what is made here is switched off again.
"""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boot.machine import Machine

pytestmark = pytest.mark.boot

NAME = "keeper"
UNIT = f"host-containers@{NAME}"
GROUP = f"/sys/fs/cgroup/hostcontainers.slice/{UNIT}.service/container"
NOTE = "/.bottlerocket/host-containers/current/note"
EFFECT_SECONDS = 25.0
"""A changed setting is a container started or stopped by then, also on a busy machine."""


def order(node: Machine, name: str, **settings: object) -> None:
    """Change the settings of host container NAME."""
    wanted = json.dumps({"host-containers": {name: settings}})
    answer = node.admin("apiclient", "set", "-j", wanted)
    assert answer.status == 0, answer


def show(node: Machine, unit: str, name: str) -> str:
    return node.host(f"systemctl show --property={name} --value {unit}").out.strip()


def main_process(node: Machine, unit: str) -> str:
    """The id of UNIT's running main process; '' while there is none."""
    asked = f"systemctl show --property=MainPID --property=ActiveState {unit}"
    said = dict(line.split("=", 1) for line in node.host(asked).out.split())
    return said["MainPID"] if said["ActiveState"] == "active" and said["MainPID"] != "0" else ""


def wait_for_other(node: Machine, unit: str, before: str) -> None:
    node.wait(f"new process of {unit}", lambda: main_process(node, unit) not in {"", before})


def kill(node: Machine, unit: str) -> str:
    """End UNIT's main process as a crash would -> its id."""
    pid = main_process(node, unit)
    assert pid, f"{unit} does not run"
    assert node.host(f"kill -9 {pid}").status == 0
    return pid


@pytest.fixture(scope="module")
def control(node: Machine) -> Iterator[Machine]:
    """The node with its control container switched on as a user does, and how long that took."""
    assert node.admin("apiclient", "set", "host-containers.control.enabled=true").status == 0
    unit = "host-containers@control"
    node.wait("control container", lambda: main_process(node, unit) != "", EFFECT_SECONDS)
    yield node
    assert node.admin("apiclient", "set", "host-containers.control.enabled=false").status == 0
    node.wait("end", lambda: show(node, unit, "ActiveState") == "inactive", EFFECT_SECONDS)


@pytest.fixture(scope="module")
def keeper(node: Machine) -> Iterator[Machine]:
    """The node with a container that its user named and limited."""
    source = node.get("settings.host-containers.control.source")["settings"]
    order(
        node,
        NAME,
        enabled=True,
        superpowered=False,
        source=source["host-containers"]["control"]["source"],
        **{"memory-limit": "64Mi", "cpu-limit": "250m"},
    )
    node.wait("container", lambda: main_process(node, UNIT) != "", EFFECT_SECONDS)
    yield node
    order(node, NAME, enabled=False)


def test_a_command_in_the_control_container(control: Machine) -> None:
    """Its output and exit status are the command's; input arrives; words stay apart."""
    exec_ = ("apiclient", "exec", "control")
    answer = control.admin(*exec_, "sh", "-c", 'echo "$1"; exit 9', "sh", "a  b")
    assert (answer.status, answer.out) == (9, "a  b\n")
    assert control.admin(*exec_, "cat", stdin="one\ntwo").out == "one\ntwo"
    assert control.admin(*exec_, "apiclient", "get", "os.arch").out == node_arch(control)


def node_arch(node: Machine) -> str:
    return json.dumps({"os": {"arch": node.node.architecture}}, indent=2) + "\n"


def test_a_command_has_a_terminal_when_one_is_asked_for(control: Machine) -> None:
    """`-t` gives one and `-T` does not; the status is the command's either way."""
    script = "[ -t 0 ] && [ -t 1 ] && exit 5; exit 6"
    for flag, status in (("-t", 5), ("-T", 6)):
        command = ("apiclient", "exec", flag, "control", "sh", "-c", script)
        assert control.admin(*command).status == status, flag


def test_commands_that_cannot_be_run_say_why(control: Machine) -> None:
    """A container that is not there, and a program that is not in it."""
    absent = control.admin("apiclient", "exec", "nobody", "true")
    assert absent.status == 1
    assert "container nobody: it is not running" in absent.out + absent.err
    unknown = control.admin("apiclient", "exec", "control", "/no/such")
    assert unknown.status not in {0, 1}
    assert "/no/such" in unknown.out + unknown.err


def test_limits_are_the_kernels(keeper: Machine) -> None:
    """Memory (no swap on top) and processor time are limits of the container's control group."""
    read = keeper.host(f"cat {GROUP}/memory.max {GROUP}/memory.swap.max {GROUP}/cpu.max").out
    assert read.splitlines() == [str(64 << 20), "0", "25000 100000"]
    pids = keeper.host(f"cat {GROUP}/cgroup.procs").out.split()
    assert main_process(keeper, UNIT) in pids


def test_a_container_over_its_memory_is_ended_by_the_kernel(keeper: Machine) -> None:
    """The command that takes too much dies; the node lives, and so does the limit."""
    greedy = "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done"
    answer = keeper.admin("apiclient", "exec", NAME, "sh", "-c", greedy)
    assert answer.status != 0
    events = keeper.host(f"cat {GROUP}/memory.events").out
    assert "oom_kill 0\n" not in events
    assert "oom_kill" in events


def test_a_killed_container_comes_back_with_its_storage(keeper: Machine) -> None:
    """`restart = always` is what nobody has to say; the writable layer is new, `current` stays."""
    inside = ("apiclient", "exec", NAME)
    script = f"echo kept > {NOTE}; echo lost > /tmp/lost"
    keeper.wait("container", lambda: main_process(keeper, UNIT) != "")
    assert keeper.admin(*inside, "sh", "-c", script).status == 0
    before = kill(keeper, UNIT)
    wait_for_other(keeper, UNIT, before)
    assert keeper.admin(*inside, "cat", NOTE).out == "kept\n"
    assert keeper.admin(*inside, "cat", f"/.bottlerocket/host-containers/{NAME}/note").status == 0
    assert keeper.admin(*inside, "test", "-e", "/tmp/lost").status == 1


def test_a_killed_container_that_never_restarts_stays_down(keeper: Machine) -> None:
    """Until it is ordered again; and switched off it is gone for commands too."""
    before = main_process(keeper, UNIT)
    order(keeper, NAME, restart="never")
    wait_for_other(keeper, UNIT, before)
    kill(keeper, UNIT)
    states = {"failed", "inactive"}
    keeper.wait("end", lambda: show(keeper, UNIT, "ActiveState") in states)
    keeper.wait("no job left", lambda: show(keeper, UNIT, "Job") in {"", "0"})
    assert show(keeper, UNIT, "ActiveState") in states
    order(keeper, NAME, restart="always")
    keeper.wait("container", lambda: main_process(keeper, UNIT) != "", EFFECT_SECONDS)
    order(keeper, NAME, enabled=False)
    stopped = "inactive"
    keeper.wait("end", lambda: show(keeper, UNIT, "ActiveState") == stopped, EFFECT_SECONDS)
    assert keeper.admin("apiclient", "exec", NAME, "true").status == 1
    assert keeper.host(f"cat /local/host-containers/{NAME}/note").out == "kept\n"


def test_the_demonstration_comes_back_after_it_was_killed(node: Machine) -> None:
    """The workload answers again, from another process of the same boot."""
    told = re.compile(r'id="(?:boot-id|image-digest)">([^<]+)<')
    before = told.findall(node.page())
    assert len(before) == 2
    unit = "containers@demo"
    killed = kill(node, unit)
    wait_for_other(node, unit, killed)
    assert told.findall(node.page()) == before


def test_a_changed_setting_is_followed_at_once(node: Machine) -> None:
    """From the answer to the unit's new process is a matter of a few seconds."""
    was = json.dumps({"ntp": node.get("settings.ntp")["settings"]["ntp"]})
    before = main_process(node, "chronyd")
    assert before
    began = time.monotonic()
    value = json.dumps({"ntp": {"time-servers": ["203.0.113.9"]}})
    assert node.admin("apiclient", "set", "-j", value).status == 0
    wait_for_other(node, "chronyd", before)
    assert time.monotonic() - began < EFFECT_SECONDS
    assert node.admin("apiclient", "set", "-j", was).status == 0


def test_the_client_reads_and_changes_settings_in_every_way(node: Machine) -> None:
    """`raw`, `get` by prefixes and by URI, `set -j`, `apply` of TOML from standard input."""
    before = node.get("settings.motd")["settings"]["motd"]
    applied = node.admin("apiclient", "apply", stdin='[settings]\nmotd = "applied"\n')
    assert applied.status == 0, applied
    both = node.get("settings.motd", "os.arch")
    assert both == {"settings": {"motd": "applied"}, "os": {"arch": node.node.architecture}}
    raw = node.admin("apiclient", "raw", "-u", "/settings?prefix=motd")
    assert (raw.status, json.loads(raw.out)) == (0, {"motd": "applied"})
    keys = node.admin("apiclient", "get", "/settings?keys=settings.motd")
    assert json.loads(keys.out) == {"motd": "applied"}
    wish = json.dumps({"settings": {"motd": before}})
    assert node.admin("apiclient", "set", "-j", wish).status == 0
    assert node.get("settings.motd")["settings"]["motd"] == before


def test_the_client_tells_wrong_calls_from_refused_ones(node: Machine) -> None:
    """2 and the help for a call that is none; 1 and the node's own words for one it refuses."""
    for wrong in (("bogus",), ("get", "-x"), ("set", "no-equals-sign"), ("exec", "control")):
        answer = node.admin("apiclient", *wrong)
        assert answer.status == 2, wrong
        assert "Usage: apiclient" in answer.err
    body = '{"bogus":{"a":1}}'
    patch = ("apiclient", "raw", "-m", "PATCH", "-u", "/settings?tx=test", "-d", body)
    refused = node.admin(*patch)
    assert refused.status == 1
    assert refused.err.startswith(
        "Failed PATCH request to '/settings?tx=test': Status 400 when PATCHing /settings?tx=test: "
        "Json deserialize error: unknown field `bogus`, expected one of `motd`, "
    )
    assert node.admin("apiclient", "raw", "-u", "/nowhere").status == 1
