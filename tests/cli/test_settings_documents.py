"""The verb `settings`: what it prints, what it says of what cannot be read, how it ends."""

import gzip
import json
import os
import resource
import subprocess
import sys

import msgspec
import pytest

from skyrocket.cli import documents
from skyrocket.cli.documents import DocumentError

BAD = """
[settings]
motdd = "x"
[settings.kubernetes]
api-server = "https://a"
[settings.network]
host_name = "a"
disable-ipv6 = ["eth0"]
"""


def run(tmp_path, text, *options):
    path = tmp_path / "user-data.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return documents.main(["check", str(path), *options])


def test_all_mistakes_are_said_at_once_each_with_what_was_meant(tmp_path, capsys):
    assert run(tmp_path, BAD, "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert [(each["path"], each.get("meant", "")) for each in said["refused"]] == [
        ("settings", "settings.motd"),
        ("settings.kubernetes", ""),
        ("settings.network", "settings.network.hostname"),
    ]
    assert said["refused"][1]["reason"].endswith(
        "this variant has no group kubernetes; variants that have it: none yet"
    )
    assert [(each["key"], each["idle"]) for each in said["taken"]] == [
        ("network.disable-ipv6", "kept, and nothing acts on it yet")
    ]


def test_a_good_document_is_taken_in_every_packing(tmp_path, capsys):
    text = '[settings]\nmotd = "x"\n'
    for packed in (
        text,
        gzip.compress(text.encode()),
        '{"settings":{"motd":"x"}}',
        "\ufeff" + text,
    ):
        assert run(tmp_path, packed) == 0
        assert capsys.readouterr().out == "vm-dev takes this document\n\nworks:\n  settings.motd\n"


def test_explain_says_what_a_key_is_and_disturbs(tmp_path, capsys):
    assert run(tmp_path, '[settings.ntp]\noptions = ["iburst"]\n', "--explain") == 0
    assert "disturbs: `chronyd.service`" in capsys.readouterr().out


def test_other_sets_of_groups_are_asked_by_name_or_likeness(tmp_path, capsys):
    text = '[settings.kubernetes]\ncluster-name = "a"\n'
    assert run(tmp_path, text, "--like", "aws-k8s-1.33") == 0
    assert run(tmp_path, text, "--groups", "kubernetes,aws") == 0
    assert run(tmp_path, text, "--groups", "aws") == 1
    assert "kept, and nothing acts on it yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\x1f\x8bxx",
        gzip.compress(b"a" * 99, mtime=0)[:-9],
        b"\xff",
        b"[settings",
        b"{",
        b"motd = 1",
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(tmp_path, text):
    with pytest.raises(DocumentError, match=r"^cannot (read|unpack) "):
        run(tmp_path, text)


@pytest.mark.parametrize("options", [["--like", "plan9-x"], ["--groups", "nothing"]])
def test_an_unknown_target_comes_with_those_that_are_known(tmp_path, options):
    with pytest.raises(DocumentError) as caught:
        run(tmp_path, "[settings]\n", *options)
    assert caught.value.hint.startswith("one of ")


def test_the_schema_is_json_and_of_the_groups_that_were_asked(capsys):
    assert documents.main(["schema", "--groups", "motd"]) == 0
    made = msgspec.json.decode(capsys.readouterr().out)
    assert list(made["properties"]["settings"]["properties"]) == ["motd"]


def test_a_check_takes_less_than_a_second_of_processor(tmp_path):
    """Of processor: the wall clock measures the others on a busy machine."""
    path = tmp_path / "user-data.toml"
    path.write_text(BAD)
    code = "import sys; from skyrocket.cli.documents import main; sys.exit(main(sys.argv[1:]))"
    argv = [sys.executable, "-c", code, "check", str(path), "--explain"]
    paths = os.pathsep.join(each for each in sys.path if each)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        argv, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.DEVNULL, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 1
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1
