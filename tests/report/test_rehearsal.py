from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from tracer.model.policy import Policy, Statement
from tracer.report.plain import plain
from tracer.report.rehearsal import UNPROVED, Attempt, Told, rehearsed


@dataclass(frozen=True)
class Refusal:
    action: str
    resource: str
    operation: str
    conditions: Mapping[str, str] = field(default_factory=dict)
    via: str | None = None
    explicit: bool = False
    count: int = 1


@dataclass(frozen=True)
class Outcome:
    exit_code: int
    calls: int
    refusals: Sequence[Refusal] = ()


PASS = Refusal(
    "iam:PassRole",
    "arn:aws:iam::123456789012:role/r",
    "lambda CreateFunction",
    {"iam:PassedToService": "lambda.amazonaws.com"},
    "cloudformation.amazonaws.com",
)
DENIED = Refusal("s3:GetObject", "arn:aws:s3:::b/k", "s3 GetObject", explicit=True, count=2)
NOTHING = Policy()


def told(*attempts: Attempt, missing: Policy = NOTHING) -> str:
    """The rehearsal without its end, which is always the same."""
    text = plain(rehearsed(Told("make deploy", attempts, missing)))
    said, _, end = text.partition("\nWhat a rehearsal does not prove\n")
    assert "".join(end.split()) == "".join(f"-{line}" for line in UNPROVED).replace(" ", "")
    return said


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(
            Outcome(0, 12),
            "make deploy, under the policy: exit code 0\n  12 calls, none refused\n",
            id="all is well",
        ),
        pytest.param(
            Outcome(3, 1),
            "make deploy, under the policy: exit code 3\n"
            "  1 call, none refused\n"
            "  It failed for another reason than a permission: its own words stand above.\n",
            id="it failed by itself",
        ),
        pytest.param(
            Outcome(1, 12, [PASS]),
            "make deploy, under the policy: exit code 1\n"
            "  12 calls; 1 permission missing, hard: the command failed\n"
            "  iam:PassRole on arn:aws:iam::123456789012:role/r\n"
            "      only if iam:PassedToService = lambda.amazonaws.com\n"
            "      for lambda CreateFunction, which cloudformation.amazonaws.com calls\n",
            id="hard",
        ),
        pytest.param(
            Outcome(0, 12, [DENIED]),
            "make deploy, under the policy: exit code 0\n"
            "  12 calls; 1 permission missing, soft: the command went on\n"
            "  s3:GetObject on arn:aws:s3:::b/k\n"
            "      for s3 GetObject, 2 times\n"
            "      a Deny forbids it: an Allow more does not help\n",
            id="soft, and a Deny",
        ),
    ],
)
def test_what_became_of_a_run(outcome: Outcome, expected: str):
    assert told(Attempt("under the policy", outcome)) == expected


def test_what_was_missing_in_all_is_counted_and_stands_in_the_policy():
    missing = Policy((Statement(actions=("s3:GetObject",), resources=("arn:aws:s3:::b/k",)),))
    text = told(Attempt("with nothing refused", Outcome(0, 40, [PASS, DENIED]), lenient=True), missing=missing)
    assert text == (
        "make deploy, with nothing refused: exit code 0\n"
        "  40 calls; 2 permissions missing in all\n"
        "\n"
        f"Missing in the policy\n{missing.to_json()}"
    )
