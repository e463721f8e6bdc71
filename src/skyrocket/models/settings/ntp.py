"""Group `ntp`: where chrony takes the time from."""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from skyrocket.models.settings.forms import Forms
from skyrocket.models.settings.group import (
    ConfigFile,
    Effect,
    File,
    Group,
    Model,
    Rendered,
    says,
)
from skyrocket.models.settings.scalars import Identifier, ScalarError, SingleLineString, Url


class TimeServer(Model, frozen=True):
    address: Annotated[Url, says("A name or an address")]
    directive: Annotated[
        Literal["server", "pool"] | None,
        says("One server, or a name that stands for several", unset="server"),
    ] = None
    options: Annotated[list[SingleLineString] | None, says("chrony's options for this one")] = None


class TimeServers(Forms):
    """A list of Url, a list of {address, directive, options}, or a table NAME = {address, …}.

    Kept as a list; a table in the order of its names. One list does not mix texts and tables.
    """

    __slots__ = ()
    forms: ClassVar[dict[type, Any]] = {list: list[Url], dict: dict[Identifier, TimeServer]}

    @classmethod
    def form(cls, value: object) -> Any:
        if not isinstance(value, list) or not any(isinstance(item, dict) for item in value):
            return super().form(value)
        if any(isinstance(item, str) for item in value):
            raise ScalarError("time-servers mixes texts and tables in one list")
        return list[TimeServer]

    @classmethod
    def every(cls) -> list[Any]:
        return [*super().every(), list[TimeServer]]

    @classmethod
    def settle(cls, value: Any) -> Any:
        return [each for _, each in sorted(value.items())] if isinstance(value, dict) else value


class Ntp(Model, frozen=True):
    time_servers: Annotated[
        TimeServers | None, Meta(description="Names or addresses of time servers")
    ] = None
    options: Annotated[
        list[SingleLineString] | None,
        Meta(description="chrony's options for every server that is given as a mere text"),
    ] = None
    logging: Annotated[
        list[SingleLineString] | None,
        says("What chrony logs below /var/log/chrony, such as `tracking`"),
    ] = None


_HEAD = "# Written from the settings; change settings.ntp instead.\n"
_TAIL = """\
makestep 1.0 3
driftfile /var/lib/chrony/chrony.drift
dumpdir /var/lib/chrony
rtcsync
"""
_LOGS = "logdir /var/log/chrony\n"


def render(ntp: Ntp | None) -> Rendered:
    ntp = ntp or Ntp()
    servers = ntp.time_servers.value if ntp.time_servers else []
    lines = "".join(f"{_line(server, ntp.options or [])}\n" for server in servers)
    text = _HEAD + lines + _TAIL
    if ntp.logging:
        text += f"{_LOGS}log {' '.join(ntp.logging)}\n"
    return Rendered((File("/etc/chrony/chrony.conf", text.encode()),))


def _line(server: Url | TimeServer, options: list[SingleLineString]) -> str:
    if isinstance(server, TimeServer):
        return " ".join([server.directive or "server", server.address, *(server.options or [])])
    return " ".join(["pool", server, *options])


_CHRONY = Effect(
    does="chrony's configuration",
    reach="works",
    restarts=("chronyd.service",),
    packages=("chrony",),
)
GROUP = Group(
    name="ntp",
    about="Where the node takes the time from.",
    model=Ntp,
    effects={"": _CHRONY},
    render=render,
    services={"ntp": ("chrony-conf",)},
    files={
        "chrony-conf": ConfigFile(path="/etc/chrony/chrony.conf", restarts=("chronyd.service",))
    },
    defaults={"time-servers": ["2.debian.pool.ntp.org"], "options": ["iburst"]},
)
