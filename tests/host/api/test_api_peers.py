"""Who asks: told by the kernel, on real sockets, with processes of their own.

Only the folder that stands for /proc is made here, since tests run in no unit of a node.
"""

import contextlib
import functools
import os
import socket
import subprocess
import sys
import threading

import msgspec
import pytest
from fakes import api_node

from skyrocket.client.connection import ask, request
from skyrocket.host.api import audit, peers, policy
from skyrocket.host.api.gate import Gate
from skyrocket.host.api.peers import Peer
from skyrocket.host.api.policy import CLOSED
from skyrocket.host.api.routes import EXEC, ROUTES

HOST = "/hostcontainers.slice/host-containers@{}.service/container"
HEAD = b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
OTHER = """
import socket, sys
for target in sys.stdin:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(sys.argv[1])
        client.sendall(f"GET {target.strip()} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n".encode())
        print(client.recv(4096)[9:12].decode(), flush=True)
"""
CONNECT = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
print("connected", flush=True)
sys.stdin.read()
"""


class Proc:
    """A folder like /proc, in which tests say where a process runs."""

    def __init__(self, folder):
        self.folder = folder

    def put(self, pid, group):
        (self.folder / str(pid)).mkdir(parents=True, exist_ok=True)
        (self.folder / str(pid) / "cgroup").write_text(f"0::{group}\n")

    def gate(self, **limits):
        its_policy = msgspec.structs.replace(api_node.shipped_policy(), **limits)
        return Gate(its_policy, functools.partial(peers.of, proc=str(self.folder)))


@pytest.fixture
def proc(tmp_path):
    return Proc(tmp_path / "proc")


@pytest.fixture
def doors():
    return api_node.Doors()


@contextlib.contextmanager
def child(code, path):
    """A process that runs CODE with PATH; it ends when its input does."""
    argv = [sys.executable, "-I", "-S", "-c", code, path]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.stdin.close()


def asks(process, target="/os"):
    """The status that PROCESS, running OTHER, is answered with."""
    process.stdin.write(f"{target}\n".encode())
    process.stdin.flush()
    return int(process.stdout.readline())


def connected(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(path)
    return client


def speak(path, raw):
    with connected(path) as client:
        client.sendall(raw)
        answer = b""
        while part := client.recv(65536):
            answer += part
        return answer


@pytest.mark.parametrize(
    ("group", "uid", "kind", "name"),
    [
        (HOST.format("admin"), 0, "host-container", "admin"),
        (HOST.format("a-b_c"), 1000, "host-container", "a-b_c"),
        ("/system.slice/kubelet.service", 0, "node", "kubelet.service"),
        ("/system.slice/system-x.slice/x@1.service", 0, "node", "x@1.service"),
        ("/system.slice/chronyd.service", 101, "user", "chronyd.service"),
        ("/kubepods.slice/kubepods-pod1.slice/cri-1.scope", 0, "pod",
         "kubepods-pod1.slice/cri-1.scope"),
    ],
)  # fmt: skip
def test_a_process_is_placed_by_its_control_group(group, uid, kind, name):
    assert peers.place(f"0::{group}\n", uid) == (kind, name)


@pytest.mark.parametrize(
    "group",
    [
        "/",
        "/init.scope",
        "/x.slice/host-containers@admin.service/container",
        "/default/admin",
        "/system.slice/docker-1.scope",
        "/system.slice/system-containers.slice/containers@demo.service/container",
        "/system.slice/system-containers.slice/containers@demo.service",
        "/system.slice/containerd.service/host-containers@admin.service",
        "/system.slice/containers@x.service/hostcontainers.slice/host-containers@admin.service",
        "/hostcontainers.slice/x.service/host-containers@admin.service",
        "/hostcontainers.slice/host-containers@.service",
        "/hostcontainers.slice/host-containers@admin.scope",
    ],
)
def test_a_group_that_only_sounds_right_gives_no_rights(group):
    assert peers.place(f"0::{group}\n", 0) == ("workload", group)


@pytest.mark.parametrize("text", ["", "1:cpu:/x\n", "0::/../x\n", "0::/a\n0::/b\n"])
def test_what_cannot_be_placed_is_unknown(text):
    assert peers.place(text, 0) == ("unknown", "")


def test_the_kernel_says_who_connected_and_only_while_it_lives(tmp_path, proc):
    """A process that has gone is nobody: its number may be another's by now."""
    path = str(tmp_path / "a.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        with child(CONNECT, path) as process:
            assert process.stdout.readline() == b"connected\n"
            client, _ = listener.accept()
            proc.put(process.pid, HOST.format("admin"))
            alive = peers.of(client, str(proc.folder))
        with client:
            gone = peers.of(client, str(proc.folder))
    ids = (process.pid, os.getuid(), os.getgid())
    assert alive == Peer("host-container", "admin", *ids)
    assert gone == Peer("unknown", "", *ids)


ALL, SOME = {"read", "change", "act", "exec"}, {"read", "change"}


@pytest.mark.parametrize(
    ("peer", "superpowered", "rights"),
    [
        (Peer("node", "x.service"), False, ALL),
        (Peer("host-container", "admin"), False, ALL),
        (Peer("host-container", "control"), False, ALL),
        (Peer("host-container", "keeper"), False, SOME),
        (Peer("host-container", "keeper"), True, ALL),
        (Peer("pod", "p/c"), True, {"read", "change", "act"}),
        (Peer("user", "chronyd.service"), True, {"read"}),
        (Peer("workload", "/x"), True, set()),
        (Peer(), True, set()),
        (Peer("host-container", "x admin"), False, SOME),
    ],
)
def test_the_policy_of_the_image(peer, superpowered, rights):
    live = {"host-containers": {"keeper": {"superpowered": superpowered}}}
    calls = {
        "read": ("GET", "/settings"),
        "change": ("PATCH", "/settings"),
        "act": ("POST", "/actions/activate-update"),
        "exec": ("GET", EXEC),
    }
    its_policy = api_node.shipped_policy()
    allowed = {
        right for right, call in calls.items() if not policy.refusal(its_policy, peer, live, *call)
    }
    assert allowed == rights


def test_every_route_needs_a_right_that_the_node_has():
    its_policy = api_node.shipped_policy()
    needed = {policy.right(its_policy, *route) for route in ROUTES}
    assert needed == set(its_policy.rights["node"]) - {"exec"}
    reading = {r for r in ROUTES if policy.right(its_policy, *r) == policy.READ}
    assert reading == {route for route in ROUTES if route[0] == "GET"} | {("POST", "/plan")}
    assert policy.refusal(its_policy, Peer("node"), {}, "BREW", "/")


@pytest.mark.parametrize(
    "content", [None, b"", b"{}", b'{"\xff": 1}', b'{"routes": [], "rights": {}, "typo": 1}']
)
def test_without_a_policy_only_the_node_itself_is_answered(tmp_path, capsys, content):
    path = tmp_path / "policy.json"
    if content is not None:
        path.write_bytes(content)
    assert policy.read(str(path)) == CLOSED
    assert "cannot read the API's policy" in capsys.readouterr().err
    assert not policy.refusal(CLOSED, Peer("node"), {}, "GET", "/exec")
    assert policy.refusal(CLOSED, Peer("host-container", "admin"), {}, "GET", "/os")


def exec_from(proc, tmp_path, container, doors):
    proc.put(os.getpid(), HOST.format(container))
    state = api_node.state(tmp_path, {"motd": "hi"}, doors, gate=proc.gate())
    with api_node.serving(tmp_path, state) as path:
        return speak(path, HEAD % b"/exec"), ask(path, "GET", "/os").status


def test_exec_from_a_container_without_the_right_is_403(tmp_path, proc, doors, capsys):
    answer, reading = exec_from(proc, tmp_path, "keeper", doors)
    assert answer.startswith(b"HTTP/1.1 403")
    assert b"it lacks the right 'exec'" in answer
    assert (doors.asked, reading) == ([], 200)
    assert "<4>audit: host-container keeper pid=" in capsys.readouterr().err


def test_exec_from_the_admin_container_is_handed_over_and_written_down(
    tmp_path, proc, doors, capsys
):
    assert exec_from(proc, tmp_path, "admin", doors) == (b"", 200)
    assert [what for what, *_ in doors.asked] == ["exec"]
    ids = f"pid={os.getpid()} uid={os.getuid()} gid={os.getgid()}"
    assert f"<5>audit: host-container admin {ids} GET /exec 101\n" in capsys.readouterr().err


def test_a_reboot_from_a_container_without_the_right_does_not_happen(tmp_path, proc, doors):
    for container, status in (("keeper", 403), ("control", 204)):
        proc.put(os.getpid(), HOST.format(container))
        state = api_node.state(tmp_path, {}, doors, gate=proc.gate())
        with api_node.serving(tmp_path, state) as path:
            assert request(path, "POST", "/actions/reboot").status == status
    assert doors.asked == [("reboot",)]


def test_changes_are_written_down_with_names_and_without_values(tmp_path, proc, doors, capsys):
    """Also those of a container that may only change settings; reading leaves no line."""
    proc.put(os.getpid(), HOST.format("keeper"))
    with api_node.serving(tmp_path, api_node.state(tmp_path, {}, doors, gate=proc.gate())) as path:
        request(path, "PATCH", "/settings?tx=mine", b'{"motd": "s3cret"}')
        request(path, "PATCH", "/settings/keypair", b'{"request_payload": ["motd=s3cret"]}')
        request(path, "PATCH", "/settings", b'{"nothing": "s3cret"}')
        request(path, "GET", "/tx?tx=mine")
        request(path, "POST", "/tx/commit_and_apply?tx=mine")
        request(path, "POST", "/tx/apply?keys=settings.motd")
        request(path, "DELETE", "/tx")
        history = request(path, "GET", "/history").body
    ids = f"pid={os.getpid()} uid={os.getuid()} gid={os.getgid()}"
    who = f"<5>audit: host-container keeper {ids} "
    assert capsys.readouterr().err.splitlines() == [
        who + "PATCH /settings 204 tx=mine keys=settings.motd",
        who + "PATCH /settings/keypair 204 keys=settings.motd",
        who + "PATCH /settings 400",
        who + "POST /tx/commit_and_apply 200 tx=mine keys=settings.motd",
        who + "POST /tx/apply 204 keys=settings.motd",
        who + "DELETE /tx 200 keys=settings.motd",
    ]
    assert b'"who":"host-container keeper"' in history


def test_what_a_client_wrote_makes_no_line_of_its_own():
    words = audit.line(
        Peer("host-container", "a", 1, 2, 3), "PATCH /x", 204, "t\n<5>audit: host-container admin",
        ["k\u2028\u202e" + "y" * 300] + ["k"] * 99,
    )  # fmt: skip
    assert words.splitlines() == [words]
    assert words.isascii()
    assert words.startswith("audit: host-container a pid=1 uid=2 gid=3 PATCH /x 204 tx=t\\u000a<5>")
    assert words.endswith("k,k and 36 more")
    assert len(words) < 1000


def test_a_flood_of_refusals_is_one_line_a_second_for_each_client(capsys):
    now = [0.0]
    refusals = audit.Refusals(lambda: now[0])
    for _ in range(100):
        refusals.say(Peer("workload", "/a"), "GET /", 403)
    refusals.say(Peer("workload", "/b"), "GET /", 403)
    now[0] = 1.0
    refusals.say(Peer("workload", "/a"), "GET /", 403)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[2] for line in lines] == ["/a", "/b", "/a"]


