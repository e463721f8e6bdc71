"""The table of verbs: name, module, what it does, and what it needs before it can start.

A verb's module is imported when the verb is called and has `main(argv: list[str]) -> int`;
`module:function` names another function of that kind.
"""

from __future__ import annotations

from typing import NamedTuple


class Verb(NamedTuple):
    module: str
    usage: str
    help: str
    group: str | None = "build"  # dependency group; None: the standard library is enough
    builds: bool = False  # fetches and writes gigabytes: disk and network must be there


VERBS = {
    "run": Verb("run", "run", "build, boot, serve a container from the node",
                builds=True),
    "test": Verb("tests", "test [--fast]", "run the tests", "dev", builds=True),
    "build": Verb("build", "build VARIANT", "make an image", builds=True),
    "image": Verb("image", "image inspect|qcow2|write",
                  "look into one, convert it, put it on a disk"),
    "settings": Verb("documents", "settings check FILE|schema|openapi",
                     "what a settings document would do"),
    "keys": Verb("keys", "keys init|show|make-addon|sign-addon", "keys for Secure Boot"),
    "repo": Verb("repo", "repo init|add|serve|…", "update repositories", "publish"),
    "node": Verb("node", "node list|ssh|exec|logs|stop", "the nodes on this machine"),
    "lock": Verb("locking:lock", "lock --update|--check", "resolve the packages anew, or compare"),
    "bundle": Verb("locking:bundle", "bundle FILE", "everything locked in one file"),
    "sources": Verb("locking:sources", "sources FOLDER", "fetch the source of every package"),
    "check": Verb("check", "check", "style, types and import contracts", "dev"),
    "doctor": Verb("doctor", "doctor", "try what this machine can do", None),
    "clean": Verb("clean", "clean [--all]", "remove what was made; --all: also downloads", None),
}  # fmt: skip


def nearest(name: str) -> str:
    """The verb that was probably meant, or ''."""
    import difflib

    return next(iter(difflib.get_close_matches(name, VERBS, 1, 0.5)), "")
