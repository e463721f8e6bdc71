"""The OCI configuration of each kind of container."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fakes.golden import expected

from skyrocket.host.containers import mounts, rights, seccomp, spec
from skyrocket.host.containers.errors import SpecificationError
from skyrocket.host.containers.model import Facts, Image, Run, Specification, User
from skyrocket.host.containers.places import Places

DIGEST = "sha256:" + "ab" * 32
RUN = Run(
    entrypoint=["/usr/bin/serve"], cmd=["--all"], env=["PATH=/usr/bin", "A=1"], working_dir=""
)
IMAGE = Image("skyrocket.local/demo:1", DIGEST, RUN, "sha256:" + "cd" * 32)
CONTROL = Places("host", "control")
ADMIN = Places("host", "admin")
DEMO = Places("workload", "demo")
ROOT = User()


def facts(places: Places, **more: Any) -> Facts:
    return Facts(
        present=frozenset(mounts.sources(places)),
        cgroup="/runtime.slice/unit.service/container",
        machine="x86_64",
        capabilities=rights.ALL_CAPABILITIES,
        **more,
    )


def build(places: Places, said: Specification, user: User = ROOT, **more: Any) -> Any:
    return spec.build(places, said, IMAGE, user, facts(places, **more))


@pytest.mark.parametrize(
    ("name", "places", "said", "user"),
    [
        ("workload", DEMO, Specification("x", memory=64 << 20, cpu=500), User(1000, 1001, (7,))),
        ("host", CONTROL, Specification("x"), User()),
        ("superpowered", ADMIN, Specification("x", superpowered=True), User()),
    ],
)
def test_configuration(name: str, places: Places, said: Specification, user: User) -> None:
    """Each kind's configuration is the reviewed one."""
    config = build(places, said, user, proxy={"HTTPS_PROXY": "http://proxy:3128"})
    if "seccomp" in config["linux"]:
        config["linux"]["seccomp"] = "see seccomp-x86_64.json"
    assert (
        expected(f"oci/{name}.json", spec.encode(config).decode()) == spec.encode(config).decode()
    )


def test_seccomp_profile() -> None:
    """The system calls of ordinary containers are the reviewed ones."""
    text = json.dumps(seccomp.profile("x86_64", rights.DEFAULT_CAPABILITIES), indent=1) + "\n"
    assert expected("oci/seccomp-x86_64.json", text) == text


def test_seccomp_opens_with_capabilities() -> None:
    """A capability brings its calls; new namespaces are free with CAP_SYS_ADMIN alone."""
    small = json.dumps(seccomp.profile("x86_64", ()))
    large = json.dumps(seccomp.profile("x86_64", ("CAP_SYS_ADMIN",)))
    assert '"mount"' not in small
    assert '"mount"' in large
    assert "SCMP_ACT_ERRNO" in small
    assert "errnoRet" in small.replace("defaultErrnoRet", "")
    assert "errnoRet" not in large.replace("defaultErrnoRet", "")


def test_absent_sources_are_left_out() -> None:
    """A node without a source gets no mount of it, and the missing essentials are named."""
    none: frozenset[str] = frozenset()
    targets = {mount.target for mount in mounts.of(ADMIN, none, superpowered=True)}
    assert targets == {"/proc", "/run", "/sys"}
    assert mounts.missing(ADMIN, none) == ["/run/api.sock", "/usr/bin/apiclient"]
    assert mounts.missing(DEMO, none) == []


def test_a_workload_is_never_superpowered() -> None:
    """The word superpowered in a workload's file gives it nothing."""
    plain = build(DEMO, Specification("x"))
    assert build(DEMO, Specification("x", superpowered=True)) == plain


def test_a_workload_gets_nothing_of_the_node() -> None:
    """No socket, no client and no folder of the node is bound into a workload."""
    bound = {
        one["source"] for one in build(DEMO, Specification("x"))["mounts"] if one["type"] == "bind"
    }
    assert bound == {"/etc/hosts", "/etc/resolv.conf"}


def test_command_replaces_everything_the_image_says() -> None:
    """Without a command the image's entrypoint and arguments run, with one only that."""
    assert spec.arguments(Specification("x"), IMAGE) == ["/usr/bin/serve", "--all"]
    assert spec.arguments(Specification("x", command=["sh"]), IMAGE) == ["sh"]


def test_an_image_that_names_nothing_to_run() -> None:
    """An image without entrypoint and no command in the settings is an error with a hint."""
    with pytest.raises(SpecificationError, match="names nothing to run") as raised:
        spec.arguments(Specification("x"), Image("x", DIGEST, Run(), DIGEST))
    assert raised.value.hint == "set `command`"


def test_the_settings_environment_wins() -> None:
    """A variable is there once: the settings' before ours, ours before the image's."""
    said = Specification("x", environment={"A": "2", "SKYROCKET_IMAGE": "other"})
    found = spec.environment(DEMO, said, IMAGE, {"HTTPS_PROXY": "p"})
    assert found == [
        "PATH=/usr/bin",
        "A=2",
        "SKYROCKET_IMAGE=other",
        f"SKYROCKET_IMAGE_DIGEST={DIGEST}",
    ]


def test_labels_are_written_when_given() -> None:
    """SELinux labels stand where the runtime looks for them, and nowhere when there are none."""
    config = build(CONTROL, Specification("x"), process_label="a:b:c:s0", mount_label="d:e:f:s0")
    assert config["process"]["selinuxLabel"] == "a:b:c:s0"
    assert config["linux"]["mountLabel"] == "d:e:f:s0"
    bare = spec.encode(build(CONTROL, Specification("x"))).decode()
    assert "selinuxLabel" not in bare
    assert "mountLabel" not in bare
