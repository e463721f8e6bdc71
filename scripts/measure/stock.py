"""The yardstick: a Debian server with the same kernel and containerd, made by ordinary means.

A plain installation: systemd with udev, D-Bus, resolved, timesyncd and networkd, OpenSSH,
containerd, and the kernel with the initrd that its own tools make. Nothing in it is slowed down,
and where a choice had to be made it is the faster one: no partition table, no boot loader, the
root writable from the start, host keys and machine id made beforehand.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING, NamedTuple

from measure.here import MeasureError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SUITE = "trixie"
KEYRING = "usr/share/keyrings/debian-archive-keyring.gpg"
PACKAGES = (
    "systemd", "systemd-sysv", "udev", "dbus", "systemd-resolved", "systemd-timesyncd",
    "openssh-server", "containerd", "linux-image-cloud-amd64", "initramfs-tools", "zstd",
)  # fmt: skip
COMPARED = ("linux-image-6", "containerd", "systemd", "runc")
READY = "stock: ready"
CONTAINER = "stock: container"
CONTAINERS_TOO = "bench.containers"
"""The kernel's argument that makes it start the demonstration's container, after READY."""
STARTS = 3
IMAGE = "localhost/demo:1"
SCRIPT = f"""#!/bin/bash
ctr images import --index-name {IMAGE} /demo.tar
for count in $(seq {STARTS}); do
  systemctl start bench-demo
  until exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && \\
    read -r line <&3; do :; done 2>/dev/null
  read -r now rest </proc/uptime
  start=$(systemctl show bench-demo -P InactiveExitTimestampMonotonic)
  echo "{CONTAINER}: start=$start now=$now" >/dev/ttyS0
  exec 3>&-
  systemctl stop bench-demo
