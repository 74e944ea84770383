"""The functions that rows of CloudFormation's calls may use beside JMESPath's own."""

from __future__ import annotations

import io
import zipfile
from typing import Any, Final

import pytest

from tracer.errors import RehearseError
from tracer.rehearse.cloudformation.expressions import evaluate

KNOWN: Final[dict[str, Any]] = {
    "a": [{"Name": "x", "Value": 1}, {"Name": "y", "Value": 2}],
    "b": [{"Name": "x", "Value": 1}, {"Name": "y", "Value": 3}],
    "c": [{"Name": "x", "Value": 5}],
    "tags": [{"Key": "STAGE", "Value": "dev"}],
    "new": {"Name": "orders", "Enabled": True, "Limit": 5, "Same": "s"},
    "old": {"Name": "items", "Enabled": False, "Same": "s"},
    "arn": "arn:aws:logs:us-east-1:123456789012:log-group:orders:*",
    "wanted": "y",
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("without(a, b)", [{"Name": "y", "Value": 2}], id="what-changed"),
        pytest.param("without(a, nothing)", KNOWN["a"], id="without-nothing"),
        pytest.param("without(nothing, a)", [], id="nothing-without"),
        pytest.param("unnamed(a, c, 'Name')", [{"Name": "y", "Value": 2}], id="names-that-are-gone"),
        pytest.param("where(a, 'Name', wanted)", [{"Name": "y", "Value": 2}], id="filter-by-a-variable"),
        pytest.param("pick(new, ['Name', 'Other'])", {"Name": "orders"}, id="some-properties"),
        pytest.param("pick(nothing, ['Name'])", {}, id="of-nothing"),
        pytest.param("tag_map(tags)", {"STAGE": "dev"}, id="tags-as-a-map"),
        pytest.param("parameters(new)[0]", {"ParameterKey": "Name", "ParameterValue": "orders"}, id="parameters"),
        pytest.param("part(arn, ':*', `0`)", KNOWN["arn"].removesuffix(":*"), id="the-front"),
        pytest.param("part(arn, ':', `-2`)", "orders", id="from-behind"),
        pytest.param("part(nothing, ':', `0`)", None, id="a-part-of-nothing"),
        pytest.param(
            "patches(new, old, ['Name', 'Enabled', 'Limit', 'Same', 'Gone'])",
            [
                {"op": "replace", "path": "/name", "value": "orders"},
                {"op": "replace", "path": "/enabled", "value": "true"},
                {"op": "replace", "path": "/limit", "value": "5"},
            ],
            id="patch-operations",
        ),
        pytest.param("archive(nothing, 'python3.12')", None, id="no-code"),
    ],
)
def test_functions(expression: str, value: object):
    assert evaluate(expression, KNOWN) == value


@pytest.mark.parametrize(("runtime", "name"), [("python3.12", "index.py"), ("nodejs22.x", "index.js")])
def test_code_becomes_an_archive_that_is_the_same_each_time(runtime: str, name: str):
    known = {"code": "exports = 1", "runtime": runtime}
    content = evaluate("archive(code, runtime)", known)
    assert content == evaluate("archive(code, runtime)", known)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [name]
        assert archive.read(name) == b"exports = 1"


@pytest.mark.parametrize("expression", ["new.", "without(new, b)", "nobody_knows(new)"])
def test_an_expression_that_is_none_is_an_error_of_the_row(expression: str):
    with pytest.raises(RehearseError, match="in a row of CloudFormation's calls cannot be evaluated"):
        evaluate(expression, KNOWN)
