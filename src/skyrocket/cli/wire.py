"""The wire table, docs/wire.toml: what it says, and the page that is made of it.

Reads nothing but the table; that it is true of the code is for tests/house/test_wire.py to see.
"""

from __future__ import annotations

import tomllib
from typing import NamedTuple

HEAD = """\
# The wire, row by row

Made from [wire.toml](wire.toml), whose form is said there. Each row names the test that shows it:
a *story* is a golden file with the answer word for word. The same table as OpenAPI:
[openapi.json](openapi.json) (`./skyrocket settings openapi`). What the calls mean is in
[api.md](api.md), what differs from Bottlerocket in [compatibility.md](compatibility.md).
"""


class Row(NamedTuple):
    """One thing that a client may meet, and the test that shows it."""

    what: str
    meaning: str
    test: str


class Endpoint(NamedTuple):
    """A method and a path; DATA and BODY name types, nothing: there is none."""

    method: str
    path: str
    query: tuple[str, ...]
    body: str
    data: str
    answers: tuple[Row, ...]


class Verb(NamedTuple):
    """A subcommand of `apiclient`; with the words BASE it means something."""

    name: str
    base: tuple[str, ...]
    options_first: bool
    options: tuple[Row, ...]
    statuses: tuple[Row, ...]


class Table(NamedTuple):
    parameters: dict[str, str]
    common: tuple[Row, ...]
    endpoints: tuple[Endpoint, ...]
    closes: tuple[Row, ...]
    verbs: tuple[Verb, ...]
    missing: tuple[tuple[str, str], ...]

    @property
    def rows(self) -> list[Row]:
        """Every row there is."""
        verbs = [row for verb in self.verbs for row in (*verb.options, *verb.statuses)]
        answers = [row for endpoint in self.endpoints for row in endpoint.answers]
        return [*self.common, *answers, *self.closes, *verbs]


def read(text: str) -> Table:
    """The table in TEXT, the content of docs/wire.toml."""
    raw = tomllib.loads(text)
    endpoints = []
    for name, said in raw["endpoint"].items():
        method, _, path = name.partition(" ")
        query = tuple(said.get("query", ()))
        words = said.get("body", ""), said.get("data", "")
        endpoints.append(Endpoint(method, path, query, *words, _rows(said["answers"])))
    verbs = [
        Verb(
            name,
            tuple(said.get("base", ())),
            said.get("first", False),
            _rows(said.get("options", [])),
            _rows(said.get("statuses", [])),
        )
        for name, said in raw["client"].items()
    ]
    return Table(
        raw["parameter"],
        _rows(raw["common"]["answers"]),
        tuple(endpoints),
        _rows(raw["exec"]["closes"]),
        tuple(verbs),
        tuple((what, why) for what, why in raw["missing"]["options"]),
    )


def _rows(said: list[list[object]]) -> tuple[Row, ...]:
    return tuple(Row(str(what), str(meaning), str(test)) for what, meaning, test in said)


def page(table: Table) -> str:
    """docs/wire.md."""
    lines = [HEAD, "## Endpoints", "", "| endpoint | status | when | test |", "|---|---|---|---|"]
    for endpoint in table.endpoints:
        lines += _cells(f"`{endpoint.method} {endpoint.path}`", endpoint.answers)
    lines += _cells("every one of them", table.common)
    lines += ["", "## Ends of `exec`", "", "| | close code | when | test |", "|---|---|---|---|"]
    lines += _cells("`GET /exec`", table.closes)
    lines += [
        "",
        "## `apiclient`",
        "",
        "| subcommand | option | what | test |",
        "|---|---|---|---|",
    ]
    for verb in table.verbs:
        name = "every one" if verb.name == "global" else f"`{verb.name}`"
        lines += _cells(name, verb.options, code=True)
        lines += _cells(f"{name}, exit status", verb.statuses)
    lines += ["", "Bottlerocket's client has these besides:", "", "| what | why not |", "|---|---|"]
    lines += [f"| `{what}` | {why} |" for what, why in table.missing]
    return "\n".join(lines) + "\n"


def _cells(name: str, rows: tuple[Row, ...], *, code: bool = False) -> list[str]:
    return [
        f"| {name} | {_option(row.what) if code else row.what} | {row.meaning} | {_test(row)} |"
        for row in rows
    ]


def _option(text: str) -> str:
    """Each word of `-j, --json` as code; what stands in parentheses is prose."""
    return ", ".join(word if word.startswith("(") else f"`{word}`" for word in text.split(", "))


def _test(row: Row) -> str:
    story = row.test.removeprefix("story ")
    if story != row.test:
        return f"[{story}](../tests/golden/api/{story}.txt)"
    file, _, name = row.test.partition("::")
    words = name.removeprefix("test_").replace("_", " ")
    return f"[{words}](../tests/{file})"
