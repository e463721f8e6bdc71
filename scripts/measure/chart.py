"""Draws a boot as bars over a time line: an SVG that is readable on light and dark. Pure.

Colours come from the reader's preference; whoever shows the picture without styles sees the light
ones.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, NAMES, ROW, TOP = 960, 250, 18, 64
_STYLE = """
  .back{fill:#fff} text{fill:#1f2328;font:12px ui-sans-serif,system-ui,sans-serif}
  .title{font-size:15px;font-weight:600} .quiet{fill:#59636e} .line{stroke:#d1d9e0}
  .kernel{fill:#8250df} .initrd{fill:#bf8700} .systemd{fill:#8c959f}
  .ours{fill:#1a7f37} .runtime{fill:#0969da} .mark{stroke:#cf222e;stroke-dasharray:4 3}
  @media (prefers-color-scheme: dark){
  .back{fill:#0d1117} text{fill:#e6edf3} .quiet{fill:#9198a1} .line{stroke:#30363d}
  .kernel{fill:#a371f7} .initrd{fill:#d29922} .systemd{fill:#6e7681}
  .ours{fill:#3fb950} .runtime{fill:#4493f8} .mark{stroke:#f85149}}
"""


class Bar(NamedTuple):
    """KIND is a class of the style: kernel, initrd, systemd, ours, runtime."""

    name: str
    begin: float
    end: float
    kind: str


def kind(unit: str) -> str:
    """Which colour a unit has."""
    if unit.startswith("skyrocket-"):
        return "ours"
    return "runtime" if "container" in unit else "systemd"


def draw(title: str, bars: Sequence[Bar], marks: Sequence[tuple[str, float]]) -> str:
    """BARS from top to bottom, MARKS as lines through all of them."""
    last = max([bar.end for bar in bars] + [at for _, at in marks])
    step = next(step for step in (0.5, 1, 2, 5, 10, 20, 60, 600) if last / step <= 16)
    scale = (WIDTH - NAMES - 90) / last
    height = TOP + ROW * len(bars) + 16
    rows = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img" aria-label="{escape(title)}">'
        ),
        f"<style>{_STYLE}</style>",
        f'<rect class="back" width="{WIDTH}" height="{height}" rx="6"/>',
        _text(12, 22, title, "title"),
    ]
    rows += _grid(last, step, scale, height)
    for number, bar in enumerate(bars):
        rows += _bar(bar, TOP + ROW * number, scale)
    for place, (name, at) in enumerate(marks):
        x = NAMES + at * scale
        rows.append(f'<path class="mark" d="M{x:.1f} 30V{height - 12}"/>')
        rows.append(_text(x + 4, 40 if place % 2 else 28, f"{name} {at:.1f} s"))
    return "\n".join([*rows, "</svg>", ""])


def _grid(last: float, step: float, scale: float, height: int) -> list[str]:
    rows, number = [], 0
    while number * step <= last:
        x = NAMES + number * step * scale
        rows.append(f'<path class="line" d="M{x:.1f} 56V{height - 12}"/>')
        rows.append(_text(x, 54, f"{number * step:g} s", "quiet", "middle"))
        number += 1
    return rows


def _bar(bar: Bar, y: int, scale: float) -> list[str]:
    x, width = NAMES + bar.begin * scale, max((bar.end - bar.begin) * scale, 1.5)
    name = bar.name if len(bar.name) <= 38 else f"{bar.name[:37]}…"
    return [
        _text(NAMES - 8, y + 13, name, anchor="end"),
        (
            f'<rect class="{bar.kind}" x="{x:.1f}" y="{y + 3}" width="{width:.1f}" '
            f'height="{ROW - 5}" rx="2"/>'
        ),
        _text(x + width + 4, y + 13, f"{bar.end - bar.begin:.2f}", "quiet"),
    ]


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "") -> str:
    more = (f' class="{kind}"' if kind else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x:.1f}" y="{y}"{more}>{escape(text)}</text>'
