"""What groups `bootstrap-containers` and `bootstrap-commands` share."""

from typing import Literal

BootstrapMode = Literal["off", "once", "always"]
WHEN = "At no boot, at the next one alone, or at each"
ESSENTIAL = "Whether its failure stops the boot"
