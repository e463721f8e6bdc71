from __future__ import annotations

from skyrocket.build.seal import checks

MAP = """Archive member included to satisfy reference by file (symbol)

/usr/lib/libpython3.13.a(ceval.o)
                              launcher.o (PyEval_EvalCode)
/usr/lib/libpython3.13-pic.a({}.o)
                              /usr/lib/libpython3.13.a(ceval.o) (x)

Memory Configuration
LOAD /usr/lib/libpython3.13.a(parser.o)
"""


def test_an_object_of_the_compiler_is_found_in_the_link_map():
    """compile.o in the list of archive members is a problem, long.o is none."""
    assert checks.forbidden_objects(checks.pulled_objects(MAP.format("compile"))) == [
        "the linker took compile.o in"
    ]
    assert checks.forbidden_objects(checks.pulled_objects(MAP.format("longobject"))) == []


def test_a_map_without_the_interpreter_proves_nothing():
    """An empty or foreign map is a problem, not a clean bill."""
    assert checks.forbidden_objects(checks.pulled_objects("")) == [
        "the link map does not show the interpreter"
    ]


def test_doors_of_the_interpreter_are_found_among_exports():
    """Defined symbols count, undefined ones and harmless ones do not."""
    nm = (
        "0000000000001000 T PyRun_SimpleStringFlags\n"
        "                 U PyRun_FileExFlags\n"
        "0000000000001000 T PyLong_FromLong\n"
        "0000000000001000 W _PyMarshal_ReadSomething\n"
        "0000000000001000 T PyMarshal_ReadObjectFromString@@VERS\n"
    )
    assert checks.forbidden_exports(nm) == [
        "PyMarshal_ReadObjectFromString is exported",
        "PyRun_SimpleStringFlags is exported",
        "_PyMarshal_ReadSomething is exported",
    ]


def test_a_static_program_has_no_dynamic_part():
    """A DYNAMIC or INTERP segment in a static file is a problem."""
    segments = "  LOAD  0x0 R E\n  DYNAMIC 0x1 RW\n  GNU_STACK 0x0 RW 0x10\n"
    assert checks.wrong_segments(segments, static=True) == [
        "a static program has a dynamic section"
    ]


def test_writable_code_is_a_problem():
    """No segment may be writable and executable, the stack neither."""
    segments = "  GNU_RELRO 0x0 R\n  GNU_STACK  0x000000 0x0 RWE 0x10\n"
    assert len(checks.wrong_segments(segments, static=False)) == 1


def test_only_symbols_of_the_interpreter_are_listed_for_export():
    """What an extension asks of the C library is not ours to export."""
    nm = "ext/a.so:\n                 U PyLong_FromLong\n                 U memcpy@GLIBC_2.14\n"
    assert checks.interpreter_symbols(nm) == ["PyLong_FromLong"]
