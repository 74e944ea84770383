"""The functions that templates send values through, and templates themselves."""

from __future__ import annotations

import pytest
from rehearse_support import ACCOUNT, call

from tracer.errors import RehearseError
from tracer.rehearse.templates import Absent, filled, value_of
from tracer.rehearse.words import NOTHING, WORDS, Nothing

CALL = call("x", "Y", {"A": {"B": "c"}, "List": [1], "Empty": None})
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/r"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:s-AbCdEf"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234"


class Full(Nothing):
    """An account that holds one of each."""

    def role_arn(self, account: str, name: str) -> str | None:
        return ROLE

    def user_arn(self, account: str, name: str) -> str | None:
        return f"arn:aws:iam::{ACCOUNT}:user/team/u"

    def secret_arn(self, account: str, region: str, name: str) -> str | None:
        return SECRET

    def key_arn(self, account: str, region: str, key: str) -> str | None:
        return KEY


@pytest.mark.parametrize(
    ("word", "value", "empty", "full"),
    [
        ("function", "f", "f", "f"),
        ("function", "f:live", "f:live", "f:live"),
        ("function", f"{ACCOUNT}:function:f", "f", "f"),
        ("function", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f:1", "f:1", "f:1"),
        ("layer", f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:l", "l", "l"),
        ("table", f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t", "t", "t"),
        ("stack", "s", "s/*", "s/*"),
        ("stack", f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/s/5f", "s/5f", "s/5f"),
        ("role", "r", f"arn:aws:iam::{ACCOUNT}:role/r", ROLE),
        ("role", "arn:aws:iam::1:role/x", "arn:aws:iam::1:role/x", "arn:aws:iam::1:role/x"),
        ("user", "u", f"arn:aws:iam::{ACCOUNT}:user/u", f"arn:aws:iam::{ACCOUNT}:user/team/u"),
        ("secret", "s", f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:s-??????", SECRET),
        ("secret", SECRET, SECRET, SECRET),
        ("key", "1234", KEY, KEY),
        ("key", "alias/mine", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/alias/mine", KEY),
        ("queue", f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/q.fifo", "q.fifo", "q.fifo"),
        ("resource", "arn:aws:events:us-east-1:1:rule/bus/r", "rule/bus/r", "rule/bus/r"),
        ("resource", "r", "r", "r"),
        ("last", "arn:aws:iam::1:instance-profile/team/p", "p", "p"),
        ("path", "/a/b", "a/b", "a/b"),
        ("encoded", "arn:a/b", "arn%3Aa%2Fb", "arn%3Aa%2Fb"),
        ("without_star", "log-group:g:*", "log-group:g", "log-group:g"),
        ("copied", "/b/a%20k?versionId=1", "b/a k", "b/a k"),
        ("image", "1.dkr.ecr.eu-west-1.amazonaws.com/n/m:tag", "arn:aws:ecr:eu-west-1:1:repository/n/m", ...),
    ],
)
def test_what_a_word_makes_of_a_value(word: str, value: str, empty: str, full: object):
    assert WORDS[word](value, CALL, NOTHING) == empty
    assert WORDS[word](value, CALL, Full()) == (empty if full is ... else full)


@pytest.mark.parametrize(
    ("path", "expected"),
    [(".A.B", "c"), (".A", {"B": "c"}), (".A.B.C", None), (".None", None), (".Empty", None), ("region", "us-east-1")],
)
def test_what_a_path_names(path: str, expected: object):
    assert value_of(path, CALL) == expected


def test_an_item_has_paths_too():
    assert value_of("item", CALL, "x") == "x"
    assert value_of("item.Key", CALL, {"Key": "k"}) == "k"
    assert value_of("item.Key", CALL, "x") is None


def test_a_path_that_begins_with_nothing_known_is_a_mistake_of_the_row():
    with pytest.raises(RehearseError, match=r"`A\.B` in a template for x\.Y names nothing"):
        value_of("A.B", CALL)


def test_templates_are_filled():
    template = "arn:{partition}:x:{region}:{account}:{.A.B}/{caller|last}"
    assert filled(template, CALL, NOTHING) == f"arn:aws:x:us-east-1:{ACCOUNT}:c/deployer"


def test_a_template_whose_parameter_is_absent_says_so():
    with pytest.raises(Absent, match=r"\.No"):
        filled("{.No}", CALL, NOTHING)
