"""What is replaced, what stays, and that it is the same run about somebody else."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
from case_support import cases
from hypothesis import given
from hypothesis import strategies as st
from query_support import SHARED
from runs.rest.run import records_path
from support import iam_user, record

from tracer import demo, pipeline
from tracer.model.finding import Finding
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun, TraceOptions
from tracer.redact.redactor import Redactor, is_example

ACCOUNT = "398147562031"
OTHERS = DeployRun()


def redactor(*documents: Mapping[str, Any]) -> Redactor:
    made = Redactor()
    for document in documents:
        made.learn(document)
    made.settle()
    return made


def redacted(value: object) -> Any:  # noqa: ANN401 - JSON
    """A value in a record's parameters, redacted."""
    document = record("CreateRole", user=iam_user(account=ACCOUNT), recipientAccountId=ACCOUNT, request={"x": value})
    return redactor(document).redacted(document)["requestParameters"]["x"]


class Given:
    """Records as a source."""

    def __init__(self, given: Iterable[Mapping[str, Any]]) -> None:
        self.given = list(given)

    def records(self, run: DeployRun) -> Iterator[RawRecord]:
        yield from self.given

    def findings(self) -> tuple[Finding, ...]:
        return ()


def run_of_the_demo() -> list[dict[str, Any]]:
    with records_path() as folder:
        logs = sorted(path for path in folder.rglob("*.gz") if "CloudTrail-Digest" not in path.parts)
        return [item for path in logs for item in json.loads(gzip.decompress(path.read_bytes()))["Records"] if item]


def as_if_real(item: Mapping[str, Any]) -> dict[str, Any]:
    """A record of the demo as it would be of a real account."""
    text = (
        json.dumps(item)
        .replace("123456789012", ACCOUNT)
        .replace("203.0.113.", "81.2.69.")
        .replace("EXAMPLE", "Q7RSTUV")
    )
    content: dict[str, Any] = json.loads(text)
    return content


