"""The rows of CloudFormation's calls, held against others: botocore's operations, and CloudFormation's registry.

The registry declares for each type which permissions its handlers may need. It is an upper bound: it lists what any
property could lead to, and reads that are not made for every template. A call that it does not list is a mistake of the
row, or stands in `EXCEPTIONS`, each with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import botocore.session
import pytest
from botocore.model import ListShape, Shape, StructureShape
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tracer.rehearse.cloudformation.rows import HandlerCall, ResourceType, resource_types
from tracer.rehearse.needs import table

MODELS: Final = botocore.session.get_session()
ROWS: Final = resource_types()
CUSTOM: Final = "AWS::CloudFormation::CustomResource"
HANDLERS: Final = ("create", "update", "tag", "delete")

FUNCTION: Final = "AWS::Lambda::Function"
IMAGE: Final = "Lambda reads an image's repository, and lets itself into it, with the caller's permissions"

EXCEPTIONS: Final[Mapping[tuple[str, str], str]] = {
    ("AWS::S3::Bucket", "s3:PutBucketAcl"): "CreateBucket's page asks for it with any list but `private`",
    (FUNCTION, "ecr:GetRepositoryPolicy"): IMAGE,
    (FUNCTION, "ecr:SetRepositoryPolicy"): IMAGE,
    (FUNCTION, "kms:Encrypt"): "the update's list lacks it, the creation's has it: both encrypt the environment",
    (FUNCTION, "lambda:GetLayerVersion"): "the update's list lacks it, the creation's has it: both read the layers",
    (CUSTOM, "lambda:InvokeFunction"): "declares no handlers; the guide says that the function is invoked",
    (CUSTOM, "sns:Publish"): "declares no handlers; the guide says that the topic is published to",
}
"""Permissions beyond the registry's, by type."""

REPLACED_FOR_ANOTHER_REASON: Final[Mapping[str, set[str]]] = {
    "AWS::DynamoDB::Table": {"KeySchema"},  # the type's page: replacement
    "AWS::Events::Rule": {"EventBusName"},  # the type's page: replacement
    "AWS::IAM::Policy": {"PolicyName"},  # its row's `why`
}
"""Properties whose change makes a new resource though the registry does not say so."""


