"""Writes the figures down: JSON for programs, a page for people, the verdicts on both. Pure.

Sections measured earlier stay when a later run measures others; each has its own date, commit and
load, so that nothing looks newer or calmer than it was.
"""

from __future__ import annotations

import json
from typing import cast

from measure.targets import Verdict, judge, kept, shown

Results = dict[str, object]


def merge(before: Results, fresh: Results) -> Results:
    """FRESH sections over those of BEFORE, with the verdicts on all of them."""
    merged = {**before, **fresh}
    merged["targets"] = [
        {
            "text": verdict.target.text,
            "limit": verdict.target.limit,
            "unit": verdict.target.unit,
            "value": verdict.value,
            "verdict": verdict.word,
        }
        for verdict in judge(merged)
    ]
    return merged


def dump(results: Results) -> str:
    return json.dumps(results, indent=1, ensure_ascii=False) + "\n"


def page(results: Results) -> str:
    """docs/evidence/bench.md."""
    lines = [
        "# Figures", "",
        (
            "Made by `scripts/bench`; all values are in [bench.json](bench.json), how they are "
            "measured is in [docs/bench.md](../bench.md)."
        ),
        "", "## Against the targets", "", *table(judge(results)), "",
        "Sections of which every target is kept:", "", "| | |", "|---|---|",
        *(f"| result | **{section} kept** |" for section in kept(judge(results))), "",
        "## Under what they were measured", "", *circumstances(results), "",
        "## The boot", "", "![A boot as a chart](boot.svg)", "", *boot(results), "",
        "## Memory", "", *memory(results), "",
        "## The client", "", *client(results), "",
        "## Settings", "", *settings(results), "",
        "## Updates", "", *update(results), "",
        "## What each layer costs", "", *layers(results), "",
    ]  # fmt: skip
    return "\n".join(lines)


def table(verdicts: list[Verdict]) -> list[str]:
    """One line a target."""
    rows = ["| what | target | measured | |", "|---|---|---|---|"]
    for verdict in verdicts:
        target, word = verdict.target, verdict.word
        most = f"≤ {shown(target.limit, target.unit)}"
        is_there = shown(verdict.value, target.unit)
        bold = f"**{word}**" if word == "FAIL" else word
        rows.append(f"| {target.text} | {most} | {is_there} | {bold} |")
    return rows


def circumstances(results: Results) -> list[str]:
    """When, from which commit, and how busy the machine was."""
    rows = [
        "| section | date (UTC) | commit | processors | load before | pace, ms |",
        "|---|---|---|---|---|---|",
    ]
    for name, section in results.items():
        if isinstance(section, dict) and "measured_under" in section:
            under = cast("dict[str, object]", section["measured_under"])
            commit = f"`{under['commit']}`"
            if under["uncommitted_source_files"]:
                commit += f" and {under['uncommitted_source_files']} changed files"
            busy = "" if under["idle"] else " (not idle)"
            rows.append(
                f"| {name} | {under['date']} | {commit} | {under['processors']} | "
                f"{under['load_before']}{busy} | {under.get('pace_ms', '-')} |"
            )
    return rows


def boot(results: Results) -> list[str]:
    section = _table(results, "boot")
    if not section:
        return ["Not measured."]
    ours, stock = _table(section, "ours"), _table(section, "stock")
    rows = [str(section["compared"]), "", "| | median | least | most |", "|---|---|---|---|"]
    rows.append(_row("ours, ready", _table(ours, "ready_seconds"), "s"))
    worked = "the emulator's processor time until then"
    rows.append(_row(f"ours, {worked}", _table(ours, "processor_seconds"), "s"))
    rows.append(_row("ours, demonstration answers", _table(ours, "demo_answers_seconds"), "s"))
    if "not_measured" in stock:
        return [*rows, "", f"No yardstick: {stock['not_measured']}."]
    rows.append(_row("stock, ready", _table(stock, "ready_seconds"), "s"))
    rows.append(_row(f"stock, {worked}", _table(stock, "processor_seconds"), "s"))
    rows.append(_row("stock, sshd greets", _table(stock, "sshd_greeting_seconds"), "s"))
    different = _table(section, "different_versions")
    said = ", ".join(different) if different else "none"
    return [*rows, "", f"Packages of ours that are of another version in the stock image: {said}."]


