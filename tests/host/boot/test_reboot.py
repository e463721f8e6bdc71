import configparser
from pathlib import Path

from skyrocket.command import CommandError
from skyrocket.host.boot import reboot

UNITS = Path(__file__).parents[3] / "packages/agent/units"


def test_the_service_outlives_the_shutdown_it_orders():
    """Stopped by it, the service could not answer, and a reboot that works would be an error."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read(UNITS / "skyrocket-reboot.service")
    assert parser["Unit"]["DefaultDependencies"] == "no"
    assert "Conflicts" not in parser["Unit"]


def test_a_restart_that_goes_on_leaves_word_that_somebody_asked_for_it(monkeypatch, tmp_path):
    monkeypatch.setattr(reboot, "ASKED", str(tmp_path / "asked"))
    monkeypatch.setattr(reboot.systemd, "reboot", lambda: None)
    assert reboot.answer(b"{}") == b'{"ok":true,"error":null}'
    assert (tmp_path / "asked").exists()


def test_a_refusal_is_told_in_the_words_of_who_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(reboot, "ASKED", str(tmp_path / "asked"))

    def refuse():
        raise CommandError(["systemctl"], 1, "an inhibitor\n")

    monkeypatch.setattr(reboot.systemd, "reboot", refuse)
    assert reboot.answer(b"{}") == b'{"ok":false,"error":"exit code: 1, stderr: an inhibitor"}'
    assert not (tmp_path / "asked").exists()
