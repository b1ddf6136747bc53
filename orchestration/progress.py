"""How far a step is, for whoever watches: a terminal listens, a scheduled run has no listener.

Only the meeting point belongs here; what a terminal draws is in `orchestration.cli`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """`done` of `total` things of a task (unknown: None), and what is being done now; without a task, a notice."""

    task: str
    done: int
    total: int | None
    detail: str = ""
    is_warning: bool = False


Listener = Callable[[Progress], None]
_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send every report to `listener`, also those from threads, until the block ends."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def report(task: str, done: int, total: int | None, detail: str = "") -> None:
    """Tell the listeners, if there are any."""
    for listener in _listeners:
        listener(Progress(task, done, total, detail))


def notice(text: str, is_warning: bool = False) -> None:
    """Tell the listeners something that is not about one task: what everything waits for, or what must be mended."""
    for listener in _listeners:
        listener(Progress("", 0, None, text, is_warning))
