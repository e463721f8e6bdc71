"""What a node that just booted is and does, seen by its user."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from boot.machine import Machine

pytestmark = pytest.mark.boot
ENDED_BY_TESTS = (
    "containers@able.service",
    "containers@shop.service",
    "host-containers@shop.service",
)
"""Containers of other tests of the shared node, ended by a signal."""


def test_the_api_says_what_the_node_is(node: Machine) -> None:
    """`apiclient get os` answers with the five facts of the image that was booted."""
    built = json.loads((Path(node.node.image) / "manifest.json").read_text(encoding="utf-8"))
    expected = {
        "arch": built["architecture"],
        "build_id": built["build_id"],
        "pretty_name": f"Skyrocket {built['version']} (vm-dev)",
        "variant_id": "vm-dev",
        "version_id": built["version"],
    }
    assert expected == node.get("os")["os"]


def test_user_data_was_applied_before_the_api_answered(node: Machine) -> None:
    """The first readable settings are the user's, and their effects are there."""
    settings = node.get("settings.network.hostname", "settings.motd")["settings"]
    assert settings["network"]["hostname"] == "shared"
    assert node.host("cat /proc/sys/kernel/hostname").out.strip() == "shared"
    assert settings["motd"] in node.host("cat /etc/motd").out


@pytest.mark.proof  # its new form has not run yet
def test_no_unit_failed_and_the_journal_has_no_error(node: Machine) -> None:
    """A good boot is a quiet boot."""
    failed = node.host("systemctl --failed --no-legend --plain").out.splitlines()
    assert [line for line in failed if line.split()[0] not in ENDED_BY_TESTS] == []
    # Until the verdict on the boot: afterwards other tests of the shared node provoke errors.
    verdict = node.host("stat -c %Y /run/skyrocket/health.json").out.strip()
    assert verdict.isdigit(), "no verdict on this boot"
    script = f"journalctl -b -p err --until @{verdict} --no-pager -o cat"
    errors = node.host(script).out.splitlines()
    # The last one is what the test of memory limits provokes.
    known = ("watchdog did not stop", "-- No entries", "Memory cgroup out of memory")
    assert [line for line in errors if not any(word in line for word in known)] == []


def test_exec_gives_the_exit_status_and_keeps_words_apart(node: Machine) -> None:
    """A command's arguments arrive as they were given, and its status comes back."""
    answer = node.admin("sh", "-c", 'echo "$1|$2"; exit 7', "sh", "a b", "$HOME")
    assert (answer.status, answer.out) == (7, "a b|$HOME\n")


def test_the_host_has_no_shell_and_takes_no_writes(node: Machine) -> None:
    """No program of a shell's name is on the host, and /usr refuses a write."""
    names = "sh bash dash zsh busybox python3 perl apt dpkg"
    script = f"for name in {names}; do ls /usr/bin/$name /usr/sbin/$name; done 2>/dev/null; true"
    assert node.host(script).out == ""
    refused = node.host("echo > /usr/bin/x")
    assert refused.status != 0
    assert "Read-only file system" in refused.err


def test_the_demonstration_runs_in_the_workload_runtime(node: Machine) -> None:
    """The page names the boot, and the container's image came through the workloads' containerd."""
    page = node.page()
    boot_id = node.host("cat /proc/sys/kernel/random/boot_id").out.strip()
    assert f">{boot_id}<" in page
    digest = re.search(r'id="image-digest">(sha256:[0-9a-f]{64})<', page)
    assert digest is not None
    listed = node.host("ctr --address /run/containerd/containerd.sock images ls").out
    assert digest[1] in listed
    other = node.host("ctr --address /run/host-containerd/containerd.sock images ls").out
    assert digest[1] not in other


def test_a_changed_setting_takes_effect_and_an_equal_one_restarts_nothing(node: Machine) -> None:
    """A sysctl reaches the kernel; the same value again leaves the system alone."""
    key = "kernel.sysctl"
    value = json.dumps({"kernel": {"sysctl": {"vm.max_map_count": "300123"}}})
    assert node.admin("apiclient", "set", "-j", value).status == 0
    node.wait("the sysctl", lambda: "300123" in node.host("cat /proc/sys/vm/max_map_count").out)
    assert (
        node.get(f"settings.{key}")["settings"]["kernel"]["sysctl"]["vm.max_map_count"] == "300123"
    )
    pid = "systemctl show chronyd --property=MainPID"
    same = json.dumps({"ntp": node.get("settings.ntp")["settings"]["ntp"]})
    before = node.host(pid).out
    assert node.admin("apiclient", "set", "-j", same).status == 0
    assert before == node.host(pid).out
    other = json.dumps({"ntp": {"time-servers": ["203.0.113.7"]}})
    assert node.admin("apiclient", "set", "-j", other).status == 0
    node.wait("chronyd's restart", lambda: node.host(pid).out not in {before, "MainPID=0\n"})
    node.wait("source", lambda: "203.0.113.7" in node.host("chronyc -n sources").out)


def test_a_container_still_reaches_an_api_that_was_restarted(node: Machine) -> None:
    """The admin container mounted the socket when it started; systemd keeps that very socket."""
    inode = "stat -c %i /run/api.sock"
    before = node.host(inode).out
    assert node.host("systemctl restart skyrocket-api").status == 0
    assert node.host(inode).out == before
    assert node.get("os")["os"]


def test_a_bad_setting_is_refused_with_its_path(node: Machine) -> None:
    """Nothing changes, and the error names the key and the reason."""
    refused = node.admin("apiclient", "set", "network.hostname=not_a_name")
    assert refused.status == 1
    assert "hostname" in refused.err
    assert node.get("settings.network.hostname")["settings"]["network"]["hostname"] == "shared"


def test_ipv4_and_ipv6_addresses_come_from_the_network(node: Machine) -> None:
    """DHCP gave an IPv4 address, and a router advertisement or DHCPv6 a global IPv6 one."""
    text = node.admin("ip", "-o", "addr", "show", "dev", "eth0").out
    assert " inet 10.0.2." in text
    assert " inet6 fec0::" in text


def test_every_mount_of_ours_is_locked_down(node: Machine) -> None:
    """The root is read-only and verified; what can be written gives no device and no setuid."""
    mounts = {
        line.split()[1]: line.split()[3].split(",")
        for line in node.host("cat /proc/self/mounts").out.splitlines()
    }
    assert "ro" in mounts["/"]
    for folder in ("/etc", "/var", "/local", "/var/lib/bottlerocket"):
        assert {"nosuid", "nodev"} <= set(mounts[folder]), folder
    assert "noexec" in mounts["/etc"]
    assert "noexec" in mounts["/var/lib/bottlerocket"]
