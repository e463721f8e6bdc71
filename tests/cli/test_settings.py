"""What is said of a machine's proxies, mirrors and certificates when the network fails."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from skyrocket.cli import explain, settings
from skyrocket.fetch.errors import DiskError, NotFoundError, UnreachableError

SCRIPT = Path(__file__).parents[2] / "skyrocket"


def test_a_machine_without_settings_says_nothing(tmp_path):
    """Most machines."""
    assert settings.here({"PATH": "/bin", "HOME": str(tmp_path)}, tmp_path, tmp_path) == []


def test_every_place_is_named_with_its_value(tmp_path):
    """Environment, pip.conf, apt.conf."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/pip.conf").write_text("[global]\nindex-url = https://mirror.test/simple\n")
    apt = tmp_path / "apt"
    (apt / "apt.conf.d").mkdir(parents=True)
    (apt / "apt.conf.d/proxy").write_text('Acquire::http::Proxy "http://cache.test:3142";\n')
    env = {"HTTPS_PROXY": "http://proxy.test:1", "PIP_CERT": "/c.pem", "HOME": str(tmp_path)}
    assert settings.here(env, tmp_path, apt) == [
        "HTTPS_PROXY=http://proxy.test:1",
        "PIP_CERT=/c.pem",
        "pip.conf: index-url=https://mirror.test/simple",
        "apt.conf: Acquire::http::Proxy=http://cache.test:3142",
    ]


def test_logins_are_left_out(tmp_path):
    """A report may be pasted anywhere."""
    env = {"http_proxy": "http://me:secret@proxy.test:1/", "HOME": str(tmp_path)}
    assert settings.here(env, tmp_path, tmp_path) == ["http_proxy=http://proxy.test:1/"]


@pytest.mark.parametrize(
    ("kind", "said"), [(UnreachableError, True), (NotFoundError, True), (DiskError, False)]
)
def test_only_an_error_of_the_network_names_them(monkeypatch, kind, said):
    """A full disk has nothing to do with a proxy."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    text = "\n".join(explain.lines(kind("cannot fetch x: refused", "try again")))
    assert ("set here: http_proxy=http://127.0.0.1:9" in text) is said


def test_a_dead_proxy_is_named_before_anything_starts(tmp_path):
    """The whole program, with all doors closed."""
    dead = "http://127.0.0.1:9"
    env = {"PATH": "/usr/bin:/bin:/usr/local/bin", "XDG_CACHE_HOME": str(tmp_path)}
    proxies = {"http_proxy": dead, "https_proxy": dead, "PIP_PROXY": dead, "PIP_INDEX_URL": dead}
    proxies["SKYROCKET_SOURCES"] = f"{dead}/debian"
    done = subprocess.run(
        [str(SCRIPT), "build", "vm-bare"],
        env={**env, **proxies},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "the package sources do not answer" in done.stderr
    assert f"set here: https_proxy={dead}" in done.stderr
    assert "Traceback" not in done.stderr
