/* Stands where libpython's parser, compiler and path search would be, so that the linker never
 * pulls them in. Every function that made code from text refuses; the rest are the few tables and
 * answers that the interpreter itself needs. One list per release of CPython: this is 3.13's. */
#define Py_BUILD_CORE 1
#include <Python.h>
#define NEED_OPCODE_METADATA /* the tables of bytecodes live in compile.o otherwise */
#include "internal/pycore_opcode_metadata.h"

#include <string.h>

static void *no(void)
{
    PyErr_SetString(PyExc_PermissionError, "sealed: no compiler in this program");
    return NULL;
}

#define REFUSE(name) void *name(void) { return no(); }
#define ZERO(name) int name(void) { return 0; }

REFUSE(_PyParser_ASTFromString)
REFUSE(_PyParser_ASTFromFile)
REFUSE(_PyParser_InteractiveASTFromFile)
REFUSE(_PyAST_Compile)
REFUSE(PyAST_mod2obj)
REFUSE(PyAST_obj2mod)
ZERO(PyAST_Check)
ZERO(_PyCompile_OpcodeHasArg)
ZERO(_PyCompile_OpcodeHasConst)
ZERO(_PyCompile_OpcodeHasExc)
ZERO(_PyCompile_OpcodeHasFree)
ZERO(_PyCompile_OpcodeHasJump)
ZERO(_PyCompile_OpcodeHasLocal)
ZERO(_PyCompile_OpcodeHasName)
ZERO(_PyCompile_OpcodeIsValid)

void _PyAST_Fini(void *interpreter) { (void)interpreter; }
int _PyAST_Validate(void) { no(); return 0; }
int _PyCompile_AstOptimize(void) { no(); return -1; }
int PyCompile_OpcodeStackEffect(int code, int argument) { (void)code, (void)argument; return 0; }
int PyCompile_OpcodeStackEffectWithJump(int code, int argument, int jump)
{
    (void)code, (void)argument, (void)jump;
    return 0;
}
char *_PyTokenizer_FindEncodingFilename(int file, PyObject *name)
{
    (void)file, (void)name;
    return NULL;
}

/* Types that the start of the interpreter readies although only the compiler makes them. */
#define EMPTY_TYPE(variable, title)                                                                \
    PyTypeObject variable = {PyVarObject_HEAD_INIT(&PyType_Type, 0).tp_name = title,               \
                             .tp_basicsize = sizeof(PyObject), .tp_flags = Py_TPFLAGS_DEFAULT};
EMPTY_TYPE(_PyInstructionSequence_Type, "InstructionSequence")
EMPTY_TYPE(PySTEntry_Type, "symtable entry")

/* Private names in __slots__: __spam in class Ham becomes _Ham__spam, but not if it ends in two
 * underscores or holds a dot, nor if the class is called nothing but underscores. */
PyObject *_Py_Mangle(PyObject *owner, PyObject *name)
{
    if (owner == NULL || !PyUnicode_Check(owner))
        return Py_NewRef(name);
    const char *class = PyUnicode_AsUTF8(owner), *text = PyUnicode_AsUTF8(name);
    if (class == NULL || text == NULL)
        return NULL;
    size_t size = strlen(text);
    class += strspn(class, "_");
    if (*class == '\0' || strncmp(text, "__", 2) != 0 || strchr(text, '.') != NULL ||
        (size >= 2 && strcmp(text + size - 2, "__") == 0))
        return Py_NewRef(name);
    PyObject *mangled = PyUnicode_FromFormat("_%s%s", class, text);
    if (mangled != NULL)
        PyUnicode_InternInPlace(&mangled);
    return mangled;
}

/* The search for a home folder: the launcher has said all paths, and there are none. */
PyStatus _PyConfig_InitPathConfig(PyConfig *config, int compute)
{
    (void)config, (void)compute;
    return PyStatus_Ok();
}

#ifndef SEALED_EXT
/* A static program loads no extension; without these two the dynamic loader stays out of it. */
const char *_PyImport_DynLoadFiletab[] = {NULL};
void *_PyImport_FindSharedFuncptr(void) { return no(); }
#endif
