"""API Gateway's calls: verbs on paths, and the newer operations that have actions of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.loaders import Loader
from support import record

from tracer.model.record import Record
from tracer.reduce.inventory import Inventory
from tracer.reduce.mapping import Mapped, map_record
from tracer.reduce.parse import parse
from tracer.reference import operations, table

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


# --- every operation of both models -----------------------------------------------------------------------------------

LOADER = Loader()
MODELS = {
    version: LOADER.load_service_model(service, "service-2", version)
    for service, version in (("apigateway", operations.V1), ("apigatewayv2", operations.V2))
}
OPERATIONS = [
    pytest.param(version, name, id=f"{version}-{name}")
    for version, model in MODELS.items()
    for name in model["operations"]
]
TEMPLATES = [
    re.compile("[^/:]+".join(map(re.escape, re.split(r"\$\{[^}]+\}", text))))
    for texts in table.service("apigateway").resource_types.values()
    for text in texts
]
NOT_LISTED = {
    "/restapis/*/stages/*/exports/*", "/restapis/*/stages/*/cache/data", "/restapis/*/stages/*/cache/authorizers",
    "/usageplans/*/usage", "/usageplans/*/keys/*/usage", "/sdktypes", "/sdktypes/*",
    "/restapis/*/models/*/default_template", "/rejectdomainnameaccessassociations",
}  # fmt: skip
"""Paths of operations that the reference has no resource type for."""


ASSOCIATION = f"{ARN}123456789012:/domainnameaccessassociations/domainname/api.example.com/vpcesource/vpce-1"


def member_values(version: str, name: str) -> dict[str, str]:
    """A request as a record has it, with a value for each member that the operation's path takes."""
    model = MODELS[version]
    shape = model["operations"][name].get("input", {}).get("shape")
    members = model["shapes"][shape]["members"] if shape else {}
    return {
        member[0].lower() + member[1:]: ASSOCIATION if member.endswith("AssociationArn") else f"value{index}"
        for index, (member, spec) in enumerate(members.items())
        if spec.get("location") == "uri"
    }


@pytest.mark.parametrize(("version", "name"), OPERATIONS)
def test_every_operation_is_an_action_on_a_path_that_the_reference_lists(version: str, name: str):
    request = member_values(version, name)
    found = checks(name, request, apiVersion=version)
    own = [(action, resource) for action, resource in found if action.startswith("apigateway:")]
    assert own
    for action, resource in own:
        assert table.lookup(*action.split(":"))
        path = resource.split(":", 5)[5]
        shape = re.sub(r"value\d+|arn%3A.*", "*", path)
        listed = any(template.fullmatch(resource) for template in TEMPLATES)
        assert listed or shape in NOT_LISTED, resource


@pytest.mark.parametrize(("version", "name"), OPERATIONS)
def test_every_member_of_a_path_is_filled(version: str, name: str):
    request = member_values(version, name)
    paths = " ".join(resource for _, resource in checks(name, request, apiVersion=version))
    for member, value in request.items():
        assert value in paths or member == "parentId", f"{member} of {name} in {paths}"


COLLIDING = sorted(set(MODELS[operations.V1]["operations"]) & set(MODELS[operations.V2]["operations"]))


def test_the_two_apis_share_names():
    assert len(COLLIDING) == 40


@pytest.mark.parametrize("name", [name for name in COLLIDING if "Api" not in name])
def test_the_request_tells_the_apis_apart(name: str):
    first, second = (member_values(version, name) for version in MODELS)
    if "restApiId" in first and "apiId" in second:
        assert checks(name, first) == checks(name, first, apiVersion=operations.V1)
        assert checks(name, second) == checks(name, second, apiVersion=operations.V2)
    else:
        both = checks(name, first, apiVersion=operations.V1) | checks(name, first, apiVersion=operations.V2)
        assert checks(name, first) == both


def test_a_lone_surrogate_in_a_path_is_no_other_text():
    """JSON can spell it, and UTF-8 cannot."""
    named = {resource for _, resource in checks("GetRestApi", {"restApiId": "x\udc8b?"})}
    assert named == {f"{ARN}:/restapis/x\udc8b${{?}}", f"{ARN}:/restapis/x%ED%B2%8B%3F"}
