"""What can go wrong in this room.

AuditFault
├── AuditError       the image holds what it must not; carries all findings
└── ExemptionError   packages/audit.toml cannot be used; carries all mistakes
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyrocket.build.audit.model import Finding


class AuditFault(Exception):  # noqa: N818 - the base of two errors, itself never raised
    """Base of this room's errors; HINT is the way out, when there is one for all of them."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class AuditError(AuditFault):
    """An image that must not be built."""

    def __init__(self, name: str, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        lines = "".join(f"\n  {finding}\n    {finding.way_out}" for finding in findings)
        super().__init__(f"cannot let {name} pass the audit: {len(self.findings)} findings{lines}")


class ExemptionError(AuditFault):
    """The file of exemptions has mistakes."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        lines = "".join(f"\n  {mistake}" for mistake in mistakes)
        super().__init__(f"cannot read the audit's exemptions:{lines}")
