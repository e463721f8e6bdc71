"""The verb `container`: bring a container to life for its unit, and clear up after it.

`container start KIND NAME` fetches the image, makes a fresh root, writes the bundle and ends as
runc. `container clean KIND NAME` runs when the unit has ended, however that came about.
"""

from __future__ import annotations

import base64
import binascii
import os
from typing import TYPE_CHECKING

import msgspec

from skyrocket.command import CommandError
from skyrocket.host.containers import (
    image,
    labels,
    mounts,
    rights,
    runc,
    spec,
    users,
    whole,
)
from skyrocket.host.containers.containerd import Containerd, proxy
from skyrocket.host.containers.errors import ContainerError, SpecificationError
from skyrocket.host.containers.model import Defaults, Facts, Specification
from skyrocket.host.containers.places import Places
from skyrocket.host.system import files, journal, selinux

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyrocket.host.containers.runc import Mounts

USAGE = "usage: skyrocket container start|clean host|workload NAME"
SYSTEMCTL = "/usr/bin/systemctl"
SUPERVISORS = ("supervisor", ".control")
"""Sub-groups in which systemd puts our own processes (DelegateSubgroup=)."""


def main(argv: list[str]) -> int:
    match argv:
        case ["start" | "clean" as what, "host" | "workload" as kind, name] if (
            name and "/" not in name
        ):
            places = Places(kind, name)
        case _:
            journal.error(USAGE)
            return 2
    from skyrocket.host.system import kernel

    containerd = Containerd(places)
    try:
        if what == "clean":
            clean(places, containerd)
            obey_restart(places, os.environ)
            return 0
        runc.leave_host_mounts(kernel)
        prepare(places, containerd, kernel, cgroup(_own_group()))
        runc.become(places)
    except (ContainerError, CommandError) as error:
        hint = getattr(error, "hint", "")
        journal.error(f"{error}\nhint: {hint}" if hint else str(error))
        return 1


def prepare(places: Places, containerd: Containerd, kernel: Mounts, group: str) -> None:
    """Everything up to the bundle that runc starts from."""
    said = read(places)
    runc.delete(places)
    whole.settle(places, containerd)
    whole.announce(places, said.source)
    digest = containerd.fetch(said.source)
    whole.note(places, said.source, digest)
    found = image.load(said.source, digest, image.reader(places.content), os.uname().machine)
    marks = labels.Labels()
    if selinux.active():
        marks = labels.of(places.kind, places.name, superpowered=said.superpowered)
    runc.mount(places, containerd.prepare(places.snapshot, found.chain), kernel, marks.mount)
    store(places, said)
    user = users.find(found.run.user or "", places.rootfs)
    config = spec.build(places, said, found, user, facts(places, group, marks))
    files.replace(f"{places.bundle}/config.json", spec.encode(config), 0o600)
    files.remove(places.pid)
    journal.info(f"starting {places.name} from {said.source} ({digest})")


def clean(places: Places, containerd: Containerd) -> None:
    """Remove what the last run left: the container and its writable layer."""
    runc.delete(places)
    if not containerd.remove(places.snapshot):
        # containerd may be on its way down as well; the next start clears it.
        journal.info(f"no writable layer of {places.name} to remove")
    files.remove(places.pid)


def obey_restart(places: Places, environment: Mapping[str, str]) -> None:
    """Keep systemd from restarting the unit when the settings say so.

    The unit restarts always; a stop that is ordered while it ends takes that back. An end that
    somebody ordered has a job already, which a stop would replace: a restart must stay one.
    """
    try:
        policy = read(places).restart
    except ContainerError:
        return
    failed = environment.get("SERVICE_RESULT", "success") != "success"
    if policy == "always" or (policy == "on-failure" and failed):
        return
    if not ordered(places.unit):
        order_stop(places.unit)


def ordered(unit: str) -> bool:
    """Whether systemd is at work on UNIT because somebody told it so."""
    from skyrocket import command

    done = command.run([SYSTEMCTL, "show", "--property=Job", "--value", unit])
    return done.stdout.strip() not in (b"", b"0")


def order_stop(unit: str) -> None:
    """Have systemd leave UNIT stopped, without waiting: we are a part of its end."""
    from skyrocket import command

    command.run([SYSTEMCTL, "--no-block", "stop", "--", unit])


def read(places: Places) -> Specification:
    """What the settings say of the container; raises SpecificationError."""
    try:
        data = files.read(places.specification)
        if data is None:
            raise SpecificationError(
                f"cannot start {places.name}: no {places.specification}",
                "set its source, enabled and superpowered"
                if places.kind == "host"
                else "set its source and enabled",
            )
        return msgspec.json.decode(data, type=Specification)
    except OSError as error:
        raise SpecificationError(f"cannot read {places.specification}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SpecificationError(f"cannot use {places.specification}: {error}") from error


def store(places: Places, said: Specification) -> None:
    """Make the container's own folder and put its user data there, or take old user data away."""
    if places.kind == "workload":
        return
    path = f"{places.store}/user-data"
    try:
        os.makedirs(places.store, mode=0o700, exist_ok=True)  # noqa: PTH103
        os.chmod(places.store, 0o700)  # noqa: PTH101
        if said.user_data is None:
            files.remove(path)
        else:
            files.replace(path, base64.b64decode(said.user_data, validate=True), 0o600)
    except binascii.Error as error:
        raise SpecificationError(f"cannot use user-data of {places.name}: not base64") from error
    except OSError as error:
        raise SpecificationError(f"cannot write {path}: {error.strerror}") from error


def facts(places: Places, group: str, marks: labels.Labels) -> Facts:
    """What the specification has to know of this node."""
    wanted = mounts.sources(places)
    present = frozenset(path for path in wanted if os.path.exists(path))  # noqa: PTH110
    for path in mounts.missing(places, present):
        journal.warning(f"{places.name} starts without {path}: not there")
    capabilities = rights.held(bounding((files.read("/proc/self/status") or b"").decode()))
    machine, given = os.uname().machine, defaults(places)
    for name in set(given.capabilities or ()).difference(capabilities):
        journal.warning(f"{places.name} starts without {name}: no container gets it on this node")
    return Facts(present, group, machine, capabilities, proxy(places), *marks, defaults=given)


def defaults(places: Places) -> Defaults:
    """What the settings let workloads do; raises SpecificationError."""
    try:
        data = files.read(places.defaults) if places.kind == "workload" else None
        return Defaults() if data is None else msgspec.json.decode(data, type=Defaults)
    except (OSError, msgspec.MsgspecError) as error:
        raise SpecificationError(f"cannot use {places.defaults}: {error}") from error


def bounding(status: str) -> int:
    """The bounding set of a process, by its status file.

    >>> bounding("CapBnd: 00000000000000ff")
    255
    """
    words = (line.split() for line in status.splitlines() if line.startswith("CapBnd:"))
    return int(next(words, ["", "0"])[1], 16)


def cgroup(own: str) -> str:
    """The container's control group: beside our own process, below the unit's.

    A group whose processes it limits may hold none itself (cgroup v2), so ours is in a sub-group.

    >>> cgroup("0::/runtime.slice/host-containers@admin.service/supervisor")
    '/runtime.slice/host-containers@admin.service/container'
    """
    path = next((line[3:] for line in own.splitlines() if line.startswith("0::")), "/")
    parent, _, last = path.rpartition("/")
    return f"{parent if last in SUPERVISORS else path.rstrip('/')}/container"


def _own_group() -> str:
    return (files.read("/proc/self/cgroup") or b"").decode()
