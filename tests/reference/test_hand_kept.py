"""Every row of the hand-kept facts, whatever file it stands in, against the action table, botocore and its own form.

`test_overrides.py` tests what the rows of events/, sources.json and suffixes.json say; here is what holds for all of
data/overrides, and for the files of resources/, implied/, inferred/, generated.json and via.json.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from support import botocore_is_older

from tracer.model.action import Action
from tracer.model.arn import Arn, ArnPattern
from tracer.reduce.keys import keys_of_variable
from tracer.reduce.request import normal
from tracer.reference import (
    arn_forms,
    generated,
    implied_rules,
    inferred_rules,
    overrides,
    table,
    via_rules,
)
from tracer.reference.arn_forms import ArnForm, ArnFormRow
from tracer.reference.generated import GeneratedRule
from tracer.reference.implied_rules import ImpliedRule

FOLDER = Path(str(resources.files("tracer.reference"))) / "data" / "overrides"
FILES = sorted(file.relative_to(FOLDER).as_posix() for file in FOLDER.rglob("*.json"))

HEAD = {"Partition", "Region", "Account"}


def rows_of(file: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((FOLDER / file).read_text(encoding="utf-8"))
    return rows


def strings(value: object, keys: set[str]) -> Iterator[str]:
    """The texts under any of `keys`, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from strings(item, keys)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key in keys:
                yield from leaves(item)
            else:
                yield from strings(item, keys)


def leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)


# --- all files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES)
def test_every_row_says_why_and_where_it_is_written(file: str):
    rows = rows_of(file)
    assert rows
    for row in rows:
        assert row["source"].startswith("https://"), row
        assert row["why"].strip() == row["why"] != "", row
        assert row.get("verified", False) is False, "a row is verified unless it says that it is not"


@pytest.mark.parametrize("file", FILES)
def test_every_action_stands_in_the_table_in_its_spelling(file: str):
    for text in strings(rows_of(file), {"action"}):
        action = Action(text)
        fact = table.lookup(action.service, action.name)
        assert fact is not None, text
        assert fact.action.text == text


@pytest.mark.parametrize("file", FILES)
def test_no_row_stands_there_twice(file: str):
    rows = [
        json.dumps({key: row[key] for key in row.keys() - {"why", "source"}}, sort_keys=True) for row in rows_of(file)
    ]
    assert not [row for row, count in Counter(rows).items() if count > 1]


EXPRESSIONS = [
    (file, text)
    for file in FILES
    for text in dict.fromkeys(strings(rows_of(file), {"match", "pattern", "read", "owners"}))
]


@pytest.mark.parametrize(
    ("file", "text"), EXPRESSIONS, ids=[f"{file}-{index}" for index, (file, _) in enumerate(EXPRESSIONS)]
)
def test_no_expression_can_be_made_to_hang(file: str, text: str):
    """What they are matched with is written by whoever makes the call."""
    assert not nested(re._parser.parse(text.replace("{stack}", "(?:s)"))), text  # type: ignore[attr-defined]


def nested(parsed: Any, *, within: bool = False) -> bool:  # noqa: ANN401 - the parser's own type is private
    """Whether something that repeats without bound stands within something that does, with nothing between them that
    must differ: `(a+)+`, and not `(?:/[^/]+)+`.
    """
    for operator, argument in parsed:
        name = str(operator)
        if name in {"MAX_REPEAT", "MIN_REPEAT"}:
            _, most, inner = argument
            unbounded = most == re._constants.MAXREPEAT  # type: ignore[attr-defined]
            if within and unbounded:
                return True
            literal_first = str(inner[0][0]) == "LITERAL"
            if nested(inner, within=unbounded and not literal_first):
                return True
        elif name == "SUBPATTERN":
            if nested(argument[3], within=within):
                return True
        elif name == "BRANCH":
            if any(nested(branch, within=within) for branch in argument[1]):
                return True
        elif name in {"ASSERT", "ASSERT_NOT"} and nested(argument[1], within=within):
            return True
    return False


@pytest.mark.parametrize(
    ("text", "hangs"), [("(a+)+", True), ("(?:a*|b)*c", True), ("(?:/[^/]+)+", False), ("a+b+", False)]
)
def test_an_expression_that_hangs_is_known(text: str, hangs: bool):
    assert nested(re._parser.parse(text)) is hangs  # type: ignore[attr-defined]


# --- calls ------------------------------------------------------------------------------------------------------------

