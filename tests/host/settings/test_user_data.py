import gzip
from pathlib import Path

import pytest

from skyrocket.host.settings.errors import UserDataError
from skyrocket.host.settings.user_data import disc, label, parse, sources
from skyrocket.models.settings import table

SCHEMA = table.load()


def toml(motd):
    return f'[settings]\nmotd = "{motd}"\n'.encode()


def test_toml_becomes_settings():
    assert parse.parse(toml("a"), "x", SCHEMA) == {"motd": "a"}


def test_gzip_is_accepted():
    assert parse.parse(gzip.compress(toml("a")), "x", SCHEMA) == {"motd": "a"}


@pytest.mark.parametrize("raw", [b"", b" \n", b"\xef\xbb\xbf"])
def test_nothing_is_no_settings(raw):
    assert parse.parse(raw, "x", SCHEMA) == {}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a = ", "cannot read user data x: Invalid value"),
        (b"#cloud-config\npackages: []\n", "cannot read user data x: "),
        (b"a = 1", "cannot read user data x: TOML data did not contain 'settings' section"),
        (b"\xff", "cannot read user data x: not UTF-8"),
        (b"settings = 1", "cannot use user data x: invalid type: integer `1`"),
        (
            b"[settings]\nmotdd = 1\n[settings.network]\nhostname = 'A'",
            "cannot use user data x: unknown field `motdd`",
        ),
        (b"[settings.network]\nhostname = 'A'", "at settings.network.hostname"),
        (b"[settings]\nmotd = 2026-01-01", "at settings.motd"),
        (gzip.compress(toml("a"), mtime=0)[:-5], "cannot unpack user data x: it is cut off"),
        (b"\x1f\x8bnonsense", "cannot unpack user data x: "),
        (gzip.compress(b" " * (parse.LARGEST + 1)), "cannot unpack user data x: it is over"),
    ],
)
def test_bad_user_data_names_source_place_and_reason(raw, text):
    with pytest.raises(UserDataError) as caught:
        parse.parse(raw, "x", SCHEMA)
    assert text in str(caught.value)


def test_later_sources_win_key_by_key(tmp_path):
    (tmp_path / "user-data-defaults.toml").write_bytes(
        toml("defaults") + b"[settings.ntp]\noptions=['a']"
    )
    (tmp_path / "user-data.toml").write_bytes(toml("file"))
    everything = sources.read(SCHEMA, str(tmp_path), lambda: None)
    assert everything == {"motd": "file", "ntp": {"options": ["a"]}}
    with_disc = sources.read(SCHEMA, str(tmp_path), lambda: ("disc", toml("disc")))
    assert with_disc["motd"] == "disc"
    (tmp_path / "user-data-overrides.toml").write_bytes(toml("last"))
    assert sources.read(SCHEMA, str(tmp_path), lambda: ("disc", toml("disc")))["motd"] == "last"


def test_one_bad_source_takes_all_of_them_back(tmp_path):
    (tmp_path / "user-data.toml").write_bytes(toml("file"))
    with pytest.raises(UserDataError, match="cannot read user data disc"):
        sources.read(SCHEMA, str(tmp_path), lambda: ("disc", b"x"))


def test_without_any_source_there_are_no_settings(tmp_path):
    assert sources.read(SCHEMA, str(tmp_path), lambda: None) == {}


def iso(name):
    descriptor = b"\x01CD001\x01\x00" + b" " * 32 + name.ljust(32).encode()
    return bytes(32768) + descriptor


def handmade_fat(name, *, wide):
    sector = bytearray(512)
    sector[510:] = b"\x55\xaa"
    at, kind = (71, b"FAT32   ") if wide else (43, b"FAT16   ")
    sector[at : at + 11] = name.ljust(11).encode()
    sector[at + 11 : at + 19] = kind
    return bytes(sector)


@pytest.mark.parametrize("name", ["cidata", "CIDATA"])
def test_the_label_is_found_in_both_file_systems(name):
    assert label.file_system(iso(name)) == "iso9660"
    assert label.file_system(handmade_fat(name, wide=True)) == "vfat"
    assert label.file_system(handmade_fat(name, wide=False)) == "vfat"


@pytest.mark.parametrize(
    "start", [b"", bytes(40000), iso("other"), handmade_fat("EFI", wide=True), b"x" * 100]
)
def test_other_discs_are_left_alone(start):
    assert label.file_system(start) is None


class Mounter:
    """Mounts by writing files into the mount point."""

    def __init__(self, files=None, trouble=None):
        self.files, self.trouble, self.said = files or {}, trouble, []
        self.wake = lambda: self.said.append("wake")

    def mount(self, device, target, kind):
        if self.trouble:
            raise self.trouble
        self.said.append(f"mount {device.rpartition('/')[2]} {kind}")
        for name, content in self.files.items():
            (Path(target) / name).write_bytes(content)

    def unmount(self, target):
        self.said.append("unmount")


@pytest.fixture
def devices(tmp_path):
    """Block devices as files: one without a label, one NoCloud disc, one loop device."""
    listing, dev = tmp_path / "class", tmp_path / "dev"
    for folder in (listing, dev):
        folder.mkdir()
    for name, content in {
        "loop0": iso("cidata"),
        "vda": b"x",
        "vdb": iso("cidata"),
        "sr0": b"",
    }.items():
        (listing / name).touch()
        (dev / name).write_bytes(content)
    return str(listing), str(dev)


def test_the_disc_is_found_mounted_read_and_unmounted(devices, tmp_path):
    mounter = Mounter({"user-data": b"content"})
    name, raw = disc.read(mounter, devices, str(tmp_path / "mnt"))
    assert (name, raw) == (f"user-data on {devices[1]}/vdb", b"content")
    assert mounter.said == ["mount vdb iso9660", "unmount"]


def test_a_drive_that_was_asleep_is_woken_and_read(devices, tmp_path):
    """A CD drive shows up only when somebody loads its drivers."""
    for device in ("vdb", "sr0"):
        (Path(devices[1]) / device).write_bytes(b"")
    mounter = Mounter({"user-data": b"content"})
    mounter.wake = lambda: (Path(devices[1]) / "sr0").write_bytes(iso("cidata"))
    name, raw = disc.read(mounter, devices, str(tmp_path / "mnt"))
    assert (name, raw) == (f"user-data on {devices[1]}/sr0", b"content")


def test_a_disc_without_the_file_is_no_source(devices, tmp_path, capsys):
    assert disc.read(Mounter(), devices, str(tmp_path / "mnt")) is None
    assert "has no file user-data" in capsys.readouterr().err


def test_a_disc_that_cannot_be_mounted_is_an_error_that_names_it(devices, tmp_path):
    with pytest.raises(UserDataError, match=r"cannot read user data on .*/vdb: no driver"):
        disc.read(Mounter(trouble=RuntimeError("no driver")), devices, str(tmp_path / "mnt"))


def test_without_a_disc_nothing_is_mounted(tmp_path):
    mounter = Mounter()
    assert (
        disc.read(mounter, (str(tmp_path / "none"), str(tmp_path)), str(tmp_path / "mnt")) is None
    )
    assert mounter.said == ["wake"]
