"""The stage as a whole: who gets which documents, under which names, and with which findings."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from emit_support import ACCOUNT, DEPLOYER, FUNCTION_ROLE, PASSED_TO_LAMBDA, RUN, allow, trace_of, used

from tracer import emit
from tracer.emit.draft import Attach, Draft, DraftOptions, Merge
from tracer.emit.format import FORMATS
from tracer.emit.lines import Provenance
from tracer.errors import EmitError, UsageError
from tracer.model.finding import Finding
from tracer.model.permission import Section, UsedPermission
from tracer.model.policy import Conditions, Policy
from tracer.model.trace import RunFacts, Trace

FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders-dev-hello"
GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/orders-dev-hello"
NONE = DraftOptions(baseline="none")

DEPLOY = trace_of(
    used("lambda:CreateFunction", FUNCTION),
    used("lambda:TagResource", FUNCTION),
    used("iam:PassRole", FUNCTION_ROLE, PASSED_TO_LAMBDA),
    used("logs:CreateLogGroup", GROUP),
    used("logs:DescribeLogGroups"),
    used("s3:PutBucketPolicy", "arn:aws:s3:::orders-dev-bucket"),
    used("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:1:table/t", section=Section.FUNCTION, principal=FUNCTION_ROLE),
)


def names(draft: Draft, extension: str = "json") -> list[str]:
    return [document.file_name(extension) for document in draft.documents]


def codes(draft: Draft) -> list[str]:
    return [finding.code for finding in draft.findings]


def other(principal: str, action: str = "s3:GetObject") -> UsedPermission:
    return used(action, "arn:aws:s3:::b/k", section=Section.OTHER, principal=principal)


def test_the_baseline_goes_into_the_deployers_policy_alone():
    draft = emit.draft([DEPLOY], DraftOptions())
    deployer, function = draft.documents
    assert names(draft) == ["deployer.json", "function-orders-dev-us-east-1-lambdaRole.json"]
    assert [line.provenance for line in deployer.lines][:12] == [
        Provenance.BOTH if place in (6, 9) else Provenance.BASELINE for place in range(12)
    ]
    assert [line.provenance for line in deployer.lines][12:] == [Provenance.OBSERVED] * 4
    assert [statement.actions for statement in function.policy.statements] == [("dynamodb:PutItem",)]
    assert draft.policies == (deployer.policy, function.policy)


def test_the_draft_says_what_the_baseline_had_what_was_added_and_what_was_not_used():
    draft = emit.draft([DEPLOY], DraftOptions())
    assert [line.permission.action.name for line in draft.already] == ["PassRole", "CreateFunction"]
    assert [line.permission.action.name for line in draft.added] == [
        "TagResource",
        "CreateLogGroup",
        "DescribeLogGroups",
        "PutBucketPolicy",
    ]
    assert [unused.number for unused in draft.unused if not unused.whole] == [7, 10]
    assert codes(draft).count("BASELINE_UNUSED") == 12


def test_the_advanced_baselines_faults_are_told_where_they_matter():
    faults = [
        finding.message for finding in emit.draft([DEPLOY], DraftOptions()).findings if finding.code == "BASELINE_FAULT"
    ]
    for words in (
        "logs:DescribeLogGroups",
        "s3:* on objects alone",
        "log-stream",
        "iam:PassRole without",
        "other services",
    ):
        assert any(words in fault for fault in faults), words
    narrow = emit.draft([trace_of(used("lambda:CreateFunction", FUNCTION))], DraftOptions())
    (fault,) = [finding.message for finding in narrow.findings if finding.code == "BASELINE_FAULT"]
    assert "other services" in fault


def test_a_service_in_upper_case_is_a_fault_of_the_baseline_and_is_not_altered():
    trace = trace_of(used("s3:GetObject", "arn:aws:s3:::orders-dev/key"))
    draft = emit.draft([trace], DraftOptions(service="Orders"))
    assert draft.policies[0].statements[2].resources == ("arn:aws:s3:::Orders*",)
    assert any("lower case" in finding.message for finding in draft.findings)


def test_tighten_tells_no_fault_that_it_mends():
    draft = emit.draft([DEPLOY], DraftOptions(merge=Merge.TIGHTEN))
    assert not any(
        "without saying" in finding.message or "other services" in finding.message for finding in draft.findings
    )
    assert all("left out" in finding.message for finding in draft.findings if finding.code == "BASELINE_UNUSED")


def test_observed_needs_no_value_for_the_baseline_that_it_does_not_use():
    draft = emit.draft([replace(DEPLOY, run=RunFacts())], DraftOptions(merge=Merge.OBSERVED))
    assert (draft.unused, draft.baseline.name) == ((), "none")
    assert not [code for code in codes(draft) if code.startswith("BASELINE_")]


def test_a_placeholder_is_filled_from_the_options_before_the_run():
    draft = emit.draft([DEPLOY], DraftOptions(service="invoices", regions=("eu-west-1",), accounts=("210987654321",)))
    assert draft.policies[0].statements[0].resources == (
        "arn:aws:cloudformation:eu-west-1:210987654321:stack/invoices*/*",
    )


def test_a_placeholder_that_nothing_fills_names_the_option():
    with pytest.raises(UsageError, match="<service_name>") as error:
        emit.draft([replace(DEPLOY, run=replace(RUN, service=None))], DraftOptions())
    assert "--service" in error.value.hint


def test_traces_of_two_services_get_a_copy_of_the_baseline_each():
    two = replace(DEPLOY, run=replace(RUN, service="invoices"))
    resources = [statement.resources for statement in emit.draft([DEPLOY, two], DraftOptions()).policies[0].statements]
    assert ("arn:aws:s3:::invoices*",) in resources
    assert ("arn:aws:s3:::orders*",) in resources


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_the_partition_is_that_of_the_trace(partition: str):
    trace = trace_of(used("s3:GetObject", f"arn:{partition}:s3:::orders/k"), run=replace(RUN, partition=partition))
    draft = emit.draft([trace], DraftOptions())
    assert len(draft.added) == 0
    assert "arn:aws:" not in draft.policies[0].to_json()


def test_without_a_deployer_nobody_gets_the_baseline():
    draft = emit.draft(
        [trace_of(other(f"arn:aws:iam::{ACCOUNT}:user/a"), other(f"arn:aws:iam::{ACCOUNT}:role/p/b"))], DraftOptions()
    )
    assert names(draft) == ["other-b.json", "other-a.json"]
    assert all(policy.statements[0].actions == ("s3:GetObject",) for policy in draft.policies)
    assert not {"BASELINE_UNUSED", "BASELINE_FAULT"} & set(codes(draft))


def test_a_deployer_who_needed_nothing_still_has_the_baseline():
    draft = emit.draft([trace_of()], DraftOptions())
    assert names(draft) == ["deployer.json"]
    assert draft.policies == (Policy(draft.baseline.policy.statements),)
    assert emit.draft([trace_of()], NONE).documents == ()


NAMES = {
    "the last part of a path": (["arn:aws:iam::1:role/team/ci"], ["other-ci"]),
    "unsafe signs": (["arn:aws:iam::1:user/a+b@c,d=e"], ["other-a_b_c_d_e"]),
    "the root": ([f"arn:aws:iam::{ACCOUNT}:root"], ["other-root"]),
    "two accounts": (["arn:aws:iam::1:role/ci", "arn:aws:iam::2:role/ci"], ["other-ci-1", "other-ci-2"]),
    "case does not tell files apart": (
        ["arn:aws:iam::1:role/CI", "arn:aws:iam::2:role/ci"],
        ["other-CI-1", "other-ci-2"],
    ),
    "a role and a user": (["arn:aws:iam::1:role/ci", "arn:aws:iam::1:user/ci"], ["other-ci-1-*", "other-ci-1-*"]),
    "no ARN at all": (["../../etc/pass\x1b[wd"], ["other-pass__wd"]),
}


@pytest.mark.parametrize(("principals", "expected"), NAMES.values(), ids=NAMES)
def test_files_are_named_by_their_principal(principals: list[str], expected: list[str]):
    found = names(emit.draft([trace_of(*map(other, principals))], NONE))
    assert len({name.lower() for name in found}) == len(principals)
    for name, pattern in zip(found, expected, strict=True):
        assert re.fullmatch(re.escape(pattern).replace(r"\*", "[0-9a-f]{8}") + r"\.json", name), name


def test_two_deployers_have_a_file_each():
    trace = trace_of(used("s3:GetObject"), used("s3:GetObject", principal=f"arn:aws:iam::{ACCOUNT}:role/ci"))
    assert names(emit.draft([trace], NONE)) == ["deployer-ci.json", "deployer-deployer.json"]


def test_documents_are_numbered_where_there_are_several_and_never_share_a_name():
    many = [
        used(
            "s3:GetObject",
            f"arn:aws:s3:::{number:04d}".ljust(100, "x"),
            section=Section.OTHER,
            principal="arn:aws:iam::1:role/a",
        )
        for number in range(80)
    ]
    draft = emit.draft([trace_of(*many, other("arn:aws:iam::1:role/a-1"))], NONE)
    first, second, other_role = names(draft, "tf")
    assert (first[-5:], second[-5:]) == ("-1.tf", "-2.tf")
    assert len({first, second, other_role}) == 3


def test_more_documents_than_are_attached_by_default_is_a_finding():
    many = [used("s3:GetObject", f"arn:aws:s3:::{number:04d}".ljust(100, "x")) for number in range(700)]
    draft = emit.draft([trace_of(*many)], NONE)
    assert 10 < len(draft.documents) <= 20
    assert codes(draft) == ["NOT_EXPRESSIBLE"]
    assert {line for document in draft.documents for entry in document.lines for line in entry.used} == set(many)


def test_the_advanced_baseline_does_not_fit_a_user():
    with pytest.raises(EmitError, match="2,048"):
        emit.draft([DEPLOY], DraftOptions(attach=Attach.USER))
    assert emit.draft([DEPLOY], DraftOptions(attach=Attach.USER, merge=Merge.TIGHTEN)).policies[0].size <= 2_048


def test_a_deny_of_the_baseline_in_the_way_is_an_error_finding(tmp_path: Path):
    file = tmp_path / "baseline.json"
    deny = allow(
        "lambda:*",
        effect="Deny",
        sid="NoLambda",
        conditions=Conditions.of("Bool", "aws:MultiFactorAuthPresent", "false"),
    )
    file.write_text(Policy((deny,)).to_json(), encoding="utf-8")
    draft = emit.draft([DEPLOY], DraftOptions(baseline=str(file)))
    (finding,) = [one for one in draft.findings if one.code == "BLOCKED_BY_DENY"]
    assert "the Deny NoLambda of the baseline may block, where its condition holds" in finding.message
    assert (finding.count, finding.severity.value) == (2, "error")
    assert deny in draft.policies[0].statements


def test_a_users_baseline_that_allows_by_negation_or_is_of_the_old_version_is_told(tmp_path: Path):
    file = tmp_path / "baseline.json"
    file.write_text(
        '{"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::${aws:username}/*"}]}',
        encoding="utf-8",
    )
    faults = [
        one.message
        for one in emit.draft([DEPLOY], DraftOptions(baseline=str(file))).findings
        if one.code == "BASELINE_FAULT"
    ]
    assert [any(word in fault for fault in faults) for word in ("NotAction", "version 2008-10-17")] == [True, True]


def test_the_traces_findings_come_first():
    told = Finding("COVERAGE_GAP", "no data events")
    assert emit.draft([replace(DEPLOY, findings=(told,))], DraftOptions()).findings[0] == told


def test_no_trace_is_an_error():
    with pytest.raises(EmitError):
        emit.draft([], DraftOptions())


def test_json_is_the_policy_itself():
    draft = emit.draft([DEPLOY], DraftOptions())
    document = draft.documents[0]
    text = FORMATS["json"].render(document, draft)
    assert Policy.from_json(text) == document.policy
    assert text.endswith("}\n")
    assert document.file_name(FORMATS["json"].extension) == "deployer.json"


def test_a_trace_that_went_through_json_gives_the_same_draft():
    again = Trace.from_json(DEPLOY.to_json())
    assert emit.draft([again], DraftOptions()).policies == emit.draft([DEPLOY], DraftOptions()).policies
    assert DEPLOYER in {document.principal for document in emit.draft([again], DraftOptions()).documents}
