"""A program of several processes that ends as one: what `beaconmart dev` starts, it also ends.

How the program does its work does not belong here.
"""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress

# What was asked to end may still finish a request. Killing it is safe: a run that dies is made good by the next one.
GRACE_SECONDS = 5.0
_LOOK_SECONDS = 0.1


def run_until_told(command: Sequence[str], grace_seconds: float = GRACE_SECONDS) -> int:
    """Run a program until it ends or SIGTERM, SIGINT or SIGHUP comes, and leave none of its processes behind.

    It gets a session of its own: a terminal's Ctrl-C reaches only this process, and the group that is ended is no wider
    than the program. Returns its exit status; 0 if it was ended because a signal asked for it.
    """
    asked: list[int] = []
    before = {
        number: signal.signal(number, lambda got, _: asked.append(got))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    child = subprocess.Popen(command, start_new_session=True)  # noqa: S603 - whoever calls gives a fixed command
    try:
        while child.poll() is None and not asked:
            time.sleep(_LOOK_SECONDS)
    finally:
        _end_group(child, grace_seconds)
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0 if asked else child.returncode


def _end_group(child: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """Asks every process of the group to end, and kills those that do not; the leader may be gone already."""
    deadline = time.monotonic() + grace_seconds
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            child.poll()
            os.killpg(child.pid, 0)
            time.sleep(_LOOK_SECONDS)
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
