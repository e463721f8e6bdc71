"""This machine and this checkout: how `./skyrocket` is run, and what a figure was measured under.

Knows no measurement.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple, cast

ROOT = Path(__file__).resolve().parents[2]
VARIANT, ARCHITECTURE = "vm-dev", "x86_64"
IDLE = 0.5
"""A load average above this, before we begin, means that others were working too."""


class MeasureError(Exception):
    """A measurement could not be made: `cannot <verb> <thing>: <reason>`."""


class Run(NamedTuple):
    """A finished command of ours."""

    answer: dict[str, object]
    seconds: float


def skyrocket(
    *words: str, checkout: Path = ROOT, cache: Path | None = None, timeout: float = 1800
) -> Run:
    """`./skyrocket WORDS` with the JSON that it prints; CACHE replaces the user's own."""
    environment = dict(os.environ)
    if cache is not None:
        environment["XDG_CACHE_HOME"] = str(cache)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-I", str(checkout / "skyrocket"), *words],
        cwd=checkout, env=environment, capture_output=True, check=False, timeout=timeout,
    )  # fmt: skip
    took = time.monotonic() - began
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-4:]
        raise MeasureError(f"cannot run ./skyrocket {' '.join(words)}: {' / '.join(last)}")
    said = done.stdout.strip()
    return Run(json.loads(said) if said.startswith(b"{") else {"text": said.decode()}, took)


def copy_checkout(target: Path) -> None:
    """The files that version control knows, as they are now: nothing is changed in place."""
    listed = _git("ls-files", "-z").split("\0")
    for name in filter(None, listed):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


def load() -> float:
    """Mean number of processes that wanted a processor in the last minute."""
    return round(os.getloadavg()[0], 2)


def worked(pid: int) -> float:
    """Processor seconds of a process and its threads, 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    # The program's name stands in parentheses and may hold anything; numbers follow.
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def circumstances() -> dict[str, object]:
    """What stands beside every section of figures."""
    changed = [line for line in _git("status", "--porcelain").splitlines() if " src/" in line]
    return {
        "date": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
        "commit": _git("rev-parse", "--short=12", "HEAD").strip(),
        "uncommitted_source_files": len(changed),
        "processor": _processor(),
        "processors": len(os.sched_getaffinity(0)),
        "load_before": load(),
        "idle": load() <= IDLE,
        "pace_ms": pace(),
    }


def pace() -> float:
    """Processor milliseconds of a fixed piece of work, the least of ten: this machine, right now.

    The load of a virtual machine says nothing of its neighbours; this does.
    """
    taken = []
    for _ in range(10):
        begin = time.process_time()
        sum(number * number for number in range(500_000))
        taken.append((time.process_time() - begin) * 1000)
    return round(min(taken), 1)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
    return done.stdout.decode(errors="replace")


def number(table: dict[str, object], key: str) -> float:
    """A figure out of a JSON answer."""
    return float(cast("float", table[key]))


def folder_bytes(folder: Path) -> int:
    """Space that FOLDER takes on the disk; a file with several names counts once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for top, _, names in os.walk(folder):
        for name in names:
            facts = (Path(top) / name).lstat()
            if (facts.st_dev, facts.st_ino) not in seen:
                seen.add((facts.st_dev, facts.st_ino))
                total += facts.st_blocks * 512
    return total


def open_rooms(group: str = "build") -> None:
    """Make the rooms of `src` importable, those with the dependencies of GROUP too."""
    sys.path.insert(0, str(ROOT / "src"))
    from skyrocket.cli import environment as dependencies

    sys.path.insert(0, str(dependencies.ready(group)))
