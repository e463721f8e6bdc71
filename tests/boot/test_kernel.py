"""The running kernel has every value of the tables, and refuses what they forbid."""

from __future__ import annotations

import base64
import errno
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from boot import forbidden

from skyrocket.build import definitions

if TYPE_CHECKING:
    from boot.machine import Machine

    from skyrocket.models.definition import Package

pytestmark = pytest.mark.boot

CHECKOUT = Path(__file__).parents[2]
MODULES = "/usr/lib/modules/$(uname -r)/kernel"
WORK = "/local/module-test"
PROBE = "/tmp/forbidden"
HOST_PROBE = "/local/forbidden"
CANNOT_START = 203
"""systemd's status for a service whose program cannot be executed."""
ASKS_WHO_RUNS, WRITES_MEMORY = "14", "36"
"""Functions that a BPF program calls, by number."""


@pytest.fixture(scope="module")
def packages() -> dict[str, Package]:
    return definitions.load(CHECKOUT, "vm-dev").packages


def test_every_argument_reached_the_kernel(node: Machine, packages: dict[str, Package]) -> None:
    """The words stand in the running kernel's command line, and those with a state have it."""
    words = node.host("cat /proc/cmdline").out.split()
    wanted = [each.word for one in packages.values() for each in one.kernel_arguments]
    assert len(wanted) >= 10
    assert [word for word in wanted if word not in words] == []
    assert node.host("cat /sys/module/module/parameters/sig_enforce").out.strip() == "Y"
    locked = node.host(
        "mount -t securityfs s /sys/kernel/security; cat /sys/kernel/security/lockdown"
    )
    assert "[integrity]" in locked.out


def test_every_parameter_has_its_value(node: Machine, packages: dict[str, Package]) -> None:
    """Read back from /proc/sys; those of a module once the module is there."""
    listed = [each for one in packages.values() for each in one.kernel_parameters]
    assert len(listed) >= 30
    assert node.host("modprobe nf_conntrack").status == 0
    node.wait(
        "the late parameters",
        lambda: (
            node.host("cat /proc/sys/net/netfilter/nf_conntrack_generic_timeout").out == "120\n"
        ),
        20,
    )
    script = "".join(f"cat /proc/sys/{p.key.replace('.', '/')}; " for p in listed)
    values = [" ".join(line.split()) for line in node.host(script).out.splitlines()]
    found = dict(zip((p.key for p in listed), values, strict=True))
    # Another test of the shared node sets this one.
    found.pop("vm.max_map_count")
    assert found == {p.key: p.value for p in listed if p.key in found}


def test_what_cannot_be_taken_back_is_not(node: Machine) -> None:
    """Root itself cannot allow kexec or unprivileged BPF again; another value root may change."""
    for key in ("kernel/kexec_load_disabled", "kernel/unprivileged_bpf_disabled"):
        refused = node.host(f"echo 0 > /proc/sys/{key}")
        assert refused.status != 0, key
        assert node.host(f"cat /proc/sys/{key}").out.strip() == "1"
    control = node.host("echo 0 > /proc/sys/kernel/sysrq && cat /proc/sys/kernel/sysrq")
    assert control.out.strip() == "0"


def test_no_user_namespace(node: Machine) -> None:
    """A user namespace is refused where another kind of namespace is not."""
    assert node.admin("unshare", "--mount", "true").status == 0
    refused = node.admin("unshare", "--user", "true")
    assert refused.status != 0
    assert "No space left" in refused.err


def test_no_debug_file_system(node: Machine) -> None:
    """debugfs cannot be mounted; another file system of the kernel can."""
    script = "mkdir -p /run/t && mount -t {kind} x /run/t && umount /run/t"
    assert node.host(script.format(kind="tmpfs")).status == 0
    assert node.host(script.format(kind="debugfs")).status != 0


def test_a_module_from_elsewhere_is_refused(node: Machine) -> None:
    """The shipped file loads; a copy does not, from a file or from memory, signed as well as it is.

    Whether the kernel looks at signatures is shown where the verified root has a bad one:
    `test_slots`.
    """
    shipped, copy = f"{MODULES}/drivers/net/dummy.ko", f"{WORK}/copy.ko"
    node.host("(exec -a rmmod kmod dummy)")  # another test's, on the shared node
    assert node.host(f"mkdir -p {WORK} && cp {shipped} {copy}").status == 0
    # kmod loads the file, or says why not; busybox goes on and hands over what it read.
    node.provokes("super_t", "local_t", "system", "module_load")
    node.provokes("super_t", "super_t", "system", "module_load")
    for program in ("kmod", "cat"):
        refused = node.host(f"(exec -a insmod {program} {copy})")
        assert refused.status != 0, program
        assert "ermission denied" in refused.err, refused
    loaded = node.host(f"(exec -a insmod kmod {shipped})")
    assert loaded.status == 0, loaded
    node.host(f"(exec -a rmmod kmod dummy); rm -r {WORK}")


@pytest.fixture(scope="module")
def probe(node: Machine) -> str:
    """The program that tries things, in the superpowered admin container."""
    text = base64.b64encode(forbidden.compiled()).decode()
    made = node.admin("bash", "-c", f"base64 -d > {PROBE} && chmod 755 {PROBE}", stdin=text)
    assert made.status == 0, made
    return PROBE


def test_a_superpowered_container_loads_no_kernel(node: Machine, probe: str) -> None:
    """Its unit filters the call, and no unit without a filter can be had: PID 1 starts nothing
    that was not verified. The control is a unit of the same form whose program was."""
    held = node.admin("bash", "-c", "grep ^CapEff /proc/self/status").out.split()[1]
    assert int(held, 16) >> 22 & 1, "CAP_SYS_BOOT"
    assert node.admin(probe, "kexec").status == errno.EPERM
    assert node.host("cat /proc/sys/kernel/kexec_load_disabled").out == "1\n"
    text = base64.b64encode(forbidden.compiled()).decode()
    assert node.admin("sheltie", "-c", f"base64 -d > {HOST_PROBE}", stdin=text).status == 0
    node.host(f"chmod 755 {HOST_PROBE}")
    node.provokes("init_t", "local_t", "file", "execute")
    assert ended_as_a_service(node, f"{HOST_PROBE} kexec") == CANNOT_START
    assert ended_as_a_service(node, "/usr/bin/udevadm --version") == 0
    node.host(f"rm {HOST_PROBE}")


def ended_as_a_service(node: Machine, command: str) -> int:
    """The status with which COMMAND ends as a unit of its own, which nothing limits."""
    unit = f"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart={command}"
    done = node.host(
        "mkdir -p /run/systemd/system; "
        f"printf '%s' '{unit}' > /run/systemd/system/probe.service; systemctl daemon-reload; "
        "systemctl start probe; systemctl show --property=ExecMainStatus --value probe; "
        "systemctl stop probe; systemctl reset-failed probe; rm /run/systemd/system/probe.service; "
        "systemctl daemon-reload"
    )
    return int(done.out.split()[0])


def test_bpf_is_root_s_and_writes_nobody_s_memory(node: Machine, probe: str) -> None:
    """The same program loads for root; the one that writes differs in its call alone."""
    assert node.admin(probe, "filter").status == 0
    assert node.admin(probe, "filter", "65534").status == errno.EPERM
    assert node.admin(probe, "call", ASKS_WHO_RUNS).status == 0
    assert node.admin(probe, "call", WRITES_MEMORY).status == errno.EINVAL
