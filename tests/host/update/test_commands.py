"""The commands of an update, as far as they touch no disk."""

from __future__ import annotations

import fcntl
import os
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from fakes.web import URL
from msgspec import structs
from publish.conftest import image

from skyrocket.host.update import commands, memory
from skyrocket.host.update import facts as room
from skyrocket.host.update.facts import Facts, Settings, settings
from skyrocket.models.api import UpdateAnswer
from skyrocket.models.releases import Kind
from skyrocket.models.update_status import Command, Image, Kept, Slot, Staged, Status, with_state
from skyrocket.publish import repository, serve
from skyrocket.publish.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skyrocket.models.update_status import Verb

OLD = Image("x86_64", "1.0.0", "vm-dev")
NEW = Image("x86_64", "1.1.0", "vm-dev")
STAGED = Staged(NEW, "bb" * 32, "cc" * 32)


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    said = Settings(f"{URL}metadata", f"{URL}targets", 7)
    return Facts(said, OLD, "aa" * 32, "boot-1", ("aa" * 32,), folder=str(tmp_path / "update"))


def keep(facts: Facts, *, ready: bool = False, staged: Staged | None = STAGED) -> None:
    kept = Kept(Status(chosen_update=NEW), facts.boot, staged)
    memory.write(facts.folder, with_state(kept, OLD, ready=ready))


NOT_ALLOWED = UpdateAnswer(ok=False, status=409, error=commands.NOT_ALLOWED)


@pytest.mark.parametrize("command", ["prepare", "activate", "deactivate"])
def test_before_the_first_look_only_a_look_is_allowed(facts: Facts, command: Verb) -> None:
    assert commands.begin(command, facts) == NOT_ALLOWED
    assert commands.begin("refresh", facts).ok


def test_a_version_that_has_not_proved_itself_takes_no_update(facts: Facts) -> None:
    keep(facts, staged=None)
    assert commands.begin("prepare", facts).ok
    unproven = commands.begin("prepare", facts._replace(good=()))
    assert (unproven.status, unproven.error) == (409, commands.NOT_BLESSED)


