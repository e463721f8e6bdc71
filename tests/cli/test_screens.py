"""The end screen and the JSON of `run`."""

from pathlib import Path

from skyrocket.cli import screens
from skyrocket.lab.nodes import Home
from skyrocket.models.node import Node

NODE = Node(
    name="node",
    variant="vm-dev",
    architecture="x86_64",
    origin="o",
    image="/i",
    accelerator="tcg",
    ssh_port=2222,
    demo_port=8081,
    registry_port=5050,
    boot_seconds=12.34,
)
FACTS = screens.Facts("ab" * 32, "0.1.0", "x86_64", 76_300_000, 614_400, 15_300_000, 21)


def test_the_end_screen_says_what_runs_where_and_what_to_try():
    """Address, boot seconds, sizes, executables, and one thing that fails on purpose."""
    text = screens.end(NODE, FACTS, demo=True, answered=True, enter=True)
    for part in (
        "http://127.0.0.1:8081/",
        "12.3 s",
        "92.2 MB: root 76.3 MB",
        "21 in the whole root",
        "emulated",
        "fails: that is the product",
    ):
        assert part in text
    assert len(text.partition("Try:\n")[2].splitlines()) == 3


def test_a_variant_without_a_way_in_is_not_told_to_be_entered():
    """No `node exec` where there is no admin container."""
    text = screens.end(NODE, FACTS, demo=True, answered=True, enter=False)
    assert "node exec" not in text
    assert len(text.partition("Try:\n")[2].splitlines()) == 3


def test_the_json_has_the_fields_that_scripts_count_on():
    """Names are fixed."""
    answer = screens.answer(NODE, Home(Path("/n/node")))
    assert answer == {
        "name": "node",
        "ssh_port": 2222,
        "demo_url": "http://127.0.0.1:8081/",
        "serial_log": "/n/node/serial.log",
        "boot_seconds": 12.34,
        "accelerator": "tcg",
    }


def test_an_image_without_a_manifest_has_no_facts(tmp_path):
    """A folder given by `--image` may have none."""
    assert screens.read_facts(tmp_path) == screens.Facts()
