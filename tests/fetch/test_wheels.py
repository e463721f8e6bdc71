"""Wheels: which one fits, what pip is configured for, where an index has it, unzipping."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from skyrocket.fetch import bundle, pip_config, requirements, tags, wheels
from skyrocket.fetch.errors import ConfigError, FetchError, NotFoundError
from skyrocket.fetch.requirements import Pin, Wheel

if TYPE_CHECKING:
    from fakes.file_mirror import Mirror

HERE = Path(__file__).parents[2] / "requirements"
GLIBC = tags.Target((3, 12), "x86_64", (2, 31))


def wheel(name: str) -> Wheel:
    return Wheel(name, hashlib.sha256(name.encode()).hexdigest(), 1)


def pick(target: tags.Target, *names: str) -> str:
    return requirements.choose(Pin("p", "1", tuple(map(wheel, names))), target).filename


def test_the_closest_wheel_is_chosen() -> None:
    """Own version before stable interface before pure, newest C library that is still here."""
    pure = "p-1-py3-none-any.whl"
    stable = "p-1-cp38-abi3-manylinux2014_x86_64.whl"
    own = "p-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    newer = "p-1-cp312-cp312-manylinux_2_28_x86_64.whl"
    too_new = "p-1-cp312-cp312-manylinux_2_34_x86_64.whl"
    assert pick(GLIBC, pure, stable, own, newer, too_new) == newer
    assert pick(GLIBC, pure, stable) == stable
    assert pick(GLIBC, pure) == pure


@pytest.mark.parametrize(
    "name",
    [
        "p-1-cp313-cp313-manylinux2014_x86_64.whl",
        "p-1-cp312-cp312-manylinux2014_aarch64.whl",
        "p-1-cp312-cp312-musllinux_1_1_x86_64.whl",
        "p-1-cp312-cp312t-manylinux2014_x86_64.whl",
        "p-1-cp312-cp312-macosx_11_0_x86_64.whl",
        "p-1-cp313-abi3-manylinux2014_x86_64.whl",
        "p-1-py2-none-any.whl",
        "p-1.tar.gz",
    ],
)
def test_wheels_for_others_do_not_fit(name: str) -> None:
    """Another Python, machine, C library, thread model or system is refused with its target."""
    with pytest.raises(NotFoundError, match=r"no locked wheel fits Python 3\.12 on x86_64"):
        pick(GLIBC, name)


def test_musl_takes_musl_wheels() -> None:
    """A musl system takes only musl or pure wheels."""
    musl = tags.Target((3, 12), "x86_64", (1, 2), musl=True)
    name = "p-1-cp312-cp312-musllinux_1_1_x86_64.whl"
    assert pick(musl, name, "p-1-cp312-cp312-manylinux2014_x86_64.whl") == name


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_locked_files_fit_every_target(machine: str) -> None:
    """Each committed pin has a wheel for each Python and machine it is locked for."""
    for pin in requirements.read(HERE / "host.txt"):
        assert requirements.choose(pin, tags.node(machine))
    for minor in (11, 12, 13, 14):
        for pin in requirements.read(HERE / "build.txt"):
            assert requirements.choose(pin, tags.Target((3, minor), machine, (2, 28)))


def test_requirement_files_survive_a_round_trip() -> None:
    """What is rendered is read back as it was, in order of name."""
    pins = [Pin("b", "2.0", (wheel("b-2.0-py3-none-any.whl"),))]
    pins.insert(0, Pin("a-c", "1", (wheel("a_c-1-py3-none-any.whl"),)))
    assert requirements.parse(requirements.render(pins, "made by hand")) == (pins, [])


def test_every_mistake_of_a_requirement_file_is_said(tmp_path: Path) -> None:
    """A loose version, a missing comment and a changed hash are all named at once."""
    path = tmp_path / "build.txt"
    good = requirements.render([Pin("a", "1", (wheel("a-1-py3-none-any.whl"),))], "x")
    path.write_text(good + "b>=2\nc==1 --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(ConfigError) as caught:
        requirements.read(path)
    assert "b>=2: expected name==version" in str(caught.value)
    assert "c==1: its hashes and the comments below it differ" in str(caught.value)
    assert "a==1" not in str(caught.value)


def test_pip_configuration_in_pips_order(tmp_path: Path) -> None:
    """Machine, user, named file, environment: the later wins, for each setting apart."""
    home = tmp_path / "home"
    (tmp_path / "etc").mkdir()
    (home / ".config/pip").mkdir(parents=True)
    (tmp_path / "etc/pip.conf").write_text(
        "[global]\nindex-url = http://machine/simple/\ncert = /machine.pem\nfind_links = /wheels\n"
    )
    (home / ".config/pip/pip.conf").write_text("[install]\nindex-url = http://user/simple\n")
    env = {"HOME": str(home), "PIP_PROXY": "http://proxy:1", "PIP_EXTRA_INDEX_URL": "http://x/s/"}
    env |= {"XDG_CONFIG_DIRS": "/none"}
    found = pip_config.read("http://default/simple", env, tmp_path)
    expected = pip_config.PipConfig(
        ("http://user/simple", "http://x/s"), ("/wheels",), "/machine.pem", "http://proxy:1"
    )
    assert found == expected
    assert pip_config.read("http://d/s", {"PIP_CONFIG_FILE": os.devnull}).indexes == ("http://d/s",)
    assert pip_config.read("http://d/s", {**env, "PIP_NO_INDEX": "1"}, tmp_path).indexes == ()


def made_wheel(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if "scripts" in name else 0o100664) << 16
            archive.writestr(info, data)
    return buffer.getvalue()


DEMO = made_wheel(**{
    "demo/__init__.py": b"x = 1",
    "demo-1.data/purelib/more.py": b"y = 2",
    "demo-1.data/scripts/tool": b"#!",
    "demo-1.data/headers/demo.h": b"",
})  # fmt: skip
DEMO_NAME = "demo-1-py3-none-any.whl"


def demo_pin() -> Pin:
    return Pin("demo", "1", (Wheel(DEMO_NAME, hashlib.sha256(DEMO).hexdigest(), len(DEMO)),))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def order(*indexes: str, links: tuple[str, ...] = ()) -> wheels.Order:
    return wheels.Order(pip_config.PipConfig(indexes, links))


def test_an_index_that_speaks_json(mirror: Mirror, cache: Path) -> None:
    """The JSON form of an index is read, its relative addresses too."""
    mirror.add(f"files/{DEMO_NAME}", DEMO)
    page = {"files": [{"filename": DEMO_NAME, "url": f"../../files/{DEMO_NAME}", "hashes": {}}]}
    mirror.add("simple/demo/", json.dumps(page).encode())
    mirror.types["simple/demo/"] = "application/vnd.pypi.simple.v1+json"
    assert wheels.fetch([demo_pin()], GLIBC, where=order(f"{mirror.url}/simple"))
    assert "simple.v1+json" in mirror.headers[0]["Accept"]


def test_an_index_that_speaks_html(mirror: Mirror, cache: Path) -> None:
    """The HTML form is read; a link with another hash is not followed."""
    good, bad = f"files/{DEMO_NAME}", f"evil/{DEMO_NAME}"
    mirror.add(good, DEMO)
    page = (
        f'<a href="/{bad}#sha256={"0" * 64}">{DEMO_NAME}</a>'
        f'<a href="/{good}#sha256={hashlib.sha256(DEMO).hexdigest()}">{DEMO_NAME}</a>'
    )
    mirror.add("simple/demo/", page.encode())
    mirror.types["simple/demo/"] = "text/html"
    wheels.fetch([demo_pin()], GLIBC, where=order(f"{mirror.url}/simple"))
    assert [path for path, _ in mirror.asked] == ["simple/demo/", good]


def test_a_folder_of_wheels(cache: Path, tmp_path: Path) -> None:
    """pip's find-links may be a folder; then no index is needed."""
    (tmp_path / DEMO_NAME).write_bytes(DEMO)
    assert wheels.fetch([demo_pin()], GLIBC, where=order(links=(str(tmp_path),)))


