"""The NoCloud disc: what is on it, and when a node needs a new one."""

import gzip

from skyrocket.lab import disks
from skyrocket.lab.disks import Seed

TOML = '[settings]\nmotd = "hello"\n'


def test_compressed_user_data_is_the_same_bytes_at_any_time():
    """No clock is inside, so an unchanged node keeps its disk."""
    content = Seed(TOML, compressed=True).content()
    assert gzip.decompress(content).decode() == TOML
    assert content[4:8] == bytes(4)
    assert Seed(TOML).content().decode() == TOML


def test_each_kind_of_disc_has_its_label_and_the_one_file():
    """FAT labels are upper case, those of ISO 9660 as users write them."""
    fat = disks.plan_fat("/node/seed.img", "/node/x")
    assert fat[0][fat[0].index("-v") + 1] == "CIDATA"
    assert fat[1][-1] == "::user-data"
    (iso,) = disks.plan_iso("/node/seed.img", "/node/x")
    assert iso[iso.index("-volid") + 1] == "cidata"
    assert iso[-1] == "user-data=/node/x"


def test_another_disc_is_another_node(tmp_path):
    """Text, kind and compression each begin a new disk; the same ones do not."""
    seeds = [Seed(TOML), Seed(TOML + "#"), Seed(TOML, "iso9660"), Seed(TOML, compressed=True)]
    origins = [disks.origin(tmp_path, seed) for seed in seeds]
    assert len(set(origins)) == len(seeds)
    assert origins == [disks.origin(tmp_path, seed) for seed in seeds]
