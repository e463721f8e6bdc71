from __future__ import annotations

import pytest

from skyrocket.build.seal import SourceError
from skyrocket.build.seal.programs import Program
from skyrocket.build.seal.survey import survey

PROGRAM = Program("try", "skyrocket.host.__main__")


def tree(folder, files):
    for name, text in {"__init__.py": "", "host/__init__.py": "", **files}.items():
        path = folder / "skyrocket" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_verbs_named_in_a_table_are_followed(tmp_path):
    """A module named in a text is sealed with its packages; others are named for the next step."""
    files = {
        "host/__main__.py": 'VERBS = {"x": ("skyrocket.host.room.verb", "about")}',
        "host/room/__init__.py": "",
        "host/room/verb.py": "import json\nimport h11",
        "host/stranger.py": "import ctypes",
    }
    found = survey(PROGRAM, tree(tmp_path, files))
    assert [item.name for item in found.sources] == [
        "skyrocket", "skyrocket.host", "skyrocket.host.__main__", "skyrocket.host.room",
        "skyrocket.host.room.verb",
    ]  # fmt: skip
    assert found.others == ("h11", "json")


def test_a_mistake_in_the_source_names_file_and_line(tmp_path):
    """A syntax error is one message, not a traceback of the parser."""
    source = tree(tmp_path, {"host/__main__.py": "x = 1\ndef ("})
    with pytest.raises(SourceError, match=r"__main__\.py: line 2"):
        survey(PROGRAM, source)


def test_a_program_without_its_module_is_refused(tmp_path):
    """The entry must be there."""
    with pytest.raises(SourceError, match=r"no module skyrocket\.host\.__main__"):
        survey(PROGRAM, tree(tmp_path, {}))
