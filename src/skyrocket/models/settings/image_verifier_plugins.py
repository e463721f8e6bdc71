"""Group `image-verifier-plugins`: whether images must be signed, and by whom."""

from typing import Annotated

from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import ValidBase64


class Notation(Model, frozen=True):
    trustpolicy: Annotated[
        ValidBase64 | None, says("Base64 of notation's trust policy, a JSON document")
    ] = None


class ImageVerifierPlugins(Model, frozen=True):
    enabled: Annotated[
        bool | None, says("Whether images are checked before they run", unset="false")
    ] = None
    notation: Notation | None = None


GROUP = Group(
    name="image-verifier-plugins",
    about="Whether images must be signed, and by whom.",
    model=ImageVerifierPlugins,
    effects={
        "": Effect(
            does="containerd's image verifier",
            restarts=("containerd.service",),
            packages=("notation",),
        )
    },
)
