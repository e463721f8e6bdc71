"""Group `host-containers`: containers that serve the host (admin, control, any other)."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from skyrocket.models.settings.group import (
    ConfigFile,
    Effect,
    File,
    Group,
    Model,
    Rendered,
    Unit,
    says,
)
from skyrocket.models.settings.scalars import (
    CpuLimit,
    Identifier,
    MemoryLimit,
    OciImageRef,
    SingleLineString,
    ValidBase64,
)

FOLDER = "/etc/host-containers/"


class HostContainer(Model, frozen=True):
    source: Annotated[OciImageRef | None, Meta(description="The image")] = None
    enabled: Annotated[bool | None, Meta(description="Whether it runs")] = None
    superpowered: Annotated[
        bool | None, Meta(description="Whether it may do everything the host may")
    ] = None
    user_data: Annotated[
        ValidBase64 | None, says("Base64; the container finds it as a file", secret=True)
    ] = None
    command: Annotated[
        list[SingleLineString] | None, Meta(description="What to run instead of the image's own")
    ] = None
    memory_limit: Annotated[MemoryLimit | None, Meta(description="At most so much; ours")] = None
    cpu_limit: Annotated[CpuLimit | None, Meta(description="At most so many; ours")] = None
    restart: Annotated[
        Literal["always", "on-failure", "never"] | None,
        Meta(description="What follows its end; `always` unless said; ours"),
    ] = None


def render(containers: dict[Identifier, HostContainer] | None) -> Rendered:
    """A container is handled once source, enabled and superpowered are all said."""
    files, units = [], []
    for name, container in sorted((containers or {}).items()):
        if None in (container.source, container.enabled, container.superpowered):
            continue
        path = f"{FOLDER}{name}.json"
        files.append(File(path, _specification(container), 0o600))
        units.append(Unit(f"host-containers@{name}.service", bool(container.enabled), path))
    return Rendered(tuple(files), tuple(units))


def _specification(container: HostContainer) -> bytes:
    """What the container verb reads; `enabled` is in it so that its change is seen too."""
    specification: dict[str, Any] = {
        "source": container.source,
        "enabled": container.enabled,
        "superpowered": container.superpowered,
        "restart": container.restart or "always",
        "user-data": container.user_data,
        "command": container.command,
        "memory": container.memory_limit and container.memory_limit.amount(),
        "cpu": container.cpu_limit and container.cpu_limit.amount(),
    }
    return encode_specification(specification)


def encode_specification(specification: dict[str, Any]) -> bytes:
    """One JSON object a file, without the keys that have no value."""
    said = {key: value for key, value in specification.items() if value is not None}
    text = msgspec.json.encode(said, enc_hook=str, order="sorted")
    return msgspec.json.format(text, indent=2) + b"\n"


GROUP = Group(
    name="host-containers",
    about="Containers that serve the host.",
    model=dict[Identifier, HostContainer],
    effects={
        "": Effect(
            does="how the container runs; a change starts it anew",
            reach="works",
            restarts=("host-containers@NAME.service",),
            packages=("host-containers",),
        )
    },
    render=render,
    weak=("NAME.source",),
    services={"host-containers": ("host-containers",)},
    files={"host-containers": ConfigFile(path=FOLDER)},
)
