"""What the page says, as values: nothing here looks at HTML."""

from __future__ import annotations

from dataclasses import replace

import pytest
from emit_support import DEPLOYER, FUNCTION_ROLE, PASSED_TO_LAMBDA, RUN, allow, trace_of, used

from tracer import emit
from tracer.emit.check import check
from tracer.emit.draft import Draft, DraftOptions, Merge
from tracer.model.finding import SEVERITIES, Finding
from tracer.model.permission import Basis, Evidence, Section
from tracer.model.policy import Policy
from tracer.model.trace import Accounting, Denial, Trace
from tracer.report.answer import Tone
from tracer.report.guidance import ADVICE
from tracer.report.page import Page, page
from tracer.report.statements import ORIGINS, MissingView, StatementView

BUCKET = "arn:aws:s3:::orders-bucket"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders-dev"


def drafted(trace: Trace, *baseline, tmp_path=None, **options) -> Draft:
    """The draft of `trace` with these statements as its baseline."""
    name = "none"
    if baseline:
        path = tmp_path / "baseline.json"
        path.write_text(Policy(baseline).to_json(), encoding="utf-8")
        name = str(path)
    return emit.draft((trace,), DraftOptions(baseline=name, **options))


def page_of(draft: Draft, quota: int = 6_144) -> Page:
    """Its page, judged as the command does."""
    judgements = [
        check([document.policy for document in share.documents], [item.permission for item in needed(share)])
        for share in draft.shares
    ]
    return page(draft, judgements, quota, (), "0")


def needed(share):
    return (*share.merged.already, *share.merged.added)


def statements(made: Page) -> list[StatementView]:
    return [line for policy in made.policies for document in policy.documents for line in document.statements]


# The answer ---------------------------------------------------------------------------------------------------------


def test_a_run_that_is_covered():
    made = page_of(drafted(trace_of(used("s3:CreateBucket", BUCKET), used("s3:DeleteBucket", BUCKET))))
    assert (made.answer.tone, made.answer.headline) == (Tone.GOOD, "The policy covers this run.")
    assert made.answer.reasons == (
        "All that its calls needed is allowed: 2 permissions, checked on the finished documents.",
    )
    assert made.answer.open == ()


def test_a_run_that_a_deny_of_the_baseline_blocks(tmp_path):
    trace = trace_of(used("s3:CreateBucket", BUCKET), used("s3:DeleteBucket", BUCKET))
    made = page_of(drafted(trace, allow("s3:DeleteBucket", effect="Deny"), tmp_path=tmp_path))
    assert (made.answer.tone, made.answer.headline) == (Tone.BAD, "The policy does not cover this run.")
    assert "1 permission of 2" in made.answer.reasons[0]
    assert made.policies[0].missing == (MissingView("s3:DeleteBucket", BUCKET, blocked=True),)


def test_a_run_with_a_warning_is_covered_as_far_as_it_is_known():
    trace = replace(
        trace_of(used("s3:CreateBucket", BUCKET)),
        findings=(Finding("UNKNOWN_ACTION", "nobody knows kettle:MakeTea", count=3),),
    )
    answer = page_of(drafted(trace)).answer
    assert (answer.tone, answer.headline) == (Tone.LOOK, "The policy covers what is known of this run.")
    assert "Somebody must look at 1 finding of severity error or warning." in answer.reasons
    (unknown,) = answer.open
    assert unknown.text.startswith("No IAM action is known for 3 calls")
    assert unknown.place == "finding-UNKNOWN_ACTION"


def test_a_run_that_needed_nothing():
    made = page_of(drafted(trace_of(run=replace(RUN, principals=()))))
    assert (made.answer.tone, made.answer.headline) == (Tone.LOOK, "There is no permission to grant.")
    assert made.policies == ()
    assert made.picture.lanes == ()


@pytest.mark.parametrize(
    ("basis", "expected"),
    [(Basis.OBSERVED, "does not hold what it needed"), (Basis.DENIED, "holds what it needed, as asked")],
)
def test_denied_calls_are_in_the_answer(basis: Basis, expected: str):
    denial = Denial(DEPLOYER, "s3:GetObject", BUCKET, "AccessDenied", "identity-based", "message", Evidence(1))
    trace = replace(trace_of(used("s3:CreateBucket", BUCKET, basis=basis)), denied=(denial,))
    made = page_of(drafted(trace))
    assert any(expected in reason for reason in made.answer.reasons)
    assert [(row.action, row.cause, row.calls) for row in made.denied] == [("s3:GetObject", "identity-based", "1 call")]


def test_what_is_inferred_is_not_known():
    unseen = replace(used("s3:GetObject", f"{BUCKET}/*", basis=Basis.INFERRED), evidence=Evidence())
    (unknown,) = page_of(drafted(trace_of(unseen))).answer.open
    assert unknown.text == "No record stands behind 1 permission, deduced and marked inferred."


