# mypy: ignore-errors
"""Runs inside the tools tree, started by freeze.py: which texts do the modules compile?

The interpreter is made to see what the sealed program will see: no source files, modules from the
bundle, extensions from the table. `compile`, `exec` and `eval` are replaced by ones that keep what
they compile; then every module is imported, and annotations are evaluated as msgspec will.
It imports nothing before that is set up, or it would miss what those modules compile.
"""

import _imp
import marshal
import sys
from _frozen_importlib import ModuleSpec

FUTURE_ANNOTATIONS = 0x1000000
_compile, _exec, _eval, _open, _hash = compile, exec, eval, open, None


class Bundle:
    """Finder and loader for a sealed bundle that lies in memory."""

    def __init__(self, tables, files):
        self.code = {}
        for blob, modules in tables:
            for name, offset, size, package in modules:
                self.code[name] = (blob[offset : offset + size], package)
        self.files = files

    def find_spec(self, name, path=None, target=None):
        if name in self.code:
            return ModuleSpec(name, self, origin="frozen", is_package=self.code[name][1])
        if name in self.files:
            return ModuleSpec(name, self, origin=self.files[name])
        return None

    def create_module(self, spec):
        return None if spec.name in self.code else _imp.create_dynamic(spec)

    def exec_module(self, module):
        name = module.__spec__.name
        if name in self.code:
            _exec(marshal.loads(self.code[name][0]), module.__dict__)
        else:
            _imp.exec_dynamic(module)

    def invalidate_caches(self):
        pass


class Recorder:
    """The three functions, keeping bytecode by the key that the sealed program looks up."""

    def __init__(self):
        self.kept = {}
        self.known = set()

    def code(self, source, mode, depth):
        future = sys._getframe(depth).f_code.co_flags & FUTURE_ANNOTATIONS
        text = source.lstrip(" \t") if mode == "eval" else source
        made = _compile(text, "<sealed>/baked", mode, flags=future, dont_inherit=True, optimize=2)
        key = (mode[0] + ("a" if future else "-") + text).encode()
        if key not in self.known:
            self.kept[key] = marshal.dumps(made)
        return made

    def compile(self, source, filename, mode, flags=0, dont_inherit=False, optimize=-1, **kwargs):
        return (
            self.code(source, mode, 2)
            if isinstance(source, str)
            else _compile(source, filename, mode, flags, dont_inherit, optimize, **kwargs)
        )

    def exec(self, source, globals=None, locals=None, /, *, closure=None):
        code = self.code(source, "exec", 2) if isinstance(source, str) else source
        self.run(_exec, code, globals, locals)

    def eval(self, source, globals=None, locals=None, /):
        code = self.code(source, "eval", 2) if isinstance(source, str) else source
        return self.run(_eval, code, globals, locals)

    @staticmethod
    def run(function, code, scope, local):
        if scope is None:
            frame = sys._getframe(2)
            scope = frame.f_globals
            local = frame.f_locals if local is None else local
        return function(code, scope, scope if local is None else local)


def main(folder):
    with _open(folder + "/record.job", "rb") as file:
        job = marshal.load(file)
    with _open(folder + "/record.blob", "rb") as file:
        tables = [(file.read(), job["modules"])]
    for path, modules in job["below"]:
        with _open(path, "rb") as file:
            tables.append((file.read(), modules))
    bundle, recorder = Bundle(tables, job["files"]), Recorder()
    sys.meta_path[:] = [*sys.meta_path[:1], bundle]
    sys.path.clear()
    sys.path_hooks.clear()
    for name in job["fakes"]:
        module = type(sys)(name)
        module.__getattr__ = lambda attribute: lambda *args: None
        sys.modules[name] = module
    _install(recorder)
    failed = {}
    for name, *_ in sorted(job["modules"]):
        _import(name, failed)
    for name, *_ in sorted(job["modules"]):
        if name in sys.modules:
            _annotations(sys.modules[name])
    _write(folder, recorder.kept, failed)


def _install(recorder):
    import builtins

    builtins.compile, builtins.exec, builtins.eval = (
        recorder.compile,
        recorder.exec,
        recorder.eval,
    )


def _import(name, failed):
    if name in sys.modules:
        return
    try:
        __import__(name)
    except BaseException as error:
        failed[name] = f"{type(error).__name__}: {error}"


def _annotations(module):
    """Evaluate each class's annotations, and have msgspec read its structs."""
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    msgspec, typing = sys.modules.get("msgspec"), sys.modules.get("typing")
    for value in classes:
        for function in (
            typing and typing.get_type_hints,
            msgspec and issubclass(value, msgspec.Struct) and msgspec.json.Decoder,
        ):
            if function:
                try:
                    function(value)
                except Exception:  # names that exist for type checkers alone
                    continue


def _write(folder, kept, failed):
    import builtins

    builtins.compile, builtins.exec, builtins.eval = _compile, _exec, _eval
    for name in list(sys.modules):
        if name.partition(".")[0] in {"json", "hashlib", "_json", "re", "enum"}:
            del sys.modules[name]
    sys.path[:] = ["/usr/lib/python3.13", "/usr/lib/python3.13/lib-dynload"]
    import _frozen_importlib_external as files

    sys.meta_path.append(files.PathFinder)
    sys.path_hooks.append(files.FileFinder.path_hook(*files._get_supported_file_loaders()))
    import hashlib
    import json

    snippets = sorted((hashlib.sha256(key).hexdigest()[:32], kept[key].hex()) for key in kept)
    texts = sorted(key.decode() for key in kept)
    with _open(folder + "/record.json", "w") as file:
        json.dump({"snippets": snippets, "failed": failed, "texts": texts}, file)


main(sys.argv[1])
