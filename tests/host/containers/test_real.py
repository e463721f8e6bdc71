"""A container from our own image, with the locked containerd and a real runc, end to end."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fakes import certificates
from fakes.web_proxy import Proxy
from host.containers.exec_server import ExecServer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import unix_connect

from skyrocket.build import lock as locks
from skyrocket.build import oci
from skyrocket.host.containers import run
from skyrocket.host.containers.containerd import Containerd
from skyrocket.host.containers.errors import ImageError
from skyrocket.host.containers.places import Places
from skyrocket.host.containers.runc import RUNC
from skyrocket.host.settings import render
from skyrocket.lab.registry import Passwords, Registry, Tokens
from skyrocket.models.settings import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.image

TESTS = Path(__file__).parents[2]
IMAGES = TESTS.parent / "images"
PORT = "18080"


def wait(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not within the time it may take"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def unpacked() -> dict[str, locks.Unpacked]:
    lock = locks.read()
    names = {"containerd", "busybox-static"}
    wanted = tuple(one for one in lock.packages["amd64"] if one.name in names)
    files = locks.fetch_packages(lock, wanted, None)
    return {one.name: locks.unpack(file) for one, file in zip(wanted, files, strict=True)}


class Node:
    """A folder that stands for a node's root, with the workloads' containerd running below it."""

    def __init__(self, root: Path, programs: Path, runc: str) -> None:
        self.root, self.programs, self.runc = root, programs, runc
        self.places = Places("workload", "demo", str(root))
        self.ctr = str(programs / "ctr")
        self.containerd = Containerd(self.places, ctr=self.ctr)
        self._process: subprocess.Popen[bytes] | None = None

    def boot(self) -> None:
        config = self.root / "containerd.toml"
        state, store = self.root / "run/containerd", self.root / "var/lib/containerd"
        state.mkdir(parents=True, exist_ok=True)
        config.write_text(
            f'version = 2\nroot = "{store}"\nstate = "{state}"\n'
            'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
            f'[grpc]\naddress = "{state}/containerd.sock"\n'
        )
        with (self.root / "containerd.log").open("ab") as log:
            argv = [str(self.programs / "containerd"), "--config", str(config)]
            self._process = subprocess.Popen(argv, stdout=log, stderr=log)
        wait((state / "containerd.sock").exists)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)

    def settings(self, address: str, **said: object) -> None:
        folder = self.root / "etc/containerd/certs.d/skyrocket.local"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hosts.toml").write_text(
            f'server = "http://{address}"\n[host."http://{address}"]\n'
            '  capabilities = ["pull", "resolve"]\n'
        )
        file = Path(self.places.specification)
        file.parent.mkdir(parents=True, exist_ok=True)
        said = {"source": "skyrocket.local/demo:1", "environment": {"PORT": PORT}, **said}
        file.write_text(json.dumps(said))

    def start(self) -> int:
        """Run the verb; gives the process id of the container."""
        group = f"/skyrocket-test-{os.getpid()}"
        program = str(TESTS / "host/containers/start_real.py")
        log = self.root / "start.log"
        argv = [sys.executable, program, str(self.root), "workload", "demo"]
        with log.open("ab") as stream:
            done = subprocess.run(
                [*argv, self.ctr, self.runc, group],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                check=False,
                timeout=120,
                env={
                    "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]),
                    "PATH": os.environ["PATH"],
                },
            )
        assert done.returncode == 0, log.read_text()
        return int(Path(self.places.pid).read_text())

    def snapshots(self) -> int:
        table = self.containerd._run("snapshots", "ls")
        return sum("Active" in line for line in table.splitlines())


@pytest.fixture
def node(tmp_path: Path, unpacked: dict[str, locks.Unpacked]) -> Iterator[Node]:
    if os.geteuid() != 0 or not os.access(RUNC, os.X_OK):
        pytest.skip(f"needs root and {RUNC}, and both are not here")
    made = Node(tmp_path, unpacked["containerd"].tree / "usr/bin", RUNC)
    made.boot()
    try:
        yield made
    finally:
        subprocess.run(
            [RUNC, "--root", made.places.runc, "delete", "--force", "demo"],
            check=False,
            capture_output=True,
        )
        made.stop()


def page() -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=10) as answer:
            text: str = answer.read().decode()
            return text
    except OSError:
        return ""


def command(node: Node, *words: str) -> tuple[bytes, str]:
    """Output and exit status of a command in the container, over an exec connection."""
    folder = node.root / "exec"
    folder.mkdir(exist_ok=True)
    (folder / "run").unlink(missing_ok=True)
    (folder / "run").symlink_to(node.root / "run")
    (folder / "api.sock").unlink(missing_ok=True)
    asked = {"command": [{"Unix": list(word.encode())} for word in words], "target": "demo"}
    with (
        ExecServer(folder, node.runc) as server,
        unix_connect(server.path, uri="ws://localhost/exec") as client,
    ):
        client.send(json.dumps({"Initialize": {**asked, "tty": None}}))
        client.send('"ContentComplete"')
        seen: list[Any] = []
        with pytest.raises(ConnectionClosed) as ended:
            seen.extend(iter(lambda: client.recv(timeout=20), None))
        output = b"".join(one for one in seen if isinstance(one, bytes))
    assert ended.value.rcvd is not None
    return output, ended.value.rcvd.reason


def test_the_demonstration_from_definition_to_page(
    node: Node, unpacked: dict[str, locks.Unpacked]
) -> None:
    """An image is built, served with tokens, pulled, run, entered and cleared away.

    Between, it comes back without the registry over what a crash left.
    """
    layouts = node.root / "oci"
    digest = oci.build(IMAGES / "demo", unpacked, layouts / "demo-amd64", version="1")
    with Registry(layouts, tokens=Tokens()) as registry:
        node.settings(registry.address)
        pid = node.start()
    wait(lambda: bool(page()))
    assert f'<dd id="image-digest">{digest}</dd>' in page()
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split() == ["65534"] * 4
    assert (fields["NoNewPrivs"], fields["Seccomp"], fields["CapEff"]) == ("1", "2", "0" * 16)
    assert str(node.root) not in Path("/proc/self/mountinfo").read_text()

    assert command(node, "sh", "-c", "exit 3")[1] == "3"
    assert command(node, "cat", "/etc/group")[0] == b"root:x:0:\nnogroup:x:65534:\n"

    # A crash: the process gone, nobody cleared away, the registry down as well.
    os.kill(pid, signal.SIGKILL)
    wait(lambda: not Path(f"/proc/{pid}").exists())
    assert node.snapshots() == 1
    again = node.start()
    wait(lambda: bool(page()))
    assert "using the image fetched before" in (node.root / "start.log").read_text()

    # An end as systemd makes it: SIGTERM to the first process, then the clean verb.
    os.kill(again, signal.SIGTERM)
    wait(lambda: not Path(f"/proc/{again}").exists())
    run.clean(node.places, node.containerd)
    assert (node.snapshots(), Path(node.places.pid).exists()) == (0, False)


USER, PASSWORD = "puller", "p:w 1$"
REFERENCE = "registry.example/demo:1"
REFUSED = re.compile("401 Unauthorized|no basic auth credentials|authorization failed")


class Watching(Passwords):
    """A registry's door that remembers what it was shown."""

    def __init__(self, user: str, password: str) -> None:
        super().__init__(user, password)
        self.shown: set[str] = set()

    def allows(self, authorization: str, repository: str) -> bool:
        self.shown.add(authorization)
        return super().allows(authorization, repository)


