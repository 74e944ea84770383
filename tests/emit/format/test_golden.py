"""The demo's policies in every format, sign by sign; and what other tools say of them."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from types import ModuleType

import pytest
from format_support import read_terraform, read_yaml, resolved

from tracer import emit
from tracer.emit.draft import Draft, DraftOptions
from tracer.emit.format import FORMATS
from tracer.model.policy import Policy
from tracer.model.trace import Trace

GOLDEN = Path(__file__).parent.parent / "golden"
FILES = sorted(path for path in GOLDEN.glob("*/*") if path.parent.name in FORMATS)


@functools.cache
def draft() -> Draft:
    return emit.draft([Trace.from_json((GOLDEN / "trace.json").read_text(encoding="utf-8"))], DraftOptions())


def of_format(name: str) -> list[pytest.param]:
    return [pytest.param(path, id=path.name) for path in FILES if path.parent.name == name]


@pytest.mark.parametrize("name", FORMATS)
def test_the_files_are_those_of_the_draft(name: str):
    format_ = FORMATS[name]
    made = {one.file_name(format_.extension): format_.render(one, draft()) for one in draft().documents}
    kept = {path.name: path.read_text(encoding="utf-8") for path in FILES if path.parent.name == name}
    assert made == kept


def policy_of(path: Path) -> Policy:
    """The document that a file in another format stands for."""
    return Policy.from_json((GOLDEN / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", of_format("terraform"))
def test_terraform_says_what_json_says(path: Path):
    assert read_terraform(path.read_text(encoding="utf-8"))[0] == policy_of(path)


@pytest.mark.parametrize("path", of_format("cloudformation"))
def test_cloudformation_says_what_json_says(path: Path):
    ((_, resource),) = read_yaml(path.read_text(encoding="utf-8"))["Resources"].items()
    assert Policy.from_json(resolved(resource["Properties"]["PolicyDocument"])) == policy_of(path)


@pytest.mark.parametrize("path", of_format("cloudformation"))
def test_cfn_lint_finds_nothing(path: Path):
    from cfnlint.api import ManualArgs, lint

    assert lint(path.read_text(encoding="utf-8"), config=ManualArgs(regions=["us-east-1"])) == []


@pytest.fixture(scope="module")
def parliament() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports pkg_resources, and leaves two files open
        import parliament

    return parliament


@pytest.mark.parametrize("path", of_format("json"))
def test_parliament_finds_no_error(path: Path, parliament: ModuleType):
    findings = parliament.analyze_policy_string(path.read_text(encoding="utf-8")).findings
    severities = {parliament.enhance_finding(finding).severity for finding in findings}
    # What is of medium weight is the baseline's: actions that do not fit its resources, told as BASELINE_FAULT.
    assert severities <= {"MEDIUM"}


NO_FAULT = {
    "dynamodb:GetResourcePolicy": "parliament wants a stream beside the table, and AWS checks either",
    "s3:PutBucketPolicy": "who may write a bucket's policy may give himself the objects; the run wrote one",
}


def test_parliament_finds_nothing_in_what_was_observed(parliament: ModuleType):
    for document in draft().documents:
        own = Policy(tuple(line.statement for line in document.lines if not line.baseline))
        for finding in parliament.analyze_policy_string(own.to_json()).findings:
            assert [action for action in NO_FAULT if action in str(finding.detail)], finding
