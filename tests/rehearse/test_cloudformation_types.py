"""What CloudFormation calls for each type of resource, from the first deploy to the last: a case a type, by hand.

`cloudformation_cases.json` holds them. `parts` are what a resource needs beside it, `cases` say for each type the
resource's properties, how they are changed, and what is called for each step. In the change step the resource gets a
tag, too, and loses it in the next.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from stack_support import CLOUDFORMATION, Stack, client, names

from tracer.rehearse.account import Account
from tracer.rehearse.cloudformation.rows import resource_type, resource_types

DATA: Final = json.loads(Path(__file__).with_name("cloudformation_cases.json").read_text())
CASES: Final[Mapping[str, Mapping[str, Any]]] = DATA["cases"]
IDLE: Final = {"Idle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
NESTED: Final = {
    "Parameters": {"Days": {"Type": "Number"}},
    "Resources": {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": {"Ref": "Days"}}}},
}
STAGE: Final = [{"Key": "STAGE", "Value": "dev"}]
TEAM: Final = [{"Key": "team", "Value": "orders"}]


@pytest.fixture
def stack(account: Account) -> Stack:
    """A stack of an administrator's, and a bucket with what templates name."""
    s3 = client(account, account.root(), "s3")
    s3.create_bucket(Bucket="artifacts")
    layer = io.BytesIO()
    with zipfile.ZipFile(layer, "w") as archive:
        archive.writestr("library.py", "")
    s3.put_object(Bucket="artifacts", Key="layer.zip", Body=layer.getvalue())
    s3.put_object(Bucket="artifacts", Key="nested.json", Body=json.dumps(NESTED))
    return Stack(account, account.administrator())


def test_each_type_has_a_case():
    assert set(resource_types()) == set(CASES)


def test_a_type_is_known_by_its_name():
    assert resource_type("Custom::Certificate").type == "AWS::CloudFormation::CustomResource"


@pytest.mark.parametrize("name", CASES)
def test_calls_of(name: str, stack: Stack):
    case, row = CASES[name], resource_type(name)
    parts = {**IDLE, **{part: DATA["parts"][part] for part in case.get("with", [])}}

    def it(**changes: object) -> dict[str, Any]:
        return {**parts, "It": {"Type": name, "Properties": {**case["properties"], **changes}}}

    stack.create(parts, Tags=STAGE)
    assert stack.status == "CREATE_COMPLETE"
    stack.forwarded()

    stack.update(it(), Tags=STAGE)
    created = stack.forwarded()
    assert stack.status == "UPDATE_COMPLETE", stack.reasons()
    assert names(created) == case["created"]

    if "update" in case:
        stack.update(it(**case["update"], **({row.tags: TEAM} if row.tag else {})), Tags=STAGE)
        assert stack.status == "UPDATE_COMPLETE", stack.reasons()
        assert stack.called() == case["updated"]
        if row.tag:
            stack.update(it(**case["update"]), Tags=STAGE)
            assert stack.status == "UPDATE_COMPLETE", stack.reasons()
            assert stack.called()[-1] == f"{row.tag[-1].service}.{row.tag[-1].operation}"

    stack.update(parts, Tags=STAGE)
    deleted = stack.forwarded()
    assert stack.status == "UPDATE_COMPLETE", stack.reasons()
    assert names(deleted) == case["deleted"]

    stack.delete()
    assert stack.status == "DELETE_COMPLETE", stack.reasons()
    assert stack.account.failures() == []
    for call in [*created, *deleted]:
        assert (call.via, call.principal) == (CLOUDFORMATION, stack.key.arn)
        assert call.denied is None
        assert call.needs
