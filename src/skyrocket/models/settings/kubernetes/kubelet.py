"""How the kubelet itself works: requests, logs, images, its end."""

from typing import Annotated

from skyrocket.models.settings.durations import KubernetesDurationValue
from skyrocket.models.settings.group import says
from skyrocket.models.settings.kubernetes import types as t
from skyrocket.models.settings.kubernetes.extra_config import KubeletExtraConfig
from skyrocket.models.settings.kubernetes.resources import Resources
from skyrocket.models.settings.scalars import Int32, SingleLineString, UInt8

_RATE, _BURST = "a second; 0 is any number", "at once"


class Kubernetes(Resources, frozen=True):
    registry_qps: Annotated[Int32 | None, says(f"Pulls {_RATE}", unset="5")] = None
    registry_burst: Annotated[Int32 | None, says(f"Pulls {_BURST}", unset="10")] = None
    event_qps: Annotated[Int32 | None, says(f"Events {_RATE}", unset="50")] = None
    event_burst: Annotated[Int32 | None, says(f"Events {_BURST}", unset="100")] = None
    kube_api_qps: Annotated[Int32 | None, says("Requests to the cluster a second", unset="50")] = (
        None
    )
    kube_api_burst: Annotated[
        Int32 | None, says(f"Requests to the cluster {_BURST}", unset="100")
    ] = None
    container_log_max_size: Annotated[
        t.KubernetesQuantityValue | None, says("Size at which a log is changed", unset="10Mi")
    ] = None
    container_log_max_files: Annotated[
        Int32 | None, says("Logs kept for one container", unset="5")
    ] = None
    container_log_max_workers: Annotated[Int32 | None, says("Logs changed at once", unset="1")] = (
        None
    )
    container_log_monitor_interval: Annotated[
        KubernetesDurationValue | None, says("How often sizes are looked at", unset="10s")
    ] = None
    image_gc_high_threshold_percent: Annotated[
        t.IntegerPercent | None, says("Disk use at which images are removed", unset="85")
    ] = None
    image_gc_low_threshold_percent: Annotated[
        t.IntegerPercent | None, says("Disk use down to which they are", unset="80")
    ] = None
    image_minimum_gc_age: Annotated[
        KubernetesDurationValue | None, says("A younger image stays", unset="2m")
    ] = None
    image_maximum_gc_age: Annotated[
        KubernetesDurationValue | None, says("An image unused for so long goes")
    ] = None
    max_parallel_image_pulls: Annotated[
        Int32 | None, says("Images fetched at once", unset="any number")
    ] = None
    shutdown_grace_period: Annotated[
        KubernetesDurationValue | None,
        says("How long a shutdown of the node waits for pods", unset="0s"),
    ] = None
    shutdown_grace_period_for_critical_pods: Annotated[
        KubernetesDurationValue | None, says("The part of it for critical pods", unset="0s")
    ] = None
    log_level: Annotated[UInt8 | None, says("How much the kubelet logs", unset="2")] = None
    container_runtime_endpoint: Annotated[
        SingleLineString | None, says("Socket of the container runtime")
    ] = None
    kubelet_extra_config: Annotated[
        KubeletExtraConfig | None, says("Base64 of more of the kubelet's own configuration")
    ] = None
