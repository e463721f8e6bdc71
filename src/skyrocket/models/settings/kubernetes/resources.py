"""How a node's processors and memory are shared out, and when pods must go."""

from typing import Annotated, Literal

import msgspec

from skyrocket.models.settings.durations import KubernetesDurationValue
from skyrocket.models.settings.group import Model, says
from skyrocket.models.settings.kubernetes import types as t
from skyrocket.models.settings.kubernetes.node import Node
from skyrocket.models.settings.scalars import Identifier, NonNegativeInteger

Quantity = t.KubernetesQuantityValue
CpuOption = Literal[
    "full-pcpus-only",
    "distribute-cpus-across-numa",
    "align-by-socket",
    "distribute-cpus-across-cores",
    "strict-cpu-reservation",
    "prefer-align-cpus-by-uncorecache",
]


_PAGES = "Pages of this size that are set aside, as an amount of memory"


class MemoryReservation(Model, frozen=True):
    enabled: Annotated[bool | None, says("Whether it holds", unset="false")] = None
    memory: Annotated[Quantity | None, says("Memory that is set aside")] = None
    hugepages_2mi: Annotated[Quantity | None, says(_PAGES)] = msgspec.field(
        name="hugepages-2Mi", default=None
    )
    hugepages_1gi: Annotated[Quantity | None, says(_PAGES)] = msgspec.field(
        name="hugepages-1Gi", default=None
    )


class TopologyOptions(Model, frozen=True):
    prefer_closest_numa_nodes: Annotated[
        bool | None, says("NUMA nodes near each other first", unset="false")
    ] = None
    max_allowable_numa_nodes: Annotated[
        NonNegativeInteger | None, says("With more NUMA nodes the kubelet does not start")
    ] = None


class Resources(Node, frozen=True):
    eviction_hard: Annotated[
        dict[t.EvictionKey, t.KubernetesThresholdValue] | None,
        says("Below so much, pods are ended at once"),
    ] = None
    eviction_soft: Annotated[
        dict[t.EvictionKey, t.KubernetesThresholdValue] | None,
        says("Below so much for a while, pods are asked to end"),
    ] = None
    eviction_soft_grace_period: Annotated[
        dict[t.EvictionKey, KubernetesDurationValue] | None, says("How long that while is")
    ] = None
    eviction_max_pod_grace_period: Annotated[
        NonNegativeInteger | None, says("Most seconds such a pod gets to end")
    ] = None
    kube_reserved: Annotated[
        dict[t.ReservedResource, Quantity] | None,
        says("Set aside for Kubernetes itself", unset="from max-pods and the processors"),
    ] = None
    system_reserved: Annotated[
        dict[t.ReservedResource, Quantity] | None, says("Set aside for the system")
    ] = None
    reserved_cpus: Annotated[
        t.KernelCpuSetValue | None, says("Processors that no pod gets for itself")
    ] = None
    cpu_cfs_quota_enforced: Annotated[
        bool | None, says("Whether limits on processors are enforced", unset="true")
    ] = None
    cpu_manager_policy: Annotated[
        Literal["static", "Static", "none", "None"] | None,
        says("Whether pods can have processors for themselves", unset="none"),
    ] = None
    cpu_manager_policy_options: Annotated[list[CpuOption] | None, says("How those are chosen")] = (
        None
    )
    cpu_manager_reconcile_period: Annotated[
        KubernetesDurationValue | None, says("How often that is checked", unset="10s")
    ] = None
    topology_manager_scope: Annotated[
        Literal["container", "pod"] | None, says("What is kept together", unset="container")
    ] = None
    topology_manager_policy: Annotated[
        Literal["none", "restricted", "best-effort", "single-numa-node"] | None,
        says("How much devices and processors are kept together", unset="none"),
    ] = None
    topology_manager_policy_options: TopologyOptions | None = None
    memory_manager_policy: Annotated[
        Literal["Static", "static", "None", "none"] | None,
        says("Whether pods can have memory of one NUMA node", unset="None"),
    ] = None
    memory_manager_reserved_memory: dict[Identifier, MemoryReservation] | None = None
    memory_swap_behavior: Annotated[
        Literal["NoSwap", "LimitedSwap"] | None, says("Whether pods may swap", unset="NoSwap")
    ] = None
    memory_reservation_policy: Annotated[
        Literal["None", "TieredReservation"] | None,
        says("Whether memory that pods ask for is protected", unset="None"),
    ] = None
    memory_throttling_factor: Annotated[
        Annotated[float, msgspec.Meta(gt=0, le=1)] | None,
        says("From which part of its limit on a pod is slowed down", unset="0.9"),
    ] = None
    single_process_oom_kill: Annotated[
        bool | None, says("Only the one process is ended when memory ends, not its container")
    ] = None
