"""Where the escape suite is run: the attacker's image, the control's image, a node with victims.

The control is vm-dev without the layers: no lockdown, no SELinux. Its definition is here and not in
`variants/`, so that nobody builds it by mistake.
"""

from __future__ import annotations

import base64
import io
import json
import lzma
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from escape import bundle

from skyrocket.build import definitions, oci, tools
from skyrocket.build import lock as locks
from skyrocket.build.image import build as images
from skyrocket.build.image.entries import Entry
from skyrocket.cli.checkout import LOCK, ROOT
from skyrocket.host.containers import rights
from skyrocket.lab import process
from skyrocket.models.progress import Silent
from skyrocket.sandbox import Sandbox

if TYPE_CHECKING:
    from boot.machine import Machine

HERE = Path(__file__).parent
REMOVED = ("lockdown=", "lsm=", "selinux=", "enforcing=", "security=")
ADDED = ("lockdown=none", "lsm=landlock,yama,bpf")
LEFT_OUT = ("hardening", "selinux")
ARCHITECTURE = "x86_64"


def attacker(shown: Path, target: Path, version: str) -> Path:
    """A folder of OCI layouts: those in SHOWN, and the attacker's."""
    lock = locks.read(LOCK)
    locked = {
        one.name: one for name in ("tools", "containers") for one in lock.select(name, "amd64")
    }
    wanted = tuple(locked[name] for name in oci.load(HERE / "image").debian)
    unpacked = locks.unpack_all(locks.fetch_packages(lock, wanted, Silent()))
    target.mkdir(parents=True, exist_ok=True)
    for layout in shown.iterdir():
        (target / layout.name).unlink(missing_ok=True)
        (target / layout.name).symlink_to(layout.resolve())
    packages = {one.name: tree for one, tree in zip(wanted, unpacked, strict=True)}
    oci.build(HERE / "image", packages, target / "attacker-amd64", version=version)
    return target


def control() -> images.Built:
    """The image of the control node."""
    definition = definitions.load(ROOT, "vm-dev")
    packages = {name: one for name, one in definition.packages.items() if name not in LEFT_OUT}
    gone = {
        argument.word
        for name in LEFT_OUT
        for argument in definition.packages[name].kernel_arguments
    }
    words = [
        word
        for word in definition.variant.kernel_arguments
        if word not in gone and not word.startswith(REMOVED)
    ]
    variant = msgspec.structs.replace(
        definition.variant, packages=tuple(packages), kernel_arguments=(*words, *ADDED)
    )
    definition = definition._replace(name="vm-control", variant=variant, packages=packages)
    lock, report = locks.read(LOCK), Silent()
    sandbox = Sandbox(tools.tree(lock, report))
    pool = images.open_pool(lock, ARCHITECTURE, report)
    release = images.describe(ROOT, definition, ARCHITECTURE, lock)
    # A version with a changed file is not audited: the audit refuses a node without its locks.
    mark = Entry("usr/share/skyrocket/control", "file", 0o644, "test", b"escape suite\n")
    version = images.make_version(ROOT, definition, pool, release, sandbox, report, changed=(mark,))
    return images.make_image(ROOT, definition, lock, (version,), sandbox, report)


def module() -> bytes:
    """A signed module of the image's kernel that no node loads: dummy."""
    lock = locks.read(LOCK)
    kernels = [p for p in lock.select("image", "amd64") if p.name.startswith("linux-image-6")]
    (unpacked,) = locks.unpack_all(locks.fetch_packages(lock, tuple(kernels[:1]), Silent()))
    file = next(unpacked.tree.rglob("dummy.ko*"))
    data = file.read_bytes()
    return lzma.decompress(data) if file.suffix == ".xz" else data


