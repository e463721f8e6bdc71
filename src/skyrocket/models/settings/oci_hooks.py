"""Group `oci-hooks`: what runs beside a container's start."""

from typing import Annotated

from skyrocket.models.settings.group import Effect, Group, Model, says


class OciHooks(Model, frozen=True):
    log4j_hotpatch_enabled: Annotated[
        bool | None, says("A patch of Java programs of 2021 that no longer exists", unset="false")
    ] = None


GROUP = Group(
    name="oci-hooks",
    about="What runs beside a container's start.",
    model=OciHooks,
    effects={"": Effect(does="nothing, also in Bottlerocket; kept so that old user data is taken")},
    defaults={"log4j-hotpatch-enabled": False},
)
