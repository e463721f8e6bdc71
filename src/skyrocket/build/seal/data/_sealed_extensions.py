# mypy: ignore-errors
"""Finder and loader of extension modules: a table from module name to file, made by the build.

The module itself is the finder on `sys.meta_path` and the loader in each spec.
"""

import _imp
import sys
from _frozen_importlib import ModuleSpec

from _sealed_files import FILES


def find_spec(name, path=None, target=None):
    file = FILES.get(name)
    if file is None:
        return None
    return ModuleSpec(name, sys.modules[__name__], origin=file)


def create_module(spec):
    return _imp.create_dynamic(spec)


def exec_module(module):
    _imp.exec_dynamic(module)


def invalidate_caches():
    pass
