"""Prove that a commit has one image: build it twice, far apart, and compare every byte.

Both builds start from verified downloads alone (no step, no unpacked package is shared) and
differ in checkout path, user, umask, time zone, locale, host name, number of processors, order of
folder entries (as far as a fresh file system varies it), hash seed and moment. Then the proof
tries itself: a build that writes the moment into a file must be found.

Standard library only; the builds run through ./skyrocket as a user would.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = ROOT / "docs/evidence/reproducible.md"
CLONE_NEWUTS, CLONE_NEWUSER = 0x04000000, 0x10000000
CHUNK = 1 << 20
OTHER_UID = 47_113
PLANT = ("src/skyrocket/build/image/contents.py", '"BUILD_ID": self.build,')


class Circumstances(NamedTuple):
    """What must not show in the result."""

    folder: str
    host_name: str
    umask: int
    zone: str
    locale: str
    processors: int
    uid: int | None


class Made(NamedTuple):
    """Files of one build: name -> (bytes, SHA-256), and how long it took."""

    files: dict[str, tuple[int, str]]
    seconds: float


class Difference(NamedTuple):
    """A file that is not the same from byte OFFSET on (-1: one of the two is missing)."""

    name: str
    offset: int


def main() -> int:
    parser = argparse.ArgumentParser("scripts/prove reproducible", description=__doc__)
    parser.add_argument("--variant", default="vm-dev")
    parser.add_argument("--keep", action="store_true", help="keep the work folder")
    parser.add_argument("--no-record", action="store_true", help="do not write docs/evidence")
    wish = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="reproducible-", dir="/var/tmp"))
    work.chmod(0o755)
    try:
        return prove(work, wish.variant, record=not wish.no_record)
    finally:
        if not wish.keep:
            shutil.rmtree(work, ignore_errors=True)


def prove(work: Path, variant: str, *, record: bool) -> int:
    """Two builds and the planted one; 0 when all went as it must."""
    first, second = pair()
    commit = head()
    builds = []
    for number, one in enumerate((first, second), start=1):
        print(f"build {number} of 3: {describe(one)}", flush=True)
        builds.append(build(work, commit, variant, one))
    ours, theirs = (folder_of(work, one, variant) for one in (first, second))
    found = differences(ours, theirs)
    print("build 3 of 3: with the moment planted in a file", flush=True)
    planted = build(work, commit, variant, first, plant=True)
    caught = sorted(
        name for name, facts in planted.files.items() if facts != builds[1].files.get(name)
    )
    for difference in found:
        print(f"DIFFERENT: {difference.name} from byte {difference.offset}")
    print("planted moment found in: " + (", ".join(caught) or "NOTHING"))
    if record:
        EVIDENCE.parent.mkdir(parents=True, exist_ok=True)
        EVIDENCE.write_text(report(commit, variant, (first, second), builds, found, caught))
    return 0 if not found and "root.erofs" in caught else 1


def pair() -> tuple[Circumstances, Circumstances]:
    """Two circumstances that have as little in common as this machine and user allow."""
    every = len(os.sched_getaffinity(0))
    root = os.geteuid() == 0
    return (
        Circumstances("one", "alpha", 0o022, "UTC", "C", every, None),
        Circumstances(
            "second checkout, other place/and deeper", "omega.example", 0o077, "Pacific/Chatham",
            "tr_TR.UTF-8", 1, OTHER_UID if root else None,
        ),
    )  # fmt: skip


def build(
    work: Path, commit: str, variant: str, one: Circumstances, *, plant: bool = False
) -> Made:
    """Build VARIANT of COMMIT under the circumstances ONE."""
    home = work / one.folder
    checkout = home / ("planted" if plant else "checkout")
    cache = home / "cache"
    copy_commit(commit, checkout)
    if plant:
        plant_moment(checkout)
    if not cache.is_dir():
        share_downloads(cache)
    if one.uid is not None:
        for top, folders, names in os.walk(home):
            for name in (".", *folders, *names):
                os.chown(Path(top, name), one.uid, one.uid, follow_symlinks=False)
    began = time.monotonic()
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home), "XDG_CACHE_HOME": str(cache),
        "TZ": one.zone, "LC_ALL": one.locale,
    }  # fmt: skip
    # Sources and mirrors of this machine, should the cache lack something.
    environment |= {k: v for k, v in os.environ.items() if k.startswith(("SKYROCKET_", "PIP_"))}
    environment |= {k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")}
    done = subprocess.run(
        [python(), "-I", "skyrocket", "build", variant, "--json"],
        cwd=checkout, env=environment, stdout=subprocess.PIPE, check=False,
        preexec_fn=lambda: apart(one),
    )  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"cannot build in {one.folder}: exit status {done.returncode}")
    folder = Path(json.loads(done.stdout)["image"]).parent
    files = {p.name: facts(p) for p in sorted(folder.iterdir()) if p.is_file()}
    return Made(files, time.monotonic() - began)


def apart(one: Circumstances) -> None:
    """In the new process: another host name, umask, processors and user."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        if libc.unshare(CLONE_NEWUTS) != 0:
            raise OSError(ctypes.get_errno(), "cannot make a namespace for the host name")
        name = one.host_name.encode()
        libc.sethostname(name, len(name))
    os.umask(one.umask)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: one.processors])
    if one.uid is not None:
        os.setgroups([])
        os.setgid(one.uid)
        os.setuid(one.uid)


def head() -> str:
    """The commit under proof: others may commit while it runs."""
    argv = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout.decode().strip()