done
"""
DISK_BYTES = 3 << 30
FILES = {
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/hostname": "stock\n",
    "etc/fstab": "/dev/vda / ext4 rw 0 1\n",
    "etc/systemd/network/80-dhcp.network": "[Match]\nType=ether\n\n[Network]\nDHCP=yes\n",
    "etc/systemd/system/stock-ready.service": (
        "[Unit]\nDescription=Say That Everything Is There\n"
        "After=containerd.service ssh.service\nRequires=containerd.service ssh.service\n\n"
        "[Service]\nType=oneshot\n"
        f'ExecStart=/bin/sh -c \'echo {READY} uptime=$(cut -d" " -f1 /proc/uptime) '
        "> /dev/ttyS0'\n\n"
        "[Install]\nWantedBy=multi-user.target\n"
    ),
    "usr/local/bin/bench-containers": SCRIPT,
    "etc/systemd/system/bench-containers.service": (
        "[Unit]\nDescription=Start the Demonstration\nAfter=stock-ready.service\n"
        f"ConditionKernelCommandLine={CONTAINERS_TOO}\n\n"
        "[Service]\nType=oneshot\nExecStart=/bin/bash /usr/local/bin/bench-containers\n\n"
        "[Install]\nWantedBy=multi-user.target\n"
    ),
    "etc/systemd/system/bench-demo.service": (
        "[Unit]\nDescription=The Demonstration\n\n[Service]\n"
        f"ExecStart=/usr/bin/ctr run --rm --net-host {IMAGE} demo\n"
    ),
}
UNITS = ("systemd-networkd", "systemd-resolved", "stock-ready", "bench-containers")


class CannotMakeError(MeasureError):
    """This machine cannot make the stock image; the text says why."""


class Stock(NamedTuple):
    """FOLDER has kernel, initrd, disk.raw, versions.json."""

    folder: Path

    @property
    def versions(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.folder / "versions.json").read_text())
        return found


def obstacles() -> list[str]:
    """Why it cannot be made here; empty: it can."""
    found = []
    if os.geteuid() != 0:
        found.append("not root: the installation of packages needs several user ids")
    if shutil.which("mmdebstrap") is None:
        found.append("mmdebstrap is not installed")
    return found


def identity(lock: bytes, demo: Path) -> str:
    """Names a stock image: made anew when our packages change, the demonstration, this recipe."""
    recipe = json.dumps([PACKAGES, FILES, DISK_BYTES, (demo / "index.json").read_text()])
    return hashlib.sha256(lock + recipe.encode()).hexdigest()[:24]


def make(folder: Path, tools: Path, repositories: Sequence[str], demo: Path) -> Stock:
    """Make it, unless FOLDER has it already.

    REPOSITORIES are lines of apt's list of sources, DEMO is the demonstration's OCI layout.
    """
    stock = Stock(folder)
    if (folder / "versions.json").is_file():
        return stock
    if reasons := obstacles():
        raise CannotMakeError("cannot make the stock image: " + "; ".join(reasons))
    root = folder / "root"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _install(root, tools, repositories)
    _configure(root)
    with tarfile.open(root / "demo.tar", "w") as tar:
        tar.add(demo.resolve(), ".")
    versions = _versions(root)
    boot = root / "boot"
    for name, pattern in (("kernel", "vmlinuz-*"), ("initrd", "initrd.img-*")):
        shutil.copyfile(next(boot.glob(pattern)), folder / name)
    _disk(root, folder / "disk.raw", tools)
    shutil.rmtree(root)
    (folder / "versions.json").write_text(json.dumps(versions, indent=1, sort_keys=True))
    return stock


def _install(root: Path, tools: Path, repositories: Sequence[str]) -> None:
    # Its own configuration: this machine's package lists, pins and trusted keys take no part.
    (root.parent / "apt.conf").write_text('APT::Install-Recommends "false";\n', encoding="ascii")
    _run(
        [
            "mmdebstrap", "--mode=root", "--variant=minbase", "--architectures=amd64",
            f"--keyring={tools / KEYRING}", f"--include={','.join(PACKAGES)}",
            f"--aptopt={root.parent / 'apt.conf'}", SUITE, str(root), "-",
        ],
        stdin="".join(f"{line}\n" for line in repositories),
    )  # fmt: skip


def _configure(root: Path) -> None:
    for name, content in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="ascii")
    _run(["systemctl", f"--root={root}", "enable", *UNITS])


def _versions(root: Path) -> dict[str, str]:
    said = _run([
        "dpkg-query", f"--admindir={root / 'var/lib/dpkg'}", "--show",
        "--showformat=${Package} ${Version}\n",
    ])  # fmt: skip
    rows = [line.split() for line in said.splitlines()]
    return {row[0]: row[1] for row in rows if len(row) == 2}


def _disk(root: Path, disk: Path, tools: Path) -> None:
    with disk.open("wb") as file:
        file.truncate(DISK_BYTES)
    # Not in the sandbox: with a single user id there, the files' owners could not be read.
    library = tools / "usr/lib/x86_64-linux-gnu"
    _run([
        str(tools / "usr/lib64/ld-linux-x86-64.so.2"), "--library-path", str(library),
        str(tools / "usr/sbin/mke2fs"), "-q", "-t", "ext4", "-d", str(root), str(disk),
    ])  # fmt: skip


def different(stock: dict[str, str], ours: dict[str, str]) -> dict[str, dict[str, str]]:
    """Packages that decide the comparison and are not of one version in both; pure."""
    names = {name for name in {*stock, *ours} if name.startswith(COMPARED)}
    return {
        name: {"stock": stock[name], "ours": ours[name]}
        for name in sorted(names)
        if name in stock and name in ours and stock[name] != ours[name]
    }


def _run(argv: Sequence[str], stdin: str = "") -> str:
    done = subprocess.run(
        list(argv), input=stdin.encode(), capture_output=True, check=False, timeout=1800
    )
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
        raise CannotMakeError(f"cannot make the stock image: {argv[0]}: {' / '.join(last)}")
    return done.stdout.decode(errors="replace")
