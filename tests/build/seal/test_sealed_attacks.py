"""Every named attack, against programs of the host's bundle and a Python as the control."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from boot import attacks

from skyrocket.build import seal
from skyrocket.build.seal import parts, programs
from skyrocket.sandbox import Mount

CHECKOUT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.image

PYTHON = "/usr/bin/python3.13"
LIBRARY = "/usr/lib/python3.13/lib-dynload/mmap.cpython-313-x86_64-linux-gnu.so"
PREPARE = """
import json, sys
from pathlib import Path
sys.path.insert(0, "/tests")
from boot import attacks
found = {a.name: a for a in attacks.OUTSIDE}
command = attacks.prepare(found[sys.argv[1]], sys.argv[2], Path("/tmp/evil"))
import os
os.execve(command.file, command.argv, command.env)
"""


@pytest.fixture(scope="module")
def probe(ground, tmp_path_factory):
    """The host's bundle with one module more, which tries the attacks from inside."""
    source = tmp_path_factory.mktemp("source")
    shutil.copytree(CHECKOUT / "src/skyrocket", source / "skyrocket")
    shutil.copy(CHECKOUT / "tests/boot/probe.py", source / "skyrocket/probe.py")
    program = programs.HOST._replace(
        name="probe",
        module="skyrocket.probe",
        roots=(
            *programs.HOST.roots, programs.HOST.module, "binascii", "copy", "dataclasses", "gc",
            "importlib.machinery", "typing",
        ),
    )  # fmt: skip
    shop = parts.Workshop(ground.sandbox, source=source, wheels=ground.wheels, cache=ground.cache)
    return seal.seal(shop, program) / programs.HOST_PATH.lstrip("/")


@pytest.fixture(scope="module")
def shipped(ground):
    """The host program as it is shipped."""
    return seal.seal_host(ground.sandbox, **ground.arguments()) / programs.HOST_PATH.lstrip("/")


@pytest.fixture(scope="module")
def client(ground):
    """The static file that users and containers call."""
    return seal.seal_static(ground.sandbox, "apiclient", **ground.arguments())


def inside(ground, program, name):
    """Run one function of the probe: status and output."""
    mounts = [Mount(program, "/sealed/program"), Mount(CHECKOUT / "tests", "/tests")]
    start = ["/sealed/program"] if program.name != "probe.py" else [PYTHON, "-S", "/sealed/program"]
    words = [re.sub(r"\W", "_", name), LIBRARY, "mmap"]
    done = ground.sandbox.run([*start, *words], mounts=mounts, check=False)
    return done.returncode, done.stdout.decode() + done.stderr.decode()


def outside(ground, attack, program):
    """Start PROGRAM (a path in the sandbox or a file of ours) the way ATTACK says."""
    target, mounts = str(program), [Mount(CHECKOUT / "tests", "/tests")]
    if target != PYTHON:
        mounts.append(Mount(program, "/sealed/program"))
        target = "/sealed/program"
    done = ground.sandbox.run(
        [PYTHON, "-I", "-S", "-c", PREPARE, attack.name, target],
        mounts=mounts,
        stdin=attack.stdin.encode(),
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


@pytest.mark.parametrize("name", attacks.INSIDE)
def test_code_inside_the_process_is_refused_more_code(ground, probe, name):
    """Each attack ends in the refusal that is written beside its name."""
    status, output = inside(ground, probe, name)
    assert output.startswith("refused: "), output
    assert attacks.INSIDE[name] in output
    assert status == 1


@pytest.mark.parametrize("attack", attacks.OUTSIDE, ids=lambda attack: attack.name)
def test_who_starts_the_program_cannot_hand_it_code(ground, shipped, attack):
    """Arguments, environment, files and standard input never become code."""
    status, output = outside(ground, attack, shipped)
    assert attacks.verdict(attack, status, output) is None


@pytest.mark.parametrize("attack", attacks.OUTSIDE, ids=lambda attack: attack.name)
def test_who_starts_a_static_program_cannot_either(ground, client, attack):
    """The file that containers of others mount; the dynamic loader has no say in it."""
    status, output = outside(ground, attack, client)
    assert attacks.verdict(attack._replace(refusal=""), status, output) is None


def test_the_same_attacks_beat_an_ordinary_python(ground):
    """The proof is worth something: at least two thirds succeed against python3.13."""
    probe_file = CHECKOUT / "tests/boot/probe.py"
    inner = {name: inside(ground, probe_file, name)[1] for name in attacks.INSIDE}
    outer = {attack.name: outside(ground, attack, PYTHON)[1] for attack in attacks.OUTSIDE}
    lost = [name for name, output in inner.items() if "ran\n" not in output]
    lost += [name for name, output in outer.items() if attacks.MARKER not in output]
    assert len(lost) * 3 <= len(inner) + len(outer), json.dumps(lost, indent=1)
    expected = {attack.name for attack in attacks.OUTSIDE if not attack.beats_python}
    assert expected == {name for name in lost if name in outer}, lost