@pytest.mark.parametrize("code", SEVERITIES)
def test_for_every_finding_there_is_something_to_do(code: str):
    trace = replace(trace_of(used("s3:CreateBucket", BUCKET)), findings=(Finding(code, "it happened"),))
    (finding,) = page_of(drafted(trace)).findings
    assert (finding.code, finding.severity, finding.advice) == (code, SEVERITIES[code], ADVICE[code])
    assert finding.advice.endswith(".")


def test_the_gravest_finding_comes_first():
    findings = [Finding(code, "it happened") for code in sorted(SEVERITIES)]
    made = page_of(drafted(replace(trace_of(used("s3:CreateBucket", BUCKET)), findings=tuple(findings))))
    severities = [finding.severity for finding in made.findings]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert len(severities) == len(SEVERITIES)


def test_links_are_made_of_aws_s_documentation_alone():
    text = (
        "see https://docs.aws.amazon.com/IAM/latest/UserGuide/x.html (https://docs.aws.amazon.com.evil.example/y) "
        "javascript:alert(1) https://evil.example/https://docs.aws.amazon.com/z"
    )
    trace = replace(trace_of(used("s3:CreateBucket", BUCKET)), findings=(Finding("COVERAGE_GAP", text),))
    pieces = page_of(drafted(trace)).findings[0].messages[0].pieces
    assert "".join(piece.text for piece in pieces) == text
    links = [piece.link for piece in pieces if piece.link]
    assert links[0] == "https://docs.aws.amazon.com/IAM/latest/UserGuide/x.html"
    assert all(link.startswith("https://docs.aws.amazon.com/") for link in links)


# The statements -----------------------------------------------------------------------------------------------------


def test_where_statements_come_from(tmp_path):
    lines = (
        used("s3:CreateBucket", BUCKET),
        used("dynamodb:CreateTable", TABLE),
        used("iam:PassRole", FUNCTION_ROLE, PASSED_TO_LAMBDA, basis=Basis.IMPLIED, rule="pass-role/lambda"),
        used("logs:CreateLogGroup", "*", basis=Basis.INFERRED),
    )
    baseline = (allow("s3:*", BUCKET), allow("ec2:DescribeVpcs"), allow("s3:GetObject", "*", effect="Deny"))
    made = page_of(drafted(trace_of(*lines), *baseline, tmp_path=tmp_path))
    origins = {line.actions[0].service: line.origin for line in statements(made) if line.effect == "Allow"}
    assert origins == {"s3": "both", "ec2": "baseline", "dynamodb": "observed", "iam": "implied", "logs": "inferred"}
    assert [line.origin for line in statements(made) if line.effect == "Deny"] == ["deny"]
    assert set(ORIGINS) >= {line.origin for line in statements(made)}


def test_a_statement_with_its_evidence():
    call = used("iam:PassRole", FUNCTION_ROLE, PASSED_TO_LAMBDA, basis=Basis.IMPLIED, rule="pass-role/x", via="y.z")
    times = Evidence(5, "2026-11-24T08:00:00Z", "2026-11-24T08:00:09Z", ("e1", "e2"))
    (line,) = statements(page_of(drafted(trace_of(replace(call, evidence=times)))))
    assert line.only_if == ("StringEquals iam:PassedToService = lambda.amazonaws.com",)
    (row,) = line.evidence
    assert (row.action, row.resource, row.basis, row.rule, row.via) == (
        "iam:PassRole", FUNCTION_ROLE, "implied", "pass-role/x", "y.z",
    )  # fmt: skip
    assert (row.calls, row.when) == ("5 calls", "08:00:00 to 08:00:09")
    assert (row.events, row.more_events) == (("e1", "e2"), 3)


def test_what_a_statement_grants_beyond_the_run(tmp_path):
    baseline = allow(["s3:CreateBucket", "s3:DeleteBucket", "s3:Get*"], BUCKET)
    made = page_of(drafted(trace_of(used("s3:CreateBucket", BUCKET)), baseline, tmp_path=tmp_path))
    (line,) = statements(made)
    assert line.beyond[0] == "s3:DeleteBucket: Write"
    assert line.beyond[1].startswith("s3:Get*: ")
    assert " Read" in line.beyond[1]


def test_each_section_has_its_policy():
    function = used("dynamodb:GetItem", TABLE, section=Section.FUNCTION, principal=FUNCTION_ROLE)
    made = page_of(drafted(trace_of(used("s3:CreateBucket", BUCKET), function)))
    assert [(policy.section, policy.principal) for policy in made.policies] == [
        ("Deployer", DEPLOYER),
        ("Function", FUNCTION_ROLE),
    ]
    assert made.policies[0].documents[0].file == "deployer.json"


def test_anchors_are_sids_where_they_can_be_and_unique(tmp_path):
    sids = ("Mine", "mine", "findings", "no good", None)
    baseline = [allow("s3:GetObject", f"{BUCKET}/{number}", sid=sid) for number, sid in enumerate(sids)]
    made = page_of(drafted(trace_of(used("s3:CreateBucket", BUCKET)), *baseline, tmp_path=tmp_path))
    anchors = [line.anchor for line in statements(made)]
    assert anchors[0] == "Mine"
    assert anchors[1:5] == ["deployer-2", "deployer-3", "deployer-4", "deployer-5"]
    assert anchors[5] == statements(made)[5].sid
    assert len({anchor.lower() for anchor in anchors}) == len(anchors)


