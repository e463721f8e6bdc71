"""From compiled parts to a program: C objects, extension modules, link, strip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket.build import step
from skyrocket.build.seal import checks, layout, programs
from skyrocket.build.seal.errors import LeakError
from skyrocket.build.seal.inputs import digest
from skyrocket.build.seal.parts import DATA
from skyrocket.sandbox import Mount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyrocket.build.seal.parts import Workshop
    from skyrocket.build.seal.programs import Program

TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
C_FILES = ("audit.c", "builtins.c", "bundle.c", "launcher.c", "sha2.c", "stub.c")
COMMON = ("-O2", "-g0", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-fno-strict-aliasing",
          "-Wall", "-Wextra", "-Wno-unused-parameter", "-fcf-protection", "-DNDEBUG",
          "-I/usr/include/python3.13", "-I/usr/include/python3.13/internal")  # fmt: skip
LINK = ("-Wl,-z,relro,-z,now", "-Wl,-z,noexecstack", "-Wl,--build-id=none", "-Wl,--gc-sections",
        f"-Wl,--section-start=.sealed={layout.SECTION_ADDRESS:#x}",
        "-Wl,-Map=/seal/out/map")  # fmt: skip


class Builtins:
    """The table of built-in modules: the whole of what the program can import from itself."""

    _SPECIAL = {"builtins": "NULL", "sys": "NULL", "_warnings": "_PyWarnings_Init"}  # noqa: RUF012

    def __init__(self, program: Program, wanted: Sequence[str]) -> None:
        never = programs.NEVER_BUILTINS | programs.LARGE_BUILTINS
        if program.static:
            never |= programs.NOT_STATIC_BUILTINS
        self.names = sorted({*programs.CORE_BUILTINS, *wanted, *program.native} - never)

    def source(self) -> str:
        """The C file that replaces libpython's own table."""
        rows = [(name, self._SPECIAL.get(name, f"PyInit_{name}")) for name in self.names]
        lines = ["#include <Python.h>"]
        lines += [f"extern PyObject *{start}(void);" for _, start in rows if start != "NULL"]
        lines += ["struct _inittab _PyImport_Inittab[] = {"]
        lines += [f'    {{"{name}", {start}}},' for name, start in rows]
        return "\n".join([*lines, "    {0, 0},", "};", ""])


def objects(shop: Workshop, program: Program, builtins: Builtins) -> Path:
    """Compile the launcher's C files for PROGRAM."""
    files = [*C_FILES, *(f"{name.lstrip('_')}.c" for name in program.native)]
    flags = [
        *COMMON,
        f'-DSEALED_MODULE="{program.module}"',
        f'-DSEALED_FUNCTION="{program.function}"',
        *(["-fno-pie"] if program.static else ["-fPIE"]),
        *([] if program.static else [f'-DSEALED_EXT="{programs.EXT_FOLDER}/"']),
    ]
    inputs = {
        "flags": flags,
        "files": files,
        "builtins": builtins.names,
        "tools": shop.sandbox.root.name,
        "data": digest([*DATA.glob("*.c"), *DATA.glob("*.h")], DATA),
    }

    def make(out: Path) -> None:
        (out / "inittab.c").write_text(builtins.source())
        paths = [*(f"/seal/data/{name}" for name in files), "/seal/out/inittab.c"]
        mounts = [Mount(DATA, "/seal/data"), Mount(out, "/seal/out", writable=True)]
        shop.sandbox.run(["gcc", *flags, "-c", *paths], mounts=mounts, cwd="/seal/out")

    return step.run(shop.cache, "seal-objects", inputs, make)


