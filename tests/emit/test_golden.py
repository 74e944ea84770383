"""The golden policies: sign by sign, against what was expected by hand, and what other tools say of them.

What lies in `golden` and how it is made anew is told in its README.
"""

from __future__ import annotations

import fnmatch
import functools
import gzip
import json
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from format_support import read_terraform, read_yaml, resolved
from golden import FOLDER, GOLDENS, TRAIL, Golden
from redaction import anonymous
from second_opinion import Referee

from tracer.emit.check import check
from tracer.emit.draft import Document, Draft
from tracer.emit.evaluate import Call, Decision, Evaluator
from tracer.emit.format import FORMATS
from tracer.emit.lines import Line
from tracer.model.permission import Permission, Section
from tracer.model.policy import Policy, Statement

NO_TRAIL = [pytest.mark.shared, pytest.mark.skipif(not TRAIL.exists(), reason="the real records are not here")]

ALL = [pytest.param(golden, id=name) for name, golden in GOLDENS.items()]
PLAYED = [pytest.param(golden, id=name, marks=NO_TRAIL if golden.real else ()) for name, golden in GOLDENS.items()]
FORESEEN = [param for param in ALL if (param.values[0].folder / "expected.json").exists()]
FILES = sorted(path for path in FOLDER.glob("*/*/*") if path.parent.parent.name in GOLDENS)


def draft_of(golden: Golden) -> Draft:
    return _draft(golden.name)


@functools.cache
def _draft(name: str) -> Draft:
    return GOLDENS[name].draft()


def files(format_: str) -> list[Any]:
    """The kept files of a format."""
    found = [path for path in FILES if path.parent.name == format_]
    return [pytest.param(path, id=f"{path.parent.parent.name}/{path.stem}") for path in found]


def policy_of(path: Path) -> Policy:
    """The document that a file in another format stands for."""
    return Policy.from_json((path.parent.parent / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))


