"""A bundle is enough: a build with nothing in the cache and no network at all."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.image
ROOT = Path(__file__).parents[2]
ALONE = ["unshare", "--user", "--map-root-user", "--net", "--"]


def skyrocket(*words, before=(), cache=None):
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    cache = cache or os.environ.get("XDG_CACHE_HOME")
    environment |= {"XDG_CACHE_HOME": str(cache)} if cache else {}
    return subprocess.run(
        [*before, sys.executable, "-I", str(ROOT / "skyrocket"), *words],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare to be without network")
def test_a_build_from_a_bundle_needs_no_network_and_no_cache(tmp_path):
    """The control: without the bundle the same build says that no source answers."""
    bundle = tmp_path / "all.tar"
    written = skyrocket("bundle", str(bundle))
    assert written.returncode == 0, written.stderr
    refused = skyrocket("build", "vm-bare", before=ALONE, cache=tmp_path / "empty")
    assert refused.returncode == 1
    assert "network" in refused.stderr
    words = ("build", "vm-bare", "--bundle", str(bundle), "--json")
    built = skyrocket(*words, before=ALONE, cache=tmp_path / "cache")
    assert built.returncode == 0, built.stderr[-2000:]
    here = skyrocket("build", "vm-bare", "--json")
    assert json.loads(built.stdout)["root_hash"] == json.loads(here.stdout)["root_hash"]
