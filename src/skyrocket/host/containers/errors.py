"""What can go wrong around a container.

ContainerError
├── SpecificationError   the container's own settings or its image cannot be used as they are
├── ImageError           the image cannot be fetched, or what was fetched is not an image
└── RuntimeFailedError   containerd, runc or the kernel refused a step
"""

from __future__ import annotations


class ContainerError(Exception):
    """Base of this room's errors: `cannot <verb> <thing>: <reason>`, and a hint apart."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(message)


class SpecificationError(ContainerError):
    """The container's own settings or its image cannot be used as they are."""


class ImageError(ContainerError):
    """The image cannot be fetched, or what was fetched is not an image."""


class RuntimeFailedError(ContainerError):
    """The containerd, runc or kernel of this node refused a step."""
