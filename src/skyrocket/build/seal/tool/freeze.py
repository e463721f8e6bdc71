"""Runs inside the tools tree: find modules, compile them, record what they compile when imported.

`python3.13 … freeze.py JOB` reads the job (JSON) and writes beside it `blob` (bytecode, one entry
after the other) and `report.json` (where each entry lies, and what was found on the way).
It knows nothing of programs or links; it runs under the interpreter whose bytecode is wanted.
"""

from __future__ import annotations

import json
import marshal
import subprocess
import sys
from pathlib import Path
from typing import Any

import closure  # type: ignore[import-not-found]  # beside this file when it runs

PREFIX = "<sealed>/"
ALIGN = 16
OPTIMIZE = 2
FILE_NAMES = {"_frozen_importlib": "<frozen importlib._bootstrap>"}
"""The interpreter leaves frames of files with this very name out of tracebacks."""


def main(job_path: str) -> None:
    """Carry out one job; see the module."""
    job: dict[str, Any] = json.loads(Path(job_path).read_text())
    out = Path(job_path).parent
    found = _find(job)
    blob = bytearray()
    modules = []
    for source in found["sources"]:
        code = _compile(source, job["asserting"])
        modules.append([source.name, _append(blob, code), len(code), source.package])
    files = {**found["extensions"], **job["extensions"]}
    bundle = {"modules": modules, "files": files, "fakes": job["fakes"], "below": job["below"]}
    recorded = _record(out, bundle, bytes(blob))
    snippets = []
    for key, data in recorded["snippets"]:
        code = bytes.fromhex(data)
        snippets.append([key, _append(blob, code), len(code)])
    (out / "blob").write_bytes(bytes(blob))
    report = {
        "modules": modules,
        "snippets": snippets,
        "extensions": found["extensions"],
        "builtins": found["builtins"],
        "missing": found["missing"],
        "failed": recorded["failed"],
        "texts": recorded["texts"],
    }
    (out / "report.json").write_text(json.dumps(report, indent=1, sort_keys=True))


def _find(job: dict[str, Any]) -> dict[str, Any]:
    """The modules to compile: those named outright, then the closure of the roots."""
    folders = [Path(folder) for folder in job["folders"]]
    sources = [closure.Source(*item) for item in job["sources"]]
    extensions: dict[str, str] = {}
    builtins: set[str] = set()
    missing: set[str] = set()

    def read(name: str) -> closure.Imports | None:
        extension = _extension(name, folders)
        hidden = tuple(job["hidden"].get(name, ()))
        if name in sys.builtin_module_names:
            builtins.add(name)
            return closure.Imports(hidden, ())
        if extension is not None:
            extensions[name] = extension
            return closure.Imports(hidden, ())
        source = closure.find(name, folders)
        if name in job["standins"]:
            file = job["standins"][name]
            source = closure.Source(name, file, package=file.endswith("/__init__.py"))
        if source is None:
            missing.add(name)
            return None
        sources.append(source)
        text = Path(source.path).read_text(encoding="utf-8")
        asked = closure.imports(text, name, package=source.package)
        return asked._replace(names=(*asked.names, *hidden))

    closure.closure(job["roots"], read, set(job["exclude"]))
    unique = {source.name: source for source in sources}
    known = {*unique, *extensions, *builtins}
    return {
        "sources": [unique[name] for name in sorted(unique)],
        "extensions": dict(sorted(extensions.items())),
        "builtins": sorted(builtins),
        "missing": sorted(name for name in missing if name.rpartition(".")[0] not in known),
    }


def _extension(name: str, folders: list[Path]) -> str | None:
    relative = name.replace(".", "/")
    for folder in folders:
        found = sorted(folder.glob(f"{relative}.cpython-313-*.so"))
        found += sorted(folder.glob(f"{relative}.abi3.so"))
        if found:
            return str(found[0])
    return None


def _compile(source: closure.Source, asserting: str) -> bytes:
    relative = source.name.replace(".", "/") + ("/__init__.py" if source.package else ".py")
    text = Path(source.path).read_bytes()
    file = FILE_NAMES.get(source.name, PREFIX + relative)
    keep = asserting and source.name.startswith(asserting)
    optimize = 0 if keep else OPTIMIZE
    code = compile(text, file, "exec", dont_inherit=True, optimize=optimize)
    return marshal.dumps(code)


def _append(blob: bytearray, data: bytes) -> int:
    offset = len(blob)
    blob += data + bytes(-len(data) % ALIGN)
    return offset


def _record(out: Path, bundle: dict[str, Any], blob: bytes) -> dict[str, Any]:
    """Import everything in a fresh interpreter that sees the bundle alone, as the program will."""
    (out / "record.blob").write_bytes(blob)
    (out / "record.job").write_bytes(marshal.dumps(bundle))
    script = "/seal/data/record.py"
    argv = [sys.executable, "-S", "-s", "-P", "-OO", script, str(out)]
    done = subprocess.run(argv, check=False, capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(f"cannot record: {done.stderr.decode(errors='replace')[-2000:]}")
    result: dict[str, Any] = json.loads((out / "record.json").read_text())
    for name in ("record.blob", "record.job", "record.json"):
        (out / name).unlink()
    return result


if __name__ == "__main__":
    main(sys.argv[1])
