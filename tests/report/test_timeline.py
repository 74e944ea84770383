"""The picture's geometry."""

import pytest
from emit_support import DEPLOYER, trace_of, used
from hypothesis import given
from strategies import traces

from tracer.model.permission import Basis, Evidence, UsedPermission
from tracer.model.trace import Denial, Trace
from tracer.report.timeline import LANE, Picture, picture


def seen(action: str, first: str, last: str = "", count: int = 1) -> UsedPermission:
    times = [f"2026-11-24T{time}Z" for time in (first, last or first)]
    return UsedPermission(used(action).permission, Evidence(count, *times, ("e",)))


def drawn(*lines: UsedPermission) -> Picture:
    return picture(trace_of(*lines))


def test_a_service_has_a_lane_and_the_first_called_comes_first():
    made = drawn(seen("s3:A", "08:00:05"), seen("iam:B", "08:00:00"), seen("s3:C", "08:00:10"))
    assert [(lane.service, lane.top, lane.permissions) for lane in made.lanes] == [("iam", 0, 1), ("s3", LANE, 2)]
    assert [(lane.first, lane.last) for lane in made.lanes] == [("08:00:00", "08:00:00"), ("08:00:05", "08:00:10")]
    assert made.height == 2 * LANE


def test_a_call_stands_where_its_time_is():
    made = drawn(seen("s3:A", "08:00:00"), seen("s3:B", "08:00:30"), seen("s3:C", "08:01:00"))
    assert [mark.x for mark in made.lanes[0].marks] == ["0.00%", "50.00%", "99.31%"]


def test_calls_of_one_moment_are_one_bar_and_more_calls_a_higher_one():
    made = drawn(seen("s3:A", "08:00:00"), seen("s3:B", "08:00:00"), seen("s3:C", "08:01:00"))
    many, one = made.lanes[0].marks
    assert many.title == "about 08:00:00: 2 calls"
    assert one.title.endswith(": 1 call")
    assert many.height > one.height
    assert many.y + many.height == one.y + one.height


def test_what_was_called_again_is_joined_and_what_overlaps_is_one_line():
    made = drawn(
        seen("s3:A", "08:00:00", "08:00:30", 2),
        seen("s3:B", "08:00:15", "08:00:45", 2),
        seen("s3:C", "08:00:50", "08:00:54", 7),
        seen("s3:D", "08:01:00"),
    )
    assert [(thread.x, thread.end) for thread in made.lanes[0].threads] == [("0.00%", "75.00%"), ("83.33%", "89.58%")]


def test_a_call_that_was_made_once_is_joined_with_nothing():
    assert drawn(seen("s3:A", "08:00:00"), seen("s3:B", "08:01:00")).lanes[0].threads == ()


def test_denied_calls_are_marked():
    times = ("2026-11-24T08:00:00Z", "2026-11-24T08:00:10Z")
    denials = [
        Denial(DEPLOYER, action, None, "AccessDenied", None, "message", Evidence(2, *times, ("e",)))
        for action in ("ecr:DescribeRepositories", None)
    ]
    made = picture(Trace(denied=tuple(denials)))
    assert [(lane.service, lane.denied, lane.calls) for lane in made.lanes] == [("ecr", 2, 0), ("unknown", 2, 0)]
    assert all(mark.denied for lane in made.lanes for mark in lane.marks)
    assert made.lanes[0].marks[0].title == "about 08:00:00: 1 denied call"


def test_a_denied_call_counts_once_where_its_permission_was_added():
    times = ("2026-11-24T08:00:00Z", "2026-11-24T08:00:00Z")
    denial = Denial(DEPLOYER, "s3:GetObject", None, "AccessDenied", None, "message", Evidence(1, *times, ("e",)))
    granted = UsedPermission(used("s3:GetObject", basis=Basis.DENIED).permission, Evidence(1, *times, ("e",)))
    (lane,) = picture(Trace(permissions=(granted,), denied=(denial,))).lanes
    assert (lane.permissions, lane.calls, lane.denied) == (0, 0, 1)
    assert [mark.denied for mark in lane.marks] == [True]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("08:00:00", "08:00:00", ["08:00:00"]),
        ("08:00:00", "08:00:04", ["08:00:00", "08:00:01", "08:00:02", "08:00:03", "08:00:04"]),
        ("08:02:11", "08:15:51", ["08:05", "08:10", "08:15"]),
        ("08:00:00", "11:59:00", ["08:00", "09:00", "10:00", "11:00"]),
    ],
)
def test_the_axis_names_times_that_clocks_have_marks_for(first, last, expected):
    assert [tick.text for tick in drawn(seen("s3:A", first), seen("s3:B", last)).ticks] == expected


def test_the_axis_of_a_month_names_days():
    lines = [
        UsedPermission(used("s3:A").permission, Evidence(1, time, time))
        for time in ("2026-10-30T08:00:00Z", "2026-11-28T08:00:00Z")
    ]
    assert [tick.text for tick in drawn(*lines).ticks] == [
        "2026-11-03",
        "2026-11-09",
        "2026-11-15",
        "2026-11-21",
        "2026-11-27",
    ]


def test_a_lane_without_a_record_comes_last():
    inferred = UsedPermission(used("a4b:X").permission, Evidence())
    assert [lane.service for lane in drawn(inferred, seen("s3:A", "08:00:00")).lanes] == ["s3", "a4b"]


def test_a_trace_without_times_has_no_picture():
    assert drawn(UsedPermission(used("s3:A").permission, Evidence(1, "long ago", None))) == Picture()


@given(traces)
def test_everything_lies_in_the_picture(trace: Trace):
    made = picture(trace)
    assert len(made.ticks) <= 12
    for lane in made.lanes:
        for mark in lane.marks:
            assert 0 <= float(mark.x.rstrip("%")) < 100
            assert lane.top <= mark.y < mark.y + mark.height <= lane.top + LANE
        for thread in lane.threads:
            assert 0 <= float(thread.x.rstrip("%")) < float(thread.end.rstrip("%")) <= 100
