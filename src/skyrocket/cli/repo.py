"""`repo VERB`: make, fill, sign, check and serve an update repository; or be a client of one."""

from __future__ import annotations

import argparse
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from skyrocket.cli.checkout import ROOT
from skyrocket.models.releases import Kind, ReleaseError, WavePlan, bounds, offset
from skyrocket.publish import checks, repository, serve, signers, simulation
from skyrocket.publish.errors import PublishError
from skyrocket.publish.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyrocket.models.update import Update

WAVES = ROOT / "waves"


def main(argv: list[str]) -> int:
    if argv[:1] == ["tuf-client"]:
        from skyrocket.cli import tuf_client

        return tuf_client.main(argv[1:])
    wish = parser().parse_args(argv)
    if wish.verb == "simulate":
        return _simulate(wish)
    keys = wish.keys or signers.folder_for(wish.repo.absolute())
    return VERBS[wish.verb](Store(wish.repo, keys, datetime.now(UTC)), wish)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("skyrocket repo", description=__doc__)
    verbs = made.add_subparsers(dest="verb", required=True)
    init = verbs.add_parser("init", help="an empty repository, and keys beside it")
    add = verbs.add_parser("add", help="publish an image")
    wave = verbs.add_parser("wave", help="say when which part of a fleet may take a version")
    withdraw = verbs.add_parser("withdraw", help="take a version back")
    verbs.add_parser("sign", help="sign the root that waits for it, with the keys that are here")
    refresh = verbs.add_parser("refresh", help="sign everything online anew, before it expires")
    refresh.add_argument("--root", action="store_true", help="the root as well, once a year")
    rotate = verbs.add_parser("rotate", help="put a new key in the place of one")
    verbs.add_parser("check", help="is it whole, and until when")
    show = verbs.add_parser("show", help="what it has")
    served = verbs.add_parser("serve", help="serve it on loopback, for tests")
    simulate = verbs.add_parser("simulate", help="play a wave plan over nodes that do not exist")
    client = verbs.add_parser("tuf-client", help="the conformance suite's interface to our client")
    for verb in verbs.choices.values():
        if verb not in {client, simulate}:
            verb.add_argument("--repo", type=Path, required=True, metavar="DIR")
            verb.add_argument("--keys", type=Path, metavar="K", help="(default: DIR.keys)")
    for verb in (init, rotate):
        verb.add_argument("--key-type", default="ed25519", choices=sorted(signers.MAKERS))
    add.add_argument("--manifest", type=Path, required=True, metavar="M", help="of an image")
    for verb in (wave, withdraw):
        verb.add_argument("--version", required=True)
        verb.add_argument("--variant", help="(default: the only one there is)")
        verb.add_argument("--arch", help="(default: the only one there is)")
    for verb in (wave, simulate):
        verb.add_argument("--waves", required=True, metavar="FILE",
                          help=f"or one of: {', '.join(plans())}")  # fmt: skip
    _add_simulation(simulate)
    wave.add_argument("--start", type=moment, help="RFC 3339 (default: now)")
    rotate.add_argument("--role", default=repository.ONLINE_KEY,
                        choices=(repository.ROOT_KEY, repository.ONLINE_KEY))  # fmt: skip
    show.add_argument("--json", action="store_true", help="the manifest")
    served.add_argument("--port", type=int, required=True, metavar="P", help="0: any that is free")
    return made


def _add_simulation(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--nodes", type=int, default=1000, metavar="N",
                      help=f"(default: 1000, at most {simulation.MOST})")  # fmt: skip
    verb.add_argument("--every", type=span, default="1 hour", metavar="TIME",
                      help="how often a node looks (default: 1 hour)")  # fmt: skip
    verb.add_argument("--ramp", choices=("absolute", "offset"), default="absolute",
                      help="the nodes' settings.updates.wave-ramp (default: absolute)")  # fmt: skip
    verb.add_argument("--svg", type=Path, metavar="FILE", help="draw the curve")


def plans() -> list[str]:
    """Names of the wave plans that come with the project."""
    return sorted(path.stem for path in WAVES.glob("*.toml"))


def moment(text: str) -> datetime:
    """A time of RFC 3339; one that does not say where it is counted would mean this machine's."""
    try:
        found = msgspec.convert(text, datetime)
    except msgspec.ValidationError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time of RFC 3339") from error
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} lacks its zone, such as {text}Z")
    return found.astimezone(UTC)


def span(text: str) -> timedelta:
    try:
        found = offset(text)
    except ReleaseError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no time at all")
    return found


def _simulate(wish: argparse.Namespace) -> int:
    if not 1 <= wish.nodes <= simulation.MOST:
        raise PublishError(f"cannot simulate {wish.nodes} nodes: 1 to {simulation.MOST} can be")
    start = datetime.now(UTC)
    fleet = simulation.Fleet(wish.nodes, wish.every, wish.ramp)
    curve = simulation.play(bounds(_plan(wish.waves), start), start, fleet)
    print("\n".join(simulation.table(curve)))
    if wish.svg:
        title = f"{wish.waves}: {wish.nodes} nodes, ramp {wish.ramp}"
        wish.svg.write_text(simulation.picture(curve, title), encoding="utf-8")
        print(wish.svg)
    return 0


