"""Group `container-runtime-plugins`: how the SOCI snapshotter fetches images."""

from typing import Annotated, Any, Literal

from skyrocket.models.settings.forms import ChunkSize
from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import Int64


class OpenChunkSize(ChunkSize):
    """An amount of bytes as a number or as text (`64mb`, `3mib`), or `unlimited`."""

    __slots__ = ()

    @classmethod
    def form(cls, value: object) -> Any:
        return Literal["unlimited"] if value == "unlimited" else super().form(value)

    @classmethod
    def every(cls) -> list[Any]:
        return [*super().every(), Literal["unlimited"]]

    @classmethod
    def settle(cls, value: Any) -> Any:
        return value if value == "unlimited" else super().settle(value)


class ParallelPull(Model, frozen=True):
    max_concurrent_downloads: Annotated[
        Int64 | None, says("Pieces fetched at once on the whole node; -1: any", unset="-1")
    ] = None
    max_concurrent_downloads_per_image: Annotated[
        Int64 | None, says("Pieces fetched at once for one image; -1: any", unset="3")
    ] = None
    concurrent_download_chunk_size: Annotated[
        OpenChunkSize | None, says("How large a piece is", unset="unlimited")
    ] = None
    max_concurrent_unpacks: Annotated[
        Int64 | None, says("Layers unpacked at once on the whole node; -1: any", unset="-1")
    ] = None
    max_concurrent_unpacks_per_image: Annotated[
        Int64 | None, says("Layers unpacked at once for one image; -1: any", unset="1")
    ] = None
    discard_unpacked_layers: Annotated[
        bool | None, says("Packed layers are not kept once they are unpacked", unset="false")
    ] = None


class SociSnapshotter(Model, frozen=True):
    pull_mode: Annotated[
        Literal["parallel-pull-unpack"] | None, says("How images are fetched; there is one way")
    ] = None
    parallel_pull_unpack: ParallelPull | None = None


class ContainerRuntimePlugins(Model, frozen=True):
    soci_snapshotter: SociSnapshotter | None = None


_UNIT = "soci-snapshotter.service"
GROUP = Group(
    name="container-runtime-plugins",
    about="How the SOCI snapshotter fetches images.",
    model=ContainerRuntimePlugins,
    effects={
        "": Effect(does="the snapshotter's configuration", restarts=(_UNIT,), packages=("soci",))
    },
)
