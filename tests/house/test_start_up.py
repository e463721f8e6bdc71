"""Starting is a feature: what each program imports, and how long the smallest one takes."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from fakes import api_node

SOURCE = Path(__file__).parent.parent.parent / "src"
PACKAGES = Path(msgspec.__file__).parents[1]  # wherever this environment has them
PYTHON = [sys.executable, "-I", "-S", "-c"]
HEAVY = {"argparse", "asyncio", "email", "http.client", "json", "logging", "pathlib", "ssl",
         "subprocess", "tomllib", "urllib.parse", "wsproto"}  # fmt: skip


def fresh(code, *paths):
    """CODE for a fresh interpreter that finds only PATHS beside the standard library."""
    return f"import sys; sys.path[:0] = {[str(path) for path in paths]!r}; {code}"


def imported(code, *paths):
    """The modules a fresh interpreter imports for CODE, over what it has anyway."""
    text = fresh(f"a = set(sys.modules); {code}; print(*sorted(set(sys.modules) - a))", *paths)
    done = subprocess.run([*PYTHON, text], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("module", "most", "denied"),
    [
        ("skyrocket.host.api.main", 137, HEAVY),
        ("skyrocket.host.boot.sequence", 130, HEAVY | {"h11"}),
        ("skyrocket.host.settings.applier", 130, HEAVY | {"h11"}),
        ("skyrocket.host.boot.console", 40, HEAVY | {"h11", "msgspec", "typing_extensions"}),
        ("skyrocket.host.__main__", 6, HEAVY | {"h11", "msgspec"}),
    ],
)
def test_a_verb_imports_no_more_than_its_budget(module, most, denied):
    modules = imported(f"import {module}", SOURCE, PACKAGES)
    assert not modules & denied
    assert len(modules) <= most, sorted(modules)


def test_the_api_does_not_load_the_settings_model_before_it_is_asked():
    modules = imported("import skyrocket.host.api.main", SOURCE, PACKAGES)
    assert not [name for name in modules if name.startswith("skyrocket.models.settings")]


def test_applying_one_key_imports_its_group_alone(tmp_path):
    """And does apply it: what is not imported must not be missed."""
    call = (
        "from skyrocket.host.settings import applier, doors; "
        "from skyrocket.host.store import document, memory; store = memory.MemoryStore(); "
        "store.save(document.Document({'motd': 'x', 'ntp': {'options': []}})); "
        "before = set(sys.modules); "
        f"host = doors.RealHost({str(tmp_path)!r}); "
        'done = applier.carry_out(b\'{"keys":["settings.motd"]}\', None, store, host); '
        "assert done.changed_files == ['/etc/motd'], done; a |= before"
    )
    modules = imported(call, SOURCE, PACKAGES)
    assert modules == {"skyrocket.models.settings.motd"}


@pytest.mark.parametrize("verb", ["raw", "get", "set", "reboot"])
def test_a_common_call_of_the_client_imports_almost_nothing(verb):
    modules = imported(f"import skyrocket.client.cli, skyrocket.client.verbs.{verb}", SOURCE)
    strange = {name for name in modules if not name.startswith("skyrocket")}
    assert strange <= {"_json", "_socket"}
    assert len(modules) <= 14


def test_a_call_of_the_client_takes_at_most_twice_the_bare_interpreter(tmp_path):
    words = "['apiclient', '-s', sys.argv[1], 'get', 'os']"
    call = fresh(f"from skyrocket.client.cli import main; main({words})", SOURCE)
    with api_node.serving(tmp_path, api_node.state(tmp_path)) as path:
        rounds = [(processor_time("pass", path), processor_time(call, path)) for _ in range(8)]
    bare, ours = (min(times) for times in zip(*rounds, strict=True))
    assert ours <= 2 * bare


def processor_time(code, path):
    """Seconds of processor: on a busy machine the wall clock measures the others."""
    child = os.posix_spawn(
        sys.executable, [*PYTHON, code, path], os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )  # fmt: skip
    _, status, used = os.wait4(child, 0)
    assert status == 0
    return used.ru_utime + used.ru_stime


def modules_of(room):
    return sorted((SOURCE / "skyrocket" / room).rglob("*.py"))


def classes_and_decorators(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield {ast.unparse(base) for base in node.bases}
            yield {ast.unparse(each).partition("(")[0] for each in node.decorator_list}


ROOMS = ["host/api", "host/boot", "host/settings", "host/store", "client", "models/settings"]


@pytest.mark.parametrize("room", ROOMS)
def test_no_class_needs_a_compiler_at_run_time(room):
    """The node has none: named tuples, dataclasses and texts as annotations of structs need it."""
    for path in modules_of(room):
        tree = ast.parse(path.read_text())
        names = set().union(*classes_and_decorators(tree), set())
        assert not names & {"NamedTuple", "dataclass", "dataclasses.dataclass"}, path
        late = any(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in tree.body)
        assert not (late and names & {"Struct", "msgspec.Struct", "Model"}), path
