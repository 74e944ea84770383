"""The judge as a process: what is asked, what is answered, and what is said when it cannot answer."""

from __future__ import annotations

import sys

import pytest
from rehearse_support import USER

from tracer.errors import RehearseError
from tracer.rehearse.judge import Decision, JudgeProcess, Need

GET = Need("s3:GetObject", "arn:aws:s3:::b/k", {"aws:SourceIp": "203.0.113.10"})

ECHO = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps([ANSWER for _ in asked["calls"]]), flush=True)
"""


def process(answer: str) -> JudgeProcess:
    """A judge that gives the same answer to everything; `answer` is an expression about `asked`."""
    return JudgeProcess.start([sys.executable, "-c", ECHO.replace("ANSWER", answer)])


@pytest.mark.parametrize("decision", list(Decision))
def test_decisions_are_read(decision: Decision):
    with process(repr(str(decision))) as judge:
        assert judge.decide([], USER.arn, [GET, GET]) == [decision, decision]
        assert judge.decide([], USER.arn, []) == []


def test_what_is_asked():
    question = (
        '{"policies": [{"Id": "p"}], "calls": [{"action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", '
        f'"context": {{"aws:SourceIp": "203.0.113.10"}}, "principal": "{USER.arn}", "unchecked": false}}]}}'
    )
    with process(f'"Allowed" if line.strip() == {question!r} else line') as judge:
        assert judge.decide([{"Id": "p"}], USER.arn, [GET]) == [Decision.ALLOWED]


def test_an_answer_that_is_no_decision_is_told():
    with (
        process('"error: no.resource.types"') as judge,
        pytest.raises(RehearseError, match="cannot decide on s3:GetObject"),
    ):
        judge.decide([], USER.arn, [GET])


def test_a_judge_that_has_ended_is_told():
    with (
        JudgeProcess.start([sys.executable, "-c", ""]) as judge,
        pytest.raises(RehearseError, match="the judge has ended before it answered"),
    ):
        judge.decide([], USER.arn, [GET])


def test_a_judge_that_is_not_there_is_told(tmp_path):
    with pytest.raises(RehearseError, match="the judge cannot be started"):
        JudgeProcess.start([str(tmp_path / "none")])
