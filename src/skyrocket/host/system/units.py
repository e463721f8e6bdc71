"""What state systemd says its units are in. Deliberately unknown here: which units matter."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SYSTEMCTL = "/usr/bin/systemctl"


def failed(units: Sequence[str]) -> tuple[str, ...]:
    """Those of UNITS that have failed; a unit this variant does not have has not."""
    from skyrocket import command

    # The exit status says whether any failed; the words, one a unit, say which.
    done = command.run([SYSTEMCTL, "is-failed", "--", *units], check=False)
    states = done.stdout.decode("utf-8", "replace").split()
    return tuple(unit for unit, state in zip(units, states, strict=False) if state == "failed")