@pytest.fixture
def crowded(tmp_path, proc, doors):
    """Serve with LIMITS: this process is container `greedy`, the other one is `other`."""

    @contextlib.contextmanager
    def serve(**limits):
        proc.put(os.getpid(), HOST.format("greedy"))
        live = {"host-containers": {"greedy": {"superpowered": True}}}
        state = api_node.state(tmp_path, live, doors, gate=proc.gate(**limits))
        with api_node.serving(tmp_path, state) as path, child(OTHER, path) as other:
            proc.put(other.pid, HOST.format("other"))
            yield path, other

    return serve


@pytest.mark.parametrize(("most", "status"), [(3, 503), (99, 200)], ids=["limit", "control"])
def test_one_connection_too_many_is_503_and_others_are_answered(crowded, most, status):
    """The answer arrives whole also at a client that first sends its request."""
    with crowded(connections=most) as (path, other), contextlib.ExitStack() as held:
        for _ in range(3):
            held.enter_context(connected(path))
        for _ in range(20):
            answer = speak(path, HEAD % b"/os")
            assert answer.startswith(b"HTTP/1.1 %d" % status)
        assert asks(other) == 200
        held.close()
        assert eventually(lambda: request(path, "GET", "/os").status == 200)


def eventually(condition):
    end = threading.Event()
    return any(condition() or end.wait(0.05) for _ in range(200))


