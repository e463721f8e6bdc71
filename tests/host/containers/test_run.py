"""Start and clean-up of a container, with a containerd and runc that only write down."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from skyrocket.host.containers import labels, rights, run, runc
from skyrocket.host.containers.containerd import Containerd, pauses
from skyrocket.host.containers.errors import ContainerError, ImageError, SpecificationError
from skyrocket.host.containers.places import Places
from skyrocket.models.settings import container_registry, containers, host_containers, scalars

if TYPE_CHECKING:
    from collections.abc import Callable

FAKE_CTR = """#!/bin/sh
here=$(dirname "$0")
echo "$@" >>"$here/ctr.calls"
echo "$HTTPS_PROXY" >"$here/ctr.proxy"
case "$*" in
*"images pull"*)
    [ -e "$here/away" ] && { echo "ctr: connection refused" >&2; exit 1; }
    echo "unpacking linux/amd64 $(cat "$here/digest")..." ;;
*"images ls"*)
    echo "REF TYPE DIGEST SIZE PLATFORMS LABELS"
    [ -e "$here/cached" ] && echo "r/demo:1 t $(cat "$here/digest") 1 linux/amd64 -" ;;
*"prepare"*)
    [ -e "$here/stale" ] && { echo "snapshot: already exists" >&2; exit 1; }
    echo '[{"Type":"overlay","Source":"overlay","Options":["lowerdir=/l","upperdir=/u"]}]'
    ;;
*"rm"*) rm -f "$here/stale" ;;
esac
exit 0
"""


class FakeKernel:
    """Writes down what is mounted where."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def mount(
        self, source: str, target: str, kind: str = "", flags: int = 0, data: str = ""
    ) -> None:
        self.calls.append((source, target, kind, flags, data))


