"""Activating, cancelling, going back: as commands, with the power failing between any two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.node_disk import FakeDisk, Power, PowerCutError, Version
from host.update.test_prepare import NEXT, PAST, RUNS, Node, noise

from skyrocket.host.slots.record import Records
from skyrocket.host.update import commands, memory, settle
from skyrocket.host.update.facts import Facts, Settings
from skyrocket.models import boots, slots, update_status
from skyrocket.models.boots import Step, counted
from skyrocket.models.update_status import Image, Kept, Staged, Status

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.models.update_status import Order

OLDER = Version("0.8.0", noise(60, 11))
ALL = [PAST, RUNS, NEXT, OLDER]


class Commands:
    """A node that runs RUNS, with VERSION staged in its idle slot, or kept there from before."""

    def __init__(
        self, folder: Path, version: Version, monkeypatch: pytest.MonkeyPatch, *, kept: bool = False
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.version = version
        if kept:
            (folder / "disk").mkdir()
            self.disk = FakeDisk(folder / "disk", RUNS, version)
            if version is NEXT:  # a newer one stands aside for what runs
                with self.disk.boot() as boot:
                    boot.carry_out(boots.standing_aside(boot.names(), version.key))
        else:
            node = Node(folder, version)
            node.prepare()
            self.disk = node.disk
        (folder / "private").mkdir(exist_ok=True)
        good = (RUNS.root_hash, version.root_hash) if kept else (RUNS.root_hash,)
        self.facts = Facts(
            Settings(), image(RUNS), RUNS.root_hash, "boot-1", good,
            str(folder / "private/update"), str(folder / "private"),
        )  # fmt: skip
        staged = None if kept else Staged(image(version), version.root_hash, version.sha256)
        found = Kept(Status(), "boot-1", staged)
        memory.write(self.facts.folder, update_status.with_state(found, image(RUNS), ready=False))
        monkeypatch.setattr(commands.signs, "note_worked", lambda _: None)
        for room in (commands, settle):
            monkeypatch.setattr(room, "NodeDisk", lambda: self.disk)

    def run(self, verb: Order, *, cut: int | None = None) -> Kept | None:
        """VERB as the updater runs it; None when the power failed at step CUT."""
        self.disk.power = Power(cut)
        try:
            assert commands.begin(verb, self.facts).ok, commands.begin(verb, self.facts)
            return commands.carry_out(verb, self.facts)
        except PowerCutError:
            return None
        finally:
            self.disk.power = Power()

    def boot(self, *, good: bool = True) -> str:
        """The loader starts a version, which finds itself GOOD or not -> its number."""
        number = self.disk.boots(ALL)
        (runs,) = [version for version in ALL if version.number == number]
        with self.disk.boot() as boot:
            for name in boot.names():
                if name.key == runs.key and name != counted(name):
                    where = slots.FOLDER
                    boot.carry_out([Step(f"{where}/{name}", f"{where}/{counted(name)}")])
        known = self.facts.good
        if good and runs.root_hash not in known:
            known = (runs.root_hash, *known)
        number_of_boot = int(self.facts.boot.partition("-")[2]) + 1
        self.facts = self.facts._replace(
            running=runs.root_hash, image=image(runs), good=known, boot=f"boot-{number_of_boot}"
        )
        return number

    def names(self) -> set[str]:
        with self.disk.boot() as boot:
            return {str(name) for name in boot.names()}

    def outcomes(self) -> list[str]:
        return [each.outcome for each in memory.read_history(self.facts.folder)]


def image(version: Version) -> Image:
    return Image("x86_64", version.number, "vm-dev")


def trouble(kept: Kept | None) -> str:
    assert kept is not None
    assert kept.status.most_recent_command is not None
    return kept.status.most_recent_command.stderr or ""


@pytest.mark.parametrize("version", [NEXT, OLDER])
@pytest.mark.parametrize("kept", [False, True])
def test_a_cut_at_any_step_of_activating_leaves_the_truth_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: Version, *, kept: bool
) -> None:
    """A version that the loader took counts as tried; one it never took does not, and is activated.

    So also in the moment between the move of the kernel image and the end of the command.
    """
    verb: Order = "rollback" if kept else "activate"
    step, ends = 0, set[str]()
    while True:
        node = Commands(tmp_path / str(step), version, monkeypatch, kept=kept)
        done = node.run(verb, cut=step) is not None
        assert node.disk.harm(ALL) == [], step
        if node.boot(good=False) == version.number and kept:
            assert settle.settled(node.facts).failed == (RUNS.number,), step
            ends.add(node.outcomes()[-1])
        elif node.facts.running == version.root_hash:
            assert settle.settled(node.facts).trial is not None, step
            assert node.boot() == RUNS.number
            assert settle.settled(node.facts).failed == (version.number,), step
            ends.add(node.outcomes()[-1])
        else:
            after = settle.settled(node.facts)
            assert after.failed == (), step
            assert set(node.outcomes()) <= {"never started"}
            assert node.run(verb) is not None
            assert node.boot() == version.number, step
            ends.add("repeated")
        if done:
            break
        step += 1
    assert step >= 5
    assert ends == {"running" if kept else "came back", "repeated"}


def test_a_version_that_failed_after_a_cut_counts_as_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seeded bug is the old order: first the move, then the word that the node is ready."""
    honest = memory.write
    seen = set()
    for late in (False, True):
        step = 0
        while True:
            node = Commands(tmp_path / f"{late}-{step}", NEXT, monkeypatch)
            if late:
                monkeypatch.setattr(memory, "write", lambda *_: None)
                monkeypatch.setattr(memory, "write_history", lambda *_: None)
            done = node.run("activate", cut=step) is not None
            monkeypatch.undo()
            monkeypatch.setattr(settle, "NodeDisk", lambda node=node: node.disk)
            if done and late:
                honest(node.facts.folder, memory.read(node.facts.folder) or Kept())
            if node.boot(good=False) == NEXT.number and node.boot() == RUNS.number:
                seen.add((late, settle.settled(node.facts).failed))
            if done:
                break
            step += 1
    assert seen == {(False, ("1.1.0",)), (True, ())}