def memory(results: Results) -> list[str]:
    section = _table(results, "memory")
    if not section:
        return ["Not measured."]
    rows = ["| process of ours | PSS |", "|---|---|"]
    for name, size in _table(section, "ours").items():
        rows.append(f"| `{name}` | {shown(cast('float', size), 'B')} |")
    rows += ["", "| control group | anonymous and kernel memory |", "|---|---|"]
    for name, size in _table(section, "anon_and_kernel_bytes").items():
        rows.append(f"| `{name}` | {shown(cast('float | None', size), 'B')} |")
    return rows


def client(results: Results) -> list[str]:
    section = _table(results, "client")
    if "not_measured" in section or not section:
        return [f"Not measured: {section.get('not_measured', 'never asked for')}."]
    rows = ["| program, wall clock | median | least | most |", "|---|---|---|---|"]
    for name, said in (
        ("true", "`true`"), ("python", "`python3 -I -S -c pass`"),
        ("apiclient", "`apiclient get os`"),
    ):  # fmt: skip
        rows.append(_row(said, _table(_table(section, name), "wall_ms"), "ms"))
    return rows


def layers(results: Results) -> list[str]:
    section = _table(results, "layers")
    if "whole" not in section:
        return ["Not measured."]
    rows = [
        "| image | ready | processor until then | a container anew | of the stock's | root |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in section.items():
        if not isinstance(row, dict) or "root_bytes" not in row:
            continue
        kinds = ("ready_seconds", "processor_seconds", "container_seconds")
        cells = [f"{_table(row, kind)['median']} s" for kind in kinds]
        cells.append(str(section.get(f"container_ratio {name}", "-")))
        cells.append(shown(cast("float", row["root_bytes"]), "B"))
        rows.append(f"| {name} | {' | '.join(cells)} |")
    stock = _table(section, "stock")
    theirs = (
        f"On the stock image it takes {_table(stock, 'container_seconds')['median']} s."
        if "container_seconds" in stock
        else f"The stock image was not measured: {stock.get('not_measured', 'never asked for')}."
    )
    return [
        *rows,
        "",
        f"Medians; *a container anew* counts from its unit's start to its page's answer. {theirs}",
    ]


def update(results: Results) -> list[str]:
    section = _table(results, "update")
    if "full" not in section:
        return ["Not measured."]
    rows = ["| what changed | over the line | of all bytes |", "|---|---|---|"]
    for name, said in (
        ("own", "two lines of ours, one of them in every program"), ("leaf", "every byte of runc"),
        ("linked", "every byte of zlib, and what is linked with it"),
    ):  # fmt: skip
        row = _table(section, name)
        size = shown(cast("float", row["received_bytes"]), "B")
        rows.append(f"| {said} | {size} | {cast('float', row['ratio']):.1%} |")
    full, seconds = _table(section, "full"), "seconds"
    rows += ["", "| everything, on files | median | least | most |", "|---|---|---|---|"]
    rows.append(_row("applied", _table(full, f"apply_{seconds}"), "s"))
    rows.append(_row("dd and sha256sum", _table(full, f"dd_and_sha256sum_{seconds}"), "s"))
    return rows


def settings(results: Results) -> list[str]:
    section = _table(results, "settings")
    if "plan_ms" not in section:
        return ["Not measured."]
    rows = ["| what | median | least | most |", "|---|---|---|---|"]
    for name, said in (
        ("plan_ms", "500 keys checked and planned"),
        ("set_ms", "one key, from set to applied, the applier started for it"),
        ("set_again_ms", "the same, the applier still there"),
        ("applier_processor_ms", "processor time of an applier, from its start over both"),
    ):
        rows.append(_row(said, _table(section, name), "ms"))
    rows += ["", "| `GET /settings`, a connection each | 50 % | 90 % | 99 % | most |"]
    rows += ["|---|---|---|---|---|"]
    for name, said in (("get_ms", "one client"), ("get_of_8_at_once_ms", "eight at once")):
        found = _table(section, name)
        cells = [f"{found[key]} ms" for key in ("p50", "p90", "p99", "max")]
        rows.append(f"| {said} | {' | '.join(cells)} |")
    size = shown(cast("float", section["chain_bytes"]), "B")
    return [
        *rows,
        "",
        (
            f"The first plan of a process imports modules: {section['first_plan_ms']} ms. "
            f"{section['upgrades']} upgrades, each with a migration, of 500 settings take {size} "
            f"at most, {section['upgrade_ms']} ms each."
        ),
    ]


def _row(name: str, samples: Results, unit: str) -> str:
    cells = [f"{samples[key]} {unit}" for key in ("median", "min", "max")]
    return f"| {name} | {' | '.join(cells)} |"


def _table(of: Results, key: str) -> Results:
    return cast("Results", of.get(key, {}))
