"""Every scalar type beyond the common ones: what it takes, what it refuses."""

import base64
import importlib

import msgspec
import pytest
from fakes.authority import PEM

from skyrocket.models.settings import scalars, table
from skyrocket.models.settings import x509 as certificates
from skyrocket.models.settings.scalars import Scalar, ScalarError


def b64(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


CASES = {
    "network.InterfaceName": (["eth0", "enp3s0.100"], ["", "..", "a/b", "a b", "x" * 16]),
    "kernel.KmodKey": (["nf_nat", "a-b", "x" * 56], ["", "a.b", "x" * 57]),
    "kernel.HugepageSize": (["64Ki", "2Mi", "1Gi", "16Gi"], ["2", "2M", "0Mi", "3Mi", "2mi"]),
    "kernel.StaticKey": (["essential", "2Mi"], ["Essential", "3Mi"]),
    "kernel.HugepageAllocation": (["0", "128", "0:1,1:2"], ["", "-1", "0:", "0:1,", "0:1:2"]),
    "boot.BootConfigKey": (["console", "a.b-c_d"], ["", "a..b", ".a", "a b"]),
    "boot.KernelParameter": (["nosmt", "a-b.c_d"], ["a b", "roothash", "skyrocket.verity"]),
    "boot.BootConfigValue": (["", "tty0", "say 'x'"], ["ä", "a\n", "\"'", 'say "x"']),
    "pki.PemCertificateString": (
        ["", "  ", b64(PEM), b64(PEM + PEM)],
        ["x", b64("text"), b64(PEM[:200]), b64(PEM.replace(b"CERTIFICATE", b"PRIVATE KEY"))],
    ),
    "measurement.SettingPrefix": (
        ["motd", "settings.network", "kubernetes.node-labels"],
        ["", "settings", "settings.", "*", "measurement", "settings.measurement.x"],
    ),
    "forms.ByteText": (["1024", "1kb", "3mib", "2GB"], ["", "kb", "1.5mb", "-1", "1xb", "1k"]),
    "durations.KubernetesDurationValue": (
        ["10s", "1h30m", "1.5h", "1h1m1s1ms"],
        ["", "1d", "10 s", "1s1h", "10"],
    ),
    "durations.ECSDurationValue": (["1us", "1µs", "1h5ns"], ["", "1d", "1ns1us"]),
    "ecs.ECSAttributeKey": (["a", "a.b/c-d_e"], ["", "a b", "a" * 129]),
    "ecs.ECSAttributeValue": (["a", "a b", "x@y:z/\\"], ["", " a", "a ", "a" * 129]),
    "kubelet_device_plugins.GpuModel": (["a100.40gb", "h100.80gb"], ["a100", "A100.40gb"]),
    "kubelet_device_plugins.MigProfile": (["1", "7", "1g.5gb"], ["5", "1g", "g.5gb"]),
    "kubernetes.types.KubernetesClusterName": (["a", "My-cluster_1"], ["", "-a", "a.b", "a" * 101]),
    "kubernetes.types.KubernetesLabelKey": (
        ["a", "example.com/role", "a.b_c"],
        ["", "/a", "a/b/c", "-a", "a" * 64],
    ),
    "kubernetes.types.KubernetesLabelValue": (["", "a", "a.b_c"], ["-a", "a.", "a" * 64, "a b"]),
    "kubernetes.types.KubernetesTaintValue": (
        [":NoSchedule", "special:NoExecute"],
        ["", "NoSchedule", "a:", "a b:NoSchedule"],
    ),
    "kubernetes.types.KubernetesBootstrapToken": (
        ["abcdef.0123456789abcdef"],
        ["", "abcdef", "ABCDEF.0123456789abcdef", "abcdef.0123456789abcde"],
    ),
    "kubernetes.types.KubernetesQuantityValue": (
        ["100m", "0.5", "1Gi", "1e9", "+1", "5n"],
        ["", "12ki", "12%", "1000i", "Gi"],
    ),
    "kubernetes.types.KubernetesThresholdValue": (
        ["5%", "99.9%", "0%", "100Mi"],
        ["100%", "-1%", "%", "nan%", "x"],
    ),
    "kubernetes.types.PercentText": (["0", "85", "100"], ["85%", "101", "-1", ""]),
    "kubernetes.types.DNSDomain": (["cluster.local", "a"], ["", ".a", "10.0.0.1", "a b", "a/b"]),
    "kubernetes.types.KernelCpuSetValue": (["0", "0-3,7"], ["", "0-", ",", "a", "0,"]),
    "kubernetes.extra_config.KubeletExtraConfig": (
        [b64("featureGates:\n  A: true\n"), b64('{"nodeLeaseDurationSeconds": 40}')],
        ["!", "", b64("- a"), b64("maxPods: 3"), b64('{"maxPods": 3}'), b64('"tlsCertFile": x')],
    ),
}


def kind(name):
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(f"skyrocket.models.settings.{module}"), attribute)


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, (good, _) in CASES.items() for t in good])
def test_a_good_text_is_kept_as_written(name, text):
    assert text == kind(name).parse(text)


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, (_, bad) in CASES.items() for t in bad])
def test_a_bad_text_is_refused_and_the_kind_named(name, text):
    match = f"^Unable to deserialize into {kind(name).__name__}: "
    with pytest.raises(ScalarError, match=match):
        kind(name).parse(text)


