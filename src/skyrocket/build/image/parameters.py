"""The kernel's parameters, from the tables of the packages. Pure.

What a value does is said in those tables; here is how it reaches the kernel: a file that the
initrd's program reads, and rules for values whose module comes later. The words of the command line
are the variant's by then (`models.definition.with_arguments`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.build.image.entries import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyrocket.models.definition import KernelParameter, Package

FILE = "usr/lib/sysctl.d/50-skyrocket.conf"
RULES = "usr/lib/udev/rules.d/50-skyrocket-parameters.rules"
_HEAD = "# Made from the tables of the packages; their reasons: docs/kernel.md\n"


def entries(packages: Iterable[Package]) -> list[Entry]:
    """The files of the root that carry the parameters."""
    found = [each for package in packages for each in package.kernel_parameters]
    texts = {FILE: early(found), RULES: late(found)}
    return [
        Entry(path, "file", 0o644, "generated", content=text.encode())
        for path, text in texts.items()
    ]


def early(parameters: Iterable[KernelParameter]) -> str:
    """sysctl.d's format: what the initrd's program sets."""
    return _HEAD + "".join(f"{p.key} = {p.value}\n" for p in parameters if not p.module)


def late(parameters: Iterable[KernelParameter]) -> str:
    """Rules for udev: what is set when its module has been loaded."""
    return _HEAD + "".join(
        f'ACTION=="add", SUBSYSTEM=="module", KERNEL=="{p.module}", '
        f'SYSCTL{{{p.key.replace(".", "/")}}}="{p.value}"\n'
        for p in parameters
        if p.module
    )


def document(packages: dict[str, Package]) -> str:
    """docs/kernel.md."""
    listed = packages.values()
    arguments = [
        f"| `{a.word}` | {_said(a.upstream)} | {a.why} |"
        for p in listed
        for a in p.kernel_arguments
    ]
    parameters = [
        f"| `{p.key}` | `{p.value}` | {_said(p.upstream)} | {p.why}{_after(p.module)} |"
        for package in listed
        for p in package.kernel_parameters
    ]
    omitted = [f"| `{o.word}` | {o.why} |" for p in listed for o in p.kernel_omitted]
    return _PAGE.format(
        arguments="\n".join(arguments),
        parameters="\n".join(parameters).replace("|/bin", "\\|/bin"),
        omitted="\n".join(omitted),
    )


def _said(upstream: bool) -> str:
    return "same" if upstream else ""


def _after(module: str) -> str:
    return f" (set when `{module}` is loaded)" if module else ""


_PAGE = """\
# What the kernel refuses

Made from the tables `kernel-arguments`, `kernel-parameters` and `kernel-omitted` of the packages
(`packages/hardening/package.toml` above all); a test compares the two. Do not edit.

A boot test reads every value back from the running kernel and tries what they forbid
(`tests/boot/test_kernel.py`). The column *upstream* says where Bottlerocket's release has the same
value.

## Arguments

They stand in the kernel image beside the root hash. Nothing on a running node changes them.

| argument | upstream | why |
|---|---|---|
{arguments}

## Parameters

The initrd's program writes them from the verified root, before PID 1 starts. What
`settings.kernel.sysctl` says is written later and wins; taking such a setting back gives the value
below at the next boot. A value that this kernel does not take makes the node degraded.

| parameter | value | upstream | why |
|---|---|---|---|
{parameters}

## Left out

| word | why |
|---|---|
{omitted}

## Modules

`packages/kernel/modules.txt` lists every module that an image holds, those that others pull in
included; a build with any other fails. All carry the signature of Debian's build of this kernel,
and the kernel takes no module without it. A module of the same build that is *not* in the image has
that signature too: the [SELinux policy](selinux.md) refuses every module outside the verified root.
"""
