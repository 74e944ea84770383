"""What JupyterLab shows."""

import pytest
from emit_support import allow, trace_of, used
from hostile_run import ATTACKS
from hypothesis import given
from strategies import policies, traces

import tracer
from tracer.model.finding import Finding
from tracer.model.policy import Policy
from tracer.model.trace import Accounting, Trace


def test_a_trace_shows_its_services():
    lines = (used("s3:CreateBucket"), used("s3:DeleteBucket"), used("iam:GetRole"))
    trace = Trace(
        permissions=trace_of(*lines).permissions,
        findings=(Finding("COVERAGE_GAP", "x"), Finding("UNKNOWN_ACTION", "y")),
        accounting=Accounting(used=3, duplicate=1),
    )
    shown = trace._repr_html_()
    assert "Trace, 3 permissions, 3 of 4 records used, 2026-11-24, 08:00:00 to 08:00:00 UTC, 1 note, 1 warning" in shown
    assert "<tr><td>s3</td><td>2</td><td>2</td></tr>" in shown


def test_a_policy_shows_its_statements():
    shown = Policy((allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::x/*", sid="S1"),))._repr_html_()
    assert "Policy, 1 statement, " in shown
    assert "<td>S1</td><td>Allow</td><td>s3:GetObject, s3:PutObject</td><td>arn:aws:s3:::x/*</td><td></td>" in shown


def test_a_long_policy_is_cut_and_the_rest_counted():
    shown = Policy(tuple(allow("s3:GetObject", f"arn:aws:s3:::x/{number}") for number in range(50)))._repr_html_()
    assert shown.count("<tr>") == 41
    assert "<p>and 10 more</p>" in shown


def test_a_draft_shows_its_documents():
    draft = tracer.draft(trace_of(used("s3:CreateBucket", "arn:aws:s3:::x")), baseline="none")
    shown = draft._repr_html_()
    assert "Draft, 0 permissions in the baseline none, 1 added" in shown
    assert "<td>deployer.json</td><td>Deployer</td>" in shown


@pytest.mark.parametrize("attack", [text for text in ATTACKS.values() if "<" in text])
def test_an_attack_is_text(attack: str):
    shown = Policy((allow("s3:GetObject", attack, sid=attack),))._repr_html_()
    assert attack not in shown
    assert attack.replace("&", "&amp;").partition("<")[2].partition(">")[0] in shown.replace("&#x27;", "'").replace(
        "&quot;", '"'
    )


@given(traces, policies)
def test_whatever_they_hold_they_can_be_shown(trace: Trace, policy: Policy):
    for shown in (trace._repr_html_(), policy._repr_html_()):
        assert shown.count("<table>") == 1
        shown.encode("utf-8")
