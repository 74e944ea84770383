import pytest
from hypothesis import given
from strategies import any_text, evidence, traces

from tracer.model.permission import Evidence
from tracer.report.moments import Span, moment

MORNING, NOON, NEXT = "2026-11-24T08:00:00Z", "2026-11-24T12:30:00Z", "2026-11-25T00:00:00Z"


def around(*times: str | None) -> Span:
    return Span.around([Evidence(1, time, time) for time in times])


@pytest.mark.parametrize(
    ("times", "text", "when"),
    [
        ((MORNING, NOON), "2026-11-24, 08:00:00 to 12:30:00 UTC", "12:30:00"),
        ((NEXT, MORNING), "2026-11-24 08:00:00 to 2026-11-25 00:00:00 UTC", "2026-11-24 12:30:00"),
        ((MORNING, "yesterday", None), "2026-11-24, 08:00:00 to 08:00:00 UTC", "12:30:00"),
        (("", None), "", "2026-11-24 12:30:00"),
    ],
)
def test_a_day_is_named_once_where_there_is_but_one(times, text, when):
    span = around(*times)
    assert span.text == text
    assert span.time(NOON) == when


def test_when_something_was_seen():
    span = around(MORNING, NOON)
    assert span.when(Evidence(2, MORNING, NOON)) == "08:00:00 to 12:30:00"
    assert span.when(Evidence(2, MORNING, MORNING)) == "08:00:00"
    assert span.when(Evidence()) == ""
    assert span.when(Evidence(1, "\x1b[2J", None)) == "\\x1b[2J"


@given(any_text)
def test_what_is_no_time_is_none(text):
    assert moment(text) is None


@given(traces)
def test_the_span_of_a_trace_holds_all_its_times(trace):
    span = Span.of(trace)
    for item in (*trace.permissions, *trace.denied):
        for time in (moment(item.evidence.first), moment(item.evidence.last)):
            assert time is None or span.first <= time <= span.last


@given(evidence)
def test_the_ends_are_times_as_cloudtrail_writes_them(item):
    span = Span.around([item])
    assert tuple(map(moment, span.ends)) == (span.first, span.last)