def test_cancelling_gives_back_what_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version, kept in ((NEXT, False), (NEXT, True), (OLDER, True)):
        node = Commands(tmp_path / f"{version.number}-{kept}", version, monkeypatch, kept=kept)
        node.run("rollback" if kept else "activate")
        after = node.run("deactivate")
        assert after is not None
        assert after.status.update_state == ("Idle" if kept else "Staged")
        assert node.outcomes() == ["cancelled"]
        assert node.boot() == RUNS.number
        assert node.disk.harm(ALL) == []


def test_going_back_and_forth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version that was left is not taken again by itself, unless somebody goes back to it."""
    node = Commands(tmp_path, OLDER, monkeypatch, kept=True)
    ready = node.run("rollback")
    assert ready is not None
    assert (ready.status.update_state, ready.staged) == (
        "Ready", Staged(image(OLDER), OLDER.root_hash, OLDER.sha256, kept=True)
    )  # fmt: skip
    assert ready.status.most_recent_command is not None
    assert ready.status.most_recent_command.cmd_type == "activate"
    assert node.names() == {f"skyrocket-{RUNS.key}+0.efi", f"skyrocket-{OLDER.key}+1.efi"}
    assert node.boot() == OLDER.number
    after = settle.settled(node.facts)
    assert (after.failed, after.status.update_state) == (("1.0.0",), "Idle")
    with node.disk.boot() as boot:
        boot.carry_out(boots.blessing(boot.names(), OLDER.key))
    node.run("rollback")
    assert node.boot() == RUNS.number
    assert settle.settled(node.facts).failed == ("0.8.0",)
    assert [(e.kind, e.to_version, e.outcome) for e in memory.read_history(node.facts.folder)] == [
        ("rollback", "0.8.0", "running"),
        ("rollback", "1.0.0", "running"),
    ]


def test_why_a_version_came_back_is_what_the_boot_after_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Commands(tmp_path, NEXT, monkeypatch)
    node.run("activate")
    assert node.boot(good=False) == NEXT.number
    settle.settled(node.facts)
    assert node.outcomes() == ["on trial"]
    assert node.boot() == RUNS.number
    Records(node.facts.private).note_left(NEXT.root_hash, "Kernel panic - not syncing: oops")
    settle.settled(node.facts)
    (attempt,) = memory.read_history(node.facts.folder)
    assert (attempt.outcome, attempt.reason) == ("came back", "Kernel panic - not syncing: oops")


def test_a_slot_that_holds_nothing_is_not_gone_back_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Commands(tmp_path, NEXT, monkeypatch)
    memory.write(node.facts.folder, Kept(boot="boot-1"))
    assert "no kernel image boots the other slot" in trouble(node.run("rollback"))
    assert node.outcomes() == []


def test_a_version_that_never_proved_itself_is_not_gone_back_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Commands(tmp_path, OLDER, monkeypatch, kept=True)
    node.facts = node.facts._replace(good=(RUNS.root_hash,))
    assert "0.8.0 in the other slot never proved itself" in trouble(node.run("rollback"))


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("p4", "1 blocks of the other slot are broken"),
        ("p5", "hash tree of the other slot is broken"),
    ],
)
def test_a_slot_with_one_broken_block_is_not_gone_back_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, said: str
) -> None:
    node = Commands(tmp_path, OLDER, monkeypatch, kept=True)
    path = tmp_path / "disk" / place
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    assert said in trouble(node.run("rollback"))
    assert node.names() == {f"skyrocket-{RUNS.key}.efi", f"skyrocket-{OLDER.key}.efi"}


def test_a_kernel_image_that_changed_is_not_gone_back_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known by the hash it had when the node went on from it; its head tells a stranger anyway."""
    node = Commands(tmp_path, OLDER, monkeypatch, kept=True)
    assert node.run("rollback") is not None
    assert node.run("deactivate") is not None
    path = tmp_path / "disk/boot" / slots.FOLDER / f"skyrocket-{OLDER.key}.efi"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"?")
    assert "the kernel image of the other slot is broken" in trouble(node.run("rollback"))
    path.write_bytes(whole[:5000])
    assert "a section reaches past its end" in trouble(node.run("rollback"))
    path.write_bytes(RUNS.image)
    assert "kernel image and root of the other slot differ" in trouble(node.run("rollback"))
    path.write_bytes(whole)
    assert trouble(node.run("rollback")) == ""


def test_before_it_is_good_a_version_goes_back_by_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Commands(tmp_path, OLDER, monkeypatch, kept=True)
    said = commands.begin("rollback", node.facts._replace(good=()))
    assert (said.status, said.error) == (409, commands.ON_TRIAL)
