"""What a run looks like in a terminal: a line with a bar for each step, plain lines where there is no terminal.

It shows what it is told; how far a step is comes from `orchestration.progress` and from Dagster's events.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from orchestration import progress as reports

if TYPE_CHECKING:
    import dagster as dg

DETAIL_WIDTH = 48


class Bars:
    """Progress of named steps, shown while the block lasts."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✔[/]"),
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}", markup=False),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, float] = {}
        self._warnings: list[str] = []
        self._listening = reports.listening(self._hear)

    def __enter__(self) -> Bars:
        self._progress.start()
        self._listening.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listening.__exit__(kind, error, at)
        self._progress.stop()
        for warning in self._warnings:
            self._print(warning, is_warning=True)

    def step(self, name: str) -> Callable[..., None]:
        """A callable `(done, total, detail)` that moves one step's bar."""
        self.begin(name)
        return lambda done, total=None, detail="": self.update(name, done, total, str(detail))

    def begin(self, name: str) -> None:
        """Show that a step has begun."""
        if name not in self._tasks:
            self._started[name] = time.monotonic()
            self._tasks[name] = self._progress.add_task(name, total=None, detail="")

    def update(self, name: str, done: int, total: int | None, detail: str) -> None:
        """Move a step's bar."""
        self.begin(name)
        self._progress.update(self._tasks[name], completed=done, total=total, detail=detail[-DETAIL_WIDTH:])

    def end(self, name: str, failed: bool = False) -> None:
        """Show that a step has ended."""
        self.begin(name)
        self._progress.update(
            self._tasks[name], total=1, completed=0 if failed else 1, detail="failed" if failed else ""
        )
        if not self._console.is_terminal:
            seconds = time.monotonic() - self._started[name]
            self._console.print(f"{'✘' if failed else '✔'} {name} ({seconds:.1f} s)", highlight=False)

    def say(self, text: str, is_warning: bool = False) -> None:
        """Print a sentence above the bars, and a warning once more when the bars have ended: the eye is there then."""
        if is_warning:
            self._warnings.append(text)
        self._print(text, is_warning)

    def _print(self, text: str, is_warning: bool) -> None:
        shown = "".join(letter if letter.isprintable() else "�" for letter in text)  # names are strangers' text
        style = "bold red" if is_warning else None
        self._console.print(f"⚠ {shown}" if is_warning else shown, style=style, markup=False, highlight=False)

    def on_event(self, entry: dg.EventLogEntry) -> None:
        """Follow a run by the events that Dagster records."""
        event = entry.dagster_event
        if event is None:
            return
        name = (event.step_key or "").replace("__", ".")
        if event.event_type_value == "STEP_START":
            self.begin(name)
        elif event.event_type_value in {"STEP_SUCCESS", "STEP_FAILURE"}:
            self.end(name, failed=event.event_type_value == "STEP_FAILURE")
        elif event.event_type_value == "STEP_UP_FOR_RETRY":
            self.say(f"{name} failed and is tried again: {event.message}")

    def _hear(self, report: reports.Progress) -> None:
        if report.task:
            self.update(report.task, report.done, report.total, report.detail)
        else:
            self.say(report.detail, report.is_warning)
