"""OCI bundles for the node's runc: what an orchestrator writes for whoever orders a container.

Pure. The suite starts them by hand, because containerd of this variant starts no container. Two
kinds: one that asked for everything, and one with the defaults of orchestrators, whose owner
chooses image, words and mounts, and nothing else.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from skyrocket.host.containers import labels, rights

FOLDER = "/local/escape"
"""On the node's data, as volumes are."""
VOLUME = f"{FOLDER}/volume"
"""Mounted at /share of every container that is ordered: a volume which a pod's containers share."""
ROOT = "/run/escape/root"
STATE = "/run/escape/runc"
RUNC = f"/usr/sbin/runc --root {STATE}"
PRIVILEGED = "privileged"
LABELS = labels.of("workload", PRIVILEGED, superpowered=False)
"""What a runtime gives every container of this node; the suite's share one, as a pod's do."""

PATH = "PATH=/usr/local/bin:/usr/bin"
HARD = ["nosuid", "noexec", "nodev"]
PROC = {"destination": "/proc", "type": "proc", "source": "proc", "options": HARD}
RUN = {"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev"]}
DEVICES = {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]}
TERMINALS = {
    "destination": "/dev/pts",
    "type": "devpts",
    "source": "devpts",
    "options": ["newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
}
MASKED = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


class Wish(NamedTuple):
    """What somebody may order who may order a container."""

    args: tuple[str, ...]
    mounts: tuple[dict[str, object], ...] = (DEVICES, TERMINALS)
    cwd: str = "/"
    terminal: bool = False
    sysctl: dict[str, str] = {}  # noqa: RUF012  never changed


def bind(source: str, destination: str, *options: str) -> dict[str, object]:
    words = ["rbind", "rprivate", *(options or ("rw",))]
    return {"destination": destination, "type": "bind", "source": source, "options": words}


def ordered(wish: Wish, name: str, *, labelled: bool = False) -> str:
    """A container like those of orchestrators: the usual capabilities, masks and no devices."""
    sysfs = {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*HARD, "ro"]}
    names = ("mount", "pid", "ipc", "uts", "network", "cgroup")
    config = {
        "ociVersion": "1.0.2",
        "root": {"path": ROOT, "readonly": False},
        "process": _process(wish, rights.DEFAULT_CAPABILITIES, confined=True, labelled=labelled),
        "mounts": [PROC, RUN, sysfs, bind(VOLUME, "/share"), *wish.mounts],
        "linux": {
            "cgroupsPath": f"/escape/{name}",
            "namespaces": [{"type": one} for one in names],
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "maskedPaths": MASKED,
            "readonlyPaths": READ_ONLY,
            "sysctl": wish.sysctl,
        },
    }
    return json.dumps(config)


def privileged(held: tuple[str, ...] = rights.ALL_CAPABILITIES, *, labelled: bool = False) -> str:
    """A container for somebody who asked for everything: what is HELD, network, processes."""
    sysfs = {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": HARD}
    control = {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": []}
    wish = Wish(("/usr/bin/sh", "-c", "while :; do sleep 3600; done"))
    config = {
        "ociVersion": "1.0.2",
        "root": {"path": ROOT, "readonly": False},
        "process": _process(wish, held, confined=False, labelled=labelled),
        "mounts": [PROC, RUN, sysfs, control, *wish.mounts, bind(FOLDER, "/share")],
        "linux": {
            "cgroupsPath": f"/escape/{PRIVILEGED}",
            "namespaces": [{"type": one} for one in ("mount", "ipc", "uts")],
            "resources": {"devices": [{"allow": True, "access": "rwm"}]},
        },
    }
    return json.dumps(config)


def root_mounted(image: str, *, labelled: bool) -> str:
    """Lines for the node's root: IMAGE, writable, at ROOT, with the label if there is one.

    `ctr` mounts without a label. A runtime would mount with one, which the policy does not let
    the node's root do; it may give each file the label instead.
    """
    first = f"mkdir -p {ROOT} {VOLUME}; ctr -n default images mount --rw {image} {ROOT}"
    return f"{first}; chcon -R {LABELS.mount} {FOLDER}" if labelled else first


def _process(
    wish: Wish, capabilities: tuple[str, ...], *, confined: bool, labelled: bool
) -> dict[str, object]:
    names = list(capabilities)
    return {
        **({"selinuxLabel": LABELS.process} if labelled else {}),
        "terminal": wish.terminal,
        "user": {"uid": 0, "gid": 0},
        "args": list(wish.args),
        "env": [PATH, "PYTHONDONTWRITEBYTECODE=1"],
        "cwd": wish.cwd,
        "capabilities": {"bounding": names, "effective": names, "permitted": names},
        "noNewPrivileges": confined,
    }


def written(config: str, name: str) -> str:
    """Lines for the node's root: CONFIG as the bundle NAME."""
    folder = f"{FOLDER}/bundles/{name}"
    return f"mkdir -p {folder}; cat > {folder}/config.json <<'END'\n{config}\nEND"


def run(name: str, *options: str) -> str:
    """The line that starts the bundle NAME as the container NAME."""
    words = " ".join(options)
    return f"{RUNC} run {words} --bundle {FOLDER}/bundles/{name} {name}"
