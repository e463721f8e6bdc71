"""Many clients at once, each a process of its own, against a store on disk: nothing is lost.

The control takes the lock away: then commits do overwrite one another, so the test can fail.
"""

import itertools
import subprocess
import sys

import msgspec
import pytest
from fakes import api_node

from skyrocket.host.api.crowd import CONNECTIONS, Crowd
from skyrocket.host.api.gate import Gate
from skyrocket.host.api.peers import Peer
from skyrocket.host.api.state import State
from skyrocket.host.store.document import Document
from skyrocket.host.store.filesystem import FileStore
from skyrocket.models import keys

READERS, WRITERS, CONTAINERS = 100, 20, 10
CLIENTS = """
import os, socket, sys

path, readers, writers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
go, start = os.pipe()
results, said = os.pipe()


def ask(method, target, body=""):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(path)
        head = f"{method} {target} HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n"
        head += f"Content-Type: application/json\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n"
        client.sendall((head + body).encode())
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        return answer[9:12].decode() or "nothing"


def read(_number):
    return ask("GET", "/settings")


def write(number):
    body = f'{{"kernel":{{"sysctl":{{"vm.k{number}":"1"}}}}}}'
    return ask("PATCH", f"/settings?tx=t{number}", body) + " " + ask(
        "POST", f"/tx/commit_and_apply?tx=t{number}"
    )


for number in range(readers + writers):
    if os.fork() == 0:
        os.close(start)
        os.read(go, 1)
        try:
            line = read(number) if number < readers else write(number)
        except Exception as error:
            line = repr(error)
        os.write(said, (line + "\\n").encode())
        os._exit(0)
os.close(go), os.close(start), os.close(said)
with os.fdopen(results) as lines:
    sys.stdout.write(lines.read())
"""


class NoLock:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Node:
    """A node's state on disk, asked from CONTAINERS containers with the limits of the image."""

    def __init__(self, folder):
        policy = api_node.shipped_policy()
        every = sorted({right for rights in policy.rights.values() for right in rights})
        numbers = itertools.count()
        gate = Gate(
            msgspec.structs.replace(policy, rights={"pod": every}),
            lambda _: Peer("pod", f"p{next(numbers) % CONTAINERS}"),
            lambda _: None,
        )
        self.doors = api_node.Doors()
        self.store = FileStore(str(folder / "store"))
        self.store.save(Document({"motd": "hi"}, generation=1))
        self.state = State(
            self.store, api_node.VARIANT, self.doors, gate, str(folder / "pending.json")
        )

    def sysctls(self, settings):
        return set(settings.get("kernel", {}).get("sysctl", {}))


def crowd(path):
    argv = [sys.executable, "-I", "-S", "-c", CLIENTS, path, str(READERS), str(WRITERS)]
    done = subprocess.run(argv, capture_output=True, timeout=120, check=True, text=True)
    return sorted(done.stdout.splitlines())


WANTED = {f"vm.k{number}" for number in range(READERS, READERS + WRITERS)}
ANSWERS = ["200"] * READERS + ["204 200"] * WRITERS


@pytest.mark.parametrize("places", [CONNECTIONS, 8])
def test_100_reads_and_20_transactions_at_once_are_all_answered_and_none_is_lost(tmp_path, places):
    """Each transaction is a generation of its own with one key more than the one before."""
    node = Node(tmp_path)
    with api_node.serving(tmp_path, node.state, Crowd(places, moment=30.0)) as path:
        assert crowd(path) == ANSWERS
    assert node.sysctls(node.store.load().settings) == WANTED
    kept = [entry.generation for entry in node.store.history()]
    assert kept == list(range(1, WRITERS + 2))
    sizes = [len(node.sysctls(node.store.generation(number).settings)) for number in kept]
    assert sizes == list(range(WRITERS + 1))
    applied = sorted(request.keys for _, request in node.doors.asked)
    assert applied == sorted([keys.name(("settings", "kernel", "sysctl", k))] for k in WANTED)
    assert node.state.transactions.names() == []


def test_control_without_the_lock_commits_are_lost(tmp_path):
    node = Node(tmp_path)
    node.state.lock = NoLock()
    with api_node.serving(tmp_path, node.state) as path:
        crowd(path)
    assert node.sysctls(node.store.load().settings) < WANTED


def test_control_without_a_moment_for_each_some_are_not_answered(tmp_path):
    node = Node(tmp_path)
    with api_node.serving(tmp_path, node.state, Crowd(8, moment=0.0)) as path:
        assert crowd(path) != ANSWERS
