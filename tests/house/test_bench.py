"""scripts/bench: what is computed from measurements, without measuring."""

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from measure import boots, builds, chart, facts, layers, report, samples, stock, targets  # noqa: E402

INITRD = '{"started_at": 3.0, "stages": {"start": 0.5, "root": 0.25}}'
KERNEL = "[    0.000000] Linux version 6.12\n[    1.750000] Run /init as init process\n"
UNITS = """Id=skyrocket-api.service
ActiveState=active
InactiveExitTimestampMonotonic=8000000
ActiveEnterTimestampMonotonic=9500000
ExecMainExitTimestampMonotonic=0

Id=skyrocket-console.service
ActiveState=inactive
InactiveExitTimestampMonotonic=9600000
ActiveEnterTimestampMonotonic=0
ExecMainExitTimestampMonotonic=10000000

Id=never.service
ActiveState=inactive
InactiveExitTimestampMonotonic=0
ActiveEnterTimestampMonotonic=0
ExecMainExitTimestampMonotonic=0
"""
ANSWERS = {
    "initrd": INITRD,
    "kernel": KERNEL,
    "units": UNITS,
    "manager": "UserspaceTimestampMonotonic=4000000\nFinishTimestampMonotonic=0\n",
    "processes": f"10 /bin/sh x\n2000 {facts.PROGRAM} api\n\n7 /bin/{facts.PROGRAM[1:]}-not\n",
    "slice system.slice": "anon 100\nfile 5000\nkernel 23\n",
    "slice gone.slice": "",
}


def test_the_middle_is_the_median_and_the_spread_is_shown() -> None:
    """One wild value moves the maximum and not the median."""
    table = samples.Samples((3.0, 1.0, 900.0)).table()
    assert (table["median"], table["min"], table["max"]) == (3.0, 1.0, 900.0)
    assert table["values"] == [3.0, 1.0, 900.0]


def test_rounds_are_interleaved() -> None:
    """No kind of run has the machine for itself in a quiet hour."""
    assert samples.interleaved(("a", "b"), 2) == ["a", "b", "a", "b"]


@pytest.mark.parametrize(
    ("results", "word"),
    [
        ({"image": {"root_bytes": 90_000_000}}, "pass"),
        ({"image": {"root_bytes": 90_000_001}}, "FAIL"),
        ({"image": {"not_measured": "why"}}, "not measured"),
        ({"image": {"root_bytes": True}}, "not measured"),
        ({}, "not measured"),
    ],
)
def test_a_target_passes_only_with_a_figure(results: dict[str, object], word: str) -> None:
    """At the limit it passes, above it fails, without a number it is not measured."""
    verdicts = {verdict.target.path: verdict.word for verdict in targets.judge(results)}
    assert word == verdicts["image.root_bytes"]


def test_a_section_is_kept_when_all_its_targets_are() -> None:
    """A missing or a failing figure keeps the section out of what may be claimed."""
    image: dict[str, object] = {"whole_bytes": 1, "root_bytes": 1, "executables": 1}
    results: dict[str, object] = {"image": image, "boot": {"ratio": 0.4}}
    assert targets.kept(targets.judge(results)) == ["image"]
    image["executables"] = 46
    assert targets.kept(targets.judge(results)) == []


def test_every_target_has_its_own_figure() -> None:
    """No two targets are judged by one number."""
    assert len(targets.TARGETS) == len({target.path for target in targets.TARGETS})


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(None, "s", "-"), (76_255_232, "B", "76.3 MB"), (8.42, "s", "8.4 s"), (0.54, "", "0.54"),
     (21, "", "21"), (18.0, "s", "18 s")],
)  # fmt: skip
def test_figures_are_readable(value: float | None, unit: str, text: str) -> None:
    """Megabytes, seconds and ratios as people write them."""
    assert text == targets.shown(value, unit)


def test_an_answer_is_cut_at_its_headings_alone() -> None:
    """A mark inside a line, as in the command line of the asking shell, is text."""
    parts = facts.parts("=== a\none === b\n=== c d\ntwo\n")
    assert parts == {"a": "one === b\n", "c d": "two\n"}


def test_units_are_sorted_and_those_that_never_ran_are_left_out() -> None:
    """A oneshot ends when its program does, for it is never active."""
    expected = [
        facts.Span("skyrocket-api.service", 8.0, 9.5),
        facts.Span("skyrocket-console.service", 9.6, 10.0),
    ]
    assert expected == facts.spans(facts.properties(UNITS))


def test_stages_follow_one_another() -> None:
    """The interpreter's time is from the kernel's last word to the first of ours."""
    expected = [
        facts.Span("interpreter", 1.75, 3.0),
        facts.Span("start", 3.0, 3.5),
        facts.Span("root", 3.5, 3.75),
    ]
    assert expected == facts.initrd(INITRD, KERNEL)


def test_only_our_own_program_counts_as_ours() -> None:
    """PSS is in kibibytes; a program that merely has our name in its path is another's."""
    found = boots.memory(ANSWERS)
    assert found["ours_pss_bytes"] == 2000 * 1024
    assert {f"{facts.PROGRAM} api": 2000 * 1024} == found["ours"]


