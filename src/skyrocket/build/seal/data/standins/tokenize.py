# mypy: ignore-errors
"""Stands for `tokenize`: there is no tokenizer. Who asks for source lines finds none."""


class TokenError(Exception):
    pass


def _refuse(*args, **kwargs):
    raise OSError("sealed: there is no source to read")


open = generate_tokens = tokenize = detect_encoding = untokenize = _refuse


def __getattr__(name):
    if name.isupper():
        return -1
    raise AttributeError(name)
