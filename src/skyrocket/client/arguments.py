"""Options of one verb, taken off its part of the command line."""

from skyrocket.client.errors import UsageError


def take(
    words: "list[str]", flags: str = "", valued: str = ""
) -> "tuple[dict[str, str], list[str]]":
    """Split WORDS -> (options by their first spelling, the words that are none).

    FLAGS and VALUED list spellings: `-c,--check -r,--reboot`. A flag's value is "".
    """
    spelled = {}
    for group, kind in ((flags, False), (valued, True)):
        for spellings in group.split():
            names = spellings.split(",")
            spelled.update(dict.fromkeys(names, (names[0], kind)))
    options: dict[str, str] = {}
    rest: list[str] = []
    left = iter(words)
    for word in left:
        name, found, value = word.partition("=")
        if word == "--":
            return options, [*rest, *left]
        if word in spelled:
            first, wants = spelled[word]
            options[first] = _value(word, left) if wants else ""
        elif found and spelled.get(name, ("", False))[1]:
            options[spelled[name][0]] = value
        elif word.startswith("-") and word != "-":
            raise UsageError(f"Unknown argument '{word}'")
        else:
            rest.append(word)
    return options, rest


def _value(word: str, left: "object") -> str:
    value = next(left, None)  # type: ignore[call-overload]
    if value is None:
        raise UsageError(f"Did not give argument to {word}")
    return str(value)
