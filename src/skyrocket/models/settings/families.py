"""Which groups Bottlerocket's families of variants have: for checks off the node alone."""

_ALL = (
    "motd", "updates", "host-containers", "bootstrap-commands", "bootstrap-containers", "ntp",
    "network", "kernel", "boot", "metrics", "pki", "container-registry", "oci-hooks", "dns",
)  # fmt: skip
_KUBERNETES = ("kubernetes", "container-runtime", "oci-defaults")
_CLOUD = ("aws", "cloudformation", "autoscaling")
_PLUGINS = ("container-runtime-plugins", "image-verifier-plugins")
_NVIDIA = ("nvidia-container-runtime", "kubelet-device-plugins", "kubelet-dra-drivers")

FAMILIES = {
    "aws-k8s-nvidia": (*_ALL, *_KUBERNETES, *_PLUGINS, *_CLOUD, *_NVIDIA),
    "aws-k8s": (*_ALL, *_KUBERNETES, *_PLUGINS, *_CLOUD),
    "vmware-k8s": (*_ALL, *_KUBERNETES, *_PLUGINS, "aws"),
    "metal-k8s": (*_ALL, *_KUBERNETES, "aws"),
    "aws-ecs": (*_ALL, "oci-defaults", "image-verifier-plugins", *_CLOUD, "ecs"),
    "aws-dev": (*_ALL, "aws", "cloudformation"),
    "vmware-dev": _ALL,
    "metal-dev": _ALL,
}


def family(variant: str) -> str:
    """The family of a variant's name, or "".

    >>> family("aws-k8s-1.33-nvidia")
    'aws-k8s-nvidia'
    """
    platform, _, rest = variant.partition("-")
    runtime, _, more = rest.partition("-")
    plain = f"{platform}-{runtime}"
    flavoured = f"{plain}-nvidia" if "nvidia" in more.split("-") else plain
    return next((name for name in (flavoured, plain) if name in FAMILIES), "")
