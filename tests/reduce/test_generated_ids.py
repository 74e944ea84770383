"""Where only the kind of a resource is left of what a call named, a note says so."""

from __future__ import annotations

from support import record

from tracer import reduce
from tracer.model.permission import ResourcesMode
from tracer.model.run import DeployRun, TraceOptions


def notes(mode, *records):
    trace = reduce.reduce_records(lambda: list(records), DeployRun(), TraceOptions(resources=ResourcesMode(mode)))
    return [finding.message for finding in trace.findings if finding.code == "GENERATED_ID"]


VPC = record("DeleteVpc", "ec2.amazonaws.com", request={"vpcId": "vpc-06fe1a64761a0f720"})
API = record("GetDeployments", "apigateway.amazonaws.com", request={"restApiId": "a1b2c3d4e5"})
DELETE_API = record("DeleteRestApi", "apigateway.amazonaws.com", request={"restApiId": "a1b2c3d4e5"})
ROLE = record("GetRole", request={"roleName": "deploy"})


def test_one_note_a_service_names_the_kinds():
    vpc, api = sorted(notes("names", VPC, DELETE_API, API, ROLE), reverse=True)
    assert vpc.startswith("ec2:")
    assert vpc.endswith(": vpc/*")
    assert api.startswith("apigateway:")
    assert api.endswith(": /restapis/*")


def test_exact_arns_and_parts_below_a_name_need_none():
    assert not notes("exact", VPC, DELETE_API)
    assert not notes("names", API, ROLE)


def test_what_is_deduced_on_all_of_a_kind_is_told_as_well():
    key = record("CreateKey", "kms.amazonaws.com", request={}, response={"keyMetadata": {"keyId": "k"}})
    trace = reduce.reduce_records(lambda: [key], DeployRun(), TraceOptions(lifecycle=True))
    resources = {used.permission.resource.resource for used in trace.permissions}
    assert "key/*" in resources
    (message,) = (finding.message for finding in trace.findings if finding.code == "GENERATED_ID")
    assert message.endswith(": key/*")
