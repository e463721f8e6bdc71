"""The documents are held to what is there: links, commands, forms, promises."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

from skyrocket.cli.verbs import VERBS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "changes/*.md")
    for path in ROOT.glob(pattern)
    if "evidence" not in path.relative_to(ROOT).parts
)
START = (ROOT / "README.md", ROOT / "docs/architecture.md")
ADR_HEADINGS = ["Context", "Decision", "Figures", "Consequences"]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
# Changes of the next release are found by their folder, not by links.
WAITING = re.compile(r"changes/[\w-]+\.(added|changed|fixed|removed|security)\.md")
FORBIDDEN = re.compile(
    r"pypi\.org|pythonhosted|deb\.debian\.org|snapshot\.debian|security\.debian\.org|docker\.io"
    r"|ghcr\.io|quay\.io|gcr\.io|ecr\.aws|amazonaws|proxy\.golang|registry\.npmjs|artifactory"
    r"|(?<![\w.~])/(?:root|home|work|tmp)/\w",
    re.IGNORECASE,
)


def ident(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(text: str) -> str:
    """TEXT without its code blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def links(path: Path) -> list[tuple[Path, str]]:
    """The files that PATH links to, each with the fragment asked of it."""
    found = []
    for target in LINK.findall(prose(path.read_text(encoding="utf-8"))):
        if "://" not in target and not target.startswith("mailto:"):
            name, _, fragment = target.partition("#")
            found.append(((path.parent / name).resolve() if name else path, fragment))
    return found


