"""The wire table is true: endpoints, statuses, subcommands, flags have rows, each with a test."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.golden import FOLDER, expected

from skyrocket.cli import openapi, wire
from skyrocket.client import cli, usage
from skyrocket.host.api import routes
from skyrocket.models.settings import table as settings_table

ROOT = Path(__file__).resolve().parents[2]
TABLE = wire.read((ROOT / "docs/wire.toml").read_text(encoding="utf-8"))
ANSWERS = {(f"{each.method} {each.path}", row.what): row
           for each in TABLE.endpoints for row in each.answers}  # fmt: skip
VERBS = [verb for verb in TABLE.verbs if verb.name != "global"]
FLAG = re.compile(r"(?<![\w-])--?[A-Za-z][a-z-]*")


def names_in(file):
    """The names of the tests in FILE."""
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def story(name):
    """The requests of a golden story -> (route, status) of each."""
    text = (FOLDER / f"api/{name}.txt").read_text(encoding="utf-8")
    asked = r"^>>> (\w+) ([^ ?\n]*).*?\n(\d{3}) "  # a body may have lines
    found = re.findall(asked, text, re.MULTILINE | re.DOTALL)
    return {(f"{method} {path}", status) for method, path, status in found}


def stories():
    return {path.stem for path in (FOLDER / "api").glob("*.txt")}


def test_the_page_is_the_one_the_table_gives():
    text = wire.page(TABLE)
    assert expected("../../docs/wire.md", text) == text


def test_the_openapi_document_is_the_one_that_table_and_types_give():
    text = openapi.text(TABLE, settings_table.load())
    assert expected("../../docs/openapi.json", text) == text


def test_every_route_has_rows_and_no_other():
    there = {" ".join(route) for route in routes.ROUTES} | {f"GET {routes.EXEC}"}
    assert {f"{each.method} {each.path}" for each in TABLE.endpoints} == there


def test_every_row_has_a_test_that_exists():
    """Rows without a test: none."""
    lost = []
    for row in TABLE.rows:
        file, _, name = row.test.partition("::")
        if row.test.startswith("story "):
            found = row.test.removeprefix("story ") in stories()
        else:
            found = (ROOT / "tests" / file).is_file() and name in names_in(file)
        lost += [] if found else [row]
    assert lost == []


def test_a_row_that_names_a_story_is_answered_in_it():
    for (route, status), row in ANSWERS.items():
        if row.test.startswith("story ") and route != "GET /exec":
            assert (route, status) in story(row.test.removeprefix("story ")), (route, status)


def test_every_answer_of_the_stories_has_a_row():
    """Whatever a story is answered stands in the table: a new status needs a new row."""
    known = {" ".join(route) for route in routes.ROUTES}
    common = {row.what for row in TABLE.common}
    met = {pair for name in stories() for pair in story(name) if pair[0] in known}
    assert {pair for pair in met if pair not in ANSWERS and pair[1] not in common} == set()


def test_every_parameter_that_the_code_reads_is_one_of_a_row():
    source = ROOT / "src/skyrocket/host/api"
    text = "".join(path.read_text(encoding="utf-8") for path in source.glob("*.py"))
    read = set(re.findall(r'(?:query\.get|names|wants|number)\((?:request, )?"(\w+)"', text))
    read |= {"from", "to"} if 'for name in ("from", "to")' in text else set()
    read |= set(re.findall(r'"(\w+)" in request\.query', text))
    assert read == {name for each in TABLE.endpoints for name in each.query}
    assert read == set(TABLE.parameters)


def test_every_verb_has_rows_and_no_other():
    names = {verb.name.partition(" ")[0] for verb in VERBS}
    assert names == set(cli.VERBS)


def flags(rows):
    return {word for row in rows for word in FLAG.findall(row.what)}


EVERY_FLAG = sorted({flag for verb in VERBS for flag in flags(verb.options)})
TAKES = {"-j": "{}", "--json": "{}", "--confirm-within": "1m", "-f": "json", "--format": "json"}


def exit_status(verb, flag, tmp_path):
    """How VERB with FLAG ends where no node answers: 1 it was taken, 2 it was refused."""
    words = [*verb.name.split(), *verb.base]
    if flag in ("-j", "--json") and verb.name in ("set", "plan"):
        words = verb.name.split()
    if flag in ("-f", "--format") and "--dry-run" in flags(verb.options):
        words.append("--dry-run")
    given = [flag]
    if flag in TAKES or flag in ("-u", "--uri", "-m", "-X", "--method", "-d", "--data", "-l",
                                 "--level"):  # fmt: skip
        given.append(TAKES.get(flag, "1"))
    if verb.name in ("add", "remove") and flag in ("-j", "--json"):
        given, words[-1] = [flag], '"x"'
    at = 1 if verb.options_first else len(words)
    return cli.main(["apiclient", "-s", str(tmp_path / "none"), *words[:at], *given, *words[at:]])


def test_the_flags_of_the_help_are_those_of_the_table():
    known = flags(row for verb in TABLE.verbs for row in verb.options)
    assert set(FLAG.findall(usage.TEXT)) <= known | {"--format"}
    assert known - set(FLAG.findall(usage.TEXT)) <= {"--tty", "--no-tty", "--check", "--reboot",
                                                     "--level"}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_a_verb_takes_the_flags_of_its_rows_and_refuses_all_others(verb, tmp_path, capsys):
    """So no flag is without a row: whatever any verb has is tried on every verb."""
    own = flags(verb.options)
    taken = {flag for flag in EVERY_FLAG if exit_status(verb, flag, tmp_path) == 1}
    assert taken == own
    capsys.readouterr()


def test_the_verb_prints_the_document():
    argv = [sys.executable, "-I", str(ROOT / "skyrocket"), "settings", "openapi"]
    done = subprocess.run(argv, capture_output=True, check=True)
    assert done.stdout == (ROOT / "docs/openapi.json").read_bytes()
