"""What somebody would try who already runs inside a sealed program, one function an attack.

Frozen into a test program by tests/build/seal; the same file runs under an ordinary Python as the
control. A function that returns has got in; one that raises was refused.
"""

# Attacks are written as an attacker would, with the fewest imports.
# ruff: noqa: A001, BLE001, PTH102, PTH123, PTH211, PYI024, SIM102, T100

from __future__ import annotations

import sys

MARK: list[str] = []
EMPTY_ARCHIVE = "PK\5\6" + "\0" * 18


def _in() -> int:
    MARK.append("in")
    return 42


def eval_text():
    assert_is(eval("6 * 7"), 42)


def exec_text():
    scope: dict = {}
    exec("x = 6 * 7", scope)
    assert_is(scope["x"], 42)


def compile_text():
    compile("6 * 7", "evil", "eval")


def exec_bytes():
    exec(b"x = 6 * 7", {})


def compile_a_syntax_tree():
    import ast

    try:
        tree = ast.parse("6 * 7", mode="eval")
    except PermissionError:
        tree = ast.Expression()
    compile(tree, "evil", "eval")


def eval_with_a_known_prefix():
    eval("str\n# and more")


def old_builtins_found_by_the_collector():
    import gc

    for thing in gc.get_objects():
        if type(thing) is type(len) and thing.__name__ == "compile":
            if getattr(thing, "__module__", "") == "builtins":
                try:
                    thing("6 * 7", "evil", "eval")
                except PermissionError:
                    continue
                return
    raise LookupError("no function left")


def old_builtins_in_a_module_s_dictionary():
    import os

    os.__dict__["__builtins__"]["eval"]("6 * 7")


def code_constructor():
    code = _in.__code__
    type(code)(
        0, 0, 0, 0, 0, 0, code.co_code, code.co_consts, code.co_names, (), "evil", "evil", "evil",
        1, b"", b"", (), (),
    )  # fmt: skip


def code_replace():
    _in.__code__.replace(co_consts=(43,))


def copy_replace_on_code():
    import copy

    copy.replace(_in.__code__, co_consts=(43,))


def exec_with_a_closure():
    value = 1

    def inner():
        return value

    exec(inner.__code__, {}, closure=inner.__closure__)


def marshal():
    import marshal as module

    module.loads(module.dumps(_in.__code__))


def frozen_object_with_own_bytes():
    import _imp

    _imp.get_frozen_object("evil", _bytes_of_code())


def frozen_loader_with_own_bytes():
    import _imp

    scope: dict = {}
    exec(_imp.get_frozen_object("codecs", _bytes_of_code()), scope)
    assert_is(scope["x"], 42)


def import_from_a_writable_folder():
    folder = _folder({"evil.py": "x = 42"})
    sys.path.insert(0, folder)
    __import__("evil")


def source_loader():
    from importlib.machinery import SourceFileLoader

    folder = _folder({"evil.py": "x = 42"})
    SourceFileLoader("evil", folder + "/evil.py").load_module("evil")


def path_hook_put_back():
    from importlib.machinery import FileFinder, SourceFileLoader

    folder = _folder({"evil.py": "x = 42"})
    sys.path_hooks.append(FileFinder.path_hook((SourceFileLoader, [".py"])))
    sys.path.insert(0, folder)
    sys.path_importer_cache.clear()
    __import__("evil")


def zip_archive():
    import zipimport

    folder = _folder({"evil.zip": EMPTY_ARCHIVE})
    zipimport.zipimporter(folder + "/evil.zip")


def runpy():
    import runpy as module

    module.run_path(_folder({"evil.py": "x = 42"}) + "/evil.py")


def site_folder():
    import site

    site.addsitedir(_folder({"evil.pth": "import sys; sys.evil = 42"}))
    assert_is(sys.evil, 42)


def extension_from_a_writable_folder():
    _load_extension("/tmp")


def extension_past_its_folder():
    _load_extension("/usr/lib/skyrocket/ext/../../../../tmp")


def ctypes():
    import _ctypes

    _ctypes.dlopen(None, 0)


def interpreters():
    import _interpreters

    made = _interpreters.create()
    _interpreters.run_string(made, "x = 6 * 7")


def test_modules_of_the_interpreter():
    import _testinternalcapi

    _testinternalcapi.get_configs()


def pickle():
    import _pickle

    _pickle.loads(b"cposix\ngetpid\n(tR.")


def debugger():
    import pdb

    pdb.Pdb().runeval("6 * 7")


def interactive_console():
    import code

    code.InteractiveInterpreter().runsource("x = 6 * 7")


def breakpoint():
    import pdb

    pdb.Pdb()


def faulthandler():
    import faulthandler as module

    module.dump_traceback(file=2)


def trace_function():
    sys.settrace(lambda *args: None)
    sys.settrace(None)


def profile_function():
    sys.setprofile(lambda *args: None)
    sys.setprofile(None)


def monitoring():
    sys.monitoring.use_tool_id(3, "evil")
    sys.monitoring.register_callback(3, sys.monitoring.events.PY_START, print)


def named_tuple_with_code_in_it():
    from collections import namedtuple

    namedtuple("Evil", ["never_seen_by_the_build", "nor_this"])


def annotation_as_code():
    import typing

    typing.get_type_hints(type("Evil", (), {"__annotations__": {"x": "print(6 * 7)"}}))


def made_dataclass():
    import dataclasses

    dataclasses.make_dataclass("Evil", ["never_seen_by_the_build"])


def write_own_memory():
    _write_memory("/proc/self/mem")


def write_own_memory_through_a_link():
    import os

    link = _folder({}) + "/link"
    os.symlink("/proc/self/mem", link)
    _write_memory(link)


def _write_memory(path: str):
    import os

    file = os.open(path, os.O_RDWR)
    address = id(MARK)
    os.lseek(file, address, os.SEEK_SET)
    data = os.read(file, 8)
    os.lseek(file, address, os.SEEK_SET)
    os.write(file, data)


def _bytes_of_code() -> bytes:
    """`x = 42` as CPython 3.13 marshals it: what an attacker brings along."""
    import binascii

    return binascii.a2b_base64(
        "YwAAAAAAAAAAAAAAAAEAAAAAAAAA8wgAAACVAFMAcgBnASkC6SoAAABOKQHaAXipAPMAAAAA2gRldmls"
        "2gg8bW9kdWxlPnIGAAAAAQAAAHMKAAAA8AMBAQHYBAaBAXIEAAAA"
    )


def _folder(files: dict) -> str:
    import os

    folder = f"/tmp/evil-{os.getpid()}"
    os.mkdir(folder)
    for name, text in files.items():
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)
    return folder


def _load_extension(folder: str):
    """Load a copy of a real extension module, which lies in /tmp, as a file of FOLDER."""
    import _imp
    from _frozen_importlib import ModuleSpec

    with open(sys.argv[2], "rb") as file, open("/tmp/evil.so", "wb") as copy:
        copy.write(file.read())
    _imp.create_dynamic(ModuleSpec(sys.argv[3], None, origin=f"{folder}/evil.so"))


def assert_is(value, expected):
    if value != expected:
        raise ValueError(value)


def main(argv: list[str]) -> int:
    """Run one attack by name; `ran` or the refusal goes to standard output."""
    if argv[1] == "list":
        sys.stdout.write("\n".join(name for name in sorted(globals()) if name[0] != "_"))
        return 0
    try:
        globals()[argv[1]]()
    except BaseException as error:
        sys.stdout.write(f"refused: {type(error).__name__}: {error}\n")
        return 1
    sys.stdout.write("ran\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
