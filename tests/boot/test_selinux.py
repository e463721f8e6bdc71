"""SELinux holds on a booted node: everything in its domain, nothing switched off, nothing refused.

Root's strongest seat, the superpowered admin container and sheltie, is where the attacks start.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from boot import quiet

from skyrocket.build.image import labels as contexts
from skyrocket.host.containers import labels
from skyrocket.sandbox import Mount

if TYPE_CHECKING:
    from boot.machine import Machine

pytestmark = pytest.mark.boot

SELINUX = "/sys/fs/selinux"
POLICY = "/usr/share/skyrocket/selinux/policy"
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
    mounts = node.host("cat /proc/$(pidof httpd | cut -d' ' -f 1)/mountinfo").out
    top = next(line for line in mounts.splitlines() if line.split()[4] == "/")
    assert wanted.mount.split(":", 3)[3] in top


ATTEMPTS = {
    f"echo 0 > {SELINUX}/enforce": ("any_t", "security", "setenforce"),
    f"cat {POLICY} > {SELINUX}/load": ("any_t", "security", "load_policy"),
    f"echo 1 > {SELINUX}/commit_pending_bools": ("any_t", "security", "setbool"),
    f"echo 1 > {SELINUX}/checkreqprot": ("any_t", "security", "setcheckreqprot"),
    "mkdir -p /run/t && mount -t selinuxfs x /run/t && echo 0 > /run/t/enforce": (
        "any_t",
        "security",
        "setenforce",
    ),
    # A file that claims to be of the verified root.
    "printf system_u:object_r:os_t:s0 > /proc/self/attr/fscreate && : > /mnt/claimed": (
        "os_t",
        "file",
        "create",
    ),
    # To be one who may do more.
    "printf system_u:system_r:init_t:s0 > /proc/self/attr/current": (
        "init_t",
        "process",
        "dyntransition",
    ),
    "printf system_u:system_r:runtime_t:s0 > /proc/self/attr/exec && ls /": (
        "runtime_t",
        "process2",
        "nosuid_transition",
    ),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_root_cannot_switch_it_off(node: Machine, attempt: str) -> None:
    """Not by its interface, not by a second mount of it, not by a label; the journal has each."""
    node.provokes("super_t", *ATTEMPTS[attempt])
    refused = node.host(attempt)
    assert refused.status != 0
    assert "ermission denied" in refused.err, refused
    assert node.host(f"cat {SELINUX}/enforce").out == "1"


def test_it_holds_while_its_interface_is_gone(node: Machine) -> None:
    """Unmounting selinuxfs takes away a way to ask, and nothing else."""
    claim = "printf system_u:object_r:os_t:s0 > /proc/self/attr/fscreate && : > /mnt/claimed"
    back = f"mount -t selinuxfs -o nosuid,noexec selinuxfs {SELINUX}"
    node.provokes("super_t", "os_t", "file", "create")
    assert node.host(f"umount -l {SELINUX} && [ ! -e {SELINUX}/enforce ]").status == 0
    try:
        refused = node.host(claim)
    finally:
        assert node.host(back).status == 0
    assert "ermission denied" in refused.err, refused


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
    assert len(seen) > 800


def test_no_label_is_set_on_what_was_verified(node: Machine, tool: str) -> None:
    """A superpowered container relabels its own files to nothing of the host's."""
    mine = "/.bottlerocket/host-containers/current/mine"
    script = f": > {mine} && {tool} set system_u:object_r:{{}}:s0 {mine}"
    node.provokes("super_t", "os_t", "file", "relabelto")
    assert node.admin("sh", "-c", script.format("os_t")).status != 0
    assert node.admin("sh", "-c", script.format("secret_t")).status == 0
    node.admin("rm", mine)


def test_a_refusal_that_nobody_asked_for_is_found(node: Machine) -> None:
    """The control of what every file of boot tests ends with (`quiet`)."""
    assert quiet.asked(node) == []
    assert node.host(f"echo 1 > {SELINUX}/avc/cache_threshold").status != 0
    complaints = quiet.asked(node)
    node.provokes("super_t", "any_t", "security", "setsecparam")
    assert len(complaints) == 1
    assert "whom='any_t', kind='security', permissions=('setsecparam',)" in complaints[0]
    assert quiet.asked(node) == []


def test_a_refusal_that_did_not_come_is_missed(node: Machine) -> None:
    """The other half: what a test says it provokes has to be in the journal."""
    known = list(node.provoked)
    node.provokes("container_t", "private_t", "file", "write")
    complaints = quiet.asked(node)
    node.provoked = known
    assert [line.partition(":")[0] for line in complaints] == ["not refused"]
