"""The time that trials of changes ask for, moved by hand."""


class Clock:
    """SECONDS of uptime in the boot called NAME."""

    def __init__(self):
        self.seconds, self.name = 100.0, "one"

    def uptime(self):
        return self.seconds

    def boot(self):
        return self.name

    def now(self):
        return "2026-11-25T12:00:00Z"
