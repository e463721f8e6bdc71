"""Group `motd`: the text shown to whoever logs in to a host container."""

from skyrocket.models.settings.group import ConfigFile, Effect, File, Group, Rendered


def render(motd: str | None) -> Rendered:
    text = motd or ""
    return Rendered((File("/etc/motd", f"{text}\n".encode() if text else b""),))


GROUP = Group(
    name="motd",
    about="The message of the day; may have several lines.",
    model=str,
    effects={"": Effect(does="shown at login in host containers", reach="works")},
    render=render,
    services={"motd": ("motd",)},
    files={"motd": ConfigFile(path="/etc/motd")},
    defaults="Welcome to Skyrocket!",
)
