"""SELinux holds on a booted node: everything in its domain, nothing switched off, nothing refused.

Root's strongest seat, the superpowered admin container and sheltie, is where the attacks start.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pytest

from skyrocket.build.image import labels as contexts
from skyrocket.host.containers import labels
from skyrocket.sandbox import Mount

if TYPE_CHECKING:
    from boot.machine import Machine

pytestmark = pytest.mark.boot

SELINUX = "/sys/fs/selinux"
DOMAINS = {
    "systemd": "init_t",
    "systemd-journal": "system_t",
    "systemd-udevd": "system_t",
    "systemd-network": "network_t",
    "systemd-resolve": "network_t",
    "chronyd": "clock_t",
    "containerd": "runtime_t",
    "skyrocket": "api_t",
    "sshd": "super_t",
    "kthreadd": "kernel_t",
}
PROVOKED = ("load_policy", "setenforce", "setbool", "create", "module_load", "relabelto")
"""What tests of the shared node try as super_t, and nobody does otherwise."""

LABEL = r"""
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
int main(int argc, char **argv) {
    if (argc == 4 && !strcmp(argv[1], "set"))
        return lsetxattr(argv[3], "security.selinux", argv[2], strlen(argv[2]) + 1, 0) ? 1 : 0;
    for (int i = 1; i < argc; i++) {
        char label[256] = "";
        struct stat about;
        if (lstat(argv[i], &about) || lgetxattr(argv[i], "security.selinux", label, 255) < 0)
            continue;
        printf("%o %s %s\n", about.st_mode & S_IFMT, label, argv[i]);
    }
    return 0;
}
"""
KINDS = {
    "100000": "file", "40000": "folder", "120000": "symlink", "140000": "socket",
    "10000": "pipe", "20000": "character device", "60000": "block device",
}  # fmt: skip


def domains(node: Machine) -> dict[str, set[str]]:
    """Program -> labels of its processes."""
    script = "for p in /proc/[0-9]*; do echo $(cat $p/comm) $(tr -d '\\0' <$p/attr/current); done"
    found: dict[str, set[str]] = {}
    for line in node.host(script + " 2>/dev/null").out.splitlines():
        name, _, label = line.rpartition(" ")
        found.setdefault(name, set()).add(label)
    return found


def denials(node: Machine) -> list[str]:
    """Every refusal in this boot's journal."""
    lines = node.host("journalctl -b -o cat --no-pager").out.splitlines()
    return [line for line in lines if re.search(r"avc:\s+denied", line)]


@pytest.fixture(scope="module")
def tool(node: Machine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A program in the admin container that shows and sets labels: nothing there does."""
    folder = tmp_path_factory.mktemp("label")
    (folder / "label.c").write_text(LABEL)
    node.lab.sandbox.run(
        ["gcc", "-O1", "-static", "-o", "/out/label", "/out/label.c"],
        mounts=[Mount(folder, "/out", writable=True)],
    )
    text = base64.b64encode((folder / "label").read_bytes()).decode()
    put = node.admin("sh", "-c", "base64 -d > /run/label && chmod 755 /run/label", stdin=text)
    assert put.status == 0, put
    return "/run/label"


def test_the_policy_is_enforced_from_pid_1_on(node: Machine) -> None:
    """Every process that a node has is in the domain that the policy means for it."""
    assert node.host(f"cat {SELINUX}/enforce").out == "1"
    assert node.host(f"cat {SELINUX}/deny_unknown").out == "1"
    found = domains(node)
    seen = {name: {label.split(":")[2] for label in found.get(name, ())} for name in DOMAINS}
    assert seen == {name: {domain} for name, domain in DOMAINS.items()}


def test_a_container_has_its_categories(node: Machine) -> None:
    """The demonstration's processes and files carry two categories, and they are its own."""
    wanted = labels.of("workload", "demo", superpowered=False)
    assert domains(node)["httpd"] == {wanted.process}
    mounts = node.host("cat /proc/$(pgrep -x httpd | head -n 1)/mountinfo").out
    top = next(line for line in mounts.splitlines() if line.split()[4] == "/")
    assert wanted.mount.split(":", 3)[3] in top


@pytest.mark.parametrize(
    "attempt",
    [
        f"echo 0 > {SELINUX}/enforce",
        f"cat /usr/share/skyrocket/selinux/policy > {SELINUX}/load",
        "mkdir -p /run/t && mount -t selinuxfs x /run/t && echo 0 > /run/t/enforce",
        # A file that claims to be of the verified root.
        "printf system_u:object_r:os_t:s0 > /proc/self/attr/fscreate && : > /mnt/claimed",
    ],
)
def test_root_cannot_switch_it_off(node: Machine, attempt: str) -> None:
    """Not by its interface, not by a second mount of it, not by a label; and it says so."""
    before = len(denials(node))
    refused = node.host(attempt)
    assert refused.status != 0
    assert "ermission denied" in refused.err, refused
    assert node.host(f"cat {SELINUX}/enforce").out == "1"
    node.wait("the refusal in the journal", lambda: len(denials(node)) > before, 30)
    assert "super_t" in denials(node)[-1]


def test_what_is_allowed_passes(node: Machine) -> None:
    """The control: the same means, to an end that the policy permits."""
    allowed = "printf system_u:object_r:local_t:s0 > /proc/self/attr/fscreate && : > /mnt/mine"
    assert node.host(f"{allowed} && rm /mnt/mine").status == 0
    mounted = node.host("mkdir -p /run/t2 && mount -t selinuxfs x /run/t2 && umount /run/t2")
    assert mounted.status == 0


def test_files_have_the_labels_of_the_file_contexts(node: Machine, tool: str) -> None:
    """Each file of the root, /etc and the private partition, and the top of the data partition."""
    text = node.host("cat /etc/selinux/skyrocket/contexts/files/file_contexts").out
    rules = contexts.parse(text)
    root = "/.bottlerocket/rootfs"
    lists = [f"find {root}{path} -xdev" for path in ("", "/etc", "/var/lib/bottlerocket")]
    lists.append(f"find {root}/local -xdev -maxdepth 2")
    script = "; ".join(f"{one} -exec {tool} {{}} +" for one in lists)
    seen: dict[str, str] = {}
    wrong = []
    for line in node.admin("sh", "-c", script).out.splitlines():
        mode, label, path = line.split(" ", 2)
        place = path.removeprefix(root) or "/"
        seen[place] = label
        wanted = contexts.label_of(rules, place, KINDS[mode])
        if label != wanted:
            wrong.append(f"{place}: {label}, not {wanted}")
    assert wrong == []
    assert len(seen) > 1000


def test_no_label_is_set_on_what_was_verified(node: Machine, tool: str) -> None:
    """A superpowered container relabels its own files to nothing of the host's."""
    mine = "/.bottlerocket/host-containers/current/mine"
    script = f": > {mine} && {tool} set system_u:object_r:{{}}:s0 {mine}"
    assert node.admin("sh", "-c", script.format("os_t")).status != 0
    assert node.admin("sh", "-c", script.format("secret_t")).status == 0
    node.admin("rm", mine)


def test_nothing_else_was_refused(node: Machine) -> None:
    """Normal use meets no refusal: the journal has those that tests provoked, and no others."""
    found = denials(node)
    assert found, "the provoked refusals are missing"
    known = [f"{{ {right} }}" for right in PROVOKED]
    others = [
        line for line in found if "super_t" not in line or not any(word in line for word in known)
    ]
    assert others == []
