"""What a log file tells of a run's delivery."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from support import record

from tracer.collect.glance import Glance
from tracer.model.record import Unreadable
from tracer.model.run import TimeWindow

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
WINDOW = TimeWindow(START, START + timedelta(minutes=10))


def of(*records: object) -> Glance:
    return Glance.of([json.dumps(item).encode() for item in records], WINDOW)


def asked(time: str, request_id: str) -> dict[str, object]:
    return record("GetCallerIdentity", "sts.amazonaws.com", time=time, requestID=request_id)


def test_the_events_of_the_window_are_counted():
    times = ("07:59:59", "08:00:00", "08:09:59", "08:10:00")
    assert of(*(record("GetRole", time=f"2026-11-24T{time}Z") for time in times)).events == 2


def test_calls_are_found_by_name_and_time():
    glance = of(
        asked("2026-11-24T08:05:00Z", "early"),
        asked("2026-11-24T08:10:01Z", "late"),
        record("AssumeRole", "sts.amazonaws.com", time="2026-11-24T08:10:02Z", requestID="other"),
        record("GetCallerIdentity", "example.amazonaws.com", time="2026-11-24T08:10:03Z", requestID="foreign"),
    )
    assert glance.request_ids("GetCallerIdentity", START + timedelta(minutes=10)) == {"late"}
    assert glance.request_ids("GetRole", START) == set()


def test_what_is_no_record_counts_for_nothing():
    records = [b"oops", b"[]", b'{"eventTime": 1}', b'{"eventTime": "0001-01-01T00:00:00+23:00"}', Unreadable("", "")]
    assert Glance.of([*records, {"eventTime": "2026-11-24T08:01:00"}], WINDOW) == Glance(1, {})