# --- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("golden", PLAYED)
def test_the_trace_is_the_runs(golden: Golden, tmp_path: Path):
    assert golden.trace(tmp_path).to_json() == (golden.folder / "trace.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("golden", ALL)
def test_the_files_are_those_of_the_draft(golden: Golden):
    kept = [path for path in FILES if path.parent.parent == golden.folder]
    texts = {f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8") for path in kept}
    assert golden.files(draft_of(golden)) == texts


@pytest.mark.shared
@pytest.mark.skipif(not TRAIL.exists(), reason="the real records are not here")
def test_nothing_of_the_real_records_is_kept():
    logs = [json.loads(gzip.decompress(path.read_bytes())) for path in TRAIL.rglob("*.json.gz")]
    told = {text for log in logs for record in log["Records"] for text in names_in(record)}
    assert len(told) > 100
    for path in (path for path in (FOLDER / "trail").rglob("*") if path.is_file()):
        content = path.read_text(encoding="utf-8")
        assert [text for text in told if text in content] == [], path.name


def names_in(value: object) -> Iterator[str]:
    """The names and ids in a record, those of AWS and its services left out."""
    if isinstance(value, list):
        for item in value:
            yield from names_in(item)
    for key, item in value.items() if isinstance(value, dict) else ():
        if isinstance(item, str) and key != "eventName" and NAMING.search(key) and not OF_AWS.search(item):
            yield item
        yield from names_in(item)


NAMING = re.compile(r"(?:[nN]ame|[iI][dD]|[aA][rR][nN]|sourceIPAddress)$")
OF_AWS = re.compile(r"amazonaws\.com|^AWS|^alias/aws/|^arn:aws:iam::aws:|^.{0,7}$")


# --- what was expected -----------------------------------------------------------------------------------------------

_Grant = tuple[str, str, str]
"""An action, a resource and the condition's JSON."""


def grants(lines: Iterable[Line]) -> Iterator[_Grant]:
    for line in lines:
        one = line.statement
        condition = json.dumps(one.conditions.to_json(), sort_keys=True)
        yield from ((action, resource, condition) for action in one.actions for resource in one.resources)


def foreseen(rows: Iterable[dict[str, Any]]) -> Iterator[_Grant]:
    for row in rows:
        condition = json.dumps(row.get("when", {}), sort_keys=True)
        yield from ((action, resource, condition) for action in row["allow"] for resource in row["on"])


@pytest.mark.parametrize("golden", FORESEEN)
def test_it_grants_what_was_expected_by_hand_and_nothing_else(golden: Golden):
    expected = json.loads((golden.folder / "expected.json").read_text(encoding="utf-8"))
    read = anonymous if golden.real else str
    lines: dict[str, list[Line]] = {}
    for document in draft_of(golden).documents:
        # The baseline itself, where it is kept, needs no expectation: what a run adds to it does.
        kept = golden.drafted.get("merge", "extend") == "extend"
        lines.setdefault(document.stem, []).extend(line for line in document.lines if not (kept and line.baseline))
    assert sorted(lines) == sorted(expected["documents"])
    for stem, rows in expected["documents"].items():
        granted = {(action, read(resource), read(condition)) for action, resource, condition in grants(lines[stem])}
        assert sorted(granted) == sorted(foreseen(rows)), stem


@pytest.mark.parametrize("golden", ALL)
def test_check_misses_nothing_and_finds_nothing_idle_or_beyond(golden: Golden):
    draft = draft_of(golden)
    for principal in {document.principal for document in draft.documents}:
        theirs = [document for document in draft.documents if document.principal == principal]
        statements = draft.baseline.policy if theirs[0].section is Section.DEPLOYER else Policy()
        verdict = check(
            [document.policy for document in theirs],
            draft.trace,
            section=theirs[0].section,
            principal=principal,
            baseline=statements,
        )
        assert (verdict.missing, verdict.excess) == ((), ())
        idle = [theirs[one.policy].lines[one.statement] for one in verdict.idle]
        assert all(line.baseline for line in idle)


@pytest.mark.parametrize("golden", ALL)
def test_nothing_of_it_is_unknown(golden: Golden):
    unknown = {finding.code for finding in draft_of(golden).findings if finding.code.startswith("UNKNOWN_")}
    # Some calls of the real trail were throttled, and their records have no parameters.
    assert unknown == ({"UNKNOWN_RESOURCE"} if golden.real else set())


# --- what other tools say --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", files("terraform"))
def test_terraform_says_what_json_says(path: Path):
    assert read_terraform(path.read_text(encoding="utf-8"))[0] == policy_of(path)


def pseudo(golden: Golden) -> dict[str, str]:
    run = draft_of(golden).trace.run
    return {"AWS::Partition": run.partition, "AWS::Region": run.regions[0], "AWS::AccountId": run.accounts[0]}


@pytest.mark.parametrize("path", files("cloudformation"))
def test_cloudformation_says_what_json_says(path: Path):
    ((_, resource),) = read_yaml(path.read_text(encoding="utf-8"))["Resources"].items()
    values = pseudo(GOLDENS[path.parent.parent.name])
    assert Policy.from_json(resolved(resource["Properties"]["PolicyDocument"], values)) == policy_of(path)


@pytest.mark.parametrize("golden", ALL)
def test_cfn_lint_finds_nothing(golden: Golden):
    from cfnlint.api import ManualArgs, lint

    for document in draft_of(golden).documents:
        text = FORMATS["cloudformation"].render(document, draft_of(golden))
        found = lint(text, config=ManualArgs(regions=[pseudo(golden)["AWS::Region"]]))
        assert [match for match in found if "'tagresource' is not one of" not in match.message] == [], document.stem


@pytest.fixture(scope="module")
def parliament() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports pkg_resources, and leaves two files open
        import parliament

    return parliament


NO_FAULT = {
    "apigateway:TagResource": "in no list of AWS's, and AWS refuses without it",
    "dynamodb:GetResourcePolicy": "parliament wants a stream beside the table, and AWS checks either",
    "s3:PutBucketPolicy": "who may write a bucket's policy may give himself the objects; the run wrote one",
}


def is_no_fault(finding: Any, statements: Iterable[Statement]) -> bool:  # noqa: ANN401 - of a package without types
    if any(action in str(finding.detail) for action in NO_FAULT):
        return True
    # It wants all resources of a call in one statement; AWS looks for each of them in all.
    return finding.issue == "RESOURCE_MISMATCH" and all(
        any(
            lack["action"] in one.actions and fnmatch.filter(one.resources, lack["required_format"])
            for one in statements
        )
        for lack in finding.detail
    )


@pytest.mark.parametrize("path", files("json"))
def test_parliament_finds_no_error(path: Path, parliament: ModuleType):
    text = path.read_text(encoding="utf-8")
    findings = parliament.analyze_policy_string(text).findings
    faults = [finding for finding in findings if not is_no_fault(finding, Policy.from_json(text).statements)]
    severities = {parliament.enhance_finding(finding).severity for finding in faults}
    # What is of medium weight is the baseline's: actions that do not fit its resources, told as BASELINE_FAULT.
    assert severities <= {"MEDIUM"}


@pytest.mark.parametrize("golden", ALL)
def test_parliament_finds_nothing_in_what_was_observed(golden: Golden, parliament: ModuleType):
    documents = draft_of(golden).documents
    for document in documents:
        own = Policy(tuple(line.statement for line in document.lines if not line.baseline))
        theirs = [one.policy for one in documents if one.principal == document.principal]
        statements = [statement for policy in theirs for statement in policy.statements]
        for finding in parliament.analyze_policy_string(own.to_json()).findings:
            assert is_no_fault(finding, statements), finding


@pytest.fixture(scope="module")
def referee() -> Iterator[Referee]:
    judge = Referee.start()
    yield judge
    judge.stop()


def sample(permission: Permission) -> Call:
    """A call that the permission stands for."""
    text = permission.resource.text
    resource = text if text == "*" else text.replace("*", "a1b2c3").replace("?", "x")
    return Call(permission.action.text, resource, {key: values[0] for _, key, values in permission.conditions.items})


def moved(call: Call) -> Call:
    """The same call in another account and region, or on a bucket of another name; from another service's hands."""
    head, _, rest = call.resource.partition(":::")
    if rest:
        return Call(call.action, f"{head}:::another-{rest}", call.context)
    parts = call.resource.split(":", 5)
    parts[3:5] = ["ap-south-1" if parts[3] else "", "999999999999" if parts[4] else ""]
    resource = ":".join(parts)
    return Call(call.action, resource if resource != call.resource else f"{resource}-another", call.context)


UNSURE = "apigateway:"
"""Several resource types of API Gateway have two ARN formats in one text in the other's data, so that it takes neither
for valid: whether action and resource fit is not asked of it there."""


@pytest.mark.parametrize("golden", ALL)
def test_an_independent_evaluator_repeats_the_self_check(golden: Golden, referee: Referee):
    documents: dict[str, list[Document]] = {}
    for document in draft_of(golden).documents:
        documents.setdefault(document.principal, []).append(document)
    for principal, theirs in documents.items():
        policies = [document.policy for document in theirs]
        needed = (used.permission for used in draft_of(golden).trace.permissions)
        for call in (sample(permission) for permission in needed if permission.principal == principal):
            unchecked = call.action.startswith(UNSURE)
            assert referee.decide(policies, [call], unchecked=unchecked) == [Decision.ALLOWED], call
            if call.resource != "*":
                elsewhere = moved(call)
                assert Evaluator(policies, careful=False).decide(elsewhere) is Decision.NOT_ALLOWED
                assert referee.decide(policies, [elsewhere], unchecked=unchecked) == [Decision.NOT_ALLOWED], elsewhere
