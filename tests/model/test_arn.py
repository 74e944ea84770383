"""ARNs and their patterns by example; their laws are in tests/laws/test_covers.py."""

from __future__ import annotations

import pytest

from tracer.model.arn import Arn, ArnPattern, InvalidArn

LOG_GROUP = "arn:aws:logs:us-east-1:123456789012:log-group"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("arn:aws:s3:::orders", ("aws", "s3", "", "", "orders")),
        ("arn:aws:s3:::orders/a:b/c.txt", ("aws", "s3", "", "", "orders/a:b/c.txt")),
        ("arn:aws:iam::123456789012:role/ci/deployer", ("aws", "iam", "", "123456789012", "role/ci/deployer")),
        (
            "arn:aws-cn:logs:cn-north-1:123456789012:log-group:/aws/lambda/orders:log-stream:a",
            ("aws-cn", "logs", "cn-north-1", "123456789012", "log-group:/aws/lambda/orders:log-stream:a"),
        ),
        (
            "arn:aws-us-gov:apigateway:us-gov-west-1::/restapis",
            ("aws-us-gov", "apigateway", "us-gov-west-1", "", "/restapis"),
        ),
    ],
)
def test_an_arn_splits_five_times(text: str, parts: tuple[str, ...]):
    arn = Arn.parse(text)
    assert (arn.partition, arn.service, arn.region, arn.account, arn.resource) == parts
    assert str(arn) == text
    assert Arn.find(text) == arn


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("orders", id="a name"),
        pytest.param("*", id="a star"),
        pytest.param("arn:aws:s3", id="too few parts"),
        pytest.param("arn:aws:s3:::", id="no resource"),
        pytest.param("arn::s3:::orders", id="no partition"),
        pytest.param("arn:aws::::orders", id="no service"),
        pytest.param("urn:aws:s3:::orders", id="another scheme"),
        pytest.param(" arn:aws:s3:::orders", id="a space before it"),
    ],
)
def test_what_is_no_arn(text: str):
    with pytest.raises(InvalidArn, match="not an ARN"):
        Arn.parse(text)
    assert Arn.find(text) is None


@pytest.mark.parametrize("value", [None, 7, ["arn:aws:s3:::orders"], {"arn": "arn:aws:s3:::orders"}, True])
def test_what_is_no_text_is_no_arn(value: object):
    assert Arn.find(value) is None


COVERS = {
    "star": ("*", FUNCTION + ":orders"),
    "itself": (FUNCTION + ":orders", FUNCTION + ":orders"),
    "itself, though it matches no ARN": ("arn:aws:s3", "arn:aws:s3"),
    "a key with a bracket": ("arn:aws:s3:::b/a[1].txt", "arn:aws:s3:::b/a[1].txt"),
    "a star spans slashes": ("arn:aws:s3:::b/*", "arn:aws:s3:::b/2026/11/24.txt"),
    "a star at the end spans colons": (FUNCTION + ":orders*", FUNCTION + ":orders-dev:1"),
    "a star that ends a segment spans colons": (LOG_GROUP + ":prod*:x", LOG_GROUP + ":prod:a:x"),
    "a star in the region": (FUNCTION.replace("us-east-1", "*") + ":orders", FUNCTION + ":orders"),
    "a star in the region covers none": ("arn:aws:s3:*::orders", "arn:aws:s3:::orders"),
    "all buckets": ("arn:aws:s3:::*", "arn:aws:s3:::orders"),
    "all ARNs": ("arn:*", "arn:aws-cn:iam::123456789012:root"),
    "all of a service": ("arn:aws:lambda:*", FUNCTION + ":orders"),
    "all of a service, by a pattern": ("arn:aws:lambda:*", FUNCTION + ":*"),
    "a variable": ("arn:aws:s3:::home/*", "arn:aws:s3:::home/${aws:username}"),
    "a variable with a colon in an early part": ("arn:aws:iam::${aws:a}:*", "arn:aws:iam::${aws:a}:role/a"),
}

