"""The table of migrations, in order. Adding one is one file in this folder and one line here."""

import sys

from skyrocket.migrations.chain import Chain, Migration

MODULES: tuple[str, ...] = ()
"""`"skyrocket.migrations.m0002_rename_of_x"` and so on; the number is that of the new schema."""


def load(modules: tuple[str, ...] = MODULES) -> Chain:
    """The chain of all MODULES."""
    return Chain(tuple(_migration(module) for module in modules))


def _migration(module: str) -> Migration:
    __import__(module)
    migration: Migration = sys.modules[module].MIGRATION
    return migration
