"""Ports, processes, records: the lab's small doors, each tried for real."""

import signal
import socket
import sys

import msgspec
import pytest

from skyrocket.lab import nodes, ports, process, qmp, ssh
from skyrocket.lab.errors import LabError, NodeError
from skyrocket.models.node import Node, Process, valid_name

NODE = Node(
    name="node",
    variant="vm-dev",
    architecture="x86_64",
    origin="o",
    image="/i",
    root_hash="00",
    accelerator="tcg",
    ssh_port=2222,
    demo_port=8080,
    registry_port=5050,
)


def test_a_taken_port_is_replaced_and_said():
    """The other one is free, and the answer tells which was wanted."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wanted = taken.getsockname()[1]
        found = ports.choose(wanted)
        assert found.replaced
        assert ports.is_free(found.number)
    assert ports.choose(wanted) == (wanted, wanted)


def test_a_port_of_another_node_is_not_taken():
    """It may want it again at its next start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    assert ports.choose(number, frozenset({number})).replaced


def test_a_long_process_is_alive_until_it_is_ended(tmp_path):
    """And a record with another start time is not that process."""
    code = "import signal; signal.pause()"
    child = process.start([sys.executable, "-c", code], tmp_path / "log")
    other = Process(child.pid, child.start + 1)
    assert process.alive(child)
    assert not process.alive(other)
    process.end(other)
    assert process.alive(child)
    process.end(child)
    assert not process.alive(child)
    assert not process.alive(None)


def test_records_survive_and_broken_ones_are_no_nodes(tmp_path):
    """A record is written whole; half of one counts as none."""
    place = nodes.home(tmp_path, "node")
    nodes.write(place, NODE)
    assert nodes.read(place) == NODE
    assert nodes.everyone(tmp_path) == [NODE]
    place.record.write_text('{"name": "no')
    assert nodes.everyone(tmp_path) == []


def test_a_node_that_is_not_there_names_those_that_are(tmp_path):
    """The error helps with the next command."""
    nodes.write(nodes.home(tmp_path, "one"), msgspec.structs.replace(NODE, name="one"))
    with pytest.raises(NodeError, match="the nodes here are: one"):
        nodes.get(tmp_path, "two")


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a/b", "..", "a" * 41, "a.b", "ä"])
def test_names_that_could_not_be_hosts_are_refused(tmp_path, name):
    """A name becomes a folder, a host name and a file name."""
    assert not valid_name(name)
    with pytest.raises(NodeError):
        nodes.home(tmp_path, name)


def test_ports_of_other_nodes_are_remembered(tmp_path):
    """One's own do not count."""
    nodes.write(nodes.home(tmp_path, "node"), NODE)
    assert nodes.ports_in_use(tmp_path, "other") == {2222, 8080, 5050}
    assert nodes.ports_in_use(tmp_path, "node") == frozenset()


def test_words_of_a_command_arrive_as_they_were():
    """The far end's shell sees each word quoted."""
    plan = ssh.plan(NODE, ["echo", "a b", "$HOME", ""], terminal=False)
    assert plan[-2:] == ["--", "echo 'a b' '$HOME' ''"]
    assert "-t" not in plan
    assert ssh.plan(NODE, [], terminal=True)[-1] == "ec2-user@127.0.0.1"


def test_qmp_without_qemu_is_an_error_that_names_what_was_asked(tmp_path):
    """No traceback from a socket that nobody serves, however long its path."""
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    with pytest.raises(LabError, match="cannot ask QEMU to quit"):
        qmp.ask(deep / "qmp.sock", qmp.QUIT)


def test_an_interruption_waits_until_a_started_process_is_recorded():
    """Ctrl-C within the block is raised after it, not in it."""
    finished = False
    with pytest.raises(KeyboardInterrupt), process.uninterrupted():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        finished = True
    assert finished
