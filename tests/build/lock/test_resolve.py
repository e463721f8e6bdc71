"""Resolving: what apt prints is read, dependencies followed, exclusions kept out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from skyrocket.build import lock as room
from skyrocket.build.lock import changes, resolve, source_files, update, verbs
from skyrocket.build.lock.errors import LockError, ResolveError
from skyrocket.fetch import sources
from skyrocket.models import lock as words
from skyrocket.models.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

INDEX = """\
Package: app
Version: 1:2.0-1+b1
Architecture: {arch}
Source: app-src (1:2.0-1)
Depends: libone (>= 1), mta | mail, scripts [linux-any]
Filename: pool/main/a/app/app_2.0-1+b1_{arch}.deb
Size: 100
SHA256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
Description: text
 with: a line

Package: libone
Version: 1.5
Architecture: {arch}
Pre-Depends: libc:any
Filename: pool/updates/main/o/one/libone_1.5_{arch}.deb
Size: 20
SHA256: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb

Package: postfix
Version: 3
Architecture: {arch}
Provides: mail (= 3), other
Filename: pool/main/p/postfix/postfix_3_{arch}.deb
Size: 30
SHA256: cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc

Package: libc
Version: 2.41
Architecture: {arch}
Filename: pool/main/l/libc/libc_2.41_{arch}.deb
Size: 40
SHA256: dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd

Package: scripts
Version: 9
Architecture: all
Depends: perl
Filename: pool/main/s/scripts_9_all.deb
Size: 50
SHA256: eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee

Package: perl
Version: 5
Architecture: {arch}
Filename: pool/main/p/perl_5_{arch}.deb
Size: 60
SHA256: ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
"""

SIMULATION = """\
Reading package lists...
The following NEW packages will be installed:
  app libone
Inst libc (2.41 Debian:13/stable [amd64])
Inst libone (1.5 Debian-Security:13/stable-security [amd64]) []
Inst scripts (9 Debian:13/stable [all])
Inst perl (5 Debian:13/stable [amd64])
Inst postfix (3 Debian:13/stable [amd64])
Inst app:amd64 (1:2.0-1+b1 Debian:13/stable [amd64])
Conf libc (2.41 Debian:13/stable [amd64])
"""


def records(arch: str = "amd64") -> list[resolve.Record]:
    return [resolve.record(one) for one in resolve.stanzas(INDEX.format(arch=arch))]


def names(roots: Sequence[str], exclude: Sequence[str] = ()) -> list[str]:
    return [one.name for one in resolve.reachable(records(), roots, exclude)]


def test_a_paragraph_of_the_index() -> None:
    """Source, its version, alternatives and provided names are read."""
    app, libone, postfix, *_ = records()
    assert (app.package.source, app.package.source_version) == ("app-src", "1:2.0-1")
    assert app.needs == (("libone",), ("mta", "mail"), ("scripts",))
    assert (libone.package.source, libone.package.source_version) == ("libone", "1.5")
    assert libone.needs == (("libc",),)
    assert postfix.provides == {"mail", "other"}


def test_the_solution_is_read_from_the_simulation() -> None:
    """Each installed package once, whatever apt writes around it."""
    assert resolve.simulation(SIMULATION) == [
        ("app", "1:2.0-1+b1"), ("libc", "2.41"), ("libone", "1.5"), ("perl", "5"),
        ("postfix", "3"), ("scripts", "9"),
    ]  # fmt: skip


def test_dependencies_are_followed_through_provided_names() -> None:
    """Everything the root needs, in order of name."""
    assert names(["app"]) == ["app", "libc", "libone", "perl", "postfix", "scripts"]
    assert names(["libone"]) == ["libc", "libone"]


def test_what_is_excluded_takes_its_own_needs_with_it() -> None:
    """Without scripts there is no perl; a root stays even when it is excluded."""
    assert names(["app"], ["scripts"]) == ["app", "libc", "libone", "postfix"]
    assert names(["app", "perl"], ["scripts", "perl"]) == [
        "app", "libc", "libone", "perl", "postfix",
    ]  # fmt: skip


def test_the_moment_is_a_day_after_the_newest_list() -> None:
    """A snapshot of that day has everything the lists named."""
    dates = ["Sat, 05 Sep 2026 08:00:00 UTC", "Mon, 23 Nov 2026 20:30:01 UTC"]
    assert resolve.moment(dates) == "20261124T203001Z"


def test_apt_reads_and_writes_its_own_folder_alone() -> None:
    """Nothing of the machine's apt takes part, and unsigned lists are refused."""
    text = resolve.configuration("/apt", "arm64", "http://proxy:1")
    assert 'Acquire::AllowInsecureRepositories "false";' in text
    assert 'Dir::State::status "/apt/status";' in text
    assert 'Dir::Etc::Parts "/dev/null";' in text
    assert 'APT::Architectures "arm64";' in text
    assert 'Acquire::http::Proxy "http://proxy:1";' in text


