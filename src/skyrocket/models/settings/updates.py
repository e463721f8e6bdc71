"""Group `updates`: where updates come from and which one this node takes."""

from typing import Annotated

from msgspec import Meta

from skyrocket.models.settings.group import Effect, Facts, Generator, Group, Model
from skyrocket.models.settings.scalars import FriendlyVersion, Url

SEEDS = 2048


class Updates(Model, frozen=True):
    metadata_base_url: Annotated[
        Url | None, Meta(description="Where the update repository's metadata is")
    ] = None
    targets_base_url: Annotated[
        Url | None, Meta(description="Where the update repository's targets are")
    ] = None
    seed: Annotated[
        Annotated[int, Meta(ge=0, le=2**32 - 1)] | None,
        Meta(description="The node's place in update waves; drawn once from 0 to 2047"),
    ] = None
    version_lock: Annotated[
        FriendlyVersion | None, Meta(description="The version to be at, or `latest`")
    ] = None
    ignore_waves: Annotated[
        bool | None, Meta(description="Take an update before the node's wave has come")
    ] = None


def make_seed(facts: Facts) -> int:
    return facts.random % SEEDS


GROUP = Group(
    name="updates",
    about="Where updates come from and which one this node takes.",
    model=Updates,
    effects={"": Effect(does="read by the updater, which is not there yet")},
    services={"updog": ()},
    files={},
    defaults={"version-lock": "latest", "ignore-waves": False},
    generators=(Generator(("updates", "seed"), "bork seed", make_seed),),
)
