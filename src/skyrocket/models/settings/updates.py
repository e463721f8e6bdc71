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
    says,
)
from skyrocket.models.settings.scalars import (
    FriendlyVersion,
    Identifier,
    SingleLineString,
    Url,
)

SEEDS = 2048
PATH = "/etc/updog.toml"
"""Upstream's name and keys: whoever looks for them finds them."""


CHECKS = "/etc/update-checks.json"
OURS = ("checks", "trial_deadline")
"""Fields that `health` reads, and the updater does not."""


class Check(Model, frozen=True):
    """What must hold before a new version is kept; ours."""

    kind: Annotated[
        Literal["command", "http", "tcp"] | None,
        Meta(description="What is tried: a command in a host container, a GET, a connection"),
    ] = None
    container: Annotated[
        Identifier | None, Meta(description="The host container of a `command`")
    ] = None
    command: Annotated[
        list[SingleLineString] | None,
        Meta(description="The words of a `command`; it must end in 0"),
    ] = None
    url: Annotated[
        Url | None, Meta(description="What `http` asks; it must answer with 200 to 399")
    ] = None
    address: Annotated[
        SingleLineString | None, Meta(description="Where `tcp` connects to: `HOST:PORT`")
    ] = None
    retries: Annotated[
        Annotated[int, Meta(ge=0, le=1000)] | None,
        says("How often it is tried again, 5 seconds apart", unset="3"),
    ] = None
    deadline: Annotated[
        Annotated[int, Meta(ge=1, le=3600)] | None,
        says("Seconds in which it must have passed", unset="60"),
    ] = None
    may_roll_back: Annotated[
        bool | None,
        says("Whether the node goes back when it fails; else that is only shown", unset="true"),
    ] = None

    def __post_init__(self) -> None:
        needed = {"command": ("container", "command"), "http": ("url",), "tcp": ("address",)}
        missing = [name for name in needed.get(self.kind or "", ()) if not getattr(self, name)]
        if self.kind is None:
            raise ValueError("a check needs `kind`")
        if missing:
            raise ValueError(f"a check of kind {self.kind} needs `{'` and `'.join(missing)}`")
        if self.address is not None and not self.address.rpartition(":")[2].isdecimal():
            raise ValueError(f"{str(self.address)!r} is no HOST:PORT")


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
    trial_deadline: Annotated[
        Annotated[int, Meta(ge=10, le=3600)] | None,
        says("Seconds in which a new version must prove itself, or the node goes back",
             unset="180"),
    ] = None  # fmt: skip
    checks: Annotated[
        dict[Identifier, Check] | None,
        Meta(description="What must hold besides before a new version is kept"),
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
    names = [name for name in updates.__struct_fields__ if name not in OURS]
    values = [(name, getattr(updates, name)) for name in names]
    # A URL is a kind of string of its own, which the encoder asks about.
    texts = [(n, msgspec.json.encode(v, enc_hook=str).decode()) for n, v in values if v is not None]
    lines = [f"{name} = {text}\n" for name, text in texts]
    files = [File(PATH, "".join(lines).encode())]
    if updates.checks or updates.trial_deadline:
        said = {"deadline": updates.trial_deadline, "checks": updates.checks or {}}
        raw = msgspec.json.encode(said, enc_hook=str, order="deterministic")
        files.append(File(CHECKS, raw + b"\n", 0o600))
    return Rendered(tuple(files))


GROUP = Group(
    name="updates",
    about="Where updates come from and which one this node takes.",
    model=Updates,
    effects={
        "": Effect(does="read by the updater at its next command", reach="works"),
        "trial-deadline": Effect(does="read when the next version is on trial", reach="works"),
        "checks": Effect(does="tried when the next version is on trial", reach="works"),
    },
    render=render,
    services={"updog": ("updog-toml",), "health": ("update-checks",)},
    files={"updog-toml": ConfigFile(path=PATH), "update-checks": ConfigFile(path=CHECKS)},
    defaults={"version-lock": "latest", "ignore-waves": False},
    generators=(Generator(("updates", "seed"), "bork seed", make_seed),),
)
