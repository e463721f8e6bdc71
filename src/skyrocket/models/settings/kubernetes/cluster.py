"""Which cluster a node joins, and how both know each other."""

from typing import Annotated, Literal

from skyrocket.models.settings.durations import KubernetesDurationValue
from skyrocket.models.settings.group import Model, says
from skyrocket.models.settings.kubernetes import types as t
from skyrocket.models.settings.scalars import Identifier, SingleLineString, Url, ValidBase64


class StaticPod(Model, frozen=True):
    enabled: Annotated[bool | None, says("Whether the pod runs", unset="false")] = None
    manifest: Annotated[ValidBase64 | None, says("Base64 of its manifest", secret=True)] = None


class CredentialProvider(Model, frozen=True):
    enabled: Annotated[bool | None, says("Whether it is asked", unset="false")] = None
    image_patterns: Annotated[
        list[SingleLineString] | None, says("For which images it is asked")
    ] = None
    cache_duration: Annotated[
        KubernetesDurationValue | None, says("How long an answer holds", unset="12h")
    ] = None
    environment: Annotated[
        dict[SingleLineString, SingleLineString] | None,
        says("Environment variables it gets", secret=True),
    ] = None


class Cluster(Model, frozen=True):
    cluster_name: Annotated[t.KubernetesClusterName | None, says("The cluster's name")] = None
    cluster_certificate: Annotated[
        ValidBase64 | None, says("Base64 of the certificate of the cluster's authority")
    ] = None
    api_server: Annotated[
        Url | None, says("Where the cluster's API is; reached without the proxy")
    ] = None
    authentication_mode: Annotated[
        Literal["aws", "tls"] | None, says("How the node proves who it is", unset="tls")
    ] = None
    bootstrap_token: Annotated[
        t.KubernetesBootstrapToken | None, says("Token to join with in mode `tls`", secret=True)
    ] = None
    standalone_mode: Annotated[
        bool | None, says("The kubelet runs static pods alone and joins no cluster", unset="false")
    ] = None
    server_tls_bootstrap: Annotated[
        bool | None, says("The kubelet asks the cluster for its server certificate")
    ] = None
    server_certificate: Annotated[
        ValidBase64 | None, says("Base64 of the kubelet's server certificate")
    ] = None
    server_key: Annotated[
        ValidBase64 | None, says("Base64 of the kubelet's server key", secret=True)
    ] = None
    cloud_provider: Annotated[
        Literal["aws", "external", ""] | None, says("Who knows the cloud the node is in")
    ] = None
    cluster_dns_ip: Annotated[
        t.KubernetesClusterDnsIp | None, says("Addresses of the cluster's DNS service")
    ] = None
    cluster_domain: Annotated[t.DNSDomain | None, says("Domain of the cluster's services")] = None
    static_pods: dict[Identifier, StaticPod] | None = None
    static_pods_enabled: Annotated[bool | None, says("Whether any static pod runs")] = None
    credential_providers: dict[Identifier, CredentialProvider] | None = None
