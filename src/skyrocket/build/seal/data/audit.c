/* The second layer: what the running program may not even try. The first is that nothing in it
 * can turn text into bytecode. CPython raises these events; an audit hook cannot be taken off. */
#include "sealed.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

int sealed_booted;

static int refuse(const char *event)
{
    PyErr_Format(PyExc_PermissionError, "sealed: %s is not allowed", event);
    return -1;
}

static int begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

int sealed_code_is_ours(PyObject *code)
{
    if (code == NULL || !PyCode_Check(code))
        return 0;
    const char *name = PyUnicode_AsUTF8(((PyCodeObject *)code)->co_filename);
    if (name == NULL) {
        PyErr_Clear();
        return 0;
    }
    return begins(name, SEALED_PREFIX);
}

/* CPython raises this for frozen modules too, so bytecode of the bundle must pass. */
static int loads(PyObject *args)
{
    PyObject *data = PyTuple_GetItem(args, 0);
    if (data != NULL && PyBytes_Check(data) &&
        sealed_is_ours(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)))
        return 0;
    PyErr_Clear();
    return refuse("marshal.loads");
}

/* (module, filename, path, meta_path, path_hooks): the file name is set for an extension alone. */
static int import(PyObject *args)
{
    PyObject *file = PyTuple_GetItem(args, 1);
    if (file == NULL || file == Py_None)
        return 0;
#ifdef SEALED_EXT
    const char *path = PyUnicode_Check(file) ? PyUnicode_AsUTF8(file) : NULL;
    if (path != NULL && begins(path, SEALED_EXT) && strstr(path, "/../") == NULL)
        return 0;
    PyErr_Clear();
#endif
    return refuse("import of an extension");
}

/* (path, mode, flags): nobody writes into the memory of a process, its own least of all. */
static int open_(PyObject *args)
{
    PyObject *path = PyTuple_GetItem(args, 0), *flags = PyTuple_GetItem(args, 2), *bytes;
    char real[PATH_MAX];
    if (path == NULL || flags == NULL || !PyLong_Check(flags) ||
        (PyLong_AsLong(flags) & O_ACCMODE) == O_RDONLY || PyLong_Check(path)) {
        PyErr_Clear();
        return 0;
    }
    if (!PyUnicode_FSConverter(path, &bytes)) {
        PyErr_Clear();
        return 0;
    }
    char *found = realpath(PyBytes_AS_STRING(bytes), real);
    Py_DECREF(bytes);
    size_t size = found != NULL ? strlen(found) : 0;
    if (size > 4 && begins(found, "/proc/") && strcmp(found + size - 4, "/mem") == 0)
        return refuse("writing the memory of a process");
    return 0;
}

static int code_argument(const char *event, PyObject *args)
{
    return sealed_code_is_ours(PyTuple_GetItem(args, 0)) ? 0 : (PyErr_Clear(), refuse(event));
}

static const char *const never[] = {
    "compile", "code.__new__", "marshal.load", "cpython.run_", "cpython.PyInterpreterState_New",
    "cpython._PySys_ClearAuditHooks", "ctypes.",
};
static const char *const never_after_boot[] = {
    "sys.settrace", "sys.setprofile", "sys.monitoring.", "sys.addaudithook",
};

int sealed_audit(const char *event, PyObject *args, void *unused)
{
    (void)unused;
    switch (event[0]) { /* most events are none of ours: leave quickly */
    case 'c': case 'e': case 'f': case 'i': case 'm': case 'o': case 's': break;
    default: return 0;
    }
    if (strcmp(event, "open") == 0)
        return open_(args);
    if (strcmp(event, "import") == 0)
        return import(args);
    if (strcmp(event, "marshal.loads") == 0)
        return loads(args);
    if (strcmp(event, "exec") == 0 || strcmp(event, "function.__new__") == 0)
        return code_argument(event, args);
    for (size_t i = 0; i < Py_ARRAY_LENGTH(never); i++)
        if (begins(event, never[i]))
            return refuse(event);
    if (sealed_booted)
        for (size_t i = 0; i < Py_ARRAY_LENGTH(never_after_boot); i++)
            if (begins(event, never_after_boot[i]))
                return refuse(event);
    return 0;
}
