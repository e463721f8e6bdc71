"""Group `bootstrap-commands`: calls of `apiclient` that the node makes itself at boot."""

from typing import Annotated, Any, ClassVar

from skyrocket.models.settings.bootstrap import ESSENTIAL, WHEN, BootstrapMode
from skyrocket.models.settings.forms import Forms
from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import Identifier, ScalarError


class ApiclientCommand(Forms):
    """A list of words, the first of which is `apiclient`."""

    __slots__ = ()
    forms: ClassVar[dict[type, Any]] = {list: list[str]}

    @classmethod
    def settle(cls, value: Any) -> Any:
        if value[:1] != ["apiclient"]:
            first = repr(value[0]) if value else "nothing"
            raise ScalarError(
                f"Unable to deserialize into {cls.__name__}: it begins with {first}, "
                "not with 'apiclient'"
            )
        return value


class BootstrapCommand(Model, frozen=True):
    commands: Annotated[
        list[ApiclientCommand] | None,
        says("Calls in their order, each a list of words that begins with `apiclient`"),
    ] = None
    mode: Annotated[BootstrapMode | None, says(WHEN, unset="off")] = None
    essential: Annotated[bool | None, says(ESSENTIAL, unset="false")] = None


GROUP = Group(
    name="bootstrap-commands",
    about="Calls of `apiclient` that the node makes itself at boot.",
    model=dict[Identifier, BootstrapCommand],
    effects={"": Effect(does="what runs at the next boot", reboot=True)},
)
