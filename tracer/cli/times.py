"""Moments as `--since` and `--until` take them: ISO 8601, or a distance from now.

    2026-11-24                  that day's first second, UTC
    2026-11-24T08:00:00Z        UTC; so is a time that names no zone
    2026-11-24T09:00+01:00      with its zone
    now, -2h, now-1h            a distance: s(econds), m(inutes), h(ours), d(ays), w(eeks)

and lengths of time as `--wait` takes them: 90s, 20m, 1h.

`now` is an argument. The commands look at their clock once, at the start, so that a window has one length however long
the work takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from tracer.errors import UsageError
from tracer.model.run import TimeWindow

Clock = Callable[[], datetime]
"""Tells the time: aware, in UTC."""

EXAMPLES: Final = "2026-11-24, 2026-11-24T08:00:00Z, 2026-11-24T09:00+01:00, -2h, now-1h, now"

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LENGTH: Final = r"(?P<number>[0-9]+)(?P<unit>[smhdw])"
_DISTANCE: Final = re.compile(rf"(?:now)?-{_LENGTH}")


def system_clock() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


def moment(text: str, now: datetime, option: str) -> datetime:
    """The moment that `text` names, in UTC.

    Args:
        text: what stands behind the option.
        now: what `now` means.
        option: the option's name, for the error.

    Raises:
        UsageError: `text` is no moment, or one that no calendar holds.
    """
    try:
        return _distant(text, now) or _written(text)
    except (ValueError, OverflowError):
        raise UsageError(f"{option}: {text!r} is no time", f"write it as one of: {EXAMPLES}") from None


def length(text: str, option: str) -> timedelta:
    """The length of time that `text` names. Raises UsageError where it names none."""
    match = re.fullmatch(_LENGTH, text)
    try:
        if match:
            return _timedelta(match)
    except OverflowError:
        pass
    raise UsageError(f"{option}: {text!r} is no length of time", "write it as one of: 90s, 20m, 1h")


def window(since: datetime | None, until: datetime | None) -> TimeWindow:
    """The half-open window between two moments. Raises UsageError where it cannot hold a record."""
    if since is not None and until is not None and since >= until:
        raise UsageError(
            f"--since {since.isoformat()} is not before --until {until.isoformat()}: no record can be in between",
            "the window holds its first moment and not its last; where no time zone is named, UTC is meant",
        )
    return TimeWindow(since, until)


def _distant(text: str, now: datetime) -> datetime | None:
    if text == "now":
        return now
    match = _DISTANCE.fullmatch(text)
    return match and now - _timedelta(match)


def _timedelta(match: re.Match[str]) -> timedelta:
    return timedelta(seconds=int(match["number"]) * _SECONDS[match["unit"]])


def _written(text: str) -> datetime:
    written = datetime.fromisoformat(text)
    return written.replace(tzinfo=UTC) if written.tzinfo is None else written.astimezone(UTC)
