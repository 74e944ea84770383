"""What the writer of YAML writes is read back by a YAML parser as it was."""

from __future__ import annotations

import pytest
import yaml
from format_support import hostile_texts, read_yaml
from hypothesis import given
from hypothesis import strategies as st

from tracer.emit.format.yaml import Yaml, scalar, yaml_lines

BARE = ["s3:GetObject", "ec2:Describe*", "arn:aws:s3:::orders-dev/*", "AWS::IAM::ManagedPolicy", "Fn::Sub", "Allow"]
QUOTED = {
    "2012-10-17": '"2012-10-17"', "yes": '"yes"', "No": '"No"', "null": '"null"', "y": '"y"', "": '""', "*": '"*"',
    "a: b": '"a: b"', "a:": '"a:"', "a #b": '"a #b"', "<<": '"<<"', "12:30": '"12:30"', "a\nb": '"a\\nb"',
    'a"\\': '"a\\"\\\\"', "\x85\u2028": '"\\u0085\\u2028"', "\U0001f600": '"\\U0001f600"', "${aws:x}": '"${aws:x}"',
}  # fmt: skip


@pytest.mark.parametrize("text", BARE)
def test_what_can_be_nothing_else_stands_bare(text: str):
    assert scalar(text) == text
    assert yaml.safe_load(text) == text


@pytest.mark.parametrize(("text", "written"), QUOTED.items(), ids=map(repr, QUOTED))
def test_everything_else_is_quoted(text: str, written: str):
    assert scalar(text) == written
    assert yaml.safe_load(written) == text


def test_the_layout():
    value: Yaml = {
        "A": [{"B": "b:c", "D": ["*", "e:f"]}, "gg"],
        "H": {"I": {"J": "kk"}},
        "L": [],
        "M": {},
        "N": [["oo"]],
    }
    assert list(yaml_lines(value)) == [
        '"A":', '  - "B": b:c', '    "D":', '      - "*"', "      - e:f", "  - gg",
        '"H":', '  "I":', '    "J": kk', '"L": []', '"M": {}', '"N":', "  - - oo",
    ]  # fmt: skip


_values = st.recursive(
    hostile_texts | st.sampled_from([*BARE, *QUOTED]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile_texts, inner, max_size=3),
    max_leaves=8,
)


@given(_values)
def test_what_is_written_is_read_back(value: Yaml):
    assert read_yaml("\n".join(yaml_lines(value)) + "\n") == value
