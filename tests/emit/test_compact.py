"""--compact: wildcards for actions, of which none stands for an action that was not there."""

from __future__ import annotations

import pytest
from emit_support import allow, trace_of, used
from hypothesis import given
from hypothesis import strategies as st

from tracer import emit
from tracer.emit.build import with_sid
from tracer.emit.compact import compact, compacted
from tracer.emit.draft import DraftOptions
from tracer.emit.grants import expanded, parsed_action
from tracer.emit.lines import Line
from tracer.model.action import Action
from tracer.model.policy import Statement
from tracer.reference import table

PLATFORM = [action.text for action in table.expand(Action("sns:CreatePlatform*"))]


def test_the_table_still_has_what_these_tests_are_about():
    assert PLATFORM == ["sns:CreatePlatformApplication", "sns:CreatePlatformEndpoint"]


CASES = {
    "all that begin so": (PLATFORM, ("sns:CreatePlatform*",)),
    "and another": ([*PLATFORM, "sns:Publish"], ("sns:CreatePlatform*", "sns:Publish")),
    "one is missing": (PLATFORM[:1], tuple(PLATFORM[:1])),
    "in another spelling": ([f"SNS:{text[4:]}" for text in PLATFORM], ("SNS:CreatePlatform*",)),
    "without words": ([text.lower() for text in PLATFORM], tuple(map(str.lower, PLATFORM))),
    "no common word": (["s3:GetObject", "sqs:GetQueueUrl"], ("s3:GetObject", "sqs:GetQueueUrl")),
    "a service that the table lacks": (["nosuch:GetA", "nosuch:GetB"], ("nosuch:GetA", "nosuch:GetB")),
}


@pytest.mark.parametrize(("actions", "expected"), CASES.values(), ids=CASES)
def test_which_actions_become_one(actions: list[str], expected: tuple[str, ...]):
    assert compact(allow(actions, "*")).actions == expected


def test_the_shortest_beginning_wins():
    every = [action.text for action in table.expand(Action("sqs:*"))]
    shorter = compact(allow(every, "*")).actions
    assert "sqs:Tag*" not in shorter  # one action alone
    assert "sqs:List*" in shorter
    assert not [text for text in shorter if text.startswith("sqs:List") and text != "sqs:List*"]
    assert "sqs:*" not in shorter


def test_a_sid_that_is_made_of_the_content_is_made_anew_and_a_given_one_stays():
    own = with_sid(allow(PLATFORM, "*"))
    assert compact(own) == with_sid(allow("sns:CreatePlatform*", "*"))
    assert compact(allow(PLATFORM, "*", sid="Mine")).sid == "Mine"


@pytest.mark.parametrize(
    "statement",
    [allow(PLATFORM, "*", effect="Deny"), Statement(not_actions=tuple(PLATFORM), resources=("*",)), allow("*", "*")],
    ids=["a Deny", "a NotAction", "a wildcard"],
)
def test_what_stays_as_it_is(statement: Statement):
    assert compact(statement) == statement


def test_the_baseline_stays_as_it_was_written():
    theirs = allow(PLATFORM, "arn:aws:sns:*:*:theirs")
    ours = allow(PLATFORM, "arn:aws:sns:*:*:ours")
    lines = compacted([Line(theirs, baseline=True), Line(ours)], [theirs])
    assert [line.statement.actions for line in lines] == [tuple(PLATFORM), ("sns:CreatePlatform*",)]


def test_a_draft_says_what_its_wildcards_stand_for():
    trace = trace_of(*(used(action, "*") for action in PLATFORM))
    plain = emit.draft([trace], DraftOptions(baseline="none"))
    assert plain.findings == ()
    draft = emit.draft([trace], DraftOptions(baseline="none", compact=True))
    assert draft.policies[0].statements[0].actions == ("sns:CreatePlatform*",)
    (finding,) = draft.findings
    assert finding.code == "WILDCARD_ACTION"
    assert "sns:CreatePlatform* stands for CreatePlatformApplication, CreatePlatformEndpoint" in finding.message


_names = st.sampled_from(
    [action.text for prefix in ("sqs", "sns", "apigateway", "sts") for action in table.expand(Action(f"{prefix}:*"))]
)


@given(st.lists(_names, min_size=1, max_size=60, unique=True) | st.sets(_names, min_size=20).map(sorted))
def test_nothing_is_added_and_nothing_is_lost(actions: list[str]):
    statement = allow(actions, "*")
    shorter = compact(statement)
    assert {action for text in shorter.actions for action in expanded(parsed_action(text))} == set(map(Action, actions))
    assert len(shorter.actions) <= len(actions)
    assert compact(shorter) == shorter
