"""How a registry knows who asks: bearer tokens as public registries hand them out, or a password.

Tokens are asked of one address and shown at another. A token is its own record (scope, end,
signature), so nothing is stored. Knows nothing of HTTP beyond the text of the headers.
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

    def challenge(self, address: str, repository: str) -> str:
        """Give the WWW-Authenticate header for a request of REPOSITORY that came to ADDRESS."""
        return f'Bearer realm="{address}/token",service="{SERVICE}",scope="{scope_of(repository)}"'

    def knows(self, authorization: str) -> bool:
        """Whether this Authorization header may have a token (always, when no user is set)."""
        return not self._expected or _shows(authorization, self._expected)

    def refreshes(self, word: str) -> bool:
        """Whether WORD, a refresh token, may have a token: here it is USER:PASSWORD itself."""
        return hmac.compare_digest(word.encode(), self._expected.encode())

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


class Passwords:
    """Wants the name and password of one user with every request."""

    def __init__(self, user: str, password: str) -> None:
        self._expected = f"{user}:{password}"

    def challenge(self, _address: str, _repository: str) -> str:
        """Give the WWW-Authenticate header."""
        return f'Basic realm="{SERVICE}"'

    def allows(self, authorization: str, _repository: str) -> bool:
        """Whether the Authorization header of a request is the user's."""
        return _shows(authorization, self._expected)


def _shows(authorization: str, expected: str) -> bool:
    """Whether an Authorization header shows EXPECTED, which is USER:PASSWORD."""
    kind, _, word = authorization.partition(" ")
    try:
        shown = base64.b64decode(word, validate=True)
    except binascii.Error:
        return False
    return kind.lower() == "basic" and hmac.compare_digest(shown, expected.encode())


def scope_of(repository: str) -> str:
    """What a token must name to pull REPOSITORY."""
    return f"repository:{repository}:pull" if repository else ""
