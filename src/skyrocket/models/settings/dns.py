"""Group `dns`: which servers answer for names, instead of those that DHCP gives."""

from typing import Annotated

from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import IpAddress, ValidLinuxHostname


class Dns(Model, frozen=True):
    name_servers: Annotated[
        list[IpAddress] | None, says("Servers to ask for names", unset="from DHCP")
    ] = None
    search_list: Annotated[
        list[ValidLinuxHostname] | None,
        says("Domains in which short names are looked for", unset="from DHCP"),
    ] = None


GROUP = Group(
    name="dns",
    about="Which servers answer for names.",
    model=Dns,
    effects={"": Effect(does="the resolver's configuration")},
)
