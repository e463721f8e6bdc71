"""Group `bootstrap-containers`: containers that prepare the node before anything else runs."""

from typing import Annotated

from skyrocket.models.settings.bootstrap import ESSENTIAL, WHEN, BootstrapMode
from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import (
    Identifier,
    OciImageRef,
    SingleLineString,
    ValidBase64,
)


class BootstrapContainer(Model, frozen=True):
    source: Annotated[OciImageRef | None, says("The image")] = None
    mode: Annotated[BootstrapMode | None, says(WHEN, unset="off")] = None
    user_data: Annotated[
        ValidBase64 | None, says("Base64; the container finds it as a file", secret=True)
    ] = None
    essential: Annotated[bool | None, says(ESSENTIAL, unset="false")] = None
    command: Annotated[
        list[SingleLineString] | None, says("What to run instead of the image's own")
    ] = None


GROUP = Group(
    name="bootstrap-containers",
    about="Containers that prepare the node at boot.",
    model=dict[Identifier, BootstrapContainer],
    effects={"": Effect(does="what runs at the next boot", reboot=True)},
)
