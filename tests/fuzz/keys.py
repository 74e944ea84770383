"""The names of a trail's files: what keys of a bucket say, whoever may put objects there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from fuzz.harness import text_of
from tracer.collect import trail
from tracer.errors import UsageError
from tracer.model.run import TimeWindow

_WINDOW: Final = TimeWindow(datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC))
_HOUR: Final = timedelta(hours=1)


def target(data: bytes) -> int:
    """One execution. Raises on anything but UsageError, for what names no bucket or no log files."""
    key = text_of(data[:2048])
    if trail.is_log(key):
        assert trail.delivered(key)[8] == "T"
        assert trail.is_in_time(key, TimeWindow(), _HOUR)
    trail.is_in_time(key, _WINDOW, _HOUR)
    found = trail.digest_name(key)
    if found:
        assert not trail.is_log(key)
        trail.covers_from(found, _WINDOW)
    place = trail.descend(key)
    if isinstance(place, trail.Place):
        assert trail.is_account(place.account)
        range_ = trail.log_keys(place, _WINDOW, _HOUR)
        assert range_ is None or range_.prefix.startswith(place.logs)
        assert trail.digest_keys(place, _WINDOW, _HOUR).prefix.startswith(place.digests)
        assert trail.log_keys(place, TimeWindow(), _HOUR) is not None
    try:
        where = trail.location(f"s3://{key}")
    except UsageError:
        return 1
    assert where.bucket
    assert trail.location(str(where)) == where
    return 1
