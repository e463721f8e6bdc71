"""The sealed programs and what each may hold. Data; one entry is one file on the node."""

from __future__ import annotations

from typing import NamedTuple

EXT_FOLDER = "/usr/lib/skyrocket/ext"
HOST_PATH = "/usr/libexec/skyrocket/skyrocket"


class Program(NamedTuple):
    """One sealed file: where it starts, how it is linked, which built-in modules it has."""

    name: str
    module: str
    function: str = "main"
    static: bool = True
    wheels: tuple[str, ...] = ()
    """Packages outside the standard library that may be followed."""
    roots: tuple[str, ...] = ()
    """Modules that no import statement names."""
    also: frozenset[str] = frozenset()
    """Modules of EXCLUDE that this program needs nonetheless."""
    asserting: str = ""
    """Modules below this name keep their assertions: tests in a sealed program."""
    native: tuple[str, ...] = ()
    """Built-in modules of our own, written in C beside the launcher."""


HOST = Program(
    "host",
    "skyrocket.host.__main__",
    static=False,
    wheels=("h11", "msgspec", "securesystemslib", "tomli_w", "tuf", "wsproto"),
    # pathlib imports ntpath, and tuf's client pathlib; the image has OpenSSL's libraries anyway.
    also=frozenset({"ntpath", "ssl", "_ssl"}),
    native=("_node",),
)
APICLIENT = Program("apiclient", "skyrocket.client.cli")
INIT = Program("init", "skyrocket.host.initrd.sequence", native=("_node",))
PROGRAMS = {program.name: program for program in (HOST, APICLIENT, INIT)}

ALWAYS = (
    "encodings.aliases", "encodings.ascii", "encodings.latin_1", "encodings.utf_8", "io", "abc",
)  # fmt: skip
"""Modules that the interpreter itself imports, at its start or for a name of an encoding."""

CORE_BUILTINS = (
    "_abc", "_codecs", "_collections", "_functools", "_imp", "_io", "_operator", "_signal",
    "_string", "_thread", "_warnings", "_weakref", "builtins", "errno", "itertools", "posix",
    "sys", "time",
)  # fmt: skip

NEVER_BUILTINS = frozenset(
    {"_ast", "_elementtree", "_opcode", "_pickle", "_symtable", "_sysconfig", "_tokenize",
     "_tracemalloc", "_xxsubinterpreters", "faulthandler", "marshal", "pyexpat", "xxsubtype"}
)  # fmt: skip
"""Built-in modules that help to bring in code, read source, or look into the process."""

LARGE_BUILTINS = frozenset({"unicodedata"})
"""A megabyte for what nothing of ours calls; `traceback` asks for it to draw source lines."""

NOT_STATIC_BUILTINS = frozenset({"pwd", "grp", "syslog"})
"""Name services of a static C library would load the other image's libraries."""


def _names(*lines: str) -> frozenset[str]:
    return frozenset(name for line in lines for name in line.split())


EXCLUDE = _names(
    # bring in or write code
    "__main__ _ctypes _frozen_importlib _frozen_importlib_external bdb cmd code codeop",
    "compileall ctypes imp importlib._bootstrap importlib._bootstrap_external",
    "importlib.metadata importlib.readers importlib.resources marshal pdb pickle",
    "pickletools pkgutil py_compile pyclbr pydoc pydoc_data runpy shelve site",
    "sitecustomize symtable sysconfig tabnanny timeit trace usercustomize zipapp",
    "zipimport",
    # look into a process, or make another interpreter
    "_interpchannels _interpqueues _interpreters _testcapi _testinternalcapi cProfile",
    "concurrent.futures.process concurrent.interpreters multiprocessing profile pstats",
    "readline rlcompleter tracemalloc",
    # libraries of the system that the image does not carry
    "_hashlib _ssl _tkinter bz2 curses dbm lzma sqlite3 ssl tkinter",
    # slow twins of built-in modules
    "_py_abc _pydatetime _pydecimal _pyio _pyrepl",
    # other systems
    "_aix_support _android_support _apple_support _bootsubprocess _ios_support",
    "_osx_support _winapi encodings.mbcs encodings.oem msvcrt nt ntpath nturl2path winreg",
    # large, and nothing of ours calls them
    "annotationlib antigravity argparse asyncio attr attrs distutils doctest ensurepip ftplib",
    "getopt gettext idlelib lib2to3 mailbox nntplib optparse pip platform plistlib poplib",
    "setuptools",
    "smtplib sre_compile statistics tarfile test this tomli trio turtle typing_extensions",
    "unittest venv webbrowser xml xmlrpc yaml zipfile",
    # signers and fetchers of the TUF libraries: a node signs nothing, and has a fetcher of its own
    "cryptography requests urllib3 tuf.repository tuf.ngclient.requests_fetcher",
    "securesystemslib.signer._crypto_utils securesystemslib._gpg",
)
"""What is never followed: ways to bring in code, and large parts that nothing of ours calls."""

HIDDEN_IMPORTS = {
    "msgspec._core": (
        "abc", "collections", "dataclasses", "datetime", "decimal", "enum", "re", "types",
        "typing", "uuid", "weakref", "msgspec._utils",
    ),
    "_json": ("json.decoder",),
    "_socket": ("encodings.idna",),
}  # fmt: skip
"""Modules that C code imports, which no syntax tree shows."""

STANDINS = {
    "ast": "ast.py",
    "decimal": "decimal.py",
    "encodings.idna": "idna.py",
    "inspect": "inspect.py",
    "tokenize": "tokenize.py",
    "securesystemslib._internal": "securesystemslib_internal/__init__.py",
    "securesystemslib.signer": "securesystemslib_signer/__init__.py",
    "tuf.ngclient.urllib3_fetcher": "urllib3_fetcher.py",
}
"""Modules that a few lines of ours take the place of; most are asked for a name or two."""

BOOTSTRAP = {
    "_frozen_importlib": "importlib/_bootstrap.py",
}
"""Frozen modules that the interpreter starts from, and their files in the standard library."""
