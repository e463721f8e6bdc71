from __future__ import annotations

import struct
from pathlib import Path

from skyrocket.build.seal import layout


def part(modules, snippets, size):
    report = layout.Report(modules, snippets, {}, [], [], {}, [])
    return layout.Part(Path("part"), report, size)


STABLE = part([("a", 0, 10, True), ("a.b", 16, 20, False)], [("f" * 32, 48, 7)], 55)
OURS = part([("ours", 0, 5, False)], [("0" * 32, 16, 3), ("f" * 32, 32, 9)], 41)


def test_modules_of_a_later_part_start_at_its_page():
    """Offsets count from the start of the whole; each part starts at a page."""
    index = layout.index([STABLE, OURS])
    magic, modules, snippets, names = struct.unpack_from("<4I", index)
    assert (magic, modules, snippets) == (layout.MAGIC, 3, 2)
    rows = [struct.unpack_from("<4I", index, 16 + 16 * row) for row in range(modules)]
    assert [row[1:] for row in rows] == [(0, 10, 1), (16, 20, 0), (4096, 5, 0)]
    assert index[-names:] == b"a\0a.b\0ours\0"


def test_snippets_are_sorted_and_the_stable_part_wins():
    """The program searches by halves; one text recorded twice is kept once."""
    index = layout.index([STABLE, OURS])
    rows = [index[16 + 48 + 24 * row :][:24] for row in range(2)]
    assert [row[:16] for row in rows] == [bytes(16), b"\xff" * 16]
    assert [struct.unpack("<2I", row[16:]) for row in rows] == [(4096 + 16, 3), (48, 7)]


def test_a_change_of_ours_moves_nothing_before_it():
    """The rows of the stable part are the same bytes whatever ours holds."""
    longer = part([("ours", 0, 4000, False)], [], 4000)
    stable = slice(16, 48)
    assert layout.index([STABLE, OURS])[stable] == layout.index([STABLE, longer])[stable]


def test_the_section_holds_the_parts_in_order_and_the_index_last():
    """One read-only section: blobs page by page, then the index, then its end."""
    text = layout.assembler(["/one", "/two"], "/index")
    wanted = ['.section .sealed,"a"', '"/one"', '"/two"', '"/index"', "sealed_end:"]
    places = [text.index(word) for word in wanted]
    assert places == sorted(places)
