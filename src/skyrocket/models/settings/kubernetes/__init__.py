"""Group `kubernetes`: which cluster a node joins, and how its kubelet works.

The type is one chain, a file for each part: Cluster, Node, Resources, Kubernetes.
"""

from skyrocket.models.settings.group import Effect, Group
from skyrocket.models.settings.kubernetes.kubelet import Kubernetes

_KUBELET = ("kubelet.service",)
_IN = ("kubelet",)

GROUP = Group(
    name="kubernetes",
    about="Which cluster the node joins, and how its kubelet works.",
    model=Kubernetes,
    effects={
        "": Effect(does="the kubelet's configuration", restarts=_KUBELET, packages=_IN),
        "api-server": Effect(
            does="the kubelet's cluster, and what is reached without the proxy",
            restarts=("containerd.service", "host-containerd.service", *_KUBELET),
            packages=_IN,
        ),
        "cluster-domain": Effect(
            does="the cluster's domain, and what is reached without the proxy",
            restarts=("containerd.service", "host-containerd.service", *_KUBELET),
            packages=_IN,
        ),
        "static-pods": Effect(does="files that the kubelet watches", packages=_IN),
        "pod-infra-container-image": Effect(
            does="containerd's configuration", restarts=("containerd.service",), packages=_IN
        ),
        "device-ownership-from-security-context": Effect(
            does="containerd's configuration", restarts=("containerd.service",), packages=_IN
        ),
    },
    defaults={"cluster-domain": "cluster.local", "standalone-mode": False},
)
