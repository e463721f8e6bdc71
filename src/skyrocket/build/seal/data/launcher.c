/* main() of a sealed program: start the interpreter on the bundle alone, call the program, leave.
 *
 * Given by the build: SEALED_MODULE and SEALED_FUNCTION (the program), SEALED_EXT (the one folder
 * of extension modules; absent in a static program). */
#include "sealed.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void die(PyStatus status)
{
    fprintf(stderr, "sealed: cannot start: %s\n", status.err_msg ? status.err_msg : "no reason");
    _exit(1);
}

static void check(PyStatus status)
{
    if (PyStatus_Exception(status))
        die(status);
}

static void set(PyConfig *config, wchar_t **field, const wchar_t *value)
{
    check(PyConfig_SetString(config, field, value));
}

static void configure(PyConfig *config, int argc, char **argv)
{
    PyConfig_InitIsolatedConfig(config);
    config->site_import = 0;
    config->write_bytecode = 0;
    config->optimization_level = 2;
    config->parse_argv = 0;
    config->pathconfig_warnings = 0;
    config->install_signal_handlers = 1;
    config->use_frozen_modules = 1;
    config->safe_path = 1;
    config->code_debug_ranges = 0;
    config->module_search_paths_set = 1;
    set(config, &config->program_name, L"sealed");
    set(config, &config->executable, L"");
    set(config, &config->base_executable, L"");
    set(config, &config->home, L"/");
    set(config, &config->prefix, L"/");
    set(config, &config->exec_prefix, L"/");
    set(config, &config->base_prefix, L"/");
    set(config, &config->base_exec_prefix, L"/");
    set(config, &config->platlibdir, L"lib");
    check(PyConfig_SetBytesArgv(config, argc, argv));
}

static void start(int argc, char **argv)
{
    PyPreConfig pre;
    PyConfig config;
    PyPreConfig_InitIsolatedConfig(&pre);
    pre.utf8_mode = 1;
    pre.configure_locale = 0;
    check(Py_PreInitialize(&pre));
    sealed_open();
    if (PySys_AddAuditHook(sealed_audit, NULL) < 0)
        die(PyStatus_Error("no audit hook"));
    configure(&config, argc, argv);
    check(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
}

/* Call METHOD of a module that is imported already; what is not there is no error. */
static void call_if_imported(const char *name, const char *method)
{
    PyObject *modules = PySys_GetObject("modules");
    PyObject *module = modules ? PyDict_GetItemString(modules, name) : NULL;
    PyObject *result = module ? PyObject_CallMethod(module, method, NULL) : NULL;
    if (result == NULL && PyErr_Occurred())
        PyErr_WriteUnraisable(module);
    Py_XDECREF(result);
}

static int flush(const char *name)
{
    PyObject *file = PySys_GetObject(name);
    if (file == NULL || file == Py_None)
        return 0;
    PyObject *result = PyObject_CallMethod(file, "flush", NULL);
    if (result == NULL) {
        PyErr_Clear();
        return -1;
    }
    Py_DECREF(result);
    return 0;
}

static int status_of(PyObject *value)
{
    if (value == NULL || value == Py_None)
        return 0;
    if (PyLong_Check(value)) {
        long status = PyLong_AsLong(value);
        PyErr_Clear();
        return (int)(status & 0xff);
    }
    PyObject *text = PyObject_Str(value);
    PySys_FormatStderr("%S\n", text ? text : Py_None);
    Py_XDECREF(text);
    PyErr_Clear();
    return 1;
}

static int status_of_exception(void)
{
    if (PyErr_ExceptionMatches(PyExc_SystemExit)) {
        PyObject *error = PyErr_GetRaisedException();
        PyObject *code = PyObject_GetAttrString(error, "code");
        int status = status_of(code);
        Py_XDECREF(code);
        Py_DECREF(error);
        return status;
    }
    if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
        PyErr_Clear();
        return -SIGINT;
    }
    PyErr_Print();
    return 1;
}

static PyObject *call(const char *module_name, const char *function, PyObject *argument)
{
    PyObject *module = PyImport_ImportModule(module_name);
    if (module == NULL)
        return NULL;
    PyObject *callable = PyObject_GetAttrString(module, function);
    Py_DECREF(module);
    if (callable == NULL)
        return NULL;
    PyObject *result = argument ? PyObject_CallOneArg(callable, argument)
                                : PyObject_CallNoArgs(callable);
    Py_DECREF(callable);
    return result;
}

static PyObject *run(void)
{
    if (sealed_replace_builtins() < 0 || sealed_close_code_type() < 0)
        return NULL;
    PyObject *ready = call("_sealed", "close", NULL);
    if (ready == NULL)
        return NULL;
    Py_DECREF(ready);
    sealed_booted = 1;
    return call(SEALED_MODULE, SEALED_FUNCTION, PySys_GetObject("argv"));
}

/* Who may set these has won already (the loader obeys before main); refusing makes it loud. */
static void refuse_preloading(void)
{
#ifdef SEALED_EXT
    static const char *const names[] = {"LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH"};
    for (size_t i = 0; i < Py_ARRAY_LENGTH(names); i++)
        if (getenv(names[i]) != NULL) {
            fprintf(stderr, "sealed: refusing to run with %s\n", names[i]);
            _exit(1);
        }
#endif
}

int main(int argc, char **argv)
{
    refuse_preloading();
    start(argc, argv);
    PyObject *result = run();
    int status = result != NULL ? status_of(result) : status_of_exception();
    call_if_imported("threading", "_shutdown");
    call_if_imported("atexit", "_run_exitfuncs");
    if (flush("stdout") < 0 && status == 0)
        status = 120; /* CPython's own status for output that was lost */
    flush("stderr");
    if (status == -SIGINT) { /* die of the signal, so that a shell sees it */
        PyOS_setsig(SIGINT, SIG_DFL);
        raise(SIGINT);
        status = 130;
    }
    _exit(status); /* the kernel frees faster than the interpreter */
}
