"""Group `nvidia-container-runtime`: how containers get graphics processors."""

from typing import Annotated

from skyrocket.models.settings.group import Effect, Group, Model, says


class NvidiaContainerRuntime(Model, frozen=True):
    visible_devices_as_volume_mounts: Annotated[
        bool | None, says("Devices may be asked for by mounts", unset="true")
    ] = None
    visible_devices_envvar_when_unprivileged: Annotated[
        bool | None,
        says("Devices may be asked for by a variable without privileges", unset="false"),
    ] = None


GROUP = Group(
    name="nvidia-container-runtime",
    about="How containers get graphics processors.",
    model=NvidiaContainerRuntime,
    effects={
        "": Effect(
            does="the runtime's configuration, read at each start of a container",
            packages=("nvidia",),
        )
    },
    defaults={
        "visible-devices-as-volume-mounts": True,
        "visible-devices-envvar-when-unprivileged": False,
    },
)