class FakeApt:
    """Answers as apt does, for one architecture."""

    def __init__(self, arch: str) -> None:
        self.arch = arch
        self.asked: list[list[str]] = []

    def __call__(self, argv: Sequence[str]) -> bytes:
        self.asked.append(list(argv))
        match argv[3]:
            case "update":
                return b""
            case "install":
                if "absent" in argv:
                    raise ResolveError("E: Unable to locate package absent")
                return SIMULATION.encode()
            case "show":
                return INDEX.format(arch=self.arch).encode()
            case "madison":
                return b" libc | 2.41 | http://m/debian trixie/main amd64 Packages\n"
        raise AssertionError(argv)


def apts(folder: Path) -> dict[str, resolve.Apt]:
    found = {}
    for arch in ("amd64", "arm64"):
        apt = resolve.Apt(folder / arch, arch, FakeApt(arch), "/apt")
        apt.prepare([resolve.Repository("http://m/debian", ("trixie",))], "/keyring.gpg", "")
        release = folder / arch / "state/lists/m_Release"
        release.write_text("Origin: Debian\nDate: Mon, 23 Nov 2026 20:30:01 UTC\n")
        found[arch] = apt
    return found


def checkout(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        kind, _, own = name.partition("__")
        path = folder / kind / own / f"{kind.removesuffix('s')}.toml"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return folder


DATA = sources.Defaults(("trixie",), {}, {}, {}, {}, "", {"image": ("postfix",)}, {})


def test_a_lock_from_definitions(tmp_path: Path) -> None:
    """Each set is resolved for its architectures; an image definition's list is not widened."""
    root = checkout(
        tmp_path / "c",
        packages__one='[debian]\nimage = ["app"]\nexclude = ["scripts"]\n',
        packages__two='[debian]\ntools = ["libone"]\n',
        images__demo='debian = ["app", "libone"]\n',
    )
    found = apts(tmp_path)
    lock = update.update(update.roots(root), DATA, found)
    assert lock.sets == {
        "image": {"amd64": ("app", "libc", "libone"), "arm64": ("app", "libc", "libone")},
        "tools": {"amd64": ("libc", "libone")},
        "containers": {"amd64": ("app", "libone"), "arm64": ("app", "libone")},
    }
    assert lock.snapshot == "20261124T203001Z"
    assert [one.architecture for one in lock.packages["arm64"]] == ["arm64"] * 3
    listed = (tmp_path / "amd64/sources.list").read_text()
    options = "arch=amd64 signed-by=/keyring.gpg check-valid-until=no"
    assert listed == f"deb [{options}] http://m/debian trixie main\n"
    assert (tmp_path / "amd64/preferences").read_text() == ""


def test_from_a_later_suite_comes_only_what_is_named() -> None:
    """apt takes the first rule that fits: the package's own before the one for all."""
    assert resolve.preferences({"later": ("one", "two")}).split("\n\n") == [
        "Package: one\nPin: release n=later\nPin-Priority: 990",
        "Package: two\nPin: release n=later\nPin-Priority: 990",
        "Package: *\nPin: release n=later\nPin-Priority: -1",
        "",
    ]


def test_a_kernel_is_asked_for_by_the_other_architectures_name() -> None:
    """A root that ends in an architecture ends in the one that is resolved."""
    assert update.for_arch("linux-image-cloud-amd64", "arm64") == "linux-image-cloud-arm64"
    assert update.for_arch("python3-amd64x", "arm64") == "python3-amd64x"
    assert update.for_arch("amd64", "arm64") == "amd64"


def test_an_unknown_package_says_where_to_look(tmp_path: Path) -> None:
    """apt's own words, the architecture, and the files that may hold the mistake."""
    root = checkout(tmp_path / "c", packages__one='[debian]\ntools = ["absent"]\n')
    with pytest.raises(ResolveError, match="amd64 packages: E: Unable to locate") as caught:
        update.update(update.roots(root), DATA, apts(tmp_path))
    assert "packages/*/package.toml" in caught.value.hint


def test_all_mistakes_of_the_definitions_at_once(tmp_path: Path) -> None:
    """Each wrong file is named with the place and what is expected."""
    root = checkout(
        tmp_path,
        packages__a='[debian]\nimages = ["x"]\n',
        packages__b="[debian]\ntools = [3]\n",
        packages__c="[debian",
        images__d="debian = 3\n",
    )
    with pytest.raises(LockError) as caught:
        update.roots(root)
    text = str(caught.value)
    assert "a/package.toml: debian.images: unknown set" in text
    assert "b/package.toml: debian.tools: expected a list of package names" in text
    assert "c/package.toml: " in text
    assert "d/image.toml: debian: expected a table of sets" in text


def lock_of(**versions: str) -> Lock:
    rows = []
    for name, version in versions.items():
        package = records()[0].package
        rows.append(type(package)(name, version, "amd64", "pool/x.deb", "aa", 1, name, version))
    return Lock(("trixie",), "20260101T000000Z", {}, {"amd64": tuple(rows)})


def test_changes_between_two_locks() -> None:
    """New, gone and changed packages are told apart; a file that mirrors may drop is said."""
    old, new = lock_of(a="1", b="1", c="1", same="1"), lock_of(a="2", b="2", d="1", same="1")
    listed = {("amd64", "a", "1"), ("amd64", "a", "2"), ("amd64", "c", "1")}
    assert [str(change) for change in changes.changes(old, new, listed)] == [
        "a (amd64): new version: 1 -> 2",
        "b (amd64): new version: 1 -> 2, the locked file is gone from the archive's lists",
        "c (amd64): no longer needed: 1",
        "d (amd64): added: 1",
    ]


def test_source_files_from_apts_answer() -> None:
    """Address, size and hash of each file; security's pool is kept apart."""
    text = (
        "'http://m/debian-security/pool/updates/main/a/app_2.0%7erc.dsc' app_2.0~rc.dsc 7 "
        f"SHA256:{'a' * 64}\n'http://m/debian/pool/main/a/app.tar.xz' app.tar.xz 9 "
        f"SHA256:{'b' * 64}\n"
    )
    assert source_files.parse("app", "2.0~rc", text) == [
        source_files.SourceFile(
            "app", "2.0~rc", "app_2.0~rc.dsc", "pool/updates/main/a/app_2.0~rc.dsc", "a" * 64, 7
        ),
        source_files.SourceFile(
            "app", "2.0~rc", "app.tar.xz", "pool/main/a/app.tar.xz", "b" * 64, 9
        ),
    ]
    packages = [one.package for one in records()]
    assert ("app-src", "1:2.0-1") in source_files.needed([*packages, *packages])


def test_check_says_what_a_new_lock_would_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`lock --check` names each package and the command, and writes nothing."""
    root = checkout(tmp_path / "c", packages__two='[debian]\ntools = ["libone"]\n')
    file = root / "packages.lock"
    monkeypatch.setattr(verbs, "CHECKOUT", root)
    monkeypatch.setattr(room, "FILE", file)
    monkeypatch.setattr(verbs, "_apts", lambda *_args, **_named: apts(tmp_path))
    monkeypatch.setattr(room, "read", lambda: words.decode(file.read_bytes()))
    fresh = update.update(update.roots(root), sources.defaults(), apts(tmp_path))
    earlier = msgspec.structs.replace(fresh, snapshot="20200101T000000Z")
    file.write_bytes(words.encode(earlier))  # newer lists alone are no reason for a new lock
    assert verbs.main(["lock", "--check"]) == 0
    assert capsys.readouterr().out == "packages.lock is up to date\n"

    old = file.read_text().replace(
        '"name":"libc","version":"2.41"', '"name":"libc","version":"2.40"'
    )
    file.write_text(old)
    assert verbs.main(["lock", "--check"]) == 1
    assert capsys.readouterr().out == (
        "libc (amd64): new version: 2.40 -> 2.41, "
        "the locked file is gone from the archive's lists\n"
        "packages.lock is out of date (1 packages): ./skyrocket lock --update\n"
    )
    assert file.read_text() == old
