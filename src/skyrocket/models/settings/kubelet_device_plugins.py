"""Group `kubelet-device-plugins`: how pods get graphics processors."""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from skyrocket.models.settings.forms import Forms
from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import Patterned

_Way = Literal["volume-mounts", "envvar", "cdi-cri"]


class DeviceListStrategy(Forms):
    """`volume-mounts`, `envvar` or `cdi-cri`, or a list of them; kept as given."""

    __slots__ = ()
    forms: ClassVar[dict[type, Any]] = {str: _Way, list: list[_Way]}


class GpuModel(Patterned):
    """A model of graphics processor and its memory: `a100.40gb`."""

    __slots__ = ()
    pattern = r"[a-z][0-9]+\.[0-9]+gb"
    rule = "is no model such as a100.40gb"


class MigProfile(Patterned):
    """Into what a processor is cut: `1`, `2`, `3`, `4`, `7` parts, or `1g.5gb`."""

    __slots__ = ()
    pattern = r"[12347]|[0-9]g\.[0-9]+gb"
    rule = "is neither 1, 2, 3, 4, 7 nor a profile such as 1g.5gb"


class TimeSlicing(Model, frozen=True):
    replicas: Annotated[
        Annotated[int, Meta(ge=2, le=2**31 - 1)] | None, says("Shares of one device", unset="2")
    ] = None
    rename_by_default: Annotated[
        bool | None, says("Shares are offered under a name of their own", unset="true")
    ] = None
    fail_requests_greater_than_one: Annotated[
        bool | None, says("Asking for more than one share fails", unset="true")
    ] = None


class Mps(Model, frozen=True):
    replicas: Annotated[
        Annotated[int, Meta(ge=2, le=48)] | None, says("Shares of one device", unset="2")
    ] = None
    rename_by_default: Annotated[
        bool | None, says("Shares are offered under a name of their own", unset="true")
    ] = None


class Mig(Model, frozen=True):
    profile: Annotated[
        dict[GpuModel, MigProfile] | None, says("For each model, into what it is cut")
    ] = None


class Nvidia(Model, frozen=True):
    enabled: Annotated[bool | None, says("Whether the plugin runs", unset="true")] = None
    pass_device_specs: Annotated[
        bool | None, says("Device nodes are told to the kubelet", unset="true")
    ] = None
    device_id_strategy: Annotated[
        Literal["index", "uuid"] | None, says("How devices are called", unset="index")
    ] = None
    device_list_strategy: Annotated[
        DeviceListStrategy | None, says("How a pod is told of its devices", unset="volume-mounts")
    ] = None
    device_sharing_strategy: Annotated[
        Literal["none", "time-slicing", "mps"] | None,
        says("How several pods share a device", unset="none"),
    ] = None
    time_slicing: TimeSlicing | None = None
    mps: Mps | None = None
    device_partitioning_strategy: Annotated[
        Literal["none", "mig"] | None, says("Whether devices are cut into parts", unset="none")
    ] = None
    mig: Mig | None = None


class KubeletDevicePlugins(Model, frozen=True):
    nvidia: Nvidia | None = None


GROUP = Group(
    name="kubelet-device-plugins",
    about="How pods get graphics processors.",
    model=KubeletDevicePlugins,
    effects={
        "": Effect(
            does="the device plugin's configuration",
            restarts=("nvidia-k8s-device-plugin.service",),
            packages=("nvidia",),
        )
    },
)
