"""Group `kernel`: parameters of the running kernel."""

from typing import Annotated

from msgspec import Meta

from skyrocket.models.settings.group import ConfigFile, File, Group, Model, Rendered
from skyrocket.models.settings.scalars import SingleLineString, SysctlKey

_PATH = "/etc/sysctl.d/90-settings.conf"


class Kernel(Model, frozen=True):
    sysctl: Annotated[
        dict[SysctlKey, SingleLineString] | None,
        Meta(description="Kernel parameters and their values; values are texts, also numbers"),
    ] = None


def render(kernel: Kernel | None) -> Rendered:
    """sysctl.d's own format; `-` because one parameter this kernel lacks must not stop the rest."""
    parameters = (kernel and kernel.sysctl) or {}
    lines = [f"-{key} = {value}\n" for key, value in sorted(parameters.items())]
    return Rendered((File(_PATH, "".join(lines).encode()),))


GROUP = Group(
    name="kernel",
    about="Parameters of the running kernel.",
    model=Kernel,
    render=render,
    services={"sysctl": ("sysctl-conf",)},
    files={"sysctl-conf": ConfigFile(path=_PATH, effect="sysctl")},
)
