"""Why the boot before ended: one sentence."""

from __future__ import annotations

import pytest

from skyrocket.host.initrd.last_words import explain, panic_line
from skyrocket.host.slots.record import State

OOPS = """\
Panic#1 Part1
<4>[   12.3] CPU: 0 PID: 1 Comm: systemd
<0>[   12.4] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b
<4>[   12.5] Call Trace:
"""


@pytest.mark.parametrize(
    ("previous", "reason", "words", "expected"),
    [
        (State(), "", "", ""),
        (State("a", 1, "id", "stopped"), "", "", ""),
        (State("a", 1, "id", "root"), "", "", "ended without a shutdown after stage: root"),
        (State("a", 1, "id", "root"), "root: cannot open", OOPS, "root: cannot open"),
        (
            State("a", 1, "id", "healthy"),
            "",
            OOPS,
            "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
        ),
    ],
    ids=["first boot", "orderly", "power cut", "gave up", "panic"],
)
def test_explanation(previous: State, reason: str, words: str, expected: str) -> None:
    """The boot's own reason comes first, then the kernel's, then the stage it came to."""
    assert explain(previous, reason, words) == expected


def test_no_panic_no_line() -> None:
    """A log without a panic names none."""
    assert panic_line("all is well\n") == ""
