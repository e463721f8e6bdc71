# mypy: ignore-errors
"""Stands for `decimal`: msgspec asks for the type at its start, and no setting is a decimal."""


class Decimal:
    def __init__(self, *args, **kwargs):
        raise TypeError("sealed: this program has no decimal numbers")
