"""Actions by example; their laws are in tests/laws/test_covers.py."""

from __future__ import annotations

import pytest

from tracer.model.action import Action, InvalidAction


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        pytest.param("iam:ListAccessKeys", "IAM:listaccesskeys", True, id="case, as in the IAM guide"),
        pytest.param("s3:get*", "s3:GetObject", True, id="case under a wildcard"),
        pytest.param("s3:Get*", "s3:Get*Acl", True, id="a pattern under a pattern"),
        pytest.param("s3:*", "s3:GetObject", True, id="all of a service"),
        pytest.param("*", "s3:GetObject", True, id="all"),
        pytest.param("*", "*", True, id="all under all"),
        pytest.param("s3:GetObject?", "s3:GetObjects", True, id="one sign"),
        pytest.param("s3:GetObject?", "s3:GetObject", False, id="one sign is not none"),
        pytest.param("s3:*", "*", False, id="a service is not all"),
        pytest.param("s3:GetObject", "s3:GetObjectAcl", False, id="a longer name"),
        pytest.param("s3:Get*", "s3:*", False, id="a wider pattern"),
        pytest.param("iam:Get*", "s3:GetObject", False, id="another service"),
        pytest.param("s3:*", "s3express:CreateBucket", False, id="a service that begins alike"),
    ],
)
def test_covers(wide: str, narrow: str, expected: bool):
    assert Action(wide).covers(Action(narrow)) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s3",
        "s3:",
        ":GetObject",
        "s*:GetObject",
        "*:*",
        "?",
        "**",
        "s3:Get Object",
        "s3: AbortMultipartUpload",
        "s3:Get:a",
    ],
)
def test_what_is_no_action(text: str):
    with pytest.raises(InvalidAction, match="not an IAM action"):
        Action(text)


def test_the_spelling_is_kept_and_does_not_count():
    action = Action("S3:getobject")
    assert (str(action), action.service, action.name) == ("S3:getobject", "s3", "getobject")
    assert action == Action("s3:GetObject")
    assert len({action, Action("s3:GetObject")}) == 1
    assert action != "s3:GetObject"


def test_parts_of_the_pattern_of_all_actions():
    assert (Action("*").service, Action("*").name, Action("*").is_pattern) == ("*", "*", True)


def test_patterns_are_told_from_actions():
    assert [Action(text).is_pattern for text in ("s3:Get*", "s3:Get?", "s3:Get")] == [True, True, False]


def test_actions_sort_without_case():
    texts = ["s3:putObject", "S3:GetObject", "iam:PassRole"]
    assert [action.text for action in sorted(map(Action, texts))] == ["iam:PassRole", "S3:GetObject", "s3:putObject"]
    assert Action("s3:a") <= Action("S3:A")


def test_an_action_is_before_another_only_where_its_name_is():
    assert not Action("s3:b") < Action("s3:a")
    assert not Action("s3:a") < Action("S3:A")
