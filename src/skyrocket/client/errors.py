"""Errors of the client.

ClientError           printed as one line, exit status 1
├── ConnectError      the node's socket does not answer
├── StatusError       an answer that is not 2xx
└── UsageError        a command line that means nothing: exit status 2
"""


class ClientError(Exception):
    """Base of this room's errors."""


class ConnectError(ClientError):
    """The API cannot be reached."""


class StatusError(ClientError):
    """An answer with a status that is not 2xx; the text is one that other programs parse."""

    def __init__(self, method: str, uri: str, status: int, body: str) -> None:
        self.status = status
        self.body = body
        verb = {"DELETE": "DELETing"}.get(method, f"{method}ing")
        super().__init__(
            f"Failed {method} request to '{uri}': Status {status} when {verb} {uri}: {body}"
        )


class UsageError(ClientError):
    """A command line that means nothing."""
