"""Signs of health, as they are gathered; what the image and the settings ask for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skyrocket.host.slots import signs
from skyrocket.host.slots.signs import Signs, policy
from skyrocket.models.health import Check, Facts, Policy, Unit
from skyrocket.models.settings.updates import CHECKS, Updates, render
from skyrocket.models.settings.updates import Check as Declared

if TYPE_CHECKING:
    import pytest

IMAGE = Path(__file__).parents[3] / "packages/agent/root/usr/share/skyrocket/health.json"


def test_the_image_says_what_is_essential_and_settings_say_until_when(tmp_path: Path) -> None:
    of_image = policy(str(IMAGE), str(tmp_path / "none"))
    assert "skyrocket-api.service" in of_image.essential
    assert (of_image.steady, of_image.deadline) == (10.0, 180.0)
    (file,) = [f for f in render(Updates(trial_deadline=45)).files if f.path == CHECKS]
    (tmp_path / "declared").write_bytes(file.content)
    assert policy(str(IMAGE), str(tmp_path / "declared")) == of_image._replace(deadline=45.0)
    (tmp_path / "broken").write_text("{")
    assert policy(str(IMAGE), str(tmp_path / "broken")) == of_image


def test_a_trial_looks_at_all_and_starts_the_checks_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = {"api.service": Unit("api.service"), "web.service": Unit("web.service", restarts=1)}
    started: list[Any] = []
    (tmp_path / signs.WORKED).write_text("api.service\nweb.service\n")
    check = Declared(kind="tcp", address="127.0.0.1:1", may_roll_back=False)  # type: ignore[arg-type]
    (file,) = [f for f in render(Updates(checks={"port": check})).files if f.path == CHECKS]  # type: ignore[dict-item]
    (tmp_path / "declared").write_bytes(file.content)
    monkeypatch.setattr(signs, "DECLARED", str(tmp_path / "declared"))
    monkeypatch.setattr(signs, "RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr(signs, "APPLIED", str(tmp_path))
    monkeypatch.setattr(signs, "NETWORK", str(tmp_path / "network"))
    monkeypatch.setattr(signs, "api_answers", lambda: True)
    monkeypatch.setattr(signs.units, "states", lambda names: tuple(units[n] for n in {*names}))
    monkeypatch.setattr(signs.systemd, "change", lambda *words: started.append(words))
    looking = Signs(Policy(("api.service",)), str(tmp_path), trial=True)

    seen = looking.look()
    assert 0 <= seen.steady < 60
    assert seen._replace(steady=0.0) == Facts(
        api=True, units=(units["api.service"],), trial=True, settings=True,
        worked=(units["web.service"],),
        checks=(Check("port", "waiting", "not asked yet", may_roll_back=False),),
    )  # fmt: skip
    looking.start_checks()
    looking.start_checks()
    assert started == [("start", [signs.CHECKER])]
    (tmp_path / "results").write_text(json.dumps({"port": {"state": "met", "said": ""}}))
    (tmp_path / "network").write_text("OPER_STATE=carrier\nONLINE_STATE=offline\n")
    again = looking.look()
    assert (again.checks[0].state, again.online) == ("met", False)


def test_a_restart_of_any_unit_begins_the_quiet_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    units = [Unit("api.service")]
    monkeypatch.setattr(signs.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(signs, "api_answers", lambda: True)
    monkeypatch.setattr(signs.units, "states", lambda _: tuple(units))
    looking = Signs(Policy(("api.service",)), str(tmp_path), trial=True)
    looking.look()
    now[0] = 111.0
    assert looking.look().steady == 11.0
    units[0] = Unit("api.service", restarts=1)
    assert looking.look().steady == 0.0
    now[0] = 115.0
    assert looking.look().steady == 4.0
