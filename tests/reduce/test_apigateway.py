"""API Gateway's calls: verbs on paths, and the newer operations that have actions of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from support import record

from tracer.model.record import Record
from tracer.reduce.inventory import Inventory
from tracer.reduce.mapping import Mapped, map_record
from tracer.reduce.parse import parse

ARN = "arn:aws:apigateway:us-east-1:"
REST_API = f"{ARN}:/restapis/x1y2z3"
HTTP_API = f"{ARN}:/apis/a1b2c3"


def checks(event: str, request: Mapping[str, Any] | None, **fields: object) -> set[tuple[str, str]]:
    call = parse(record(event, "apigateway.amazonaws.com", request=request, **fields))
    assert isinstance(call, Record)
    mapped = map_record(call, Inventory())
    assert isinstance(mapped, Mapped)
    return {(check.action.text, check.resource.pattern.text) for check in mapped.checks}


# Verb and path are those of the operations' pages; the ARN of a tag holds the tagged thing's, URL-encoded:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html.
@pytest.mark.parametrize(
    ("event", "request_", "needed"),
    [
        ("CreateDeployment", {"restApiId": "x1"}, {("apigateway:POST", f"{ARN}:/restapis/x1/deployments")}),
        ("CreateDeployment", {"apiId": "a1"}, {("apigateway:POST", f"{ARN}:/apis/a1/deployments")}),
        (
            "TagResource",
            {"resourceArn": REST_API, "tags": {"STAGE": "dev"}},
            {("apigateway:PUT", f"{ARN}:/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fx1y2z3")},
        ),
        (
            "TagResource",
            {"resourceArn": HTTP_API, "tags": {"STAGE": "dev"}},
            {("apigateway:POST", f"{ARN}:/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fapis%2Fa1b2c3")},
        ),
        (
            "UntagResource",
            {"resourceArn": HTTP_API},
            {("apigateway:DELETE", f"{ARN}:/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fapis%2Fa1b2c3")},
        ),
    ],
    ids=["v1", "v2", "tag v1", "tag v2", "untag"],
)
def test_a_verb_on_a_path(event: str, request_: Mapping[str, Any], needed: set[tuple[str, str]]):
    assert checks(event, request_) >= needed
    assert {action for action, _ in checks(event, request_)} <= {
        *(action for action, _ in needed),
        "apigateway:TagResource",
    }


def test_both_versions_where_nothing_tells_them_apart():
    both = {("apigateway:GET", f"{ARN}:/restapis/*/stages"), ("apigateway:GET", f"{ARN}:/apis/*/stages")}
    assert checks("GetStages", None) == both


def test_the_version_of_the_api_tells_them_apart():
    assert checks("GetStages", None, apiVersion="2018-11-29") == {("apigateway:GET", f"{ARN}:/apis/*/stages")}


# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
@pytest.mark.parametrize(
    ("event", "request_", "action", "resource"),
    [
        ("GetPortal", {"portalId": "p1"}, "GetPortal", "/portals/p1"),
        (
            "PutRoutingRule",
            {"domainName": "api.example.com", "routingRuleId": "r1"},
            "UpdateRoutingRule",
            "/domainnames/api.example.com/routingrules/r1",
        ),
    ],
)
def test_the_newer_operations_have_actions_and_arns_of_their_own(
    event: str, request_: Mapping[str, Any], action: str, resource: str
):
    assert checks(event, request_) == {(f"apigateway:{action}", f"{ARN}123456789012:{resource}")}


def test_an_operation_of_neither_version_is_unknown():
    call = parse(record("TestInvokeEverything", "apigateway.amazonaws.com"))
    assert isinstance(call, Record)
    assert not isinstance(map_record(call, Inventory()), Mapped)
