from __future__ import annotations

from skyrocket.build.seal.tool import closure


def test_imports_are_seen_at_any_depth_with_their_packages():
    """Imports inside functions count, and importing a.b.c imports a and a.b too."""
    text = "import os.path\ndef f():\n    from a.b import c\n"
    assert closure.imports(text, "m", package=False).names == (
        "os", "os.path", "a", "a.b", "a.b.c",
    )  # fmt: skip


def test_what_only_type_checkers_see_is_left_out():
    """The body of `if TYPE_CHECKING:` is not imported; its else branch is."""
    text = (
        "import typing\nif typing.TYPE_CHECKING:\n    import pathlib\nelse:\n    import os\n"
        "if TYPE_CHECKING:\n    import json\n"
    )
    assert closure.imports(text, "m", package=False).names == ("typing", "os")


def test_relative_imports_start_at_the_package():
    """One dot is the module's package, or the package itself when the module is one."""
    plain = closure.imports("from . import x\nfrom ..y import z", "a.b.c", package=False)
    assert plain.names == ("a", "a.b", "a.b.x", "a.y", "a.y.z")
    package = closure.imports("from . import x", "a.b", package=True)
    assert package.names == ("a", "a.b", "a.b.x")


def test_dotted_names_in_texts_are_reported():
    """A table of verbs names modules in texts; sentences and versions do not count."""
    text = 't = {"x": "our.room.verb:main", "y": "a sentence. Really", "z": "1.2", "w": "one"}'
    assert closure.imports(text, "m", package=False).texts == ("our", "our.room", "our.room.verb")


def test_closure_follows_names_and_stops_at_excluded_ones():
    """Each reachable module once; an excluded name excludes what is below it."""
    tree = {
        "a": closure.Imports(("b", "c", "x.y"), ()),
        "b": closure.Imports(("a",), ()),
        "c": None,
    }
    found = closure.closure(["a"], tree.get, {"x"})
    assert found == {"a": tree["a"], "b": tree["b"], "c": None}


def test_codecs_are_found_by_their_names():
    """A codec is a module that no import statement names; aliases are followed."""
    text = 'x.encode("utf-16-le")\nopen(p, encoding="latin1")\ny.decode()\nz.encode("no such")'
    names = closure.imports(text, "m", package=False).names
    assert names == ("encodings.utf_16_le", "encodings.latin_1")
