"""What `run` costs here, from the lock and the machine."""

import json

from skyrocket.cli.about import cost, page
from skyrocket.cli.checkout import pending


def test_nothing_to_download_costs_little_time():
    """With every file here only the boot remains."""
    assert cost(0, 200_000_000, 2, kvm=True).download == 0
    assert cost(0, 200_000_000, 2, kvm=True).seconds < 30


def test_emulation_and_fewer_cores_take_longer():
    """Each handicap adds time."""
    best = cost(200_000_000, 200_000_000, 4, kvm=True).seconds
    assert best < cost(200_000_000, 200_000_000, 2, kvm=True).seconds
    assert best < cost(200_000_000, 200_000_000, 4, kvm=False).seconds


def test_the_page_says_megabytes_gigabytes_and_minutes():
    """The three numbers, for this machine."""
    text = page(cost(200_000_000, 200_000_000, 2, kvm=False), "/c", 2, kvm=False)
    assert "200.0 MB to download, 1.9 GB of disk, about 3 min" in text
    assert "emulation, no /dev/kvm" in text


def test_pending_counts_each_locked_file_that_run_uses_once(tmp_path):
    """In two sets: once; in no set of ours: not at all; already here: not missing."""
    lock = tmp_path / "packages.lock"
    rows = [{"name": n, "sha256": n * 3, "size": s} for n, s in (("a", 1), ("b", 20), ("c", 300))]
    sets = {"tools": {"amd64": ["a", "b"]}, "image": {"amd64": ["a"]}}
    lock.write_text(json.dumps({"sets": sets, "packages": {"amd64": rows}}))
    files = tmp_path / "files"
    files.mkdir()
    (files / "bbb").touch()
    assert pending(files, lock) == (21, 1)


def test_without_a_lock_nothing_is_known(tmp_path):
    """No lock, no number; no exception either."""
    assert pending(tmp_path, tmp_path / "none") is None
