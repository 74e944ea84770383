"""The gate: what it asks, in which order it refuses, and whose the calls are that CloudFormation makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest
from rehearse_support import ACCOUNT, NOW, USER, call

from tracer.rehearse.call import ApiError, Caller, CallerType
from tracer.rehearse.gate import Gate, Layer
from tracer.rehearse.ids import Ids
from tracer.rehearse.judge import Decision, Need
from tracer.rehearse.needs import NoRow
from tracer.rehearse.words import Nothing

ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/stack"
COPY = call("s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "from/k"})


@dataclass
class Directory(Nothing):
    """Everybody has the same layers; roles are whoever is asked for."""

    held: Sequence[Layer] = (Layer("identity-based", [{}]),)

    def layers(self, caller: Caller) -> Sequence[Layer]:
        return self.held

    def session(self, role_arn: str, session_name: str, access_key_id: str, created: datetime) -> Caller:
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role_arn.rpartition('/')[2]}/{session_name}"
        return Caller(
            CallerType.ASSUMED_ROLE, arn, f"AROAX:{session_name}", ACCOUNT, access_key_id,
            role_arn=role_arn, session_created=created,
        )  # fmt: skip


@dataclass
class Script:
    """A judge that says what it was told to, by the document that stands for a policy."""

    says: Mapping[tuple[str, str], Decision] = field(default_factory=dict)
    asked: list[tuple[str, Sequence[Need]]] = field(default_factory=list)

    def decide(self, policies: Sequence[Mapping[str, Any]], principal: str, needs: Sequence[Need]) -> list[Decision]:
        self.asked.append((principal, needs))
        name = policies[0].get("Id", "") if policies else ""
        return [self.says.get((name, need.action), Decision.ALLOWED) for need in needs]


def gate(says: Mapping[tuple[str, str], Decision] | None = None, layers: Sequence[Layer] | None = None) -> Gate:
    return Gate(Directory(layers or Directory.held), Script(says or {}), Ids(1), lambda: NOW)


def test_a_call_that_is_allowed_goes_on_and_is_written_down_when_it_ends():
    door = gate()
    assert door.check(COPY) is None
    assert door.journal == []
    door.record(COPY, {"CopyObjectResult": {}})
    (entry,) = door.journal
    assert [need.action for need in entry.needs] == ["s3:PutObject", "s3:GetObject"]
    assert (entry.denials, entry.error, entry.response) == ([], None, {"CopyObjectResult": {}})


def test_a_call_that_failed_for_another_reason_keeps_it():
    door = gate()
    door.check(COPY)
    door.record(COPY, error=ApiError("NoSuchBucket", "none"))
    assert door.journal[0].error == ApiError("NoSuchBucket", "none")


def test_a_refused_call_is_written_down_at_once_with_all_that_it_lacked():
    door = gate({("", "s3:PutObject"): Decision.NOT_ALLOWED, ("", "s3:GetObject"): Decision.NOT_ALLOWED})
    denial = door.check(COPY)
    assert denial
    assert denial.need.action == "s3:PutObject"
    (entry,) = door.journal
    assert [one.need.action for one in entry.denials] == ["s3:PutObject", "s3:GetObject"]
    assert entry.error == denial.error


def test_nobody_passes_by_the_gate():
    with pytest.raises(KeyError):
        gate().record(COPY, {})


def test_every_layer_must_allow_and_a_deny_is_told_before_a_missing_allow():
    layers = [Layer("identity-based", [{"Id": "user"}]), Layer("permissions boundary", [{"Id": "boundary"}])]
    bounded = gate({("boundary", "s3:PutObject"): Decision.NOT_ALLOWED}, layers).check(COPY)
    assert bounded
    assert "no permissions boundary allows" in bounded.message
    says = {("user", "s3:PutObject"): Decision.NOT_ALLOWED, ("boundary", "s3:PutObject"): Decision.DENIED}
    both = gate(says, layers).check(COPY)
    assert both
    assert both.message.endswith("with an explicit deny in a permissions boundary")


def test_a_lenient_gate_lets_go_on_what_it_refuses():
    door = gate({("", "s3:GetObject"): Decision.NOT_ALLOWED})
    door.lenient = True
    assert door.check(COPY) is None
    door.record(COPY, {})
    assert [one.need.action for one in door.journal[0].denials] == ["s3:GetObject"]
    assert door.journal[0].error is None


def test_root_is_not_judged_and_needs_no_row():
    root = Caller(CallerType.ROOT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, ACCOUNT, "AKIA")
    made = call("iam", "ListServerCertificates", caller=root)
    door = gate()
    assert door.check(made) is None
    with pytest.raises(NoRow):
        door.check(replace(made, caller=USER))


def test_cloudformation_calls_for_the_caller_with_a_key_of_its_own():
    door = gate()
    direct = call("cloudformation", "CreateStack", {"StackName": "s"})
    with door.serve(direct):
        first = door.forwarded("dynamodb", "CreateTable", {"TableName": "t"})
        second = door.forwarded("dynamodb", "DescribeTable", {"TableName": "t"})
    assert first.caller == replace(USER, access_key_id=first.caller.access_key_id, session_created=NOW)
    assert first.caller.access_key_id.startswith("ASIA")
    assert len({direct.caller.access_key_id, first.caller.access_key_id, second.caller.access_key_id}) == 3
    assert len({direct.event_id, first.event_id, second.event_id}) == 3
    service = "cloudformation.amazonaws.com"
    assert (first.invoked_by, first.source_ip, first.user_agent) == (service, service, service)


def test_under_a_service_role_cloudformation_calls_in_a_session_of_that_role():
    door = gate()
    with door.serve(call("cloudformation", "CreateStack", {"StackName": "s"})):
        made = door.forwarded("dynamodb", "CreateTable", {"TableName": "t"}, role=ROLE)
    assert made.caller.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/stack/AWSCloudFormation"
    assert made.caller.principal_arn == ROLE
    door.check(made)
    assert door.judge.asked[0][0] == ROLE


def test_outside_of_a_request_nothing_is_served():
    with pytest.raises(LookupError):
        gate().serving()


def test_ids_are_the_same_again_from_the_same_seed():
    first, second, other = Ids(7), Ids(7), Ids(8)
    ids = [first.uuid(), first.temporary_key(), first.letters(5)]
    assert ids == [second.uuid(), second.temporary_key(), second.letters(5)]
    assert ids != [other.uuid(), other.temporary_key(), other.letters(5)]