@pytest.mark.parametrize(("most", "status"), [(1, 429), (9, 200)], ids=["limit", "control"])
def test_one_request_too_many_is_429_and_others_are_answered(crowded, doors, most, status):
    begun, end = threading.Event(), threading.Event()

    def reboot():
        begun.set()
        assert end.wait(20)

    doors.reboot = reboot
    with crowded(requests=most) as (path, other):
        slow = threading.Thread(target=request, args=(path, "POST", "/actions/reboot"))
        slow.start()
        try:
            assert begun.wait(20)
            assert request(path, "GET", "/os").status == status
            assert asks(other) == 200
        finally:
            end.set()
            slow.join(20)
        assert request(path, "GET", "/os").status == 200


@pytest.mark.parametrize(("most", "status"), [(2, b" 429 "), (9, b"")], ids=["limit", "control"])
def test_one_command_too_many_is_429_until_another_has_ended(tmp_path, proc, doors, most, status):
    """Each client has a share of its own of the commands that may run at once."""
    ends = []

    def exec_as(container):
        ours, doors.command = socket.socketpair()
        ends.append(ours)
        proc.put(os.getpid(), HOST.format(container))
        return speak(path, HEAD % b"/exec")

    state = api_node.state(tmp_path, {}, doors, gate=proc.gate(commands=most))
    with api_node.serving(tmp_path, state) as path:
        assert [exec_as("admin") for _ in range(2)] == [b"", b""]
        refused = exec_as("admin")
        assert refused[8:13] == status
        if status:
            assert b"Too many commands of this client at once" in refused
            doors.command.close()
        assert exec_as("control") == b""
        ends[0].close()
        assert exec_as("admin") == b""
    for end in ends:
        end.close()
    assert state.gate._commands.take("")
    assert state.gate._commands._run == {}
