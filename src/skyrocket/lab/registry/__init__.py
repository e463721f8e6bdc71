"""A container registry on loopback: serves OCI layout folders to lab nodes, read-only.

Real enough for any client of the distribution specification to pull from (tags, digests, ranges,
errors, bearer tokens, passwords, TLS), and nothing more: no push, no storage of its own.
"""

from __future__ import annotations

from skyrocket.lab.registry.server import Registry
from skyrocket.lab.registry.tokens import Passwords, Tokens

__all__ = ["Passwords", "Registry", "Tokens"]
