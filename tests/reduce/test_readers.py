"""What nobody reads of a request tells no calls apart, and makes no difference to what a call needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from case_support import Case, cases
from golden import GOLDENS, Golden
from reduce_support import otherwise, trace_of

import tracer
from tracer.collect.files import FileSource
from tracer.model.action import Action
from tracer.model.record import service_of
from tracer.model.run import DeployRun
from tracer.reduce.readers import READ_WHOLE, keys_read
from tracer.reduce.request import TOKENS, first_key
from tracer.reference import inferred_rules, overrides

RUNS = [
    pytest.param(golden, id=name, marks=pytest.mark.shared if golden.real else ()) for name, golden in GOLDENS.items()
]


def has_a_request(case: Case) -> bool:
    """Whether it is in the record, and not CloudTrail's mark for one that was too large."""
    return bool(case.content.get("request")) and "omitted" not in case.content["request"]


@pytest.mark.parametrize(
    ("event", "read", "not_read"),
    [
        ("logs:GetLogEvents", {"loggroupname", "logstreamname"}, {"starttime", "limit", "nexttoken"}),
        ("dynamodb:CreateTable", {"tablename"}, {"billingmode"}),
        ("ec2:DescribeInstances", set(), {"maxresults", "nexttoken"}),
        ("kms:Encrypt", {"keyid"}, {"encryptionalgorithm"}),
        ("events:PutRule", {"eventbusname", "name"}, {"description", "scheduleexpression"}),
        ("ssm:PutParameter", {"name"}, {"value", "overwrite"}),
        ("secretsmanager:RotateSecret", {"secretid", "functionname"}, {"rotateimmediately"}),
        ("bedrock:InvokeModel", {"modelid", "guardrailidentifier"}, {"accept", "contenttype"}),
        ("kms:ReEncrypt", {"sourcekeyid", "destinationkeyid"}, {"sourceencryptionalgorithm"}),
    ],
)
def test_what_is_read_of_an_event(event: str, read: set[str], not_read: set[str]):
    source, _, name = event.partition(":")
    keys = keys_read(source, name)
    assert keys is not None
    assert (read - keys, not_read & keys) == (set(), set())


@pytest.mark.parametrize("source", sorted(READ_WHOLE))
def test_of_some_services_everything_may_be_read(source: str):
    assert keys_read(source, "CreateThing") is None


def test_whatever_is_inferred_of_a_call_is_read_of_all_of_it():
    sources = {source for read in inferred_rules.reads() for source in read.events}
    assert sources | {agent.event_source for agent in inferred_rules.agents()} <= READ_WHOLE
    signs = {(sign.source, sign.event) for command in inferred_rules.commands() for sign in command.shown_by}
    assert {keys_read(source, event) for source, event in signs} == {None}


def test_of_a_call_of_which_a_rule_reads_every_key_nothing_is_left_out(monkeypatch: pytest.MonkeyPatch):
    needed = overrides.ActionRow(Action("kms:Encrypt"), at=("*.keyId",))
    row = overrides.EventRow(("DoThing",), (needed,), overrides.When(), "why", "source")
    monkeypatch.setattr(overrides, "event_rows", lambda _: {"dothing": (row,)})
    assert keys_read("nobodys", "DoThing") is None


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("queueName", "queuename"),
        ("target.roleArn", "target"),
        ("entries{kind=bus}.name", "entries"),
        ("eventBusName|default", "eventbusname"),
        ("*.roleArn", None),
        ("@keys", None),
    ],
)
def test_the_key_that_a_path_begins_with(path: str, key: str | None):
    assert first_key(path) == key


@pytest.mark.parametrize("event", ["", "*", "Get Thing", "\ud800", "Create:Key", "a" * 5000])
def test_of_an_event_that_nobody_knows_little_is_read(event: str):
    keys = keys_read("kms", event)
    assert keys is not None
    assert not keys & {"keyid", "description"}


def test_no_token_is_read():
    for source in overrides.event_files():
        for event in overrides.event_rows(source):
            assert not TOKENS & (keys_read(source, event) or set()), (source, event)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in cases() if has_a_request(case)])
def test_what_nobody_reads_makes_no_difference_to_what_a_call_needed(case: Case):
    call = case.record | {"eventID": "0"}
    other = said_otherwise(call)
    assert other["requestParameters"] != call["requestParameters"]
    assert trace_of(*case.before, other, inferred=True) == trace_of(*case.before, call, inferred=True)


@pytest.mark.parametrize("whose", ["of-all", "of-the-deployer"])
@pytest.mark.parametrize("golden", RUNS)
def test_nor_to_what_a_run_needed(golden: Golden, whose: str, tmp_path: Path):
    principal = None if whose == "of-all" else golden.principal
    found = []
    for name, change in (("as it was", dict), ("otherwise", said_otherwise)):
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps({"Records": list(map(change, records(golden)))}), encoding="utf-8")
        found.append(tracer.trace(file, principal=principal, **{"lifecycle": True} | golden.traced))
    assert found[0] == found[1]


def records(golden: Golden) -> list[dict[str, Any]]:
    if isinstance(golden.source, Path):
        return [json.loads(raw) for raw in FileSource([golden.source]).records(DeployRun()) if isinstance(raw, bytes)]
    return golden.source()


def said_otherwise(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record, what nobody reads of its request said in another way."""
    request = record["requestParameters"]
    if not isinstance(request, dict) or "omitted" in request:
        return dict(record)
    keys = keys_read(service_of(record["eventSource"]), record["eventName"])
    return dict(record) | {"requestParameters": otherwise(request, keys)}
