"""Who may import whom."""

from pathlib import Path

from importlinter import cli

ROOT = Path(__file__).parents[2]


def test_import_contracts_are_kept(capsys):
    """The contracts in .importlinter hold for every module."""
    status = cli.lint_imports(config_filename=str(ROOT / ".importlinter"), no_cache=True)
    assert status == 0, capsys.readouterr().out
