"""What may stand in `kubelet-extra-config`: a YAML mapping without the keys that the OS owns.

Only the outermost keys are read, so no YAML parser is needed; what is below them is the kubelet's
to judge. A mapping in braces must be JSON.
"""

import binascii
import re

import msgspec

from skyrocket.models.settings.scalars import Scalar

_KEY = re.compile(r"""(?:"([^"]*)"|'([^']*)'|([A-Za-z_][A-Za-z0-9_-]*)) *:(?: |$)""")
OWNED = {
    "allowedUnsafeSysctls": "allowed-unsafe-sysctls",
    "clusterDNS": "cluster-dns-ip",
    "clusterDomain": "cluster-domain",
    "cpuCFSQuota": "cpu-cfs-quota-enforced",
    "cpuManagerPolicy": "cpu-manager-policy",
    "cpuManagerReconcilePeriod": "cpu-manager-reconcile-period",
    "evictionHard": "eviction-hard",
    "evictionMaxPodGracePeriod": "eviction-max-pod-grace-period",
    "evictionSoft": "eviction-soft",
    "evictionSoftGracePeriod": "eviction-soft-grace-period",
    "imageGCHighThresholdPercent": "image-gc-high-threshold-percent",
    "imageGCLowThresholdPercent": "image-gc-low-threshold-percent",
    "kubeReserved": "kube-reserved",
    "maxPods": "max-pods",
    "podPidsLimit": "pod-pids-limit",
    "staticPodPath": "static-pods",
    "systemReserved": "system-reserved",
    "topologyManagerPolicy": "topology-manager-policy",
    "topologyManagerScope": "topology-manager-scope",
    "authentication": "",
    "authorization": "",
    "containerRuntimeEndpoint": "",
    "imageServiceEndpoint": "",
    "podInfraContainerImage": "",
    "registerNode": "",
    "resolvConf": "",
    "tlsCertFile": "",
    "tlsPrivateKeyFile": "",
}
"""Keys of the kubelet's own configuration, each with the setting that stands for it."""


class KubeletExtraConfig(Scalar):
    """Base64 of a YAML mapping for the kubelet, without the keys that settings or the OS own."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        try:
            raw = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
            keys = _outermost(raw.decode())
        except (UnicodeError, binascii.Error) as error:
            return f"invalid base64 of UTF-8: {error}"
        except ValueError as error:
            return str(error)
        for key in keys:
            if key in OWNED:
                way = f"; use settings.kubernetes.{OWNED[key]}" if OWNED[key] else ""
                return f"it holds `{key}`, which is not free{way}"
        return None


def _outermost(text: str) -> list[str]:
    """The outermost keys of the mapping TEXT; raise ValueError for anything else."""
    if text.lstrip().startswith("{"):
        try:
            return list(msgspec.json.decode(text, type=dict[str, object]))
        except msgspec.MsgspecError as error:
            raise ValueError(f"it is no JSON object: {error}") from error
    keys = []
    for line in text.splitlines():
        if not line.strip() or line[0] in " \t#" or line.rstrip() in {"---", "..."}:
            continue
        match = _KEY.match(line)
        if match is None:
            raise ValueError(f"it is no YAML mapping: {line[:40]!r} is no key with a value")
        keys.append(match[1] or match[2] or match[3])
    if not keys:
        raise ValueError("it is no YAML mapping: it has no keys")
    return keys
