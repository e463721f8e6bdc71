"""The tests of models, client and host, run once more inside a sealed program."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from skyrocket.build import seal
from skyrocket.build.seal import parts, programs
from skyrocket.sandbox import Mount

pytestmark = pytest.mark.image

CHECKOUT = Path(__file__).resolve().parents[3]
ROOMS = ("models", "client", "host")
ROOM = "skyrocket.sealed_tests"
NOT_THERE = re.compile(
    r"skyrocket\.build|from skyrocket import build"
    r"|hypothesis|websockets|sys\.executable|import pty|#!/"
    r"|skyrocket\.publish|from publish\.|cryptography"
)
"""What a sealed program of the node lacks; tests that need it run under pytest alone."""


def sealed_tests(folder: Path) -> list[str]:
    """Copy the sources and every test module that can run there; gives the modules' names."""
    shutil.copytree(CHECKOUT / "src/skyrocket", folder / "skyrocket")
    target = folder / "skyrocket/sealed_tests"
    shutil.copytree(CHECKOUT / "tests/build/seal/inside", target)
    (target / "__init__.py").touch()
    (target / "fakes").mkdir()
    (target / "fakes/__init__.py").touch()
    for path in (CHECKOUT / "tests/fakes").glob("*.py"):
        (target / "fakes" / path.name).write_text(adapted(path))
    names = []
    for room in ROOMS:
        for path in sorted((CHECKOUT / "tests" / room).rglob("test_*.py")):
            text = adapted(path)
            if NOT_THERE.search(text) or "from host." in text:
                continue
            (target / f"{room}_{path.name}").write_text(text)
            names.append(f"{ROOM}.{room}_{path.stem}")
    (target / "names.py").write_text(f"MODULES = {names!r}\n")
    return names


def adapted(path: Path) -> str:
    """PATH's text with the names under which things lie in the sealed program."""
    text = path.read_text()
    text = re.sub(r"^import pytest$", f"from {ROOM} import pytest", text, flags=re.MULTILINE)
    text = re.sub(r"^from fakes\b", f"from {ROOM}.fakes", text, flags=re.MULTILINE)
    text = re.sub(r"([\"'])fakes\.", rf"\1{ROOM}.fakes.", text)
    place = f"/checkout/{path.relative_to(CHECKOUT)}"
    return re.sub(r"\b__file__\b", repr(place), text)


def test_host_tests_pass_in_the_sealed_layout(ground, node, tmp_path):
    """Frozen, without parser and importer of files, under the audit hook: the same answers."""
    names = sealed_tests(tmp_path)
    assert len(names) >= 20
    program = programs.HOST._replace(
        name="tests",
        module=f"{ROOM}.runner",
        roots=(*programs.HOST.roots, "tempfile", "pathlib"),
        also=programs.HOST.also,
        asserting=ROOM,
    )
    shop = parts.Workshop(ground.sandbox, source=tmp_path, wheels=ground.wheels, cache=ground.cache)
    sandbox = node(seal.seal(shop, program))
    mounts = [
        Mount(CHECKOUT / name, f"/checkout/{name}")
        for name in ("tests", "packages", "packages.lock")
    ]
    done = sandbox.run([programs.HOST_PATH], mounts=mounts, check=False)
    output = done.stdout.decode()
    assert done.returncode == 0, output + done.stderr.decode()[-500:]
    assert int(re.search(r"(\d+) passed", output)[1]) >= 300
