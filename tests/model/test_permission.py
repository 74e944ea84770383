"""Permissions: their order, and that they are values."""

from __future__ import annotations

import itertools
from dataclasses import FrozenInstanceError, replace

import pytest

from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.permission import Basis, Permission, ResourcesMode, Section
from tracer.model.policy import Conditions

PERMISSION = Permission(
    Section.DEPLOYER,
    "arn:aws:iam::123456789012:user/a",
    Action("iam:GetRole"),
    ArnPattern("arn:aws:iam::123456789012:role/a"),
)

IN_ORDER = [
    replace(PERMISSION, basis=Basis.IMPLIED),
    PERMISSION,
    replace(PERMISSION, via="cloudformation.amazonaws.com"),
    replace(PERMISSION, rule="alias"),
    replace(PERMISSION, rule="alias", via="cloudformation.amazonaws.com"),
    replace(PERMISSION, conditions=Conditions.of("StringEquals", "iam:PassedToService", "lambda.amazonaws.com")),
    replace(PERMISSION, resource=ArnPattern("arn:aws:iam::123456789012:role/b")),
    replace(PERMISSION, action=Action("iam:PassRole")),
    replace(PERMISSION, principal="arn:aws:iam::123456789012:user/b"),
    replace(PERMISSION, section=Section.FUNCTION),
    replace(PERMISSION, section=Section.OTHER),
    replace(PERMISSION, section=Section.SERVICE_ROLE),
]


def test_permissions_are_sorted_by_the_fold_key():
    """By section, principal, action, resource, conditions, basis, rule, via; what is absent comes first."""
    for shift in range(len(IN_ORDER)):
        turned = IN_ORDER[shift:] + IN_ORDER[:shift]
        assert sorted(turned, key=lambda permission: permission.sort_key) == IN_ORDER


def test_no_two_permissions_share_a_key():
    for one, other in itertools.combinations(IN_ORDER, 2):
        assert one != other
        assert one.sort_key != other.sort_key


def test_each_field_takes_part_in_the_key():
    assert len(PERMISSION.sort_key) == len(Permission.__slots__)


def test_a_permission_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        PERMISSION.principal = "arn:aws:iam::123456789012:user/b"  # type: ignore[misc]


def test_the_words_of_the_trace():
    assert [section.value for section in Section] == ["deployer", "service-role", "function", "other"]
    assert [basis.value for basis in Basis] == ["observed", "implied", "inferred", "denied"]
    assert [mode.value for mode in ResourcesMode] == ["exact", "names", "service"]
