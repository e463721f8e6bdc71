"""Group `autoscaling`: whether a node of a warm pool waits before it joins."""

from typing import Annotated

from skyrocket.models.settings.group import Effect, Group, Model, says


class Autoscaling(Model, frozen=True):
    should_wait: Annotated[
        bool | None, says("Whether the node waits until it leaves its warm pool", unset="false")
    ] = None


GROUP = Group(
    name="autoscaling",
    about="Whether a node of a warm pool waits before it joins.",
    model=Autoscaling,
    effects={"": Effect(does="read when the orchestrator's agent starts", reboot=True)},
    defaults={"should-wait": False},
)
