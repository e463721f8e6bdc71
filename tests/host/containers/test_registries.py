"""Whom to ask for an image, and as whom."""

from __future__ import annotations

import os

import pytest

from skyrocket.host.containers import registries
from skyrocket.host.containers.model import Attempt, Credential
from skyrocket.host.system.terminal import LONGEST, Terminal

HUB, MIRROR = Credential("hub", "h"), Credential("mirror", "m")
HOSTS = """\
server = "https://registry-1.docker.io"

[host."https://mirror.example/v2/cache"]
  capabilities = ["pull", "resolve"]
"""


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        ({}, []),
        ({"other.example": HUB}, []),
        ({"mirror.example": MIRROR}, [MIRROR, None]),
        ({"registry-1.docker.io": HUB}, [None, HUB]),
        ({"registry-1.docker.io": HUB, "mirror.example": MIRROR}, [MIRROR, HUB]),
    ],
)
def test_each_host_gets_its_own_credentials(
    known: dict[str, Credential], wanted: list[Credential | None]
) -> None:
    """In the order of the hosts; nothing is split where nobody knows us."""
    addresses = ["https://mirror.example/v2/cache", "https://registry-1.docker.io"]
    pairs = [Attempt(a, c) for a, c in zip(addresses, wanted, strict=False)]
    assert registries.attempts("docker.io/library/x:1", HOSTS, known) == pairs


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("docker.io/x:1", "https://registry-1.docker.io"),
        ("r.example:5000/x", "https://r.example:5000"),
    ],
)
def test_a_registry_without_mirrors_is_asked_itself(reference: str, address: str) -> None:
    """The default mirrors have no server of their own: theirs is the registry of the image."""
    known = {address.removeprefix("https://"): HUB}
    assert registries.attempts(reference, "", known) == [Attempt(address, HUB)]


def test_a_terminal_has_the_line_waiting() -> None:
    """A program reads there what a person would have typed."""
    with Terminal("p:w 1$ü") as terminal:
        assert os.isatty(terminal)
        assert os.read(terminal, 100).decode() == "p:w 1$ü\n"


def test_a_terminal_takes_the_longest_line_whole() -> None:
    """Long passwords are tokens of clouds."""
    with Terminal("x" * LONGEST) as terminal:
        assert os.read(terminal, 2 * LONGEST) == b"x" * LONGEST + b"\n"


@pytest.mark.parametrize("line", ["x" * (LONGEST + 1), "a\x03b", "a\nb", "\x7f"])
def test_a_terminal_refuses_what_would_arrive_changed(line: str) -> None:
    """The kernel would cut the line, or take a character for an order."""
    with pytest.raises(ValueError, match=r"over 4000 bytes|control character"):
        Terminal(line)
