"""Group `containers`, ours: workloads of a node that runs alone, without an orchestrator."""

from typing import Annotated, Literal

from msgspec import Meta

from skyrocket.models.settings.group import ConfigFile, Effect, File, Group, Model, Rendered, Unit
from skyrocket.models.settings.host_containers import encode_specification
from skyrocket.models.settings.scalars import (
    CpuLimit,
    Identifier,
    MemoryLimit,
    OciImageRef,
    SingleLineString,
)

FOLDER = "/etc/containers/"


class Container(Model, frozen=True):
    source: Annotated[OciImageRef | None, Meta(description="The image")] = None
    enabled: Annotated[bool | None, Meta(description="Whether it runs")] = None
    command: Annotated[
        list[SingleLineString] | None, Meta(description="What to run instead of the image's own")
    ] = None
    environment: Annotated[
        dict[SingleLineString, SingleLineString] | None,
        Meta(description="Environment variables on top of the image's own"),
    ] = None
    memory_limit: Annotated[MemoryLimit | None, Meta(description="At most so much")] = None
    cpu_limit: Annotated[CpuLimit | None, Meta(description="At most so many")] = None
    restart: Annotated[
        Literal["always", "on-failure", "never"] | None,
        Meta(description="What follows its end; `always` unless said"),
    ] = None


def render(containers: dict[Identifier, Container] | None) -> Rendered:
    """A container is handled once source and enabled are both said."""
    files, units = [], []
    for name, container in sorted((containers or {}).items()):
        if None in (container.source, container.enabled):
            continue
        path = f"{FOLDER}{name}.json"
        files.append(File(path, _specification(container), 0o600))
        units.append(Unit(f"containers@{name}.service", bool(container.enabled), path))
    return Rendered(tuple(files), tuple(units))


def _specification(container: Container) -> bytes:
    return encode_specification(
        {
            "source": container.source,
            "enabled": container.enabled,
            "restart": container.restart or "always",
            "command": container.command,
            "environment": container.environment,
            "memory": container.memory_limit and container.memory_limit.amount(),
            "cpu": container.cpu_limit and container.cpu_limit.amount(),
        }
    )


GROUP = Group(
    name="containers",
    about="Workloads of a node that runs alone; they share the host's network.",
    model=dict[Identifier, Container],
    effects={
        "": Effect(
            does="how the container runs; a change starts it anew",
            reach="works",
            restarts=("containers@NAME.service",),
            packages=("workloads",),
        )
    },
    render=render,
    services={"containers": ("containers",)},
    files={"containers": ConfigFile(path=FOLDER)},
)
