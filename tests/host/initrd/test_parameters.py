"""Kernel parameters of the verified root are set, and a refused one is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.initrd import parameters
from skyrocket.host.initrd.report import Report

if TYPE_CHECKING:
    from pathlib import Path


def test_sets_all_and_says_what_it_cannot(tmp_path: Path) -> None:
    """One bad key makes the node degraded and stops no other."""
    file = tmp_path / "root" / parameters.FILE.lstrip("/")
    file.parent.mkdir(parents=True)
    file.write_text("# a remark\nno.such = 1\nkernel.sysrq = 0\nnet.wmem = 4 5 6\n")
    for folder in ("kernel", "net"):
        (tmp_path / "sys" / folder).mkdir(parents=True)
    report = Report()
    parameters.set_all(report, str(tmp_path / "root"), str(tmp_path / "sys"))
    assert (tmp_path / "sys/kernel/sysrq").read_text() == "0\n"
    assert (tmp_path / "sys/net/wmem").read_text() == "4 5 6\n"
    assert report.degraded == [
        "cannot set kernel parameter no.such to 1: No such file or directory"
    ]
