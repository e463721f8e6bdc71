"""A node's API for tests: the real state and server, a store in memory, doors that take notes."""

import contextlib
import socket
import threading
from pathlib import Path
from typing import get_args

import msgspec
from fakes.settings_host import FakeHost

from skyrocket.host.api import main, policy, server
from skyrocket.host.api.errors import FailedError
from skyrocket.host.api.gate import Gate
from skyrocket.host.api.peers import Kind
from skyrocket.host.api.state import State
from skyrocket.host.store.document import Document
from skyrocket.host.store.memory import MemoryStore
from skyrocket.models.api import ApplyResult, UpdateAnswer, Variant

AGENT = Path(__file__).parents[2] / "packages/agent"
VARIANT = Variant(
    pretty_name="Skyrocket 1.2.3 (vm-dev)",
    variant_id="vm-dev",
    version_id="1.2.3",
    build_id="abcdef",
    arch="x86_64",
)


class Doors:
    """Remembers what was asked; with TROUBLE, refuses it."""

    def __init__(self, trouble=None):
        self.asked = []
        self.trouble = trouble
        self.command = None  # the door to what exec starts
        self.result = ApplyResult(ok=True, changed_files=["/etc/motd"], restarted=["a.service"])

    def apply(self, request):
        self._note(("apply", request))

    def applied(self, request):
        self._note(("applied", request))
        return self.result

    def reboot(self):
        self._note(("reboot",))

    def configure_network(self, raw, trial=None):
        self._note(("network", raw, trial) if trial else ("network", raw))

    def network_trial(self):
        """No net.toml is on trial here; tests of that have the real doors."""

    def keep_network_trial(self, trial):
        """See `network_trial`."""

    def update(self, command):
        self._note(("update", command))
        return UpdateAnswer(ok=True)

    def update_status(self, _variant):
        """No command has run yet."""

    def exec(self, client, raw):
        self._note(("exec", client.fileno() >= 0, raw))
        return self.command

    def _note(self, what):
        if self.trouble:
            raise FailedError(self.trouble)
        self.asked.append(what)


def shipped_policy():
    return policy.read(str(AGENT / "root/usr/share/skyrocket/api-policy.json"))


def open_gate():
    """A gate at which every client has every right, and no audit: tests are no node's service."""
    every = list(dict.fromkeys(route.right for route in shipped_policy().routes))
    rights = dict.fromkeys(get_args(Kind), every)
    opened = msgspec.structs.replace(
        shipped_policy(), rights=rights, connections=9999, requests=9999
    )
    return Gate(opened, say=lambda _: None)


def state(tmp_path, settings=None, doors=None, variant=VARIANT, store=None, gate=None):
    store = store or MemoryStore()
    if settings is not None:
        store.save(Document(settings, generation=1))
    pending = str(tmp_path / "pending.json")
    return State(store, variant, doors or Doors(), gate or open_gate(), pending, FakeHost())


@contextlib.contextmanager
def serving(tmp_path, its_state, crowd=None):
    """The path of a socket at which ITS_STATE is served."""
    path = str(tmp_path / "api.sock")
    listener = main.listen(path, -1)
    listener.listen(4096)  # what systemd gives it

    def serve():
        with contextlib.suppress(OSError):
            server.serve(listener, its_state, crowd)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield path
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        listener.close()
