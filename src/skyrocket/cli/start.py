"""From the root script to a verb: blockers, dependencies, then the verb's module.

Standard library only until the dependencies are there. It is also the last resort: whatever goes
wrong, the terminal gets one clear error and a traceback goes into a log.
"""

from __future__ import annotations

import importlib
import os
import sys
from itertools import pairwise
from pathlib import Path

from skyrocket.cli import about, blockers, environment, explain, machine, settings
from skyrocket.cli.verbs import VERBS, Verb, nearest
from skyrocket.fetch import places, sources
from skyrocket.fetch.errors import ConfigError

USAGE_ERROR = 2
HELP = ("", "help", "-h", "--help")


def main(argv: list[str]) -> int:
    """Exit status of the whole program."""
    _speak_utf8()
    cache = places.cache()
    try:
        status = _dispatch(argv, cache)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output went away, as `| head` does: that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the last resort
        return explain.report(error, cache)
    return status


def _dispatch(argv: list[str], cache: Path) -> int:
    name = argv[0] if argv else ""
    if name in HELP:
        return about.main()
    verb = VERBS.get(name)
    if verb is None:
        near = nearest(name)
        meant = f"did you mean: ./skyrocket {near}" if near else "./skyrocket shows all verbs"
        explain.say([f"skyrocket: cannot {name}: there is no such verb", f"  way out: {meant}"])
        return USAGE_ERROR
    if verb.group is not None:
        bundle = _bundle(argv)
        found = [] if _wants_help(argv) else _blockers(verb, cache, offline=bundle is not None)
        if found:
            explain.say([blockers.render(found).rstrip(), *_settings(found)])
            return 1
        _keep_bytecode(cache)
        sys.path.insert(0, str(environment.ready(verb.group, bundle)))
    room, _, function = verb.module.partition(":")
    module = importlib.import_module(f"skyrocket.cli.{room}")
    return int(getattr(module, function or "main")(argv[1:]))


def _bundle(argv: list[str]) -> Path | None:
    """The file of `--bundle`: from now on everything comes from it alone."""
    given = [word.removeprefix("--bundle=") for word in argv if word.startswith("--bundle=")]
    given += [after for word, after in pairwise(argv) if word == "--bundle"]
    if not given:
        return None
    # The rooms below read a list of sources that is cut at spaces, and a path may hold some.
    try:
        descriptor = os.open(given[-1], os.O_RDONLY)
    except OSError as error:
        raise ConfigError(
            f"cannot read bundle {given[-1]}: {error.strerror}", "./skyrocket bundle FILE makes one"
        ) from error
    os.environ[sources.VARIABLE] = f"/proc/self/fd/{descriptor}"
    return Path(given[-1]).absolute()


def _wants_help(argv: list[str]) -> bool:
    return "-h" in argv or "--help" in argv


def _blockers(verb: Verb, cache: Path, *, offline: bool) -> list[blockers.Blocker]:
    price = about.cost_here(cache)
    missing = not environment.is_ready(verb.group or "") or (verb.builds and price.download > 0)
    network = environment.network_problem() if missing and not offline else None
    needed = price.disk if verb.builds else 0
    return blockers.find(machine.look(str(cache), needed, network))


def _settings(found: list[blockers.Blocker]) -> list[str]:
    """What is configured here, when the network is what fails."""
    return settings.lines() if any("sources do not answer" in one.problem for one in found) else []


def _keep_bytecode(cache: Path) -> None:
    """Compiled modules go into the cache, so that the checkout may be read-only or root's."""
    sys.pycache_prefix = str(cache / "pycache")
    sys.dont_write_bytecode = False


def _speak_utf8() -> None:
    """A locale that cannot show a character must not end the program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
