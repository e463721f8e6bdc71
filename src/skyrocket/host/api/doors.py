"""What the API asks of others: the privileged verbs behind their sockets.

The API process has no right to do any of it itself. Tests give another object of this shape.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, TypeVar

import msgspec

from skyrocket.host.api.errors import ConflictError, FailedError, LockedError
from skyrocket.host.system import files
from skyrocket.models.api import ActionResult, ApplyResult, UpdateAnswer, UpdateRequest

if TYPE_CHECKING:
    from skyrocket.host.network.trying import Places
    from skyrocket.models.api import ApplyRequest, Variant
    from skyrocket.models.trials import Trial
    from skyrocket.models.update_status import Status, Verb

    Window = tuple[float, float, str]
    """Seconds, and when they begin: the uptime of which boot."""

T = TypeVar("T")
FOLDER = "/run/skyrocket"
NETWORK, NETWORK_OVERRIDE = "/var/lib/bottlerocket/net.toml", "/var/lib/netdog/net.toml"
NETWORK_TRIAL = "/var/lib/bottlerocket/net-trial.json"
UPDATE_HELD = "Unable to obtain shared lock for reading update status: a command is under way"
UPDATE_SECONDS = 60.0
"""A command is answered when it has started; under emulation the start alone takes seconds."""
LONGEST_ANSWER = 1024 * 1024
APPLY_SECONDS = 100.0
"""Less than `apiclient` waits for an answer; units may take their time to restart."""


class Doors:
    """The sockets of the privileged verbs."""

    __slots__ = ("_folder", "_network", "_override", "_trial")

    def __init__(
        self,
        folder: str = FOLDER,
        network: str = NETWORK,
        override: str = NETWORK_OVERRIDE,
        trial: str = NETWORK_TRIAL,
    ) -> None:
        self._folder = folder
        self._network = network
        self._override = override
        self._trial = trial

    def applied(self, request: ApplyRequest) -> ApplyResult:
        """Like `apply`, and wait for the outcome; FailedError when there is none."""
        with self._connect("apply.sock", "start config applier") as door:
            door.settimeout(APPLY_SECONDS)
            mute = "The settings are committed; the config applier gave no answer"
            return _exchange(door, request, ApplyResult, mute)

    def apply(self, request: ApplyRequest) -> None:
        """Have files and units follow the settings; the outcome is in the applier's journal."""
        line = msgspec.json.encode(request) + b"\n"
        with self._connect("apply.sock", "start config applier") as door:
            try:
                door.sendall(line)
            except OSError as error:
                raise FailedError(f"Unable to start config applier: {error.strerror}") from error

    def update(self, command: Verb) -> UpdateAnswer:
        """Start an update command; the answer says why it was not."""
        with self._connect("update.sock", "start update") as door:
            door.settimeout(UPDATE_SECONDS)
            request = UpdateRequest(command)
            return _exchange(door, request, UpdateAnswer, "Update dispatcher failed")

    def update_status(self, variant: Variant) -> Status | None:
        """What the updater left, as it is true in this boot; LockedError while a command runs."""
        from skyrocket.host.system import clock, proc
        from skyrocket.host.update import memory
        from skyrocket.models import update_status

        if memory.held():
            raise LockedError(UPDATE_HELD)
        kept = memory.read(memory.FOLDER)
        if kept is None:
            return None
        image = update_status.Image(variant.arch, variant.version_id, variant.variant_id)
        # Which versions failed is no part of the status, so nobody needs to be known as good.
        return update_status.at_boot(kept, proc.root_hash(), clock.boot(), image, ()).status

    def reboot(self) -> None:
        """Restart the machine; FailedError when it is refused."""
        with self._connect("reboot.sock", "reboot") as door:
            mute = "Failed to reboot, the reboot service gave no answer"
            result = _exchange(door, {}, ActionResult, mute)
        if not result.ok:
            raise FailedError(f"Failed to reboot, {result.error}")

    def configure_network(self, raw: bytes, trial: Window | None = None) -> None:
        """Keep RAW as the node's net.toml; what follows from it, systemd starts when it changed.

        With a window it is on TRIAL. Without, it is a later choice, which ends the trial there is.
        """
        if files.read(self._override) is not None:
            raise ConflictError(f"{self._override} is there and wins; remove it or change it")
        try:
            if trial is not None:
                from skyrocket.host.network import trying

                trying.begin(self._places(), raw, *trial)
                return
            files.replace(self._network, raw, 0o600, durable=True)
            self.keep_network_trial(None)
        except OSError as error:
            raise FailedError(f"Unable to keep {self._network}: {error.strerror}") from error

    def network_trial(self) -> Trial | None:
        """The net.toml that nobody has confirmed yet."""
        if files.read(self._trial) is None:
            return None  # nearly always, and nothing is imported to find out
        from skyrocket.host.network import trying

        return trying.read(self._places())

    def keep_network_trial(self, trial: Trial | None) -> None:
        """Note what there is to know of that trial; None: it is over."""
        if trial is None and files.read(self._trial) is None:
            return
        from skyrocket.host.network import trying

        try:
            trying.keep(self._places(), trial)
        except OSError as error:
            raise FailedError(f"Unable to keep {self._trial}: {error.strerror}") from error

    def return_network(self, trial: Trial) -> None:
        """Put the net.toml before TRIAL back."""
        from skyrocket.host.network import trying

        try:
            trying.take_back(self._places(), trial)
        except OSError as error:
            raise FailedError(f"Unable to keep {self._network}: {error.strerror}") from error

    def _places(self) -> Places:
        from skyrocket.host.network import trying

        return trying.Places(self._network, self._trial)

    def exec(self, client: socket.socket, raw: bytes) -> socket.socket:
        """Hand the CLIENT over to the exec service, with the RAW bytes read from it so far.

        What is returned can be read to its end once the service's process for it has ended.
        """
        door = self._connect("exec.sock", "start exec")
        try:
            sent = socket.send_fds(door, [raw], [client.fileno()])
            door.sendall(raw[sent:])
            door.shutdown(socket.SHUT_WR)
        except OSError as error:
            door.close()
            raise FailedError(f"Unable to start exec: {error.strerror}") from error
        return door

    def _connect(self, name: str, what: str) -> socket.socket:
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        door.settimeout(30)
        try:
            door.connect(f"{self._folder}/{name}")
        except OSError as error:
            door.close()
            raise FailedError(f"Unable to {what}: {error.strerror or error}") from error
        return door


def _exchange(door: socket.socket, request: object, answer: type[T], mute: str) -> T:
    """Send REQUEST and take an ANSWER; FailedError, which says MUTE, when there is none."""
    try:
        door.sendall(msgspec.json.encode(request) + b"\n")
        return msgspec.json.decode(_line(door), type=answer)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FailedError(mute) from error


def _line(door: socket.socket) -> bytes:
    raw = bytearray()
    while not raw.endswith(b"\n") and len(raw) < LONGEST_ANSWER:
        part = door.recv(4096)
        if not part:
            break
        raw += part
    return bytes(raw)
