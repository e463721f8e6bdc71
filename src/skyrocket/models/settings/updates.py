"""Group `updates`: where updates come from and which one this node takes."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from skyrocket.models.settings.durations import KubernetesDurationValue
from skyrocket.models.settings.group import (
    ConfigFile,
    Effect,
    Facts,
    File,
    Generator,
    Group,
    Model,
    Rendered,
)
from skyrocket.models.settings.scalars import FriendlyVersion, Url

SEEDS = 2048
PATH = "/etc/updog.toml"
"""Upstream's name and keys: whoever looks for them finds them."""


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
    bandwidth_limit: Annotated[
        Annotated[int, Meta(ge=16384, le=2**40)] | None,
        Meta(description="Bytes a second that an update may fetch on average; ours"),
    ] = None
    least_age: Annotated[
        KubernetesDurationValue | None,
        Meta(description="How long a version must have been published before it is taken; ours"),
    ] = None
    wave_ramp: Annotated[
        Literal["absolute", "offset"] | None,
        Meta(
            description="How a seed waits inside its wave: as upstream does, or counted from the "
            "wave's first seed; ours"
        ),
    ] = None


def make_seed(facts: Facts) -> int:
    return facts.random % SEEDS


def render(updates: Updates | None) -> Rendered:
    """A line for each setting; strings of JSON are strings of TOML, and ours are more than str."""
    if updates is None:
        return Rendered()
    values = [(name, getattr(updates, name)) for name in updates.__struct_fields__]
    # A URL is a kind of string of its own, which the encoder asks about.
    texts = [(n, msgspec.json.encode(v, enc_hook=str).decode()) for n, v in values if v is not None]
    lines = [f"{name} = {text}\n" for name, text in texts]
    return Rendered((File(PATH, "".join(lines).encode()),))


GROUP = Group(
    name="updates",
    about="Where updates come from and which one this node takes.",
    model=Updates,
    effects={"": Effect(does="read by the updater at its next command", reach="works")},
    render=render,
    services={"updog": ("updog-toml",)},
    files={"updog-toml": ConfigFile(path=PATH)},
    defaults={"version-lock": "latest", "ignore-waves": False},
    generators=(Generator(("updates", "seed"), "bork seed", make_seed),),
)
