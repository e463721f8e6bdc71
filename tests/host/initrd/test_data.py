from skyrocket.host.initrd import data


class Silent:
    """A report that nobody reads."""

    def degrade(self, reason):
        self.reason = reason


def test_the_journal_may_write_to_the_data_partition_from_its_first_line(tmp_path, monkeypatch):
    """Without the flag journald keeps to /run, and no boot leaves its journal to the next."""
    flag = tmp_path / "run/systemd/journal/flushed"
    mounts = []
    monkeypatch.setattr(data, "JOURNAL_FLAG", str(flag))
    monkeypatch.setattr(data, "LOCAL", str(tmp_path / "local"))
    monkeypatch.setattr(data, "SYSROOT", str(tmp_path))
    monkeypatch.setattr(data, "_mount", lambda *_: (tmp_path / "local").mkdir())
    monkeypatch.setattr(data.kernel, "mount", lambda *words, **_: mounts.append(words[:2]))
    (tmp_path / "var").mkdir()
    data.mount_data(None, None, Silent())
    assert flag.read_bytes() == b""
    assert (str(tmp_path / "local/var"), str(tmp_path / "var")) in mounts
