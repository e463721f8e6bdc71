"""Where a setting differs from Bottlerocket's of the same name, or is ours alone.

`docs/compatibility.md` has the same table, and a test compares the two. Not used on a node.
"""

from skyrocket.models.keys import Key
from skyrocket.models.settings.group import PLACEHOLDERS

_OURS = "ours; Bottlerocket refuses it"
DIFFERENCES = {
    "containers": _OURS,
    "host-containers.NAME.memory-limit": _OURS,
    "host-containers.NAME.cpu-limit": _OURS,
    "host-containers.NAME.restart": _OURS,
    "boot.kernel": (
        "what the image alone decides is refused, such as roothash, lockdown and selinux; words "
        "reach the kernel by an addon of the kernel image, not by a bootconfig; no value holds a "
        "double quote"
    ),
    "boot.init": "words for PID 1 stand behind `--` on the kernel's command line",
    "updates.bandwidth-limit": _OURS,
    "updates.least-age": _OURS,
    "updates.wave-ramp": _OURS,
    "kernel.sysctl": "a value is one line; Bottlerocket stores several too",
    "kubernetes.kubelet-extra-config": (
        "read without a YAML parser: outermost keys stand at the beginning of lines, or it is JSON"
    ),
    "metrics.send-metrics": "false unless said, and nothing is sent without metrics-url",
    "metrics.metrics-url": "no address is built in",
    "container-registry.credentials": (
        "shown to the host that they are said for alone; a mirror needs an entry of its own"
    ),
    "pki.NAME.data": "the outer form of a certificate is checked; what is inside, by who uses it",
}


def of(key: Key) -> str:
    """What is different about KEY, or ""."""
    for pattern, text in DIFFERENCES.items():
        segments = pattern.split(".")
        fits = [p in PLACEHOLDERS or p == s for p, s in zip(segments, key, strict=False)]
        if len(key) >= len(segments) and all(fits):
            return text
    return ""
