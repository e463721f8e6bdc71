"""One node, every attempt of some kinds, and what came of each: succeeded or not, and why."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

from escape import ground
from escape.attempt import KINDS, SAID, SECRET, SERIAL, Attempt, Case, Kind
from escape.orders import ORDERS
from escape.table import ATTEMPTS

if TYPE_CHECKING:
    from boot.machine import Machine

PLANT_KEY = (
    "import ctypes,sys;c=ctypes.CDLL(None);v=sys.argv[1].encode();"
    "sys.exit(c.syscall(248,b'user',b'escape',v,len(v),ctypes.c_long(-4))<0)"
)


ALL = (*ATTEMPTS, *ORDERS)


class Result(NamedTuple):
    id: str
    kind: Kind
    succeeded: bool
    text: str


def planted() -> dict[str, str]:
    names = ("setting", "environment", "key")
    found = {name: f"escape-secret--{secrets.token_hex(8)}" for name in names}
    # The user data of a host container lies in the settings and, decoded, in its folder.
    return {**found, "data": found["setting"]}


def plant_key(machine: Machine, hidden: dict[str, str]) -> None:
    done = machine.admin(*ground.entered("admin"), "python3.13", "-c", PLANT_KEY, hidden["key"])
    assert done.status == 0, done


def attack(
    machine: Machine,
    hidden: dict[str, str],
    kinds: tuple[Kind, ...] = KINDS,
    *,
    short: bool = False,
) -> list[Result]:
    """Make the attempts from containers of KINDS; effects are looked for by the node's root."""
    chosen = [one for one in ATTEMPTS if one.short or not short]
    results = []
    for kind in kinds:
        nonce = f"esc{secrets.token_hex(4)}"
        if kind == "ordered":
            results += [_ordered(machine, nonce, one) for one in ORDERS]
            continue
        ground.bring(machine, kind)
        results += _of_kind(machine, hidden, kind, nonce, chosen)
    return results


def _ordered(machine: Machine, nonce: str, one: Attempt) -> Result:
    """As whoever orders containers: the node's root starts what ONE says."""
    token = f"{nonce}{ALL.index(one):02d}"
    script = one.go(Case("ordered", token, 0, labelled=ground.enforced(machine)))
    said = machine.admin("sheltie", "-c", script, terminal=True).out
    seen = _look(machine, [one], {one.id: (token, token)})
    return Result(one.id, "ordered", judge(one, token in said, said, {}, one.id in seen), said)


def _of_kind(
    machine: Machine, hidden: dict[str, str], kind: Kind, nonce: str, chosen: list[Attempt]
) -> list[Result]:
    """All of them, then a look for what they left; where one could hide another it looks itself."""
    results = []
    numbers = {one.id: number for number, one in enumerate(ATTEMPTS)}
    said = ground.answers(machine, kind, nonce, tuple(one.id for one in chosen))
    fills = {
        one.id: (f"{nonce}{numbers[one.id]:02d}", str(9000 + 4 * numbers[one.id])) for one in chosen
    }
    seen = _look(machine, chosen, fills)
    for one in chosen:
        went, text = said.get(one.id, [False, "no answer"])
        results.append(Result(one.id, kind, judge(one, went, text, hidden, one.id in seen), text))
    return results


def judge(one: Attempt, went: bool, text: str, hidden: dict[str, str], seen: bool) -> bool:
    """Whether the attempt succeeded: by what it brought home, or by what is seen on the node."""
    if one.seen == SAID:
        return went
    if one.seen.startswith(SECRET):
        return went and hidden[one.seen.removeprefix(SECRET)] in text
    return seen


def _look(machine: Machine, chosen: list[Attempt], fills: dict[str, tuple[str, str]]) -> set[str]:
    """Ids of attempts whose effect the node's root sees; effects are taken back."""
    lines = []
    for one in chosen:
        if one.seen not in {SAID, SERIAL} and not one.seen.startswith(SECRET):
            token, number = fills[one.id]
            script = one.seen.replace("{token}", token).replace("{number}", number)
            undo = one.undo.replace("{token}", token) or ":"
            lines.append(
                f'case "$({{ {script}; }} 2>/dev/null)" in *{token}*|*{number}*) '
                f"echo seen {one.id};; esac; {{ {undo}; }} >/dev/null 2>&1"
            )
    found = {
        x.split()[1] for x in machine.host("\n".join(lines)).out.splitlines() if x[:5] == "seen "
    }
    serial = machine.serial()
    return found | {one.id for one in chosen if one.seen == SERIAL and fills[one.id][0] in serial}
