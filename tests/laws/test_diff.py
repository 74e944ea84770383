"""The laws of diff: no gain is passed over, and what says the same is no difference."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from emit_support import REQUESTS, allows, baselines, statements
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.emit.diff import Difference, diff
from tracer.emit.grants import expanded, parsed_action
from tracer.model.arn import ArnPattern
from tracer.model.policy import Policy, Statement

_FEW = settings().max_examples // 4
"""`*` is expanded by the whole action table."""

_narrow = st.lists(statements().filter(lambda one: "*" not in one.actions and not one.not_actions), max_size=4)
"""Policies that name their services."""


def policy(some: list[Statement]) -> Policy:
    return Policy(tuple(some))


@settings(max_examples=_FEW)
@given(baselines | _narrow, baselines | _narrow)
def test_every_call_that_is_newly_allowed_is_in_a_gain(old: list[Statement], new: list[Statement]):
    found = diff(policy(old), policy(new))
    for request in REQUESTS:
        was, is_ = allows([policy(old)], request), allows([policy(new)], request)
        if was == is_:
            continue
        told = found.gained if is_ else found.lost
        assert any(
            request.action in change.actions
            and ArnPattern(change.resource).covers(ArnPattern.exactly(request.arn), spanning=True)
            for change in told
        ), request


@settings(max_examples=_FEW)
@given(baselines, st.randoms(use_true_random=False))
def test_order_and_repetition_are_no_difference(some: list[Statement], random: Random):
    shuffled = [*random.sample(some, len(some)), *some]
    assert diff(policy(some), policy(shuffled)) == Difference()


@settings(max_examples=_FEW)
@given(baselines)
def test_a_statement_split_into_single_grants_is_no_difference(some: list[Statement]):
    split = [piece for one in some for piece in _pieces(one)]
    assert diff(policy(some), policy(split)) == Difference()


@given(_narrow)
def test_wildcards_spelled_out_are_no_difference(some: list[Statement]):
    spelled = [
        replace(one, actions=tuple(action.text for text in one.actions for action in expanded(parsed_action(text))))
        for one in some
    ]
    assert diff(policy(some), policy(spelled)) == Difference()


@given(_narrow, _narrow)
def test_more_allows_lose_nothing(old: list[Statement], new: list[Statement]):
    allowing = [one for one in (*old, *new) if one.effect == "Allow"]
    found = diff(policy([one for one in old if one.effect == "Allow"]), policy(allowing))
    assert found.lost == ()


def _pieces(statement: Statement) -> list[Statement]:
    if statement.not_actions or statement.not_resources:
        return [statement]
    return [
        Statement(statement.effect, (action,), (resource,), statement.conditions)
        for action in statement.actions
        for resource in statement.resources
    ]
