"""Group `ntp`: where chrony takes the time from."""

from typing import Annotated

from msgspec import Meta

from skyrocket.models.settings.group import ConfigFile, File, Group, Model, Rendered
from skyrocket.models.settings.scalars import SingleLineString, Url


class Ntp(Model, frozen=True):
    time_servers: Annotated[
        list[Url] | None, Meta(description="Names or addresses of time servers")
    ] = None
    options: Annotated[
        list[SingleLineString] | None,
        Meta(description="chrony's options for every one of the servers"),
    ] = None


_HEAD = "# Written from the settings; change settings.ntp instead.\n"
_TAIL = """\
makestep 1.0 3
driftfile /var/lib/chrony/chrony.drift
dumpdir /var/lib/chrony
rtcsync
"""


def render(ntp: Ntp | None) -> Rendered:
    ntp = ntp or Ntp()
    options = "".join(f" {option}" for option in ntp.options or [])
    pools = "".join(f"pool {server}{options}\n" for server in ntp.time_servers or [])
    return Rendered((File("/etc/chrony/chrony.conf", (_HEAD + pools + _TAIL).encode()),))


GROUP = Group(
    name="ntp",
    about="Where the node takes the time from.",
    model=Ntp,
    render=render,
    services={"ntp": ("chrony-conf",)},
    files={
        "chrony-conf": ConfigFile(path="/etc/chrony/chrony.conf", restarts=("chronyd.service",))
    },
    defaults={"time-servers": ["2.debian.pool.ntp.org"], "options": ["iburst"]},
)
