"""The node as `apply` sees it: files, host name, kernel parameters, units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.system import files, journal, proc, systemd

if TYPE_CHECKING:
    from collections.abc import Sequence


class RealHost:
    """This node; with a ROOT, a folder that stands for it."""

    __slots__ = ("_root",)

    def __init__(self, root: str = "") -> None:
        self._root = root

    def read(self, path: str) -> bytes | None:
        return files.read(self._root + path)

    def below(self, folder: str) -> list[str]:
        return [path.removeprefix(self._root) for path in files.below(self._root + folder)]

    def write(self, path: str, content: bytes, mode: int) -> None:
        files.replace(self._root + path, content, mode)

    def remove(self, path: str) -> None:
        files.remove(self._root + path)

    def set_hostname(self, name: str) -> None:
        proc.set_hostname(name)

    def set_parameter(self, key: str, value: str) -> None:
        proc.set_parameter(key, value)

    def set_attribute(self, path: str, value: str) -> None:
        proc.set_attribute(path, value)

    def change_units(self, what: systemd.Change, units: Sequence[str]) -> None:
        systemd.change(what, units)

    def warn(self, text: str) -> None:
        journal.warning(text)
