"""Bearer tokens as public registries hand them out: asked of one address, shown at another.

A token is its own record (scope, end, signature), so nothing is stored. Knows nothing of HTTP
beyond the text of the headers.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SERVICE = "skyrocket-lab"


class Tokens:
    """Issues and checks tokens; with USER and PASSWORD, only to who knows them."""

    def __init__(
        self,
        user: str = "",
        password: str = "",
        *,
        seconds: int = 300,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._expected = f"{user}:{password}" if user else ""
        self._key = secrets.token_bytes(32)
        self.seconds = seconds
        self._clock = clock

    def challenge(self, host: str, repository: str) -> str:
        """Give the WWW-Authenticate header for a request of REPOSITORY that came to HOST."""
        return (
            f'Bearer realm="http://{host}/token",service="{SERVICE}",scope="{scope_of(repository)}"'
        )

    def knows(self, authorization: str) -> bool:
        """Whether this Authorization header may have a token (always, when no user is set)."""
        if not self._expected:
            return True
        kind, _, word = authorization.partition(" ")
        try:
            shown = base64.b64decode(word, validate=True)
        except binascii.Error:
            return False
        return kind.lower() == "basic" and hmac.compare_digest(shown, self._expected.encode())

    def issue(self, scope: str) -> str:
        """Make a token for SCOPE."""
        text = f"{int(self._clock()) + self.seconds} {scope}"
        word = base64.urlsafe_b64encode(text.encode()).decode()
        return f"{word}.{self._sign(word)}"

    def allows(self, authorization: str, repository: str) -> bool:
        """Whether the Authorization header of a request opens REPOSITORY."""
        kind, _, token = authorization.partition(" ")
        word, _, signature = token.partition(".")
        if kind.lower() != "bearer" or not hmac.compare_digest(
            self._sign(word).encode(), signature.encode()
        ):
            return False
        end, _, scope = base64.urlsafe_b64decode(word).decode().partition(" ")
        return int(end) > self._clock() and (
            not repository or scope_of(repository) in scope.split()
        )

    def _sign(self, word: str) -> str:
        return hmac.new(self._key, word.encode(), hashlib.sha256).hexdigest()


def scope_of(repository: str) -> str:
    """What a token must name to pull REPOSITORY."""
    return f"repository:{repository}:pull" if repository else ""
