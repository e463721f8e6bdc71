"""The real image passes; real programs of locked packages planted in it are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from skyrocket.build import definitions, tools
from skyrocket.build import lock as locks
from skyrocket.build.audit import Image, exemptions, run
from skyrocket.build.audit.content import classify
from skyrocket.build.image import build, contents, modules, programs, stages
from skyrocket.build.image.entries import Entry, with_parents
from skyrocket.models.definition import MULTIARCH
from skyrocket.models.progress import Silent
from skyrocket.sandbox import Sandbox

pytestmark = pytest.mark.image
CHECKOUT = Path(__file__).parents[3]
ARCHITECTURE = "x86_64"


class Composed:
    """The root and the initrd of vm-dev as the build makes them."""

    def __init__(self) -> None:
        definition = definitions.load(CHECKOUT, "vm-dev")
        lock = locks.read(CHECKOUT / "packages.lock")
        self.sandbox = Sandbox(tools.tree(lock, Silent()))
        pool = build.open_pool(lock, ARCHITECTURE, Silent())
        release = build.describe(CHECKOUT, definition, ARCHITECTURE, lock)
        mistakes: list[str] = []
        kernel = modules.find(pool, mistakes)
        assert kernel is not None
        names = modules.listed(CHECKOUT, "kernel", "x86_64")
        chosen = modules.by_name(kernel, "kernel", names, mistakes)
        folder = stages.make_modules(self.sandbox, kernel, chosen)
        ours = programs.make(CHECKOUT, ARCHITECTURE, self.sandbox)
        made = [*ours.entries(), *modules.entries(folder, kernel.image.origin)]
        multiarch = MULTIARCH[ARCHITECTURE]
        self.root = contents.compose(CHECKOUT, definition, pool, release, made, multiarch, mistakes)
        assert mistakes == []
        self.initrd = stages.initrd_entries(ours.init, folder)
        self.listed = {
            one.path.lstrip("/") for p in definition.packages.values() for one in p.executables
        }
        self.facts = {
            (entry.path, entry.content): classify(entry.read())
            for entry in (*self.root, *self.initrd)
            if entry.kind == "file"
        }

    def findings(self, part: str, *planted: Entry, listed: tuple[str, ...] = ()):
        entries = {entry.path: entry for entry in (self.root if part == "root" else self.initrd)}
        entries |= {entry.path: entry for entry in planted}
        image = Image(part, with_parents(entries.values()), self._classify)
        allowed = exemptions.read(CHECKOUT)
        known = {*self.listed, *listed} if part == "root" else {"init", *listed}
        return {(one.rule, one.path) for one in run.audit(image, ARCHITECTURE, known, allowed)}

    def _classify(self, entry: Entry):
        return self.facts.get((entry.path, entry.content)) or classify(entry.read())


@pytest.fixture(scope="module")
def composed() -> Composed:
    return Composed()


def program(path: str, content: Path, mode: int = 0o755) -> Entry:
    assert content.is_file()
    return Entry(path, "file", mode, "planted", content=content.resolve())


@pytest.mark.parametrize("part", ["root", "initrd"])
def test_the_image_passes(composed: Composed, part: str) -> None:
    """What this checkout composes has no findings."""
    assert composed.findings(part) == set()


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("usr/bin/python3.13", "interpreter"),
        ("usr/bin/x86_64-linux-gnu-gcc-14", "compiler"),
        ("usr/libexec/gcc/x86_64-linux-gnu/14/cc1", "compiler"),
        ("usr/bin/x86_64-linux-gnu-ld.bfd", "compiler"),
        ("usr/bin/x86_64-linux-gnu-as", "compiler"),
        ("usr/bin/apt-get", "package-manager"),
    ],
)
def test_tools_of_the_build(composed: Composed, source: str, rule: str) -> None:
    """The build's own tools, renamed, listed and hidden in a library folder, are found."""
    path = "usr/lib/x86_64-linux-gnu/libharmless.so.0"
    tree = composed.sandbox.root
    if not (tree / source).is_file():
        pytest.skip(f"the tools tree has no {source}")
    found = composed.findings("root", program(path, tree / source, 0o644), listed=(path,))
    assert (rule, path) in found


@pytest.mark.parametrize(
    ("package", "source"),
    [("busybox-static", "usr/bin/busybox"), ("bash-static", "usr/bin/bash-static")],
)
def test_shells_of_the_container_images(composed: Composed, package: str, source: str) -> None:
    """A locked shell under the name of a program that belongs here is found."""
    lock = locks.read(CHECKOUT / "packages.lock")
    wanted = tuple(one for one in lock.select("containers", "amd64") if one.name == package)
    (file,) = locks.fetch_packages(lock, wanted)
    tree = locks.unpack(file).tree
    path = "usr/bin/chronyc"
    found = composed.findings("root", program(path, tree / source))
    assert ("shell", path) in found


@pytest.mark.parametrize("name", ["bash", "dash", "perl", "mawk"])
def test_programs_of_this_machine_in_the_initrd(composed: Composed, name: str) -> None:
    """A shell or interpreter beside /init is found, and so is that nothing lists it."""
    source = Path("/usr/bin") / name
    if not source.is_file():
        pytest.skip(f"this machine has no {name}")
    found = {rule for rule, path in composed.findings("initrd", program("bin/x", source))}
    assert "unlisted" in found
    assert found & {"shell", "interpreter"}


def test_ours_export_no_way_to_hand_code_over(composed: Composed) -> None:
    """The sealed programs hold no compiler and export none of Python's doors."""
    ours = [e for e in (*composed.root, *composed.initrd) if e.origin == "skyrocket"]
    paths = {e.path for e in ours}
    assert {"usr/libexec/skyrocket/skyrocket", "usr/bin/apiclient", "init"} <= paths
    assert all(classify(entry.read()).marks == () for entry in ours)


def test_setuid_and_unsigned(composed: Composed) -> None:
    """A mode and a stripped module are found among two thousand files."""
    module = next(e for e in composed.root if e.path.endswith(".ko"))
    stripped = module._replace(content=module.read()[:-30])
    runc = next(e for e in composed.root if e.path == "usr/sbin/runc")
    found = composed.findings("root", stripped, runc._replace(mode=0o4755))
    assert found == {("unsigned-module", module.path), ("setuid", "usr/sbin/runc")}


def test_library_that_is_gone(composed: Composed) -> None:
    """Taking one library away names everybody who needs it."""
    libc = next(e for e in composed.root if e.path.endswith("/libseccomp.so.2.6.0"))
    gone = Entry(libc.path, "symlink", 0o777, "planted", link="absent")
    rules = {rule for rule, _ in composed.findings("root", gone)}
    assert {"missing-library", "dangling-link"} <= rules