def program() -> bytes:
    """This folder's code as an archive that python runs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(
            "__main__.py",
            "import sys\nfrom escape import inside\nsys.exit(inside.main(sys.argv))\n",
        )
        for package in ("escape", "escape/attempts"):  # an archive has no packages but these
            archive.writestr(f"{package}/__init__.py", "")
        for name in ("attempt", "kit", "table", "inside"):
            archive.write(HERE / f"{name}.py", f"escape/{name}.py")
        for file in sorted((HERE / "attempts").glob("*.py")):
            archive.write(file, f"escape/attempts/{file.name}")
    return buffer.getvalue()


def settings(version: str, planted: dict[str, str]) -> str:
    """User data: the attacker's containers, and the victim with its secrets."""
    source = f"skyrocket.local/attacker:{version}"
    hidden = base64.b64encode(planted["setting"].encode()).decode()
    return f"""
[settings.containers.attacker-work]
source = "{source}"
enabled = true
[settings.host-containers.attacker]
source = "{source}"
enabled = true
superpowered = false
[settings.host-containers.attacker-super]
source = "{source}"
enabled = true
superpowered = true
[settings.host-containers.victim]
source = "{source}"
enabled = true
superpowered = false
user-data = "{hidden}"
[settings.containers.victim-work]
source = "{source}"
enabled = true
environment = {{ VICTIM = "{planted["environment"]}" }}
"""


def entered(kind: str) -> tuple[str, ...]:
    """How a command is run in the container of KIND, from the admin container."""
    if kind == "privileged":
        return ("sheltie", "-c", f'{bundle.RUNC} exec {bundle.PRIVILEGED} "$@"', "sh")
    # Host containers come first in exec; the workload has a name of its own.
    names = {"workload": "attacker-work", "control": "attacker", "admin": "attacker-super"}
    return ("apiclient", "exec", "-T", names[kind])


def bring(machine: Machine, kind: str) -> None:
    """The suite's program and the module into the container of KIND."""
    for name, data in (("/run/escape.pyz", program()), ("/run/module", base64.b64encode(module()))):
        text = base64.b64encode(data).decode()
        done = machine.admin(*entered(kind), "sh", "-c", f"base64 -d > {name}", stdin=text)
        assert done.status == 0, done


def privileged(machine: Machine, version: str) -> None:
    """A container as an orchestrator would start it for somebody who asks for everything."""
    labelled = enforced(machine)
    mask = machine.host("grep ^CapEff /proc/self/status").out.split()[1]
    config = bundle.privileged(rights.held(int(mask, 16)), labelled=labelled)
    start, said = bundle.run(bundle.PRIVILEGED, "--detach"), f"{bundle.FOLDER}/said"
    lines = (
        "set -e",
        bundle.root_mounted(f"skyrocket.local/attacker:{version}", labelled=labelled),
        bundle.written(config, bundle.PRIVILEGED),
        f"{start} < /dev/null > {said} 2>&1 || {{ cat {said}; false; }}",
    )
    done = machine.host("\n".join(lines))
    assert done.status == 0, done


def enforced(machine: Machine) -> bool:
    """Whether SELinux is there, so that a runtime would give labels."""
    return machine.host("cat /sys/fs/selinux/enforce").out.strip() == "1"


def running(machine: Machine, version: str) -> None:
    """Wait for all containers; the victim's second secret and key."""
    units = (
        "containers@attacker-work",
        "host-containers@attacker",
        "host-containers@attacker-super",
        "host-containers@victim",
        "containers@victim-work",
    )
    for unit in units:
        ask = f"systemctl is-active {unit}"
        machine.wait(unit, lambda ask=ask: machine.host(ask).out.strip() == "active", 240)
    privileged(machine, version)
    assert process.wait_for(lambda: machine.admin(*entered("privileged"), "true").status == 0, 60)


def answers(machine: Machine, kind: str, nonce: str, wanted: tuple[str, ...]) -> dict[str, list]:
    """What every attempt of KIND said: id -> [came to its end, text]."""
    words = ("python3.13", "/run/escape.pyz", kind, nonce, "/run/module", *wanted)
    done = machine.admin(*entered(kind), *words)
    rows = [json.loads(line) for line in done.out.splitlines() if line.startswith("[")]
    assert rows, done
    return {row[0]: row[1:] for row in rows}
