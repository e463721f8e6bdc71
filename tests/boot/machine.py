"""A booted node in a test's hands: what a user does through ssh and HTTP, and the machine's power.

Built on the lab's own rooms; nothing here is faked.
"""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from boot.quiet import Provoked

from skyrocket.cli import lab_folders, made
from skyrocket.fetch import places
from skyrocket.lab import accelerator, disks, launch, nodes, process, qemu, qmp, serial, ssh
from skyrocket.models.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from skyrocket.models.node import Node

REBOOT_SECONDS = 240.0
VARIANT = "vm-dev"
SHARED = ("-S", f"{qemu.NODE}/ssh.sock")


class Answer(NamedTuple):
    status: int
    out: str
    err: str


class Machine:
    """One node; every method waits with a deadline and says what it waited for."""

    def __init__(self, lab: launch.Lab, node: Node) -> None:
        self.lab, self.node = lab, node
        self.home = nodes.home(lab.nodes, node.name)
        self._line: subprocess.Popen[bytes] | None = None
        self.provoked: list[Provoked] = []
        self.quiet = False

    def admin(self, *command: str, stdin: str = "", terminal: bool = False) -> Answer:
        """A command in the admin container, through ssh as a user would.

        The handshake is expensive under emulation, so all commands share one connection.
        """
        self._connect()
        done = subprocess.run(  # noqa: PLW1510  the caller looks at the status
            self._ssh(*SHARED, *(["-tt"] if terminal else []), *self._words(command)),
            input=stdin.encode(),
            capture_output=True,
            timeout=300,
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    def _connect(self) -> None:
        control = self.home.folder / "ssh.sock"
        if self._line is not None and self._line.poll() is None and control.exists():
            return
        assert ssh.wait(self.node), f"admin container of {self.node.name} does not answer"
        control.unlink(missing_ok=True)
        nowhere = subprocess.DEVNULL
        self._line = subprocess.Popen(
            self._ssh("-M", "-N", *SHARED, *self._words(())),
            stdin=nowhere,
            stdout=nowhere,
            stderr=nowhere,
        )
        assert process.wait_for(control.exists, 120), "no ssh connection"

    def _words(self, command: tuple[str, ...]) -> list[str]:
        return ssh.plan(self.node, command, terminal=False)[1:]

    def _ssh(self, *words: str) -> list[str]:
        return self.lab.sandbox.argv(["ssh", *words], mounts=disks.mounts(self.home))

    def hang_up(self) -> None:
        if self._line is not None:
            self._line.terminate()
            self._line.wait(20)
            self._line = None

    def host(self, script: str) -> Answer:
        """A script in sheltie: root on the host's file system."""
        return self.admin("sheltie", "-c", script)

    def provokes(self, who: str, whom: str, kind: str, *permissions: str) -> None:
        """A test asks the policy for these refusals: the journal must have them, and no others."""
        self.provoked += [Provoked(who, whom, kind, one) for one in permissions]

    def get(self, *prefixes: str) -> dict[str, object]:
        answer = self.admin("apiclient", "get", *prefixes)
        assert answer.status == 0, answer
        return json.loads(answer.out)

    def page(self) -> str:
        answer = launch.wait_demo(self.node)
        assert answer, "the demonstration does not answer"
        return answer

    def wait(self, what: str, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Until CONDITION holds; effects of a change come after the answer to it."""
        assert process.wait_for(condition, seconds), f"no {what} within {seconds:.0f} s"

    def serial(self) -> str:
        return self.home.serial.read_text(encoding="utf-8", errors="replace")

    def mark(self) -> int:
        return len(self.serial())

    def wait_serial(self, text: str, since: int = 0, seconds: float = REBOOT_SECONDS) -> str:
        """The serial log from SINCE on, once it holds TEXT."""
        found = process.wait_for(lambda: text in self.serial()[since:], seconds)
        tail = "\n".join(serial.clean(self.serial()[since:])[-30:])
        assert found, f"no {text!r} on the console within {seconds:.0f} s:\n{tail}"
        return self.serial()[since:]

    def wait_ready(self, since: int = 0, seconds: float = REBOOT_SECONDS) -> str:
        return self.wait_serial("skyrocket: ready version=", since, seconds)

    def ended_by(self, script: str) -> dict[str, str]:
        """Run SCRIPT, which ends this boot, and give what the next boot knows of that end."""
        boot_id = self.host("cat /proc/sys/kernel/random/boot_id").out.strip()
        mark = self.mark()
        # In the background: the connection does not survive what comes.
        self.admin("sheltie", "-c", f"(sleep 1; {script}) >/dev/null 2>&1 </dev/null &")
        self.hang_up()
        self.wait_ready(mark)
        facts = json.loads(self.host("cat /run/skyrocket/initrd.json").out)
        previous: dict[str, str] = facts["previous_boot"]
        assert boot_id == previous["boot_id"]
        return previous

    def cut_power(self) -> None:
        self.hang_up()
        qmp.ask(self.home.socket, qmp.QUIT)
        assert process.wait_for(lambda: not nodes.runs(self.node), 20)

    def link(self, *, up: bool) -> None:
        """Pull the network's cable, or put it back."""
        qmp.ask(self.home.socket, (qmp.Command("set_link", {"name": "net", "up": up}),))

    def stop(self) -> None:
        self.hang_up()
        launch.stop(self.lab.nodes, self.node.name)


class Rack:
    """Starts machines and stops them all at the end."""

    def __init__(self, folder: Path) -> None:
        report = Silent()
        parts = made.everything(VARIANT, report)
        sandbox = lab_folders.sandbox(parts.tools)
        memory = places.folder("logs").parent / "accelerator.json"
        verdict = accelerator.find(sandbox, parts.image, memory, report)
        self.parts = parts
        self.lab = launch.Lab(sandbox, folder, parts.containers, verdict.accelerator)
        self.machines: list[Machine] = []

    def order(self, name: str, **wishes: object) -> launch.Order:
        order = launch.Order(
            name=name,
            variant=VARIANT,
            architecture=made.ARCHITECTURE,
            version=self.parts.facts.version,
            image=self.parts.image,
            root_hash=self.parts.facts.root_hash,
        )
        return order._replace(**wishes)

    def start(self, order: launch.Order, *, ready: bool = True) -> Machine:
        began = time.monotonic()
        node = launch.start(self.lab, order, Silent())
        if ready:
            node = launch.wait_ready(self.lab, node, began, Silent())
        machine = Machine(self.lab, msgspec.structs.replace(node))
        self.machines.append(machine)
        return machine

    def close(self) -> None:
        for machine in self.machines:
            machine.hang_up()
            if nodes.runs(machine.node):
                machine.cut_power()
            launch.stop(self.lab.nodes, machine.node.name)
