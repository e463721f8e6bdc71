"""What the cluster knows of a node: names, labels, addresses, how many pods it takes."""

from typing import Annotated, Literal

from skyrocket.models.settings.group import says
from skyrocket.models.settings.kubernetes import types as t
from skyrocket.models.settings.kubernetes.cluster import Cluster
from skyrocket.models.settings.scalars import (
    Int64,
    IpAddress,
    SingleLineString,
    UInt32,
    Url,
    ValidLinuxHostname,
)


class Node(Cluster, frozen=True):
    node_labels: Annotated[
        dict[t.KubernetesLabelKey, t.KubernetesLabelValue] | None,
        says("Labels the node registers with"),
    ] = None
    node_taints: Annotated[
        dict[t.KubernetesLabelKey, t.TaintValues] | None, says("Taints the node registers with")
    ] = None
    node_ip: Annotated[IpAddress | None, says("The node's address in the cluster")] = None
    hostname_override: Annotated[
        ValidLinuxHostname | None, says("The node's name in the cluster")
    ] = None
    hostname_override_source: Annotated[
        Literal["private-dns-name", "instance-id"] | None,
        says("From what that name is made when nobody gives it", unset="private-dns-name"),
    ] = None
    provider_id: Annotated[Url | None, says("What the cloud calls the node")] = None
    max_pods: Annotated[UInt32 | None, says("Most pods on the node", unset="110")] = None
    pod_pids_limit: Annotated[Int64 | None, says("Most processes in a pod")] = None
    ids_per_pod: Annotated[
        t.IdsPerPod | None, says("User ids a pod with a user namespace gets", unset="65536")
    ] = None
    pod_infra_container_image: Annotated[
        SingleLineString | None, says("Image of the container that holds a pod's namespaces")
    ] = None
    allowed_unsafe_sysctls: Annotated[
        list[SingleLineString] | None, says("Kernel parameters that pods may ask for")
    ] = None
    seccomp_default: Annotated[
        bool | None, says("Pods run with the runtime's seccomp profile unless they say otherwise")
    ] = None
    device_ownership_from_security_context: Annotated[
        bool | None, says("Devices in a pod belong to the pod's user")
    ] = None