def _init(store: Store, wish: argparse.Namespace) -> int:
    repository.init(store, wish.key_type)
    print(f"{store.folder / 'root.json'}: the root to build images with (build --update-root)")
    print(f"{store.keys}: the keys; they are yours alone: keep a copy, publish them nowhere")
    return 0


def _add(store: Store, wish: argparse.Namespace) -> int:
    update = repository.add(store, wish.manifest)
    print(
        f"added {update.version} for {update.variant} ({update.arch}); without waves, all may come"
    )
    return 0


def _wave(store: Store, wish: argparse.Namespace) -> int:
    wanted = _kind(store, wish)
    repository.wave(store, wanted, _plan(wish.waves), wish.start or store.now)
    print(f"waves of {wanted.version} are set")
    return 0


def _withdraw(store: Store, wish: argparse.Namespace) -> int:
    wanted = _kind(store, wish)
    repository.withdraw(store, wanted)
    print(f"withdrew {wanted.version}: nodes that have it go to the newest version left")
    return 0


def _sign(store: Store, _wish: argparse.Namespace) -> int:
    if store.waiting() is None:
        print("no root waits for signatures")
        return 0
    if lack := repository.sign(store):
        print(f"the root still waits: {lack}")
        return 1
    print("the root has all its signatures and is published")
    return 0


def _refresh(store: Store, wish: argparse.Namespace) -> int:
    if wish.root:
        repository.renew(store)
        if _waits(store):
            return 0
    else:
        repository.refresh(store)
    return _ends(store)


def _rotate(store: Store, wish: argparse.Namespace) -> int:
    repository.rotate(store, wish.role, wish.key_type)
    if not _waits(store):
        print(f"the {wish.role} key is another one now; nodes learn it with their next look")
    return 0


def _waits(store: Store) -> bool:
    waiting = store.waiting()
    if waiting is not None:
        print(f"{waiting} waits for signatures: ./skyrocket repo sign, where the root's keys are")
    return waiting is not None


def _check(store: Store, _wish: argparse.Namespace) -> int:
    found = checks.faults(store)
    for fault in found:
        print(fault)
    if found:
        return 1
    return _ends(store)


def _show(store: Store, wish: argparse.Namespace) -> int:
    content = repository.manifest(store)
    if wish.json:
        print(msgspec.json.encode(content).decode())
        return 0
    for each in content.updates:
        print(_line(each))
    for gone in content.withdrawn:
        print(f"{gone.version:12} {gone.variant} ({gone.arch})  withdrawn")
    return _ends(store)


def _line(update: Update) -> str:
    waves = ", ".join(f"{seed}: {when:%Y-%m-%d %H:%M}" for seed, when in update.waves.items())
    return f"{update.version:12} {update.variant} ({update.arch})  waves: {waves or 'none'}"


def _serve(store: Store, wish: argparse.Namespace) -> int:
    repository.manifest(store)
    with serve.server(store.folder, wish.port) as server:
        port = server.server_address[1]
        print(f"http://127.0.0.1:{port}/metadata/ and /targets/; interrupt to stop", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


def _ends(store: Store) -> int:
    for role, end in checks.ends(store).items():
        print(f"{role:10} until {end:%Y-%m-%d %H:%M} UTC")
    return 0


def _kind(store: Store, wish: argparse.Namespace) -> Kind:
    """The version that is meant; variant and architecture only where there are several."""
    there = repository.manifest(store).updates
    known = [
        (each.variant, each.arch)
        for each in there
        if each.version == wish.version
        and wish.variant in {None, each.variant}
        and wish.arch in {None, each.arch}
    ]
    if not known:
        has = ", ".join(f"{one.version} for {one.variant} ({one.arch})" for one in there)
        raise ReleaseError(
            f"cannot find {wish.version}: the repository has no such version",
            f"it has {has or 'none'}",
        )
    if len(known) > 1:
        kinds = ", ".join(f"{variant} ({arch})" for variant, arch in known)
        raise ReleaseError(
            f"cannot find {wish.version}: several kinds of node have it: {kinds}",
            "say --variant and --arch",
        )
    return Kind(*known[0], wish.version)


def _plan(name: str) -> WavePlan:
    path = WAVES / f"{name}.toml" if name in plans() else Path(name)
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), WavePlan)
    except OSError as error:
        raise PublishError(
            f"cannot read waves {name}: {error.strerror}", f"there are: {', '.join(plans())}"
        ) from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PublishError(f"cannot use waves {path}: {error}") from error


VERBS: dict[str, Callable[[Store, argparse.Namespace], int]] = {
    "init": _init, "add": _add, "wave": _wave, "withdraw": _withdraw, "sign": _sign,
    "refresh": _refresh, "rotate": _rotate, "check": _check, "show": _show, "serve": _serve,
}  # fmt: skip
