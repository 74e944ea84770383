"""What goes with a call of the run and leaves no record."""

from __future__ import annotations

import pytest
from reduce_support import DEPLOYER, asked_for, trace_of
from support import assumed_role, forwarded, iam_user, record

from tracer.model.permission import Basis, Section
from tracer.model.trace import Trace

AT = "us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/orders-dev-us-east-1-lambdaRole"
STREAM = {"logGroupName": "/aws/lambda/orders-dev-create", "logStreamName": f"2026/11/24/[$LATEST]{'a' * 32}"}


def created(name: str, **fields: object) -> dict[str, object]:
    return record(
        "CreateFunction20150331", "lambda.amazonaws.com", request={"functionName": name, "role": ROLE}, **fields
    )


def opened(**fields: object) -> dict[str, object]:
    return record("CreateLogStream", "logs.amazonaws.com", request=STREAM, **fields)


def lines(trace: Trace, action: str) -> list[tuple[Section, str, Basis]]:
    found = (used.permission for used in trace.permissions if used.permission.action.text == action)
    return [(line.section, line.resource.text, line.basis) for line in found]


def test_a_function_writes_to_the_stream_that_it_opened():
    session = assumed_role("orders-dev-us-east-1-lambdaRole", "orders-dev-create")
    records = (created("orders-dev-create", **forwarded(iam_user())), opened(user=session))
    trace = trace_of(*records, run=asked_for(), inferred=True, resources="names")
    stream = f"arn:aws:logs:{AT}:log-group:/aws/lambda/orders-dev-create:log-stream:*"
    assert lines(trace, "logs:PutLogEvents") == [(Section.FUNCTION, stream, Basis.INFERRED)]
    (written,) = [used for used in trace.permissions if used.permission.action.text == "logs:PutLogEvents"]
    assert [step.rule for step in written.widened] == ["lambda-log-stream"]
    assert any("logs" in finding.message for finding in trace.findings if finding.code == "COVERAGE_GAP")


def test_a_deployer_does_not_write_to_the_stream_that_it_made():
    assert lines(trace_of(opened(), run=asked_for(), inferred=True), "logs:PutLogEvents") == []


@pytest.mark.parametrize("kind", ["existing-s3", "existing-cup", "event-bridge", "apigw-cw-role"])
def test_the_frameworks_custom_resources_are_called_with_the_deployers_permissions(kind: str):
    name = f"orders-dev-custom-resource-{kind}"
    trace = trace_of(created(name, **forwarded(iam_user())), run=asked_for(), inferred=True)
    function = f"arn:aws:lambda:{AT}:function:{name}"
    assert lines(trace, "lambda:InvokeFunction") == [
        (Section.DEPLOYER, function, Basis.INFERRED),
        (Section.DEPLOYER, f"{function}:*", Basis.INFERRED),
    ]
    assert {used.permission.principal for used in trace.permissions} == {DEPLOYER}


@pytest.mark.parametrize("name", ["orders-dev-create", "orders-dev-custom-resource-mine"])
def test_other_functions_are_not_called(name: str):
    trace = trace_of(created(name, **forwarded(iam_user())), run=asked_for(), inferred=True)
    assert lines(trace, "lambda:InvokeFunction") == []


TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.13.5 terraform-provider-aws/6.20.0 aws-sdk-go-v2/1.39.6"


def bucket_made(**fields: object) -> dict[str, object]:
    return record("CreateBucket", "s3.amazonaws.com", request={"bucketName": "ledger-exports"}, **fields)


def test_terraform_asks_for_the_bucket_that_it_made():
    trace = trace_of(bucket_made(userAgent=f"[{TERRAFORM}]"), run=asked_for(), inferred=True)
    assert lines(trace, "s3:ListBucket") == [(Section.DEPLOYER, "arn:aws:s3:::ledger-exports", Basis.INFERRED)]


def test_other_tools_do_not():
    assert lines(trace_of(bucket_made(), run=asked_for(), inferred=True), "s3:ListBucket") == []


def test_what_another_tool_made_in_the_same_way_hides_nothing():
    trace = trace_of(bucket_made(), bucket_made(userAgent=TERRAFORM), run=asked_for(), inferred=True)
    assert lines(trace, "s3:ListBucket") == [(Section.DEPLOYER, "arn:aws:s3:::ledger-exports", Basis.INFERRED)]


def test_what_terraform_asked_is_known_where_the_trail_logs_it():
    asked = record(
        "HeadBucket",
        "s3.amazonaws.com",
        request={"bucketName": "ledger-exports"},
        userAgent=TERRAFORM,
        eventCategory="Data",
    )
    trace = trace_of(bucket_made(userAgent=TERRAFORM), asked, run=asked_for(), inferred=True)
    assert lines(trace, "s3:ListBucket") == [(Section.DEPLOYER, "arn:aws:s3:::ledger-exports", Basis.OBSERVED)]
