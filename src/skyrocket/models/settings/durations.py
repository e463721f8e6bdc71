"""Lengths of time as programs written in Go read them."""

from skyrocket.models.settings.scalars import Patterned

_N = r"[0-9]+(?:\.[0-9]+)?"


class KubernetesDurationValue(Patterned):
    """Hours, minutes, seconds, milliseconds in this order: `1h30m`, `10s`, `1.5h`, `100ms`."""

    __slots__ = ()
    pattern = rf"(?=.)(?:{_N}h)?(?:{_N}m)?(?:{_N}s)?(?:{_N}ms)?"
    rule = "is no duration such as 1h30m or 10s"


class ECSDurationValue(Patterned):
    """Hours to nanoseconds in this order: `1h30m`, `10s`, `1.5h`, `100ms`, `5us`, `1ns`."""

    __slots__ = ()
    pattern = rf"(?=.)(?:{_N}h)?(?:{_N}m)?(?:{_N}s)?(?:{_N}ms)?(?:{_N}[uµμ]s)?(?:{_N}ns)?"
    rule = "is no duration such as 1h30m or 10s"
