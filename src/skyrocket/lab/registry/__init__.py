"""A container registry on loopback: serves OCI layout folders to lab nodes, read-only.

Real enough for any client of the distribution specification to pull from (tags, digests, ranges,
errors, bearer tokens), and nothing more: no push, no TLS, no storage of its own.
"""

from __future__ import annotations

from skyrocket.lab.registry.server import Registry
from skyrocket.lab.registry.tokens import Tokens

__all__ = ["Registry", "Tokens"]