def test_memory_without_a_figure_is_none() -> None:
    """Page cache does not count; a slice that is not there has no figure, not zero."""
    expected = {"system.slice": 123, "gone.slice": None}
    assert expected == boots.memory(ANSWERS)["anon_and_kernel_bytes"]


def test_the_chart_is_a_picture_with_every_bar() -> None:
    """Names are escaped, and the picture knows dark backgrounds."""
    picture = boots.picture(boots.Booted(10.0, 14.0, 12.5, ANSWERS))
    tree = ET.fromstring(picture)
    texts = [element.text for element in tree.iter() if element.tag.endswith("text")]
    assert "skyrocket-api.service" in texts
    assert "init: interpreter" in texts
    assert "API ready 9.5 s" in texts
    assert "demonstration 12.0 s" in texts
    assert "prefers-color-scheme: dark" in picture
    ET.fromstring(chart.draw("<&>", [chart.Bar("<a&b>", 0, 1, "ours")], []))


def test_a_later_run_keeps_the_sections_of_an_earlier_one() -> None:
    """And judges all of them anew."""
    before = report.merge({}, {"image": {"root_bytes": 95_000_000}})
    after = report.merge(before, {"client": {"ratio": 0.5}})
    words = {row["text"]: row["verdict"] for row in after["targets"]}  # type: ignore[attr-defined]
    assert (words["root"], words["apiclient get os, of the bare interpreter's"]) == ("FAIL", "pass")
    assert after == json.loads(report.dump(after))


def test_the_page_says_what_failed_and_what_is_missing() -> None:
    """A page can be written from any part of the results."""
    under = {"date": "d", "commit": "c", "uncommitted_source_files": 2, "processors": 2,
             "load_before": 4.5, "idle": False}  # fmt: skip
    page = report.page({
        "image": {"root_bytes": 95_500_000, "measured_under": under},
        "boot": {"compared": "x", "stock": {"not_measured": "not root"}, "ours": {
            "ready_seconds": samples.Samples((9.0,)).table(),
            "processor_seconds": samples.Samples((9.0,)).table(),
            "demo_answers_seconds": samples.Samples((12.0,)).table(),
        }},
    })  # fmt: skip
    assert "| root | ≤ 90 MB | 95.5 MB | **FAIL** |" in page
    assert "4.5 (not idle)" in page
    assert "| result |" not in page
    assert "No yardstick: not root." in page
    assert "| ours, ready | 9.0 s | 9.0 s | 9.0 s |" in page


def test_versions_that_decide_the_comparison_are_compared() -> None:
    """Only kernel, containerd, runc and systemd, and only where both have them."""
    ours = {"containerd": "1", "linux-image-6.12": "2", "bash": "1", "runc": "3"}
    theirs = {"containerd": "1", "linux-image-6.12": "3", "bash": "2"}
    expected = {"linux-image-6.12": {"stock": "3", "ours": "2"}}
    assert expected == stock.different(theirs, ours)


def test_the_stock_image_is_made_anew_with_a_new_lock(tmp_path: Path) -> None:
    """Its name follows the packages, and the demonstration's image."""
    index = tmp_path / "index.json"
    index.write_text("{}", encoding="ascii")
    one = stock.identity(b"one", tmp_path)
    assert stock.identity(b"one", tmp_path) == one
    assert stock.identity(b"two", tmp_path) != one
    index.write_text("[]", encoding="ascii")
    assert stock.identity(b"one", tmp_path) != one


def test_what_hinders_the_stock_image_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No yardstick without a reason."""
    monkeypatch.setattr(stock.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(stock.shutil, "which", lambda _name: None)
    with pytest.raises(stock.CannotMakeError, match=r"not root.*mmdebstrap is not installed"):
        stock.make(tmp_path / "stock", tmp_path, [], tmp_path)
    assert not (tmp_path / "stock").exists()


def test_the_line_that_is_changed_is_there() -> None:
    """The build measurement changes a line of the node's code; it must still find it."""
    original = (ROOT / builds.LINE).read_text(encoding="utf-8")
    assert original.count(builds.FROM) == 1
    compile(original.replace(builds.FROM, builds.TO.replace("{count}", "7")), "x", "exec")


def test_a_layer_is_left_out_of_a_copy(tmp_path: Path) -> None:
    """Each change of data changes something, and only protection goes from the units."""
    (tmp_path / "variants/shared").mkdir(parents=True)
    base = tmp_path / layers.BASE
    base.write_bytes((ROOT / layers.BASE).read_bytes())
    for name in ("selinux", "hardening"):
        layers.without_package(name)(tmp_path)
        assert f'"{name}"' not in base.read_text()
        with pytest.raises(layers.MeasureError, match="does not list it"):
            layers.without_package(name)(tmp_path)
    unit = tmp_path / "packages/x/units/x.service"
    with pytest.raises(layers.MeasureError, match="no unit has one"):
        layers.without_sandboxes(tmp_path)
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nExecStart=/x\nProtectSystem=strict\nMemoryMax=1G\nDeviceAllow=\n")
    layers.without_sandboxes(tmp_path)
    assert unit.read_text() == "[Service]\nExecStart=/x\nMemoryMax=1G\n"