def test_a_policy_of_several_documents():
    lines = [used("dynamodb:CreateTable", f"arn:aws:dynamodb:us-east-1:1:table/{'x' * 200}{n}") for n in range(60)]
    (policy,) = page_of(drafted(trace_of(*lines))).policies
    assert [document.file for document in policy.documents] == ["deployer-1.json", "deployer-2.json", "deployer-3.json"]
    assert all(document.size <= document.quota for document in policy.documents)


# The baseline -------------------------------------------------------------------------------------------------------


def test_the_baseline_compared(tmp_path):
    lines = (used("s3:CreateBucket", BUCKET), used("dynamodb:CreateTable", TABLE), used("dynamodb:DeleteTable", TABLE))
    baseline = (allow(["s3:CreateBucket", "s3:DeleteBucket"], BUCKET), allow("ec2:DescribeVpcs"))
    made = page_of(drafted(trace_of(*lines), *baseline, tmp_path=tmp_path))
    compared = made.baseline
    assert compared is not None
    assert [(row.service, row.needed, row.had, row.lacking, row.names) for row in compared.rows] == [
        ("dynamodb", 2, 0, 2, ("CreateTable", "DeleteTable")),
        ("s3", 1, 1, 0, ()),
    ]
    assert (compared.total.needed, compared.total.had, compared.total.lacking) == (3, 1, 2)
    assert [(one.number, one.whole, one.actions[0].names) for one in compared.unused] == [
        (1, False, ("DeleteBucket",)),
        (2, True, ("DescribeVpcs",)),
    ]
    anchors = [line.anchor for line in statements(made)]
    assert [one.place for one in compared.unused] == anchors[:2]


def test_what_tighten_left_out_has_no_place_on_the_page(tmp_path):
    baseline = (allow("s3:CreateBucket", BUCKET), allow("ec2:DescribeVpcs"))
    trace = trace_of(used("s3:CreateBucket", BUCKET))
    made = page_of(drafted(trace, *baseline, tmp_path=tmp_path, merge=Merge.TIGHTEN))
    assert made.baseline is not None
    assert [(one.number, one.place) for one in made.baseline.unused] == [(2, "")]


def test_of_several_deployers_each_is_told_what_was_not_used(tmp_path):
    other = "arn:aws:iam::123456789012:user/other"
    lines = (used("s3:CreateBucket", BUCKET), used("s3:DeleteBucket", BUCKET, principal=other))
    trace = trace_of(*lines, run=replace(RUN, principals=(DEPLOYER, other)))
    made = page_of(drafted(trace, allow(["s3:CreateBucket", "s3:DeleteBucket"], BUCKET), tmp_path=tmp_path))
    assert made.baseline is not None
    assert [(one.principal, one.actions[0].names) for one in made.baseline.unused] == [
        (DEPLOYER, ("DeleteBucket",)),
        (other, ("CreateBucket",)),
    ]
    assert len({one.place for one in made.baseline.unused}) == 2


def test_without_a_baseline_there_is_no_comparison():
    assert page_of(drafted(trace_of(used("s3:CreateBucket", BUCKET)))).baseline is None


# The accounting -----------------------------------------------------------------------------------------------------


def test_the_accounting_adds_up():
    bins = {name: number for number, name in enumerate(Accounting.__slots__, 1)}
    trace = replace(trace_of(used("s3:CreateBucket", BUCKET)), accounting=Accounting(**bins))
    accounting = page_of(drafted(trace)).accounting
    assert {bin_.name: bin_.number for bin_ in (*accounting.kept, *accounting.left_out)} == bins
    assert sum(bin_.number for bin_ in accounting.kept) == accounting.selected
    assert sum(bin_.number for bin_ in accounting.left_out) == accounting.beside
    assert accounting.selected + accounting.beside == accounting.read == sum(bins.values())
    widths = [float(bin_.width.rstrip("%")) for bin_ in (*accounting.kept, *accounting.left_out)]
    assert sum(widths) == pytest.approx(100, abs=0.1)


# Hostile texts ------------------------------------------------------------------------------------------------------


def test_long_texts_are_cut_and_signs_that_cannot_be_seen_are_spelled():
    name = "\u202e" + "A" * 2_000
    denial = Denial(name, None, f"arn:aws:s3:::{name}", name, name, "message", Evidence(1, name, name, (name,)))
    trace = replace(
        trace_of(used("s3:CreateBucket", BUCKET)), denied=(denial,), findings=(Finding("COVERAGE_GAP", name * 3),)
    )
    made = page_of(drafted(trace))
    (row,) = made.denied
    for text in (row.principal, row.resource, row.error, row.cause, row.when, *row.events):
        assert "\u202e" not in text
        assert len(text) < 460
    assert row.principal.startswith("\\u202eAAA")
    assert row.principal.endswith("… (2,001 characters)")
    assert len(made.findings[0].messages[0].pieces[0].text) < 2_100
