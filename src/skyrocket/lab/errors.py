"""What can go wrong with nodes on this machine.

LabError            cannot <verb> <thing>: <reason>, and a hint
├── NodeError       no such node, a node in the wrong state, a bad name or setting
├── BootError       the node did not become ready: stage, last serial lines, log
└── ToolError       a program of the tools tree failed
"""

from __future__ import annotations


class LabError(Exception):
    """Base of the room: a one-line message and HINT, the command that helps."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NodeError(LabError):
    pass


class BootError(LabError):
    pass


class ToolError(LabError):
    pass