def schema(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema
    return found


def calls(row: ResourceType) -> Iterator[tuple[str, HandlerCall]]:
    for handler in HANDLERS:
        for call in getattr(row, handler):
            yield handler, call


def declared(name: str, handler: str) -> set[str]:
    """The permissions of a handler, with those to read and to tag; in small letters: the registry mixes them."""
    known = schema(name)
    handlers = known.get("handlers", {})
    wanted = {"tag": "update"}.get(handler, handler)
    listed = [*handlers.get(wanted, {}).get("permissions", []), *handlers.get("read", {}).get("permissions", [])]
    return {action.lower() for action in [*listed, *known.get("tagging", {}).get("permissions", [])]}


def actions(call: HandlerCall) -> set[str]:
    """Everything that AWS may check for a call, with the parameters that it may have."""
    given = {name.lower() for name in [*call.params, *call.copy]}
    rows = table(call.service)["operations"][call.operation]
    return {row["action"] for row in rows if all(path.split(".")[1].lower() in given for path in wanted(row))}


def wanted(row: Mapping[str, Any]) -> list[str]:
    """The paths of parameters that a need is conditional on."""
    when = row.get("when", [])
    paths = [when] if isinstance(when, str) else when
    return [path.partition("=")[0] for path in [*paths, *filter(None, [row.get("each")])] if path.startswith(".")]


@pytest.mark.parametrize("name", ROWS)
def test_nothing_is_called_beyond_the_registry(name: str):
    beyond = {
        (handler, action)
        for handler, call in calls(ROWS[name])
        for action in actions(call)
        if action.lower() not in declared(name, handler) and (name, action) not in EXCEPTIONS
    }
    assert beyond == set()


def test_each_exception_is_one():
    for name, action in EXCEPTIONS:
        found = [(handler, call) for handler, call in calls(ROWS[name]) if action in actions(call)]
        assert any(action.lower() not in declared(name, handler) for handler, _ in found), (name, action)


@pytest.mark.parametrize("name", ROWS)
def test_what_replaces_a_resource_is_what_the_registry_says(name: str):
    create_only = {path.split("/")[2] for path in schema(name).get("createOnlyProperties", ())}
    assert set(ROWS[name].replace) == create_only | REPLACED_FOR_ANOTHER_REASON.get(name, set())


@pytest.mark.parametrize("name", ROWS)
def test_properties_are_the_types_own(name: str):
    row, known = ROWS[name], set(schema(name).get("properties", {}))
    texts = re.findall(r"\b(?:new|old)\.(\w+)", str([getattr(row, handler) for handler in HANDLERS]))
    copied = [prop for _, call in calls(row) if not call.of for prop in call.copy]
    on = [prop for _, call in calls(row) for prop in call.on]
    assert {*texts, *copied, *on, *filter(None, [row.name]), *([row.tags] if row.tag else [])} <= known | {
        "ServiceToken"
    }


HARMLESS: Final[Mapping[str, set[str]]] = {
    "AWS::CDK::Metadata": {"Analytics", "Modules"},  # nothing is called for it
    CUSTOM: {"ServiceTimeout"},  # how long CloudFormation waits
    "AWS::CloudFormation::Stack": {"NotificationARNs", "TimeoutInMinutes"},  # whom it tells, and how long it waits
}
"""Properties that no call is made for."""


def used(row: ResourceType) -> set[str]:
    """The properties that a row makes something of."""
    made = [call for _, call in calls(row)]
    text = f"{made} {row.id} {row.attributes}"
    listed = " ".join(re.findall(r"(?:pick\(new|patches\(new, old), \[([^\]]*)\]", text))
    copied = {prop for call in made if not call.of for prop in call.copy}
    named = {*re.findall(r"\b(?:new|old)\.(\w+)", text), *re.findall(r"\w+", listed), *copied}
    return named | {*filter(None, [row.name])} | ({row.tags} if "tags" in text else set())


@pytest.mark.parametrize("name", ROWS)
def test_each_property_is_used_or_refused(name: str):
    """Nothing that could need a permission is passed over in silence."""
    read_only = {path.split("/", 2)[2] for path in schema(name).get("readOnlyProperties", ())}
    settable = set(schema(name).get("properties", {})) - read_only
    assert settable - used(ROWS[name]) - HARMLESS.get(name, set()) == set(ROWS[name].left_out)


@pytest.mark.parametrize("name", ROWS)
def test_parameters_are_the_operations_own(name: str):
    for _, call in calls(ROWS[name]):
        shape = MODELS.get_service_model(call.service).operation_model(call.operation).input_shape
        named = {**dict.fromkeys(call.copy, ""), **call.params}
        assert list(misnamed(shape, named)) == [], call.operation


def misnamed(shape: Shape | None, tree: object) -> Iterator[str]:
    """Names in a tree of parameters that the operation does not have."""
    if isinstance(shape, StructureShape) and isinstance(tree, Mapping):
        small = {key.lower(): member for key, member in shape.members.items()}
        for key, item in tree.items():
            if key.lower() not in small:
                yield key
            yield from misnamed(small.get(key.lower()), item)
    if isinstance(shape, ListShape) and isinstance(tree, list):
        for item in tree:
            yield from misnamed(shape.member, item)


@pytest.mark.parametrize("name", ROWS)
def test_answers_are_of_calls_that_were_made(name: str):
    """An expression names the answer of an operation that the same handler, or the creation, has called before it."""
    row = ROWS[name]
    created = [call.operation for call in row.create]
    for handler in HANDLERS:
        before = [] if handler == "create" else created + [call.operation for call in row.update]
        for call in getattr(row, handler):
            made = [*before, call.operation] if call.expect else before
            assert set(re.findall(r"\banswers\.(\w+)", str(call))) <= set(made), call.operation
            before = [*before, call.operation]
    expressions = " ".join([row.id, *row.attributes.values()])
    assert set(re.findall(r"\banswers\.(\w+)", expressions)) <= set(created)


@pytest.mark.parametrize("name", ROWS)
def test_rows_have_sources(name: str):
    assert any(source.startswith("https://docs.aws.amazon.com/") for source in ROWS[name].sources)
    assert all(call.held is None or call.held for _, call in calls(ROWS[name]))
    if not list(calls(ROWS[name])):
        assert ROWS[name].why
