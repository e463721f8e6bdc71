/* _node: the calls to the kernel that the interpreter's own modules lack. Each raises OSError. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Run CALL without the interpreter's lock, and make of its status None or an OSError. */
#define ANSWER(call, path)                                                                         \
    do {                                                                                           \
        long status;                                                                               \
        Py_BEGIN_ALLOW_THREADS                                                                     \
        status = (call);                                                                           \
        Py_END_ALLOW_THREADS                                                                       \
        if (status < 0)                                                                            \
            return PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);                            \
        Py_RETURN_NONE;                                                                            \
    } while (0)

static PyObject *node_mount(PyObject *self, PyObject *args)
{
    const char *source, *target, *type, *data;
    unsigned long flags;
    (void)self;
    if (!PyArg_ParseTuple(args, "zszkz", &source, &target, &type, &flags, &data))
        return NULL;
    ANSWER(mount(source, target, type, flags, data), target);
}

static PyObject *node_umount(PyObject *self, PyObject *args)
{
    const char *target;
    int flags = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "s|i", &target, &flags))
        return NULL;
    ANSWER(umount2(target, flags), target);
}

static PyObject *node_finit_module(PyObject *self, PyObject *args)
{
    const char *parameters = "";
    int file, flags = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "i|si", &file, &parameters, &flags))
        return NULL;
    ANSWER(syscall(SYS_finit_module, file, parameters, flags), NULL);
}

static PyObject *node_reboot(PyObject *self, PyObject *args)
{
    unsigned int command;
    (void)self;
    if (!PyArg_ParseTuple(args, "I", &command))
        return NULL;
    ANSWER(reboot((int)command), NULL);
}

static PyObject *node_pivot_root(PyObject *self, PyObject *args)
{
    const char *new_root, *old;
    (void)self;
    if (!PyArg_ParseTuple(args, "ss", &new_root, &old))
        return NULL;
    ANSWER(syscall(SYS_pivot_root, new_root, old), new_root);
}

static PyMethodDef methods[] = {
    {"mount", node_mount, METH_VARARGS, "mount(source, target, type, flags, data)"},
    {"umount", node_umount, METH_VARARGS, "umount(target, flags=0)"},
    {"finit_module", node_finit_module, METH_VARARGS, "finit_module(fd, params='', flags=0)"},
    {"reboot", node_reboot, METH_VARARGS, "reboot(cmd)"},
    {"pivot_root", node_pivot_root, METH_VARARGS, "pivot_root(new, old)"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "_node", .m_size = 0, .m_methods = methods,
};

PyMODINIT_FUNC PyInit__node(void)
{
    return PyModuleDef_Init(&definition);
}
