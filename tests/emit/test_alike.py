"""Several runs: which names become a pattern, and which do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from emit_support import FUNCTION_ROLE, RUN, trace_of, used
from support import run_cli

import tracer
from tracer import emit
from tracer.emit.alike import alike
from tracer.emit.draft import DraftOptions
from tracer.model.permission import ResourcesMode, Section, Widening
from tracer.model.policy import Conditions, Policy
from tracer.model.trace import RunFacts, Trace

PROD = replace(RUN, stage="prod")
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:{}"
BUCKET = "arn:aws:s3:::{}"


def run_of(*resources: str, run: RunFacts = RUN, **fields: object) -> Trace:
    """A run that looked at these."""
    return trace_of(*(used("x:Get", resource, **fields) for resource in resources), run=run)


def of(name: str, *names: str, run: RunFacts = RUN, **fields: object) -> Trace:
    return run_of(*(LAMBDA.format(one) for one in (name, *names)), run=run, **fields)


def patterns(*traces: Trace) -> list[str]:
    found, _ = alike(traces)
    return sorted({line.permission.resource.resource for trace in found for line in trace.permissions})


STAGED = {
    "a name": (["function:orders-dev-api"], ["function:orders-prod-api"], ["function:orders-*-api"]),
    "a prefix, as `service` leaves it": (
        ["function:orders-dev-*"], ["function:orders-prod-*"], ["function:orders-*-*"],
    ),
    "a stack": (["stack/orders-dev/*"], ["stack/orders-prod/*"], ["stack/orders-*/*"]),
    "in two places": (
        ["orders-dev-x/serverless/orders/dev/*"],
        ["orders-prod-x/serverless/orders/prod/*"],
        ["orders-*-x/serverless/orders/*/*"],
    ),
    "an API's stage": (
        ["/restapis/*/stages/dev"], ["/restapis/*/stages/prod"], ["/restapis/*/stages/*"],
    ),
    "in another case": (["Orders-DEV-api"], ["Orders-PROD-api"], ["Orders-*-api"]),
    "one run alone has it": (
        ["function:orders-dev-api", "function:orders-dev-new"],
        ["function:orders-prod-api"],
        ["function:orders-*-api", "function:orders-dev-new"],
    ),
    "another part differs, too": (
        ["function:orders-dev-api"], ["function:orders-prod-web"],
        ["function:orders-dev-api", "function:orders-prod-web"],
    ),
    "a longer word is no stage": (
        ["function:orders-develop"], ["function:orders-production"],
        ["function:orders-develop", "function:orders-production"],
    ),
    "not the service's": (["function:audit-dev-api"], ["function:audit-prod-api"],
                          ["function:audit-dev-api", "function:audit-prod-api"]),
    "nor within another's name": (["function:my-orders-dev"], ["function:my-orders-prod"],
                                  ["function:my-orders-dev", "function:my-orders-prod"]),
}  # fmt: skip


@pytest.mark.parametrize(("dev", "prod", "expected"), STAGED.values(), ids=STAGED)
def test_names_of_two_stages(dev: list[str], prod: list[str], expected: list[str]):
    def arns(resources: list[str]) -> list[str]:
        return [f"arn:aws:x:us-east-1:123456789012:{resource}" for resource in resources]

    assert patterns(run_of(*arns(dev)), run_of(*arns(prod), run=PROD)) == expected


DAYS = {
    "generated": (["orders-exports-7f3a9c"], ["orders-exports-c2e8d1"], ["orders-exports-??????"]),
    "of other lengths": (["orders-7f3a9c"], ["orders-c2e8d1aa"], ["orders-*"]),
    "a date": (["orders-20261124"], ["orders-20261125"], ["orders-????????"]),
    "milliseconds in a key": (["a/b-1795939200000.zip"], ["a/b-1795939800000.zip"], ["a/b-?????????????.zip"]),
    "in both runs": (["orders-7f3a9c"], ["orders-7f3a9c"], ["orders-7f3a9c"]),
    "two that both runs have": (
        ["orders-7f3a9c", "orders-c2e8d1"], ["orders-7f3a9c", "orders-c2e8d1"], ["orders-7f3a9c", "orders-c2e8d1"],
    ),
    "one run has one more": (["orders-7f3a9c"], ["orders-7f3a9c", "orders-c2e8d1"], ["orders-7f3a9c", "orders-c2e8d1"]),
    "beside one that both have": (
        ["orders-7f3a9c", "orders-a1b2c3"], ["orders-7f3a9c", "orders-c2e8d1"], ["orders-7f3a9c", "orders-??????"],
    ),
    "words": (["orders-create"], ["orders-report"], ["orders-create", "orders-report"]),
    "a word and a number": (["orders-python311"], ["orders-python312"], ["orders-python311", "orders-python312"]),
    "an account": (["orders-111111111111"], ["orders-222222222222"], ["orders-111111111111", "orders-222222222222"]),
    "too short to tell": (["orders-a1"], ["orders-b2"], ["orders-a1", "orders-b2"]),
    "two parts": (["orders-7f3a9c-c2e8d1"], ["orders-a1b2c3-d4e5f6"], ["orders-7f3a9c-c2e8d1", "orders-a1b2c3-d4e5f6"]),
    "a whole name": (["hostedzone/Z1D633PJN98FT9"], ["hostedzone/Z2FDTNDATAQYW2"],
                     ["hostedzone/Z1D633PJN98FT9", "hostedzone/Z2FDTNDATAQYW2"]),
    "what is a pattern already": (["orders-*-7f3a9c"], ["orders-*-c2e8d1"], ["orders-*-??????"]),
}  # fmt: skip


@pytest.mark.parametrize(("first", "second", "expected"), DAYS.values(), ids=DAYS)
def test_names_of_two_days(first: list[str], second: list[str], expected: list[str]):
    days = ([BUCKET.format(name) for name in names] for names in (first, second))
    assert patterns(*(run_of(*names) for names in days)) == sorted(expected)


def test_one_more_in_two_of_three_runs_tells_nothing_of_what_changes():
    more, less = run_of(*map(BUCKET.format, ("orders-7f3a9c", "orders-c2e8d1"))), run_of(BUCKET.format("orders-7f3a9c"))
    late = replace(more, run=replace(RUN, until="2026-11-25T08:00:00Z"))
    assert patterns(more, late, less) == ["orders-7f3a9c", "orders-c2e8d1"]
    assert patterns(more, more, less) == patterns(more, less)


BOUNDS = {
    "accounts": replace(PROD, accounts=("210987654321",)),
    "services": replace(PROD, service="invoices"),
    "partitions": replace(PROD, partition="aws-cn"),
}


@pytest.mark.parametrize("run", BOUNDS.values(), ids=BOUNDS)
def test_never_across(run: RunFacts):
    # A bucket's ARN names no account.
    one, other = run_of("arn:aws:s3:::orders-dev-x"), run_of("arn:aws:s3:::orders-prod-x", run=run)
    assert patterns(one, other) == ["orders-dev-x", "orders-prod-x"]
    assert patterns(run_of("arn:aws:s3:::orders-7f3a9c"), run_of("arn:aws:s3:::orders-c2e8d1", run=run)) == [
        "orders-7f3a9c",
        "orders-c2e8d1",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LAMBDA.format("orders-dev-api"), LAMBDA.format("orders-prod-api").replace("us-east-1", "eu-west-1")),
        (LAMBDA.format("orders-dev-api"), LAMBDA.format("orders-prod-api").replace("123456789012", "210987654321")),
        (LAMBDA.format("orders-dev-api"), LAMBDA.format("orders-prod-api").replace("aws:", "aws-cn:", 1)),
        ("arn:aws:sqs:us-east-1:123456789012:orders-dev-q", "arn:aws:sns:us-east-1:123456789012:orders-prod-q"),
    ],
    ids=["region", "account", "partition", "service"],
)
def test_only_the_resource_part_is_opened(one: str, other: str):
    found, findings = alike([run_of(one), run_of(other, run=PROD)])
    assert [line.permission.resource.text for trace in found for line in trace.permissions] == [one, other]
    assert findings == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"principal": FUNCTION_ROLE},
        {"section": Section.FUNCTION},
        {"conditions": Conditions.of("StringEquals", "kms:ViaService", "s3.us-east-1.amazonaws.com")},
    ],
    ids=["principal", "section", "condition"],
)
def test_only_what_one_principal_needed_in_one_way_is_compared(fields: dict[str, object]):
    names = ["function:orders-dev-api", "function:orders-prod-api"]
    assert patterns(of("orders-dev-api"), of("orders-prod-api", run=PROD, **fields)) == names


def test_another_action_is_another_thing():
    one = trace_of(used("lambda:GetFunction", LAMBDA.format("orders-dev-api")))
    other = trace_of(used("lambda:DeleteFunction", LAMBDA.format("orders-prod-api")), run=PROD)
    assert patterns(one, other) == ["function:orders-dev-api", "function:orders-prod-api"]


def test_a_widening_is_recorded_and_told():
    found, (finding,) = alike([of("orders-dev-api"), of("orders-prod-api", run=PROD)])
    steps = [line.widened for trace in found for line in trace.permissions]
    assert steps == [
        (Widening("resource", "dev", "*", "several-stages"),),
        (Widening("resource", "prod", "*", "several-stages"),),
    ]
    assert finding.code == "SEVERAL_RUNS"
    assert finding.message.startswith("lambda: ")
    assert "function:orders-*-api" in finding.message


@pytest.mark.parametrize("mode", ResourcesMode)
def test_only_service_asks_for_it(mode: ResourcesMode):
    traces = [of("orders-dev-api"), of("orders-prod-api", run=PROD)]
    draft = emit.draft(traces, DraftOptions(baseline="none", resources=mode))
    (statement,) = draft.policies[0].statements
    both = tuple(LAMBDA.format(name) for name in ("orders-dev-api", "orders-prod-api"))
    service = mode is ResourcesMode.SERVICE
    assert statement.resources == ((LAMBDA.format("orders-*-api"),) if service else both)
    assert [finding.code for finding in draft.findings] == (["SEVERAL_RUNS"] if service else [])
    assert len(draft.trace.permissions) == (1 if service else 2)


def test_the_command_and_the_function_ask_for_it(tmp_path: Path):
    traces = [of("orders-dev-api"), of("orders-prod-api", run=PROD)]
    files = [tmp_path / f"{trace.run.stage}.json" for trace in traces]
    for path, trace in zip(files, traces, strict=True):
        path.write_text(trace.to_json(), encoding="utf-8")
    result = run_cli("emit", *files, "--resources", "service", "--baseline", "none")
    assert result.exit_code == 0, result.stderr
    (policy,) = tracer.draft(traces, baseline="none", resources="service").policies
    assert Policy.from_json(result.stdout) == policy
    assert policy.statements[0].resources == (LAMBDA.format("orders-*-api"),)
    assert "SEVERAL_RUNS" in result.stderr
