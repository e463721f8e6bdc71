"""Group `measurement`: which settings do not count when the TPM measures the configuration."""

from typing import Annotated

from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import Scalar, SingleLineString


class SettingPrefix(Scalar):
    """The beginning of a setting's name, with or without `settings.`; not all, not this group."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        plain = text.removeprefix("settings.")
        if not plain or plain == "settings" or "*" in plain:
            return f"{text!r} names no single part of the settings"
        if plain.split(".")[0] == "measurement":
            return f"{text!r}: what decides about measuring is always measured"
        return SingleLineString.refuse(text)


class Measurement(Model, frozen=True):
    excluded_settings: Annotated[
        list[SettingPrefix] | None, says("Settings that are left out of the measurement")
    ] = None


GROUP = Group(
    name="measurement",
    about="Which settings do not count when the TPM measures the configuration.",
    model=Measurement,
    effects={"": Effect(does="what is measured at the next boot", reboot=True)},
)
