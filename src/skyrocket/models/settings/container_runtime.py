"""Group `container-runtime`: how the workloads' containerd works."""

from typing import Annotated, Any, Literal

import msgspec

from skyrocket.models.settings.forms import ChunkSize
from skyrocket.models.settings.group import (
    ConfigFile,
    Effect,
    File,
    Group,
    Model,
    Rendered,
    says,
)
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
        says("From which weight on containerd logs", unset="warn"),
    ] = None


_PATH = "/etc/containerd/conf.d/90-settings.toml"
_PULL = "/etc/containerd/pull.json"
_HEAD = "# Written from the settings; change settings.container-runtime instead.\nversion = 2\n"


def render(runtime: ContainerRuntime | None) -> Rendered:
    """A file that containerd's own imports, and what our pulls of workloads obey."""
    runtime = runtime or ContainerRuntime()
    said: dict[str, Any] = {
        "enable_unprivileged_icmp": runtime.enable_unprivileged_icmp,
        "enable_unprivileged_ports": runtime.enable_unprivileged_ports,
        "max_concurrent_downloads": runtime.max_concurrent_downloads,
        "max_container_log_line_size": runtime.max_container_log_line_size,
    }
    text = _table("debug", {"level": runtime.log_level})
    text += _table('plugins."io.containerd.grpc.v1.cri"', said)
    files = [File(_PATH, (_HEAD + text).encode())] if text else []
    most = runtime.max_concurrent_downloads
    if most is not None and most > 0:
        pull = msgspec.json.encode({"max-concurrent-downloads": most})
        files.append(File(_PULL, pull + b"\n"))
    return Rendered(tuple(files))


def _table(title: str, values: dict[str, Any]) -> str:
    """Numbers, truth values and words are the same text in TOML and JSON."""
    lines = [
        f"{key} = {msgspec.json.encode(value).decode()}\n"
        for key, value in values.items()
        if value is not None
    ]
    return f"\n[{title}]\n{''.join(lines)}" if lines else ""


_CONTAINERD = ("containerd.service",)
_ORCHESTRATED = Effect(
    does="containers that an orchestrator starts",
    reach="rendered",
    restarts=_CONTAINERD,
    packages=("containerd",),
)
GROUP = Group(
    name="container-runtime",
    about="How the workloads' containerd works.",
    model=ContainerRuntime,
    effects={
        "": Effect(
            does="containerd's configuration", restarts=_CONTAINERD, packages=("containerd",)
        ),
        "max-container-log-line-size": _ORCHESTRATED,
        "enable-unprivileged-ports": _ORCHESTRATED,
        "enable-unprivileged-icmp": _ORCHESTRATED,
        "max-concurrent-downloads": Effect(
            does="pulls of workloads' images",
            reach="works",
            restarts=_CONTAINERD,
            packages=("containerd",),
        ),
        "log-level": Effect(
            does="what containerd writes to the journal",
            reach="works",
            restarts=_CONTAINERD,
            packages=("containerd",),
        ),
        "snapshotter": Effect(
            does="containerd's configuration", reboot=True, packages=("containerd",)
        ),
    },
    render=render,
    services={"containerd-settings": ("containerd-conf", "containerd-pull")},
    files={
        "containerd-conf": ConfigFile(path=_PATH, restarts=_CONTAINERD),
        "containerd-pull": ConfigFile(path=_PULL),
    },
    aliases={"concurrent-layer-fetch-buffer": "concurrent-download-chunk-size"},
)
