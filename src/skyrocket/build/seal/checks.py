"""What a linked program must not hold: pure readings of the link map, symbols and segments."""

from __future__ import annotations

import re

FORBIDDEN_OBJECTS = frozenset(
    {
        "action_helpers", "asdl", "assemble", "ast", "ast_opt", "ast_unparse", "buffer",
        "compile", "config", "file_tokenizer", "flowgraph", "frozen", "frozenmain", "future",
        "getpath", "helpers", "instruction_sequence", "lexer", "main", "parser", "peg_api",
        "pegen", "pegen_errors", "Python-ast", "Python-tokenize", "readline_tokenizer", "state",
        "string_parser", "string_tokenizer", "symtable", "symtablemodule", "token",
        "utf8_tokenizer",
    }
)  # fmt: skip
"""Objects of libpython that turn text into code, or start an interpreter on a file."""

FORBIDDEN_EXPORTS = re.compile(
    r"^_?(PyRun_|Py_Main|Py_BytesMain|Py_RunMain|Py_Compile|PyEval_EvalCode|PyMarshal_Read"
    r"|PyAST_|PyParser_|Py_Initialize|Py_NewInterpreter|PyCode_New|PyUnstable_Code_New)"
)

_PULLED = re.compile(r"libpython3\.13(?:-pic)?\.a\(([^)]+)\.o\)")
_SYMBOL = re.compile(r"^\s*[0-9a-f]*\s+([A-Za-z])\s+(\S+)$", re.MULTILINE)


def interpreter_symbols(nm: str) -> list[str]:
    """The interpreter's symbols that `nm -D --undefined-only` lists, sorted."""
    names = {match[2] for match in _SYMBOL.finditer(nm) if match[1] == "U"}
    return sorted(name for name in names if name.startswith(("Py", "_Py")))


def pulled_objects(link_map: str) -> set[str]:
    """Names of the objects that the linker took out of libpython's archive."""
    return set(_PULLED.findall(link_map.partition("Memory Configuration")[0]))


def forbidden_objects(pulled: set[str]) -> list[str]:
    """One problem for each object that makes code; none at all pulled means a wrong map."""
    if "ceval" not in pulled:
        return ["the link map does not show the interpreter"]
    return [f"the linker took {name}.o in" for name in sorted(pulled & FORBIDDEN_OBJECTS)]


def forbidden_exports(nm: str) -> list[str]:
    """One problem for each door of the interpreter that `nm -D` shows as defined."""
    defined = {
        match[2].partition("@")[0] for match in _SYMBOL.finditer(nm) if match[1] in "TDBRVWi"
    }
    return [f"{name} is exported" for name in sorted(defined) if FORBIDDEN_EXPORTS.match(name)]


def wrong_segments(readelf: str, *, static: bool) -> list[str]:
    """Problems that `readelf -lW` shows: a dynamic part in a static file, writable code."""
    problems = []
    if static and re.search(r"^\s*(DYNAMIC|INTERP)\s", readelf, re.MULTILINE):
        problems.append("a static program has a dynamic section")
    if not static and not re.search(r"^\s*GNU_RELRO\s", readelf, re.MULTILINE):
        problems.append("the program has no read-only relocations")
    problems += [
        f"a segment is writable and executable: {line.strip()}"
        for line in readelf.splitlines()
        if re.match(r"\s*(LOAD|GNU_STACK)\s.*\bRWE\b", line)
    ]
    return problems