def test_an_index_of_ones_own_may_lack_a_project(mirror: Mirror, cache: Path) -> None:
    """The first index says 404, the second has it."""
    mirror.add(DEMO_NAME, DEMO)
    mirror.add("b/demo/", f'<a href="/{DEMO_NAME}">x</a>'.encode())
    where = order(f"{mirror.url}/a", f"{mirror.url}/b")
    assert wheels.fetch([demo_pin()], GLIBC, where=where)


def test_a_wheel_that_no_index_has(mirror: Mirror, cache: Path) -> None:
    """The error names the file and how to name another index."""
    with pytest.raises(NotFoundError, match=DEMO_NAME) as caught:
        wheels.fetch([demo_pin()], GLIBC, where=order(mirror.url))
    assert "PIP_INDEX_URL" in caught.value.hint


def test_an_index_that_is_down_is_named_without_its_password(cache: Path) -> None:
    """Messages never show a login."""
    with pytest.raises(FetchError) as caught:
        wheels.fetch([demo_pin()], GLIBC, where=order("http://me:secret@127.0.0.1:9/simple"))
    assert "127.0.0.1:9/simple: Connection refused" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_bundle_alone_is_enough(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a bundle no index is asked, and one that lacks the wheel says how to make another."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    file = tmp_path / hashlib.sha256(DEMO).hexdigest()
    file.write_bytes(DEMO)
    bundle.write(tmp_path / "full.tar", b"", [file])
    bundle.write(tmp_path / "empty.tar", b"", [])
    with pytest.raises(NotFoundError, match="not in the bundle") as caught:
        wheels.fetch([demo_pin()], GLIBC, where=wheels.order(tmp_path / "empty.tar"))
    assert "./skyrocket bundle FILE" in caught.value.hint
    assert wheels.fetch([demo_pin()], GLIBC, where=wheels.order(tmp_path / "full.tar"))


def test_a_bundle_among_the_sources_comes_first(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SKYROCKET_SOURCES may name a bundle; the folder that pip knows is asked next."""
    (tmp_path / DEMO_NAME).write_bytes(DEMO)
    bundle.write(tmp_path / "empty.tar", b"", [])
    monkeypatch.setenv("SKYROCKET_SOURCES", str(tmp_path / "empty.tar"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    item = wheels.wanted("demo", demo_pin().wheels[0], wheels.order(), cache)
    assert [place.source for place in item.places] == [
        f"bundle {tmp_path}/empty.tar", str(tmp_path),
    ]  # fmt: skip
    assert wheels.fetch([demo_pin()], GLIBC, where=wheels.order())


def test_an_index_is_not_asked_for_what_a_bundle_holds(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle in SKYROCKET_SOURCES works without any network."""
    file = tmp_path / hashlib.sha256(DEMO).hexdigest()
    file.write_bytes(DEMO)
    bundle.write(tmp_path / "full.tar", b"", [file])
    monkeypatch.setenv("SKYROCKET_SOURCES", str(tmp_path / "full.tar"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert wheels.fetch([demo_pin()], GLIBC, where=wheels.order())


def test_an_environment_is_made_once(
    mirror: Mirror, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modules lie at the top, programs in bin and executable; the second call asks nobody."""
    (tmp_path / DEMO_NAME).write_bytes(DEMO)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    file = tmp_path / "build.txt"
    file.write_text(requirements.render([demo_pin()], "x"))
    folder = wheels.environment([file], target=GLIBC)
    found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert found == ["bin/tool", "demo/__init__.py", "more.py"]
    assert stat.S_IMODE((folder / "bin/tool").stat().st_mode) == 0o755
    (tmp_path / DEMO_NAME).unlink()
    assert wheels.environment([file], target=GLIBC) == folder


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "a\\..\\evil"])
def test_a_wheel_cannot_write_elsewhere(tmp_path: Path, name: str) -> None:
    """Paths that lead out of the folder are refused and nothing is left."""
    path = tmp_path / "w"
    path.write_bytes(made_wheel(**{"ok.py": b"", name: b"x"}))
    (tmp_path / "env").mkdir()
    with pytest.raises(FetchError, match="leads outside"):
        wheels.install([path], tmp_path / "env/id")
    assert list((tmp_path / "env").iterdir()) == []


def test_a_file_that_is_no_wheel_is_named(tmp_path: Path) -> None:
    """A broken archive gives the command that removes it."""
    path = tmp_path / "w"
    path.write_bytes(b"not a zip")
    with pytest.raises(FetchError, match="cannot unzip w") as caught:
        wheels.install([path], tmp_path / "id")
    assert str(path) in caught.value.hint
