"""How long a build takes: everything new, nothing changed, one line of host code changed.

Works in a copy of the checkout; the cold run has a cache of its own as well.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from measure import here, node
from measure.here import MeasureError, skyrocket
from measure.samples import Samples

LINE = Path("src/skyrocket/host/boot/console.py")
FROM, TO = "uptime={uptime:.1f}", "uptime={uptime:.1f} measured={count}"


def cold() -> dict[str, object]:
    """From a clone with nothing in any cache to the demonstration's answer, and once more.

    Whoever has a proxy or a mirror near measures that one: downloads are most of it elsewhere.
    """
    with tempfile.TemporaryDirectory(prefix="bench-cold-", dir="/var/tmp") as name:
        work = Path(name)
        checkout, cache = work / "checkout", work / "cache"
        here.copy_checkout(checkout)
        first = skyrocket("run", "--json", "--name", "cold", checkout=checkout, cache=cache)
        stored = cache / "skyrocket"
        fetched = sum(file.stat().st_size for file in (stored / "files").iterdir())
        disk = here.folder_bytes(cache)
        skyrocket("node", "stop", "cold", checkout=checkout, cache=cache)
        second = skyrocket("run", "--json", "--name", "cold", checkout=checkout, cache=cache)
        skyrocket("node", "stop", "cold", checkout=checkout, cache=cache)
        return {
            "answering_seconds": round(first.seconds, 1),
            "second_seconds": round(second.seconds, 1),
            "downloaded_bytes": fetched,
            "disk_bytes": disk,
        }


def warm(rounds: int) -> dict[str, object]:
    """The two builds that people wait for all day."""
    with tempfile.TemporaryDirectory(prefix="bench-build-", dir="/var/tmp") as name:
        checkout = Path(name) / "checkout"
        here.copy_checkout(checkout)
        build = ("build", here.VARIANT, "--json")
        skyrocket(*build, checkout=checkout)
        unchanged = [skyrocket(*build, checkout=checkout).seconds for _ in range(rounds)]
        changed, shown = [], []
        original = (checkout / LINE).read_text(encoding="utf-8")
        for count in range(rounds):
            change(checkout / LINE, original, int(time.time()) + count)
            built = skyrocket(*build, checkout=checkout)
            changed.append(built.seconds)
            shown.append(_boots(Path(str(built.answer["image"])).parent, checkout))
        one_line, boots = Samples(tuple(changed)), Samples(tuple(shown))
        return {
            "unchanged_seconds": Samples(tuple(unchanged)).table(2),
            "one_line_seconds": one_line.table(2),
            "one_line_boot_seconds": boots.table(2),
            "one_line_total_seconds": round(one_line.median + boots.median, 2),
        }


def change(file: Path, original: str, count: int) -> None:
    """One line of the node's own code, each time another one: it shows on the console."""
    changed = original.replace(FROM, TO.replace("{count}", str(count)))
    if changed == original:
        raise MeasureError(f"cannot change {file.name}: it has no {FROM!r} any more")
    file.write_text(changed, encoding="utf-8")


def _boots(image: Path, checkout: Path) -> float:
    """Seconds until a node shows the changed line."""
    # The next build of this variant takes the folder over, so the node gets one of its own.
    mine = checkout.parent / "image"
    node.link_image(image, mine)
    with node.running("bench-line", mine, checkout) as started:
        if "measured=" not in started.serial():
            raise MeasureError("cannot see the changed line on the console of the node")
    node.forget("bench-line")
    return started.ready
