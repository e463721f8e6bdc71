"""Compile the parts of a bundle in the tools tree: what we build on, then what is ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket.build import step
from skyrocket.build.seal import layout, programs
from skyrocket.build.seal.errors import SourceError
from skyrocket.build.seal.inputs import digest
from skyrocket.build.seal.survey import OURS
from skyrocket.sandbox import Mount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from skyrocket.build.seal.programs import Program
    from skyrocket.build.seal.survey import Survey
    from skyrocket.sandbox import Sandbox

HERE = Path(__file__).parent
TOOL, DATA = HERE / "tool", HERE / "data"
STANDINS = "/seal/data/standins"
STDLIB = "/usr/lib/python3.13"
PYTHON = ("/usr/bin/python3.13", "-S", "-s", "-P", "-X", "no_debug_ranges")


class Workshop:
    """The tools tree, the wheels and the cache, which every step of a seal needs."""

    def __init__(self, sandbox: Sandbox, *, source: Path, wheels: Path, cache: Path) -> None:
        self.sandbox = sandbox
        self.source = source
        self.wheels = wheels
        self.cache = cache

    def freeze(self, out: Path, job: Mapping[str, object], extra: Sequence[Mount] = ()) -> None:
        """Run `freeze.py` on JOB, leaving its results in OUT."""
        (out / "job.json").write_text(json.dumps(job))
        mounts = [
            Mount(TOOL, "/seal/tool"),
            Mount(DATA, "/seal/data"),
            Mount(self.wheels, "/seal/wheels"),
            Mount(self.source, "/seal/source"),
            Mount(out, "/seal/out", writable=True),
            *extra,
        ]
        env = {"PYTHONHASHSEED": "0", "PYTHONPATH": "/seal/tool", "PYTHONDONTWRITEBYTECODE": "1"}
        argv = [*PYTHON, "/seal/tool/freeze.py", "/seal/out/job.json"]
        self.sandbox.run(argv, mounts=mounts, env=env)
        (out / "job.json").unlink()


def base(shop: Workshop, program: Program, survey: Survey) -> layout.Part:
    """Standard library and wheels: everything that is not ours."""
    exclude = programs.EXCLUDE - program.also
    refused = {path.name for path in shop.wheels.iterdir() if path.name not in program.wheels}
    others = {name for name in program.roots if name.partition(".")[0] != OURS}
    job = {
        "roots": sorted({*survey.others, *programs.ALWAYS, *others}),
        "folders": [STDLIB, f"{STDLIB}/lib-dynload", "/seal/wheels"],
        "exclude": sorted(exclude | refused),
        "standins": {name: f"{STANDINS}/{file}" for name, file in programs.STANDINS.items()},
        "sources": [[name, f"{STDLIB}/{file}", False] for name, file in programs.BOOTSTRAP.items()]
        + [["_frozen_importlib_external", f"{STANDINS}/_frozen_importlib_external.py", False]],
        "hidden": programs.HIDDEN_IMPORTS,
        "extensions": {},
        "fakes": [],
        "below": [],
        "asserting": "",
    }
    inputs = {
        "job": job,
        "tools": shop.sandbox.root.name,
        "tool": digest(TOOL.glob("*.py"), TOOL),
        "data": digest([DATA / "record.py", *(DATA / "standins").rglob("*.py")], DATA),
        "wheels": _wheels_digest(shop.wheels, program.wheels),
    }
    folder = step.run(shop.cache, "seal-base", inputs, lambda out: shop.freeze(out, job))
    return layout.read_part(folder)


def ours(shop: Workshop, program: Program, survey: Survey, below: layout.Part) -> layout.Part:
    """Our modules and the last step of the start."""
    files = {name: f"{programs.EXT_FOLDER}/{name}.so" for name in below.report.extensions}
    sources = [
        [item.name, f"/seal/source/{Path(item.path).relative_to(shop.source)}", item.package]
        for item in survey.sources
    ]
    sources.append(["_sealed", "/seal/data/_sealed.py", False])
    if not program.static:
        sources.append(["_sealed_extensions", "/seal/data/_sealed_extensions.py", False])
        sources.append(["_sealed_files", "/seal/out/_sealed_files.py", False])
    job = {
        "roots": [],
        "folders": [],
        "exclude": [],
        "sources": sources,
        "standins": {},
        "hidden": {},
        "extensions": below.report.extensions,
        "fakes": list(program.native),
        "below": [["/seal/below/blob", below.report.modules]],
        "asserting": program.asserting,
    }
    inputs = {
        "job": {**job, "below": below.folder.name},
        "ours": digest((Path(item.path) for item in survey.sources), shop.source),
        "data": digest(DATA.glob("*.py"), DATA),
    }

    def make(out: Path) -> None:
        (out / "_sealed_files.py").write_text(f"FILES = {files!r}\n")
        shop.freeze(out, job, [Mount(below.folder, "/seal/below")])

    part = layout.read_part(step.run(shop.cache, "seal-ours", inputs, make))
    if part.report.failed:
        raise SourceError(_failures(program, part))
    return part


def _failures(program: Program, part: layout.Part) -> str:
    lines = [f"  {name}: {reason}" for name, reason in sorted(part.report.failed.items())]
    return "\n".join([f"cannot seal {program.name}: modules that cannot be imported:", *lines])


def _wheels_digest(wheels: Path, names: Sequence[str]) -> str:
    files = [
        file
        for name in names
        for file in (wheels / name).rglob("*")
        if file.is_file() and file.suffix in {".py", ".so"}
    ]
    return digest(files, wheels)