class Node:
    """A node's files below FOLDER, with the fake programs."""

    def __init__(self, folder: Path, places: Places) -> None:
        self.folder, self.places = folder, places
        self.slept: list[float] = []
        self.kernel = FakeKernel()
        ctr = folder / "ctr"
        ctr.write_text(FAKE_CTR)
        ctr.chmod(0o755)
        self.containerd = Containerd(places, self.slept.append, str(ctr))
        config = self._blob(
            {"config": {"Entrypoint": ["/go"]}, "rootfs": {"diff_ids": ["sha256:l"]}}
        )
        (folder / "digest").write_text(self._blob({"config": {"digest": config}}))

    def _blob(self, value: object) -> str:
        data = json.dumps(value).encode()
        name = hashlib.sha256(data).hexdigest()
        blobs = self.folder / self.places.content.lstrip("/").removeprefix(
            str(self.folder)[1:] + "/"
        )
        blobs.mkdir(parents=True, exist_ok=True)
        (blobs / name).write_bytes(data)
        return f"sha256:{name}"

    def write(self, **said: object) -> None:
        path = self.folder / self.places.specification.removeprefix(f"{self.folder}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"source": "r/demo:1", **said}))

    def prepare(self) -> dict[str, Any]:
        run.prepare(self.places, self.containerd, self.kernel, "/unit/container")
        bundle = self.folder / self.places.bundle.removeprefix(f"{self.folder}/")
        config: dict[str, Any] = json.loads((bundle / "config.json").read_text())
        return config

    @property
    def calls(self) -> list[str]:
        return (self.folder / "ctr.calls").read_text().splitlines()


@pytest.fixture
def node(tmp_path: Path) -> Callable[..., Node]:
    return lambda kind="workload", name="demo": Node(tmp_path, Places(kind, name, str(tmp_path)))


def test_a_start_takes_two_calls_of_containerd(node: Callable[..., Node]) -> None:
    """A usual start pulls and prepares, mounts the root and writes the bundle: no more."""
    demo = node()
    demo.write(memory=1 << 20)
    config = demo.prepare()
    hosts = demo.places.hosts
    common = f"--connect-timeout 5s --address {demo.places.containerd} --namespace default"
    pull = f"images pull --hosts-dir {hosts} --snapshotter overlayfs r/demo:1"
    prepare = "snapshots --snapshotter overlayfs prepare --mounts skyrocket.workload.demo sha256:l"
    assert demo.calls == [f"{common} {pull}", f"{common} {prepare}"]
    rootfs = f"{demo.folder}/run/skyrocket/containers/workload/demo/rootfs"
    mounted = ("overlay", rootfs, "overlay", 0, "lowerdir=/l,upperdir=/u")
    assert demo.kernel.calls == [mounted]
    assert config["root"]["path"] == rootfs
    assert config["linux"]["cgroupsPath"] == "/unit/container"
    assert config["linux"]["resources"]["memory"] == {"limit": 1 << 20, "swap": 1 << 20}


def test_labels_where_there_is_selinux(
    node: Callable[..., Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The root's mount, the processes and further mounts carry the container's labels."""
    monkeypatch.setattr(run.selinux, "active", lambda: True)
    demo = node()
    demo.write()
    config = demo.prepare()
    marks = labels.of("workload", "demo", superpowered=False)
    options = f'lowerdir=/l,upperdir=/u,context="{marks.mount}"'
    assert demo.kernel.calls[0][-1] == options
    assert config["process"]["selinuxLabel"] == marks.process
    assert config["linux"]["mountLabel"] == marks.mount


def test_a_layer_left_behind_makes_way(node: Callable[..., Node]) -> None:
    """After a power cut the old writable layer is removed and a fresh one made."""
    demo = node()
    demo.write()
    (demo.folder / "stale").touch()
    demo.prepare()
    verbs = [call.split()[9] for call in demo.calls[1:]]
    assert verbs == ["prepare", "rm", "prepare"]


def test_without_its_registry_the_image_fetched_before_serves(
    node: Callable[..., Node], capsys: pytest.CaptureFixture[str]
) -> None:
    """A registry that is away costs one try and a warning when the image is here."""
    demo = node()
    demo.write()
    (demo.folder / "away").touch()
    (demo.folder / "cached").touch()
    demo.prepare()
    assert demo.slept == []
    assert "<4>cannot ask for r/demo:1" in capsys.readouterr().err


def test_five_tries_and_a_clear_end(node: Callable[..., Node]) -> None:
    """Without image and registry there are five tries, each later than the last, and an error."""
    demo = node()
    demo.write()
    (demo.folder / "away").touch()
    with pytest.raises(ImageError, match=r"cannot fetch r/demo:1: .*connection refused"):
        demo.prepare()
    assert len([call for call in demo.calls if "pull" in call]) == 5
    assert len(demo.slept) == 4


def test_mirrors_that_were_asked_before_are_named(node: Callable[..., Node]) -> None:
    """The client tells the registry's answer alone, and that one may not even exist."""
    demo = node()
    demo.write()
    (demo.folder / "away").touch()
    rendered = container_registry.render(
        msgspec.convert(
            {"mirrors": [{"registry": "r", "endpoint": ["http://10.0.2.2:5000", "b.example"]}]},
            container_registry.ContainerRegistry,
            dec_hook=scalars.decode,
        )
    )
    place = demo.folder / "etc/containerd/certs.d/r/hosts.toml"
    place.parent.mkdir(parents=True)
    place.write_bytes(rendered.files[0].content)
    named = r"before that nothing from http://10\.0\.2\.2:5000, https://b\.example\)"
    with pytest.raises(ImageError, match=named):
        demo.prepare()


def test_pauses_double() -> None:
    """Pauses double and no chance makes one negative."""
    assert list(pauses(lambda _low, _high: 0.0)) == [1.0, 2.0, 4.0, 8.0, None]
    assert all(pause is None or pause >= 0.5 for pause in pauses(lambda low, _high: low))


def test_user_data_is_the_containers_alone(node: Callable[..., Node]) -> None:
    """User data is decoded into the container's folder, closed to others, and goes when unset."""
    admin = node("host", "admin")
    admin.write(superpowered=True, **{"user-data": base64.b64encode(b'{"ssh":{}}').decode()})
    admin.prepare()
    store = admin.folder / "local/host-containers/admin"
    data = store / "user-data"
    assert data.read_bytes() == b'{"ssh":{}}'
    assert (data.stat().st_mode & 0o777, store.stat().st_mode & 0o777) == (0o600, 0o700)
    admin.write(superpowered=True)
    admin.prepare()
    assert not data.exists()


def test_a_link_in_place_of_user_data_is_replaced(node: Callable[..., Node]) -> None:
    """A container cannot make the node write elsewhere by leaving a link."""
    admin = node("host", "admin")
    store = admin.folder / "local/host-containers/admin"
    store.mkdir(parents=True)
    target = admin.folder / "precious"
    target.write_text("kept")
    (store / "user-data").symlink_to(target)
    (store / "user-data.new").symlink_to(target)
    admin.write(**{"user-data": base64.b64encode(b"new").decode()})
    admin.prepare()
    assert (target.read_text(), (store / "user-data").read_text()) == ("kept", "new")


def test_the_proxy_is_for_host_containers(node: Callable[..., Node]) -> None:
    """An ordinary host container gets the node's proxy settings."""
    control = node("host", "control")
    control.write()
    proxy = control.folder / "etc/network/proxy.env"
    proxy.parent.mkdir(parents=True)
    proxy.write_text("# proxies\nHTTPS_PROXY=http://p:1\nNO_PROXY=localhost\n")
    found = control.prepare()["process"]["env"]
    assert {"HTTPS_PROXY=http://p:1", "NO_PROXY=localhost"} <= set(found)


def put(demo: Node, path: str, text: str) -> None:
    place = demo.folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def test_settings_say_what_workloads_may_do(
    node: Callable[..., Node], capsys: pytest.CaptureFixture[str]
) -> None:
    """Capabilities that this node has, and limits; one that nobody gets is said."""
    demo = node()
    demo.write()
    limit = {"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 2**64 - 1}
    said = {"capabilities": ["CAP_SYS_NICE", "CAP_OF_TOMORROW"], "rlimits": [limit]}
    put(demo, "etc/containerd/oci-defaults.json", json.dumps(said))
    process = demo.prepare()["process"]
    able = "CAP_SYS_NICE" in rights.held(run.bounding(Path("/proc/self/status").read_text()))
    assert process["capabilities"]["bounding"] == ["CAP_SYS_NICE"] * able
    assert process["rlimits"] == [limit]
    assert "starts without CAP_OF_TOMORROW" in capsys.readouterr().err


def test_they_are_not_for_host_containers(node: Callable[..., Node]) -> None:
    """Host containers have the list that they were made for."""
    control = node("host", "control")
    control.write()
    put(control, "etc/containerd/oci-defaults.json", '{"capabilities":[],"rlimits":[]}')
    process = control.prepare()["process"]
    assert process["capabilities"]["bounding"] == list(rights.DEFAULT_CAPABILITIES)
    assert "rlimits" not in process


@pytest.mark.parametrize(("kind", "asked"), [("workload", True), ("host", False)])
def test_pulls_of_workloads_fetch_so_many_layers_at_once(
    node: Callable[..., Node], kind: str, asked: bool
) -> None:
    """The option is containerd's own; host containers are no workloads."""
    demo = node(kind)
    demo.write()
    put(demo, "etc/containerd/pull.json", '{"max-concurrent-downloads":5}')
    demo.prepare()
    assert ("--max-concurrent-downloads 5" in demo.calls[0]) == asked


def test_a_pull_goes_through_the_proxy_of_the_settings(node: Callable[..., Node]) -> None:
    """The client has it in its environment; nobody else's is lost."""
    demo = node()
    demo.write()
    put(demo, "etc/network/proxy.env", "HTTPS_PROXY=http://p:1\nhttps_proxy=http://p:1\n")
    demo.containerd.fetch("r/demo:1")
    assert (demo.folder / "ctr.proxy").read_text() == "http://p:1\n"


def test_clean_forgets_everything(node: Callable[..., Node]) -> None:
    """After the unit's end nothing of the container is left but its own folder."""
    demo = node()
    demo.write()
    demo.prepare()
    run.clean(demo.places, demo.containerd)
    assert demo.calls[-1].endswith("snapshots --snapshotter overlayfs rm skyrocket.workload.demo")


@pytest.mark.parametrize(
    ("restart", "result", "stopped"),
    [
        ("always", "success", False),
        ("always", "exit-code", False),
        ("on-failure", "exit-code", False),
        ("on-failure", "success", True),
        ("never", "exit-code", True),
    ],
)
def test_restart_as_the_settings_say(
    node: Callable[..., Node],
    monkeypatch: pytest.MonkeyPatch,
    restart: str,
    result: str,
    stopped: bool,
) -> None:
    """The unit restarts always; the clean-up takes that back where the settings want no more."""
    demo = node()
    demo.write(restart=restart)
    asked: list[str] = []
    monkeypatch.setattr(run, "ordered", lambda _unit: False)
    monkeypatch.setattr(run, "order_stop", asked.append)
    run.obey_restart(demo.places, {"SERVICE_RESULT": result})
    assert asked == (["containers@demo.service"] if stopped else [])


def test_an_ordered_restart_stays_one(
    node: Callable[..., Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart that somebody ordered is not turned into a stop by the policy."""
    demo = node()
    demo.write(restart="never")
    asked: list[str] = []
    monkeypatch.setattr(run, "ordered", lambda unit: unit == "containers@demo.service")
    monkeypatch.setattr(run, "order_stop", asked.append)
    run.obey_restart(demo.places, {"SERVICE_RESULT": "success"})
    assert asked == []


def test_no_settings_is_an_error_with_a_hint(node: Callable[..., Node]) -> None:
    """A unit started by hand for a container that nobody described says what is missing."""
    with pytest.raises(SpecificationError, match=r"no .*/etc/containers/demo\.json"):
        node().prepare()


def test_broken_settings_are_an_error_with_the_place(node: Callable[..., Node]) -> None:
    """A file that is not what it should be is named, with the reason."""
    demo = node()
    demo.write(memory="lots")
    with pytest.raises(SpecificationError, match=r"demo\.json: Expected `int"):
        demo.prepare()


def test_what_the_settings_render_is_what_we_read(node: Callable[..., Node]) -> None:
    """The settings' file of a container is read without loss."""
    import msgspec

    words = {"source": "r/demo:1", "enabled": True, "command": ["/a"], "environment": {"B": "c"}}
    told = msgspec.convert(words, containers.Container, dec_hook=scalars.decode)
    (file,) = containers.render({"demo": told}).files  # type: ignore[dict-item]
    demo = node()
    path = demo.folder / file.path.lstrip("/")
    path.parent.mkdir(parents=True)
    path.write_bytes(file.content)
    said = run.read(demo.places)
    assert (said.source, said.command, said.environment) == ("r/demo:1", ["/a"], {"B": "c"})
    assert host_containers.FOLDER in Places("host", "x").specification


@pytest.mark.parametrize(
    "argv",
    [[], ["start"], ["start", "other", "x"], ["start", "host", "a/b"], ["start", "host", ""]],
)
def test_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Anything but a kind and a name is a usage error."""
    assert run.main(argv) == 2
    assert "usage: skyrocket container" in capsys.readouterr().err


def test_errors_of_mounts_are_ours(node: Callable[..., Node]) -> None:
    """A mount that the kernel refuses is this room's error with the container's name."""
    demo = node()
    demo.write()

    def refuse(*_: object) -> None:
        raise OSError(22, "Invalid argument")

    demo.kernel.mount = refuse  # type: ignore[method-assign]
    with pytest.raises(ContainerError, match="cannot mount the root of demo: Invalid argument"):
        demo.prepare()


def test_runc_that_is_not_there(node: Callable[..., Node]) -> None:
    """A missing runc is an error, not a traceback."""
    with pytest.raises(ContainerError, match="cannot run /nothere"):
        runc.become(node().places, "/nothere")