@pytest.fixture
def store(tmp_path: Path, unpacked: dict[str, locks.Unpacked]) -> Iterator[Node]:
    """A node that fetches images and starts none: it needs no runc."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    made = Node(tmp_path, unpacked["containerd"].tree / "usr/bin", RUNC)
    made.boot()
    yield made
    made.stop()


@pytest.fixture
def layouts(store: Node, unpacked: dict[str, locks.Unpacked]) -> Path:
    folder = store.root / "oci"
    oci.build(IMAGES / "demo", unpacked, folder / "demo-amd64", version="1")
    return folder


@pytest.fixture
def pull(store: Node) -> Callable[[dict[str, Any]], str]:
    """A pull with these settings in force -> its digest, or the reason of its failure."""
    store.containerd._sleep = lambda _seconds: None

    def pull(settings: dict[str, Any]) -> str:
        schema = table.load()
        for rendered in render.plan(schema, settings, ["container-registry", "network"]).rendered:
            for file in rendered.files:
                path = store.root / file.path.lstrip("/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.content)
        try:
            return store.containerd.fetch(REFERENCE)
        except ImageError as error:
            return str(error)

    return pull


def registry_settings(address: str, *credentials: dict[str, str]) -> dict[str, Any]:
    mirror = {"registry": "registry.example", "endpoint": [f"http://{address}"]}
    return {"container-registry": {"mirrors": [mirror], "credentials": list(credentials)}}


@pytest.mark.parametrize("door", [Passwords(USER, PASSWORD), Tokens(USER, PASSWORD)])
@pytest.mark.parametrize(
    "way",
    [
        {"username": USER, "password": PASSWORD},
        {"auth": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()},
    ],
    ids=["password", "auth"],
)
def test_a_registry_is_shown_its_credentials(
    pull: Callable[..., str], layouts: Path, door: Passwords | Tokens, way: dict[str, str]
) -> None:
    """Refused without them and with wrong ones; whoever asks for a password or hands out tokens."""
    with Registry(layouts, tokens=door) as registry:
        there = {"registry": registry.address}
        assert REFUSED.search(pull(registry_settings(registry.address)))
        wrong = {**there, "username": USER, "password": "wrong"}
        assert REFUSED.search(pull(registry_settings(registry.address, wrong)))
        found = pull(registry_settings(registry.address, {**there, **way}))
    assert found.startswith("sha256:"), found


def test_an_identity_token_is_changed_for_a_token(pull: Callable[..., str], layouts: Path) -> None:
    """It goes to the token server in a form, as registries with single sign-on want it."""
    with Registry(layouts, tokens=Tokens(USER, PASSWORD)) as registry:
        there = {"registry": registry.address, "identitytoken": f"{USER}:{PASSWORD}"}
        found = pull(registry_settings(registry.address, there))
    assert found.startswith("sha256:"), found


def test_no_host_is_shown_what_belongs_to_another(
    store: Node, pull: Callable[..., str], layouts: Path
) -> None:
    """A mirror does not learn the registry's password; containerd's client alone would tell it."""
    mirror_door, own_door = Watching("other", "x"), Watching(USER, PASSWORD)
    with (
        Registry(layouts, tokens=mirror_door) as mirror,
        Registry(layouts, tokens=own_door) as own,
    ):
        mirrors = [
            {
                "registry": "registry.example",
                "endpoint": [f"http://{mirror.address}", f"http://{own.address}"],
            }
        ]
        mine = [{"registry": own.address, "username": USER, "password": PASSWORD}]
        found = pull({"container-registry": {"mirrors": mirrors, "credentials": mine}})
        assert found.startswith("sha256:"), found
        assert mirror_door.shown == {""}
        assert len(own_door.shown) == 2

        user = ("--user", f"{USER}:{PASSWORD}")
        hosts = ("--hosts-dir", store.places.hosts)
        store.containerd._run("images", "pull", *hosts, *user, REFERENCE)
        assert mirror_door.shown != {""}


def test_a_pull_goes_through_the_proxy_to_a_registry_of_an_authority_that_users_trust(
    store: Node, pull: Callable[..., str], layouts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the three settings is missing once, and the pull says which one."""
    pem, context = certificates.made(store.root, "registry.example")
    own = [{"registry": "registry.example", "username": USER, "password": PASSWORD}]
    settings: dict[str, Any] = {"container-registry": {"credentials": own}}
    with (
        Registry(layouts, tokens=Tokens(USER, PASSWORD), tls=context) as registry,
        Proxy(registry.address) as proxy,
    ):
        assert "no such host" in pull(settings)
        settings["network"] = {"https-proxy": f"http://127.0.0.1:{proxy.port}"}
        assert "unknown authority" in pull(settings)
        bundle = store.root / "bundle.pem"
        trusted = {"pki": {"x": {"data": base64.b64encode(pem).decode(), "trusted": True}}}
        (rendered,) = render.plan(table.load(), trusted, ["pki"]).rendered
        bundle.write_bytes(rendered.files[0].content)
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        found = pull(settings)
        assert found.startswith("sha256:"), found
    assert set(proxy.asked) == {"registry.example:443"}
