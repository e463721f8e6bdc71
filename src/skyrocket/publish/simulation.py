"""A wave plan played over a fleet that does not exist: when would which part of it come.

The rule is the one that nodes go by (`models.update.ready_at`); a node comes with its first look
after it may. Pure but for the drawing of seeds, which is repeatable. Deliberately unknown here:
downloads, reboots, and nodes that fail.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.models import update
from skyrocket.models.update import SEEDS, Images, Update

if TYPE_CHECKING:
    from skyrocket.models.update import Ramp

MOST = 10_000
PARTS = (1, 10, 25, 50, 75, 90, 99, 100)
_WIDTH, _HEIGHT, _MARGIN = 800, 360, 48


class Fleet(NamedTuple):
    """NODES that look EVERY so often, each from a moment of its own on; DRAW picks the seeds."""

    nodes: int
    every: timedelta = timedelta(hours=1)
    ramp: Ramp = "absolute"
    draw: int = 0


class Curve(NamedTuple):
    """When each node comes, in order, as seconds from the start; WAVES begin at these seconds."""

    seconds: tuple[float, ...]
    waves: tuple[float, ...]

    def share(self, moment: float) -> float:
        """The part of the fleet that has come by MOMENT."""
        return bisect_right(self.seconds, moment) / len(self.seconds)

    def reached(self, percentage: int) -> float:
        """The second at which PERCENTAGE of the fleet has come."""
        return self.seconds[-(-len(self.seconds) * percentage // 100) - 1]


def play(waves: dict[int, datetime], start: datetime, fleet: Fleet) -> Curve:
    """When the nodes of FLEET come to a version with WAVES that is published at START."""
    chance = random.Random(fleet.draw)  # noqa: S311  (nothing is secret here)
    version = Update(
        variant="", arch="", version="1", max_version="1", waves=waves, images=Images("", "", "")
    )
    begin, every = update.nanoseconds(start), fleet.every / timedelta(microseconds=1) * 1000
    found = []
    for _ in range(fleet.nodes):
        seed, phase = chance.randrange(SEEDS), chance.random() * every
        moment = update.ready_at(version, seed, fleet.ramp)
        waits = max(0.0, (begin if moment is None else moment) - begin)
        looks = max(0, -(-(waits - phase) // every))
        found.append((phase + looks * every) / 1e9)
    bounds = sorted((moment - start) / timedelta(seconds=1) for moment in waves.values())
    return Curve(tuple(sorted(found)), tuple(bounds))


def table(curve: Curve) -> list[str]:
    """When how much of the fleet has come, for people."""
    return [f"{part:3} %  {_span(curve.reached(part))}" for part in PARTS]


def picture(curve: Curve, title: str) -> str:
    """The curve as SVG: time to the right, the part of the fleet upwards, waves as lines."""
    end = max(curve.seconds[-1], *curve.waves, 1.0) if curve.waves else max(curve.seconds[-1], 1.0)

    def at(seconds: float, share: float) -> str:
        x = _MARGIN + seconds / end * (_WIDTH - 2 * _MARGIN)
        y = _HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN)
        return f"{x:.1f},{y:.1f}"

    steps = [at(end * n / 400, curve.share(end * n / 400)) for n in range(401)]
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
            'font-family="sans-serif" font-size="12">'
        ),
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_MARGIN}" y="24" font-size="15">{_escaped(title)}</text>',
    ]
    for wave in curve.waves:
        foot, top = at(wave, 0), at(wave, 1)
        lines.append(f'<path d="M{foot} L{top}" stroke="#c8c8c8" stroke-dasharray="3 3"/>')
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = at(0, share).split(",")
        lines.append(f'<path d="M{x},{y} H{_WIDTH - _MARGIN}" stroke="#e6e6e6"/>')
        lines.append(f'<text x="{float(x) - 6:.0f}" y="{y}" text-anchor="end">{share:.0%}</text>')
    for quarter in range(5):
        x, y = at(end * quarter / 4, 0).split(",")
        lines.append(
            f'<text x="{x}" y="{float(y) + 18:.0f}" text-anchor="middle">'
            f"{_span(end * quarter / 4)}</text>"
        )
    lines.append(f'<path d="M{" L".join(steps)}" fill="none" stroke="#1f5fa8" stroke-width="2"/>')
    return "\n".join([*lines, "</svg>", ""])


def _span(seconds: float) -> str:
    days, rest = divmod(round(seconds / 60), 1440)
    hours, minutes = divmod(rest, 60)
    return f"{days} d {hours:02}:{minutes:02}" if days else f"{hours:02}:{minutes:02}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
