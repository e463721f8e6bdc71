"""Group `cloudformation`: whom a booted node tells that it is there."""

from typing import Annotated

from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import SingleLineString


class Cloudformation(Model, frozen=True):
    should_signal: Annotated[
        bool | None, says("Whether a boot is signalled to CloudFormation", unset="false")
    ] = None
    stack_name: Annotated[SingleLineString | None, says("The stack that waits")] = None
    logical_resource_id: Annotated[
        SingleLineString | None, says("The resource of the stack that waits")
    ] = None


GROUP = Group(
    name="cloudformation",
    about="Whom a booted node tells that it is there.",
    model=Cloudformation,
    effects={"": Effect(does="the signal at the end of a boot", restarts=("cfsignal.service",))},
    defaults={"should-signal": False},
)