def anchors(path: Path) -> set[str]:
    """What the headings of PATH are called in links."""
    titles = re.findall(r"^#+ (.+)$", prose(path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def script(name: str) -> Any:
    """A program of scripts/ as a module."""
    loader = SourceFileLoader(name, str(ROOT / "scripts" / name))
    spec = spec_from_loader(name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = bytecode
    return module


@pytest.mark.parametrize("path", DOCUMENTS, ids=ident)
def test_links_lead_somewhere(path: Path) -> None:
    """Every link in a document names a file that is there and a heading that is in it."""
    broken = [
        f"{ident(target) if target.is_relative_to(ROOT) else target}#{fragment}"
        for target, fragment in links(path)
        if not target.exists() or (fragment and fragment not in anchors(target))
    ]
    assert broken == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=ident)
def test_commands_exist(path: Path) -> None:
    """Every `./skyrocket VERB` in a document is in the table of verbs."""
    said = re.findall(
        r"\./skyrocket ([a-z][a-z-]*)(?: ([a-z]+))?", path.read_text(encoding="utf-8")
    )
    unknown = [verb for verb, _ in said if verb not in VERBS]
    parts = {name: re.findall(r"[a-z]+", VERBS[name].usage) for name in ("node", "image")}
    unknown += [
        f"{verb} {word}" for verb, word in said if word and word not in parts.get(verb, word)
    ]
    assert unknown == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=ident)
def test_names_no_package_source_and_no_machine(path: Path) -> None:
    """Addresses of package sources stand in packages/sources.toml; paths of one machine nowhere."""
    text = path.read_text(encoding="utf-8")
    assert [match.group() for match in FORBIDDEN.finditer(text)] == []


def test_the_search_for_forbidden_words_finds_them() -> None:
    """The pattern is no test that cannot fail."""
    for bad in ("see pypi.org", "FROM Docker.io/x", "in /root/x", "`/home/me`", "(/tmp/x)"):
        assert FORBIDDEN.search(bad), bad
    for good in ("a/root/x", "~/.cache", "/root", "https://x.example/home/x"):
        assert not FORBIDDEN.search(good), good


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/adr/[0-9]*.md")), ids=ident)
def test_decision_records_have_their_form(path: Path) -> None:
    """A record is called `NNNN: title` and has the four parts, in whatever order reads best."""
    text = prose(path.read_text(encoding="utf-8"))
    assert text.startswith(f"# {path.name[:4]}: ")
    found = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert sorted(found) == sorted(ADR_HEADINGS)


def test_every_document_can_be_reached() -> None:
    """Whoever follows links from README or the architecture comes by every document."""
    seen: set[Path] = set()
    waiting = list(START)
    while waiting:
        path = waiting.pop()
        if path not in seen and path.suffix == ".md" and path.exists():
            seen.add(path)
            waiting += [target for target, _ in links(path)]
    lost = [ident(path) for path in DOCUMENTS if path not in seen]
    assert [name for name in lost if not WAITING.fullmatch(name)] == []


def test_readme_has_what_a_newcomer_needs() -> None:
    """README shows the two commands and both pictures."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for needed in (
        "./skyrocket run",
        "./skyrocket test",
        "images/run.svg",
        "images/architecture.svg",
    ):
        assert needed in text


def test_every_proof_of_a_promise_exists() -> None:
    """docs/status.toml names no test and no evidence file that is not there."""
    status = script("status")
    promises = status.read_promises((ROOT / "docs/status.toml").read_text(encoding="utf-8"))
    assert status.problems(promises, status.collect(ROOT), ROOT) == []


def test_readme_claims_no_more_than_was_shown() -> None:
    """Each promise stands in the table, and none "works" whose last known run failed."""
    status = script("status")
    promises = status.read_promises((ROOT / "docs/status.toml").read_text(encoding="utf-8"))
    known, outcomes = status.collect(ROOT), status.read_outcomes(ROOT)
    rows = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    for promise in promises:
        row = next((row for row in rows if f"| {promise.text} |" in row), "")
        assert row, f"run scripts/status: README lacks {promise.text!r}"
        if "| **works** |" in row:
            line = status.judge(promise, known, outcomes)
            assert line.state != status.NOT_YET, promise.text
            assert "failing" not in line.proof, promise.text


def test_a_promise_is_judged_by_what_ran(tmp_path: Path) -> None:
    """No run: not yet. Some passed, or something is missing: partial. All passed: works."""
    status = script("status")
    known = ["tests/a/test_b.py::test_c", "tests/a/test_b.py::test_d"]
    promise = status.Promise("area", "text", tests=("tests/a",))
    passed = {"outcome": "passed"}
    (tmp_path / "x.md").write_text("| result | **identical** |\n")

    def state(outcomes: dict[str, dict[str, str]], **more: Any) -> str:
        return str(status.judge(promise._replace(**more), known, outcomes, tmp_path).state)

    both = dict.fromkeys(known, passed)
    assert state({}) == "not yet"
    assert state({known[0]: passed}) == "partial"
    assert state(both | {known[1]: {"outcome": "failed"}}) == "partial"
    assert state(both) == "works"
    assert state(both, missing="a part") == "partial"
    assert state({}, tests=(), evidence=("x.md shows identical",)) == "works"
    assert state({}, tests=(), evidence=("x.md shows different",)) == "not yet"
    assert state({}, tests=(), evidence=("y.md",)) == "not yet"


def test_outcomes_are_read_from_a_test_run() -> None:
    """Parameters count together, the worst of them wins; classes are part of the name."""
    xml = """<testsuites><testsuite>
    <testcase classname="tests.a.test_b" name="test_c[1]"/>
    <testcase classname="tests.a.test_b" name="test_c[2]"><failure/></testcase>
    <testcase classname="tests.a.test_b.TestX" name="test_d"/>
    <testcase classname="tests.a.test_b" name="test_e"><skipped/></testcase>
    </testsuite></testsuites>"""
    assert script("status").read_junit(xml) == {
        "tests/a/test_b.py::test_c": "failed",
        "tests/a/test_b.py::TestX::test_d": "passed",
        "tests/a/test_b.py::test_e": "skipped",
    }


def test_outcomes_survive_being_kept() -> None:
    """What is packed into the evidence file is unpacked the same."""
    status = script("status")
    kept = {
        "tests/a/test_b.py::test_c": {"outcome": "passed", "commit": "abc", "date": "2026-11-23"},
        "tests/a/test_b.py::T::test_d": {"outcome": "failed", "commit": "de", "date": "2026-11-24"},
    }
    assert status.unpack(status.pack(kept)) == kept


def test_recorder_shows_what_the_command_wrote(tmp_path: Path) -> None:
    """A recording holds the last state of each line, in colour, escaped for SVG."""
    code = r"print('\x1b[32mgreen\x1b[0m <&>'); print('gone\rhere\x1b[K')"
    picture = tmp_path / "picture.svg"
    argv = [sys.executable, "-I", str(ROOT / "scripts/record"), "--output", str(picture)]
    done = subprocess.run(
        [*argv, "--", sys.executable, "-c", code], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    text = picture.read_text(encoding="utf-8").partition("</text>")[2]
    shown = text[text.rindex("&#x27;)</tspan>") :] if "&#x27;)</tspan>" in text else text
    assert "green</tspan>" in shown
    assert "&lt;&amp;&gt;" in shown
    assert ">here</tspan>" in shown
    assert ">gone" not in shown


def test_recorder_cuts_the_middle_of_a_long_text() -> None:
    """With a limit of rows the beginning and the end stay, and the cut is said."""
    record = script("record")
    screen = record.Screen(20)
    screen.write("\r\n".join(str(number) for number in range(30)))
    rows = ["".join(c for c, _ in row) for row in record.cut(screen.rows(), 7)]
    assert rows == ["0", "1", "… 24 lines are left out here …", "26", "27", "28", "29"]
