"""Boots our node and the yardstick in turns; keeps what our node says of its boot and memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from measure import chart, facts, here, node, stock, stock_boot
from measure.samples import Samples, interleaved

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.models.node import Accelerator

OURS, THEIRS = "ours", "stock"
COMPARED = (
    "ours: the API answers, with user data applied and host containers ordered; "
    "stock: containerd is active and sshd accepts connections; both from the start of QEMU"
)


class Bench(NamedTuple):
    """What both kinds of boot need."""

    image: Path
    tools: Path
    work: Path
    accelerator: Accelerator
    yardstick: stock.Stock | None
    why_not: str = ""


class Booted(NamedTuple):
    """One boot of ours. PROCESSOR: seconds that QEMU worked until the node was ready."""

    ready: float
    processor: float
    demo: float
    answers: dict[str, str]


def compare(bench: Bench, rounds: int) -> tuple[dict[str, object], dict[str, object], str]:
    """The sections `boot` and `memory`, and the picture of the last boot of ours."""
    names = (OURS, THEIRS) if bench.yardstick else (OURS,)
    ours: list[Booted] = []
    theirs: list[stock_boot.Boot] = []
    loads: list[list[object]] = []
    for number, name in enumerate(interleaved(names, rounds)):
        loads.append([name, here.load()])
        print(f"boot {number + 1} of {rounds * len(names)}: {name}", flush=True)
        if name == OURS:
            ours.append(_ours(bench, f"bench-{number}"))
        elif bench.yardstick is not None:
            theirs.append(
                stock_boot.boot(
                    stock_boot.Yardstick(
                        bench.yardstick, bench.work / THEIRS, bench.tools, bench.accelerator
                    )
                )
            )
    last = ours[-1].answers
    result: dict[str, object] = {
        "compared": COMPARED, "accelerator": bench.accelerator, "loads": loads,
        OURS: _our_table(ours),
    }  # fmt: skip
    if theirs:
        ready = Samples(tuple(boot.ready for boot in theirs))
        result[THEIRS] = {
            "ready_seconds": ready.table(2),
            "processor_seconds": Samples(tuple(boot.processor for boot in theirs)).table(2),
            "sshd_greeting_seconds": Samples(tuple(boot.greeting for boot in theirs)).table(2),
        }
        mine = Samples(tuple(boot.ready for boot in ours)).median
        result["ratio"] = round(mine / ready.median, 3)
    else:
        result[THEIRS] = {"not_measured": bench.why_not}
    return result, memory(last), picture(ours[-1])


def _ours(bench: Bench, name: str) -> Booted:
    with node.running(name, bench.image) as started:
        processor = started.processor
        demo = started.demo_seconds()
        answers = started.ask()
    node.forget(name)
    return Booted(started.ready, processor, round(demo, 2), answers)


def _our_table(boots: list[Booted]) -> dict[str, object]:
    last = boots[-1].answers
    stages = _stages(last)
    manager = facts.properties(last["manager"])[0]
    return {
        "ready_seconds": Samples(tuple(boot.ready for boot in boots)).table(2),
        "processor_seconds": Samples(tuple(boot.processor for boot in boots)).table(2),
        "demo_answers_seconds": Samples(tuple(boot.demo for boot in boots)).table(2),
        "kernel_to_init_seconds": Samples(tuple(
            _stages(boot.answers)[0].begin for boot in boots
        )).table(2),
        "initrd_stages_seconds": {s.name: round(s.end - s.begin, 3) for s in stages},
        "settings_stages_seconds": json.loads(last["settings"])["seconds"],
        "systemd_seconds": {
            name.removesuffix("TimestampMonotonic"): round(facts.seconds(value), 3)
            for name, value in manager.items()
        },
        "units_seconds": {
            s.name: [round(s.begin, 3), round(s.end, 3)] for s in units(last)
        },
    }  # fmt: skip


def _stages(answers: dict[str, str]) -> list[facts.Span]:
    return facts.initrd(answers["initrd"], answers["kernel"])


def units(answers: dict[str, str]) -> list[facts.Span]:
    """Units that took time, and targets, which say that something is reached."""
    found = facts.spans(facts.properties(answers["units"]))
    return [s for s in found if s.name.endswith((".service", ".target"))]


def memory(answers: dict[str, str]) -> dict[str, object]:
    """Processes of ours with their share of memory; each slice's memory that cannot be dropped."""
    found = facts.processes(answers["processes"])
    mine = facts.ours(found)
    return {
        "ours_pss_bytes": sum(one.pss_bytes for one in mine),
        "ours": {one.command: one.pss_bytes for one in mine},
        "others_pss_bytes": {one.command[:60]: one.pss_bytes for one in found if one not in mine},
        "anon_and_kernel_bytes": {
            name.removeprefix("slice "): facts.memory(text)
            for name, text in answers.items()
            if name.startswith("slice ")
        },
    }


def picture(boot: Booted) -> str:
    """The chart of a boot; the clock is the kernel's, so what QEMU did before is not in it."""
    stages = _stages(boot.answers)
    manager = facts.properties(boot.answers["manager"])[0]
    userspace = facts.seconds(manager.get("UserspaceTimestampMonotonic"))
    started = [s for s in units(boot.answers) if s.end - s.begin >= 0.05]
    first = min(s.begin for s in started)
    bars = [chart.Bar("kernel", 0, stages[0].begin, "kernel")]
    bars += [
        chart.Bar(f"init: {s.name}", s.begin, s.end, "initrd")
        for s in stages
        if s.end - s.begin >= 0.01
    ]
    bars.append(chart.Bar("systemd: its own start", userspace, first, "systemd"))
    bars += [chart.Bar(s.name, s.begin, s.end, chart.kind(s.name)) for s in started]
    # A unit that began later than the demonstration answered has nothing to do with the boot.
    marks = [("API ready", _ready(boot)), ("demonstration", boot.demo - boot.ready + _ready(boot))]
    return chart.draw("From the kernel's start to a served container", bars, marks)


def _ready(boot: Booted) -> float:
    """The API's moment on the kernel's clock: when its service said that it is ready."""
    for span in facts.spans(facts.properties(boot.answers["units"])):
        if span.name == "skyrocket-api.service":
            return span.end
    return boot.ready
