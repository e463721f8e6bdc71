"""Named ways to hand a sealed program code, as data, each with the refusal that is expected.

Two families. OUTSIDE attacks only start the shipped file, with arguments, environment, files and
standard input of the attacker's choice: they run on a booted node as well. INSIDE attacks are
functions of `probe.py`, which somebody runs who already executes inside the process: the build's
tests freeze that module into a program of the same bundle and call it.

Every outside attack tries to print MARKER, which none of its texts spells out: a program that
repeats its arguments in an error message does not look beaten.
"""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path
from typing import NamedTuple

MARKER = "42000126"
PRINT = "print(6 * 7 * 1000003)"
EARLY = 'import posix; posix.write(1, b"%d" % (6 * 7 * 1000003))\n'


class Attack(NamedTuple):
    """`{work}` stands for the attack's folder and `{program}` for the sealed file, everywhere."""

    name: str
    argv: tuple[str, ...] = ()
    env: dict[str, str] = {}  # noqa: RUF012 - never changed
    stdin: str = ""
    files: dict[str, str] = {}  # noqa: RUF012
    argv0: str = "{program}"
    copy_to: str = ""
    """Where a copy of the program goes, which is then started in its place."""
    link_at: str = ""
    start: tuple[str, ...] = ()
    """What is started instead, with the program as its argument."""
    refusal: str = ""
    """Text that must be in the output; expected are also a status other than 0, or the
    usage that the program shows when it is called without a verb."""
    beats_python: bool = True
    """Whether the same attack gets the marker out of an ordinary python3.13."""


class Command(NamedTuple):
    """How to start one attack: `execve(file, argv, env)`."""

    file: str
    argv: list[str]
    env: dict[str, str]
    stdin: str


OUTSIDE = (
    Attack("code argument", ("-c", PRINT)),
    Attack("code argument, isolated", ("-I", "-S", "-c", PRINT)),
    Attack("code on standard input", (), stdin=PRINT),
    Attack("dash and standard input", ("-",), stdin=PRINT),
    Attack("interactive", ("-i", "-q"), stdin=PRINT + "\n"),
    Attack("script path", ("{work}/evil.py",), files={"evil.py": PRINT}),
    Attack("script on /dev/stdin", ("/dev/stdin",), stdin=PRINT),
    Attack("folder with __main__", ("{work}",), files={"__main__.py": PRINT}),
    Attack(
        "module on PYTHONPATH", ("-m", "evil"), {"PYTHONPATH": "{work}"}, files={"evil.py": PRINT}
    ),
    Attack(
        "sitecustomize", ("-c", ""), {"PYTHONPATH": "{work}"}, files={"sitecustomize.py": PRINT}
    ),
    Attack(
        "usercustomize in HOME",
        ("-c", ""),
        {"HOME": "{work}"},
        files={".local/lib/python3.13/site-packages/usercustomize.py": PRINT},
    ),
    Attack(
        ".pth in the user's site folder",
        ("-c", ""),
        {"PYTHONUSERBASE": "{work}"},
        files={"lib/python3.13/site-packages/evil.pth": f"import sys; {PRINT}"},
    ),
    Attack(
        "PYTHONSTARTUP",
        ("-i", "-q"),
        {"PYTHONSTARTUP": "{work}/evil.py"},
        files={"evil.py": PRINT},
    ),
    Attack(
        "PYTHONINSPECT", ("-c", ""), {"PYTHONINSPECT": "1"}, stdin=PRINT + "\n", beats_python=False
    ),
    Attack(
        "PYTHONHOME with another library",
        (),
        {"PYTHONHOME": "{work}"},
        files={"lib/python3.13/encodings/__init__.py": EARLY},
    ),
    Attack(
        "warning category from a file",
        ("-c", ""),
        {"PYTHONWARNINGS": "error::evil.Category", "PYTHONPATH": "{work}"},
        files={"evil.py": PRINT},
    ),
    Attack(
        "PYTHONBREAKPOINT",
        ("-c", "breakpoint()"),
        {"PYTHONBREAKPOINT": "evil.hook", "PYTHONPATH": "{work}"},
        files={"evil.py": PRINT},
    ),
    Attack(
        "encoding of standard streams from a file",
        ("-c", ""),
        {"PYTHONHOME": "{work}", "PYTHONIOENCODING": "evil"},
        files={"lib/python3.13/encodings/__init__.py": EARLY},
    ),
    Attack("called python3", ("-c", PRINT), argv0="python3"),
    Attack("called nothing", ("-c", PRINT), argv0="", beats_python=False),
    Attack("called by a verb's name", ("-c", PRINT), argv0="-c"),
    Attack("copy called python3", ("-c", PRINT), copy_to="bin/python3"),
    Attack("link called python3", ("-c", PRINT), link_at="bin/python3"),
    Attack(
        "copy beside pyvenv.cfg",
        ("-c", ""),
        copy_to="bin/python3",
        files={
            "pyvenv.cfg": "home = /usr/bin\n",
            "lib/python3.13/site-packages/evil.pth": f"import sys; {PRINT}",
        },
    ),
    Attack(
        "interpreter line",
        (),
        start=("{work}/script",),
        files={"script": "#!{program}\n" + PRINT},
    ),
    Attack("source archive", ("{work}/evil.zip",), files={"evil.zip": "zip:__main__.py:" + PRINT}),
    Attack("compiled file", ("{work}/evil.pyc",), files={"evil.pyc": "pyc:"}),
    Attack(
        "option for the library's folder",
        ("-X", "frozen_modules=off", "-c", PRINT),
    ),
    Attack(
        "program's own loader",
        ("-c", PRINT),
        start=("/lib64/ld-linux-x86-64.so.2", "{program}"),
    ),
    Attack(
        "LD_PRELOAD",
        ("-c", PRINT),
        {"LD_PRELOAD": "/usr/lib/skyrocket/ext/msgspec._core.so"},
        refusal="LD_PRELOAD",
    ),
    Attack(
        "LD_LIBRARY_PATH",
        ("-c", PRINT),
        {"LD_LIBRARY_PATH": "{work}"},
        refusal="LD_LIBRARY_PATH",
    ),
    Attack("LD_AUDIT", ("-c", PRINT), {"LD_AUDIT": "{work}/no.so"}, refusal="LD_AUDIT"),
)