def copy_commit(commit: str, target: Path) -> None:
    """The files of COMMIT, in a new folder TARGET."""
    target.mkdir(parents=True)
    archive = subprocess.Popen(["git", "-C", str(ROOT), "archive", commit], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", str(target)], stdin=archive.stdout, check=True)
    if archive.wait() != 0:
        sys.exit("cannot copy the commit: git archive failed")


def plant_moment(checkout: Path) -> None:
    """Make the build write its moment into os-release."""
    path, where = PLANT
    file = checkout / path
    text = file.read_text()
    if text.count(where) != 1:
        sys.exit(f"cannot plant a moment: {path} has no line {where}")
    file.write_text(text.replace(where, f'{where} "BUILT": __import__("time").ctime(),'))


def share_downloads(cache: Path) -> None:
    """A cache with copies of the verified downloads and nothing that was made of them."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    target = cache / "skyrocket/files"
    target.mkdir(parents=True)
    for file in (base / "skyrocket/files").iterdir():
        if file.is_file() and len(file.name) == 64:
            shutil.copyfile(file, target / file.name)


def folder_of(work: Path, one: Circumstances, variant: str) -> Path:
    (folder,) = (work / one.folder / "cache/skyrocket/images").glob(f"{variant}-*")
    return folder


def facts(file: Path) -> tuple[int, str]:
    with file.open("rb") as reader:
        return file.stat().st_size, hashlib.file_digest(reader, "sha256").hexdigest()


def differences(ours: Path, theirs: Path) -> list[Difference]:
    """Files of the two folders that are not the same, byte by byte."""
    names = {p.name for folder in (ours, theirs) for p in folder.iterdir() if p.is_file()}
    found = []
    for name in sorted(names):
        offset = first_difference(ours / name, theirs / name)
        if offset is not None:
            found.append(Difference(name, offset))
    return found


def first_difference(one: Path, other: Path) -> int | None:
    """Where two files begin to differ; -1 when one is not there."""
    if not (one.is_file() and other.is_file()):
        return -1
    at = 0
    with one.open("rb") as a, other.open("rb") as b:
        while True:
            left, right = a.read(CHUNK), b.read(CHUNK)
            if left != right:
                pairs = enumerate(zip(left, right, strict=False))
                short = min(len(left), len(right))
                return at + next((n for n, (x, y) in pairs if x != y), short)
            if not left:
                return None
            at += len(left)


def python() -> str:
    """A Python that other users may start as well."""
    for name in ("/usr/bin/python3", "/usr/local/bin/python3"):
        if os.access(name, os.X_OK) and _new_enough(name):
            return name
    return sys.executable


def _new_enough(name: str) -> bool:
    ask = [name, "-I", "-c", "import sys; raise SystemExit(sys.version_info < (3, 11))"]
    return subprocess.run(ask, check=False).returncode == 0


def describe(one: Circumstances) -> str:
    user = "the user who runs the proof" if one.uid is None else f"uid {one.uid}"
    return (
        f"folder of {len(one.folder)} letters, {user}, umask {one.umask:03o}, {one.zone}, "
        f"{one.locale}, host {one.host_name}, {one.processors} processor(s)"
    )


def report(
    commit: str,
    variant: str,
    circumstances: tuple[Circumstances, ...],
    builds: list[Made],
    found: list[Difference],
    caught: list[str],
) -> str:
    """The evidence as a page; no path and no name of this machine is in it."""
    different = {one.name: one.offset for one in found}
    lines = [
        "# Reproducible", "",
        "Made by `scripts/prove reproducible`: two builds from verified downloads alone, compared",
        "byte by byte, and a third one with a planted moment that must be found.", "",
        "| | |", "|---|---|",
        f"| date | {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC |",
        f"| commit | `{commit}` |", f"| variant | {variant} |", f"| machine | {machine()} |",
        f"| result | {'**different**' if found else '**identical**'} |",
        f"| planted moment | {'found in ' + ', '.join(caught) if caught else '**not found**'} |",
        "", "| varied | first build | second build |", "|---|---|---|",
    ]  # fmt: skip
    first, second = circumstances
    users = ["the proof's own" if c.uid is None else f"uid {c.uid}" for c in circumstances]
    lines += [
        f"| checkout and cache | `{first.folder}` | `{second.folder}` |",
        f"| user | {users[0]} | {users[1]} |",
        f"| umask | {first.umask:03o} | {second.umask:03o} |",
        f"| TZ | {first.zone} | {second.zone} |",
        f"| LC_ALL | {first.locale} | {second.locale} |",
        f"| host name | {first.host_name} | {second.host_name} |",
        f"| processors | {first.processors} | {second.processors} |",
        "| hash seed | random in each process (isolated mode) | random in each process |",
        "| clock | the moment of the build | later by the first build's length |",
        f"| seconds | {builds[0].seconds:.0f} | {builds[1].seconds:.0f} |",
        "",
        "The clock is varied by time that passes only: no namespace of the kernel shifts it.",
        "",
        "| file | bytes | SHA-256 | |",
        "|---|---|---|---|",
    ]
    for name, (size, digest) in sorted(builds[0].files.items()):
        verdict = f"differs from byte {different[name]}" if name in different else "identical"
        lines.append(f"| {name} | {size:,} | `{digest}` | {verdict} |")
    return "\n".join(lines) + "\n"


def machine() -> str:
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return (
        f"{model}, {os.cpu_count()} processors, {memory:.0f} GiB, Linux "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main())