LOGGED_OTHERWISE = {
    "s3": {
        "DeleteAccountPublicAccessBlock", "DeleteAnalyticsConfiguration", "DeleteBucketPublicAccessBlock",
        "DeleteIntelligentTieringConfiguration", "DeleteInventoryConfiguration", "DeleteMetricsConfiguration",
        "GetAccountPublicAccessBlock", "GetBucketPublicAccessBlock", "InitiateMultipartUpload",
        "ListAnalyticsConfigurations", "ListIntelligentTieringConfigurations", "ListInventoryConfigurations",
        "ListMetricsConfigurations", "PostObject", "PutAccountPublicAccessBlock", "PutBucketPublicAccessBlock",
    },
    "s3-control": {"DeleteAccountPublicAccessBlock"},
    "signin": {"CheckMfa", "ConsoleLogin"},
    "sso": {"Authenticate", "Federate"},
}  # fmt: skip
"""Events that no SDK has an operation for: S3's names in CloudTrail
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html), and a person's at a browser."""


@cache
def operations_by_prefix() -> Mapping[str, set[str]]:
    """Every operation of botocore by the IAM prefixes that its names lead to."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    loader = Loader()
    for service in loader.list_available_services("service-2"):
        model = loader.load_service_model(service, "service-2")
        metadata = model["metadata"]
        for name in {metadata["endpointPrefix"], metadata.get("signingName", metadata["endpointPrefix"]).lower()}:
            for prefix in (name, *overrides.prefixes(name)):
                found[prefix].update(map(str.lower, model["operations"]))
    return found


def is_a_call(source: str, event: str) -> bool:
    prefixes = (source, *overrides.prefixes(source))
    known = any(event.lower() in operations_by_prefix().get(prefix, ()) for prefix in prefixes)
    return known or event in LOGGED_OTHERWISE.get(source, ())


OF_THE_TABLE = pytest.mark.skipif(
    botocore_is_older(), reason="the facts are of a newer botocore than the one installed"
)


@OF_THE_TABLE
@pytest.mark.parametrize("name", sorted(overrides.event_files()))
def test_every_event_is_a_call_that_there_is(name: str):
    events = {event for row in rows_of(f"events/{name}.json") for event in row["event"]}
    assert not {event for event in events if not is_a_call(name, event)}


@OF_THE_TABLE
@pytest.mark.parametrize("rule", implied_rules.rules(), ids=lambda rule: rule.rule)
def test_every_event_of_a_rule_is_a_call_that_there_is(rule: ImpliedRule):
    for source, events in rule.events.items():
        assert events
        assert not [event for event in events if event != "*" and not is_a_call(source, event)]


# --- resources/ -------------------------------------------------------------------------------------------------------

FORM_ROWS = [row for prefix in sorted(arn_forms.prefixes()) for row in arn_forms.rows(prefix)]
FORM_FIELDS = {field.name for field in dataclasses.fields(ArnForm)} - {"prefix", "type", "formats"} | {"slashes"}
form_rows = pytest.mark.parametrize("row", FORM_ROWS, ids=[f"{row.prefix}-{row.type}" for row in FORM_ROWS])


@form_rows
def test_a_form_is_of_a_resource_type_of_the_table(row: ArnFormRow):
    service = table.service(row.prefix)
    assert service is not None
    assert row.type in service.resource_types
    assert row.fields.keys() <= FORM_FIELDS | {"type", "why", "source", "verified"}
    assert [other.type for other in arn_forms.rows(row.prefix)].count(row.type) == 1


@form_rows
def test_a_form_speaks_of_variables_that_its_arns_have(row: ArnFormRow):
    form = arn_forms.form(row.prefix, row.type)
    read = {*form.variables, *HEAD}
    written = {name for template in form.templates for name in template.variables}
    told = {name for expressions in form.read.values() for expression in expressions for name in expression.groupindex}
    assert written <= {*read, *form.defaults, *told}
    assert {*form.keys, *form.also, *form.read, *row.fields.get("spelled", {})} <= read | written
    assert {*form.defaults} <= read | written
    for expressions in form.read.values():
        for expression in expressions:
            assert (read | written) & set(expression.groupindex), "it reads no value of the ARN"


@form_rows
def test_what_a_form_writes_is_an_arn(row: ArnFormRow):
    form = arn_forms.form(row.prefix, row.type)
    values = dict.fromkeys(form.variables, "x") | {"Partition": "aws", "Region": "us-east-1", "Account": "123456789012"}
    for template in form.templates:
        assert Arn.find(template.write(values, form.defaults)) is not None
        assert ArnPattern(template.write({}, form.defaults)).segments


@form_rows
def test_a_form_says_more_than_the_general_rule(row: ArnFormRow):
    """Each of its fields changes something; a row without a field would say what the table says."""
    service = table.service(row.prefix)
    assert service is not None
    fields = row.fields.keys() & FORM_FIELDS
    assert fields
    form = arn_forms.form(row.prefix, row.type)
    assert list(row.fields.get("templates", ())) != list(service.resource_types[row.type])
    assert not ("slashes" in fields and not form.variables)
    for variable, keys in form.keys.items():
        general = keys_of_variable(form, variable)
        assert tuple(dict.fromkeys(map(normal, keys))) != general, (
            f"{variable}: the rule reads these keys, in this order"
        )
    for variable, keys in form.also.items():
        again = [key for key in keys if normal(key) in keys_of_variable(form, variable)]
        assert not again, f"{variable}: the rule reads {again} anyway"


# --- implied/ ---------------------------------------------------------------------------------------------------------

KINDS = {"role_at", "profile_at", "arn_at", "same_as_call", "type", "new_type_at", "template"}
implied = pytest.mark.parametrize("rule", implied_rules.rules(), ids=[rule.rule for rule in implied_rules.rules()])
PRINCIPAL = re.compile(
    r"[a-z][a-z0-9-]*(?:\.(?:\$\{Region\}|[a-z][a-z0-9-]*))*\.(?:amazonaws\.com|\$\{Domain\}|aws\.internal)"
)


def test_rules_have_names_of_their_own():
    names = Counter(rule.rule for rule in implied_rules.rules())
    assert not [name for name, count in names.items() if count > 1]


@implied
def test_a_rule_has_one_kind_of_resource(rule: ImpliedRule):
    assert len(rule.resource.keys() & KINDS) <= 1
    undocumented = [key for key in rule.resource if f'"{key}"' not in (implied_rules.__doc__ or "")]
    assert not undocumented
    fact = table.lookup(rule.action.service, rule.action.name)
    assert fact is not None
    types = {resource.type for resource in fact.resources}
    assert rule.resource.get("type") in {None, *types}
    if not rule.resource:
        assert fact.star_only or rule.conditions.items, "it is checked on a resource, and names none"


@implied
def test_a_rule_states_arns_of_the_action(rule: ImpliedRule):
    template = rule.resource.get("template", "")
    if not template.startswith("arn:"):
        return
    fact = table.lookup(rule.action.service, rule.action.name)
    assert fact is not None
    filled = re.sub(r"\$\{[^}]*\}", "x", template)
    arn = Arn.find(filled)
    assert arn is not None, template
    services = {
        form.service
        for resource in fact.resources
        for form in arn_forms.form(rule.action.service, resource.type).formats
    }
    assert arn.service in services


@implied
def test_a_condition_is_one_that_the_action_has(rule: ImpliedRule):
    fact = table.lookup(rule.action.service, rule.action.name)
    assert fact is not None
    for _, key, _ in rule.conditions.items:
        plain = re.sub(r"\$\{[^}]*\}|(?<=/)[^/]+$", "", key)
        known = {re.sub(r"\$\{[^}]*\}", "", name) for name in fact.conditions}
        assert plain in known or key.startswith("aws:"), key


@implied
def test_a_role_is_passed_to_a_service(rule: ImpliedRule):
    if rule.action.text != "iam:PassRole":
        return
    passed = [values for _, key, values in rule.conditions.items if key == "iam:PassedToService"]
    assert passed, "nobody may pass it to any service there is"
    for value in passed[0]:
        assert PRINCIPAL.fullmatch(value), value


# --- generated.json ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", generated.rules(), ids=[f"{rule.rule}-{rule.service}" for rule in generated.rules()])
def test_a_generated_id_is_a_group_of_its_expression(rule: GeneratedRule):
    expression = re.compile(rule.match.replace("{stack}", "(?:s)"))
    assert "id" in expression.groupindex
    assert rule.to
    services = {
        template.split(":")[2]
        for prefix in table.services()
        for templates in (found.resource_types for found in [table.service(prefix)] if found)
        for texts in templates.values()
        for template in texts
    }
    assert rule.service in {"*", *services}


# --- inferred/, via.json ----------------------------------------------------------------------------------------------


def test_the_calls_of_every_command_have_actions():
    """The loader looks each of them up; what a command's call is checked on is a resource type of its action."""
    assert inferred_rules.commands()
    for command in inferred_rules.commands():
        for call in command.calls:
            assert call.on in {None, *(resource.type for resource in call.fact.resources)}, (command.name, call.event)
            assert is_a_call(call.source, call.event)
        for sign in command.shown_by:
            assert is_a_call(sign.source, sign.event)


def test_reads_are_calls_and_read_a_bucket_and_a_key():
    for read in inferred_rules.reads():
        assert all(is_a_call(source, event) for source, events in read.events.items() for event in events)
        assert all({"Bucket", "Key"} <= set(expression.groupindex) for expression in read.read)
        assert bool(read.url_at and read.read) is not bool(read.bucket_at and read.key_at)


def test_what_a_default_trail_leaves_out_are_calls():
    rows = rows_of("inferred/unlogged.json")
    missing = {(row["event_source"], event) for row in rows for event in row["events"]}
    assert not {(source, event) for source, event in missing if not is_a_call(source, event)}


def test_a_forwarded_calls_condition_is_one_that_the_service_has():
    for rule in via_rules.rules():
        service = table.service(rule.service)
        assert service is not None
        assert any(rule.key in fact.conditions for fact in service.actions.values())
        assert rule.operator == "StringEquals"
