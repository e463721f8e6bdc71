/* exec, eval and compile of a sealed program: they find text that the build compiled, by its hash.
 *
 * Libraries build small functions from text at import (named tuples, dataclasses, annotations).
 * The build recorded those texts; any other is refused. CPython's own three functions leave the
 * builtins module, so no wrapper holds them. */
#include "sealed.h"

#include <frameobject.h>
#include <marshal.h>
#include <string.h>

/* The key is over mode, whether the caller postpones annotations, and the text. */
static int key_of(const char *mode, int future, const char *text, Py_ssize_t size, uint8_t out[32])
{
    char *data = PyMem_Malloc((size_t)size + 2);
    if (data == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    data[0] = mode[0];
    data[1] = future ? 'a' : '-';
    memcpy(data + 2, text, (size_t)size);
    sealed_sha256((const uint8_t *)data, (size_t)size + 2, out);
    PyMem_Free(data);
    return 0;
}

static int caller_future(void)
{
    PyFrameObject *frame = PyEval_GetFrame();
    if (frame == NULL)
        return 0;
    PyCodeObject *code = PyFrame_GetCode(frame);
    int future = (code->co_flags & CO_FUTURE_ANNOTATIONS) != 0;
    Py_DECREF(code);
    return future;
}

static PyObject *baked(PyObject *source, const char *mode)
{
    Py_ssize_t size;
    uint8_t key[32];
    const char *text = NULL;
    if (PyUnicode_Check(source))
        text = PyUnicode_AsUTF8AndSize(source, &size);
    PyErr_Clear();
    if (text == NULL) {
        PyErr_SetString(PyExc_PermissionError, "sealed: only text that the build knew can run");
        return NULL;
    }
    if (mode[0] == 'e') /* eval() ignores leading blanks; the recorder strips them as well */
        while (size > 0 && (*text == ' ' || *text == '\t'))
            text++, size--;
    if (key_of(mode, caller_future(), text, size, key) < 0)
        return NULL;
    for (uint32_t low = 0, high = sealed_snippet_count; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        const struct sealed_snippet *snippet = &sealed_snippets[middle];
        int order = memcmp(key, snippet->key, sizeof snippet->key);
        if (order == 0)
            return PyMarshal_ReadObjectFromString((const char *)sealed_blob + snippet->code,
                                                  (Py_ssize_t)snippet->size);
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    PyErr_Format(PyExc_PermissionError,
                 "sealed: no compiler in this program, and the build did not know this text: %.300U",
                 source);
    return NULL;
}

static PyObject *code_of(PyObject *source, const char *mode)
{
    if (!PyCode_Check(source))
        return baked(source, mode);
    if (!sealed_code_is_ours(source)) {
        PyErr_SetString(PyExc_PermissionError, "sealed: exec is not allowed");
        return NULL;
    }
    return Py_NewRef(source);
}

/* Fill in what exec() and eval() take when their caller leaves it out. New references. */
static int scopes(PyObject **globals, PyObject **locals)
{
    if (*globals == NULL || *globals == Py_None) {
        *globals = PyEval_GetGlobals();
        if (*locals == NULL || *locals == Py_None)
            *locals = PyEval_GetFrameLocals();
        else
            Py_INCREF(*locals);
    } else {
        if (*locals == NULL || *locals == Py_None)
            *locals = *globals;
        Py_INCREF(*locals);
    }
    if (*globals == NULL || *locals == NULL || !PyDict_Check(*globals)) {
        Py_XDECREF(*locals);
        PyErr_SetString(PyExc_TypeError, "globals must be a dict");
        return -1;
    }
    Py_INCREF(*globals);
    if (PyDict_GetItemString(*globals, "__builtins__") == NULL &&
        PyDict_SetItemString(*globals, "__builtins__", PyEval_GetBuiltins()) < 0) {
        Py_DECREF(*globals);
        Py_DECREF(*locals);
        return -1;
    }
    return 0;
}

static PyObject *run(PyObject *args, PyObject *kwargs, const char *mode, PyObject **result)
{
    static char *names[] = {"", "globals", "locals", "closure", NULL};
    PyObject *source, *globals = NULL, *locals = NULL, *closure = NULL;
    *result = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OO$O", names, &source, &globals, &locals,
                                     &closure))
        return NULL;
    if (closure != NULL && closure != Py_None) {
        PyErr_SetString(PyExc_PermissionError, "sealed: exec with a closure is not allowed");
        return NULL;
    }
    PyObject *code = code_of(source, mode);
    if (code == NULL)
        return NULL;
    if (scopes(&globals, &locals) == 0) {
        *result = PyEval_EvalCode(code, globals, locals);
        Py_DECREF(globals);
        Py_DECREF(locals);
    }
    Py_DECREF(code);
    return *result;
}

static PyObject *sealed_exec(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *result;
    (void)self;
    if (run(args, kwargs, "exec", &result) == NULL)
        return NULL;
    Py_DECREF(result);
    Py_RETURN_NONE;
}

static PyObject *sealed_eval(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *result;
    (void)self;
    return run(args, kwargs, "eval", &result);
}

static PyObject *sealed_compile(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"source", "filename", "mode", "flags", "dont_inherit", "optimize",
                            "_feature_version", NULL};
    PyObject *source, *filename;
    const char *mode;
    int flags = 0, dont_inherit = 0, optimize = -1, feature = -1;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOs|ipi$i", names, &source, &filename, &mode,
                                     &flags, &dont_inherit, &optimize, &feature))
        return NULL;
    return baked(source, mode);
}

static PyMethodDef replacements[] = {
    {"exec", (PyCFunction)(void (*)(void))sealed_exec, METH_VARARGS | METH_KEYWORDS, NULL},
    {"eval", (PyCFunction)(void (*)(void))sealed_eval, METH_VARARGS | METH_KEYWORDS, NULL},
    {"compile", (PyCFunction)(void (*)(void))sealed_compile, METH_VARARGS | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};

int sealed_replace_builtins(void)
{
    PyObject *module = PyImport_ImportModule("builtins");
    int status = module == NULL ? -1 : PyModule_AddFunctions(module, replacements);
    Py_XDECREF(module);
    return status;
}

/* No second way to make a code object: the type loses its constructor and its copier. */
int sealed_close_code_type(void)
{
    static const char *const gone[] = {"__new__", "replace", "__replace__"};
    PyObject *dict = PyType_GetDict(&PyCode_Type);
    if (dict == NULL)
        return -1;
    for (size_t i = 0; i < Py_ARRAY_LENGTH(gone); i++)
        if (PyDict_DelItemString(dict, gone[i]) < 0)
            PyErr_Clear();
    Py_DECREF(dict);
    PyCode_Type.tp_new = NULL;
    PyType_Modified(&PyCode_Type);
    return 0;
}