COVERS_NOT = {
    "a shorter pattern does not hold a longer one": (LOG_GROUP, LOG_GROUP + ":prod:*"),
    "nor does a log group its streams": (LOG_GROUP + ":prod", LOG_GROUP + ":prod:*"),
    "an ARN that ends early": ("arn:aws:s3", "arn:aws:s3:::orders"),
    "star is more than all ARNs": ("arn:*", "*"),
    "star is more than stars in all parts": ("*:*", "*"),
    "ARNs have case": ("arn:aws:s3:::Orders", "arn:aws:s3:::orders"),
    "a star in the region stays there": ("arn:aws:lambda:*:function:orders", FUNCTION + ":orders"),
    "a star in the account stays there": ("arn:aws:iam::*:role/a", "arn:aws:iam::1:x:role/a"),
    "another account": ("arn:aws:iam::1:role/*", "arn:aws:iam::2:role/a"),
    "another partition": ("arn:aws:s3:::*", "arn:aws-cn:s3:::orders"),
    "a bracket is no class": ("arn:aws:s3:::a[1]", "arn:aws:s3:::a1"),
    "a bucket does not hold its objects": ("arn:aws:s3:::orders", "arn:aws:s3:::orders/a"),
    "objects do not hold their bucket": ("arn:aws:s3:::orders/*", "arn:aws:s3:::orders"),
}


@pytest.mark.parametrize("spanning", [False, True], ids=["stops-at-colons", "spans"])
@pytest.mark.parametrize(("wide", "narrow"), COVERS.values(), ids=COVERS)
def test_covers(wide: str, narrow: str, spanning: bool):
    assert ArnPattern(wide).covers(ArnPattern(narrow), spanning=spanning)


@pytest.mark.parametrize("spanning", [False, True], ids=["stops-at-colons", "spans"])
@pytest.mark.parametrize(("wide", "narrow"), COVERS_NOT.values(), ids=COVERS_NOT)
def test_covers_not(wide: str, narrow: str, spanning: bool):
    assert not ArnPattern(wide).covers(ArnPattern(narrow), spanning=spanning)


def test_a_star_inside_a_segment_passes_a_colon_only_where_excess_is_judged():
    pattern, arn = ArnPattern(LOG_GROUP + ":/aws/*-dev"), ArnPattern.exactly(LOG_GROUP + ":/aws/a:b-dev")
    assert pattern.covers(arn, spanning=True)
    assert not pattern.covers(arn)


@pytest.mark.parametrize("name", ["a*b", "what?", "${aws:username}", "a[1]", "$", "${*}"])
def test_exactly_is_that_name_alone(name: str):
    pattern = ArnPattern.exactly(Arn("aws", "s3", "", "", f"orders/{name}"))
    assert not pattern.has_wildcard
    assert pattern.covers(ArnPattern.exactly(f"arn:aws:s3:::orders/{name}"))
    assert not pattern.covers(ArnPattern("arn:aws:s3:::orders/axb"))
    assert not pattern.covers(ArnPattern("arn:aws:s3:::orders/*"))


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("*", ("*",) * 6),
        ("arn:*", ("arn", "*", "*", "*", "*", "*")),
        ("arn:aws:iam::*", ("arn", "aws", "iam", "", "*", "*")),
        ("arn:aws:s3:::*", ("arn", "aws", "s3", "", "", "*")),
        ("arn:aws:s3:::b:c/*", ("arn", "aws", "s3", "", "", "b:c/*")),
        ("arn:${aws:Partition}:s3:::b", ("arn", "${aws:Partition}", "s3", "", "", "b")),
        ("arn:${aws:Partition}:s3:${aws:Region}::b", ("arn", "${aws:Partition}", "s3", "${aws:Region}", "", "b")),
        ("arn:aws:s3", ("arn", "aws", "s3")),
        ("arn:${aws:Partition}:s3:b", ("arn", "${aws:Partition}", "s3", "b")),
        ("${aws:Bucket}:b", ("${aws:Bucket}", "b")),
    ],
)
def test_segments(text: str, segments: tuple[str, ...]):
    assert ArnPattern(text).segments == segments


@pytest.mark.parametrize(
    ("text", "service", "resource"),
    [
        ("*", "*", "*"),
        ("arn:*", "*", "*"),
        ("arn:aws:s3:::b/*", "s3", "b/*"),
        ("arn:aws:s3", "s3", ""),
        ("orders", "", ""),
    ],
)
def test_service_and_resource(text: str, service: str, resource: str):
    pattern = ArnPattern(text)
    assert (pattern.service, pattern.resource) == (service, resource)


def test_star_is_told_from_other_patterns():
    assert ArnPattern("*").is_star
    assert not ArnPattern("arn:*").is_star
    assert ArnPattern("arn:*").has_wildcard


def test_arns_and_patterns_are_sorted_by_their_parts_and_texts():
    assert Arn.parse("arn:aws:iam::1:role/b") < Arn.parse("arn:aws:s3:::a")
    assert sorted([ArnPattern("arn:b"), ArnPattern("*")]) == [ArnPattern("*"), ArnPattern("arn:b")]
