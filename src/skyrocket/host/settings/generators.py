"""Values that a node draws for itself when nobody gave them: its seed, its name.

A generator whose source is away is asked again for some seconds, then left: the reason is told, the
boot goes on without the value, and the next boot asks again because the key is still empty.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from skyrocket.models import keys
from skyrocket.models.settings.group import SourceAwayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyrocket.models.keys import Tree
    from skyrocket.models.settings.group import Facts, Generator
    from skyrocket.models.settings.table import Schema

PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds between the tries of one generator


def fill(
    schema: Schema, tree: Tree, facts: Facts, sleep: Callable[[float], None] = time.sleep
) -> tuple[Tree, list[str]]:
    """TREE with a value at every generator's key that had none, and why others still have none."""
    troubles = []
    for group in schema.groups.values():
        for generator in group.generators:
            if keys.populated(tree, generator.key):
                continue
            try:
                value = _patiently(generator, facts, sleep)
                tree = schema.check(keys.merge(tree, keys.nest({generator.key: value})))
            except Exception as error:  # noqa: BLE001  (a generator must not stop a boot)
                name = keys.name(("settings", *generator.key))
                troubles.append(f"cannot generate {name} ({generator.name}): {error}")
    return tree, troubles


def _patiently(generator: Generator, facts: Facts, sleep: Callable[[float], None]) -> object:
    for pause in PAUSES:
        try:
            return generator.make(facts)
        except SourceAwayError:
            sleep(pause)
    return generator.make(facts)
