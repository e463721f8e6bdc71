"""Blockers: each alone, all at once, and readable by an old Python."""

import ast
from pathlib import Path

import pytest

from skyrocket.cli import blockers, machine
from skyrocket.cli.machine import Facts

ROOT = Path(__file__).parents[2]

GOOD = Facts(
    system="Linux",
    machine="x86_64",
    libc="glibc",
    python=(3, 11),
    missing_modules=[],
    cache="/home/u/.cache/skyrocket",
    cache_problem="",
    free_bytes=10_000_000_000,
    needed_bytes=3_000_000_000,
    namespace_step="",
    namespace_switches=[],
    is_root=False,
    network_problem=None,
)

APPARMOR = "kernel.apparmor_restrict_unprivileged_userns"
ALONE = {
    "macOS": (GOOD._replace(system="Darwin", libc=""), "macOS", "Linux x86-64"),
    "aarch64": (GOOD._replace(machine="aarch64"), "aarch64", "x86-64 machine"),
    "musl": (GOOD._replace(libc="musl"), "musl", "glibc distribution"),
    "old Python": (GOOD._replace(python=(3, 9)), "python3 is 3.9", "python3.12"),
    "half a Python": (GOOD._replace(missing_modules=["ssl"]), "ssl", "apt install python3"),
    "full disk": (GOOD._replace(free_bytes=900_000_000), "0.9 GB", "XDG_CACHE_HOME"),
    "cache of root": (GOOD._replace(cache_problem="/c/x"), "/c/x is not yours", "chown"),
    "no namespaces": (
        GOOD._replace(
            namespace_step="make a user namespace",
            namespace_switches=["user.max_user_namespaces"],
        ),
        "make a user namespace",
        "sysctl -w user.max_user_namespaces=",
    ),
    "old Debian": (
        GOOD._replace(
            namespace_step="make a user namespace",
            namespace_switches=["kernel.unprivileged_userns_clone"],
        ),
        "make a user namespace",
        "sysctl -w kernel.unprivileged_userns_clone=1",
    ),
    "AppArmor": (
        GOOD._replace(namespace_step="mount in a user namespace", namespace_switches=[APPARMOR]),
        "AppArmor",
        f"sysctl -w {APPARMOR}=0",
    ),
    "container": (
        GOOD._replace(namespace_step="mount in a user namespace"),
        "mount in a user namespace",
        "--security-opt",
    ),
    "no network": (GOOD._replace(network_problem="timed out"), "timed out", "https_proxy"),
}


def test_a_good_machine_has_no_blockers():
    """Nothing is said where nothing is in the way."""
    assert blockers.find(GOOD) == []


@pytest.mark.parametrize("name", ALONE)
def test_each_blocker_names_the_problem_and_the_way_out(name):
    """One blocker gives one message, with what mends it."""
    facts, problem, way_out = ALONE[name]
    (found,) = blockers.find(facts)
    assert problem in found.problem
    assert way_out in found.way_out


def test_all_blockers_are_listed_at_once():
    """No blocker hides another."""
    facts = GOOD._replace(
        system="Darwin",
        machine="arm64",
        python=(3, 8),
        free_bytes=0,
        namespace_step="make a user namespace",
        network_problem="no route",
    )
    text = blockers.render(blockers.find(facts))
    assert "6 things stand in the way" in text
    assert text.count("problem: ") == text.count("way out: ") == 6


@pytest.mark.parametrize(
    "path", ["skyrocket", "src/skyrocket/cli/blockers.py", "src/skyrocket/cli/machine.py"]
)
def test_what_reports_an_old_python_parses_under_it(path):
    """The message about an old Python must not itself be a syntax error there."""
    text = (ROOT / path).read_text()
    ast.parse(text, feature_version=(3, 6))
    assert "from __future__ import annotations" not in text


def test_this_machine_is_looked_at_without_network():
    """Looking gives facts of the right shape, and does not ask the network."""
    facts = machine.look("/tmp/x/skyrocket", 1)
    assert facts.system == "Linux"
    assert facts.needed_bytes == 1
    assert facts.free_bytes > 0
    assert facts.network_problem is None
