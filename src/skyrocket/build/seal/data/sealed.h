/* What the parts of a sealed program share: the bundle in its last section, and who may run code.
 *
 * The bundle is written by build/seal/bundle.py; the two must agree on these structs. Offsets
 * instead of pointers, so that the bundle needs no relocation and no other section changes with it.
 */
#ifndef SEALED_H
#define SEALED_H

#include <Python.h>
#include <stdint.h>

struct sealed_head {
    uint32_t magic, modules, snippets, names;
};

struct sealed_module {
    uint32_t name, code, size, package;
};

struct sealed_snippet {
    uint8_t key[16];
    uint32_t code, size;
};

#define SEALED_MAGIC 0x31594b53u
#define SEALED_PREFIX "<sealed>/"

extern const uint8_t sealed_blob[], sealed_index[], sealed_end[];

/* The four views on the bundle, set once by sealed_open(). */
extern const struct sealed_module *sealed_modules;
extern const struct sealed_snippet *sealed_snippets;
extern const char *sealed_names;
extern uint32_t sealed_module_count, sealed_snippet_count;

/* From here on the policy of the running program holds, not that of its start. */
extern int sealed_booted;

void sealed_open(void);
int sealed_is_ours(const char *bytes, Py_ssize_t size);
int sealed_code_is_ours(PyObject *code);
int sealed_audit(const char *event, PyObject *args, void *unused);
int sealed_replace_builtins(void);
int sealed_close_code_type(void);
void sealed_sha256(const uint8_t *data, size_t size, uint8_t out[32]);

#endif
