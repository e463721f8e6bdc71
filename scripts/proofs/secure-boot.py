"""Prove that a machine which believes our keys starts nothing that they did not sign.

Each case boots a changed copy of one signed image under OVMF, and must be refused in the words of
whoever refuses: firmware, loader, stub, initrd or kernel. Two controls show that it is the change
which is refused: the image as it was built, and an addon with our signature. The cases are those of
`tests/boot/refusals.py`; the quick ones are boot tests as well.
Modules without a signature are tried in `tests/boot/test_slots.py`, from the verified root: from
elsewhere the policy refuses a signed one as well.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = ROOT / "docs/evidence/secure-boot.md"
INSIDE = "SKYROCKET_PROOF"

if TYPE_CHECKING:
    from boot.machine import Rack

    from skyrocket.build.image.build import Built


class Row(NamedTuple):
    """One line of the evidence; SAID is empty where it did not go as it must."""

    what: str
    who: str
    said: str
    seconds: float


def main() -> int:
    if os.environ.get(INSIDE) != "1":
        again()
    from boot.machine import Rack

    with tempfile.TemporaryDirectory(prefix="secure-boot-", dir="/var/tmp") as folder:
        rack = Rack(Path(folder, "nodes"))
        try:
            return prove(rack, Path(folder))
        finally:
            rack.close()


def again() -> NoReturn:
    """The same program with the dependencies of the tests."""
    sys.path.insert(0, str(ROOT / "scripts"))
    import within

    within.become([__file__, *sys.argv[1:]], **{INSIDE: "1"})


def prove(rack: Rack, folder: Path) -> int:
    """All cases and controls; 0 when each went as it must."""
    from boot import refusals

    signed = refusals.signed_image()
    rows = []
    for case in (*refusals.QUICK, *refusals.FURTHER):
        began = time.monotonic()
        bench = refusals.Bench(rack, signed, folder / case.name)
        bench.folder.mkdir()
        said = refusals.refusal(case, bench)
        rows.append(told(Row(case.what, case.who, said, time.monotonic() - began)))
    rows += [told(row) for row in (*addon(rack, signed, folder / "good"), *whole(rack, signed))]
    EVIDENCE.write_text(report(signed, rows))
    return 0 if all(row.said for row in rows) else 1


def addon(rack: Rack, signed: Built, folder: Path) -> list[Row]:
    """The control of both refused addons: the kernel got the words of one that we signed."""
    from boot import refusals

    began = time.monotonic()
    folder.mkdir()
    image = refusals.signed_addon(refusals.Bench(rack, signed, folder))
    machine = rack.start(rack.order("good-addon", image=image, demo=False), ready=False)
    said = refusals.ended(machine, rf"Kernel command line:[^\n]* {refusals.ADDED}.*skyrocket: root")
    said = f"Kernel command line: … {refusals.ADDED}" if said else ""
    return [Row("control: an addon with our signature", "", said, time.monotonic() - began)]


def whole(rack: Rack, signed: Built) -> list[Row]:
    """The image as it was built: it becomes ready, and knows that the firmware checked."""
    from boot import refusals

    began = time.monotonic()
    order = rack.order("whole", image=signed.folder, root_hash=signed.facts.root_hash, demo=False)
    node = rack.start(order)
    seconds = time.monotonic() - began
    node.wait("word of the firmware", lambda: refusals.checked(node) is not None, 120)
    on = refusals.checked(node)
    node.cut_power()
    ready = 'ready; GET /status says "secure_boot":true' if on else ""
    return [Row("control: the image as it was built", "", ready, seconds)]


def told(row: Row) -> Row:
    print(f"{row.what}: {row.said or 'NOT AS IT MUST BE'} ({row.seconds:.0f} s)", flush=True)
    return row


def report(signed: Built, rows: list[Row]) -> str:
    """The evidence as a page."""
    good = all(row.said for row in rows)
    lines = [
        "# Secure Boot", "",
        "Made by `scripts/prove secure-boot`: changed copies of one signed image, started on a",
        "machine whose firmware (OVMF) believes our keys. What is quoted stood on the serial",
        "console.", "",
        "| | |", "|---|---|",
        f"| date | {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC |",
        f"| commit | `{head()}` |",
        f"| variant | {signed.facts.variant} |",
        f"| result | **{'refused' if good else 'not as it must be'}** |",
        "", "| what was changed | refused by | words | seconds |", "|---|---|---|---|",
    ]  # fmt: skip
    for row in rows:
        said = row.said.replace("|", "\\|")
        words = f"`{said}`" if said else "**none**"
        lines.append(f"| {row.what} | {row.who or 'nobody'} | {words} | {row.seconds:.0f} |")
    return "\n".join(lines) + "\n"


def head() -> str:
    argv = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout.decode().strip()


if __name__ == "__main__":
    sys.exit(main())
