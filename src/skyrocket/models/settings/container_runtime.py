"""Group `container-runtime`: how the workloads' containerd works."""

from typing import Annotated, Literal

from skyrocket.models.settings.forms import ChunkSize
from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import Int32


class ContainerRuntime(Model, frozen=True):
    max_container_log_line_size: Annotated[
        Int32 | None, says("Longest line of a container's log in bytes; -1: any", unset="16384")
    ] = None
    max_concurrent_downloads: Annotated[
        Int32 | None, says("Layers of one image fetched at once", unset="3")
    ] = None
    max_concurrent_unpacks: Annotated[
        Int32 | None, says("Layers of one image unpacked at once", unset="1")
    ] = None
    concurrent_download_chunk_size: Annotated[
        ChunkSize | None,
        says("Layers are fetched in pieces of so many bytes; `concurrent-layer-fetch-buffer` too"),
    ] = None
    enable_unprivileged_ports: Annotated[
        bool | None, says("Containers without rights may listen below 1024", unset="false")
    ] = None
    enable_unprivileged_icmp: Annotated[
        bool | None, says("Containers without rights may ping", unset="false")
    ] = None
    snapshotter: Annotated[
        Literal["overlayfs", "soci"] | None,
        says("What keeps images; a change empties the store of images", unset="overlayfs"),
    ] = None
    log_level: Annotated[
        Literal["trace", "debug", "info", "warn", "error", "fatal", "panic"] | None,
        says("From which weight on containerd logs", unset="info"),
    ] = None


GROUP = Group(
    name="container-runtime",
    about="How the workloads' containerd works.",
    model=ContainerRuntime,
    effects={
        "": Effect(
            does="containerd's configuration",
            restarts=("containerd.service",),
            packages=("containerd",),
        ),
        "snapshotter": Effect(
            does="containerd's configuration", reboot=True, packages=("containerd",)
        ),
    },
    aliases={"concurrent-layer-fetch-buffer": "concurrent-download-chunk-size"},
)
