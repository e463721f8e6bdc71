"""Group `metrics`: whether and where the node tells how it is."""

from typing import Annotated

from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import SingleLineString, Url


class Metrics(Model, frozen=True):
    metrics_url: Annotated[Url | None, says("Where to", unset="nothing is sent")] = None
    send_metrics: Annotated[
        bool | None, says("Whether the node reports its health and its boots", unset="false")
    ] = None
    service_checks: Annotated[
        list[SingleLineString] | None, says("Units whose state is part of the report")
    ] = None


GROUP = Group(
    name="metrics",
    about="Whether and where the node tells how it is.",
    model=Metrics,
    effects={"": Effect(does="what is reported, and to whom")},
    defaults={"send-metrics": False},
)
