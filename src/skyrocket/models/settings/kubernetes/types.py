"""The scalar types of Kubernetes settings alone."""

import re
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from skyrocket.models.settings.forms import Forms
from skyrocket.models.settings.scalars import IpAddress, Patterned, Scalar, ScalarError

_LABEL = "(?:[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?)"
EvictionKey = Literal[
    "memory.available",
    "nodefs.available",
    "nodefs.inodesFree",
    "imagefs.available",
    "imagefs.inodesFree",
    "pid.available",
]
ReservedResource = Literal["cpu", "memory", "ephemeral-storage", "pid"]


class KubernetesClusterName(Patterned):
    """The name of a cluster: letters, digits, '_' and '-', at most 100."""

    __slots__ = ()
    pattern = "[0-9A-Za-z][A-Za-z0-9_-]{0,99}"
    rule = "must be 1 to 100 of [A-Za-z0-9_-] and begin with a letter or digit"


class KubernetesLabelKey(Patterned):
    """The name of a label or taint: an optional prefix and '/', then at most 63 characters."""

    __slots__ = ()
    pattern = f"(?:[a-zA-Z0-9.-]{{1,253}}/)?{_LABEL}"
    rule = "is no name of a label such as example.com/role"


class KubernetesLabelValue(Patterned):
    """The value of a label: empty, or at most 63 characters between letters or digits."""

    __slots__ = ()
    pattern = f"{_LABEL}?"
    rule = "is no value of a label: at most 63 of [a-zA-Z0-9._-], letters or digits at its ends"


class KubernetesTaintValue(Patterned):
    """The value of a taint and its effect: `special:NoSchedule`, `:NoExecute`."""

    __slots__ = ()
    pattern = f"{_LABEL}?:[a-zA-Z0-9]{{1,253}}"
    rule = "has not the form VALUE:EFFECT, such as special:NoSchedule"


class TaintValues(Forms):
    """A KubernetesTaintValue or a list of them that is not empty; kept as a list."""

    __slots__ = ()
    forms: ClassVar[dict[type, Any]] = {
        str: KubernetesTaintValue,
        list: list[KubernetesTaintValue],
    }

    @classmethod
    def settle(cls, value: Any) -> Any:
        if value == []:
            raise ScalarError("a taint without a value: the list is empty")
        return [value] if isinstance(value, str) else value


class KubernetesBootstrapToken(Patterned):
    """A token such as `abcdef.0123456789abcdef`."""

    __slots__ = ()
    pattern = r"[a-z0-9]{6}\.[a-z0-9]{16}"
    rule = "has not the form abcdef.0123456789abcdef"

    @classmethod
    def refuse(cls, text: str) -> str | None:
        """Why not, without the text: it is a secret."""
        return None if re.fullmatch(cls.pattern, text) else f"it {cls.rule}"


class KubernetesQuantityValue(Patterned):
    """An amount: `100m`, `0.5`, `1Gi`, `1e9`."""

    __slots__ = ()
    pattern = r"[+-]?[0-9.]+(?:e?[0-9]*|[EPTGMK]i?|[numk])"
    rule = "is no amount such as 100m, 0.5 or 1Gi"


class KubernetesThresholdValue(Scalar):
    """An amount, or a percentage from 0 to less than 100: `100Mi`, `5%`."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if not text.endswith("%"):
            return KubernetesQuantityValue.refuse(text)
        number = re.fullmatch(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+", text[:-1])
        if number and float(number[0]) < 100:
            return None
        return f"{text!r} is no percentage from 0% to less than 100%"


class PercentText(Scalar):
    """A whole number from 0 to 100, as text."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if re.fullmatch("[0-9]{1,9}", text) and int(text) <= 100:
            return None
        return f"{text!r} is no whole number from 0 to 100"


class IntegerPercent(Forms):
    """A whole number from 0 to 100, as a number or as text; kept as given."""

    __slots__ = ()
    forms: ClassVar[dict[type, Any]] = {
        int: Annotated[int, Meta(ge=0, le=100)],
        str: PercentText,
    }


class KubernetesClusterDnsIp(Forms):
    """An IP address, or a list of them; kept as given."""

    __slots__ = ()
    forms: ClassVar[dict[type, Any]] = {str: IpAddress, list: list[IpAddress]}


class DNSDomain(Patterned):
    """The name of a domain; no address, no dot in front."""

    __slots__ = ()
    pattern = r"(?![0-9.]+$)(?!\.)[^\s/?#@:<>\\^|\[\]%\x00-\x20\x7f]{1,253}"
    rule = "is no name of a domain such as cluster.local"


class KernelCpuSetValue(Patterned):
    """A set of processors: `0-3,7`."""

    __slots__ = ()
    pattern = "[0-9]+(?:-[0-9]+)?(?:,[0-9]+(?:-[0-9]+)?)*"
    rule = "is no set of processors such as 0-3,7"


class IdsPerPod(Forms):
    """A number of user ids, a multiple of 65536."""

    __slots__ = ()
    forms: ClassVar[dict[type, Any]] = {int: Annotated[int, Meta(ge=65536, le=2**32 - 1)]}

    @classmethod
    def settle(cls, value: Any) -> Any:
        if value % 65536:
            raise ScalarError(f"{value} is no multiple of 65536")
        return value
