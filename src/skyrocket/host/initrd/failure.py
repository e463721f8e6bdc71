"""The end of a boot that cannot go on: say why everywhere, keep it, start again.

Never a prompt, never a freeze. When even this fails, PID 1 ends, the kernel panics, and `panic=`
starts the machine again.
"""

from __future__ import annotations

import os
import time

from skyrocket.host.initrd import drivers
from skyrocket.host.initrd.errors import StopBootError
from skyrocket.host.system import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from skyrocket.host.initrd.report import Report
    from skyrocket.host.slots.record import Records

_CONSOLE = "/dev/console"
_REPEAT = 60


def end(error: Exception, report: Report, records: Records | None, seconds: int) -> None:
    """Say ERROR, keep it for the next boot, reboot after SECONDS (StopBootError: stand still)."""
    reason = f"{report.stage_name}: {describe(error)}"
    report.complain(reason)
    if records:
        try:
            records.leave_reason(reason)
        except OSError as trouble:
            report.complain(f"cannot keep the reason: {trouble}")
    if isinstance(error, StopBootError):
        _stand_still(reason)
    _console(f"skyrocket: this boot failed. {reason}\nskyrocket: starting again in {seconds} s")
    time.sleep(seconds)
    kernel.reboot()


def describe(error: Exception) -> str:
    """An error of ours as it is, any other with the place it came from."""
    text = str(error) or type(error).__name__
    if type(error).__module__.startswith("skyrocket."):
        return text
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}: {text}{where}"


def _stand_still(reason: str) -> None:
    drivers.disarm_watchdog()
    os.sync()
    while True:
        _console(f"skyrocket: stopped. {reason}\nskyrocket: switch the machine off and on to retry")
        time.sleep(_REPEAT)


def _console(text: str) -> None:
    try:
        fd = os.open(_CONSOLE, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        os.write(fd, ("\r\n" + text.replace("\n", "\r\n") + "\r\n").encode())
    finally:
        os.close(fd)
