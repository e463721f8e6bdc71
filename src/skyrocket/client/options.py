"""The global options of one call of `apiclient`."""

import sys

from skyrocket.client.connection import SOCKET

LEVELS = ("trace", "debug", "info", "warn", "error")


class Options:
    """The global options of one call."""

    __slots__ = ("help", "level", "socket", "verbose")

    def __init__(self) -> None:
        self.socket = SOCKET
        self.level = "info"
        self.verbose = False
        self.help = False

    def log(self, text: str) -> None:
        """Tell the person at the terminal: standard error, not the data."""
        if self.level in ("trace", "debug", "info"):
            sys.stderr.write(text + "\n")
            sys.stderr.flush()
