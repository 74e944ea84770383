"""The bar of `tracer.cli.progress`, drawn by rich: files, bytes and records that were read, and the time left."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from rich.console import Console, RenderableType
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskProgressColumn, TextColumn
from rich.text import Text

from tracer.cli.progress import Reading

_ALL: Final = 1.0
_NARROW: Final = 100
"""Below so many columns the bar itself has no room beside what is told."""


class Bar(Progress):
    """What is seen of a work. It looks at the counts whenever it is drawn; nobody has to tell it.

    Args:
        what: the work.
        reading: how far it is; None where nobody knows.
    """

    def __init__(self, what: str, reading: Reading | None) -> None:
        self._reading = reading
        self._what = what
        console = Console(stderr=True)
        bar = [BarColumn(bar_width=None)] if console.width >= _NARROW else []
        known = [*bar, TaskProgressColumn()] if reading and reading.expected_size else []
        super().__init__(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            *known,
            TextColumn("{task.fields[told]}", markup=False),
            _Time(),
            console=console,
            transient=True,
            expand=True,
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=4,
        )
        self.add_task(what, total=_ALL if known else None, told="")

    def get_renderables(self) -> Iterable[RenderableType]:
        """The line, as things stand now."""
        if reading := self._reading:
            what = _described(self._what, reading)
            for task in self.tasks:
                self.update(task.id, completed=reading.done, description=what, told=told(reading))
        yield from super().get_renderables()


class _Time(ProgressColumn):
    """The time that is left, or where nobody knows it the time that has passed."""

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text(_clock(task.elapsed or 0))
        return Text("" if task.time_remaining is None else f"{_clock(task.time_remaining)} left")


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=int(seconds)))


def told(reading: Reading) -> str:
    """What was read, in words that do not jump: `3/12 files, 1.2/3.4 GB, 12,345 records`."""
    words = [
        *([f"{reading.files:,}/{reading.expected_files:,} files"] if reading.expected_files else []),
        *([_size(reading)] if reading.size or reading.expected_size else []),
        f"{reading.records:,} records",
    ]
    return ", ".join(words)


def _size(reading: Reading) -> str:
    read = decimal(reading.size)
    return f"{read} of {decimal(reading.expected_size)}" if reading.expected_size else read


def _described(what: str, reading: Reading) -> str:
    return f"{what} {reading.passed + 1}/{max(reading.passes, reading.passed + 1)}"