def test_no_scalar_is_without_cases():
    table.load()
    tested = {name.rpartition(".")[2] for name in CASES} | {
        name for name in vars(scalars) if not name.startswith("_")
    }

    def below(base):
        return {base} | {each for sub in base.__subclasses__() for each in below(sub)}

    assert {each.__name__ for each in below(Scalar)} <= tested


def check(tree):
    return table.load().check(tree)


FORMS = [
    ("ntp.time-servers", ["a", "b"], ["a", "b"]),
    ("ntp.time-servers", [{"address": "a"}], [{"address": "a"}]),
    (
        "ntp.time-servers",
        {"z": {"address": "b", "directive": "pool"}, "a": {"address": "a", "options": ["x"]}},
        [{"address": "a", "options": ["x"]}, {"address": "b", "directive": "pool"}],
    ),
    ("boot.kernel-parameters", {"a": ["1"]}, {"a": ["1"]}),
    ("kubernetes.node-taints", {"a": "b:NoExecute"}, {"a": ["b:NoExecute"]}),
    ("kubernetes.node-taints", {"a": ["b:NoExecute"]}, {"a": ["b:NoExecute"]}),
    ("kubernetes.cluster-dns-ip", "10.0.0.10", "10.0.0.10"),
    ("kubernetes.cluster-dns-ip", ["10.0.0.10", "::1"], ["10.0.0.10", "::1"]),
    ("kubernetes.image-gc-high-threshold-percent", 85, 85),
    ("kubernetes.image-gc-high-threshold-percent", "85", "85"),
    ("kubernetes.ids-per-pod", 131072, 131072),
    ("container-runtime.concurrent-layer-fetch-buffer", "64mb", 64_000_000),
    ("container-runtime.concurrent-download-chunk-size", "3mib", 3 * 1024**2),
    ("container-runtime.concurrent-download-chunk-size", 512, 512),
    (
        "kernel.hugepages",
        {"static": {"essential": True, "2Mi": {"count": "4"}}},
        {"static": {"essential": True, "2Mi": {"count": "4"}}},
    ),
    (
        "oci-defaults.resource-limits",
        {"max-open-files": {"soft-limit": "unlimited", "hard-limit": 5}},
        {"max-open-files": {"soft-limit": -1, "hard-limit": 5}},
    ),
    ("container-registry.creds", [{"registry": "a"}], [{"registry": "a"}]),
]


@pytest.mark.parametrize(("key", "given", "kept"), FORMS)
def test_a_value_in_any_of_its_forms_is_kept_in_one(key, given, kept):
    group, _, field = key.partition(".")
    stored = check({group: {field: given}})
    assert [kept] == list(stored[group].values())
    assert check(stored) == stored


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ntp.time-servers", ["a", {"address": "b"}]),
        ("ntp.time-servers", [{"directive": "pool"}]),
        ("ntp.time-servers", "a"),
        ("kubernetes.node-taints", {"a": []}),
        ("kubernetes.image-gc-low-threshold-percent", 101),
        ("kubernetes.image-gc-low-threshold-percent", True),
        ("kubernetes.ids-per-pod", 65537),
        ("kubernetes.memory-throttling-factor", 0),
        ("container-runtime.concurrent-download-chunk-size", -1),
        ("container-runtime.concurrent-download-chunk-size", "9999999tb"),
        ("kernel.hugepages", {"static": {"essential": {"count": "1"}}}),
        ("kernel.hugepages", {"static": {"2Mi": True}}),
        ("oci-defaults.resource-limits", {"max-open-files": {"soft-limit": 1}}),
        ("oci-defaults.resource-limits", {"x": {"soft-limit": 1, "hard-limit": 1}}),
        ("oci-defaults.capabilities", {"sys_admin": True}),
        ("bootstrap-commands.x", {"commands": [["rm", "-rf"]]}),
        ("bootstrap-commands.x", {"commands": [[]]}),
        ("container-registry.creds", [{"auth": "x"}]),
    ],
)
def test_a_value_in_none_of_its_forms_is_refused(key, value):
    group, _, field = key.partition(".")
    with pytest.raises(ValueError, match=rf"at settings\.{group}"):
        check({group: {field: value}})


def test_the_words_of_mig_and_unlimited_are_taken():
    tree = {"soci-snapshotter": {"parallel-pull-unpack": {}}}
    pull = tree["soci-snapshotter"]["parallel-pull-unpack"]
    for value, kept in (("unlimited", "unlimited"), ("1mb", 1_000_000)):
        pull["concurrent-download-chunk-size"] = value
        stored = check({"container-runtime-plugins": tree})["container-runtime-plugins"]
        assert stored == {
            "soci-snapshotter": {"parallel-pull-unpack": {"concurrent-download-chunk-size": kept}}
        }


def test_a_certificate_that_is_damaged_anywhere_in_its_outer_form_is_refused():
    """The positive control is the certificate itself, taken above."""
    body = base64.b64decode("".join(PEM.decode().splitlines()[1:-1]))
    for at in (0, 1, 4):
        damaged = bytes([*body[:at], body[at] ^ 0x55, *body[at + 1 :]])
        pem = f"-----BEGIN CERTIFICATE-----\n{b64(damaged)}\n-----END CERTIFICATE-----\n"
        assert certificates.refuse(pem.encode()) is not None
    assert msgspec.json.encode(certificates.refuse(PEM)) == b"null"
