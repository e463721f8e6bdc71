"""The tools tree, the locked wheels and an empty step cache, for tests that really seal."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
LIBRARIES = (
    "libc.so.6", "libm.so.6", "libpthread.so.0", "libz.so.1",
    "libssl.so.3", "libcrypto.so.3", "libzstd.so.1",
)  # fmt: skip
"""What the program is linked with, and behind them what `_ssl` is."""


class Ground(NamedTuple):
    """What `seal_host` and `seal_static` ask for."""

    sandbox: object
    wheels: Path
    cache: Path

    def arguments(self, source: Path = CHECKOUT / "src") -> dict[str, Path]:
        return {"source": source, "wheels": self.wheels, "cache": self.cache}


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    from skyrocket.build import lock, tools
    from skyrocket.build.image import programs
    from skyrocket.models.progress import Silent
    from skyrocket.sandbox import Sandbox

    tree = tools.tree(lock.read(), Silent())
    wheels = programs.host_wheels(CHECKOUT, "x86_64")
    return Ground(Sandbox(tree), wheels, tmp_path_factory.mktemp("steps"))


@pytest.fixture(scope="session")
def node(ground: Ground, tmp_path_factory: pytest.TempPathFactory):
    """Run a sealed tree where nothing else is: its files and the C libraries it is linked with."""
    import shutil

    from skyrocket.sandbox import Sandbox

    def root_of(tree: Path) -> Sandbox:
        root = tmp_path_factory.mktemp("node")
        shutil.copytree(tree, root, dirs_exist_ok=True)
        libraries = root / "usr/lib/x86_64-linux-gnu"
        libraries.mkdir(parents=True)
        for name in LIBRARIES:
            shutil.copy(ground.sandbox.root / "usr/lib/x86_64-linux-gnu" / name, libraries)
        (root / "usr/lib64").mkdir()
        loader = ground.sandbox.root / "usr/lib64/ld-linux-x86-64.so.2"
        shutil.copy(loader, root / "usr/lib64/ld-linux-x86-64.so.2")
        for name in ("lib", "lib64"):
            (root / name).symlink_to(f"usr/{name}")
        return Sandbox(root)

    return root_of
