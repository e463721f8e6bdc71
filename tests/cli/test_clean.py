"""`clean`: what stays and what goes."""

from skyrocket.cli import clean


def filled(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = tmp_path / "skyrocket"
    for name in ("files", "env", "steps/one/usr", "nodes/node", "images"):
        (cache / name).mkdir(parents=True)
    (cache / "files/aa").write_bytes(b"x" * 10_000)
    (cache / "steps/one/usr/program").write_bytes(b"x" * 10_000)
    (cache / "steps/one/usr").chmod(0o555)
    (cache / "steps/link").symlink_to("/usr")
    (cache / "nodes/node/node.json").write_text("{}")
    return cache


def test_downloads_stay_unless_all_is_said(tmp_path, monkeypatch, capsys):
    """What was made goes, folders that may not be written too; what was fetched stays."""
    cache = filled(tmp_path, monkeypatch)
    assert clean.main([]) == 0
    assert sorted(path.name for path in cache.iterdir()) == ["env", "files"]
    assert "removed" in capsys.readouterr().out


def test_with_all_nothing_stays(tmp_path, monkeypatch):
    """The whole folder goes."""
    cache = filled(tmp_path, monkeypatch)
    assert clean.main(["--all"]) == 0
    assert not cache.exists()
    assert clean.main(["--all"]) == 0, "nothing to remove is no error"


def test_a_process_with_a_file_of_the_node_open_is_found(tmp_path):
    """That is how a running node is recognised without the lab's dependencies."""
    import os

    folder = tmp_path / "node"
    folder.mkdir()
    with (folder / "qemu.log").open("wb"):
        assert clean.processes_of(folder) == [os.getpid()]
    assert clean.processes_of(folder) == []
