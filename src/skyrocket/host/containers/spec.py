"""The OCI runtime configuration of a container: from what it is told to be to config.json. Pure.

Three kinds: a workload (unprivileged), a host container, and a superpowered one, which may do what
root on the node may. All share the node's network: a node alone has no other to give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from skyrocket.host.containers import mounts, rights, seccomp
from skyrocket.host.containers.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyrocket.host.containers.model import Facts, Image, Specification, User
    from skyrocket.host.containers.places import Places

VERSION = "1.0.2"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CPU_PERIOD = 100_000  # microseconds


def build(
    places: Places, said: Specification, image: Image, user: User, facts: Facts
) -> dict[str, object]:
    """The configuration as a document; raises SpecificationError."""
    superpowered = places.kind == "host" and said.superpowered
    capabilities = facts.capabilities if superpowered else _given(places, facts)
    config: dict[str, object] = {
        "ociVersion": VERSION,
        "root": {"path": places.rootfs, "readonly": False},
        "process": _process(places, said, image, user, capabilities, facts),
        "mounts": [
            msgspec.to_builtins(mount)
            for mount in mounts.of(places, facts.present, superpowered=superpowered)
        ],
        "annotations": {
            "skyrocket.image": image.reference,
            "skyrocket.image.digest": image.digest,
        },
        "linux": _linux(places, said, capabilities, facts),
    }
    return config


def encode(config: Mapping[str, object]) -> bytes:
    """The bytes of config.json."""
    return msgspec.json.format(msgspec.json.encode(config), indent=2) + b"\n"


def _process(
    places: Places,
    said: Specification,
    image: Image,
    user: User,
    capabilities: tuple[str, ...],
    facts: Facts,
) -> dict[str, object]:
    superpowered = places.kind == "host" and said.superpowered
    process: dict[str, object] = {
        "terminal": False,
        "user": {"uid": user.uid, "gid": user.gid, "additionalGids": list(user.groups)},
        "args": arguments(said, image),
        "env": environment(places, said, image, facts.proxy),
        "cwd": image.run.working_dir or "/",
        "capabilities": _capabilities(capabilities, user),
        "noNewPrivileges": not superpowered,
    }
    if facts.process_label:
        process["selinuxLabel"] = facts.process_label
    if places.kind == "workload" and facts.defaults.rlimits:
        process["rlimits"] = [msgspec.to_builtins(limit) for limit in facts.defaults.rlimits]
    return process


def _given(places: Places, facts: Facts) -> tuple[str, ...]:
    """What a container without superpowers may: of what settings give, all that this node has."""
    wanted = facts.defaults.capabilities
    if places.kind != "workload" or wanted is None:
        return rights.DEFAULT_CAPABILITIES
    return tuple(name for name in wanted if name in facts.capabilities)


def arguments(said: Specification, image: Image) -> list[str]:
    """What to run: the settings' command instead of everything the image says."""
    if said.command:
        return list(said.command)
    words = [*(image.run.entrypoint or ()), *(image.run.cmd or ())]
    if not words:
        raise SpecificationError(
            f"cannot start {image.reference}: the image names nothing to run",
            "set `command`",
        )
    return words


def environment(
    places: Places, said: Specification, image: Image, proxy: Mapping[str, str]
) -> list[str]:
    """Variables, each once: the settings win over ours, ours over the image's."""
    found = dict(line.split("=", 1) for line in [PATH, *(image.run.env or ())] if "=" in line)
    superpowered = places.kind == "host" and said.superpowered
    if places.kind == "host" and not superpowered:
        found.update(proxy)
    found["SKYROCKET_IMAGE"] = image.reference
    found["SKYROCKET_IMAGE_DIGEST"] = image.digest
    found.update(said.environment)
    return [f"{name}={value}" for name, value in found.items()]


def _capabilities(names: tuple[str, ...], user: User) -> dict[str, list[str]]:
    """Root has them all; another user may only reach them through a file that gives them."""
    held = list(names) if user.uid == 0 else []
    return {"bounding": list(names), "effective": held, "permitted": held, "inheritable": []}


def _linux(
    places: Places, said: Specification, capabilities: tuple[str, ...], facts: Facts
) -> dict[str, object]:
    superpowered = places.kind == "host" and said.superpowered
    linux: dict[str, object] = {
        "cgroupsPath": facts.cgroup,
        "namespaces": [{"type": name} for name in _namespaces(places, superpowered)],
        "resources": _resources(said, superpowered=superpowered),
        # `rshared` is what lets mounts in /mnt reach the node; the others see the node's changes.
        "rootfsPropagation": "rshared" if superpowered else "rslave",
    }
    if not superpowered:
        linux["maskedPaths"] = list(rights.HIDDEN)
        linux["readonlyPaths"] = list(rights.READ_ONLY)
        linux["seccomp"] = seccomp.profile(facts.machine, capabilities)
    if facts.mount_label:
        linux["mountLabel"] = facts.mount_label
    return linux


def _namespaces(places: Places, superpowered: bool) -> list[str]:
    if places.kind == "workload":
        return ["mount", "pid", "ipc", "uts", "cgroup"]
    return ["mount", "ipc", "uts"] if superpowered else ["mount", "pid", "ipc", "uts"]


def _resources(said: Specification, *, superpowered: bool) -> dict[str, object]:
    resources: dict[str, object] = {"devices": [{"allow": superpowered, "access": "rwm"}]}
    if said.memory:
        # No swap on top: a limit that spills onto the disk is none.
        resources["memory"] = {"limit": said.memory, "swap": said.memory}
    if said.cpu:
        resources["cpu"] = {"quota": said.cpu * CPU_PERIOD // 1000, "period": CPU_PERIOD}
    return resources
