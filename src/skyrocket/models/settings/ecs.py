"""Group `ecs`: the agent of Amazon's container service."""

from typing import Annotated, Literal

from skyrocket.models.settings.durations import ECSDurationValue
from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import Int64, Patterned, SingleLineString, UInt16


class ECSAttributeKey(Patterned):
    """The name of an attribute: 1 to 128 of [a-zA-Z0-9._/-]."""

    __slots__ = ()
    pattern = "[a-zA-Z0-9._/-]{1,128}"
    rule = "must be 1 to 128 of [a-zA-Z0-9._/-]"


class ECSAttributeValue(Patterned):
    r"""The value of an attribute: 1 to 128 of [a-zA-Z0-9.@:/\\_-], blanks only inside."""

    __slots__ = ()
    pattern = r"(?! )[a-zA-Z0-9.@:/\\_ -]{1,128}(?<! )"
    rule = r"must be 1 to 128 of [a-zA-Z0-9.@:/\_-], with blanks only inside"


class Ecs(Model, frozen=True):
    cluster: Annotated[str | None, says("The cluster to join", unset="default")] = None
    instance_attributes: Annotated[
        dict[ECSAttributeKey, ECSAttributeValue] | None,
        says("What tasks may ask of a node; `bottlerocket.variant` is always there"),
    ] = None
    allow_privileged_containers: Annotated[
        bool | None, says("Whether tasks may be privileged", unset="false")
    ] = None
    logging_drivers: Annotated[list[SingleLineString] | None, says("Where tasks may log to")] = None
    loglevel: Annotated[
        Literal["debug", "info", "warn", "error", "crit"] | None,
        says("From which weight on the agent logs", unset="info"),
    ] = None
    enable_spot_instance_draining: Annotated[
        bool | None, says("Tasks leave when the instance is about to be taken", unset="false")
    ] = None
    image_pull_behavior: Annotated[
        Literal["default", "always", "once", "prefer-cached"] | None,
        says("When an image is fetched anew", unset="default"),
    ] = None
    container_stop_timeout: Annotated[
        ECSDurationValue | None, says("How long a container may take to end", unset="30s")
    ] = None
    task_cleanup_wait: Annotated[
        ECSDurationValue | None, says("How long an ended task is kept", unset="3h")
    ] = None
    metadata_service_rps: Annotated[
        Int64 | None, says("Requests a second to the metadata service", unset="40")
    ] = None
    metadata_service_burst: Annotated[Int64 | None, says("So many at once", unset="60")] = None
    reserved_memory: Annotated[
        UInt16 | None, says("Memory in MiB that tasks do not get", unset="0")
    ] = None
    image_cleanup_enabled: Annotated[
        bool | None, says("Whether unused images are removed", unset="true")
    ] = None
    image_cleanup_wait: Annotated[ECSDurationValue | None, says("How often", unset="30m")] = None
    image_cleanup_delete_per_cycle: Annotated[
        Int64 | None, says("How many at a time", unset="5")
    ] = None
    image_cleanup_age: Annotated[
        ECSDurationValue | None, says("How old an image must be", unset="1h")
    ] = None
    backend_host: Annotated[str | None, says("Address of the service, for tests")] = None
    awsvpc_block_imds: Annotated[
        bool | None, says("Tasks in awsvpc mode do not reach instance metadata", unset="false")
    ] = None
    enable_container_metadata: Annotated[
        bool | None, says("Containers find a file that tells about them", unset="false")
    ] = None


GROUP = Group(
    name="ecs",
    about="The agent of Amazon's container service.",
    model=Ecs,
    effects={
        "": Effect(
            does="the agent's configuration", restarts=("ecs.service",), packages=("ecs-agent",)
        )
    },
    defaults={
        "allow-privileged-containers": False,
        "enable-spot-instance-draining": False,
        "logging-drivers": ["json-file", "awslogs", "none"],
        "loglevel": "info",
    },
)
