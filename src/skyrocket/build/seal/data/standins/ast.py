# mypy: ignore-errors
"""Stands for `ast`: there is no parser. Names of nodes resolve to an empty class."""


class AST:
    pass


def _refuse(*args, **kwargs):
    raise PermissionError("sealed: no parser in this program")


parse = literal_eval = dump = unparse = walk = _refuse


def __getattr__(name):
    if name[:1].isupper():
        return AST
    raise AttributeError(name)
