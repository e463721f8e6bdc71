"""What state systemd says its units are in. Deliberately unknown here: which units matter."""

from __future__ import annotations

from skyrocket.models.health import Unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SYSTEMCTL = "/usr/bin/systemctl"
_ASKED = "--property=Id,LoadState,ActiveState,NRestarts,Job"


def states(units: Sequence[str]) -> tuple[Unit, ...]:
    """UNITS as they are now, in their order; one that this variant does not have is not loaded."""
    from skyrocket import command

    if not units:
        return ()
    done = command.run([SYSTEMCTL, "show", _ASKED, "--", *units], check=False)
    return parse(done.stdout.decode("utf-8", "replace"))


def parse(text: str) -> tuple[Unit, ...]:
    """The units in what `systemctl show` wrote: a paragraph for each."""
    found = []
    for paragraph in text.strip().split("\n\n"):
        said = dict(line.partition("=")[::2] for line in paragraph.splitlines())
        if "Id" in said:
            restarts, job = said.get("NRestarts", ""), said.get("Job", "")
            found.append(
                Unit(
                    said["Id"],
                    said.get("LoadState") == "loaded",
                    said.get("ActiveState", ""),
                    int(restarts) if restarts.isdecimal() else 0,
                    job not in {"", "0"},
                )
            )
    return tuple(found)


def running() -> tuple[str, ...]:
    """The services whose process runs."""
    from skyrocket import command

    words = ["list-units", "--type=service", "--state=running", "--plain", "--no-legend"]
    done = command.run([SYSTEMCTL, *words], check=False)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return tuple(line.split()[0] for line in lines if line.split())


def stopping() -> bool:
    """Whether the machine goes down."""
    from skyrocket import command

    done = command.run([SYSTEMCTL, "is-system-running"], check=False)
    return done.stdout.strip() == b"stopping"
