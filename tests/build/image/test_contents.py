"""Everything the root will hold, and every place where packages and files do not fit."""

from __future__ import annotations

import json
import tomllib

import pytest

from skyrocket.build.definitions import Definition
from skyrocket.build.image import contents
from skyrocket.build.image.entries import Entry
from skyrocket.build.image.selection import Pool
from skyrocket.models.definition import Executable, Files, Folder, Package, User, Variant

RELEASE = contents.Release("vm-dev", "1.2.3", "abcdef12", "x86_64", 1_700_000_000)
ROOT = User(name="root", id=0, home="/root")


def entry(path: str, mode: int = 0o644, content: bytes = b"x", origin: str = "debian:x") -> Entry:
    return Entry(path, "file", mode, origin, content=content)


@pytest.fixture
def pool() -> Pool:
    made = Pool([])
    for one in (
        entry("usr/bin/tool", 0o755),
        entry("usr/share/certs/b.crt", content=b"B", origin="debian:certs"),
        entry("usr/share/certs/a.crt", content=b"A", origin="debian:certs"),
    ):
        made.entries[one.path] = one
    return made


def compose(tmp_path, pool: Pool, *made: Entry, **packages: Package):
    """(entries by path, mistakes)."""
    mistakes: list[str] = []
    variant = Variant(settings_groups=("motd",), defaults={"motd": "hi"})
    base = {"base": Package(description="", users=(ROOT,))}
    definition = Definition("vm-dev", variant, base | packages)
    found = contents.compose(
        tmp_path, definition, pool, RELEASE, made, "x86_64-linux-gnu", mistakes
    )
    return {one.path: one for one in found}, mistakes


def package(**fields) -> Package:
    return Package(description="", **fields)


TOOL = Executable(path="/usr/bin/tool", started_by="a unit", why="a reason")


def test_release(tmp_path, pool: Pool) -> None:
    """os-release, the facts for GET /os and the defaults are there."""
    found, mistakes = compose(tmp_path, pool)
    assert mistakes == []
    text = found["usr/lib/os-release"].read().decode()
    lines = dict(line.split("=", 1) for line in text.splitlines())
    assert lines["VERSION_ID"] == lines["IMAGE_VERSION"] == '"1.2.3"'
    facts = json.loads(found["usr/share/skyrocket/variant.json"].read())
    assert facts["variant_id"] == "vm-dev"
    assert facts["groups"] == ["motd"]
    defaults = found["usr/share/skyrocket/defaults.toml"].read().decode()
    assert tomllib.loads(defaults) == {"settings": {"motd": "hi"}}
    assert found["usr/share/factory/etc/shadow"].mode == 0o600


def test_executable_without_a_line(tmp_path, pool: Pool) -> None:
    """Every executable has a line that says who starts it and why."""
    files = Files(include=("/usr/bin/tool",))
    _, mistakes = compose(tmp_path, pool, p=package(files=files))
    assert mistakes == ["debian:x: /usr/bin/tool is executable and in no package's list"]


def test_line_without_an_executable(tmp_path, pool: Pool) -> None:
    """A line for a program that is not there is a mistake too."""
    _, mistakes = compose(tmp_path, pool, p=package(executables=(TOOL,)))
    assert mistakes == ["p/package.toml: executables: /usr/bin/tool is not in the image"]


def test_executable_with_a_line(tmp_path, pool: Pool) -> None:
    """Both together are fine."""
    one = package(files=Files(include=("/usr/bin/tool",)), executables=(TOOL,))
    found, mistakes = compose(tmp_path, pool, p=one)
    assert mistakes == []
    assert [e.path for e in contents.executables(found.values())] == ["usr/bin/tool"]