def extensions(shop: Workshop, part: layout.Part) -> Path:
    """Copy and strip the extension modules, and list what they need of the interpreter."""
    files = part.report.extensions
    inputs = {"base": part.folder.name, "files": files}

    def make(out: Path) -> None:
        (out / "ext").mkdir()
        mounts = [Mount(shop.wheels, "/seal/wheels"), Mount(out, "/seal/out", writable=True)]
        for name, path in files.items():
            target = f"/seal/out/ext/{name}.so"
            argv = ["strip", "--strip-unneeded", "-o", target, path]
            shop.sandbox.run(argv, mounts=mounts)
        targets = [f"/seal/out/ext/{name}.so" for name in files]
        listed = b""
        if targets:
            argv = ["nm", "-D", "--undefined-only", *targets]
            listed = shop.sandbox.run(argv, mounts=mounts).stdout
        names = checks.interpreter_symbols(listed.decode())
        (out / "api").write_text("".join(f"{name}\n" for name in names))
        rows = "".join(f"{name};\n" for name in names)
        (out / "api.list").write_text("{\n" + rows + "};\n")

    return step.run(shop.cache, "seal-ext", inputs, make)


def program(
    shop: Workshop,
    program: Program,
    parts: Sequence[layout.Part],
    compiled: Path,
    ext: Path | None,
    architecture: str = "amd64",
) -> Path:
    """Link, check and strip; the file is `program` in the folder given back."""
    inputs = {
        "parts": [part.folder.name for part in parts],
        "objects": compiled.name,
        "ext": ext.name if ext else "",
        "link": LINK,
        "format": digest([Path(layout.__file__), Path(checks.__file__)], Path("/")),
    }

    def make(out: Path) -> None:
        (out / "index").write_bytes(layout.index(parts))
        blobs = [f"/seal/part{number}/blob" for number in range(len(parts))]
        (out / "bundle.S").write_text(layout.assembler(blobs, "/seal/out/index"))
        mounts = [
            Mount(compiled, "/seal/objects"),
            Mount(out, "/seal/out", writable=True),
            *(Mount(part.folder, f"/seal/part{n}") for n, part in enumerate(parts)),
            *([Mount(ext, "/seal/ext")] if ext else []),
        ]
        argv = _link_argv(program, sorted(compiled.glob("*.o")), ext, architecture)
        shop.sandbox.run(argv, mounts=mounts, cwd="/seal/out")
        _check(shop, program, out, mounts)
        shop.sandbox.run(["strip", "/seal/out/program"], mounts=mounts)
        for name in ("index", "bundle.S"):
            (out / name).unlink()

    return step.run(shop.cache, f"seal-{program.name}", inputs, make) / "program"


def _link_argv(
    program: Program, compiled: Sequence[Path], ext: Path | None, architecture: str
) -> list[str]:
    folder = f"/usr/lib/python3.13/config-3.13-{TRIPLETS[architecture]}"
    argv = ["gcc", "-O2", "-g0", *(f"/seal/objects/{file.name}" for file in compiled), "bundle.S"]
    wanted = (ext / "api").read_text().split() if ext else []
    if program.static:
        kind = ["-static", "-no-pie"]
        archive = f"{folder}/libpython3.13.a"
    else:
        kind = ["-pie", *(["-Wl,--dynamic-list=/seal/ext/api.list"] if wanted else [])]
        kind += [f"-Wl,-u,{name}" for name in wanted]
        archive = f"{folder}/libpython3.13-pic.a"
    return [*argv, "-o", "program", *kind, *LINK, archive, "-lz", "-lm"]


def _check(shop: Workshop, program: Program, out: Path, mounts: Sequence[Mount]) -> None:
    found = checks.pulled_objects((out / "map").read_text())
    problems = checks.forbidden_objects(found)
    dynamic = shop.sandbox.run(["nm", "-D", "/seal/out/program"], mounts=mounts, check=False)
    problems += checks.forbidden_exports(dynamic.stdout.decode())
    sections = shop.sandbox.run(["readelf", "-lW", "/seal/out/program"], mounts=mounts)
    problems += checks.wrong_segments(sections.stdout.decode(), static=program.static)
    if problems:
        raise LeakError(f"cannot seal {program.name}: " + "; ".join(problems))
