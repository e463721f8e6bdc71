"""Images that a power cut may have left empty are fetched again, all others stay."""

from __future__ import annotations

import threading
from pathlib import Path

from skyrocket.host.containers import whole
from skyrocket.host.containers.places import Places


class Store:
    """A containerd's images and writable layers, in memory; counts what it is asked."""

    def __init__(self, images: dict[str, str], writable: list[str]) -> None:
        self.held, self.layers, self.asked = dict(images), list(writable), 0
        self.believed: list[str] = []

    def digest(self, reference: str) -> str:
        self.asked += 1
        return self.held.get(reference, "")

    def writable(self) -> list[str]:
        self.asked += 1
        return list(self.layers)

    def remove(self, key: str) -> bool:
        self.layers.remove(key)
        return True

    def blobs(self) -> list[str]:
        return list(self.believed)

    def drop(self, digest: str) -> None:
        self.believed.remove(digest)

    def forget(self, reference: str) -> None:
        assert self.layers == [], "a writable layer would keep the damaged layers alive"
        del self.held[reference]


def places(folder: Path) -> Places:
    return Places("workload", "demo", str(folder))


def next_boot(folder: Path) -> None:
    Path(places(folder).settled).unlink(missing_ok=True)


def pull(folder: Path, store: Store, reference: str, digest: str, *, cut: bool) -> None:
    whole.settle(places(folder), store)
    whole.announce(places(folder), reference)
    store.held[reference] = digest
    if not cut:
        whole.note(places(folder), reference, digest)


def test_a_pull_that_ended_well_costs_the_next_boot_nothing(tmp_path: Path) -> None:
    """Its image serves on, its layers stay, and containerd is not even asked."""
    store = Store({}, [])
    pull(tmp_path, store, "a", "sha256:1", cut=False)
    next_boot(tmp_path)
    store.layers, store.asked = ["skyrocket.workload.demo"], 0
    whole.settle(places(tmp_path), store)
    assert (store.held, store.layers, store.asked) == (
        {"a": "sha256:1"},
        ["skyrocket.workload.demo"],
        0,
    )


def test_an_image_whose_pull_was_cut_is_forgotten_at_the_next_boot(tmp_path: Path) -> None:
    """It goes, with the writable layers that would hold its damaged ones; others stay."""
    store = Store({}, ["left over"])
    pull(tmp_path, store, "whole", "sha256:1", cut=False)
    pull(tmp_path, store, "cut", "sha256:2", cut=True)
    next_boot(tmp_path)
    whole.settle(places(tmp_path), store)
    assert store.held == {"whole": "sha256:1"}
    assert store.layers == []


def test_asking_again_for_a_whole_image_does_not_endanger_it(tmp_path: Path) -> None:
    """A cut while a known image was asked for again leaves it in use: nothing was unpacked."""
    store = Store({}, [])
    pull(tmp_path, store, "a", "sha256:1", cut=False)
    next_boot(tmp_path)
    pull(tmp_path, store, "a", "sha256:1", cut=True)
    next_boot(tmp_path)
    whole.settle(places(tmp_path), store)
    assert store.held == {"a": "sha256:1"}


def test_one_look_a_boot(tmp_path: Path) -> None:
    """A pull of this boot that goes on is not taken for a cut one by another start."""
    store = Store({}, [])
    pull(tmp_path, store, "new", "sha256:3", cut=True)
    whole.settle(places(tmp_path), store)
    assert store.held == {"new": "sha256:3"}


def test_each_instance_of_containerd_has_its_notes(tmp_path: Path) -> None:
    """The same image can be whole in one and cut in the other."""
    pull(tmp_path, Store({}, []), "a", "sha256:1", cut=False)
    host = Places("host", "admin", str(tmp_path))
    whole.announce(host, "a")
    store = Store({"a": "sha256:1"}, [])
    whole.settle(host, store)
    assert store.held == {}


def test_blobs_that_containerd_only_believes_to_have_are_dropped(tmp_path: Path) -> None:
    """The cut came before the image had a record: the next pull must fetch the lost blob."""
    whole.announce(places(tmp_path), "cut")
    content = Path(places(tmp_path).content)
    content.mkdir(parents=True)
    (content / "aa").write_bytes(b"there")
    store = Store({}, [])
    store.believed = ["sha256:aa", "sha256:bb"]
    whole.settle(places(tmp_path), store)
    assert store.believed == ["sha256:aa"]


def test_two_starts_of_one_image_do_not_take_each_other_s_file(tmp_path: Path) -> None:
    """Both announce the same image at the same time, and both come through."""
    both = threading.Barrier(2)
    failures: list[OSError] = []

    def starts() -> None:
        for number in range(30):
            both.wait()
            try:
                whole.announce(places(tmp_path), f"a{number}")
            except OSError as error:
                failures.append(error)

    threads = [threading.Thread(target=starts) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