INSIDE = {
    "eval text": "did not know this text",
    "exec text": "did not know this text",
    "compile text": "did not know this text",
    "exec bytes": "only text that the build knew",
    "compile a syntax tree": "only text that the build knew",
    "eval with a known prefix": "did not know this text",
    "old builtins found by the collector": "no function left",
    "old builtins in a module's dictionary": "did not know this text",
    "code constructor": "cannot create 'code' instances",
    "code replace": "no attribute 'replace'",
    "copy.replace on code": "does not support",
    "exec with a closure": "closure is not allowed",
    "marshal": "No module named 'marshal'",
    "frozen object with own bytes": "Frozen object named 'evil' is invalid",
    "frozen loader with own bytes": "Frozen object named 'codecs' is invalid",
    "import from a writable folder": "No module named 'evil'",
    "source loader": "modules are not loaded from files",
    "path hook put back": "modules are not loaded from files",
    "zip archive": "No module named 'zipimport'",
    "runpy": "No module named 'runpy'",
    "site folder": "No module named 'site'",
    "extension from a writable folder": "import of an extension is not allowed",
    "extension past its folder": "import of an extension is not allowed",
    "ctypes": "No module named '_ctypes'",
    "interpreters": "No module named '_interpreters'",
    "test modules of the interpreter": "No module named '_testinternalcapi'",
    "pickle": "No module named '_pickle'",
    "debugger": "No module named 'pdb'",
    "interactive console": "No module named 'code'",
    "breakpoint": "No module named 'pdb'",
    "faulthandler": "No module named 'faulthandler'",
    "trace function": "sys.settrace is not allowed",
    "profile function": "sys.setprofile is not allowed",
    "monitoring": "sys.monitoring.",
    "named tuple with code in it": "did not know this text",
    "annotation as code": "did not know this text",
    "made dataclass": "did not know this text",
    "write own memory": "writing the memory of a process is not allowed",
    "write own memory through a link": "writing the memory of a process is not allowed",
}
"""Function of `probe.py` (words joined by underscores) -> text of the refusal."""


def prepare(attack: Attack, program: str, work: Path) -> Command:
    """Write ATTACK's files below WORK, and say how it is started against PROGRAM."""
    fill = {"{work}": str(work), "{program}": program}
    for name, text in attack.files.items():
        target = work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content(_filled(text, fill)))
        target.chmod(0o755)
    file = program
    if attack.copy_to:
        file = str(work / attack.copy_to)
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_bytes(Path(program).read_bytes())
        Path(file).chmod(0o755)
    if attack.link_at:
        file = str(work / attack.link_at)
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).symlink_to(program)
    argv0 = file if attack.argv0 == "{program}" else attack.argv0
    argv = [argv0, *(_filled(word, fill) for word in attack.argv)]
    if attack.start:
        start = [_filled(word, fill) for word in attack.start]
        file, argv = start[0], [*start, *argv[1:]]
    env = {name: _filled(value, fill) for name, value in attack.env.items()}
    return Command(file, argv, env, attack.stdin)


def verdict(attack: Attack, status: int, output: str) -> str | None:
    """What went wrong for us, or None when ATTACK was refused as expected."""
    if MARKER in output:
        return f"{attack.name}: the program ran foreign code"
    if status == 0 and "usage" not in output.lower():
        return f"{attack.name}: refused nothing (status 0): {output[-200:]}"
    if attack.refusal not in output:
        return f"{attack.name}: no {attack.refusal!r} in {output[-200:]!r}"
    return None


def _filled(text: str, fill: dict[str, str]) -> str:
    for mark, value in fill.items():
        text = text.replace(mark, value)
    return text


def content(text: str) -> bytes:
    """A file's bytes; `zip:NAME:TEXT` and `pyc:` are made here."""
    if text.startswith("zip:"):
        _, name, body = text.split(":", 2)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, body)
        return buffer.getvalue()
    if text.startswith("pyc:"):
        return COMPILED_FOR_3_13
    return text.encode()


COMPILED_FOR_3_13 = base64.b64decode(
    "8w0NCgEAAAAAAAAAAAAAAOMAAAAAAAAAAAAAAAADAAAAAAAAAPMUAAAAlQBcACIAUwA1AQAAAAAAACAAZwEpAmn+3oAC"
    "TikB2gVwcmludKkA8wAAAADaBGV2aWzaCDxtb2R1bGU+cgYAAAABAAAAcw0AAADwAwEBAdkABYBv1QAWcgQAAAA="
)
"""PRINT as a `.pyc` of CPython 3.13 whose source is not checked."""
