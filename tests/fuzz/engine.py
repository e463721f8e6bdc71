"""A fuzzer: inputs made of earlier ones, kept when they reach lines that none reached before.

It knows bytes, lines, time and memory; what an input is for, a target knows. Coverage is that of
our own files alone, seen by the interpreter's tracing, so libraries cost little.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType, FrameType

OURS = str(Path(__file__).resolve().parents[2] / "src")
LARGEST = 96 * 1024
SLOW_SECONDS = 5.0
"""Processor time of one input, traced, beyond which it is one that hangs."""
GROWTH = 192 * 1024 * 1024
"""Bytes by which the process may grow over a run: more is a leak or an input without bound."""
LOOK_EVERY = 200


class Target(NamedTuple):
    """What is fuzzed: RUN raises when it does with an input what it must not."""

    name: str
    about: str
    run: Callable[[bytes], None]
    seeds: Sequence[bytes]
    words: Sequence[bytes]
    bug: tuple[object, str, object]  # owner, attribute, and what stands in it with the bug
    bug_about: str


class Outcome(NamedTuple):
    """What came of a run; FINDING says what an INPUT did, or nothing."""

    inputs: int
    seconds: float
    lines: int
    kept: int
    grown: int
    finding: str = ""
    input: bytes = b""


class Lines:
    """The lines of ours that inputs reached; `fresh` since it was last set to False."""

    def __init__(self) -> None:
        self.fresh = False
        self._known: set[tuple[CodeType, int]] = set()

    def __len__(self) -> int:
        return len(self._known)

    def call(self, frame: FrameType, _event: str, _arg: object) -> object:
        return self._line if frame.f_code.co_filename.startswith(OURS) else None

    def _line(self, frame: FrameType, event: str, _arg: object) -> object:
        place = (frame.f_code, frame.f_lineno)
        if event == "line" and place not in self._known:
            self._known.add(place)
            self.fresh = True
        return self._line


def fuzz(target: Target, seconds: float, *, most: int = sys.maxsize, seed: int = 0) -> Outcome:
    """Run TARGET for SECONDS, or until MOST inputs, or until it does what it must not."""
    chance, lines = random.Random(seed), Lines()
    corpus: list[bytes] = []
    began, grown, count = time.monotonic(), 0, 0
    before = 0
    waiting = list(target.seeds)
    while count < most and (waiting or time.monotonic() - began < seconds):
        content = waiting.pop() if waiting else mutated(chance, corpus, target.words)
        count += 1
        finding = _tried(target, content, lines)
        if lines.fresh or count <= len(target.seeds):
            corpus.append(content)
            lines.fresh = False
        if count % LOOK_EVERY == 0:
            before = before or memory()
            grown = memory() - before
            finding = finding or (f"grew by {grown} bytes" if grown > GROWTH else "")
        if finding:
            spent = time.monotonic() - began
            return Outcome(count, spent, len(lines), len(corpus), grown, finding, content)
    return Outcome(count, time.monotonic() - began, len(lines), len(corpus), grown)


def _tried(target: Target, content: bytes, lines: Lines) -> str:
    """What CONTENT does that it must not."""
    began = time.process_time()
    before = sys.gettrace()
    sys.settrace(lines.call)
    try:
        target.run(content)
    except Exception as error:  # noqa: BLE001  (that is what is looked for)
        return f"{type(error).__name__}: {error}"[:300]
    finally:
        sys.settrace(before)
    spent = time.process_time() - began
    return f"took {spent:.1f} s" if spent > SLOW_SECONDS else ""


def memory() -> int:
    """Bytes of this process's own."""
    gc.collect()
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(text.partition("RssAnon:")[2].split()[0]) * 1024


def mutated(chance: random.Random, corpus: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """A new input made of CORPUS and WORDS."""
    content = bytearray(chance.choice(corpus))
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        change = chance.choice(_CHANGES)
        at = chance.randrange(len(content) + 1)
        change(chance, content, at, words, corpus)
    return bytes(content[:LARGEST])


def _flip(chance, content, at, _words, _corpus):
    if at < len(content):
        content[at] ^= 1 << chance.randrange(8)


def _insert(chance, content, at, _words, _corpus):
    content[at:at] = chance.randbytes(chance.choice((1, 1, 2, 8)))


def _word(chance, content, at, words, _corpus):
    content[at:at] = chance.choice(words)


def _over(chance, content, at, words, _corpus):
    word = chance.choice(words)
    content[at : at + len(word)] = word


def _cut(chance, content, at, _words, _corpus):
    del content[at : at + chance.choice((1, 2, 4, 16, 1000))]


def _repeat(chance, content, at, _words, _corpus):
    piece = content[at : at + chance.choice((1, 2, 5, 40))]
    content[at:at] = piece * chance.choice((1, 2, 10, 300, 20_000))


def _splice(chance, content, at, _words, corpus):
    other = chance.choice(corpus)
    content[at:] = other[chance.randrange(len(other) + 1) :]


def _end(_chance, content, at, _words, _corpus):
    del content[at:]


_CHANGES = (_flip, _insert, _word, _word, _over, _cut, _repeat, _splice, _end)
