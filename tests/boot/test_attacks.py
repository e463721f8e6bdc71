"""The shipped programs on a booted node, attacked from a container with every tool it wants.

The attacks and the control that proves them are those of the build's tests.
"""

from __future__ import annotations

import base64
import shlex
from typing import TYPE_CHECKING

import pytest
from boot import attacks

if TYPE_CHECKING:
    from boot.machine import Machine

pytestmark = pytest.mark.boot

PROGRAMS = {
    "apiclient": "/usr/local/bin/apiclient",
    "skyrocket": "/.bottlerocket/rootfs/usr/libexec/skyrocket/skyrocket",
}
WORK = "/tmp/evil"


def script(attack: attacks.Attack, program: str) -> str:
    """The attack as a script of the admin container's bash: files, then the start."""
    fill = {"{work}": WORK, "{program}": program}

    def filled(text: str) -> str:
        for mark, value in fill.items():
            text = text.replace(mark, value)
        return text

    def data(content: bytes) -> str:
        return f"echo {base64.b64encode(content).decode()} | base64 -d"

    lines = [f"rm -rf {WORK}; mkdir -p {WORK}; cd {WORK}"]
    for name, text in attack.files.items():
        target = f"{WORK}/{name}"
        content = data(attacks.content(filled(text)))
        lines += [f"mkdir -p $(dirname {target})", f"{content} > {target}; chmod 755 {target}"]
    file = program
    for path, verb in ((attack.copy_to, "cp"), (attack.link_at, "ln -s")):
        if path:
            file = f"{WORK}/{path}"
            lines += [f"mkdir -p $(dirname {file})", f"{verb} {program} {file}"]
    argv0 = file if attack.argv0 == "{program}" else attack.argv0
    words = [shlex.quote(filled(word)) for word in attack.argv]
    start = [shlex.quote(filled(word)) for word in attack.start]
    command = " ".join([*start, *words] if start else [file, *words])
    named = "" if start else f"-a {shlex.quote(argv0)} "
    env = " ".join(f"{name}={shlex.quote(filled(value))}" for name, value in attack.env.items())
    lines.append(f"{data(attack.stdin.encode())} > {WORK}/.stdin")
    lines.append(f"({env} exec {named}{command} < {WORK}/.stdin 2>&1)")
    return "\n".join(lines)


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_attack_gets_code_into_a_shipped_program(node: Machine, program: str) -> None:
    """Every named attack from outside ends in a refusal, on the node, against the shipped file."""
    beaten = []
    for attack in attacks.OUTSIDE:
        answer = node.admin("timeout", "60", "bash", "-c", script(attack, PROGRAMS[program]))
        lost = attacks.verdict(attack._replace(refusal=""), answer.status, answer.out)
        beaten += [lost] if lost else []
    assert beaten == []


def test_an_attack_that_works_is_seen(node: Machine) -> None:
    """The control: the same driver, against a program that does run what it is handed."""
    attack = next(one for one in attacks.OUTSIDE if one.argv[:1] == ("-c",))
    shell = attack._replace(argv=("-c", "echo $((6 * 7 * 1000003))"))
    answer = node.admin("bash", "-c", script(shell, "/bin/bash"))
    assert attacks.verdict(shell, answer.status, answer.out) is not None
