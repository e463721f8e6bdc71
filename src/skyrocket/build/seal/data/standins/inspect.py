# mypy: ignore-errors
"""Stands for `inspect`, which drags in a disassembler, a tokenizer and a parser's tables.

`dataclasses` and `typing` ask it for three things; signatures serve docstrings, which are not kept.
"""


def signature(*args, **kwargs):
    raise ValueError("sealed: no signatures in this program")


def get_annotations(thing, *, globals=None, locals=None, eval_str=False):
    """The annotations as they were written; of a class, its own and not those of its bases."""
    found = thing.__dict__.get("__annotations__") if isinstance(thing, type) else None
    if found is None and not isinstance(thing, type):
        found = getattr(thing, "__annotations__", None)
    return dict(found or {})


def getattr_static(thing, name, *default):
    """Look NAME up without running any code of THING's class."""
    own = thing.__mro__ if isinstance(thing, type) else type(thing).__mro__
    instance = getattr(thing, "__dict__", None) if not isinstance(thing, type) else None
    if instance and name in instance:
        return instance[name]
    for base in own:
        if name in base.__dict__:
            return base.__dict__[name]
    if default:
        return default[0]
    raise AttributeError(name)


def isclass(thing):
    return isinstance(thing, type)


def isfunction(thing):
    return type(thing) is type(isclass)


def unwrap(function, *, stop=None):
    while hasattr(function, "__wrapped__") and not (stop and stop(function)):
        function = function.__wrapped__
    return function
