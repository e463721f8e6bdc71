# mypy: ignore-errors
"""The last step of a sealed program's start: from here on, modules come from the bundle alone."""

import _frozen_importlib as importlib
import sys


def close():
    """Leave two or three finders: built-in, frozen and, where there is a folder, extensions."""
    finders = [importlib.BuiltinImporter, importlib.FrozenImporter]
    if importlib._imp.is_frozen("_sealed_extensions"):
        import _sealed_extensions

        finders.append(_sealed_extensions)
    sys.meta_path = finders
    sys.path_hooks.clear()
    sys.path.clear()
    sys.path_importer_cache.clear()
