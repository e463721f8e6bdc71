"""Group `oci-defaults`: what containers may do when nobody says otherwise."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from skyrocket.models.settings.forms import Forms
from skyrocket.models.settings.group import (
    ConfigFile,
    Effect,
    File,
    Group,
    Model,
    Rendered,
    says,
)

Capability = Literal[
    "audit-control", "audit-read", "audit-write", "block-suspend", "bpf", "checkpoint-restore",
    "chown", "dac-override", "dac-read-search", "fowner", "fsetid", "ipc-lock", "ipc-owner",
    "kill", "lease", "linux-immutable", "mac-admin", "mac-override", "mknod", "net-admin",
    "net-bind-service", "net-broadcast", "net-raw", "perfmon", "setgid", "setfcap", "setpcap",
    "setuid", "sys-admin", "sys-boot", "sys-chroot", "sys-module", "sys-nice", "sys-pacct",
    "sys-ptrace", "sys-rawio", "sys-resource", "sys-time", "sys-tty-config", "syslog",
    "wake-alarm",
]  # fmt: skip
Limit = Literal[
    "max-address-space", "max-core-file-size", "max-cpu-time", "max-data-size", "max-file-locks",
    "max-file-size", "max-locked-memory", "max-msgqueue-size", "max-nice-priority",
    "max-open-files", "max-pending-signals", "max-processes", "max-realtime-priority",
    "max-realtime-timeout", "max-resident-set", "max-stack-size",
]  # fmt: skip
GIVEN = (
    "audit-write", "chown", "dac-override", "fowner", "fsetid", "kill", "mknod",
    "net-bind-service", "net-raw", "setgid", "setfcap", "setpcap", "setuid", "sys-chroot",
)  # fmt: skip


class RlimitValue(Forms):
    """A number from -1 to 2^63 - 1, or `unlimited`, which is kept as -1."""

    __slots__ = ()
    forms: ClassVar[dict[type, Any]] = {
        int: Annotated[int, Meta(ge=-1, le=2**63 - 1)],
        str: Literal["unlimited"],
    }

    @classmethod
    def settle(cls, value: Any) -> Any:
        return -1 if value == "unlimited" else value


class ResourceLimit(Model, frozen=True):
    soft_limit: Annotated[RlimitValue, says("What a process gets; both must be said")]
    hard_limit: Annotated[RlimitValue, says("What it may raise it to; both must be said")]


class OciDefaults(Model, frozen=True):
    capabilities: Annotated[
        dict[Capability, bool] | None, says("Whether containers get the capability")
    ] = None
    resource_limits: dict[Limit, ResourceLimit] | None = None


_PATH = "/etc/containerd/oci-defaults.json"
_LIMITS = {
    "max-address-space": "AS", "max-core-file-size": "CORE", "max-cpu-time": "CPU",
    "max-data-size": "DATA", "max-file-locks": "LOCKS", "max-file-size": "FSIZE",
    "max-locked-memory": "MEMLOCK", "max-msgqueue-size": "MSGQUEUE", "max-nice-priority": "NICE",
    "max-open-files": "NOFILE", "max-pending-signals": "SIGPENDING", "max-processes": "NPROC",
    "max-realtime-priority": "RTPRIO", "max-realtime-timeout": "RTTIME", "max-resident-set": "RSS",
    "max-stack-size": "STACK",
}  # fmt: skip
_UNLIMITED = 2**64 - 1
"""What the runtime specification has for no limit."""


def render(defaults: OciDefaults | None) -> Rendered:
    """In the runtime specification's own words; nothing said, nothing written."""
    if defaults is None:
        return Rendered()
    said: dict[str, Any] = {}
    if defaults.capabilities is not None:
        given = [name for name, on in defaults.capabilities.items() if on]
        said["capabilities"] = [f"CAP_{n.upper().replace('-', '_')}" for n in sorted(given)]
    limits = [
        {
            "type": f"RLIMIT_{_LIMITS[name]}",
            "soft": _amount(limit.soft_limit),
            "hard": _amount(limit.hard_limit),
        }
        for name, limit in sorted((defaults.resource_limits or {}).items())
    ]
    if limits:
        said["rlimits"] = limits
    text = msgspec.json.format(msgspec.json.encode(said), indent=2)
    return Rendered((File(_PATH, text + b"\n"),))


def _amount(limit: RlimitValue) -> int:
    value: int = limit.value
    return _UNLIMITED if value == -1 else value


GROUP = Group(
    name="oci-defaults",
    about="What containers may do when nobody says otherwise.",
    model=OciDefaults,
    effects={
        "": Effect(
            does="what workloads may do, each from its next start on; not host containers",
            reach="works",
            packages=("workloads",),
        )
    },
    render=render,
    services={"oci-defaults": ("oci-defaults",)},
    files={"oci-defaults": ConfigFile(path=_PATH)},
    defaults={"capabilities": dict.fromkeys(GIVEN, True)},
)
