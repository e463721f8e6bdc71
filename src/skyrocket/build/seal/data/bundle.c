/* Finds modules and snippets in the bundle. Knows its format, not what is asked to run. */
#include "sealed.h"

const struct sealed_module *sealed_modules;
const struct sealed_snippet *sealed_snippets;
const char *sealed_names;
uint32_t sealed_module_count, sealed_snippet_count;

/* These names are libpython's own tables. Defining them here keeps frozen.o, and with it the
 * interpreter's stock modules (runpy, site, zipimport, ...), out of the program. */
const struct _frozen *PyImport_FrozenModules;
const struct _frozen *_PyImport_FrozenBootstrap;
const struct _frozen *_PyImport_FrozenStdlib;
const struct _frozen *_PyImport_FrozenTest;
struct _module_alias;
const struct _module_alias *_PyImport_FrozenAliases;

static const struct _frozen nothing[1];
static const struct { const char *name, *orig; } no_alias[1];

void sealed_open(void)
{
    const struct sealed_head *head = (const void *)sealed_index;
    if (head->magic != SEALED_MAGIC)
        abort();
    sealed_module_count = head->modules;
    sealed_snippet_count = head->snippets;
    sealed_modules = (const void *)(head + 1);
    sealed_snippets = (const void *)(sealed_modules + head->modules);
    sealed_names = (const char *)(sealed_snippets + head->snippets);

    struct _frozen *table = calloc(head->modules + 1, sizeof *table);
    if (table == NULL)
        abort();
    for (uint32_t i = 0; i < head->modules; i++) {
        table[i].name = sealed_names + sealed_modules[i].name;
        table[i].code = sealed_blob + sealed_modules[i].code;
        table[i].size = (int)sealed_modules[i].size;
        table[i].is_package = (int)sealed_modules[i].package;
    }
    PyImport_FrozenModules = table;
    _PyImport_FrozenBootstrap = _PyImport_FrozenStdlib = _PyImport_FrozenTest = nothing;
    _PyImport_FrozenAliases = (const struct _module_alias *)no_alias;
}

/* Is this bytecode one of the bundle's entries, to the last byte? */
int sealed_is_ours(const char *bytes, Py_ssize_t size)
{
    for (uint32_t i = 0; i < sealed_module_count; i++)
        if ((Py_ssize_t)sealed_modules[i].size == size &&
            memcmp(sealed_blob + sealed_modules[i].code, bytes, (size_t)size) == 0)
            return 1;
    for (uint32_t i = 0; i < sealed_snippet_count; i++)
        if ((Py_ssize_t)sealed_snippets[i].size == size &&
            memcmp(sealed_blob + sealed_snippets[i].code, bytes, (size_t)size) == 0)
            return 1;
    return 0;
}