def in_any_order(value: Any) -> Any:  # noqa: ANN401 - JSON
    """A document whose lists are compared as sets are: they are sorted by names, and the names are others."""
    if isinstance(value, list):
        return sorted((in_any_order(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return {key: in_any_order(item) for key, item in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("service", [None, "orders"])
def test_reduce_makes_of_redacted_records_what_redaction_makes_of_the_trace(service: str | None):
    """The law of redaction, on the demo's run of a real account, with everybody else who is in it."""
    given = [as_if_real(item) for item in run_of_the_demo()]
    options = TraceOptions(evidence=None, include_denied=True)
    principal = demo.PRINCIPAL.replace("123456789012", ACCOUNT)
    trace = json.loads(
        pipeline.trace(Given(given), DeployRun(principals=(principal,), service=service), options).to_json()
    )
    made = redactor(*given, trace)
    others = [made.redacted(item) for item in given]
    run = DeployRun(principals=(made.text(principal),), service=service and made.text(service))
    assert run.principals != (principal,)
    reduced = json.loads(pipeline.trace(Given(others), run, options).to_json())
    assert in_any_order(reduced) == in_any_order(made.redacted(trace))
    assert len(reduced["permissions"]) > 100


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/records")
def test_the_law_on_a_real_trail():
    logs = sorted((SHARED / "trail").rglob("*.json.gz"))
    given = [item for path in logs for item in json.loads(gzip.decompress(path.read_bytes()))["Records"]]
    trace = json.loads(pipeline.trace(Given(given), OTHERS, TraceOptions(evidence=None)).to_json())
    made = redactor(*given, trace)
    others = [made.redacted(item) for item in given]
    reduced = json.loads(pipeline.trace(Given(others), OTHERS, TraceOptions(evidence=None)).to_json())
    assert reduced["accounting"] == trace["accounting"]
    assert actions(reduced) == actions(trace)
    text = json.dumps(others)
    for name in ("bert-jan", "123837392027", "stratus"):
        assert name in json.dumps(given)
        assert name not in text


def actions(trace: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    return sorted((row["section"], row["action"], row["count"]) for row in trace["permissions"])


def test_nothing_of_the_demo_s_names_is_left():
    given = [as_if_real(item) for item in run_of_the_demo()]
    made = redactor(*given)
    text = json.dumps([made.redacted(item) for item in given])
    for name in (ACCOUNT, "orders", "deployer", "alice", "81.2.69.", "Q7RSTUV"):
        assert name in json.dumps(given)
        assert name not in text
    assert "serverlessdeploymentbucket" in text, "what the framework defines"


def test_the_demo_passes_unchanged():
    given = run_of_the_demo()
    made = redactor(*given)
    assert all(made.redacted(item) is item for item in given)


def test_the_cases_pass_unchanged():
    given = [item for case in cases() for item in (case.record, *case.before)]
    made = redactor(*given)
    changed = [item for item in given if made.redacted(item) is not item]
    assert changed == []
    assert len(given) > 500


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::aws:policy/AdministratorAccess",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "AWSServiceRoleForAPIGateway",
        "lambda.amazonaws.com",
        "iam:CreateRole",
        "AWS::IAM::Role",
        "us-east-1",
        "2026-11-24T08:00:00Z",
        "20261124T080000Z",
        "0f5c4a8e-2b1d-4f6a-9c3e-7d8b9a0c1d2e",
        "111122223333",
        "AKIAIOSFODNN7EXAMPLE",
        "192.0.2.7",
        "10.1.2.3",
        "2001:db8::5",
        "https://www.example.com/",
        "application/json",
        "aws-sdk-nodejs/2.1404.0 linux/v18.17.1 promise",
        "ab",
        "",
        "404",
    ],
)
def test_what_is_nobody_s_stays(text: str):
    assert redacted(text) == text


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (ACCOUNT, r"1000000000\d\d"),
        ("acme", r"(?!acme)[a-z]{4}"),
        ("Acme_PAYROLL-acme", r"([A-Z])([a-z]{3})_[A-Z]{7}-[a-z]{4}"),
        ("AcmePayrollTable2", r"[A-Z][a-z]{3}[A-Z][a-z]{6}[A-Za-z]{5}2"),
        ("jane.doe@acme.example.org", r"[a-z]{4}\.[a-z]{3}@[a-z]{4}\.example\.org"),
        ("81.2.69.142", r"192\.0\.2\.1"),
        ("2a00:1450:4009:80b::200e", r"2001:db8::1"),
        ("AKIA27ZUNH7ASQ7RSTUV", r"AKIA\d{2}[A-Z]{4}\d[A-Z]{3}\d[A-Z]{5}"),
        ("vpc-0a1b2c3d4e5f60718", r"vpc-(?!0a1b2c3d4e5f60718)\d[a-f]\d[a-f]\d[a-f]\d[a-f]\d[a-f]\d[a-f]\d{5}"),
        ("orders-1A2B3C4D5E6F7", r"(?!orders)[a-z]{6}-\d[A-Z]\d[A-Z]\d[A-Z]\d[A-Z]\d[A-Z]\d[A-Z]\d"),
        (f"arn:aws:iam::{ACCOUNT}:role/acme/ci", r"arn:aws:iam::1000000000\d\d:role/(?!acme)[a-z]{4}/ci"),
        (
            f"arn%3Aaws%3Aiam%3A%3A{ACCOUNT}%3Arole%2Facme",
            r"arn%3Aaws%3Aiam%3A%3A1000000000\d\d%3Arole%2F(?!acme)[a-z]{4}",
        ),
        ('{\\n "Effect": "Allow", "Resource": "acme"}', r'\{\\n "Effect": "Allow", "Resource": "(?!acme)[a-z]{4}"\}'),
        ("acme.s3.amazonaws.com", r"(?!acme)[a-z]{4}\.s3\.amazonaws\.com"),
        ("Übersicht", r"(?!Übersicht)\w+"),
    ],
)
def test_what_is_somebody_s_is_replaced_in_its_own_form(text: str, form: str):
    found = redacted(text)
    assert found != text
    assert re.fullmatch(form, found), found
    assert len(found) == len(text) or "." in text or ":" in text


def test_the_same_becomes_the_same_everywhere():
    first, second, third = redacted(["acme-payroll", "AcmePayroll", "ACME"])
    assert (first.replace("-", ""), third) == (second.lower(), second[:4].upper())


def test_keys_stay_but_those_that_people_choose():
    tags = {"tags": {"acmeTeam": "x"}, "functionName": "acme", "aws:RequestTag/acme": "y"}
    found = redacted(tags)
    assert "functionName" in found
    assert "acmeTeam" not in found["tags"]
    assert [key.partition("/")[0] for key in found] == ["tags", "functionName", "aws:RequestTag"]
    assert "aws:RequestTag/acme" not in found


def test_a_policy_is_redacted_by_what_it_names():
    statement = {
        "Sid": "Acme",
        "Effect": "Allow",
        "Action": ["s3:Get*", "s3:PutObject"],
        "Resource": "arn:aws:s3:::acme/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    (found,) = redactor(policy).redacted(policy)["Statement"]
    assert found["Action"] == statement["Action"]
    assert re.fullmatch(r"arn:aws:s3:::(?!acme)[a-z]{4}/\*", found["Resource"])
    assert found["Sid"].lower() == found["Resource"][13:17]


def test_what_a_trace_tells_in_prose_names_nobody():
    """A bucket, a path and a caller may stand in a finding alone; the words between stay."""
    message = (
        "the log files of s3://acme-trail/logs were not read by arn:aws:iam::398147562031:role/payroll in /home/jane/x"
    )
    trace = {
        "run": {"accounts": [ACCOUNT]},
        "permissions": [],
        "findings": [{"code": "COVERAGE_GAP", "message": message}],
    }
    found = redactor(trace).redacted(trace)["findings"][0]["message"]
    assert re.fullmatch(
        r"the log files of s3://[a-z]{4}-[a-z]{5}/logs were not read by arn:aws:iam::1000000000\d\d:role/[a-z]{7} "
        r"in /[a-z]{4}/[a-z]{4}/x",
        found,
    ), found
    assert not [name for name in ("acme", "payroll", "jane", ACCOUNT) if name in found]


@pytest.mark.parametrize(
    ("changes", "is_one"),
    [
        ({}, True),
        ({"recipientAccountId": ACCOUNT}, False),
        ({"sourceIPAddress": "81.2.69.142"}, False),
        ({"requestParameters": {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/acme"}}, False),
    ],
    ids=["example", "account", "address", "role"],
)
def test_an_example_is_known_by_its_accounts_and_addresses(changes: dict[str, Any], is_one: bool):
    assert is_example(record("CreateRole") | changes) is is_one
    assert not is_example({"Statement": [{"Resource": "arn:aws:s3:::acme"}]}), "no account says whose it is"


def test_the_same_documents_give_the_same_in_any_order():
    given = [as_if_real(item) for item in run_of_the_demo()]
    forwards, backwards = redactor(*given), redactor(*reversed(given))
    assert [forwards.redacted(item) for item in given] == [backwards.redacted(item) for item in given]


NAMES = st.lists(st.text("abcdXYZ0123_-./:é%", min_size=1, max_size=12), min_size=2, max_size=12, unique=True)


@given(NAMES)
def test_different_names_stay_different(names: list[str]):
    document = record("CreateRole", recipientAccountId=ACCOUNT, request={"names": names})
    found = redactor(document).redacted(document)["requestParameters"]["names"]
    assert len({name.lower() for name in found}) == len({name.lower() for name in names})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)


@given(JSON)
def test_whatever_a_record_holds_it_keeps_its_shape(value: object):
    assert shape(redacted(value)) == shape(value)


def shape(value: object) -> object:
    if isinstance(value, Mapping):
        return [shape(item) for item in value.values()]
    return [shape(item) for item in value] if isinstance(value, list) else type(value)
