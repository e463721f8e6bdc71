"""Container images out of locked Debian packages: the same bytes from the same lock, anywhere.

`build` is the line: definition, files, tree, layers, layout. The result is an OCI image layout
folder that any registry or container tool can read.
"""

from __future__ import annotations

from skyrocket.build.oci.compose import build
from skyrocket.build.oci.definition import debian_roots, load, names
from skyrocket.build.oci.errors import OciError

__all__ = ["OciError", "build", "debian_roots", "load", "names"]