def test_files_beside_the_package(tmp_path, pool: Pool) -> None:
    """`root/` is taken as it lies, `units/` goes where units are."""
    folder = tmp_path / "packages/p"
    for name in ("root/usr/share/x/conf", "units/x.service", "units/x.service.d/1.conf"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("text")
    (folder / "root/usr/share/x/conf").chmod(0o777)
    found, mistakes = compose(tmp_path, pool, p=package())
    assert mistakes == []
    assert found["usr/share/x/conf"].mode == 0o644
    units = "usr/lib/systemd/system"
    assert {f"{units}/x.service", f"{units}/x.service.d/1.conf"} <= found.keys()


def test_links_and_wants(tmp_path, pool: Pool) -> None:
    """Links as they are said; a wanted unit is linked beside its target."""
    one = package(links={"/bin": "usr/bin"}, wants={"a.target": ("b.service",)})
    found, _ = compose(tmp_path, pool, p=one)
    assert found["bin"].link == "usr/bin"
    wanted = found["usr/lib/systemd/system/a.target.wants/b.service"]
    assert wanted.link == "../b.service"


def test_folder_with_owner(tmp_path, pool: Pool) -> None:
    """A folder has the mode and the owner that its package gives it."""
    users = (User(name="chrony", id=190),)
    folders = (Folder(path="/var/lib/chrony", mode="0750", user="chrony", group="chrony"),)
    found, mistakes = compose(tmp_path, pool, p=package(users=users, folders=folders))
    assert mistakes == []
    one = found["var/lib/chrony"]
    assert (one.kind, one.mode, one.uid, one.gid) == ("folder", 0o750, 190, 190)


def test_folder_of_nobody(tmp_path, pool: Pool) -> None:
    """An owner that no package makes is a mistake, for user and group each."""
    folders = (Folder(path="/x", user="gone", group="away"),)
    _, mistakes = compose(tmp_path, pool, p=package(folders=folders))
    assert mistakes == [
        "p/package.toml: folders[0].user: there is no user gone",
        "p/package.toml: folders[0].group: there is no group away",
    ]


def test_concatenated(tmp_path, pool: Pool) -> None:
    """Parts in order of their names; the file is its package's, for the bill of materials."""
    one = package(concatenate={"/usr/share/all.crt": "/usr/share/certs/*.crt"})
    found, mistakes = compose(tmp_path, pool, p=one)
    assert mistakes == []
    made = found["usr/share/all.crt"]
    assert (made.read(), made.origin) == (b"AB", "debian:certs")


def test_concatenated_of_nothing(tmp_path, pool: Pool) -> None:
    """A pattern without parts would make an empty trust store: a mistake."""
    one = package(concatenate={"/usr/share/all.crt": "/usr/share/gone/*"})
    _, mistakes = compose(tmp_path, pool, p=one)
    assert mistakes == [
        "p/package.toml: concatenate./usr/share/all.crt: /usr/share/gone/* matches nothing"
    ]


def test_two_who_bring_one_path(tmp_path, pool: Pool) -> None:
    """A file of ours over a file of a package must be said, not done."""
    one = package(files=Files(include=("/usr/share/certs/a.crt",)))
    other = package(links={"/usr/share/certs/a.crt": "b.crt"})
    _, mistakes = compose(tmp_path, pool, p=one, q=other)
    assert mistakes == ["package:q: /usr/share/certs/a.crt is already there (debian:certs)"]


def test_all_mistakes_at_once(tmp_path, pool: Pool) -> None:
    """One run names everything."""
    one = package(files=Files(include=("/gone", "/usr/bin/tool")), executables=())
    other = package(folders=(Folder(path="/x", user="gone"),))
    assert len(compose(tmp_path, pool, p=one, q=other)[1]) == 3


def test_programs_of_ours(tmp_path, pool: Pool) -> None:
    """What earlier steps made goes in like any other file."""
    made = entry("usr/bin/tool", 0o755, origin="skyrocket")
    found, mistakes = compose(tmp_path, pool, made, p=package(executables=(TOOL,)))
    assert mistakes == []
    assert found["usr/bin/tool"].origin == "skyrocket"
