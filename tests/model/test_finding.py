"""Findings: the codes, their severities and their order."""

from __future__ import annotations

import pytest

from tracer.model.finding import SEVERITIES, Finding, Severity

EXPECTED = {
    "UNREADABLE_RECORD": "warning",
    "UNKNOWN_ACTION": "warning",
    "UNKNOWN_RESOURCE": "warning",
    "WILDCARD_RESOURCE": "warning",
    "CONFLICTING_DUPLICATE": "warning",
    "SEVERAL_PRINCIPALS": "warning",
    "ROOT_CALLER": "warning",
    "AMBIGUOUS_RUN": "warning",
    "ENCODED_DENIAL": "warning",
    "DENIED_BY_OTHER_POLICY": "warning",
    "GENERATED_ID": "note",
    "COVERAGE_GAP": "note",
    "INTEGRITY_UNCHECKED": "note",
    "BASELINE_FAULT": "note",
    "BASELINE_UNUSED": "note",
    "BLOCKED_BY_DENY": "error",
    "NOT_EXPRESSIBLE": "warning",
    "ESCALATION_RISK": "note",
    "IGNORED": "note",
    "WILDCARD_ACTION": "note",
    "SEVERAL_RUNS": "warning",
}


def test_no_code_was_taken_away_or_weighs_otherwise():
    """Codes are a contract: this list may only grow."""
    assert {code: SEVERITIES[code].value for code in EXPECTED} == EXPECTED


@pytest.mark.parametrize("code", sorted(SEVERITIES))
def test_the_severity_follows_from_the_code(code: str):
    assert Finding(code, "what happened").severity is SEVERITIES[code]


def test_a_code_that_is_none():
    with pytest.raises(ValueError, match="no such finding code: NO_SUCH_CODE"):
        Finding("NO_SUCH_CODE", "what happened")


def test_findings_are_sorted_also_where_they_name_no_event():
    findings = [
        Finding("UNKNOWN_ACTION", "b", "s3.amazonaws.com", "GetA"),
        Finding("UNKNOWN_ACTION", "a"),
        Finding("COVERAGE_GAP", "c"),
        Finding("UNKNOWN_ACTION", "a", "s3.amazonaws.com", "GetA", 1, ("1",)),
        Finding("UNKNOWN_ACTION", "a", "s3.amazonaws.com", "GetA"),
    ]
    assert sorted(findings, key=lambda finding: finding.sort_key) == [findings[i] for i in (2, 1, 4, 3, 0)]


def test_the_words_of_the_trace():
    assert [severity.value for severity in Severity] == ["error", "warning", "note"]
