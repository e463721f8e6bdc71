"""A settings group that exists in one file, to prove that a group needs no more than that."""

from skyrocket.models.settings.group import ConfigFile, Effect, File, Group, Model, Rendered


class Example(Model, frozen=True):
    greeting: str | None = None


def render(example):
    text = (example or Example()).greeting or "nothing"
    return Rendered((File("/etc/example", f"{text}\n".encode()),))


GROUP = Group(
    name="example",
    about="An example.",
    model=Example,
    effects={"": Effect(does="a greeting", reach="works", restarts=("example.service",))},
    render=render,
    services={"example": ("example",)},
    files={"example": ConfigFile(path="/etc/example", restarts=("example.service",))},
    defaults={"greeting": "hello"},
)
