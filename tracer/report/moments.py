"""Times of a trace, as a reader wants them: the day once, where all of them are of one day."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tracer.model.permission import Evidence
from tracer.model.trace import Trace
from tracer.report.text import shown

_FORM: Final = "%Y-%m-%dT%H:%M:%SZ"
"""As CloudTrail writes eventTime."""


@functools.lru_cache(65_536)  # a page asks for each time of its trace some ten times
def moment(text: str | None) -> datetime | None:
    """The time that `text` spells, or None: a trace is a file, and may hold anything."""
    try:
        return None if text is None else datetime.strptime(text, _FORM).replace(tzinfo=UTC)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Span:
    """From the first to the last record of a run; both None where there is none with a time."""

    first: datetime | None = None
    last: datetime | None = None

    @classmethod
    def of(cls, trace: Trace) -> Span:
        """The span of all evidence of a trace."""
        return cls.around(
            [*(used.evidence for used in trace.permissions), *(denial.evidence for denial in trace.denied)]
        )

    @classmethod
    def around(cls, evidence: Iterable[Evidence]) -> Span:
        """The span of this evidence."""
        times = [time for item in evidence for time in (moment(item.first), moment(item.last)) if time is not None]
        return cls(min(times, default=None), max(times, default=None))

    @property
    def ends(self) -> tuple[str | None, str | None]:
        """Both as CloudTrail writes them."""
        first, last = (None if time is None else time.strftime(_FORM) for time in (self.first, self.last))
        return first, last

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.last - self.first).total_seconds() if self.first and self.last else 0.0

    @property
    def one_day(self) -> bool:
        """Whether it lies within one day of UTC."""
        return self.first is not None and self.last is not None and self.first.date() == self.last.date()

    @property
    def text(self) -> str:
        """`2026-11-03, 09:02:11 to 09:15:30 UTC`; nothing where there is no time."""
        if self.first is None or self.last is None:
            return ""
        if self.one_day:
            return f"{self.first:%Y-%m-%d}, {self.first:%H:%M:%S} to {self.last:%H:%M:%S} UTC"
        return f"{self.first:%Y-%m-%d %H:%M:%S} to {self.last:%Y-%m-%d %H:%M:%S} UTC"

    def time(self, text: str | None) -> str:
        """A time of the run: without the day where the whole run is of one."""
        known = moment(text)
        if known is None:
            return shown(text or "")
        return f"{known:%H:%M:%S}" if self.one_day else f"{known:%Y-%m-%d %H:%M:%S}"

    def when(self, evidence: Evidence) -> str:
        """When something was seen: one time, or the first and the last; nothing where it was not."""
        times = dict.fromkeys(self.time(text) for text in (evidence.first, evidence.last) if text is not None)
        return " to ".join(times)
