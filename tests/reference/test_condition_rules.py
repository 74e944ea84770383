"""The condition keys that calls fill: every row against the action table."""

from __future__ import annotations

import pytest

from tracer.model.action import Action
from tracer.reference import condition_rules, table
from tracer.reference.condition_rules import ConditionRule

RULES = [pytest.param(rule, id=f"{rule.key} of {rule.actions[0]}") for rule in condition_rules.rules()]


@pytest.mark.parametrize("rule", RULES)
def test_each_action_has_the_key(rule: ConditionRule):
    for action in rule.actions:
        fact = table.lookup(action.service, action.name)
        assert fact is not None, action
        assert fact.action == action
        assert rule.key in fact.conditions


@pytest.mark.parametrize("rule", RULES)
def test_each_row_has_its_reason(rule: ConditionRule):
    assert rule.why.strip()
    assert rule.source.startswith("https://docs.aws.amazon.com/")
    assert rule.at
    assert "value" in rule.read.groupindex


def test_rules_are_found_by_the_action_as_the_table_spells_it():
    assert [rule.key for rule in condition_rules.for_action(Action("iam:AttachRolePolicy"))] == ["iam:PolicyARN"]
    assert condition_rules.for_action(Action("iam:GetRole")) == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("alias/orders", "alias/orders"),
        ("arn:aws:kms:us-east-1:123456789012:alias/orders", "alias/orders"),
        ("1234abcd-12ab-34cd-56ef-1234567890ab", None),
    ],
)
def test_an_alias_is_stated_by_its_name(text: str, value: str | None):
    rule = next(rule for rule in condition_rules.rules() if rule.key == "kms:RequestAlias")
    match = rule.read.fullmatch(text)
    assert (match and match["value"]) == value