def test_what_is_ready_can_be_taken_back_and_not_written_over(facts: Facts) -> None:
    keep(facts, ready=True)
    assert commands.begin("prepare", facts) == NOT_ALLOWED
    assert commands.begin("activate", facts) == NOT_ALLOWED
    assert commands.begin("deactivate", facts).ok


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Store, str]]:
    """A real repository behind a real server."""
    import threading

    store = Store(tmp_path / "repo", tmp_path / "keys", datetime.now(UTC))
    repository.init(store)
    with serve.server(store.folder, 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield store, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def looking(facts: Facts, base: str) -> Facts:
    return facts._replace(settings=Settings(f"{base}/metadata", f"{base}/targets", 7))


@pytest.fixture
def trusting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The root of trust lies where the image has it."""

    def trusted_root() -> bytes:
        return (tmp_path / "repo/root.json").read_bytes()

    monkeypatch.setattr(commands.room, "trusted_root", trusted_root)


@pytest.mark.usefixtures("trusting")
def test_a_look_chooses_and_is_remembered(
    facts: Facts, server: tuple[Store, str], tmp_path: Path
) -> None:
    store, base = server
    repository.add(store, image(tmp_path / "a", "1.0.0"))
    repository.add(store, image(tmp_path / "b", "1.1.0"))
    after = commands.carry_out("refresh", looking(facts, base))
    said = after.status.most_recent_command
    assert said is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", said.timestamp)
    assert after.status == Status(
        "Available", ("1.1.0", "1.0.0"), NEW, Slot(OLD, next_to_boot=True), None,
        Command("refresh", "Success", said.timestamp, 0, ""),
    )  # fmt: skip
    assert memory.read(facts.folder) == after


@pytest.mark.usefixtures("trusting")
def test_a_look_keeps_what_is_staged_or_ready(facts: Facts, server: tuple[Store, str]) -> None:
    for ready, state in ((False, "Staged"), (True, "Ready")):
        keep(facts, ready=ready)
        after = commands.carry_out("refresh", looking(facts, server[1]))
        assert (after.status.update_state, after.staged) == (state, STAGED)
        assert after.status.chosen_update is None


def test_without_a_repository_the_settings_are_named(facts: Facts) -> None:
    empty = facts._replace(settings=Settings())
    said = commands.carry_out("refresh", empty).status.most_recent_command
    assert said is not None
    assert (said.cmd_status, said.exit_status) == ("Failed", 1)
    assert "settings.updates.metadata-base-url" in (said.stderr or "")


def test_an_image_that_trusts_nobody_says_how_it_is_built(facts: Facts) -> None:
    said = commands.carry_out("refresh", facts).status.most_recent_command
    assert said is not None
    assert "it was built without --update-root" in (said.stderr or "")


@pytest.mark.usefixtures("trusting")
def test_a_version_that_is_gone_is_not_written(facts: Facts, server: tuple[Store, str]) -> None:
    keep(facts, staged=None)
    said = commands.carry_out("prepare", looking(facts, server[1])).status.most_recent_command
    assert said is not None
    assert (said.exit_status, said.stderr) == (66, commands.GONE)


@pytest.mark.usefixtures("trusting")
def test_a_version_that_was_withdrawn_is_not_activated_without_a_line_either(
    facts: Facts, server: tuple[Store, str], tmp_path: Path
) -> None:
    """The last look learnt it; the server is gone since. The control was not withdrawn."""
    store, base = server
    for folder, version in (("a", "1.0.0"), ("b", "1.1.0"), ("c", "1.2.0")):
        repository.add(store, image(tmp_path / folder, version))
    repository.withdraw(store, Kind("vm-dev", "x86_64", "1.1.0"))
    commands.carry_out("refresh", looking(facts, base))
    other = structs.replace(STAGED, image=structs.replace(NEW, version="1.2.0"))
    for staged, reason in ((STAGED, "cannot activate 1.1.0: it was withdrawn"), (other, "")):
        keep(facts, staged=staged)
        said = commands.carry_out("activate", facts).status.most_recent_command
        assert said is not None
        assert said.cmd_status == "Failed"  # there is no boot partition here
        assert (said.stderr == reason) is bool(reason)


@pytest.mark.usefixtures("trusting")
def test_a_look_raises_the_floor_of_time_and_never_lowers_it(
    facts: Facts, server: tuple[Store, str]
) -> None:
    store, base = server
    assert memory.floor(facts.folder) is None
    commands.carry_out("refresh", looking(facts, base))
    assert memory.floor(facts.folder) == store.now
    memory.raise_floor(facts.folder, store.now - timedelta(days=1))
    assert memory.floor(facts.folder) == store.now
    future = store.now + timedelta(days=8)
    memory.raise_floor(facts.folder, future)
    said = commands.carry_out("refresh", looking(facts, base)).status.most_recent_command
    assert said is not None
    assert "timestamp.json is expired" in (said.stderr or "")
    assert f"behind {future:%Y-%m-%dT%H:%M:%SZ}" in (said.stderr or "")


def test_a_broken_floor_counts_as_none(facts: Facts, tmp_path: Path) -> None:
    (tmp_path / "update").mkdir()
    (tmp_path / "update/time").write_text("yesterday")
    assert memory.floor(facts.folder) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", 0), ("72h", 259200), ("1h30m", 5400), ("10s", 10), ("1.5h", 5400), ("1m100ms", 60.1)],
)
def test_least_ages_are_read_as_the_settings_let_them_through(text: str, seconds: float) -> None:
    assert room.duration(text) == timedelta(seconds=seconds)


def test_what_is_set_about_waves_and_age_reaches_the_choice(facts: Facts) -> None:
    said = structs.replace(facts.settings, least_age="2h", wave_ramp="offset")
    node = facts._replace(settings=said).node(("0.9.0",))
    assert (node.least_age, node.ramp) == (timedelta(hours=2), "offset")
    assert (facts.node(()).least_age, facts.node(()).ramp) == (timedelta(0), "absolute")


def test_the_limit_of_bandwidth_is_the_clients(facts: Facts) -> None:
    assert room.client(structs.replace(facts.settings, bandwidth_limit=50_000)).limit == 50_000
    assert room.client(facts.settings).limit == 0


def test_settings_come_from_the_rendered_file(tmp_path: Path) -> None:
    from skyrocket.models.settings.durations import KubernetesDurationValue
    from skyrocket.models.settings.scalars import Url
    from skyrocket.models.settings.updates import Updates, render

    (file,) = render(
        Updates(
            metadata_base_url=Url("http://a/m"),
            targets_base_url='http://a/"t"',
            seed=5,
            version_lock="v1.2.3",
            ignore_waves=True,
            bandwidth_limit=100_000,
            least_age=KubernetesDurationValue("72h"),
            wave_ramp="offset",
        )
    ).files
    (tmp_path / "updog.toml").write_bytes(file.content)
    assert settings(str(tmp_path / "updog.toml")) == Settings(
        "http://a/m", 'http://a/"t"', 5, "v1.2.3", ignore_waves=True,
        bandwidth_limit=100_000, least_age="72h", wave_ramp="offset",
    )  # fmt: skip


def test_a_command_holds_the_lock(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    assert not memory.held(path)
    first = memory.hold(path)
    assert first is not None
    assert memory.held(path)
    assert memory.hold(path, 0) is None
    os.close(first)
    assert not memory.held(path)


def test_a_reader_of_the_status_does_not_make_a_command_fail(tmp_path: Path) -> None:
    """A reader has the lock for a moment; the control has no patience."""
    path = tmp_path / "lock"
    path.touch()
    with path.open("rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        assert memory.hold(str(path), 0) is None
        gone = threading.Timer(0.1, fcntl.flock, (reader, fcntl.LOCK_UN))
        gone.start()
        taken = memory.hold(str(path), 10)
        gone.join()
    assert taken is not None
    os.close(taken)


def test_a_broken_document_counts_as_none(tmp_path: Path) -> None:
    assert memory.read(str(tmp_path)) is None
    (tmp_path / memory.DOCUMENT).write_bytes(b"{")
    assert memory.read(str(tmp_path)) is None


def test_the_time_of_a_command_has_all_nanoseconds() -> None:
    moment = datetime(2026, 11, 25, tzinfo=UTC) + timedelta(seconds=5)
    assert commands.stamp(int(moment.timestamp()) * 10**9 + 42) == "2026-11-25T00:00:05.000000042Z"
