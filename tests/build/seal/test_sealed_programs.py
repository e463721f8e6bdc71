"""Real seals of small programs: what the launcher does, and what a rebuild changes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from skyrocket.build import seal
from skyrocket.build.seal import checks, programs
from skyrocket.sandbox import Mount, Sandbox

pytestmark = pytest.mark.image

CLIENT = """
import sys

def main(argv):
    name = argv[1]
    if name == "status":
        return int(argv[2])
    if name == "exit":
        raise SystemExit(argv[2])
    if name == "boom":
        raise ValueError("a reason")
    if name == "interrupt":
        import _signal
        import posix
        posix.kill(posix.getpid(), _signal.SIGINT)
    if name == "lost":
        sys.stdout.write("x" * 10)
    if name == "builtins":
        sys.stdout.write(" ".join(sys.builtin_module_names))
    if name == "node":
        __import__("_node")
    return 0
"""

HOST = """
from __future__ import annotations

import hashlib
import sys
from typing import NamedTuple

import msgspec


class Pair(NamedTuple):
    one: int
    two: "str"


class Thing(msgspec.Struct, frozen=True):
    a: int | None
    b: list[str]


def main(argv):
    if argv[1:2] == ["hash"]:
        for size in (0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 1000):
            for name in ("sha224", "sha256", "sha384", "sha512"):
                data = bytes(range(256)) * 4
                h = hashlib.new(name)
                h.update(data[: size // 3])
                half = h.copy()
                h.update(data[size // 3 : size])
                half.update(data[size // 3 : size])
                assert h.digest() == half.digest()
                print(name, size, h.hexdigest())
    elif argv[1:2] == ["node"]:
        import _node

        try:
            _node.mount("none", "/no/such/folder", "tmpfs", 0, "")
        except OSError as error:
            print(error.errno, error.filename)
    else:
        print(Pair(1, "2"), msgspec.json.decode(b'{"a": 1, "b": ["x"]}', type=Thing))
    return 0
"""


def tree(folder: Path, client: str = CLIENT, host: str = HOST) -> Path:
    for name, text in {
        "__init__.py": "",
        "client/__init__.py": "",
        "client/cli.py": client,
        "host/__init__.py": "",
        "host/__main__.py": host,
    }.items():
        path = folder / "skyrocket" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture(scope="module")
def client(ground, tmp_path_factory):
    source = tree(tmp_path_factory.mktemp("source"))
    return seal.seal_static(ground.sandbox, "apiclient", **ground.arguments(source))


@pytest.fixture(scope="module")
def host(ground, node, tmp_path_factory):
    source = tree(tmp_path_factory.mktemp("source"))
    return node(seal.seal_host(ground.sandbox, **ground.arguments(source)))


def run(program, *words, empty, stdout=None):
    """Run a static PROGRAM in a root that holds nothing at all."""
    mounts = [Mount(program, "/program")]
    return Sandbox(empty).run(["/program", *words], mounts=mounts, check=False, stdout=stdout)


@pytest.mark.parametrize(
    ("words", "status", "stderr"),
    [
        (("status", "0"), 0, ""),
        (("status", "7"), 7, ""),
        (("exit", "a message"), 1, "a message\n"),
        (("boom",), 1, "ValueError: a reason\n"),
        (("interrupt",), -2, ""),
    ],
)
def test_exit_status_says_how_the_program_ended(client, tmp_path, words, status, stderr):
    """Returned, raised and signalled ends look as those of any other program."""
    done = run(client, *words, empty=tmp_path)
    assert done.returncode == status
    assert done.stderr.decode().endswith(stderr)


def test_output_that_is_lost_is_a_failure(client, tmp_path):
    """A full device must not look like success."""
    with Path("/dev/full").open("wb") as full:
        assert run(client, "lost", empty=tmp_path, stdout=full).returncode == 120


def test_the_list_of_builtin_modules_is_short(client, tmp_path):
    """What helps to bring in code is not there; apiclient has no kernel calls."""
    names = set(run(client, "builtins", empty=tmp_path).stdout.decode().split())
    assert not names & (programs.NEVER_BUILTINS | programs.NOT_STATIC_BUILTINS)
    assert len(names) < 40
    assert run(client, "node", empty=tmp_path).returncode == 1


def test_baked_texts_and_extensions_work(host):
    """Named tuples, structs with postponed annotations and an extension module."""
    done = host.run(["/usr/libexec/skyrocket/skyrocket"])
    assert done.stdout.decode() == "Pair(one=1, two='2') Thing(a=1, b=['x'])\n"


def test_sha2_agrees_with_another_implementation(host):
    """All four sizes, around the edges of their blocks, in two pieces and copied."""
    done = host.run(["/usr/libexec/skyrocket/skyrocket", "hash"])
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 13 * 4
    for line in lines:
        name, size, digest = line.split()
        data = (bytes(range(256)) * 4)[: int(size)]
        assert hashlib.new(name, data).hexdigest() == digest


CHECK = r"""
#include <stdio.h>
#include "sealed.h"
extern void sealed_sha256(const uint8_t *, size_t, uint8_t *);
int main(void)
{
    static uint8_t data[1000], out[32];
    for (size_t size = 0; size < sizeof data; size++) {
        data[size] = (uint8_t)(size * 7);
        sealed_sha256(data, size, out);
        for (int i = 0; i < 32; i++)
            printf("%02x", out[i]);
        printf("\n");
    }
}
"""


@pytest.mark.parametrize("flags", [[], ["-DPLAIN_SHA2"]], ids=["any", "plain"])
def test_sha_256_is_the_same_with_and_without_the_processors_help(ground, tmp_path, flags):
    """Where the processor has no such instructions, both are the plain one."""
    from skyrocket.build.seal.parts import DATA

    (tmp_path / "check.c").write_text(CHECK)
    mounts = [Mount(DATA, "/data"), Mount(tmp_path, "/out", writable=True)]
    argv = ["gcc", "-O2", *flags, "-I/data", "-I/usr/include/python3.13", "/data/sha2.c"]
    ground.sandbox.run([*argv, "/out/check.c", "-o", "/out/check"], mounts=mounts)
    said = ground.sandbox.run(["/out/check"], mounts=mounts).stdout.decode().split()
    data = bytes(size * 7 % 256 for size in range(1000))
    assert said == [hashlib.sha256(data[:size]).hexdigest() for size in range(1000)]


def test_calls_to_the_kernel_raise_os_errors(host):
    """_node's functions carry errno and the path."""
    done = host.run(["/usr/libexec/skyrocket/skyrocket", "node"])
    assert done.stdout.decode() == "2 /no/such/folder\n"


def test_another_place_hash_seed_and_umask_make_the_same_bytes(ground, tmp_path, monkeypatch):
    """Nothing of the build's circumstances gets into a program."""
    monkeypatch.setenv("PYTHONHASHSEED", "4711")
    first = tree(tmp_path / "a")
    second = tree(tmp_path / "an other place")
    results = []
    for source, mask in ((first, 0o022), (second, 0o077)):
        cache = source.parent / f"steps {mask}"
        cache.mkdir()
        old = os.umask(mask)
        try:
            arguments = {"source": source, "wheels": ground.wheels, "cache": cache}
            folder = seal.seal_host(ground.sandbox, **arguments)
            static = seal.seal_static(ground.sandbox, "apiclient", **arguments)
        finally:
            os.umask(old)
        files = [static, *(path for path in sorted(folder.rglob("*")) if path.is_file())]
        results.append(
            [(path.name, path.stat().st_mode, hashlib.sha256(path.read_bytes()).hexdigest())
             for path in files]
        )  # fmt: skip
    assert results[0] == results[1]


def test_one_changed_line_builds_nothing_below_again(ground, tmp_path):
    """Only our part, the link and the tree are new, and the file changes in its last section."""
    arguments = ground.arguments(tree(tmp_path))
    before = seal.seal_host(ground.sandbox, **arguments)
    old = {path.name for path in ground.cache.iterdir()}
    tree(tmp_path, host=HOST.replace('"2")', '"3")'))
    after = seal.seal_host(ground.sandbox, **arguments)
    new = {path.name for path in ground.cache.iterdir()} - old
    assert sorted(name.rpartition("-")[0] for name in new) == [
        "seal-host", "seal-ours", "seal-tree",
    ]  # fmt: skip
    name = programs.HOST_PATH.lstrip("/")
    one, two = (before / name).read_bytes(), (after / name).read_bytes()
    changed = sum(a != b for a, b in zip(blocks(one), blocks(two), strict=False))
    assert changed <= 6, f"{changed} blocks of {len(one) // 4096} are new"


def blocks(data: bytes) -> list[bytes]:
    return [data[start : start + 4096] for start in range(0, len(data), 4096)]


def test_a_module_that_cannot_be_imported_is_named(ground, tmp_path):
    """An import that the sealed program lacks fails the build, not the node."""
    source = tree(tmp_path, host="import ctypes\n\ndef main(argv):\n    return 0\n")
    with pytest.raises(seal.SourceError, match=r"skyrocket\.host\.__main__: .*ctypes"):
        seal.seal_host(ground.sandbox, **ground.arguments(source))


def test_an_ordinary_interpreter_does_not_pass_the_checks(ground, tmp_path):
    """The checks see a parser, exports and a dynamic section where they are."""
    (tmp_path / "main.c").write_text(
        "int Py_BytesMain(int, char **);\nint main(int c, char **v) { return Py_BytesMain(c, v); }"
    )
    mounts = [Mount(tmp_path, "/try", writable=True)]
    archive = "/usr/lib/python3.13/config-3.13-x86_64-linux-gnu/libpython3.13.a"
    argv = [
        "gcc",
        "-no-pie",
        "main.c",
        "-Wl,-Map=map",
        "-Wl,--unresolved-symbols=ignore-all",
        archive,
    ]
    ground.sandbox.run([*argv, "-lz", "-lm", "-lexpat"], mounts=mounts, cwd="/try")
    pulled = checks.pulled_objects((tmp_path / "map").read_text())
    wanted = {"the linker took compile.o in", "the linker took parser.o in"}
    assert wanted <= set(checks.forbidden_objects(pulled))
    nm = ground.sandbox.run(["nm", "-D", "/usr/bin/python3.13"]).stdout.decode()
    assert "PyRun_SimpleStringFlags is exported" in checks.forbidden_exports(nm)
    segments = ground.sandbox.run(["readelf", "-lW", "/usr/bin/python3.13"]).stdout.decode()
    assert checks.wrong_segments(segments, static=True)


def test_wheels_that_a_program_does_not_name_stay_out(ground, tmp_path):
    """A static program that imports msgspec is refused, though the wheel lies there."""
    source = tree(tmp_path, client="import msgspec\n\ndef main(argv):\n    return 0\n")
    with pytest.raises(seal.SourceError, match="msgspec"):
        seal.seal_static(ground.sandbox, "apiclient", **ground.arguments(source))
