"""The policy compiles, and its own promises refuse a rule that breaks one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from skyrocket.build import lock as locks
from skyrocket.build import tools
from skyrocket.build.image import labels, selinux
from skyrocket.models.progress import Silent
from skyrocket.sandbox import Sandbox

pytestmark = pytest.mark.image

CHECKOUT = Path(__file__).parents[3]
SOURCES = CHECKOUT / "packages/selinux/policy"

FORBIDDEN = {
    "load another policy": "(allow super_t any_t (security (load_policy)))",
    "switch it off": "(allow super_t any_t (security (setenforce)))",
    "write the root": "(allow super_t os_t (file (write)))",
    "relabel into the root": "(allow runtime_t os_t (file (relabelto)))",
    "run a written file in the API": "(allow api_t local_t (file (execute)))",
    "load a written module": "(allow super_t local_t (system (module_load)))",
    "write settings from a container": "(allow control_t private_t (file (write)))",
    "write images from a container": "(allow container_t cache_t (file (write)))",
    "open the API from a workload": "(allow container_t api_socket_t (sock_file (write)))",
    "read a disk from a workload": "(allow container_t any_t (blk_file (read)))",
    "read a disk from the API": "(allow api_t any_t (blk_file (read)))",
    "trace the host": "(allow container_t init_t (process (ptrace)))",
    "written code in PID 1": "(allow init_t init_t (process (execmem)))",
    "become another container": "(allow container_t super_t (process (transition)))",
}


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox(tools.tree(locks.read(CHECKOUT / "packages.lock"), Silent()))


def seeded(folder: Path, rule: str) -> Path:
    """A copy of the sources with one more rule."""
    sources = folder / "sources"
    shutil.copytree(SOURCES, sources)
    (sources / "99-seeded.cil").write_text(f"{rule}\n")
    return sources


def test_the_sources_compile(sandbox: Sandbox, tmp_path: Path) -> None:
    """A policy of the kernel's form, and file contexts that our matcher reads."""
    selinux.compile_sources(sandbox, SOURCES, tmp_path)
    assert (tmp_path / selinux.BINARY).read_bytes()[:4] == bytes.fromhex("8cff7cf9")
    rules = labels.parse((tmp_path / selinux.CONTEXTS).read_text())
    for path, kind, word in (
        ("/", "folder", "os_t"),
        ("/usr/lib/systemd/systemd", "file", "init_exec_t"),
        ("/usr/sbin/runc", "file", "runtime_exec_t"),
        ("/run/api.sock", "socket", "api_socket_t"),
        ("/var/lib/bottlerocket/boot/state", "file", "state_t"),
        ("/var/lib/host-containerd", "folder", "cache_t"),
    ):
        assert labels.label_of(rules, path, kind) == f"system_u:object_r:{word}:s0", path


@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_forbidden_rule_does_not_compile(sandbox: Sandbox, tmp_path: Path, what: str) -> None:
    """Whoever writes it: the compiler names the promise that it breaks."""
    with pytest.raises(selinux.PolicyError, match="neverallow"):
        selinux.compile_sources(sandbox, seeded(tmp_path, FORBIDDEN[what]), tmp_path)


def test_another_rule_does(sandbox: Sandbox, tmp_path: Path) -> None:
    """The control: one more rule that breaks no promise."""
    sources = seeded(tmp_path, "(allow api_t proc_t (file (watch)))")
    selinux.compile_sources(sandbox, sources, tmp_path)
