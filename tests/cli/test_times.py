from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.cli.times import EXAMPLES, moment, window
from tracer.errors import UsageError

NOW = datetime(2026, 11, 24, 12, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-11-24T12:30:15+00:00"),
        ("-45s", "2026-11-24T12:29:30+00:00"),
        ("-30m", "2026-11-24T12:00:15+00:00"),
        ("-2h", "2026-11-24T10:30:15+00:00"),
        ("now-1h", "2026-11-24T11:30:15+00:00"),
        ("-1d", "2026-11-23T12:30:15+00:00"),
        ("now-2w", "2026-11-10T12:30:15+00:00"),
        ("-0s", "2026-11-24T12:30:15+00:00"),
        ("2026-11-24", "2026-11-24T00:00:00+00:00"),
        ("2026-11-24T08:00", "2026-11-24T08:00:00+00:00"),
        ("2026-11-24 08:00:01", "2026-11-24T08:00:01+00:00"),
        ("2026-11-24T08:00:01Z", "2026-11-24T08:00:01+00:00"),
        ("2026-11-24T08:00:01.250Z", "2026-11-24T08:00:01.250000+00:00"),
        ("2026-11-24T00:30:00+01:00", "2026-11-23T23:30:00+00:00"),
        ("2026-11-24T08:00:00-0530", "2026-11-24T13:30:00+00:00"),
    ],
)
def test_moments(text: str, expected: str):
    parsed = moment(text, NOW, "--since")
    assert (parsed.isoformat(), parsed.tzinfo) == (expected, UTC)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2h", "+2h", "now+1h", "-2", "-2y", "--2h", "-2h ", "-1h30m", "now-", "-٢h", "2026-13-01",
     "2026-11-24T25:00", "1764000000", "-99999999999w", "0001-01-01T00:00+14:00"],
)  # fmt: skip
def test_no_moments(text: str):
    with pytest.raises(UsageError) as caught:
        moment(text, NOW, "--until")
    assert caught.value.message == f"--until: {text!r} is no time"
    assert EXAMPLES in caught.value.hint
    assert caught.value.exit_code == 2


def test_every_example_of_the_hint_is_a_moment():
    assert all(moment(text, NOW, "--since").tzinfo is UTC for text in EXAMPLES.split(", "))


@given(st.datetimes(timezones=st.timezones()))
def test_what_iso_writes_is_read_back(written: datetime):
    assert moment(written.isoformat(), NOW, "--since") == written.astimezone(UTC)


@pytest.mark.parametrize(
    ("since", "until"),
    [(None, None), (NOW, None), (None, NOW), (NOW, NOW + timedelta(seconds=1))],
    ids=["open", "since", "until", "one-second"],
)
def test_windows(since: datetime | None, until: datetime | None):
    assert (window(since, until).since, window(since, until).until) == (since, until)


@pytest.mark.parametrize("length", [timedelta(0), timedelta(hours=-1)], ids=["empty", "backwards"])
def test_no_windows(length: timedelta):
    with pytest.raises(UsageError, match=r"--since .* is not before --until"):
        window(NOW, NOW + length)
