"""What gives away shells, interpreters, compilers and package managers, whatever they are called.

A fingerprint is a set of texts that such a program cannot do without: the built-in commands that
POSIX gives every shell, awk's variables, a compiler's messages. The first text is the anchor: it
is rare elsewhere, so most files are read once for it and never again. What is looked for are
strings of the program, not symbols, so a stripped, renamed or static file is found as well.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from skyrocket.build.audit.model import Mark

SHELL, INTERPRETER, COMPILER, PACKAGES, PACKED = (
    "shell", "interpreter", "compiler", "package-manager", "packed",
)  # fmt: skip


class Fingerprint(NamedTuple):
    """WHAT it is, when one of ANCHORS is there and at least ENOUGH of all TEXTS."""

    rule: str
    what: str
    anchors: tuple[bytes, ...]
    texts: tuple[bytes, ...] = ()
    enough: int = 0


def _words(text: str) -> tuple[bytes, ...]:
    """C strings: each ends with a zero byte (its start may be shared with a longer one)."""
    return tuple(word.encode() + b"\0" for word in text.split())


FINGERPRINTS = (
    Fingerprint(
        SHELL, "a shell (built-in commands of POSIX)", _words("unalias getopts"),
        _words(
            "alias bg cd command eval exec export fg getopts hash jobs readonly set shift times "
            "trap type ulimit umask unalias unset wait"
        ), 17,
    ),
    Fingerprint(
        SHELL, "a multi-call box of commands",
        (b"\0chgrp\0chmod\0chown\0", b"BusyBox v", b"toybox"),
        (b"\0chgrp\0chmod\0chown\0", b"applet", b"multi-call", b"BusyBox", b"toybox",
         b"\0mkfifo\0", b"\0uudecode\0"), 3,
    ),
    Fingerprint(
        # Its texts are wide: four bytes a letter.
        SHELL, "fish", ("fish_key_bindings".encode("utf-32-le"), b"fish_key_bindings"),
    ),
    Fingerprint(SHELL, "a shell written in Go", (b"mvdan.cc/sh/", b"u-root/u-root/cmds/core/gosh")),
    Fingerprint(
        INTERPRETER, "Python's parser and compiler",
        (b"unindent does not match any outer indentation level", b"'return' outside function"),
    ),
    Fingerprint(
        INTERPRETER, "Perl", (b"Useless use of %s in void context", b"in @INC"),
        (b"Useless use of ", b"@INC", b"PERL5LIB", b"Perl_", b"perl -"), 2,
    ),
    Fingerprint(
        INTERPRETER, "awk", _words("RLENGTH CONVFMT"),
        _words("RLENGTH RSTART CONVFMT OFMT SUBSEP FILENAME FNR ENVIRON"), 6,
    ),
    Fingerprint(
        INTERPRETER, "Lua", (b"$LuaVersion: ", b"LUA_PATH", b"attempt to %s a %s value"),
        (b"$LuaVersion: ", b"LUA_PATH", b"attempt to %s a %s value", b"__newindex\0",
         b"__metatable\0"), 2,
    ),
    Fingerprint(
        INTERPRETER, "Ruby", (b"RUBYLIB", b"ruby_run_node"),
        (b"RUBYLIB", b"RUBYOPT", b"ruby_run_node", b"undefined local variable or method"), 2,
    ),
    Fingerprint(
        INTERPRETER, "JavaScript",
        (b"is not a constructor", b"NODE_OPTIONS", b"github.com/dop251/goja"),
        (b"NODE_OPTIONS", b"getOwnPropertyDescriptor", b"is not a constructor",
         b"github.com/dop251/goja", b"decodeURIComponent"), 2,
    ),
    Fingerprint(
        INTERPRETER, "Tcl", (b"tcl_interactive", b"tclIndex"),
        (b"tcl_interactive", b"tcl_library", b"tcl_platform", b"tclIndex", b"TCLLIBPATH"), 2,
    ),
    Fingerprint(INTERPRETER, "PHP", (b"PHP_INI_SCAN_DIR",)),
    Fingerprint(INTERPRETER, "Guile", (b"GUILE_LOAD_PATH",)),
    Fingerprint(INTERPRETER, "Java", (b"JAVA_TOOL_OPTIONS", b"JDK_JAVA_OPTIONS")),
    Fingerprint(
        INTERPRETER, "an interpreter written in Go",
        (b"github.com/traefik/yaegi", b"go.starlark.net/starlark", b"github.com/yuin/gopher-lua",
         b"github.com/robertkrimen/otto", b"github.com/d5/tengo"),
    ),
    Fingerprint(
        INTERPRETER, "the SQLite shell", (b'.help" for usage hints', b"sqlite_dbpage"),
        (b'.help" for usage hints', b".shell", b".system", b".headers"), 2,
    ),
    Fingerprint(
        INTERPRETER, "a debugger", (b"set disassembly-flavor", b"(gdb) ", b"LLDB_DEBUGSERVER_PATH"),
    ),
    Fingerprint(
        INTERPRETER, "an editor with a command language", (b"VIMRUNTIME", b"EMACSLOADPATH"),
    ),
    Fingerprint(
        COMPILER, "a compiler",
        (b"COLLECT_GCC_OPTIONS", b"-fdump-", b"TCCDIR", b"tcc version ", b"clang version "),
    ),
    Fingerprint(COMPILER, "the Go compiler", (b"cmd/compile/internal/",)),
    Fingerprint(COMPILER, "the Rust compiler", (b"RUSTC_LOG", b"rustc_driver_impl")),
    Fingerprint(COMPILER, "LLVM's code generator", (b"LLVM ERROR: ",)),
    Fingerprint(
        COMPILER, "an assembler", (b"GNU assembler", b"The Netwide Assembler"),
    ),
    Fingerprint(
        COMPILER, "a linker", (b"--dynamic-linker", b"-dynamic-linker"),
        (b"-dynamic-linker", b"--gc-sections", b"gc-sections", b"dynamic-linker\0",
         b"gc-sections\0", b"start-group\0", b"whole-archive\0", b"allow-multiple-definition\0"), 3,
    ),
    Fingerprint(
        PACKAGES, "dpkg", (b"/var/lib/dpkg", b"dpkg-deb"),
        (b"/var/lib/dpkg", b"dpkg-deb", b"conffiles\0", b"Installed-Size\0", b"postinst\0"), 3,
    ),
    Fingerprint(PACKAGES, "apt", (b"APT::Get::", b"Dir::State::lists", b"Acquire::http")),
    Fingerprint(PACKAGES, "rpm", (b"%{_dbpath}", b"rpmdbOpen", b"rpmtsRun")),
    Fingerprint(PACKAGES, "apk", (b"lib/apk/db",)),
    Fingerprint(PACKAGES, "pacman", (b"alpm_initialize",)),
    Fingerprint(
        PACKED, "an executable packer", (b"UPX!",), (b"UPX!", b"$Info: This file is packed"), 2,
    ),
)  # fmt: skip

PYTHON_DOORS = re.compile(
    rb"\0(PyRun_[A-Za-z]+|Py_Main|Py_BytesMain|Py_RunMain|Py_CompileString[A-Za-z]*"
    rb"|PyEval_EvalCode(?:Ex)?|PyMarshal_Read[A-Za-z]+)\0"
)
"""Functions that take code from outside: as names in a string table they are exported or bound."""


def marks(data: bytes) -> tuple[Mark, ...]:
    """All fingerprints that DATA, the content of an ELF file, matches."""
    found = [mark for one in FINGERPRINTS if (mark := _match(one, data)) is not None]
    return tuple(found)


def python_doors(names: frozenset[str]) -> Mark | None:
    """Whether a file that exports NAMES lets others hand code to a Python inside it."""
    doors = sorted(name for name in names if PYTHON_DOORS.fullmatch(b"\0" + name.encode() + b"\0"))
    if not doors:
        return None
    shown = ", ".join(doors[:4])
    return Mark(INTERPRETER, "a Python that takes code from others", f"exports {shown}")


def _match(one: Fingerprint, data: bytes) -> Mark | None:
    anchor = next((text for text in one.anchors if text in data), None)
    if anchor is None:
        return None
    present = [text for text in one.texts if text in data]
    if len(present) < one.enough:
        return None
    shown = [_shown(text) for text in (present or [anchor])[:6]]
    return Mark(one.rule, one.what, "holds " + ", ".join(shown))


def _shown(text: bytes) -> str:
    return repr(text.strip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace"))
