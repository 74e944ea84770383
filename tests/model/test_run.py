"""The window is half-open, and the options' defaults are those of the commands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tracer.model.permission import ResourcesMode
from tracer.model.run import DeployRun, TimeWindow, TraceOptions

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
END = START + timedelta(minutes=5)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("window", "moment", "expected"),
    [
        pytest.param(TimeWindow(START, END), START - SECOND, False, id="before"),
        pytest.param(TimeWindow(START, END), START, True, id="the first second"),
        pytest.param(TimeWindow(START, END), END - SECOND, True, id="the last second"),
        pytest.param(TimeWindow(START, END), END, False, id="the second after the last"),
        pytest.param(TimeWindow(START, None), END, True, id="no end"),
        pytest.param(TimeWindow(None, END), START - timedelta(days=365), True, id="no start"),
        pytest.param(TimeWindow(None, END), END, False, id="no start, too late"),
        pytest.param(TimeWindow(), END, True, id="no bound"),
        pytest.param(TimeWindow(START, START), START, False, id="an empty window"),
    ],
)
def test_window(window: TimeWindow, moment: datetime, expected: bool):
    assert (moment in window) is expected


def test_a_run_of_which_nothing_is_said_is_everything():
    run = DeployRun()
    assert START in run.window
    assert not (run.principals or run.regions or run.accounts or run.user_agents or run.event_sources)
    assert (run.service, run.stage) == (None, None)


def test_the_defaults_of_the_options():
    assert TraceOptions() == TraceOptions(
        resources=ResourcesMode.NAMES, inferred=True, lifecycle=False, include_denied=False, evidence=3
    )
