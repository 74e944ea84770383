"""Every operation of botocore, mapped: no crash, no action that AWS does not have, no ARN of another form.

The share that maps is kept in report.json, with every operation that does not map and why; the judgement of a sample is
kept in sample.json. Both are reviewed by their diff.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import botocore
import pytest
from reduce_support import otherwise
from sdk import calls, survey
from sdk.survey import Outcome
from support import botocore_is_older

from tracer.model.permission import Basis
from tracer.model.record import Record
from tracer.reduce.actions import NoPermission, Unknown
from tracer.reduce.inventory import Inventory
from tracer.reduce.mapping import Check, Mapped, map_record
from tracer.reduce.parse import parse
from tracer.reduce.readers import keys_read
from tracer.reference import arn_forms, implied_rules, operations, overrides, table

LEAST_SHARE = 0.965
"""Of all operations map to an existing action, or are documented to need none."""

KEPT: dict[str, Any] = json.loads(survey.REPORT.read_text(encoding="utf-8"))
SAMPLE: list[dict[str, Any]] = json.loads(survey.SAMPLE.read_text(encoding="utf-8"))

HOW = "cd tests && python -m sdk.survey writes the report anew; read its diff"

same_botocore = pytest.mark.skipif(
    KEPT["botocore"] != botocore.__version__, reason=f"the report is of botocore {KEPT['botocore']}"
)


def mapped() -> Iterator[tuple[Outcome, Mapped]]:
    for outcome in survey.outcomes():
        for result in outcome.results.values():
            if isinstance(result, Mapped):
                yield outcome, result


def test_every_action_stands_in_the_table_in_its_spelling():
    actions = {check.action for _, result in mapped() for check in result.checks}
    for action in actions:
        fact = table.lookup(action.service, action.name)
        assert fact is not None, action
        assert fact.action.text == action.text


def test_what_maps_has_actions_of_its_own():
    for outcome, result in mapped():
        assert any(check.basis is Basis.OBSERVED for check in result.checks), outcome.operation


def test_what_does_not_map_says_why():
    for outcome in survey.outcomes():
        for result in outcome.results.values():
            assert isinstance(result, Mapped | NoPermission | Unknown)
            assert not isinstance(result, Unknown) or result.reason
        assert (outcome.actions is None) is (outcome.reason is not None)


def test_every_resource_is_a_star_or_has_a_form_of_its_action():
    wrong = {
        f"{outcome.operation.service} {outcome.operation.name}: {check.action} on {check.resource.pattern}"
        for outcome, result in mapped()
        for check in result.checks
        if not has_a_form(check)
    }
    assert not wrong


def has_a_form(check: Check) -> bool:
    """Whether the ARN is of a resource type of the action, as the table or a hand-kept row writes it."""
    text = check.resource.pattern.text
    fact = table.lookup(check.action.service, check.action.name)
    assert fact is not None
    if text == "*":
        return True
    if check.action.service == "apigateway" and check.action.name in VERBS:
        return bool(PATH.match(text))
    return any(
        form.fullmatch(text) for form in forms(check.action.service, tuple(item.type for item in fact.resources))
    )


PATH = re.compile(r"arn:aws:apigateway:us-east-1:(?:123456789012)?:/")
VERBS = {"DELETE", "GET", "PATCH", "POST", "PUT", "TagResource"}


@functools.cache
def forms(prefix: str, types: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    texts = [
        template.text
        for kind in types
        for form in [arn_forms.form(prefix, kind)]
        for template in (*form.formats, *form.templates)
    ]
    texts += [row.template for row in event_actions() if row.action.service == prefix and row.template]
    texts += [rule.resource["template"] for rule in implied_rules.rules() if "template" in rule.resource]
    return tuple(map(as_pattern, texts))


def as_pattern(template: str) -> re.Pattern[str]:
    """What a template writes: anything in place of a variable, nothing only in place of a region or an account."""
    pieces = re.split(r"(\$\{[^}]*\})", template)
    may_be_empty = {"${Region}", "${Account}"}
    regex = "".join(
        (".*" if piece in may_be_empty else ".+") if index % 2 else re.escape(piece)
        for index, piece in enumerate(pieces)
    )
    return re.compile(regex + r"(:\*)?")


@functools.cache
def event_actions() -> tuple[overrides.ActionRow, ...]:
    return tuple(
        action
        for name in sorted(overrides.event_files())
        for rows in overrides.event_rows(name).values()
        for row in rows
        for action in row.actions
    )


def test_a_call_without_parameters_maps_as_far_as_it_can():
    """CloudTrail leaves them out where they are too large, and often where the call was denied."""
    for operation, _ in calls.operations():
        record = parse(calls.bare(operation))
        assert isinstance(record, Record)
        result = map_record(record, Inventory())
        assert isinstance(result, Mapped | NoPermission | Unknown)
        for check in result.checks if isinstance(result, Mapped) else ():
            assert has_a_form(check), (operation, check)


def test_what_nobody_reads_of_a_request_makes_no_difference():
    """By the keys that `tracer.reduce.readers` knows; each operation with all its parameters."""
    left_out = 0
    for operation, model in calls.operations():
        record = parse(calls.raw(operation, model))
        assert isinstance(record, Record)
        for source, event in itertools.product(operation.sources, operation.events):
            call = replace(record, event_source=f"{source}.amazonaws.com", event_name=event)
            request = call.request_parameters or {}
            other = otherwise(request, keys_read(source, event))
            left_out += other != request
            assert map_record(replace(call, request_parameters=other), Inventory()) == map_record(
                replace(call, request_parameters=request), Inventory()
            ), operation
    assert left_out > 5_000


def test_an_operation_has_the_same_actions_under_each_of_its_names():
    different = [outcome.operation for outcome in survey.outcomes() if "different actions" in (outcome.reason or "")]
    assert not different


@same_botocore
def test_nearly_all_operations_map():
    actions = [outcome.actions for outcome in survey.outcomes()]
    assert (len(actions) - actions.count(None)) / len(actions) >= LEAST_SHARE


@pytest.mark.skipif(botocore_is_older(), reason="the paths are of a newer botocore than the one installed")
def test_all_of_api_gateway_maps():
    """Its permissions are verbs on paths; the union of the two APIs, where forty names collide."""
    found = [outcome for outcome in survey.outcomes() if outcome.operation.sources == ("apigateway",)]
    assert len(found) > 200
    assert all(outcome.actions for outcome in found)
    colliding = {outcome.operation.name for outcome in found if len(operations.named(outcome.operation.name)) == 2}
    assert len(colliding) >= 40


@same_botocore
def test_the_report_is_the_kept_one():
    assert survey.report() == survey.REPORT.read_text(encoding="utf-8"), HOW


def test_the_sample_has_its_size_and_its_judgements():
    assert len(SAMPLE) == survey.SAMPLE_SIZE
    for row in SAMPLE:
        assert row.keys() == {"service", "operation", "actions", "judgement", "why", "source"}
        assert row["judgement"] in {"right", "unsure"}, "what was judged wrong is to be mended"
        assert row["why"].strip()
        assert row["source"].startswith("https://")


@same_botocore
def test_the_sample_is_what_the_seed_draws():
    drawn = [(outcome.operation.service, outcome.operation.name) for outcome in survey.sample()]
    assert [(row["service"], row["operation"]) for row in SAMPLE] == drawn


@same_botocore
def test_the_mapping_of_the_sample_is_the_judged_one():
    now = {(outcome.operation.service, outcome.operation.name): outcome.actions for outcome in survey.outcomes()}
    for row in SAMPLE:
        assert list(now[row["service"], row["operation"]] or ()) == row["actions"], row["operation"]
