"""What is written is read again as the same value."""

from __future__ import annotations

from hypothesis import given
from strategies import conditions, policies, statements, traces

from tracer.model.policy import Conditions, Policy, Statement
from tracer.model.trace import Trace


@given(traces)
def test_traces(trace: Trace):
    text = trace.to_json()
    assert Trace.from_json(text) == trace
    assert Trace.from_json(trace.to_dict()) == trace
    assert Trace.from_json(text).to_json() == text


@given(policies)
def test_policies(policy: Policy):
    text = policy.to_json()
    assert Policy.from_json(text) == policy
    assert Policy.from_json(policy.to_dict()) == policy
    assert policy.size <= len(text)


@given(statements())
def test_statements(statement: Statement):
    assert Statement.from_json(statement.to_json()) == statement


@given(conditions)
def test_conditions(block: Conditions):
    assert Conditions.from_json(block.to_json()) == block


@given(conditions, conditions)
def test_a_block_is_weaker_than_itself_with_more(one: Conditions, other: Conditions):
    assert one.weaker_than(one)
    try:
        both = one | other
    except ValueError:
        return
    assert one.weaker_than(both)
    assert other.weaker_than(both)
    assert Conditions.from_json(both.to_json()) == both
