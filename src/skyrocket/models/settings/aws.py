"""Group `aws`: where in AWS the node is, and as whom it speaks there."""

from typing import Annotated

from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import SingleLineString, ValidBase64


class Aws(Model, frozen=True):
    region: Annotated[
        SingleLineString | None, says("The region", unset="of the instance itself")
    ] = None
    config: Annotated[ValidBase64 | None, says("Base64 of the file ~/.aws/config")] = None
    credentials: Annotated[
        ValidBase64 | None, says("Base64 of the file ~/.aws/credentials", secret=True)
    ] = None
    profile: Annotated[
        SingleLineString | None, says("Which profile of the two is used", unset="default")
    ] = None


GROUP = Group(
    name="aws",
    about="Where in AWS the node is, and as whom it speaks there.",
    model=Aws,
    effects={
        "": Effect(does="configuration of AWS clients on the node"),
        "profile": Effect(
            does="configuration of AWS clients on the node", restarts=("kubelet.service",)
        ),
    },
)
