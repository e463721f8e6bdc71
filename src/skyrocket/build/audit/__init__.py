"""The audit: what is in an image is judged by content, so that no name can hide it.

`audit` is pure: entries in, findings out, all of them at once. `audit_version` is what a build
calls: it reads the exemptions of the checkout and raises AuditError. How an image is composed is
not known here, only its files.
"""

from __future__ import annotations

from skyrocket.build.audit.errors import AuditError, ExemptionError
from skyrocket.build.audit.image import Image
from skyrocket.build.audit.model import Finding
from skyrocket.build.audit.rules.boot import Expected
from skyrocket.build.audit.run import Parts, audit, audit_version

__all__ = [
    "AuditError",
    "ExemptionError",
    "Expected",
    "Finding",
    "Image",
    "Parts",
    "audit",
    "audit_version",
]
