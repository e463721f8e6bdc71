"""Group `kubelet-dra-drivers`: drivers of Kubernetes' dynamic resource allocation."""

from typing import Annotated

from skyrocket.models.settings.group import Effect, Group, Model, says


class Driver(Model, frozen=True):
    enabled: Annotated[bool | None, says("Whether the driver runs", unset="false")] = None


class KubeletDraDrivers(Model, frozen=True):
    nvidia: Driver | None = None


GROUP = Group(
    name="kubelet-dra-drivers",
    about="Drivers of Kubernetes' dynamic resource allocation.",
    model=KubeletDraDrivers,
    effects={"": Effect(does="whether the driver's unit runs", packages=("nvidia",))},
)
