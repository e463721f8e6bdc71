"""Group `oci-defaults`: what containers may do when nobody says otherwise."""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from skyrocket.models.settings.forms import Forms
from skyrocket.models.settings.group import Effect, Group, Model, says

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


GROUP = Group(
    name="oci-defaults",
    about="What containers may do when nobody says otherwise.",
    model=OciDefaults,
    effects={
        "": Effect(
            does="specification of every container of the orchestrator; not of host containers",
            restarts=("containerd.service",),
            packages=("containerd",),
        )
    },
    defaults={"capabilities": dict.fromkeys(GIVEN, True)},
)
